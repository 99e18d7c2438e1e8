"""Where enrollments stand: the facts that open or bar their moves, for any number of them in a few statements.

Buttons, the verbs of review, withdrawing and the deadlines read the same (ENR-4, ENR-5, P5, P22).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, exists, func, select

from app.domain.calendar import enrollment_window, is_open, school_window
from app.domain.clock import now
from app.domain.policy import Policy
from app.domain.states import Fact
from app.domain.terms import RoundKind, WindowKind
from app.extensions import db
from app.models import BatchWindow, Enrollment, Screening, TrainingClass, UtcDateTime
from app.services.parameters import policy_of

Windows = Mapping[tuple[int | None, WindowKind], Any]
SECOND = timedelta(seconds=1)  # a deadline is open up to and including its second
_screened = Screening.training_class_id == Enrollment.training_class_id

COLUMNS = (
    Enrollment.id, Enrollment.number, Enrollment.teacher_id, Enrollment.training_class_id, Enrollment.batch_id,
    Enrollment.training_year_id, Enrollment.round_kind, Enrollment.state, Enrollment.school_id,
    Enrollment.checkpoint_bureau_id, Enrollment.bureau_approved_at, Enrollment.holds_seat,
    Enrollment.review_deadline, TrainingClass.institution_id, TrainingClass.seats, TrainingClass.taken,
    exists().where(_screened).label("frozen"),
    exists().where(_screened, Screening.drawn_at.is_(None)).label("undrawn"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """An enrollment with what decides about it.

    `row` has the columns above; `deadline` is the last second for the school; `round_over`: nobody of its round comes
    any more; `round_two`: the second round of its batch has begun.
    """

    row: Any
    facts: frozenset[Fact]
    deadline: datetime | None
    round_over: bool
    round_two: bool
    policy: Policy

    @property
    def late(self) -> bool:
        """Whether the school's deadline has passed."""
        return Fact.SCHOOL_DEADLINE_PASSED in self.facts


def standings(ids: Collection[int], *, locked: bool = False) -> dict[int, Standing]:
    """Return enrollment id → where it stands; `locked` holds the rows until the transaction ends."""
    wanted = select(*COLUMNS).join(TrainingClass, TrainingClass.id == Enrollment.training_class_id)
    wanted = wanted.where(Enrollment.id.in_(ids)).order_by(Enrollment.id)
    if locked:
        wanted = wanted.with_for_update(of=Enrollment, key_share=True)
    rows = db.session.execute(wanted).all()
    windows = windows_of({row.batch_id for row in rows})
    policies = {year: policy_of(year) for year in {row.training_year_id for row in rows}}
    at = now()
    return {row.id: _standing(row, windows, policies[row.training_year_id], at) for row in rows}


def windows_of(batch_ids: Collection[int | None]) -> Windows:
    """Return (batch, kind) → window."""
    rows = db.session.execute(
        select(BatchWindow.batch_id, BatchWindow.kind, BatchWindow.opens_at, BatchWindow.closes_at).where(
            BatchWindow.batch_id.in_([key for key in batch_ids if key is not None])
        )
    )
    return {(row.batch_id, row.kind): row for row in rows}


def school_deadline() -> Any:
    """Return until when an enrollment waits for the school, as a column: its own deadline, else that of the round."""
    kind = case({kind.value: school_window(kind).value for kind in RoundKind}, value=Enrollment.round_kind, else_=None)
    closes = select(BatchWindow.closes_at).where(BatchWindow.batch_id == Enrollment.batch_id, BatchWindow.kind == kind)
    return func.coalesce(Enrollment.review_deadline, closes.correlate(Enrollment).scalar_subquery(), type_=UtcDateTime)


def has_passed(deadline: datetime | None, at: datetime) -> bool:
    """Tell whether a deadline is over; its own second still counts."""
    return deadline is not None and at >= deadline + SECOND


def _standing(row: Any, windows: Windows, policy: Policy, at: datetime) -> Standing:
    window = windows.get((row.batch_id, enrollment_window(row.round_kind)))
    school = windows.get((row.batch_id, school_window(row.round_kind)))
    second = windows.get((row.batch_id, enrollment_window(RoundKind.ROUND_TWO)))
    closes_at = school.closes_at if school is not None else None
    deadline = row.review_deadline or closes_at
    first = row.round_kind is RoundKind.ROUND_ONE
    held = {
        Fact.CHECKPOINT: row.checkpoint_bureau_id is not None,
        Fact.BUREAU_ACTED: row.bureau_approved_at is not None,
        Fact.FROZEN: first and row.frozen,
        Fact.WINDOW_CLOSED: window is None or not is_open(window, at),
        Fact.SCHOOL_DEADLINE_PASSED: has_passed(deadline, at),
        Fact.UNDO_OFF: not policy.school_review_reversible,
    }
    facts = frozenset(fact for fact, holds in held.items() if holds)
    round_two = second is not None and at >= second.opens_at
    return Standing(row, facts, deadline, has_passed(closes_at, at), round_two, policy)
