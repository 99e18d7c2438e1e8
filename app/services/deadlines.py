"""What the clock does to enrollments: reviews that came too late, reminders before that, and seats that were left free
for somebody in reserve (ENR-5, ENR-9, ENR-11, P5).

Whatever it finds, it does once: a run that was missed or killed is made good by the next one, and two at the same time
do no harm. The worker runs it every minute, `flask deadlines run` at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import aliased

from app.domain.calendar import school_window
from app.domain.clock import now
from app.domain.states import Action
from app.domain.terms import ClassState, EnrollmentState, MessageKind, RoundKind
from app.domain.text import N_, Text
from app.extensions import db
from app.models import Batch, BatchWindow, Enrollment, TrainingClass
from app.security.actor import Actor
from app.services import reserve, seats
from app.services.enrollment_notices import reviewers_of
from app.services.enrollment_standing import SECOND, school_deadline
from app.services.notifications import Note, notify_each
from app.services.parameters import policy_of
from app.services.transitions import move_many
from app.services.unit import transaction

OPEN = (ClassState.OFFERED, ClassState.RUNNING)
PAUSE = timedelta(hours=6)  # a school is reminded at most so often
INBOX = "SchoolInboxPage.index"
WAITS = Enrollment.state == EnrollmentState.AWAITING_SCHOOL


@dataclass(frozen=True, slots=True)
class Done:
    """How many enrollments ended unreviewed, how many schools were reminded, how many moved up from reserve lists."""

    ended: int
    reminded: int
    moved_up: int = 0


def run() -> Done:
    """End what was not reviewed in time, fill what is left free, then remind the schools of what will end soon."""
    ended = sum(end_unreviewed(class_id) for class_id in _late_classes())
    moved_up = reserve.fill_what_is_left()
    years = db.session.scalars(select(Batch.training_year_id).distinct()).all()
    return Done(ended, sum(remind(year) for year in years), moved_up)


# --- what came too late


def end_unreviewed(class_id: int, *, frozen: bool = False) -> int:
    """End the enrollments of a class whose school has let its deadline pass; return how many. Their seats are free.

    `frozen`: the list is being frozen, so round one ends for all who still wait, whatever time was given again.
    """
    rows = and_(Enrollment.training_class_id == class_id, WAITS)
    over = _is_late()
    if frozen:
        over = or_(over, Enrollment.round_kind == RoundKind.ROUND_ONE)
    with transaction():
        seats.lock_classes([class_id])
        return move_many(Enrollment, and_(rows, over), Action.TIME_OUT, actor=Actor.platform())


def _late_classes() -> Sequence[int]:
    """Return the classes in which somebody waits too long."""
    late = (
        select(Enrollment.training_class_id).distinct()
        .join(TrainingClass, TrainingClass.id == Enrollment.training_class_id)
        .where(TrainingClass.state.in_(OPEN), WAITS, _is_late())
    )  # fmt: skip
    return list(db.session.scalars(late.order_by(Enrollment.training_class_id)))


def _is_late() -> ColumnElement[bool]:
    """Return the condition on enrollments whose school's deadline is over; its own second still counts."""
    last = now() - SECOND
    return or_(Enrollment.review_deadline <= last, and_(Enrollment.review_deadline.is_(None), _window_ends(last)))


def _window_ends(until: datetime, since: datetime | None = None) -> ColumnElement[bool]:
    """Return the condition on enrollments whose school window has closed by `until`, and not before `since`."""
    rounds = [(BatchWindow.kind == school_window(kind), kind) for kind in RoundKind]
    ended = [BatchWindow.closes_at <= until, *([BatchWindow.closes_at >= since] if since else [])]
    return or_(
        *(
            and_(
                Enrollment.round_kind == kind,
                Enrollment.batch_id.in_(select(BatchWindow.batch_id).where(is_kind, *ended)),
            )
            for is_kind, kind in rounds
        )
    )


# --- what will


def remind(training_year_id: int) -> int:
    """Remind the schools of the year of what ends within the hours the province has set (P32); return how many."""
    until = now() + timedelta(hours=policy_of(training_year_id).school_reminder_hours)
    due = and_(Enrollment.training_year_id == training_year_id, WAITS, Enrollment.reminded_at.is_(None), _ends(until))
    with transaction():
        rows = _held(and_(due, ~_reminded_lately(), Enrollment.school_id.is_not(None)))
        schools = _schools(rows)
        if schools:
            notify_each(MessageKind.TASK, _notes(schools))
            _mark([row.id for row in rows])
    return len(schools)


def _held(due: ColumnElement[bool]) -> Sequence[Any]:
    """Hold the rows that are due and return them; without their classes, so nobody who holds one is waited for.

    Whom a review, a draw or a cancellation has in hand is passed over: what still waits then is due again.
    """
    wanted = select(Enrollment.id, Enrollment.school_id, school_deadline().label("until")).where(due)
    held = wanted.order_by(Enrollment.id).with_for_update(of=Enrollment, key_share=True, skip_locked=True)
    return list(db.session.execute(held))


def _mark(keys: Sequence[int]) -> None:
    for begin in range(0, len(keys), reserve.MOST_KEYS):
        part = Enrollment.id.in_(keys[begin : begin + reserve.MOST_KEYS])
        marked = update(Enrollment).where(part).values(reminded_at=now())
        db.session.execute(marked.execution_options(synchronize_session=False))


def _ends(until: datetime) -> ColumnElement[bool]:
    """Return the condition on enrollments whose school's deadline comes by `until` and is not over."""
    own = Enrollment.review_deadline
    return or_(own.between(now(), until), and_(own.is_(None), _window_ends(until, now())))


def _reminded_lately() -> ColumnElement[bool]:
    other = aliased(Enrollment)
    same = (other.school_id == Enrollment.school_id, other.state == EnrollmentState.AWAITING_SCHOOL)
    return exists().where(*same, other.reminded_at > now() - PAUSE)


def _schools(rows: Sequence[Any]) -> dict[int, tuple[int, datetime]]:
    """Return school → how many wait, and the first deadline among them."""
    found: dict[int, tuple[int, datetime]] = {}
    for row in rows:
        count, first = found.get(row.school_id, (0, row.until))
        found[row.school_id] = count + 1, min(first, row.until)
    return found


def _notes(schools: dict[int, tuple[int, datetime]]) -> Iterator[Note]:
    text = N_("%(count)d enrollments wait for your school; whatever is not reviewed by %(moment)s ends.")
    for school_id, accounts in reviewers_of(set(schools)).items():
        count, moment = schools[school_id]
        for account_id in accounts:
            said = Text(text, {"count": count, "moment": moment})
            yield Note(account_id, said, INBOX)
