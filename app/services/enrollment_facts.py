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

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, exists, func, literal, or_, select, union_all

from app.domain.calendar import enrollment_window, is_open
from app.domain.clock import SHANGHAI, now
from app.domain.enrollment import (
    APPROVED_BY_SCHOOL,
    FAILED_AFTER_APPROVAL,
    Candidate,
    Held,
    Occasion,
    Offer,
    refusals,
    refusals_to_return,
    warnings,
)
from app.domain.errors import Problem
from app.domain.states import Kind, live_states
from app.domain.terms import ClassState, EnrollmentState, ProgrammeKind, RoundKind
from app.domain.timetables import Session, Timetable
from app.extensions import db, fetch
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
from app.security.actor import Actor
from app.security.remembered import remembered
from app.security.scope import fetch_columns
from app.services.by_keys import ByKeys, each
from app.services.parameters import policy_of

LIVE = live_states(Kind.ENROLLMENT)
FINISHED = (ClassState.COMPLETED, ClassState.CREDITED)
EVALUATED = (ProgrammeKind.ELECTIVE, ProgrammeKind.PROVINCIAL)  # kinds whose classes must be evaluated (ENR-3)


@dataclass
class Audience:
    """Whom a class is aimed at; empty stages or posts mean all of them."""

    target_paths: list[str] = field(default_factory=list)
    stage_ids: set[int] = field(default_factory=set)
    post_category_ids: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Case:
    """One teacher, one class, one moment; `about` is what writing an enrollment copies."""

    candidate: Candidate
    offer: Offer
    occasion: Occasion
    about: About

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


@dataclass(frozen=True, slots=True)
class About:
    """The rows behind a case: of the class, the teacher with the school, the windows of the batch."""

    chosen: Any
    person: Any
    windows: tuple[Any, ...]


def cases(
    teacher_ids: Collection[int], class_ids: Collection[int], batch_id: int | None
) -> dict[tuple[int, int], Case]:
    """Return (teacher, class) → what the rules need, for any number of both in the same few statements.

    The classes are those of the batch; teachers and classes that do not exist are left out. Scope is the caller's.
    """
    classes = list(CLASSES_BY_KEY.rows(class_ids))
    return _cases(_persons(teacher_ids, batch_id), classes, batch_id)


def case_within(teacher_id: int, class_id: int, *, actor: Actor) -> Case | None:
    """Return the one case of a class within the actor's scope; None when there is none."""
    chosen = fetch_columns(ONE_CLASS, TrainingClass, {"class_id": class_id}, actor=actor).one_or_none()
    if chosen is None:
        return None
    persons = _persons([teacher_id], chosen.batch_id)
    return _cases(persons, [chosen], chosen.batch_id).get((teacher_id, class_id))


def again(case: Case) -> Case:
    """Return the case with what the teacher holds at this moment: the rest cannot have changed in between."""
    key, batch_id = case.about.person.id, case.about.chosen.batch_id
    held = _held([key], batch_id).get(key, [])
    if {one.class_id for one in held} == {one.class_id for one in case.candidate.held}:
        return case
    return _timed_case(replace(case, candidate=replace(case.candidate, held=tuple(held))))


def _timed_case(case: Case) -> Case:
    sessions = _sessions_where_days_overlap([case.candidate], [case.offer])
    held = tuple(_timed(one, sessions) for one in case.candidate.held)
    return replace(case, candidate=replace(case.candidate, held=held), offer=_timed(case.offer, sessions))


def _cases(persons: list[Any], classes: list[Any], batch_id: int | None) -> dict[tuple[int, int], Case]:
    windows = _windows(batch_id)
    offers, candidates, occasion = _offers(classes), _candidates(persons, batch_id), _occasion(windows)
    sessions = _sessions_where_days_overlap(candidates.values(), offers.values())
    timed = {key: _timed(offer, sessions) for key, offer in offers.items()}
    found = {}
    for person in persons:
        plain = candidates[person.id]
        candidate = replace(plain, held=tuple(_timed(one, sessions) for one in plain.held))
        for chosen in classes:
            about = About(chosen, person, windows)
            found[person.id, chosen.id] = Case(candidate, timed[chosen.id], occasion, about)
    return found


def live() -> ColumnElement[bool]:
    """Return the condition that leaves the live enrollments."""
    return Enrollment.state.in_(each(LIVE, Enrollment.state))


