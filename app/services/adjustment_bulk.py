"""Adjusting many classes at once: what it would mean, then each class by itself (ENR-7, ENR-17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import joinedload

from app.domain.errors import DomainError, NotPermitted, NotVisible, Problem
from app.domain.text import N_, LabelledEnum
from app.extensions import db
from app.models import TrainingClass
from app.security.actor import Actor
from app.security.scope import manageable_clause, select_visible
from app.services.adjustments import cancel, expand
from app.services.class_lists import ClassLine, lines_of

MOST = 200  # classes at once


class BulkAct(LabelledEnum):
    """What is done to the chosen classes."""

    EXPAND = "expand", N_("Expand to what is needed")
    CANCEL = "cancel", N_("Cancel the classes")


@dataclass(frozen=True)
class BulkPlan:
    """What an act on many classes means: each class, and the sums people are asked to confirm."""

    act: BulkAct
    lines: Sequence[ClassLine]

    @property
    def people(self) -> int:
        """Live enrollments of all classes."""
        return sum(line.counts.live for line in self.lines)

    @property
    def admitted(self) -> int:
        """Of them, admitted already."""
        return sum(line.counts.admitted for line in self.lines)

    @property
    def seats(self) -> int:
        """Seats all expansions add together."""
        return sum(max(line.suggested - line.row.seats, 0) for line in self.lines)

    @property
    def still_out(self) -> int:
        """Who still has no seat after the expansions."""
        return sum(max(line.needed + line.counts.in_reserve - line.suggested, 0) for line in self.lines)

    @property
    def confirmation(self) -> Mapping[int, int]:
        """Class → the people that were shown."""
        return {line.row.id: line.counts.live for line in self.lines}


@dataclass
class BulkDone:
    """What became of it: classes done, people touched, and class → why it was refused."""

    done: list[int] = field(default_factory=list)
    people: int = 0
    refused: dict[int, tuple[Problem, ...]] = field(default_factory=dict)


def plan(act: BulkAct, class_ids: Sequence[int], *, actor: Actor) -> BulkPlan:
    """Return what the act means for these classes. Raises NotVisible when one is out of scope, NotPermitted."""
    actor.require(act.value, "TrainingClass")
    keys = sorted(set(class_ids))[:MOST]
    seen = select_visible(TrainingClass, actor).where(TrainingClass.id.in_(keys))
    rows = db.session.scalars(
        seen.options(joinedload(TrainingClass.institution)).order_by(TrainingClass.title, TrainingClass.number)
    ).all()
    if len(rows) != len(keys) or not keys:
        raise NotVisible
    mine = select_visible(TrainingClass, actor).where(manageable_clause(TrainingClass, actor))
    if len(db.session.scalars(mine.where(TrainingClass.id.in_(keys))).all()) != len(keys):
        raise NotPermitted
    return BulkPlan(act, lines_of(rows))


def carry_out(
    act: BulkAct, shown: Mapping[int, int], *, actor: Actor, reason: str, admitted_too: bool = False
) -> BulkDone:
    """Do it, each class in a transaction of its own; `shown` is class → the people that were shown (cancelling).

    `admitted_too` is the second confirmation for classes with admitted teachers. Refused classes are told apart.
    """
    outcome = BulkDone()
    for line in plan(act, list(shown), actor=actor).lines:
        row, key = line.row, line.row.id
        try:
            if act is BulkAct.EXPAND:
                done = expand(key, line.suggested, actor=actor, reason=reason)
            else:
                sure = shown[key] if admitted_too or not line.counts.admitted else None
                done = cancel(row.id, actor=actor, reason=reason, confirmed=sure)
            outcome.done.append(key)
            outcome.people += done.people
        except DomainError as refused:
            outcome.refused[key] = refused.problems
    return outcome
