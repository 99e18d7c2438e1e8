"""An import as values: a row as it was read, what is to become of it, and what was left (TCH-6).

Everything here can be written as JSON and read back equal, for a plan is kept until it is applied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain.cells import Cell
from app.domain.errors import Problem
from app.domain.terms import ImportOutcome
from app.domain.text import LabelledEnum, Text

Json = Any  # str, int, bool, None, or a list or dictionary of them
WRITTEN = frozenset({ImportOutcome.NEW, ImportOutcome.CHANGED})  # outcomes that applying writes
FAULTY = frozenset({ImportOutcome.DUPLICATE, ImportOutcome.ELSEWHERE, ImportOutcome.ERROR})  # those to be mended


@dataclass(slots=True)
class RowRead:
    """A row of the file: its number there, the values of its columns, what is wrong with it, the cells as typed."""

    number: int
    values: dict[str, Json]
    problems: list[Problem] = field(default_factory=list)
    cells: Sequence[Cell] = ()

    @property
    def raw(self) -> list[Json]:
        """The cells as a plan keeps them, for the rows that have to be mended."""
        kept = str | int | float | bool | None
        return [cell if isinstance(cell, kept) else str(cell) for cell in self.cells]


@dataclass(frozen=True, slots=True)
class Change:
    """A field that is to change, as people read it."""

    field: str
    before: str
    after: str


@dataclass(slots=True)
class RowPlan:
    """What is to become of a row. `row_id` and `version` name the stored row the plan was made for."""

    number: int
    outcome: ImportOutcome
    title: str
    values: dict[str, Json] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    row_id: int | None = None
    version: int | None = None
    raw: list[Json] = field(default_factory=list)

    def to_json(self) -> Json:
        """Return the plan as JSON."""
        return {
            "n": self.number,
            "o": self.outcome.value,
            "t": self.title,
            "v": self.values,
            "c": [[change.field, change.before, change.after] for change in self.changes],
            "p": [problem_to_json(each) for each in self.problems],
            "id": self.row_id,
            "ver": self.version,
            "raw": self.raw,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Json]) -> RowPlan:
        """Return the plan that `to_json` wrote."""
        return cls(
            said["n"], ImportOutcome(said["o"]), said["t"], said["v"], [Change(*each) for each in said["c"]],
            [problem_from_json(each) for each in said["p"]], said["id"], said["ver"], said["raw"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leftover:
    """A planned row that was not written after all, and why."""

    number: int
    title: str
    problem: Problem


def problem_to_json(problem: Problem) -> Json:
    """Return a problem as JSON; words among its numbers keep their label, to be translated when shown."""
    return [problem.code, problem.text.msgid, {n: _plain(v) for n, v in problem.text.params.items()}, problem.field]


def problem_from_json(said: Json) -> Problem:
    """Return the problem that `problem_to_json` wrote."""
    code, msgid, params, name = said
    return Problem(code, Text(msgid, {n: _rich(v) for n, v in params.items()}), name)


def _plain(value: Any) -> Json:
    if isinstance(value, Text):
        return {"text": value.msgid, "params": {n: _plain(v) for n, v in value.params.items()}}
    if isinstance(value, LabelledEnum):
        return {"text": value.label, "params": {}}
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _rich(value: Json) -> Any:
    return Text(value["text"], {n: _rich(v) for n, v in value["params"].items()}) if isinstance(value, dict) else value
