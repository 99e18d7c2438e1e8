"""The actor of a request: who has signed in, what the account may do, where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import current_app, g, has_app_context, has_request_context, request, session
from flask_login import current_user

from app.domain.clock import now
from app.domain.numbers import number_of
from app.models import Account
from app.security.actor import Actor
from app.security.crypto import Vault, vault
from app.security.people import active_account, actor_of
from app.services.parameters import policy_of

SECONDS_A_DAY = 24 * 60 * 60


def session_parts(text: Any) -> tuple[int, int, int]:
    """Return account, session version and beginning (seconds since 1970) of what `Account.get_id` gave; 0 if absent."""
    parts = [number_of(part, digits=11) or 0 for part in str(text).split(".")]
    account, version, began = (*parts, 0, 0)[:3]
    return account, version, began


def load_account(account_id: Any) -> Account | None:
    """Return the account of a session with all its actor needs, or None when it may not act any more."""
    number, version, began = session_parts(account_id)
    account = active_account(number)
    if account is None or (has_request_context() and not _still_good(account, version, began)):
        return None
    return account


def _still_good(account: Account, version: int, began: int) -> bool:
    """Tell whether the session, or the cookie that remembers one, is of the account's present version (ACC-9)."""
    if "sv" in session:
        return bool(session["sv"] == account.session_version)
    age = now().timestamp() - began
    return version == account.session_version and age <= policy_of().remember_days * SECONDS_A_DAY


def mark_session(account: Account) -> None:
    """Note in the session which version of the account it belongs to and when it began."""
    moment = int(now().timestamp())
    session["sv"], session["seen"], session["began"] = account.session_version, moment, moment


def current_account() -> Account | None:
    """Return the account that has signed in, or None."""
    return cast(Account, current_user._get_current_object()) if current_user.is_authenticated else None


def current_actor() -> Actor:
    """Return the actor of this request, worked out once; outside a request whoever is acted as, else nobody."""
    if not has_request_context():
        return cast(Actor, g.get("acting")) if has_app_context() and "acting" in g else Actor.anonymous()
    if "actor" not in g:
        account = current_account()
        g.actor = (
            actor_of(account, address=request.remote_addr, request_id=g.get("request_id"))
            if account
            else Actor.anonymous()
        )
    return cast(Actor, g.actor)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Be `actor` inside the block: the worker uses the screens' columns and masks as the owner of a job."""
    g.acting = actor
    try:
        yield
    finally:
        g.pop("acting")


def forget_actor() -> None:
    """Work the actor out again: somebody has just signed in or out."""
    g.pop("actor", None)


def current_vault() -> Vault:
    """Return the vault of this deployment."""
    return vault(current_app.config["SETTINGS"].DATA_KEY)
