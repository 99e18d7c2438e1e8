"""The facts the enrollment rules ask for, loaded in bulk: about the moment, about classes, about teachers (ENR-14).

Any number of classes or teachers costs the same few queries; one enrollment and a whole catalogue load alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select, union_all

from app.domain.calendar import enrollment_window, is_open
from app.domain.clock import SHANGHAI, now
from app.domain.enrollment import Candidate, Held, Occasion, Offer, refusals, refusals_to_return, warnings
from app.domain.errors import Problem
from app.domain.states import Kind, live_states
from app.domain.terms import ClassState, EnrollmentState, ProgrammeKind, RoundKind
from app.domain.timetables import Session, Timetable
from app.extensions import db
from app.models import (
    Batch,
    BatchWindow,
    ClassSession,
    Enrollment,
    Evaluation,
    Region,
    School,
    Teacher,
    TrainingClass,
    Transition,
    programme_post_category,
    programme_region,
    programme_stage,
)
from app.services.parameters import policy_of

LIVE = live_states(Kind.ENROLLMENT)
FINISHED = (ClassState.COMPLETED, ClassState.CREDITED)
EVALUATED = (ProgrammeKind.ELECTIVE, ProgrammeKind.PROVINCIAL)  # kinds whose classes must be evaluated (ENR-3)
# Failing in one of these states was the institution's doing, after the school had approved (ENR-11).
AT_INSTITUTION = (EnrollmentState.DECLINED, EnrollmentState.NOT_DRAWN)


@dataclass
class Audience:
    """Whom a class is aimed at; empty stages or posts mean all of them."""

    target_paths: list[str] = field(default_factory=list)
    stage_ids: set[int] = field(default_factory=set)
    post_category_ids: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Case:
    """One teacher, one class, one moment."""

    candidate: Candidate
    offer: Offer
    occasion: Occasion

    @property
    def refusals(self) -> list[Problem]:
        """Every reason against enrolling; empty: welcome."""
        return refusals(self.candidate, self.offer, self.occasion)

    @property
    def refusals_to_return(self) -> list[Problem]:
        """Every reason why an enrollment that had ended may not live again."""
        return refusals_to_return(self.candidate, self.offer, self.occasion)

    @property
    def warnings(self) -> list[Problem]:
        """What should be known."""
        return warnings(self.candidate, self.offer, self.occasion)


def cases(
    teacher_ids: Collection[int], class_ids: Collection[int], batch_id: int | None
) -> dict[tuple[int, int], Case]:
    """Return (teacher, class) → what the rules need, for any number of both in the same few statements.

    The classes are those of the batch; teachers and classes that do not exist are left out. Scope is the caller's.
    """
    offers, candidates = offers_of(class_ids), candidates_of(teacher_ids, batch_id)
    occasion = occasion_of(batch_id)
    sessions = _sessions_where_days_overlap(candidates.values(), offers.values())
    timed = {key: _timed(offer, sessions) for key, offer in offers.items()}
    return {
        (teacher_id, class_id): Case(person, offer, occasion)
        for teacher_id, candidate in candidates.items()
        for person in [replace(candidate, held=tuple(_timed(one, sessions) for one in candidate.held))]
        for class_id, offer in timed.items()
    }


def live() -> ColumnElement[bool]:
    """Return the condition that leaves the live enrollments."""
    return Enrollment.state.in_(LIVE)


# --- the moment


def occasion_of(batch_id: int | None) -> Occasion:
    """Return which round of the batch is open now, when the next one opens, and the parameters of its year."""
    windows = db.session.execute(
        select(BatchWindow.kind, BatchWindow.opens_at, BatchWindow.closes_at, Batch.training_year_id)
        .join(Batch, Batch.id == BatchWindow.batch_id)
        .where(BatchWindow.batch_id == batch_id, BatchWindow.kind.in_([enrollment_window(k) for k in RoundKind]))
    ).all()
    at = now()
    open_now = next((k for k in RoundKind for w in windows if w.kind is enrollment_window(k) and is_open(w, at)), None)
    coming = min((w.opens_at for w in windows if w.opens_at > at), default=None)
    return Occasion(policy_of(windows[0].training_year_id if windows else None), open_now, coming)


# --- classes


def offers_of(class_ids: Collection[int]) -> dict[int, Offer]:
    """Return class id → what the rules need of the class; ids that do not exist are left out."""
    mine = Enrollment.training_class_id == TrainingClass.id
    enrolled = select(func.count()).where(mine, live()).scalar_subquery()
    waiting = select(func.count()).where(mine, unseated()).scalar_subquery()
    rows = db.session.execute(
        select(*CLASS_COLUMNS, enrolled.label("enrolled"), waiting.label("waiting")).where(
            TrainingClass.id.in_(class_ids)
        )
    ).all()
    audiences = _audiences({row.programme_id for row in rows})
    return {row.id: _offer(row, audiences[row.programme_id]) for row in rows}


CLASS_COLUMNS = (
    TrainingClass.id, TrainingClass.programme_id, TrainingClass.title, TrainingClass.number, TrainingClass.state,
    TrainingClass.kind, TrainingClass.credit_hours, TrainingClass.seats, TrainingClass.taken, TrainingClass.starts_on,
    TrainingClass.ends_on, TrainingClass.batch_id,
)  # fmt: skip


def unseated() -> ColumnElement[bool]:
    """Return the condition on enrollments that wait for the institution and were not given a seat yet.

    They come before anybody of round two: more of them than seats means that the class has to be drawn first.
    """
    return and_(Enrollment.state == EnrollmentState.AWAITING_INSTITUTION, Enrollment.holds_seat.is_(False))


def _offer(row: Any, audience: Audience) -> Offer:
    return Offer(
        class_id=row.id,
        title=f"{row.title} #{row.number}",
        state=row.state,
        kind=row.kind,
        credit_hours=Decimal(row.credit_hours),
        timetable=Timetable(row.starts_on, row.ends_on),
        target_paths=tuple(audience.target_paths),
        stage_ids=frozenset(audience.stage_ids),
        post_category_ids=frozenset(audience.post_category_ids),
        seats=row.seats,
        enrolled=row.enrolled,
        free=max(row.seats - row.taken - row.waiting, 0),
    )


def _audiences(programme_ids: Collection[int]) -> defaultdict[int, Audience]:
    """Return programme id → whom it is aimed at, in one query."""
    region, stage, post = programme_region.c, programme_stage.c, programme_post_category.c
    parts = union_all(
        select(region.programme_id, literal("target_paths").label("name"), Region.path, literal(0).label("key"))
        .join(Region, Region.id == region.region_id).where(region.programme_id.in_(programme_ids)),
        select(stage.programme_id, literal("stage_ids"), literal(""), stage.stage_id)
        .where(stage.programme_id.in_(programme_ids)),
        select(post.programme_id, literal("post_category_ids"), literal(""), post.post_category_id)
        .where(post.programme_id.in_(programme_ids)),
    )  # fmt: skip
    found: defaultdict[int, Audience] = defaultdict(Audience)
    for programme_id, name, path, key in db.session.execute(parts):
        if name == "target_paths":
            found[programme_id].target_paths.append(path)
        else:
            getattr(found[programme_id], name).add(key)
    return found


def _sessions_where_days_overlap(
    candidates: Iterable[Candidate], offers: Collection[Offer]
) -> dict[int, list[Session]]:
    """Return the sessions of classes whose days overlap with another's: only then do sessions decide (ENR-15)."""
    near = {
        class_id
        for one in {held for candidate in candidates for held in candidate.held}
        for offer in offers
        if one.timetable.starts_on <= offer.timetable.ends_on and offer.timetable.starts_on <= one.timetable.ends_on
        for class_id in (one.class_id, offer.class_id)
    }
    return sessions_of(near) if near else {}


