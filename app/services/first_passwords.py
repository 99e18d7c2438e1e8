"""First passwords: given, checked, handed out while nobody has changed them (ACC-3, ACC-5).

A first password stands sealed in the account and has no hash: a hash per account would cost half an hour of computing
for a province, for passwords that live for one sign-in. The first change empties the seal and makes the hash.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload

from app.domain.errors import Conflict, problem
from app.domain.passwords import random_password
from app.domain.terms import AuditAction, InitialPassword
from app.domain.text import N_
from app.extensions import db
from app.models import Account, School, Teacher
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.passwords import check_password
from app.security.scope import manageable_clause
from app.services import audit
from app.services.parameters import policy_of
from app.services.unit import transaction

TAIL = 6  # characters of the national ID
MOST_AT_ONCE = 20_000  # first passwords of one hand-out; more are asked for by school
_ID_TAIL = re.compile(r"\d{5}[\dX]")


@dataclass(frozen=True, slots=True)
class FirstPassword:
    """An account and the first password nobody has changed yet; `teacher_number` is empty for who is no teacher."""

    username: str
    name: str
    organisation: str
    password: str
    teacher_number: str = ""


@dataclass(frozen=True, slots=True)
class Unused:
    """How many accounts of a school nobody has opened yet."""

    school: School
    count: int


def give_first_password(account: Account, vault: Vault) -> str:
    """Give `account` a first password and end its sessions, in the running transaction; return the password.

    A teacher's is the end of the ID number or random (P17), a school's its account name, any other is random (ACC-3).
    """
    sealed_id = account.teacher.national_id_sealed if account.teacher else None
    own_name = account.username if account.school is not None else None
    password = first_password(vault.open(sealed_id) if sealed_id else None, own_name, policy_of().initial_password)
    account.password = None
    account.initial_password_sealed = vault.seal(password)
    account.must_change_password = True
    account.session_version = (account.session_version or 0) + 1
    return password


def first_password(national_id: str | None, school_account: str | None, kind: InitialPassword) -> str:
    """Return the first password of somebody with this ID number, or of the account of a school with this name."""
    if kind is InitialPassword.RANDOM:
        return random_password()
    if national_id:
        return national_id[-TAIL:]
    return school_account or random_password()


def is_right(account: Account | None, password: str, vault: Vault) -> bool:
    """Tell whether `password` opens `account`; takes as long for an account that does not exist."""
    right = check_password(account.password if account else None, password)
    if account is None or account.password is not None or account.initial_password_sealed is None:
        return right
    first = vault.open(account.initial_password_sealed)
    typed = password.upper() if _ID_TAIL.fullmatch(first) else password  # an ID number ends in X or x (ACC-2)
    return hmac.compare_digest(first.encode(), typed.encode())


def _unused(actor: Actor) -> ColumnElement[bool]:
    still = Account.initial_password_sealed.is_not(None) & Account.must_change_password.is_(True)
    return and_(manageable_clause(Account, actor), still, Account.active.is_(True))


def _of_school(school: School) -> ColumnElement[bool]:
    staff = select(Teacher.account_id).where(Teacher.school_id == school.id, Teacher.account_id.is_not(None))
    return or_(Account.school_id == school.id, Account.id.in_(staff))


def count_unused(*, actor: Actor) -> int:
    """Return how many accounts the actor manages that nobody has opened yet."""
    actor.require("export", "Account")
    return db.session.scalar(select(func.count()).select_from(Account).where(_unused(actor))) or 0


def unused_by_school(*, actor: Actor, name: str = "", limit: int, offset: int = 0) -> tuple[list[Unused], int]:
    """Return a page of the schools with unopened accounts, by code, and how many such schools there are."""
    actor.require("export", "Account")
    place = func.coalesce(Account.school_id, Teacher.school_id)
    per_school = (
        select(place.label("school_id"), func.count().label("count"))
        .select_from(Account)
        .outerjoin(Teacher, Teacher.account_id == Account.id)
        .where(_unused(actor), place.is_not(None))
        .group_by(place)
        .subquery()
    )
    found = select(School, per_school.c.count).join(per_school, per_school.c.school_id == School.id)
    if name:
        found = found.where(School.name.contains(name, autoescape=True))
    in_all = db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
    page = db.session.execute(found.order_by(School.code).limit(limit).offset(offset))
    return [Unused(school, count) for school, count in page], in_all


def unused_first_passwords(
    *, actor: Actor, vault: Vault, school: School | None = None, purpose: str = "export"
) -> list[FirstPassword]:
    """Return the first passwords nobody has changed, of the accounts one manages; noted in the audit (ACC-5).

    `school` narrows them to its own account and its teachers'. Raises Conflict for more than one hand-out takes.
    """
    actor.require("export", "Account")
    wanted = _unused(actor) if school is None else _unused(actor) & _of_school(school)
    count = db.session.scalar(select(func.count()).select_from(Account).where(wanted)) or 0
    if count > MOST_AT_ONCE:
        text = N_("%(count)s first passwords are too many for one file; take them school by school.")
        raise Conflict(problem("too_many_first_passwords", text, count=count))
    with transaction():
        told = list(_tell(wanted, vault))
        details: dict[str, Any] = {"first_passwords": len(told), "purpose": purpose, "school": school and school.code}
        audit.record(AuditAction.EXPORT, school or Account(username="*", last_name="", first_name=""), actor=actor,
                     after=details)  # fmt: skip
    return sorted(told, key=lambda row: (row.organisation, row.username))


def _tell(wanted: ColumnElement[bool], vault: Vault) -> Iterator[FirstPassword]:
    rows = (
        select(Account)
        .where(wanted)
        .options(
            joinedload(Account.bureau),
            joinedload(Account.institution),
            joinedload(Account.school),
            joinedload(Account.teacher).joinedload(Teacher.school),
        )
    )
    for account in db.session.scalars(rows):
        yield tell(account, vault.open(account.initial_password_sealed or b""))


def tell(account: Account, password: str) -> FirstPassword:
    """Return what a hand-out says about `account`."""
    teacher = account.teacher
    number = teacher.teacher_number if teacher else ""
    return FirstPassword(account.username, account.name, str(account.place or ""), password, number)
