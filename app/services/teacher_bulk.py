"""Writing many teachers at once: what `teacher_rows` has planned, in a few statements for thousands of rows (TCH-5, 6).

The same values, checks and traces as one by one; `teachers.py` writes single records through here too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, func, select, update

from app.domain.clock import now, today
from app.domain.errors import Problem, problem
from app.domain.identity import NationalId
from app.domain.teacher_numbers import make_teacher_number
from app.domain.terms import AuditAction, OrganisationStatus, RegionLevel, RowKind, TeacherStatus
from app.domain.text import N_
from app.extensions import db
from app.models import Account, AuditEntry, LoginName, Region, School, Teacher
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.names import initials
from app.security.rules.people import schools_kept
from app.security.scope import manageable_clause
from app.services import audit
from app.services.many_rows import insert_rows
from app.services.numbers import take_numbers
from app.services.teacher_rows import PlannedRow
from app.services.teacher_search import index_names
from app.services.unit import changed_meanwhile, transaction

COLUMNS: tuple[str, ...] = (
    "name", "gender", "birth_date", "mobile", "office_phone", "email", "school_id", "stage_id", "grade_id",
    "subject_id", "post_category_id", "title_id",
)  # fmt: skip
ID_COLUMNS = ("national_id_sealed", "national_id_key", "national_id_tail", "id_birth_date", "id_gender")
_TAKEN = N_("Somebody has entered this person meanwhile; look the record up and change it there.")
_NO_SCHOOL = N_("This school is no longer in your scope; choose another.")
_CLOSED = N_("This school is not in operation any more; choose another.")
_GONE = N_("This record does not exist or is outside your scope.")


@dataclass(slots=True)
class Applied:
    """What was written: the new records' numbers by line, the changed ones', and what was refused meanwhile."""

    created: dict[int, int] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)
    refused: list[tuple[int, Problem]] = field(default_factory=list)


def apply_rows(
    planned: Iterable[PlannedRow], *, actor: Actor, vault: Vault, reason: str | None = None, each_in_audit: bool = False
) -> Applied:
    """Write the planned rows that change something, in one transaction; give a few thousand at a time.

    Rows whose person or version has changed since they were planned are left out and told in `refused`. New records
    stand in the audit as one import, or each by itself with `each_in_audit`; changes always each by themselves.
    Raises NotPermitted, and Conflict when somebody enters the same person at this very moment: plan again.
    """
    with transaction():
        return write_rows(planned, actor=actor, vault=vault, reason=reason, each_in_audit=each_in_audit)


def write_rows(
    planned: Iterable[PlannedRow], *, actor: Actor, vault: Vault, reason: str | None = None, each_in_audit: bool = False
) -> Applied:
    """Write planned rows in the running transaction: see `apply_rows`."""
    rows = list(planned)
    done = Applied()
    new = [row for row in rows if row.kind is RowKind.NEW]
    changed = [row for row in rows if row.kind is RowKind.CHANGED]
    if new:
        actor.require("create", "Teacher")
        _insert(_still_new(new, actor, vault, done), actor, vault, done, reason, each_in_audit)
    if changed:
        actor.require("edit", "Teacher")
        _change(_still_there(changed, actor, vault, done), actor, vault, done, reason)
    return done


# --- new records


def _still_new(rows: Sequence[PlannedRow], actor: Actor, vault: Vault, done: Applied) -> list[PlannedRow]:
    """Leave out whom somebody has entered since the plan, and schools that have left the scope."""
    taken = _taken_keys(rows, vault)
    schools = {row.values["school_id"] for row in rows}
    mine = select(School.id, School.status).where(School.id.in_(schools), School.id.in_(schools_kept(actor)))
    kept = {row.id: row.status for row in db.session.execute(mine)}
    good = []
    for row in rows:
        if _stored(row, vault)["national_id_key"] in taken:
            done.refused.append((row.line, problem("person_present", _TAKEN, field="national_id")))
        elif row.values["school_id"] not in kept:
            done.refused.append((row.line, problem("choice_not_visible", _NO_SCHOOL, field="school")))
        elif kept[row.values["school_id"]] is not OrganisationStatus.ACTIVE:
            done.refused.append((row.line, problem("choice_not_in_use", _CLOSED, field="school")))
        else:
            good.append(row)
    return good


def _taken_keys(rows: Iterable[PlannedRow], vault: Vault) -> set[str]:
    keys = [_stored(row, vault)["national_id_key"] for row in rows]
    found = db.session.scalars(select(Teacher.national_id_key).where(Teacher.national_id_key.in_(keys)))
    return {key for key in found if key is not None}


def _insert(
    rows: Sequence[PlannedRow], actor: Actor, vault: Vault, done: Applied, reason: str | None, each_in_audit: bool
) -> None:
    if not rows:
        return
    moment = now()
    fresh = {**dict.fromkeys(COLUMNS), "status": TeacherStatus.EMPLOYED, "created_at": moment, "updated_at": moment,
             "version": 1}  # fmt: skip
    stored = [
        {**fresh, **_stored(row, vault), "teacher_number": number}
        for row, number in zip(rows, next_teacher_numbers(len(rows)), strict=True)
    ]
    keys = _insert_all(stored)
    index_names([(key, row["name"]) for key, row in zip(keys, stored, strict=True)], fresh=True)
    _count_new(row["school_id"] for row in stored)
    done.created = {row.line: key for row, key in zip(rows, keys, strict=True)}
    if each_in_audit:
        db.session.add_all(
            _entry(AuditAction.CREATE, key, row, actor, reason, after=row)
            for key, row in zip(keys, stored, strict=True)
        )
    else:
        note = {"rows": len(keys), "teachers": keys}
        db.session.add(_entry(AuditAction.IMPORT, None, {"name": None}, actor, reason, after=note))


def _insert_all(stored: Sequence[dict[str, Any]]) -> list[int]:
    """Insert rows in one statement; return their keys in that order.

    RETURNING in order would make SQLite insert each row by itself; the numbers, which are taken one after the other,
    find the keys in one more query.
    """
    table: Any = Teacher.__table__
    insert_rows(db.session.connection(), table, stored)
    numbers = [row["teacher_number"] for row in stored]
    taken = table.c.teacher_number.between(numbers[0], numbers[-1])
    keys: dict[str, int] = dict(db.session.execute(select(table.c.teacher_number, table.c.id).where(taken)).all())
    return [keys[number] for number in numbers]


def next_teacher_numbers(count: int) -> list[str]:
    """Return the next `count` teacher numbers of this year, in the running transaction; they are never reused."""
    top = (
        db.session.scalar(select(Region.code).where(Region.level == RegionLevel.PROVINCE).order_by(Region.code)) or "33"
    )
    province, year = top[:2], today().year
    taken = take_numbers(f"teacher-{province}{year}", count, last_before=lambda: _last_given(province, year))
    return [make_teacher_number(province=province, year=year, running=number) for number in taken]


def _last_given(province: str, year: int) -> int:
    """Return the greatest running number among the records of `year` there are."""
    head = f"{province}{year}"
    last = db.session.scalar(
        select(func.max(Teacher.teacher_number)).where(Teacher.teacher_number.startswith(head, autoescape=True))
    )
    return int(last[len(head) : -1]) if last else 0


def _count_new(schools: Iterable[int]) -> None:
    """Let schools know that they have one teacher more, each as often as it is named."""
    table: Any = School.__table__
    one = update(table).where(table.c.id == bindparam("school"))
    more = one.values(staff_count=table.c.staff_count + bindparam("n"))
    told = [{"school": key, "n": count} for key, count in sorted(Counter(schools).items())]  # all in the same order
    db.session.connection().execute(more, told)


# --- changes


def _still_there(rows: Sequence[PlannedRow], actor: Actor, vault: Vault, done: Applied) -> list[PlannedRow]:
    """Leave out rows somebody else has changed or taken away since the plan; hold the others until the end."""
    keys = [row.teacher_id for row in rows]
    wanted = select(Teacher.id, Teacher.version).where(Teacher.id.in_(keys), manageable_clause(Teacher, actor))
    versions = {row.id: row.version for row in db.session.execute(wanted.with_for_update(of=Teacher))}
    taken = _taken_keys([row for row in rows if row.values.get("national_id")], vault)
    good = []
    for row in rows:
        identity = row.values.get("national_id")
        if row.teacher_id not in versions:
            done.refused.append((row.line, problem("not_visible", _GONE)))
        elif versions[row.teacher_id] != row.version:
            done.refused.append((row.line, changed_meanwhile()))
        elif identity is not None and _stored(row, vault)["national_id_key"] in taken:
            done.refused.append((row.line, problem("person_present", _TAKEN, field="national_id")))
        else:
            good.append(row)
    return good


def _change(rows: Sequence[PlannedRow], actor: Actor, vault: Vault, done: Applied, reason: str | None) -> None:
    table: Any = Teacher.__table__
    moment = now()
    for row in rows:
        values = {**_stored(row, vault), "version": table.c.version + 1, "updated_at": moment}
        db.session.execute(update(table).where(table.c.id == row.teacher_id).values(values))
        _keep_account_in_step(row, vault)
        before = {name: row.before.get(name) for name in row.values if name != "national_id"}
        subject = {"name": row.values.get("name", row.before.get("name"))}
        entry = _entry(AuditAction.UPDATE, row.teacher_id, subject, actor, reason, before=before, after=row.values)
        db.session.add(entry)
        done.changed[row.line] = row.teacher_id or 0
    renamed = [(row.teacher_id or 0, row.values["name"]) for row in rows if "name" in row.values]
    if renamed:
        index_names(renamed)


def _keep_account_in_step(row: PlannedRow, vault: Vault) -> None:
    """Let a renamed person's account show the new name, and sign in with the new ID number (ACC-2)."""
    account_id = row.before.get("account_id")
    if account_id is None:
        return
    if "name" in row.values:
        db.session.execute(update(Account).where(Account.id == account_id).values(last_name=row.values["name"]))
    identity, old = row.values.get("national_id"), row.before.get("national_id_key")
    if identity is None:
        return
    key = vault.key(identity.number)
    mine = (LoginName.account_id == account_id, LoginName.name == old)
    changed: Any = db.session.execute(update(LoginName).where(*mine).values(name=key))
    if not changed.rowcount:
        db.session.add(LoginName(name=key, account_id=account_id))


