"""Many teachers edited at once: the rows to open, the check of what was changed, saving in one go (TCH-5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Row, func, literal, select, union_all

from app.domain.choices import Choices
from app.domain.errors import Conflict, Invalid, NotVisible, Problem, problem
from app.domain.identity import NationalId
from app.domain.teachers import REFERENCES
from app.domain.text import N_
from app.extensions import db
from app.models import School, Teacher
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.scope import manageable_clause, select_visible
from app.services.teacher_bulk import write_rows
from app.services.teacher_issues import on_record
from app.services.teacher_lists import LISTS, lists_for
from app.services.teacher_rows import PlannedRow, Planner, already_here
from app.services.unit import transaction

MOST_ROWS = 500  # in the grid, and in one request
MASKED = ("national_id", "mobile")
TRIES = 3  # when somebody else writes the same people at the same moment
WHOLE = ""  # in place of a field: a problem of the whole row
_PLAIN = ("id", "version", "teacher_number", "name", "gender", "birth_date", "national_id_tail", "mobile",
          "office_phone", "email", "status")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opened:
    """The rows of the grid, and how many there would be without the limit."""

    rows: Sequence[Row[Any]]
    count: int


def open_rows(conditions: Sequence[ColumnElement[bool]], order: Sequence[Any], *, actor: Actor) -> Opened:
    """Return the visible teachers that meet `conditions`, at most MOST_ROWS. Raises NotPermitted.

    Relations come as names, in the same query; `manageable` tells whether the actor may change the row.
    """
    actor.require("edit", "Teacher")
    wanted = select(Teacher).where(on_record(actor), *conditions)
    rows = db.session.execute(_columns(wanted, actor).order_by(*order).limit(MOST_ROWS + 1)).all()
    if len(rows) <= MOST_ROWS:
        return Opened(rows, len(rows))
    count = wanted.with_only_columns(func.count(), maintain_column_froms=True)
    return Opened(rows[:MOST_ROWS], db.session.scalar(count) or 0)


def rows_by_id(numbers: Sequence[int], *, actor: Actor) -> dict[int, Row[Any]]:
    """Return visible teachers as `open_rows` does, by number."""
    wanted = select_visible(Teacher, actor).where(Teacher.id.in_(numbers))
    return {row.id: row for row in db.session.execute(_columns(wanted, actor))}


def _columns(wanted: Any, actor: Actor) -> Any:
    relations: dict[str, Any] = {"school": School, **LISTS}
    columns = [getattr(Teacher, name) for name in _PLAIN]
    columns += [model.name.label(name) for name, model in relations.items()]
    columns.append(manageable_clause(Teacher, actor).label("manageable"))
    for name in relations:
        wanted = wanted.outerjoin(getattr(Teacher, name))
    return wanted.with_only_columns(*columns, maintain_column_froms=True)


def choice_names() -> dict[str, list[str]]:
    """Return the names that may be chosen, by field, in their order."""
    parts = [
        select(literal(field).label("field"), model.name.label("name"), model.position.label("place"), model.id)
        .where(model.in_use.is_(True))
        for field, model in LISTS.items()
    ]  # fmt: skip
    every = union_all(*parts).subquery()
    names: dict[str, list[str]] = {field: [] for field in LISTS}
    for row in db.session.execute(select(every).order_by(every.c.field, every.c.place, every.c.id)):
        names[row.field].append(row.name)
    return names


# --- checking and saving


@dataclass(frozen=True, slots=True)
class SentRow:
    """What was changed in one row, or all of a new one: `values` are texts by field, `line` its number in the grid."""

    key: str
    line: int
    id: int | None
    version: int | None
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A sent row, what it would do, and what is wrong with it, by field."""

    sent: SentRow
    planned: PlannedRow
    problems: Mapping[str, Sequence[Problem]]
    shown: Mapping[str, Any]  # the values as they will be stored, by field: words, days, names of choices
    conflict: bool


@dataclass(slots=True)
class Outcome:
    """What saving did: the saved rows' teacher numbers by key, rows somebody else has changed, rows to mend."""

    saved: dict[str, int] = field(default_factory=dict)
    conflicts: list[CheckedRow] = field(default_factory=list)
    invalid: list[CheckedRow] = field(default_factory=list)