def unseated() -> ColumnElement[bool]:
    """Return the condition on enrollments that wait for the institution and were not given a seat yet.

    They come before anybody of round two: more of them than seats means that the class has to be drawn first.
    """
    return and_(Enrollment.state == EnrollmentState.AWAITING_INSTITUTION, Enrollment.holds_seat.is_(False))


def live_count() -> ScalarSelect[int]:
    """Return the number of live enrollments of a class, as a column of a query on classes."""
    return _count_where(live())


def unseated_count() -> ScalarSelect[int]:
    """Return the number of those of a class who wait for a seat (`unseated`), as a column of a query on classes."""
    return _count_where(unseated())


def _count_where(condition: ColumnElement[bool]) -> ScalarSelect[int]:
    mine = Enrollment.training_class_id == TrainingClass.id
    return select(func.count()).where(mine, condition).correlate(TrainingClass).scalar_subquery()


# --- the moment

WINDOWS = (
    select(BatchWindow.kind, BatchWindow.opens_at, BatchWindow.closes_at, Batch.training_year_id)
    .join(Batch, Batch.id == BatchWindow.batch_id)
    .where(BatchWindow.batch_id == bindparam("batch_id"))
)


def occasion_of(batch_id: int | None) -> Occasion:
    """Return which round of the batch is open now, when the next one opens, and the parameters of its year."""
    return _occasion(_windows(batch_id))


def _windows(batch_id: int | None) -> tuple[Any, ...]:
    return remembered(("windows", batch_id), lambda: tuple(fetch(WINDOWS, {"batch_id": batch_id})))


def _occasion(windows: Collection[Any]) -> Occasion:
    at, rounds = now(), {enrollment_window(kind): kind for kind in RoundKind}
    mine = [w for w in windows if w.kind in rounds]
    open_now = next((rounds[w.kind] for w in mine if is_open(w, at)), None)
    coming = min((w.opens_at for w in mine if w.opens_at > at), default=None)
    return Occasion(policy_of(next((w.training_year_id for w in windows), None)), open_now, coming)


# --- classes

CLASSES = select(
    TrainingClass.id, TrainingClass.programme_id, TrainingClass.title, TrainingClass.number, TrainingClass.state,
    TrainingClass.kind, TrainingClass.credit_hours, TrainingClass.seats, TrainingClass.taken, TrainingClass.starts_on,
    TrainingClass.ends_on, TrainingClass.batch_id, TrainingClass.training_year_id, TrainingClass.checkpoint,
    live_count().label("enrolled"), unseated_count().label("waiting"),
)  # fmt: skip
ONE_CLASS = CLASSES.where(TrainingClass.id == bindparam("class_id"))
CLASSES_BY_KEY = ByKeys(lambda asked: CLASSES.where(asked(TrainingClass.id)))


def offers_of(class_ids: Collection[int]) -> dict[int, Offer]:
    """Return class id → what the rules need of the class; ids that do not exist are left out."""
    return _offers(CLASSES_BY_KEY.rows(class_ids).all())


def _offers(rows: Collection[Any]) -> dict[int, Offer]:
    audiences = _audiences({row.programme_id for row in rows})
    return {row.id: _offer(row, audiences[row.programme_id]) for row in rows}


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


_region, _stage, _post = programme_region.c, programme_stage.c, programme_post_category.c
AUDIENCES = ByKeys(lambda asked: union_all(
    select(_region.programme_id, literal("target_paths").label("name"), Region.path, literal(0).label("key"))
    .join(Region, Region.id == _region.region_id).where(asked(_region.programme_id)),
    select(_stage.programme_id, literal("stage_ids"), literal(""), _stage.stage_id).where(asked(_stage.programme_id)),
    select(_post.programme_id, literal("post_category_ids"), literal(""), _post.post_category_id)
    .where(asked(_post.programme_id)),
))  # fmt: skip


def _audiences(programme_ids: Collection[int]) -> defaultdict[int, Audience]:
    """Return programme id → whom it is aimed at, in one query."""
    found: defaultdict[int, Audience] = defaultdict(Audience)
    for programme_id, name, path, key in AUDIENCES.rows(programme_ids):
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

_batch: Any = bindparam("batch_id")


