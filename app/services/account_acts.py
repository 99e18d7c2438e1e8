"""What is done to one or many accounts below one's own: all of them or none (ACC-6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from app.domain.errors import NotPermitted, problem
from app.domain.terms import AccountStatus, AuditAction
from app.domain.text import N_
from app.models import Account
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.scope import fetch_visible, is_manageable
from app.services import audit
from app.services.accounts import end_account
from app.services.first_passwords import FirstPassword, give_first_password, tell
from app.services.unit import transaction

Keys = Iterable[Any]


def reset_passwords(keys: Keys, *, actor: Actor, vault: Vault) -> list[FirstPassword]:
    """Set new first passwords; they must be changed at the next sign-in, locks go, and every session ends."""
    given: list[FirstPassword] = []

    def reset(account: Account) -> None:
        given.append(tell(account, give_first_password(account, vault)))
        account.failed_sign_ins, account.locked_until = 0, None
        audit.record(AuditAction.PASSWORD_RESET, account, actor=actor)

    _each(keys, "reset", reset, actor)
    return given


def enable(keys: Keys, *, actor: Actor) -> int:
    """Let accounts sign in again; return how many."""

    def let_in(account: Account) -> None:
        account.status = AccountStatus.ACTIVE
        audit.record(AuditAction.ENABLE, account, actor=actor)

    return _each(keys, "edit", let_in, actor)


def disable(keys: Keys, *, actor: Actor) -> int:
    """Keep accounts out and end their sessions at once; return how many."""

    return _each(keys, "edit", lambda account: keep_out(account, actor=actor), actor)


def keep_out(account: Account, *, actor: Actor) -> None:
    """Do what `disable` does to one account, in the running transaction."""
    account.status = AccountStatus.DISABLED
    account.session_version += 1
    audit.record(AuditAction.DISABLE, account, actor=actor)


def unlock(keys: Keys, *, actor: Actor) -> int:
    """End locks, so that the accounts may try their passwords again at once; return how many."""

    def open_again(account: Account) -> None:
        account.locked_until, account.failed_sign_ins = None, 0
        if account.status is AccountStatus.LOCKED:
            account.status = AccountStatus.ACTIVE
        audit.record(AuditAction.UNLOCK, account, actor=actor)

    return _each(keys, "unlock", open_again, actor)


def delete(keys: Keys, *, actor: Actor) -> int:
    """End accounts for good (`accounts.delete_account`); return how many."""
    return _each(keys, "delete", lambda account: end_account(account, actor=actor), actor)


def _each(keys: Keys, verb: str, act: Callable[[Account], None], actor: Actor) -> int:
    """Do `act` to every account or to none. Raises NotVisible, or NotPermitted naming those that are not one's own."""
    actor.require(verb, "Account")
    with transaction():
        accounts = [fetch_visible(Account, key, actor=actor) for key in dict.fromkeys(keys)]
        foreign = [account.name for account in accounts if not is_manageable(account, actor=actor)]
        if foreign:
            text = N_("These accounts are not below yours, so you may not change them: %(names)s. Nothing was done.")
            raise NotPermitted(problem("account_not_below", text, names="、".join(foreign[:10])))
        for account in accounts:
            act(account)
    return len(accounts)