def check_rows(rows: Sequence[SentRow], *, actor: Actor, vault: Vault) -> list[CheckedRow]:
    """Tell of every row what is wrong with each cell, by the rules of the form; a few queries for all, none writes.

    Raises NotVisible when a row is out of scope, Invalid when there are too many.
    """
    actor.require("edit", "Teacher")
    if len(rows) > MOST_ROWS:
        raise Invalid(problem("too_many_rows", N_("At most %(most)s rows at once; import more."), most=MOST_ROWS))
    lists = lists_for(actor, [row.values["school"] for row in rows if row.values.get("school")])
    planner = Planner(actor, vault, lists, may_create=actor.may("create", "Teacher"))
    planned = planner.plan([(row.line, _given(row)) for row in rows])
    if any(row.id is not None and _has(plan, "not_visible") for row, plan in zip(rows, planned, strict=True)):
        raise NotVisible
    return [_checked(row, plan, lists) for row, plan in zip(rows, planned, strict=True)]


def _given(row: SentRow) -> dict[str, Any]:
    """Return a row as the planner takes it; what is still masked is not read as a number."""
    typed = {name: text for name, text in row.values.items() if not _is_masked(name, text)}
    return {**typed, "id": row.id, "version": row.version}


def _is_masked(name: str, text: str) -> bool:
    return name in MASKED and "*" in text


def _has(planned: PlannedRow, code: str) -> bool:
    return any(found.code == code for found in planned.problems)


def _checked(row: SentRow, planned: PlannedRow, lists: Mapping[str, Choices]) -> CheckedRow:
    conflict = _has(planned, "changed_meanwhile")
    found = [each for each in planned.problems if each.code != "changed_meanwhile"]
    text = N_("Stars stand for digits that are not shown; type the whole number.")
    hidden = {name for name, typed in row.values.items() if _is_masked(name, typed)}
    found = [each for each in found if each.field not in hidden]
    found += [problem("masked", text, field=name) for name in sorted(hidden)]
    if row.id is None and planned.teacher_id is not None and not found:
        found.append(already_here(planned))
    problems: dict[str, list[Problem]] = {}
    for each in found:
        problems.setdefault(each.field or WHOLE, []).append(each)
    return CheckedRow(row, planned, problems, _shown(planned.values, lists), conflict)


def _shown(values: Mapping[str, Any], lists: Mapping[str, Choices]) -> dict[str, Any]:
    """Return planned values as people read them, by field."""
    fields = {column: name for name, column in REFERENCES.items()}
    shown: dict[str, Any] = {}
    for column, value in values.items():
        name = fields.get(column, column)
        if name in lists and value is not None:
            shown[name] = lists[name].by_key[value].name
        else:
            shown[name] = value.number if isinstance(value, NationalId) else value
    return shown


def save_rows(rows: Sequence[SentRow], *, actor: Actor, vault: Vault, only_valid: bool = False) -> Outcome:
    """Save all rows in one transaction, or nothing as long as one has a problem; `only_valid` leaves those out.

    Rows that somebody else has changed since they were read are left as they are and told in `conflicts`. Every row
    stands in the audit by itself. Raises NotPermitted, NotVisible, and Conflict when others keep writing these people.
    """
    for _attempt in range(TRIES):
        checked = check_rows(rows, actor=actor, vault=vault)
        outcome = Outcome(
            conflicts=[row for row in checked if row.conflict],
            invalid=[row for row in checked if row.problems and not row.conflict],
        )
        good = [row for row in checked if not row.conflict and not row.problems]
        if (outcome.invalid and not only_valid) or not good:
            return outcome
        written = _write(good, actor, vault)
        if written is not None:
            outcome.saved = written
            return outcome
    raise Conflict(problem("busy_rows", N_("Others are changing the same people just now; save again in a moment.")))


class _Overtaken(Exception):
    """Somebody wrote one of the rows between the check and the writing: check again."""


def _write(good: Sequence[CheckedRow], actor: Actor, vault: Vault) -> dict[str, int] | None:
    """Write the rows and return their teachers' numbers by key; None when one was overtaken, and nothing is written."""
    try:
        with transaction():
            done = write_rows([row.planned for row in good], actor=actor, vault=vault, each_in_audit=True)
            if done.refused:
                raise _Overtaken
    except (_Overtaken, Conflict):
        return None
    return {row.sent.key: row.planned.teacher_id or done.created[row.planned.line] for row in good}
