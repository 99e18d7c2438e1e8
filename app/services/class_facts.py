"""What draws and adjustments ask of a class: its lock, its counts by state, and where its batch stands in the year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.domain.calendar import AnyWindow, Timing, is_kind_open, phase_of, window_of
from app.domain.clock import now
from app.domain.terms import EnrollmentState, RoundKind, WindowKind
from app.extensions import db
from app.models import BatchWindow, Enrollment, Screening, TrainingClass
from app.security.actor import Actor
from app.security.scope import fetch_manageable
from app.services import seats
from app.services.enrollment_facts import LIVE
from app.services.unit import is_postgresql

S = EnrollmentState


def locked_class(class_id: int, *, actor: Actor) -> TrainingClass:
    """Return a class for changing it; until the transaction ends nobody else enrolls in it or changes it.

    Raises NotVisible, NotPermitted.
    """
    row = fetch_manageable(TrainingClass, class_id, actor=actor)
    seats.lock_classes([row.id])
    db.session.refresh(row)
    return row


@dataclass(frozen=True)
class Counts:
    """The enrollments of a class: by state, and those waiting for the institution who hold no seat yet."""

    states: Counter[EnrollmentState] = field(default_factory=Counter)
    unseated: int = 0

    @property
    def live(self) -> int:
        """Everybody who still counts."""
        return sum(count for state, count in self.states.items() if state in LIVE)

    @property
    def admitted(self) -> int:
        """Confirmed by the institution."""
        return self.states[S.ADMITTED]

    @property
    def waiting(self) -> int:
        """Waiting for the institution."""
        return self.states[S.AWAITING_INSTITUTION]

    @property
    def undecided(self) -> int:
        """Still with school or bureau."""
        return self.states[S.AWAITING_SCHOOL] + self.states[S.AWAITING_BUREAU]

    @property
    def in_reserve(self) -> int:
        """Not drawn."""
        return self.states[S.NOT_DRAWN]


def counts_of(class_ids: Collection[int]) -> dict[int, Counts]:
    """Return class id → its counts, for many classes in one query."""
    found = {class_id: Counts() for class_id in class_ids}
    grouped = (Enrollment.training_class_id, Enrollment.state, Enrollment.holds_seat)
    wanted = select(*grouped, func.count()).where(Enrollment.training_class_id.in_(class_ids)).group_by(*grouped)
    unseated: Counter[int] = Counter()
    for class_id, state, holds_seat, count in db.session.execute(wanted):
        found[class_id].states[state] += count
        if state is S.AWAITING_INSTITUTION and not holds_seat:
            unseated[class_id] += count
    return {class_id: Counts(counts.states, unseated[class_id]) for class_id, counts in found.items()}


@dataclass(frozen=True)
class Standing:
    """Where a batch stands at a moment. A window that was never set is over: nothing waits for it."""

    windows: Sequence[AnyWindow]
    at: datetime

    def ahead(self, kind: WindowKind) -> datetime | None:
        """Return when a window ends that has not ended yet, None when it is over."""
        window = window_of(self.windows, kind)
        if window is None or phase_of(window, self.at).timing is Timing.OVER:
            return None
        return window.closes_at

    def is_open(self, kind: WindowKind) -> bool:
        """Say whether a window is open."""
        return is_kind_open(self.windows, kind, self.at)

    @property
    def round_kind(self) -> RoundKind:
        """The round whose enrollments are counted: the second once its window is over (P1)."""
        second = window_of(self.windows, WindowKind.ROUND_TWO)
        over = second is not None and self.ahead(WindowKind.ROUND_TWO) is None
        return RoundKind.ROUND_TWO if over else RoundKind.ROUND_ONE


def standing_of(batch_id: int | None) -> Standing:
    """Return where a batch stands now; without a batch every window is over."""
    return standings_of({batch_id})[batch_id]


def standings_of(batch_ids: Collection[int | None]) -> dict[int | None, Standing]:
    """Return batch id → where it stands now, in one query."""
    windows: dict[int | None, list[Any]] = {batch_id: [] for batch_id in batch_ids}
    keys = [key for key in batch_ids if key is not None]
    for window in db.session.scalars(select(BatchWindow).where(BatchWindow.batch_id.in_(keys))):
        windows[window.batch_id].append(window)
    moment = now()
    return {batch_id: Standing(found, moment) for batch_id, found in windows.items()}


def screening_of(class_id: int) -> Screening | None:
    """Return the one draw of a class, read afresh; None before its freeze."""
    wanted = select(Screening).where(Screening.training_class_id == class_id)
    found: Screening | None = db.session.scalar(wanted.execution_options(populate_existing=True))
    return found


def teachers_turn(teacher_id: int) -> bool:
    """Take the turn of a teacher, so that nobody passes the caps in two windows at once (P2); False: somebody has it.

    For verbs that hold a class already: waiting could deadlock, for who enrolls takes the teacher first.
    """
    if not is_postgresql():
        return True
    return bool(db.session.scalar(select(func.pg_try_advisory_xact_lock(seats.TEACHER_LOCK, teacher_id))))
