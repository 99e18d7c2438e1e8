"""What each of many rows about teachers would do, before anything is done: form, grid, import and API (TCH-2, TCH-6).

A row is a mapping field → what was given. It names an existing record by `id`, by its national ID or by its teacher
number; otherwise it is a new person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, or_, select

from app.domain.choices import Choices
from app.domain.errors import Invalid, Problem, problem
from app.domain.identity import NationalId
from app.domain.numbers import number_of
from app.domain.teacher_fields import READERS
from app.domain.teachers import FROM_THE_ID, clean, is_blank
from app.domain.terms import RowKind
from app.domain.text import N_
from app.extensions import db
from app.models import Teacher
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.scope import manageable_clause
from app.services.teacher_lists import as_given
from app.services.unit import changed_meanwhile

STORED: tuple[str, ...] = (
    "id", "version", "deleted_at", "account_id", "teacher_number", "name", "gender", "birth_date", "national_id_key",
    "national_id_tail", "national_id_sealed", "mobile", "office_phone", "email", "school_id", "stage_id", "grade_id",
    "subject_id", "post_category_id", "title_id", "status",
)  # fmt: skip

_DELETED = N_("The record of this person was deleted; a bureau can restore it from the deleted teachers.")
_UNATTACHED = N_("This person is unattached at present; take the record in by a transfer.")
_ELSEWHERE = N_("This person has a record at another school; ask for a transfer.")
_PRESENT = N_("There is a record of this person already: %(name)s, %(number)s.")
_TWICE = N_("This person stands in line %(line)s already.")
_TWO_PEOPLE = N_("The national ID and the teacher number belong to two different people; mend one of them.")
_UNKNOWN = N_("This record does not exist or is outside your scope.")


def stored_records(keys: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Return what is stored of the records `keys`, by key: what a planned change is told from when it is written."""
    columns = [getattr(Teacher, name) for name in STORED]
    rows = db.session.execute(select(*columns).where(Teacher.id.in_(keys))) if keys else ()
    return {row.id: dict(row._mapping) for row in rows}


@dataclass(slots=True)
class PlannedRow:
    """One row: what it would do, the values by column that it writes, and what is wrong."""

    line: int
    kind: RowKind
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    teacher_id: int | None = None
    version: int | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    stored: dict[str, Any] | None = None  # the values as the columns keep them, once `prepare_rows` has made them

    @property
    def writes(self) -> bool:
        """Whether applying the row changes anything."""
        return self.kind in (RowKind.NEW, RowKind.CHANGED)