# --- both


def prepare_rows(rows: Iterable[PlannedRow], *, vault: Vault) -> None:
    """Seal ID numbers and find initials now, so that the transaction that writes `rows` is short."""
    for row in rows:
        _stored(row, vault)


def _stored(row: PlannedRow, vault: Vault) -> dict[str, Any]:
    """Return the values of a row as the columns keep them, made once."""
    if row.stored is None:
        row.stored = _columns(row.values, vault)
    return row.stored


def _columns(values: dict[str, Any], vault: Vault) -> dict[str, Any]:
    """Return checked values as the columns that keep them: the ID number sealed, its index and end; the initials."""
    columns = {name: value for name, value in values.items() if name != "national_id"}
    if "national_id" in values:
        columns |= id_columns(values["national_id"], vault)
    if "name" in values:
        columns["name_initials"] = initials(values["name"])[:32]
    return columns


def id_columns(identity: NationalId | None, vault: Vault) -> dict[str, Any]:
    """Return the columns that keep an ID number sealed, findable and searchable by its end (OPS-3)."""
    if identity is None:
        return dict.fromkeys(ID_COLUMNS)
    number = identity.number
    return {
        "national_id_sealed": vault.seal(number),
        "national_id_key": vault.key(number),
        "national_id_tail": number[-4:],
        "id_birth_date": identity.birth_date,
        "id_gender": identity.gender.value,
    }


def _entry(
    action: AuditAction,
    key: int | None,
    row: dict[str, Any],
    actor: Actor,
    reason: str | None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any],
) -> AuditEntry:
    told = after if action is AuditAction.IMPORT else audit.told(Teacher, after)
    return AuditEntry(
        account_id=actor.account_id,
        region_path=actor.region_path,
        action=action,
        entity="Teacher",
        row_id=key,
        subject=row.get("name"),
        before=audit.told(Teacher, before) if before is not None else None,
        after=told,
        reason=reason,
        address=actor.address,
        request_id=actor.request_id,
    )
