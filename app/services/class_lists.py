"""Lists of classes as draws and adjustments look at them: how full they are, and what waits (ENR-7, ENR-8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import joinedload

from app.domain.adjustments import most_seats
from app.domain.policy import Policy
from app.domain.screening import DrawState, draw_state
from app.domain.terms import AdjustmentState, ClassState, WindowKind
from app.extensions import db
from app.models import ClassAdjustment, Institution, Screening, TrainingClass
from app.security.actor import Actor
from app.security.scope import manageable_clause, visible_clause
from app.services.class_facts import Counts, Standing, counts_of, standings_of
from app.services.enrollment_facts import live_count, unseated_count
from app.services.parameters import policy_of

SHOWN_STATES = (ClassState.OFFERED, ClassState.RUNNING, ClassState.CANCELLED)
ORDERS = ("title", "starts_on", "fullness", "planned_seats")
FILTERS = ("over", "few", "requested", "ready", "frozen", "drawn")
PART = 500  # classes read at once for an export


@dataclass(frozen=True)
class ClassLine:
    """A class with everything the lists and pages say about it."""

    row: TrainingClass
    counts: Counts
    standing: Standing
    policy: Policy
    screening: Screening | None = None
    requests: Sequence[ClassAdjustment] = ()

    @property
    def needed(self) -> int:
        """Seats that would let everybody in who is seated or waits for the institution."""
        return self.row.taken + self.counts.unseated

    @property
    def limit(self) -> int:
        """Seats the class may have at most (P6)."""
        return most_seats(self.row.planned_seats, self.policy)

    @property
    def suggested(self) -> int:
        """Seats a press of “expand” proposes: what is needed, within the limit."""
        wanted = max(self.needed, self.counts.live) + (self.counts.in_reserve if self.drawn else 0)
        return min(wanted, self.limit)

    @property
    def alone(self) -> int:
        """Up to how many live enrollments the institution cancels alone (P1)."""
        return self.policy.institution_cancel_limit(self.standing.round_kind)

    @property
    def drawn(self) -> bool:
        """Whether the draw has happened."""
        return self.screening is not None and self.screening.drawn_at is not None

    @property
    def draw_state(self) -> DrawState:
        """Where it stands on its way to the draw."""
        return draw_state(
            frozen=self.screening is not None, drawn=self.drawn, candidates=self.counts.unseated,
            seats=self.row.seats - self.row.taken, deadline=self.deadline,
        )  # fmt: skip

    @property
    def deadline(self) -> datetime | None:
        """The school deadline of round one while it has not passed."""
        return self.standing.ahead(WindowKind.ROUND_ONE_SCHOOL)


@dataclass(frozen=True)
class LinesAsked:
    """What a list is asked for: `show` is one of FILTERS or empty."""

    wanted: str = ""
    batch_id: int | None = None
    show: str = ""
    page: int = 1
    size: int = 25
    order: str = ""  # one of ORDERS; empty: the fullest first
    descending: bool = False


@dataclass(frozen=True)
class Lines:
    """One page of a list, and how many there are."""

    lines: Sequence[ClassLine] = field(default_factory=tuple)
    count: int = 0


def class_lines(asked: LinesAsked, *, actor: Actor) -> Lines:
    """Return a page of the classes the actor answers for, the fullest first unless asked; cancelled ones last."""
    found = _filtered(asked, actor)
    count = db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
    page = _ordered(found, asked).limit(asked.size).offset((asked.page - 1) * asked.size)
    page = page.options(joinedload(TrainingClass.institution))
    return Lines(lines_of(list(db.session.scalars(page))), count)


def all_class_lines(asked: LinesAsked, *, actor: Actor) -> Iterator[ClassLine]:
    """Yield every class a list finds, in its order and a part at a time: what its export writes."""
    keys = list(db.session.scalars(_ordered(_filtered(asked, actor), asked).with_only_columns(TrainingClass.id)))
    for start in range(0, len(keys), PART):
        part = keys[start : start + PART]
        wanted = select(TrainingClass).where(TrainingClass.id.in_(part))
        rows = {row.id: row for row in db.session.scalars(wanted.options(joinedload(TrainingClass.institution)))}
        yield from lines_of([rows[key] for key in part if key in rows])


def _ordered(found: Select[Any], asked: LinesAsked) -> Select[Any]:
    crowd = live_count() * 100 / TrainingClass.seats
    columns: dict[str, Any] = {
        "title": TrainingClass.title, "starts_on": TrainingClass.starts_on, "fullness": crowd,
        "planned_seats": TrainingClass.planned_seats,
    }  # fmt: skip
    wanted = columns.get(asked.order, crowd)
    downwards = asked.descending or asked.order not in columns
    then = TrainingClass.number if asked.order == "title" else TrainingClass.id
    return found.order_by(
        TrainingClass.state == ClassState.CANCELLED, wanted.desc() if downwards else wanted, then, TrainingClass.id
    )


def _filtered(asked: LinesAsked, actor: Actor) -> Select[Any]:
    managed = manageable_clause(TrainingClass, actor)
    found = select(TrainingClass).where(managed, TrainingClass.state.in_(SHOWN_STATES))
    if asked.batch_id is not None:
        found = found.where(TrainingClass.batch_id == asked.batch_id)
    if asked.wanted:
        place = select(Institution.id).where(Institution.name.contains(asked.wanted, autoescape=True))
        named = TrainingClass.title.contains(asked.wanted, autoescape=True)
        found = found.where(or_(named, TrainingClass.institution_id.in_(place)))
    condition = _shown(asked.show)
    return found if condition is None else found.where(condition)


def _shown(show: str) -> ColumnElement[bool] | None:
    open_now = TrainingClass.state == ClassState.OFFERED
    screened = exists().where(Screening.training_class_id == TrainingClass.id)
    conditions: dict[str, ColumnElement[bool]] = {
        "over": open_now & (live_count() > TrainingClass.seats),
        "few": open_now & (live_count() <= policy_of().institution_cancel_limit_round_two),
        "requested": exists().where(
            ClassAdjustment.training_class_id == TrainingClass.id, ClassAdjustment.state == AdjustmentState.REQUESTED
        ),
        "ready": open_now & ~screened & (unseated_count() > TrainingClass.seats - TrainingClass.taken),
        "frozen": exists().where(Screening.training_class_id == TrainingClass.id, Screening.drawn_at.is_(None)),
        "drawn": exists().where(Screening.training_class_id == TrainingClass.id, Screening.drawn_at.is_not(None)),
    }
    return conditions.get(show)


def lines_of(rows: Collection[TrainingClass]) -> list[ClassLine]:
    """Return rows with their counts, windows, parameters, draws and open requests, in the same few queries for all."""
    if not rows:
        return []
    keys = [row.id for row in rows]
    counts, standings = counts_of(keys), standings_of({row.batch_id for row in rows})
    policies = {year: policy_of(year) for year in {row.training_year_id for row in rows}}
    drawn = db.session.scalars(select(Screening).where(Screening.training_class_id.in_(keys)))
    screenings = {one.training_class_id: one for one in drawn}
    requests = _requests(keys)
    return [
        ClassLine(
            row, counts[row.id], standings[row.batch_id], policies[row.training_year_id], screenings.get(row.id),
            requests[row.id],
        )
        for row in rows
    ]  # fmt: skip


def _requests(keys: Sequence[int]) -> defaultdict[int, list[ClassAdjustment]]:
    found: defaultdict[int, list[ClassAdjustment]] = defaultdict(list)
    waiting = select(ClassAdjustment).where(
        ClassAdjustment.training_class_id.in_(keys), ClassAdjustment.state == AdjustmentState.REQUESTED
    )
    for one in db.session.scalars(waiting.order_by(ClassAdjustment.id)):
        found[one.training_class_id].append(one)
    return found


# --- the numbers of the workbench


def ready_to_freeze(actor: Actor) -> int:
    """Return how many classes of one's own have more candidates than seats after the school deadline, not frozen."""
    found = select(TrainingClass.id, TrainingClass.batch_id).where(
        manageable_clause(TrainingClass, actor), TrainingClass.batch_id.is_not(None)
    )
    condition = _shown("ready")
    assert condition is not None
    rows = db.session.execute(found.where(condition)).all()
    standings = standings_of({row.batch_id for row in rows})
    return sum(standings[row.batch_id].ahead(WindowKind.ROUND_ONE_SCHOOL) is None for row in rows)


def frozen_not_drawn(actor: Actor) -> int:
    """Return how many frozen lists wait for their draw."""
    wanted = select(func.count()).select_from(Screening).join(Screening.training_class)
    waiting = (Screening.drawn_at.is_(None), TrainingClass.state == ClassState.OFFERED)
    return db.session.scalar(wanted.where(visible_clause(Screening, actor), *waiting)) or 0


def requests_waiting(actor: Actor) -> int:
    """Return how many requests wait for a decision."""
    waiting = ClassAdjustment.state == AdjustmentState.REQUESTED
    wanted = select(func.count()).select_from(ClassAdjustment)
    return db.session.scalar(wanted.where(visible_clause(ClassAdjustment, actor), waiting)) or 0
