"""The sheet of declarations: rows of one title below each other are a programme with its classes (PRG-8).

Planned by the same rules as the form; what is written is a stored declaration that still wants its plan file and its
handing in. A programme is taken over whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import select

from app.domain.declaration_input import cleaned
from app.domain.errors import DomainError, Problem, problem
from app.domain.imports import Leftover, RowPlan, RowRead
from app.domain.terms import ImportOutcome, ProgrammeKind, WindowKind
from app.domain.text import N_
from app.exchange.lookups import Lookups
from app.exchange.programme_columns import LOWER, UPPER
from app.exchange.sheets import Sheet, Target, register
from app.extensions import db
from app.models import Programme
from app.services import declarations
from app.services.unit import transaction
from app.services.windows import batches_of_the_year, is_open

UPPER_NAMES, LOWER_NAMES = tuple(c.name for c in UPPER), tuple(c.name for c in LOWER)
KEYS = ("stages", "post_categories", "subjects", "regions")
_PLACE = re.compile(r"classes-(\d+)-(\w+)")


@dataclass
class _Group:
    """The rows of one programme, its declaration as it would be typed, and what is wrong with each row."""

    rows: list[RowRead]
    typed: dict[str, Any] = field(default_factory=dict)
    problems: dict[int, list[Problem]] = field(default_factory=dict)

    def add(self, place: int, found: Problem) -> None:
        """Note a problem at the row in that place."""
        self.problems.setdefault(place, []).append(found)


class ProgrammeTarget(Target):
    """Declarations of the actor's institution."""

    def __init__(self, sheet: Sheet, book: Lookups) -> None:
        super().__init__(sheet, book)
        self._titles: dict[str, int] = {}
        self._batch = next((str(b.id) for b in batches_of_the_year() if is_open(b, WindowKind.DECLARATION)), "")

    # --- planning

    def grouped(self, rows: Iterable[RowRead]) -> Iterator[list[RowRead]]:
        """Yield the rows of each programme: those of one title below each other. An empty title goes on with it."""
        return (list(members) for _title, members in groupby(_titled(rows), key=_title))

    def plan(self, rows: list[RowRead], given: frozenset[str]) -> list[RowPlan]:
        """Return what becomes of each row."""
        grouped = groupby(rows, key=_title)
        return [plan for title, members in grouped for plan in self._plan_group(title, _Group(list(members)))]

    def _plan_group(self, title: str | None, group: _Group) -> Iterator[RowPlan]:
        for place, row in enumerate(group.rows):
            group.problems[place] = list(row.problems)
        group.typed = self._typed(group)
        outcome = ImportOutcome.NEW
        if self._is_known(title, group):
            outcome = ImportOutcome.DUPLICATE
        elif not any(group.problems.values()):
            self._check(group)
        if outcome is ImportOutcome.NEW and any(group.problems.values()):
            outcome = ImportOutcome.ERROR
            self._blame_the_others(group)
        for place, row in enumerate(group.rows):
            found = group.problems.get(place, [])
            values = {"typed": group.typed} if place == 0 else {}
            yield RowPlan(
                row.number, outcome, str(title or "")[:100], values if outcome is ImportOutcome.NEW else {},
                problems=found, raw=row.raw if found else [],
            )  # fmt: skip

    def _typed(self, group: _Group) -> dict[str, Any]:
        """Return the declaration of the rows: the upper part of the first, a class of each."""
        upper = dict(group.rows[0].values)
        for place, row in enumerate(group.rows[1:], 1):
            for name in UPPER_NAMES:
                if name in row.values and row.values[name] != upper.setdefault(name, row.values[name]):
                    text = N_("This differs from row %(row)d of the same programme; write it once, or the same.")
                    group.add(place, problem("differs", text, field=name, row=group.rows[0].number))
        typed: dict[str, Any] = {name: upper[name] for name in UPPER_NAMES if upper.get(name) is not None}
        typed |= {name: [str(key) for key in typed.get(name, ())] for name in KEYS}
        typed["batch"] = str(typed.get("batch", self._batch))
        typed.setdefault("kind", ProgrammeKind.ELECTIVE.value)
        typed["classes"] = [
            {name: row.values[name] for name in LOWER_NAMES if row.values.get(name) is not None} for row in group.rows
        ]
        return typed

    def _is_known(self, title: str | None, group: _Group) -> bool:
        """Note a programme that stands further up in the file, or that the institution has declared already."""
        first = self._titles.setdefault(title, group.rows[0].number) if title else group.rows[0].number
        if first != group.rows[0].number:
            text = N_("Row %(row)d already begins a programme of this title. Put its classes below each other.")
            found = problem("repeated", text, field="title", row=first)
        elif self._stored(title, group.typed["batch"]):
            text = N_("You have declared this programme for the batch already; change it on its page.")
            found = problem("declared_already", text, field="title")
        else:
            return False
        group.problems = {place: [found] for place in range(len(group.rows))}
        return True

    def _stored(self, title: str | None, batch: str) -> bool:
        same = (Programme.title == title, Programme.institution_id == self.actor.institution_id)
        wanted = select(Programme.id).where(*same, Programme.batch_id == int(batch or 0))
        return db.session.scalar(wanted.limit(1)) is not None

    def _check(self, group: _Group) -> None:
        """Ask the rules of the form; each problem goes to the row and column it is about."""
        for found in declarations.problems_of(group.typed, actor=self.actor):
            at = _PLACE.match(found.field or "")
            place = min(int(at.group(1)), len(group.rows) - 1) if at else 0
            name = at.group(2) if at else (found.field or "title").partition("-")[0]
            if name == "classes":  # too many of them: it is the title that holds the rows together
                name = "title"
            group.add(place, Problem(found.code, found.text, name))

    def _blame_the_others(self, group: _Group) -> None:
        """Tell the rows without a fault of their own why they are not taken over either."""
        wrong = next(group.rows[place].number for place, found in sorted(group.problems.items()) if found)
        text = N_("Row %(row)d of this programme has to be mended first; a programme is taken over whole.")
        for place in range(len(group.rows)):
            if not group.problems.get(place):
                group.add(place, problem("programme_faulty", text, field="title", row=wrong))

    # --- applying

    def write(self, ready: list[RowPlan], reason: str) -> list[Leftover]:
        """Store the programmes; one whose rules have changed since the plan is left over with all its rows."""
        left: list[Leftover] = []
        for _, members in groupby(ready, key=lambda plan: plan.title):
            rows = list(members)
            try:
                with transaction():
                    declarations.declare(cleaned(rows[0].values["typed"]), actor=self.actor)
            except DomainError as error:
                left += [Leftover(row.number, row.title, error.problems[0]) for row in rows]
        return left


def _titled(rows: Iterable[RowRead]) -> Iterator[RowRead]:
    """Yield the rows with the title of their programme, which only its first row has to name."""
    last: str | None = None
    for row in rows:
        unread = any(found.field == "title" for found in row.problems)
        last = row.values.setdefault("title", None if unread else last)
        yield row


def _title(row: RowRead) -> str | None:
    return row.values.get("title")


PROGRAMMES = register(
    Sheet(
        name="programmes",
        label=N_("Declarations"),
        resource="Programme",
        about=N_("One row per class; rows with the same title below each other are one programme. The upper part is "
                 "written in its first row. What is imported waits for its training plan and for being handed in."),
        keys=("title",),
        target=ProgrammeTarget,
        list_endpoint="DeclarationPage.index",
        columns=(*UPPER, *LOWER),
    )
)  # fmt: skip
