"""The target of sheets whose rows are written by the records service: found by one unique column (ORG-5)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import selectinload

from app.domain.errors import Problem, problem
from app.domain.imports import Change, Leftover, RowPlan, RowRead
from app.domain.terms import ImportOutcome
from app.domain.text import N_
from app.exchange.lookups import Lookups
from app.exchange.sheets import Sheet, Target
from app.extensions import db
from app.security.scope import manageable_clause
from app.services.bulk import Wanted, write_many
from app.services.records import problems_of


class RecordTarget(Target):
    """Rows of `model`, known by the column of the sheet's one key. Subclasses name the model and its collections."""

    model: type[Any]
    loads: tuple[str, ...] = ()

    def __init__(self, sheet: Sheet, book: Lookups) -> None:
        super().__init__(sheet, book)
        self.key = sheet.keys[0]
        self._seen: dict[Any, int] = {}

    # --- planning

    def plan(self, rows: list[RowRead], given: frozenset[str]) -> list[RowPlan]:
        """Return what becomes of each row."""
        keys = {row.values.get(self.key) for row in rows} - {None}
        column = getattr(self.model, self.key)
        options = [selectinload(getattr(self.model, name)) for name in self.loads]
        mine = select(self.model).where(column.in_(keys), manageable_clause(self.model, self.actor)).options(*options)
        stored = {getattr(row, self.key): row for row in db.session.scalars(mine)}
        foreign = set(db.session.scalars(select(column).where(column.in_(keys - stored.keys()))))
        return [self._plan_row(row, stored, foreign, given) for row in rows]

    def _plan_row(self, row: RowRead, stored: dict[Any, Any], foreign: set[Any], given: frozenset[str]) -> RowPlan:
        key = row.values.get(self.key)
        plan = RowPlan(row.number, ImportOutcome.ERROR, self._title(row), row.values, problems=list(row.problems))
        first = self._seen.setdefault(key, row.number) if key is not None else row.number
        if first != row.number:
            text = N_("Row %(row)d is about the same record; keep one of the two.")
            plan.outcome, plan.problems = (
                ImportOutcome.DUPLICATE,
                [problem("repeated", text, field=self.key, row=first)],
            )
        elif key in foreign:
            plan.outcome, plan.problems = ImportOutcome.ELSEWHERE, [self._elsewhere()]
        elif key in stored:
            self._plan_change(plan, stored[key])
        else:
            self._plan_new(plan, given)
        plan.raw = row.raw if plan.problems else []
        return plan

    def _title(self, row: RowRead) -> str:
        said = (row.values.get(name) for name in (self.key, "name"))
        return " ".join(str(each) for each in said if each)[:100]

    def _elsewhere(self) -> Problem:
        text = N_("This code belongs to a record outside your scope. Check the code, or ask the bureau above.")
        return problem("elsewhere", text, field=self.key)

    def _plan_change(self, plan: RowPlan, row: Any) -> None:
        columns = [self.sheet.column(name) for name in plan.values]
        differing = [column for column in columns if column.current(row) != plan.values[column.name]]
        plan.changes = [
            Change(c.name, c.show(c.current(row), self.book), c.show(plan.values[c.name], self.book)) for c in differing
        ]
        plan.problems += [_cannot_be_empty(c.name) for c in differing if c.required and not plan.values[c.name]]
        plan.values = {column.name: plan.values[column.name] for column in differing}
        if differing and not plan.problems:
            plan.problems += self._against(row, plan)
        if not plan.problems:
            plan.outcome = ImportOutcome.CHANGED if differing else ImportOutcome.SAME
            plan.row_id, plan.version = row.id, row.version

    def entered(self, plan: RowPlan) -> list[Change]:
        """Return what a new record would hold."""
        shown = ((name, self.sheet.column(name).show(value, self.book)) for name, value in plan.values.items())
        return [Change(name, "", text) for name, text in shown if text]

    def _plan_new(self, plan: RowPlan, given: frozenset[str]) -> None:
        wrong = {each.field for each in plan.problems}
        for column in self.sheet.columns:
            if column.required and not plan.values.get(column.name) and column.name not in wrong:
                plan.problems.append(_cannot_be_empty(column.name))
        if not plan.problems:
            plan.problems += self._against(None, plan)
        if not plan.problems:
            plan.outcome = ImportOutcome.NEW

    def _against(self, row: Any, plan: RowPlan) -> list[Problem]:
        """Return what the rules say against the row as it would be, without touching the stored one."""
        kept = inspect(self.model).attrs.keys() if row is not None else ()
        values = {name: getattr(row, name) for name in kept if name not in plan.values}
        with db.session.no_autoflush:
            wanted = self.model(**{**values, **self._stored(plan)})
            return [Problem(each.code, each.text, each.field) for each in problems_of(wanted, actor=self.actor)]

    def _stored(self, plan: RowPlan) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in plan.values.items():
            made.update(self.sheet.column(name).stored(value, self.book))
        return made

    # --- applying

    def write(self, ready: list[RowPlan], reason: str) -> list[Leftover]:
        """Write the planned rows through the bulk service."""
        wanted = [Wanted(plan.number, plan.row_id, plan.version, self._stored(plan)) for plan in ready]
        refused = write_many(self.model, wanted, key=self.key, actor=self.actor, reason=reason, loads=self.loads)
        titles = {plan.number: plan.title for plan in ready}
        return [Leftover(each.number, titles[each.number], why) for each, why in refused]


def _cannot_be_empty(name: str) -> Problem:
    return problem("missing", N_("This is needed; fill it in."), field=name)
