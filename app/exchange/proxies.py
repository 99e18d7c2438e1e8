"""The sheet by which a school enrolls its teachers: teacher and class, planned and enrolled line by line (ENR-16)."""

from __future__ import annotations

from app.domain.errors import Problem
from app.domain.imports import Leftover, RowPlan, RowRead
from app.domain.terms import ImportOutcome
from app.domain.text import N_
from app.exchange.columns import DigitsColumn
from app.exchange.sheets import Sheet, Target, register
from app.services import proxy
from app.services.import_rows import platform_vault
from app.services.proxy import Line, Planned

SAME, TWICE = "already_enrolled", "line_twice"  # codes of reasons that are no error


class ProxyTarget(Target):
    """Enrollments by proxy: every rule is asked when planning, and again when the line is enrolled."""

    def plan(self, rows: list[RowRead], given: frozenset[str]) -> list[RowPlan]:
        """Return what becomes of each row: enrolled, enrolled already, named twice, or every reason why not."""
        lines = [Line(row.number, row.values.get("teacher") or "", row.values.get("code") or "") for row in rows]
        planned = proxy.plan(lines, actor=self.actor, vault=platform_vault())
        return [self._result(row, one) for row, one in zip(rows, planned, strict=True)]

    def _result(self, row: RowRead, one: Planned) -> RowPlan:
        told = [problem.field for problem in row.problems]
        problems = [*row.problems, *(problem for problem in one.problems if problem.field not in told)]
        outcome = _outcome(problems)
        faulty = outcome in (ImportOutcome.ERROR, ImportOutcome.DUPLICATE)
        plan = RowPlan(row.number, outcome, _title(one), problems=problems if faulty else [])
        if faulty:
            plan.raw = row.raw
        if outcome is ImportOutcome.NEW and one.teacher is not None and one.row is not None:
            plan.values = {"teacher": one.teacher.id, "class": one.row.id}
        return plan

    def write(self, ready: list[RowPlan], reason: str) -> list[Leftover]:
        """Enroll the planned rows in the running transaction; who cannot any more is left over with the reason."""
        pairs = [(plan.values["teacher"], plan.values["class"]) for plan in ready]
        refused = proxy.enroll_pairs(pairs, actor=self.actor)
        titles = {pair: (plan.number, plan.title) for pair, plan in zip(pairs, ready, strict=True)}
        return [Leftover(*titles[pair], problems[0]) for pair, problems in refused.items()]


def _outcome(problems: list[Problem]) -> ImportOutcome:
    codes = {problem.code for problem in problems}
    if not codes:
        return ImportOutcome.NEW
    if SAME in codes and codes <= {SAME, "window_closed"}:
        return ImportOutcome.SAME
    return ImportOutcome.DUPLICATE if codes == {TWICE} else ImportOutcome.ERROR


def _title(one: Planned) -> str:
    who = one.teacher.name if one.teacher is not None else proxy.shortened(one.line.teacher)
    return f"{who} · {one.row if one.row is not None else one.line.code}"


PROXIES = register(
    Sheet(
        name="proxies",
        label=N_("Enrollments for teachers"),
        resource="Enrollment",
        about=N_("One row per teacher and class. Every rule is checked; who may not enroll is told why, row by row."),
        keys=("teacher",),
        target=ProxyTarget,
        list_endpoint="ProxyPage.index",
        columns=(
            DigitsColumn(name="teacher", title=N_("Teacher number or national ID"), required=True, most=32, width=24,
                         example="3320260000001", aliases=("师训号", "身份证号", "身份证号码", "教师编号", "证件号码"),
                         note=N_("Teachers of your school only.")),
            DigitsColumn(name="code", title=N_("Class code"), required=True, most=40, width=22, example="2026000001-1",
                         aliases=("班期编号", "班级编号", "班次编号", "班号"),
                         note=N_("It stands on the page of each class.")),
        ),
    )
)  # fmt: skip
