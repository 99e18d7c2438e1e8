"""Accounts for many at once: teachers by the thousand, schools by the hundred (ACC-3, ACC-5).

Chunk by chunk, each its own transaction: what is done stays done, and beginning again goes on where it ended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update

from app.domain.errors import NotPermitted
from app.domain.terms import AuditAction, OrganisationStatus, RoleName, TeacherStatus
from app.domain.text import N_
from app.extensions import db
from app.models import Account, LoginName, Role, School, Teacher
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.names import account_name
from app.security.roles import may_give
from app.security.scope import manageable_clause, visible_clause
from app.services import audit
from app.services.accounts import placeholder_email
from app.services.first_passwords import TAIL, first_password
from app.services.parameters import policy_of
from app.services.unit import hold_rows, transaction

CHUNK = 500
AT_ONCE = 1000  # accounts made while somebody waits; more are a background job
LEFT_OUT = 200  # reasons kept of one batch
EMPLOYED = (TeacherStatus.EMPLOYED, TeacherStatus.SECONDED)
NO_ID = N_("no national ID in the record")
NAME_IN_USE = N_("another account signs in with the teacher number or national ID")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Draft:
    """An account to be made: its name, whose it is, what it signs in with, its first password."""

    username: str
    name: str
    login_names: tuple[str, ...]
    password: str
    teacher_id: int | None = None
    school_id: int | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A teacher who got no account, and why (a msgid)."""

    name: str
    number: str
    why: str


@dataclass
class Outcome:
    """What a batch did."""

    made: int = 0
    left_out: int = 0
    examples: list[LeftOut] | None = None

    def leave(self, teacher: Any, why: str) -> None:
        """Count a teacher who got no account; the first ones are told by name."""
        self.left_out += 1
        self.examples = self.examples if self.examples is not None else []
        if len(self.examples) < LEFT_OUT:
            self.examples.append(LeftOut(teacher.name, teacher.teacher_number, why))


def require_batch(role: RoleName, actor: Actor) -> None:
    """Raise NotPermitted for who may not make accounts with `role`."""
    actor.require("create", "Account")
    if role not in may_give(actor.roles):
        raise NotPermitted


def teachers_without(actor: Actor, *, school: School | None = None) -> ColumnElement[bool]:
    """Return the condition on the employed teachers the actor may make accounts for and who have none."""
    open_ones = Teacher.account_id.is_(None) & Teacher.status.in_(EMPLOYED) & Teacher.school_id.is_not(None)
    mine = manageable_clause(Teacher, actor) & Teacher.deleted_at.is_(None) & open_ones
    return mine if school is None else mine & (Teacher.school_id == school.id)


def count_teachers_without(*, actor: Actor, school: School | None = None) -> int:
    """Return how many teachers wait for an account."""
    wanted = select(func.count()).select_from(Teacher).where(teachers_without(actor, school=school))
    return db.session.scalar(wanted) or 0


def keys_without(*, actor: Actor, school: School | None = None) -> list[int]:
    """Return the keys of the teachers who wait for an account, school by school."""
    wanted = select(Teacher.id).where(teachers_without(actor, school=school))
    return list(db.session.scalars(wanted.order_by(Teacher.school_id, Teacher.id)))


def create_teacher_accounts(
    keys: Sequence[int], *, actor: Actor, vault: Vault, progress: Progress | None = None
) -> Outcome:
    """Make an account for each of these teachers who has none and is the actor's to manage; the rest is passed over.

    Raises NotPermitted, and Conflict when somebody else makes the same accounts at the same moment.
    """
    require_batch(RoleName.TEACHER, actor)
    outcome = Outcome()
    for at in range(0, len(keys), CHUNK):
        part = list(keys[at : at + CHUNK])
        with transaction():
            _store(_teacher_drafts(part, actor, vault, outcome), RoleName.TEACHER, actor, vault, outcome)
        if progress is not None:
            progress(min(at + CHUNK, len(keys)), len(keys))
    return outcome


def _teacher_drafts(keys: list[int], actor: Actor, vault: Vault, outcome: Outcome) -> list[Draft]:
    wanted = select(Teacher.id, Teacher.name, Teacher.teacher_number, Teacher.national_id_sealed,
                    Teacher.national_id_key).where(Teacher.id.in_(keys), teachers_without(actor))  # fmt: skip
    rows = db.session.execute(wanted.order_by(Teacher.id)).all()
    names_of = {row.id: _login_names(row) for row in rows}
    in_use = _existing(name for names in names_of.values() for name in names)
    ready: list[tuple[Any, str]] = []
    for row in rows:
        if row.national_id_sealed is None:
            outcome.leave(row, NO_ID)
        elif in_use.intersection(names_of[row.id]):
            outcome.leave(row, NAME_IN_USE)
        else:
            ready.append((row, vault.open(row.national_id_sealed)))
    kind = policy_of().initial_password
    usernames = _free_names([(row.name, number[-TAIL:]) for row, number in ready])
    return [
        Draft(name, row.name, (name.upper(), *names_of[row.id]), first_password(number, None, kind), teacher_id=row.id)
        for (row, number), name in zip(ready, usernames, strict=True)
    ]


