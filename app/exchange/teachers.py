"""The sheet of teachers: planned by the one check of teachers, written by the bulk verbs (TCH-6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from typing import Any

from app.domain.choices import Choices
from app.domain.errors import Conflict, Problem, problem
from app.domain.identity import NationalId, mask_national_id, mask_phone
from app.domain.imports import WRITTEN, Change, Json, Leftover, RowPlan, RowRead
from app.domain.teachers import FROM_THE_ID, NOTHING, REFERENCES
from app.domain.terms import Gender, ImportOutcome, RowKind
from app.domain.text import N_, LabelledEnum
from app.exchange.sheets import Sheet, Target, register
from app.exchange.teacher_columns import TEACHER_COLUMNS
from app.security.crypto import Vault
from app.services.import_rows import platform_vault
from app.services.teacher_bulk import prepare_rows, write_rows
from app.services.teacher_lists import lists_for
from app.services.teacher_rows import PlannedRow, Planner, stored_records
from app.services.unit import transaction

FIELD_OF: Mapping[str, str] = {column: name for name, column in REFERENCES.items()}
INSTEAD = {"school_code": "school", "birth_month": "birth_date"}  # columns that say a field in another way
MASKS = {"mobile": mask_phone}
PLAIN = frozenset({str, int, type(None)})  # values that are JSON already: nearly all


class TeacherTarget(Target):
    """Teachers, known by their ID number or teacher number."""

    @cached_property
    def planner(self) -> Planner:
        """Plans all rows of the file, so that people named twice are noticed."""
        return Planner(self.actor, self.vault, self.lists, may_create=self.actor.may("create", "Teacher"))

    @cached_property
    def lists(self) -> Mapping[str, Choices]:
        """The reference lists and schools, read once."""
        return lists_for(self.actor)

    @cached_property
    def vault(self) -> Any:
        """Seals the ID numbers."""
        return platform_vault()

    @cached_property
    def only_school(self) -> str | None:
        """The code of the school when the actor keeps a single one: rows need not name it."""
        schools = list(self.lists["school"].by_key.values())
        return schools[0].code if len(schools) == 1 else None

    # --- planning

    def plan(self, rows: list[RowRead], given: frozenset[str]) -> list[RowPlan]:
        """Return what becomes of each row."""
        planned = self.planner.plan((row.number, self._fields(row)) for row in rows)
        return [self._result(row, each) for row, each in zip(rows, planned, strict=True)]

    def _fields(self, row: RowRead) -> dict[str, Any]:
        fields = dict(row.values)
        code, month = fields.pop("school_code", None), fields.pop("birth_month", None)
        if month is not None:
            fields.setdefault("birth_date", month)
        school = code or fields.get("school") or self.only_school
        return {**fields, "school": school} if school else fields

    def _result(self, row: RowRead, planned: PlannedRow) -> RowPlan:
        found = _problems(row, planned)
        outcome = ImportOutcome(planned.kind.value)
        if row.problems and planned.kind not in (RowKind.DUPLICATE, RowKind.ELSEWHERE):
            outcome = ImportOutcome.ERROR
        plan = RowPlan(row.number, outcome, _titled(planned, row.values), problems=found, raw=row.raw if found else [])
        if outcome in WRITTEN:
            plan.row_id, plan.version = planned.teacher_id, planned.version
            plan.values = {n: v if type(v) in PLAIN else _packed(v) for n, v in planned.values.items()}
            plan.changes = self._changes(planned) if planned.kind is RowKind.CHANGED else []
        return plan

    def _changes(self, planned: PlannedRow) -> list[Change]:
        return [
            Change(FIELD_OF.get(name, name), self._shown(name, planned.before), self._shown(name, planned.values))
            for name in planned.values
        ]

    def entered(self, plan: RowPlan) -> list[Change]:
        """Return what a new record would hold, numbers masked."""
        values = _planned(plan).values
        shown = ((FIELD_OF.get(name, name), self._shown(name, values)) for name in values)
        return [Change(name, "", text) for name, text in shown if text]

    def cells(self, plan: RowPlan) -> Mapping[str, Any]:
        """Return the cells of a row, numbers whole: masked ones could not be imported."""
        values = _planned(plan).values
        identity, mobile = values.get("national_id"), values.get("mobile")
        whole = {"national_id": identity.number if identity else None, "mobile": mobile}
        return {**super().cells(plan), **{name: value for name, value in whole.items() if value}}

    def _shown(self, column: str, values: Mapping[str, Any]) -> str:
        """Return a value as people may see it on the page of the import: numbers masked."""
        value = values.get(column)
        if column == "national_id":
            tail = values.get("national_id_tail")
            return mask_national_id(value.number) if value else "*" * 14 + tail if tail else ""
        if value is None or value == "":
            return ""
        if column in FIELD_OF:
            entry = self.lists[FIELD_OF[column]].by_key.get(value)
            return entry.name if entry else ""
        if isinstance(value, LabelledEnum):
            return self.book.translate(value.label)
        return MASKS.get(column, str)(value)

    # --- applying

    @staticmethod
    def made_ready(plans: list[RowPlan], vault: Vault) -> list[PlannedRow]:
        """Seal ID numbers and find initials."""
        rows = [_planned(plan) for plan in plans]
        prepare_rows(rows, vault=vault)
        return rows

    def write(self, ready: list[PlannedRow], reason: str) -> list[Leftover]:
        """Write rows made ready; whom somebody changed meanwhile is left over.

        Where the database refuses them together (the same person entered at this moment, a list entry deleted), they
        are written in halves down to the one it refuses: nothing stops an import for ever.
        """
        try:
            with transaction():
                return self._write(ready, reason)
        except Conflict as refused:
            if len(ready) == 1:
                return [Leftover(ready[0].line, _titled(ready[0]), _why(refused))]
        half = len(ready) // 2
        return self.write(ready[:half], reason) + self.write(ready[half:], reason)

    def _write(self, ready: list[PlannedRow], reason: str) -> list[Leftover]:
        records = stored_records([row.teacher_id for row in ready if row.teacher_id is not None])
        for row in ready:
            row.before = records.get(row.teacher_id or 0, {})
        done = write_rows(ready, actor=self.actor, vault=self.vault, reason=reason)
        rows = {row.line: row for row in ready}
        return [
            Leftover(line, _titled(rows[line]), why) for line, why in sorted(done.refused, key=lambda each: each[0])
        ]


def _why(refused: Conflict) -> Problem:
    """Return why the database refused a row, in terms of the row."""
    found = refused.problems[0]
    text = N_("An entry that this row names was deleted meanwhile; choose another and import the row again.")
    return problem("choice_gone", text) if found.code == "in_use" else found


def _problems(row: RowRead, planned: PlannedRow) -> list[Problem]:
    """Return what is wrong: first with cells that could not be read, then what the check says of the others."""
    if not row.problems and not planned.problems:
        return []
    unread = {each.field for each in row.problems}
    if "national_id" in unread:
        unread |= {*FROM_THE_ID}
    further = [each for each in planned.problems if not (each.code == "missing" and each.field in unread)]
    found = [*row.problems, *further]
    said = {field: name for name, field in INSTEAD.items() if row.values.get(name)}
    return [Problem(p.code, p.text, said[p.field]) if p.field in said else p for p in found]


def _titled(planned: PlannedRow, said: Mapping[str, Any] = NOTHING) -> str:
    """Return whom a row is about: the name, and the teacher number where there is one. `said`: the cells as read."""
    name = planned.values.get("name") or planned.before.get("name") or said.get("name") or ""
    return f"{name} {planned.before.get('teacher_number', '')}".strip()[:100]


# --- values of a plan as JSON


def _packed(value: Any) -> Json:
    if isinstance(value, NationalId):
        return [value.number, value.birth_date.isoformat(), value.gender.value]
    return value.isoformat() if type(value) is date else value


UNPACKED: Mapping[str, Callable[[Json], Any]] = {
    "national_id": lambda value: NationalId(value[0], date.fromisoformat(value[1]), Gender(value[2])),
    "birth_date": date.fromisoformat,
    "gender": Gender,
}


def _planned(plan: RowPlan) -> PlannedRow:
    values = dict(plan.values)
    for name, unpack in UNPACKED.items():
        if values.get(name) is not None:
            values[name] = unpack(values[name])
    return PlannedRow(plan.number, RowKind(plan.outcome.value), values, teacher_id=plan.row_id, version=plan.version)


TEACHERS = register(
    Sheet(
        name="teachers",
        label=N_("Teachers"),
        resource="Teacher",
        about=N_("One row per teacher, found by ID number or teacher number: somebody known is updated, somebody new "
                 "is added. People of other schools are not touched; they need a transfer."),
        keys=("national_id", "teacher_number"),
        target=TeacherTarget,
        list_endpoint="TeacherView.list",
        ignored=(N_("Initials"), N_("Last four of the ID"), N_("Created"), N_("Last changed"), N_("Account")),
        columns=TEACHER_COLUMNS,
    )
)  # fmt: skip
