"""One's own password: changing it, and what a new one must not be (ACC-4)."""

from __future__ import annotations

from app.domain.clock import now
from app.domain.errors import Invalid, NotPermitted, Problem, problem
from app.domain.passwords import weaknesses
from app.domain.terms import AuditAction
from app.domain.text import N_
from app.models import Account
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.names import pinyin_of
from app.security.passwords import hash_password
from app.services import audit
from app.services.attempts import Limit, enforce
from app.services.first_passwords import is_right
from app.services.parameters import policy_of
from app.services.unit import transaction

TRIES = Limit("change-password", 10, 10 * 60)  # somebody at another's open screen does not guess for long


def change_password(account: Account, old: str, new: str, *, actor: Actor, vault: Vault) -> None:
    """Change one's own password; every other session of the account ends.

    Raises NotPermitted for somebody else's account, Invalid with every reason a weak password is refused for,
    TooManyRequests for who tries too often.
    """
    if actor.account_id != account.id:
        raise NotPermitted
    enforce(TRIES, str(account.id), vault=vault)
    problems = [] if is_right(account, old, vault) else [_wrong()]
    problems += reasons_against(account, new, vault=vault, old=old)
    if problems:
        raise Invalid(problems)
    with transaction():
        set_password(account, new)
        audit.record(AuditAction.PASSWORD_CHANGE, account, actor=actor)


def end_other_sessions(account: Account, *, actor: Actor) -> None:
    """Sign one's own account out everywhere; the caller keeps its own session by taking over the new version."""
    if actor.account_id != account.id:
        raise NotPermitted
    with transaction():
        account.session_version += 1
        audit.record(AuditAction.SIGN_OUT, account, actor=actor)


def _wrong() -> Problem:
    return problem("wrong_password", N_("The present password is wrong; type it again."), field="old")


def set_password(account: Account, new: str) -> None:
    """Store `new` in the running transaction: the first password is gone, the lock is off, every session ends."""
    account.password = hash_password(new)
    account.must_change_password = False
    account.initial_password_sealed = None
    account.session_version += 1
    account.failed_sign_ins, account.locked_until = 0, None
    account.password_changed_at = now()


def reasons_against(account: Account, new: str, *, vault: Vault, old: str | None = None) -> list[Problem]:
    """Return every reason to refuse `new` as the password of `account`; empty when it is strong enough."""
    teacher = account.teacher
    sealed = teacher.national_id_sealed if teacher else None
    phones = [account.phone, teacher.mobile, teacher.office_phone] if teacher else [account.phone]
    found = weaknesses(
        new,
        minimum=policy_of().password_min_length,
        names=_names(account),
        phones=[phone for phone in phones if phone],
        national_id=vault.open(sealed) if sealed else "",
    )
    if old is not None and new == old:
        found.append(problem("same_password", N_("The new password must differ from the present one."), field="new"))
    return found


def _names(account: Account) -> list[str]:
    """Return whatever the person is called: in characters, in pinyin, as nickname, by account and number."""
    called = [account.username, account.name, pinyin_of(account.name), account.nickname or ""]
    return [*called, account.teacher.teacher_number] if account.teacher else called