@dataclass(slots=True)
class Planner:
    """Plans rows for one actor; keep it over the chunks of one file, so that people named twice are noticed."""

    actor: Actor
    vault: Vault
    lists: Mapping[str, Choices]
    may_create: bool = True
    seen: dict[int | bytes, int] = field(default_factory=dict)  # line by record, and by the index of an ID number

    def plan(self, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> list[PlannedRow]:
        """Return what the rows (line, fields) would do; a few queries for all of them, nothing is written."""
        read = [_Read(line, as_given(given), self.vault) for line, given in rows]
        known = _Known.of(read, self.actor)
        return [self._plan_one(row, known) for row in read]

    def _plan_one(self, row: _Read, known: _Known) -> PlannedRow:
        found, problems = known.match(row)
        if problems:
            return PlannedRow(row.line, RowKind.ERROR, problems=problems)
        if found is None:
            planned = self._new(row)
        elif not known.is_kept(found):
            planned = _not_here(row.line, found)
        else:
            planned = self._existing(row, found)
        return self._once(row, planned)

    def _new(self, row: _Read) -> PlannedRow:
        answer = clean(row.given, self.lists)
        kind = RowKind.ERROR if answer.problems or not self.may_create else RowKind.NEW
        if not self.may_create:
            answer.problems.append(problem("not_visible", _UNKNOWN))
        return PlannedRow(row.line, kind, answer.values, answer.problems)

    def _existing(self, row: _Read, found: Row[Any]) -> PlannedRow:
        before = dict(found._mapping)
        if row.identity is not None and row.key == found.national_id_key:
            before["national_id"] = row.identity
        answer = clean(row.given, self.lists, before=before)
        if "national_id" not in before and answer.values.keys() & {*FROM_THE_ID} and found.national_id_sealed:
            before["national_id"] = READERS["national_id"](
                self.vault.open(found.national_id_sealed), field="national_id"
            )
            answer = clean(row.given, self.lists, before=before)
        if row.expected_version is not None and row.expected_version != found.version:
            answer.problems.append(changed_meanwhile())
        kind = RowKind.ERROR if answer.problems else RowKind.CHANGED if answer.values else RowKind.SAME
        return PlannedRow(row.line, kind, answer.values, answer.problems, found.id, found.version, before)

    def _once(self, row: _Read, planned: PlannedRow) -> PlannedRow:
        """Let only the first row of a person count, and only one row give an ID number, to whomever."""
        names = [name for name in (planned.teacher_id, row.key and bytes.fromhex(row.key)) if name]
        first = min((self.seen.setdefault(name, row.line) for name in names), default=row.line)
        if first == row.line:
            return planned
        twice = problem("twice", _TWICE, field="national_id", line=first)
        return PlannedRow(row.line, RowKind.DUPLICATE, problems=[twice], teacher_id=planned.teacher_id)


def _not_here(line: int, found: Row[Any]) -> PlannedRow:
    """Say where a person is whose record the actor does not keep, and no more than that."""
    if found.deleted_at is not None:
        return PlannedRow(line, RowKind.ERROR, problems=[problem("person_deleted", _DELETED, field="national_id")])
    text = _UNATTACHED if found.school_id is None else _ELSEWHERE
    return PlannedRow(line, RowKind.ELSEWHERE, problems=[problem("person_elsewhere", text, field="national_id")])


def already_here(planned: PlannedRow) -> Problem:
    """Return the problem of a new person whose record the actor keeps already."""
    known = {"name": planned.before.get("name"), "number": planned.before.get("teacher_number")}
    return problem("person_present", _PRESENT, field="national_id", **known)


class _Read:
    """A row with what it names its record by."""

    def __init__(self, line: int, given: Mapping[str, Any], vault: Vault) -> None:
        self.line, self.given = line, given
        self.id = number_of(given.get("id"))
        self.expected_version = number_of(given.get("version"))
        self.identity: NationalId | None = _tried("national_id", given)
        self.key = vault.key(self.identity.number) if self.identity else None
        if self.identity is not None:
            self.given = {**given, "national_id": self.identity}  # `clean` need not check the number again
        self.number: str | None = _tried("teacher_number", given)


def _tried(name: str, given: Mapping[str, Any]) -> Any:
    """Return the field when it reads well; `clean` tells what is wrong with it otherwise."""
    if is_blank(given.get(name)):
        return None
    try:
        return READERS[name](given[name], field=name)
    except Invalid:
        return None


@dataclass(slots=True)
class _Known:
    """The stored records that the rows name."""

    by_id: dict[int, Row[Any]]
    by_key: dict[str, Row[Any]]
    by_number: dict[str, Row[Any]]
    kept: set[int]

    @classmethod
    def of(cls, rows: Sequence[_Read], actor: Actor) -> _Known:
        """Read all of them: the records, then which of them the actor keeps."""
        named = or_(
            Teacher.id.in_([row.id for row in rows if row.id is not None]),
            Teacher.national_id_key.in_([row.key for row in rows if row.key is not None]),
            Teacher.teacher_number.in_([row.number for row in rows if row.number is not None]),
        )
        columns = [getattr(Teacher, name) for name in STORED]
        found = db.session.execute(select(*columns).where(named)).all()
        kept = set(
            db.session.scalars(
                select(Teacher.id).where(named, Teacher.deleted_at.is_(None), manageable_clause(Teacher, actor))
            )
        )
        return cls(
            {row.id: row for row in found},
            {row.national_id_key: row for row in found if row.national_id_key},
            {row.teacher_number: row for row in found if row.id in kept},
            kept,
        )

    def is_kept(self, found: Row[Any]) -> bool:
        """Tell whether the actor keeps this record."""
        return found.id in self.kept

    def match(self, row: _Read) -> tuple[Row[Any] | None, list[Problem]]:
        """Return the record a row is about, or what is wrong with how it names it."""
        if row.id is not None:
            found = self.by_id.get(row.id)
            if found is None or not self.is_kept(found):
                return None, [problem("not_visible", _UNKNOWN)]
            other = self.by_key.get(row.key or "")
            return (found, []) if other is None or other.id == found.id else (None, [self._taken(other)])
        by_key, by_number = self.by_key.get(row.key or ""), self.by_number.get(row.number or "")
        if by_key is not None and by_number is not None and by_key.id != by_number.id:
            return None, [problem("two_people", _TWO_PEOPLE, field="teacher_number")]
        return by_key or by_number, []

    def _taken(self, other: Row[Any]) -> Problem:
        if not self.is_kept(other):
            return _not_here(0, other).problems[0]
        known = {"name": other.name, "number": other.teacher_number}
        return problem("person_present", _PRESENT, field="national_id", **known)