def _timed(thing: Any, sessions: dict[int, list[Session]]) -> Any:
    if thing.class_id not in sessions:
        return thing
    return replace(thing, timetable=replace(thing.timetable, sessions=tuple(sessions[thing.class_id])))


def sessions_of(class_ids: Collection[int]) -> dict[int, list[Session]]:
    """Return class id → its sessions, in one query; classes without any are left out."""
    rows = db.session.execute(
        select(ClassSession.training_class_id, ClassSession.day, ClassSession.starts_at, ClassSession.ends_at).where(
            ClassSession.training_class_id.in_(class_ids)
        )
    )
    found: defaultdict[int, list[Session]] = defaultdict(list)
    for class_id, day, begins, ends in rows:
        found[class_id].append(Session(datetime.combine(day, begins, SHANGHAI), datetime.combine(day, ends, SHANGHAI)))
    return found


# --- teachers


def candidates_of(teacher_ids: Collection[int], batch_id: int | None) -> dict[int, Candidate]:
    """Return teacher id → what the rules need of the teacher in this batch; deleted and unknown ones are left out."""
    rows = db.session.execute(
        select(
            Teacher.id, Teacher.status, Teacher.stage_id, Teacher.post_category_id, Region.path,
            _failed_at_institution(batch_id).label("failed"),
        ).outerjoin(School, School.id == Teacher.school_id).outerjoin(Region, Region.id == School.region_id)
        .where(Teacher.id.in_(teacher_ids), Teacher.deleted_at.is_(None))
    ).all()  # fmt: skip
    held, owed = _held(teacher_ids, batch_id), _unevaluated(teacher_ids)
    return {
        row.id: Candidate(
            row.status, row.path, row.stage_id, row.post_category_id,
            tuple(held.get(row.id, ())), tuple(owed.get(row.id, ())), row.failed,
        )
        for row in rows
    }  # fmt: skip


