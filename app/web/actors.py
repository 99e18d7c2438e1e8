"""The actor of a request: who has signed in, what the account may do, where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import current_app, g, has_app_context, has_request_context, request, session
from flask_login import current_user

from app.domain.clock import now
from app.domain.numbers import number_of
from app.extensions import db
from app.models import Account
from app.security.actor import Actor
from app.security.crypto import Vault, vault
from app.security.people import SignedIn, signed_in
from app.services.parameters import policy_of

SECONDS_A_DAY = 24 * 60 * 60


def session_parts(text: Any) -> tuple[int, int, int]:
    """Return account, session version and beginning (seconds since 1970) of what `Account.get_id` gave; 0 if absent."""
    parts = [number_of(part, digits=11) or 0 for part in str(text).split(".")]
    account, version, began = (*parts, 0, 0)[:3]
    return account, version, began


def load_signed_in(account_id: Any) -> SignedIn | None:
    """Return who a session belongs to, or None when the account may not act any more."""
    number, version, began = session_parts(account_id)
    found = signed_in(number)
    if found is None or (has_request_context() and not _still_good(found, version, began)):
        return None
    return found


def _still_good(found: SignedIn, version: int, began: int) -> bool:
    """Tell whether the session, or the cookie that remembers one, is of the account's present version (ACC-9)."""
    if "sv" in session:
        return bool(session["sv"] == found.session_version)
    age = now().timestamp() - began
    return version == found.session_version and age <= policy_of().remember_days * SECONDS_A_DAY


def mark_session(version: int) -> None:
    """Note in the session which version of the account it belongs to and when it began."""
    moment = int(now().timestamp())
    session["sv"], session["seen"], session["began"] = version, moment, moment


def who_has_signed_in() -> SignedIn | None:
    """Return who has signed in, or None."""
    return cast(SignedIn, current_user._get_current_object()) if current_user.is_authenticated else None


def current_account() -> Account | None:
    """Return the row of the account that has signed in, to change it; None when nobody has."""
    found = who_has_signed_in()
    return db.session.get(Account, found.id) if found is not None else None


def current_actor() -> Actor:
    """Return the actor of this request, worked out once; outside a request whoever is acted as, else nobody."""
    if not has_request_context():
        return cast(Actor, g.get("acting")) if has_app_context() and "acting" in g else Actor.anonymous()
    if "actor" not in g:
        found = who_has_signed_in()
        number = g.get("request_id")
        g.actor = found.actor(address=request.remote_addr, request_id=number) if found else Actor.anonymous()
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
    """Work out again who acts: somebody has just signed in or out."""
    g.pop("actor", None)
    g.pop("_login_user", None)


def current_vault() -> Vault:
    """Return the vault of this deployment."""
    return vault(current_app.config["SETTINGS"].DATA_KEY)
