"""A forgotten password: the document number, then what only the person knows, then a new password (ACC-7).

Whether a person exists, has an account, or may sign in is told to nobody: every answer is the same and costs the same
queries, until number, name and phone have all been right.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.domain.clock import now
from app.domain.errors import Invalid, problem
from app.domain.identity import normalise_national_id, normalise_phone
from app.domain.names import normalise_name
from app.domain.numbers import number_of
from app.domain.terms import AuditAction
from app.domain.text import N_
from app.extensions import db
from app.models import Account, LoginName
from app.security.actor import Actor
from app.security.crypto import Vault
from app.services import audit
from app.services.attempts import Limit, enforce
from app.services.captcha import Answer, check_answer
from app.services.passwords import reasons_against, set_password
from app.services.unit import transaction

PER_ADDRESS = Limit("recover-address", 60, 60 * 60)  # a whole school forgets behind one address
PER_DOCUMENT = Limit("recover-document", 5, 60 * 60)
PER_LINK = Limit("recover-link", 3, 60 * 60)  # letters to one person
MINUTES, MINUTES_BY_MAIL = 15, 60


@dataclass(frozen=True, slots=True)
class Letter:
    """Where a link is to be sent, and the token it carries."""

    email: str
    name: str
    token: str


def begin(document: str, captcha: Answer | None, *, address: str | None, vault: Vault) -> None:
    """Accept a document number. Never tells whether it is known.

    Raises Invalid for a wrong picture, TooManyRequests.
    """
    enforce(PER_ADDRESS, address or "-", vault=vault)
    check_answer(captcha, vault)
    if not document.strip():
        raise Invalid(problem("document_missing", N_("Type your national ID number."), field="document"))


def prove(document: str, name: str, phone: str, *, address: str | None, vault: Vault) -> str:
    """Return a token that allows one new password, when number, name and phone belong together.

    Raises Invalid with one text for everything that does not fit, TooManyRequests after a few attempts at a document.
    """
    number = normalise_national_id(document)
    enforce(PER_ADDRESS, address or "-", vault=vault)
    enforce(PER_DOCUMENT, number, vault=vault)
    account = _account_of(number, vault)
    if not _fits(account, name, phone) or account is None:
        with transaction():
            actor = Actor(account_id=None, address=address)
            audit.record(AuditAction.SIGN_IN_FAILED, account or _nobody(), actor=actor, reason="recovery")
        text = N_("These do not belong together, or there is no account for them. Check number, name and phone; "
                  "your school can reset the password as well.")  # fmt: skip
        raise Invalid(problem("recovery_refused", text))
    return _token(account, MINUTES, vault)


def letter_for(document: str, *, address: str | None, vault: Vault) -> Letter | None:
    """Return the letter with a link for whoever has this document number; None when there is nobody to write to.

    The caller answers alike in both cases, and sends the letter after it has answered.
    """
    number = normalise_national_id(document)
    enforce(PER_ADDRESS, address or "-", vault=vault)
    enforce(PER_LINK, number, vault=vault)
    account = _account_of(number, vault)
    if account is None or not account.is_active:
        return None
    mine = "" if account.email.endswith("@noemail.invalid") else account.email
    email = mine or (account.teacher.email if account.teacher else "") or ""
    return Letter(email, account.name, _token(account, MINUTES_BY_MAIL, vault)) if email else None


def account_for(token: str, *, vault: Vault) -> Account:
    """Return the account a token allows a new password for. Raises Invalid for one that is wrong, late or used."""
    parts = token.split(".")
    key = number_of(parts[0])
    version, until = (number_of(part, digits=11) for part in (*parts, "", "")[1:3])
    account: Account | None = db.session.get(Account, key) if len(parts) == 4 and key is not None else None
    late = account is None or until is None or until < now().timestamp() or not account.is_active
    signed = hmac.compare_digest(_signature(".".join(parts[:3]), vault).encode(), parts[-1].encode())
    if account is None or late or not signed or version != account.session_version:
        raise Invalid(problem("recovery_over", N_("This step took too long or was done already. Begin again.")))
    return account


def set_new_password(token: str, new: str, *, address: str | None, vault: Vault) -> Account:
    """Set the new password; the lock goes and every session ends. Raises Invalid with every reason against it."""
    account = account_for(token, vault=vault)
    found = reasons_against(account, new, vault=vault)
    if found:
        raise Invalid(found)
    with transaction():
        set_password(account, new)
        actor = Actor(account_id=account.id, address=address)
        audit.record(AuditAction.PASSWORD_CHANGE, account, actor=actor, reason="recovery")
    return account


def _account_of(number: str, vault: Vault) -> Account | None:
    """Return who signs in with this ID number; the same query, found or not."""
    joined = select(Account).join(LoginName, LoginName.account_id == Account.id).options(joinedload(Account.teacher))
    found: Account | None = db.session.scalar(joined.where(LoginName.name == vault.key(number.upper())))
    return found


def _fits(account: Account | None, name: str, phone: str) -> bool:
    """Tell whether name and phone are those of `account`; every comparison is made whatever comes of the others."""
    teacher = account.teacher if account else None
    known = [account.phone, teacher.mobile if teacher else None] if account else [None, None]
    right_name = _same(normalise_name(name), account.name if account else "")
    right_phone = [_same(normalise_phone(phone), normalise_phone(number or "")) for number in known]
    return bool(account and account.is_active) & right_name & any(right_phone)


def _same(typed: str, known: str) -> bool:
    return hmac.compare_digest(typed.encode(), known.encode()) & bool(known)


def _nobody() -> Account:
    return Account(username="?", last_name="", first_name="")


def _token(account: Account, minutes: int, vault: Vault) -> str:
    """Return a token bound to the account's session version: the first new password, or a reset, uses it up."""
    ends = int((now() + timedelta(minutes=minutes)).timestamp())
    text = f"{account.id}.{account.session_version}.{ends}"
    return f"{text}.{_signature(text, vault)}"


def _signature(text: str, vault: Vault) -> str:
    return vault.key(f"recovery/{text}")
