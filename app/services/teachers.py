"""The verbs on one teacher's record: create, change, set a field on many, delete, restore (TCH-1 to TCH-3, TCH-12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import select

from app.domain.clock import now
from app.domain.errors import Conflict, Invalid, NotPermitted, NotVisible, Problem, problem
from app.domain.numbers import number_of, numbers_of
from app.domain.terms import AuditAction, RowKind
from app.domain.text import N_, Text
from app.extensions import db
from app.models import Teacher, teacher_name_pair
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.rules.people import kept_here
from app.security.scope import fetch_manageable, fetch_visible, is_manageable
from app.services import audit
from app.services.account_acts import keep_out
from app.services.accounts import end_account
from app.services.records import run_delete_checks
from app.services.school_rows import recount
from app.services.teacher_bulk import write_rows
from app.services.teacher_lists import lists_for
from app.services.teacher_rows import PlannedRow, Planner, already_here
from app.services.unit import transaction

# What makes sense to be the same for many people.
BULK_FIELDS = ("stage", "grade", "subject", "post_category", "title", "office_phone")
MOST_AT_ONCE = 500


def create_teacher(values: Mapping[str, Any], *, actor: Actor, vault: Vault) -> Teacher:
    """Create a record from what was given by field name; number, initials and whatever the ID tells are filled in.

    Raises NotPermitted, Invalid with every problem of every field, Conflict when there is a record of this person; then
    the problem says where the person is, and no more than the actor may know.
    """
    actor.require("create", "Teacher")
    planned = _planner(actor, vault, values).plan([(1, {**values, "id": None})])[0]
    if planned.teacher_id is not None:
        raise Conflict(already_here(planned))
    if planned.kind is RowKind.ELSEWHERE:
        raise Conflict(planned.problems)
    if planned.problems:
        raise Invalid(planned.problems)
    return _write(planned, actor, vault)


def update_teacher(
    key: Any,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    vault: Vault,
    expected_version: int | None = None,
    reason: str | None = None,
) -> Teacher:
    """Change the fields given; those left out stay. `expected_version` is the one the person saw (ACC-9).

    Raises NotVisible, NotPermitted, Invalid with every problem, Conflict when somebody changed the record meanwhile.
    """
    actor.require("edit", "Teacher")
    row = fetch_manageable(Teacher, key, actor=actor)
    given = {**values, "id": row.id, "version": expected_version}
    planned = _planner(actor, vault, values).plan([(1, given)])[0]
    _refuse(planned.problems)
    return _write(planned, actor, vault, reason) if planned.writes else row


def _refuse(problems: Sequence[Problem]) -> None:
    """Raise what `problems` amount to: a conflict when the record or the person is taken, else input to mend."""
    if problems:
        conflicts = {"changed_meanwhile", "person_present", "person_elsewhere"}
        raise (Conflict if {p.code for p in problems} <= conflicts else Invalid)(problems)


def _planner(actor: Actor, vault: Vault, *given: Mapping[str, Any]) -> Planner:
    schools = [getattr(values["school"], "code", values["school"]) for values in given if values.get("school")]
    return Planner(actor, vault, lists_for(actor, schools))


def _write(planned: PlannedRow, actor: Actor, vault: Vault, reason: str | None = None) -> Teacher:
    with transaction():
        done = write_rows([planned], actor=actor, vault=vault, reason=reason, each_in_audit=True)
        if done.refused:
            raise Conflict([refusal for _line, refusal in done.refused])
    key = planned.teacher_id or done.created[planned.line]
    row: Teacher = db.session.get_one(Teacher, key, populate_existing=True)
    return row


def set_field(keys: Sequence[Any], field: str, value: Any, *, actor: Actor, vault: Vault) -> int:
    """Give one field the same value on many records, all or none; return how many changed (TCH-5).

    Raises NotVisible when one of them is out of scope, Invalid with a sentence for each person it does not fit.
    """
    actor.require("edit", "Teacher")
    if field not in BULK_FIELDS:
        raise Invalid(problem("field_not_for_many", N_("This field cannot be set for several people at once.")))
    given = [{"id": key, field: value} for key in dict.fromkeys(numbers_of(keys))]
    if not given or len(given) > MOST_AT_ONCE:
        text = N_("Choose between 1 and %(most)s people.")
        raise Invalid(problem("how_many", text, most=MOST_AT_ONCE))
    planned = _planner(actor, vault).plan(list(enumerate(given, 1)))
    if any(p.code == "not_visible" for row in planned for p in row.problems):
        raise NotVisible
    _refuse([_named(row, each) for row in planned for each in row.problems])
    with transaction():
        done = write_rows(planned, actor=actor, vault=vault)
        _refuse([refusal for _line, refusal in done.refused])
    return len(done.changed)


def _named(row: PlannedRow, found: Problem) -> Problem:
    """Return a problem that says whom it is about."""
    return Problem(found.code, Text(N_("%(name)s: %(why)s"), {"name": row.before.get("name"), "why": found.text}))


# --- deleting


def soft_delete(key: Any, *, actor: Actor, reason: str | None = None, expected_version: int | None = None) -> Teacher:
    """Take a record out of every list; it can be restored. The account can no longer sign in (TCH-12)."""
    actor.require("delete", "Teacher")
    with transaction():
        row = fetch_manageable(Teacher, key, actor=actor)
        refuse_other_version(row, expected_version)
        row.deleted_at = now()
        if row.account is not None:
            keep_out(row.account, actor=actor)
        db.session.flush()
        recount([row.school_id])
        audit.record(AuditAction.DELETE, row, actor=actor, before=audit.snapshot(row), reason=reason)
    return row


def refuse_other_version(row: Any, expected: int | None) -> None:
    """Raise Conflict when the row is not in the version the person saw."""
    from app.services.unit import changed_meanwhile

    if expected is not None and row.version != expected:
        raise Conflict(changed_meanwhile())


def fetch_deleted(key: Any, *, actor: Actor) -> Teacher:
    """Return a deleted record of the schools the actor keeps. Raises NotVisible for any other."""
    wanted = select(Teacher).where(Teacher.deleted_at.is_not(None))
    if not actor.everything:
        wanted = wanted.where(kept_here(actor))
    row: Teacher | None = db.session.scalar(wanted.where(Teacher.id == (number_of(key) or 0)))
    if row is None:
        raise NotVisible
    return row


def restore_teacher(key: Any, *, actor: Actor, reason: str | None = None) -> Teacher:
    """Bring a deleted record back to its school; the account has to be enabled again by itself (TCH-12)."""
    actor.require("restore", "Teacher")
    with transaction():
        row = fetch_deleted(key, actor=actor)
        row.deleted_at = None
        db.session.flush()
        recount([row.school_id])
        audit.record(AuditAction.RESTORE, row, actor=actor, reason=reason)
    return row


def hard_delete(key: Any, *, actor: Actor, reason: str | None = None) -> None:
    """Remove a deleted record for good; its number is never given again (TCH-12).

    For the system administrator alone. Raises Conflict while the person has any training, or anything else refers to
    the record; register further reasons with `check_delete(Teacher)`.
    """
    actor.require("purge", "Teacher")
    with transaction():
        row = fetch_deleted(key, actor=actor)
        run_delete_checks(row, actor)
        audit.record(AuditAction.PURGE, row, actor=actor, before=audit.snapshot(row), reason=reason)
        if row.account is not None:
            end_account(row.account, actor=actor)
        db.session.execute(sql_delete(teacher_name_pair).where(teacher_name_pair.c.teacher_id == row.id))
        db.session.delete(row)
        db.session.flush()


# --- seeing protected values


PROTECTED = ("national_id", "mobile")


def reveal(key: Any, *, actor: Actor, vault: Vault, fields: Sequence[str] = PROTECTED) -> dict[str, str | None]:
    """Return the whole national ID and mobile number of a teacher, and write down who saw which (OPS-3).

    Who keeps the record needs the permission; everybody sees the own numbers.
    """
    row = fetch_visible(Teacher, key, actor=actor)
    if row.id != actor.teacher_id:
        actor.require("reveal", "Teacher")
        if not is_manageable(row, actor=actor):
            raise NotPermitted
    shown = [name for name in PROTECTED if name in fields]
    with transaction():
        audit.record(AuditAction.REVEAL, row, actor=actor, after={"fields": shown})
        values = {"national_id": whole_id(row, vault), "mobile": row.mobile}
    return {name: values[name] for name in shown}


def whole_id(row: Teacher, vault: Vault) -> str | None:
    """Return the national ID number; the caller masks it, or has asked for the permission and writes it down."""
    return vault.open(row.national_id_sealed) if row.national_id_sealed else None