def _failed_at_institution(batch_id: int | None) -> ColumnElement[bool]:
    """Return whether an enrollment of the batch, which the school had approved, failed at the institution (ENR-11).

    Declined and not drawn only happen after the school's approval; a cancelled class has to be looked up in the ledger.
    """
    mine = (Enrollment.teacher_id == Teacher.id, Enrollment.batch_id == batch_id)
    waited = (EnrollmentState.AWAITING_INSTITUTION.value, EnrollmentState.ADMITTED.value)
    approved_then_cancelled = exists().where(
        Transition.entity == Enrollment.__name__,
        Transition.row_id == Enrollment.id,
        Transition.to_state == EnrollmentState.CLASS_CANCELLED.value,
        Transition.from_state.in_(waited),
    )
    cancelled = and_(Enrollment.state == EnrollmentState.CLASS_CANCELLED, approved_then_cancelled)
    return exists().where(*mine, or_(Enrollment.state.in_(AT_INSTITUTION), cancelled))


def _held(teacher_ids: Collection[int], batch_id: int | None) -> dict[int, list[Held]]:
    rows = db.session.execute(
        select(
            Enrollment.teacher_id, Enrollment.batch_id, Enrollment.credit_hours, TrainingClass.id, TrainingClass.title,
            TrainingClass.number, TrainingClass.kind, TrainingClass.starts_on, TrainingClass.ends_on,
        ).join(TrainingClass, TrainingClass.id == Enrollment.training_class_id)
        .where(Enrollment.teacher_id.in_(teacher_ids), live())
        .where(or_(TrainingClass.state.not_in(FINISHED), Enrollment.batch_id == batch_id))
    )  # fmt: skip
    found: defaultdict[int, list[Held]] = defaultdict(list)
    for row in rows:
        counts = row.batch_id == batch_id and row.kind is ProgrammeKind.ELECTIVE
        timetable = Timetable(row.starts_on, row.ends_on)
        title = f"{row.title} #{row.number}"
        found[row.teacher_id].append(Held(row.id, title, Decimal(row.credit_hours), timetable, counts))
    return found


def _unevaluated(teacher_ids: Collection[int]) -> dict[int, list[str]]:
    """Return teacher id → titles of finished classes the teacher was admitted to and has not evaluated (ENR-3)."""
    rows = db.session.execute(
        select(Enrollment.teacher_id, TrainingClass.title)
        .join(TrainingClass, TrainingClass.id == Enrollment.training_class_id)
        .where(Enrollment.teacher_id.in_(teacher_ids), Enrollment.state == EnrollmentState.ADMITTED)
        .where(TrainingClass.state.in_(FINISHED), TrainingClass.kind.in_(EVALUATED))
        .where(~exists().where(Evaluation.enrollment_id == Enrollment.id))
        .order_by(TrainingClass.ends_on)
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    for teacher_id, title in rows:
        found[teacher_id].append(title)
    return found
