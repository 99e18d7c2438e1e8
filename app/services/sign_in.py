"""Signing in by user name, teacher number or national ID; the lock (ACC-2, ACC-8)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from app.domain.clock import now
from app.domain.errors import Invalid, problem
from app.domain.names import normalise_login
from app.domain.policy import Policy
from app.domain.terms import AuditAction, CaptchaMode
from app.domain.text import N_
from app.extensions import db
from app.models import Account, LoginName
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.passwords import hash_password, needs_rehash
from app.services import audit
from app.services.attempts import Limit, attempts_so_far, count_attempt, end_window, enforce, forget, refuse_until
from app.services.captcha import Answer, check_answer
from app.services.first_passwords import is_right
from app.services.parameters import policy_of
from app.services.unit import transaction

ID_LENGTH = 18
A_DAY = 24 * 60 * 60
PER_ADDRESS = Limit("sign-in-address", 600, 10 * 60)  # a whole school signs in from one address
PER_NAME = Limit("sign-in-name", 30, 10 * 60)
FAILED, FAILED_FROM = "sign-in-failed", "sign-in-failed-from"
NEIGHBOURS = 10  # people behind one address who may each fail as often before all see the picture


def login_key(identifier: str, vault: Vault) -> str:
    """Return how `identifier` stands in the table of sign-in names: upper case; a national ID as its index."""
    clean = normalise_login(identifier).upper()
    looks_like_id = len(clean) == ID_LENGTH and clean[:-1].isdigit()
    return vault.key(clean) if looks_like_id else clean


def find_account(identifier: str, vault: Vault) -> Account | None:
    """Return the account that signs in with `identifier`, by one look-up in a unique index."""
    key = login_key(identifier, vault)
    found: Account | None = db.session.scalar(
        select(Account).join(LoginName, LoginName.account_id == Account.id).where(LoginName.name == key)
    )
    return found


def sign_in(
    identifier: str, password: str, *, vault: Vault, address: str | None = None, captcha: Answer | None = None
) -> Account:
    """Return the account these belong to.

    Raises Invalid (one text for an unknown name and a wrong password; at the field `captcha` when the picture must be
    answered), TooManyRequests while the name is locked or the limits of name or address are reached.
    """
    name = login_key(identifier, vault)
    enforce(PER_ADDRESS, address or "-", vault=vault)
    enforce(PER_NAME, name, vault=vault)
    account = find_account(identifier, vault)
    _refuse_locked(account, name, vault)
    if captcha_needed(identifier, vault=vault, address=address):
        check_answer(captcha, vault)
    right = is_right(account, password, vault)
    actor = Actor(account_id=account.id if account else None, address=address)
    if account is None or not right or not account.is_active:
        count_attempt(FAILED_FROM, address or "-", seconds=PER_ADDRESS.seconds, vault=vault)
        _count_failure(account, name, actor, vault)
        raise Invalid(problem("wrong_sign_in", N_("The account or the password is wrong, or the account is disabled.")))
    _note_success(account, password, actor, vault)
    return account


def captcha_needed(identifier: str, *, vault: Vault, address: str | None = None) -> bool:
    """Tell whether signing in with `identifier` needs the picture answered (P18); names nobody has count alike."""
    policy = policy_of()
    if policy.captcha is not CaptchaMode.AFTER_FAILURES:
        return policy.captcha is CaptchaMode.ALWAYS
    account = find_account(identifier, vault)
    name = login_key(identifier, vault)
    failures = account.failed_sign_ins if account else attempts_so_far(FAILED, name, vault=vault)[0]
    near = attempts_so_far(FAILED_FROM, address or "-", vault=vault)[0]
    return failures >= policy.captcha_after or near >= policy.captcha_after * NEIGHBOURS


def _refuse_locked(account: Account | None, name: str, vault: Vault) -> None:
    """Refuse while locked; a name nobody has is locked like any other, so that nothing can be learnt from it."""
    if account is not None:
        until = account.locked_until
    else:
        count, ends = attempts_so_far(FAILED, name, vault=vault)
        until = ends if count >= policy_of().lock_after else None
    if until is not None and until > now():
        refuse_until(until, "locked", N_("Too many wrong passwords: the account is locked until %(until)s."))


def _count_failure(account: Account | None, name: str, actor: Actor, vault: Vault) -> None:
    policy = policy_of()
    if account is None:
        _count_unknown(name, policy, vault)
        return
    with transaction():
        more = update(Account).where(Account.id == account.id).values(failed_sign_ins=Account.failed_sign_ins + 1)
        db.session.execute(more)  # counted by the database: two processes never count the same failure
        db.session.refresh(account, ["failed_sign_ins"])
        if account.failed_sign_ins >= policy.lock_after:
            account.locked_until = now() + timedelta(minutes=policy.lock_minutes)
            account.failed_sign_ins = 0
            audit.record(AuditAction.LOCK, account, actor=actor)
        audit.record(AuditAction.SIGN_IN_FAILED, account, actor=actor)


def _count_unknown(name: str, policy: Policy, vault: Vault) -> None:
    count, _until = count_attempt(FAILED, name, seconds=A_DAY, vault=vault)
    if count >= policy.lock_after:
        with transaction():
            end_window(FAILED, name, at=now() + timedelta(minutes=policy.lock_minutes), vault=vault)


def _note_success(account: Account, password: str, actor: Actor, vault: Vault) -> None:
    with transaction():
        for name in db.session.scalars(select(LoginName.name).where(LoginName.account_id == account.id)):
            forget(PER_NAME.kind, name, vault=vault)
        account.failed_sign_ins, account.locked_until = 0, None
        account.last_login = now().replace(tzinfo=None)
        if account.password and needs_rehash(account.password):
            account.password = hash_password(password)
        audit.record(AuditAction.SIGN_IN, account, actor=actor)