def gives_right() -> ColumnElement[bool]:
    """Return the condition on enrollments that give the right to round two: approved by the school, then lost (ENR-11).

    From which state a class was cancelled has to be looked up in the ledger.
    """
    approved = [state.value for state in APPROVED_BY_SCHOOL]
    approved_then_cancelled = exists().where(
        Transition.entity == Enrollment.__name__,
        Transition.row_id == Enrollment.id,
        Transition.to_state == EnrollmentState.CLASS_CANCELLED.value,
        Transition.from_state.in_(each(approved, Transition.from_state)),
    )
    cancelled = and_(Enrollment.state == EnrollmentState.CLASS_CANCELLED, approved_then_cancelled)
    return or_(Enrollment.state.in_(each(FAILED_AFTER_APPROVAL, Enrollment.state)), cancelled)


def _failed_at_institution() -> ColumnElement[bool]:
    """Return whether an enrollment of the teacher in the batch gives the right to its round two."""
    return exists().where(Enrollment.teacher_id == Teacher.id, Enrollment.batch_id == _batch, gives_right())


def _owing() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on enrollments whose finished class was not evaluated (ENR-3)."""
    return (
        Enrollment.state == EnrollmentState.ADMITTED,
        TrainingClass.state.in_(each(FINISHED, TrainingClass.state)),
        TrainingClass.kind.in_(each(EVALUATED, TrainingClass.kind)),
        ~exists().where(Evaluation.enrollment_id == Enrollment.id),
    )


PERSONS = ByKeys(lambda asked: (
    select(
        Teacher.id, Teacher.status, Teacher.stage_id, Teacher.post_category_id, Teacher.school_id,
        School.name.label("school"), Region.path, _failed_at_institution().label("failed"),
        exists().where(
            Enrollment.teacher_id == Teacher.id, Enrollment.training_class_id == TrainingClass.id, *_owing()
        ).label("owing"),
    ).outerjoin(School, School.id == Teacher.school_id).outerjoin(Region, Region.id == School.region_id)
    .where(asked(Teacher.id), Teacher.deleted_at.is_(None))
))  # fmt: skip
HELD = ByKeys(lambda asked: (
    select(
        Enrollment.teacher_id, Enrollment.batch_id, Enrollment.credit_hours,
        TrainingClass.id, TrainingClass.title, TrainingClass.number, TrainingClass.kind, TrainingClass.starts_on,
        TrainingClass.ends_on,
    ).join(TrainingClass, TrainingClass.id == Enrollment.training_class_id)
    .where(asked(Enrollment.teacher_id), live())
    .where(or_(TrainingClass.state.not_in(each(FINISHED, TrainingClass.state)), Enrollment.batch_id == _batch))
))  # fmt: skip
OWED = ByKeys(lambda asked: (
    select(Enrollment.teacher_id, TrainingClass.title)
    .join(TrainingClass, TrainingClass.id == Enrollment.training_class_id)
    .where(asked(Enrollment.teacher_id), *_owing())
    .order_by(TrainingClass.ends_on)
))  # fmt: skip


def candidates_of(teacher_ids: Collection[int], batch_id: int | None) -> dict[int, Candidate]:
    """Return teacher id → what the rules need of the teacher in this batch; deleted and unknown ones are left out."""
    return _candidates(_persons(teacher_ids, batch_id), batch_id)


def _persons(teacher_ids: Collection[int], batch_id: int | None) -> list[Any]:
    return list(PERSONS.rows(teacher_ids, batch_id=batch_id))


def _candidates(rows: Collection[Any], batch_id: int | None) -> dict[int, Candidate]:
    held, owed = _held([row.id for row in rows], batch_id), _unevaluated([row.id for row in rows if row.owing])
    return {
        row.id: Candidate(
            row.status, row.path, row.stage_id, row.post_category_id,
            tuple(held.get(row.id, ())), tuple(owed.get(row.id, ())), row.failed,
        )
        for row in rows
    }  # fmt: skip


def _held(teacher_ids: Collection[int], batch_id: int | None) -> dict[int, list[Held]]:
    found: defaultdict[int, list[Held]] = defaultdict(list)
    for row in HELD.rows(teacher_ids, batch_id=batch_id):
        counts = row.batch_id == batch_id and row.kind is ProgrammeKind.ELECTIVE
        timetable = Timetable(row.starts_on, row.ends_on)
        title = f"{row.title} #{row.number}"
        found[row.teacher_id].append(Held(row.id, title, Decimal(row.credit_hours), timetable, counts))
    return found


def _unevaluated(teacher_ids: Collection[int]) -> dict[int, list[str]]:
    """Return teacher id → titles of finished classes the teacher was admitted to and has not evaluated (ENR-3)."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    if teacher_ids:
        for teacher_id, title in OWED.rows(teacher_ids):
            found[teacher_id].append(title)
    return found