def _login_names(teacher: Any) -> tuple[str, ...]:
    return tuple(name for name in (teacher.teacher_number.upper(), teacher.national_id_key) if name)


def _existing(names: Iterable[str]) -> set[str]:
    """Return which of `names` somebody signs in with already."""
    return set(db.session.scalars(select(LoginName.name).where(LoginName.name.in_(list(names)))))


def _free_names(people: Sequence[tuple[str, str]]) -> list[str]:
    """Return an account name for each (name, end of the ID number): the first free one, clashes with 2, 3 … (ACC-3)."""
    taken: set[str] = set()
    while True:
        given: dict[str, None] = {}
        for name, tail in people:
            given[account_name(name, tail, taken | given.keys())] = None
        clashes = {name.lower() for name in _existing(name.upper() for name in given)}
        if not clashes:
            return list(given)
        taken |= clashes


def _store(drafts: list[Draft], role: RoleName, actor: Actor, vault: Vault, outcome: Outcome) -> None:
    """Write accounts, sign-in names, roles and the audit, in the running transaction."""
    if not drafts:
        return
    accounts = [_account(draft, vault) for draft in drafts]
    db.session.add_all(accounts)
    db.session.flush()
    pairs = list(zip(accounts, drafts, strict=True))
    names = [{"name": name, "account_id": a.id} for a, draft in pairs for name in draft.login_names]
    db.session.execute(insert(LoginName), names)
    role_id = db.session.scalar(select(Role.id).where(Role.name == role.value))
    holders = Role.user.property.secondary
    db.session.execute(insert(holders), [{"user_id": a.id, "role_id": role_id} for a in accounts])
    owners = [{"key": draft.teacher_id, "account": a.id} for a, draft in pairs if draft.teacher_id is not None]
    _join(owners)
    for account in accounts:
        audit.record(AuditAction.CREATE, account, actor=actor, after={"roles": [role.value], "batch": True})
    db.session.flush()
    for account in accounts:
        db.session.expunge(account)
    outcome.made += len(accounts)


def _account(draft: Draft, vault: Vault) -> Account:
    return Account(
        username=draft.username,
        last_name=draft.name,
        first_name="",
        email=placeholder_email(draft.username),
        active=True,
        school_id=draft.school_id,
        must_change_password=True,
        initial_password_sealed=vault.seal(draft.password),
    )


def _join(owners: list[dict[str, Any]]) -> None:
    """Let each teacher's record know its account. Core, so that an open grid does not see a change of the teacher."""
    table = Teacher.__table__
    for owner in owners:
        wanted = update(table).where(table.c.id == owner["key"], table.c.account_id.is_(None))
        db.session.execute(wanted.values(account_id=owner["account"]))


# --- schools


def schools_without(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on the visible schools in operation that have no account."""
    held = select(Account.school_id).where(Account.school_id.is_not(None), Account.active.is_(True))
    return visible_clause(School, actor) & (School.status == OrganisationStatus.ACTIVE) & ~School.id.in_(held)


def count_schools_without(*, actor: Actor) -> int:
    """Return how many schools in operation and in scope have no account."""
    return db.session.scalar(select(func.count()).select_from(School).where(schools_without(actor))) or 0


def create_school_accounts(*, actor: Actor, vault: Vault, progress: Progress | None = None) -> Outcome:
    """Make the administrator of every school in operation and in scope that has no account, named after its code.

    A school that got one meanwhile is passed over: the province and a county may press at the same moment.
    Raises NotPermitted without the right to give that role.
    """
    require_batch(RoleName.SCHOOL_ADMIN, actor)
    outcome = Outcome()
    keys = list(db.session.scalars(select(School.id).where(schools_without(actor)).order_by(School.code)))
    for at in range(0, len(keys), CHUNK):
        with transaction():
            drafts = list(_school_drafts(keys[at : at + CHUNK], actor))
            _store(drafts, RoleName.SCHOOL_ADMIN, actor, vault, outcome)
        if progress is not None:
            progress(min(at + CHUNK, len(keys)), len(keys))
    return outcome


def _school_drafts(keys: list[int], actor: Actor) -> Iterator[Draft]:
    hold_rows(School, keys)  # whoever else makes them waits here, and then finds nothing left to make
    waiting = select(School).where(School.id.in_(keys), schools_without(actor))
    schools = db.session.scalars(waiting.order_by(School.code)).all()
    in_use = _existing(school.code.upper() for school in schools)
    kind = policy_of().initial_password
    for school in schools:
        name = school.code if school.code.upper() not in in_use else f"{school.code}-{school.id}"
        clean = re.sub(r"\s+", "", name)
        yield Draft(clean, school.name, (clean.upper(),), first_password(None, clean, kind), school_id=school.id)
