"""Moving admitted teachers into another class (调配): the bureau's way after everybody has decided (ENR-4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app.domain.adjustments import CANCELLABLE, Target, check_reassignment
from app.domain.clock import now
from app.domain.enrollment import fits
from app.domain.errors import Conflict, NotVisible, Problem, problem
from app.domain.states import Action, Kind, next_state
from app.domain.terms import (
    AdjustmentKind,
    AdjustmentState,
    EnrollmentOrigin,
    EnrollmentState,
    MessageKind,
)
from app.domain.text import N_, Text
from app.extensions import db
from app.models import ClassAdjustment, Enrollment, TrainingClass
from app.security.actor import Actor
from app.security.scope import fetch_manageable, select_visible
from app.services import audiences, seats
from app.services.adjustments import LONGEST_REASON, need_reason
from app.services.class_facts import Counts, counts_of, locked_class, teachers_turn
from app.services.enrollment import new_number
from app.services.enrollment_facts import cases
from app.services.notifications import notify
from app.services.transitions import begun, move
from app.services.unit import transaction

MOST = 500  # at once


@dataclass
class Reassigned:
    """Who was moved (the new enrollments), and who was not: old enrollment → every reason."""

    done: list[int] = field(default_factory=list)
    refused: dict[int, tuple[Problem, ...]] = field(default_factory=dict)


def reassign(enrollment_ids: Sequence[int], target_id: int, *, actor: Actor, reason: str) -> Reassigned:
    """Move admitted teachers into the class `target_id`, each who fits while seats last; the others are told apart.

    Raises NotVisible for an enrollment or class outside the bureau's scope, Invalid without a reason.
    """
    actor.require("reassign", "Enrollment")
    with transaction():
        need_reason(reason)
        rows = _rows(enrollment_ids, actor)
        target = _lock(rows, target_id, actor)
        moved = Reassigned()
        for row in rows:
            try:
                with transaction():
                    moved.done.append(_reassign(row, target, actor, reason))
            except Conflict as refused:
                moved.refused[row.id] = refused.problems
        _note(rows, moved, target, actor, reason)
    return moved


def targets_for(row: TrainingClass, *, actor: Actor) -> Sequence[tuple[TrainingClass, int]]:
    """Return the classes of the same batch people may be moved to, with their free seats; full ones are left out."""
    wanted = select_visible(TrainingClass, actor).where(
        TrainingClass.id != row.id, TrainingClass.batch_id == row.batch_id, TrainingClass.state.in_(CANCELLABLE)
    )
    classes = db.session.scalars(wanted.order_by(TrainingClass.title, TrainingClass.number).limit(MOST)).all()
    counts = counts_of([one.id for one in classes])
    found = [(one, one.seats - _taken(one, counts[one.id])) for one in classes]
    return [(one, free) for one, free in found if free > 0]


def _taken(row: TrainingClass, counts: Counts) -> int:
    """Return the seats that are given away or promised to those who wait without one."""
    return row.taken + counts.unseated


def _rows(enrollment_ids: Sequence[int], actor: Actor) -> Sequence[Enrollment]:
    keys = sorted(set(enrollment_ids))[:MOST]
    found = db.session.scalars(
        select_visible(Enrollment, actor).where(Enrollment.id.in_(keys)).order_by(Enrollment.id)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    rows = list(found)
    if len(rows) != len(keys) or not keys:
        raise NotVisible
    return rows


def _lock(rows: Sequence[Enrollment], target_id: int, actor: Actor) -> TrainingClass:
    """Lock every class concerned, in one order; return the target."""
    fetch_manageable(TrainingClass, target_id, actor=actor)
    for class_id in sorted({row.training_class_id for row in rows} | {int(target_id)}):
        locked_class(class_id, actor=actor)
    return fetch_manageable(TrainingClass, target_id, actor=actor)


def _reassign(row: Enrollment, target: TrainingClass, actor: Actor, reason: str) -> int:
    """Move one: the old enrollment ends, the new one is admitted at once."""
    if not teachers_turn(row.teacher_id):
        text = N_("The teacher is enrolling somewhere at this very moment; try again.")
        raise Conflict(problem("teacher_busy", text))
    _check(row, target)
    move(row, Action.REASSIGN, actor=actor, reason=reason)
    new = Enrollment(
        number=new_number(), teacher_id=row.teacher_id, training_class_id=target.id,
        training_year_id=target.training_year_id, batch_id=target.batch_id, round_kind=row.round_kind,
        state=EnrollmentState.ADMITTED, origin=EnrollmentOrigin.REASSIGNED, credit_hours=target.credit_hours,
        school_id=row.school_id, bureau_id=row.bureau_id, checkpoint_bureau_id=row.checkpoint_bureau_id,
        enrolled_at=now(), moved_at=now(), bureau_approved_at=row.bureau_approved_at, holds_seat=True,
        reassigned_from_id=row.id,
    )  # fmt: skip
    db.session.add(new)
    begun(new, Action.REASSIGN, actor=actor, reason=reason)
    if not seats.take(target.id, 1):
        check_reassignment(replace(_target(target, fit=True), taken=target.seats))
    return new.id


def _check(row: Enrollment, target: TrainingClass) -> None:
    """Raise Conflict with every reason: the class, the seat, whether it fits, caps and clashes."""
    case = cases([row.teacher_id], [target.id], target.batch_id).get((row.teacher_id, target.id))
    if case is None:
        raise NotVisible
    held = tuple(one for one in case.candidate.held if one.class_id != row.training_class_id)
    case = replace(case, candidate=replace(case.candidate, held=held))
    problems: list[Problem] = []
    try:
        next_state(Kind.ENROLLMENT, row.state, Action.REASSIGN)
    except Conflict as refused:
        problems += refused.problems
    try:
        asked = _target(target, fit=fits(case.candidate, case.offer))
        same_batch, same_class = row.batch_id == target.batch_id, row.training_class_id == target.id
        check_reassignment(replace(asked, same_batch=same_batch, same_class=same_class))
    except Conflict as refused:
        problems += refused.problems
    problems += [reason for reason in case.refusals_to_return if reason.code != "class_not_offered"]
    if problems:
        raise Conflict(problems)


def _target(target: TrainingClass, *, fit: bool) -> Target:
    db.session.refresh(target, ["taken", "seats"])
    taken = _taken(target, counts_of([target.id])[target.id])
    return Target(target.state, target.seats, taken, same_batch=True, same_class=False, fits=fit)


def _note(rows: Sequence[Enrollment], moved: Reassigned, target: TrainingClass, actor: Actor, reason: str) -> None:
    """Write one adjustment for each class people left, and tell them, their schools and the institutions."""
    left = [row for row in rows if row.id not in moved.refused]
    for class_id in sorted({row.training_class_id for row in left}):
        source = db.session.get(TrainingClass, class_id)
        assert source is not None
        made = ClassAdjustment(
            training_class_id=class_id, kind=AdjustmentKind.REASSIGN, state=AdjustmentState.APPROVED,
            old_seats=source.seats, live_count=sum(row.training_class_id == class_id for row in left),
            reason=reason.strip()[:LONGEST_REASON], target_class_id=target.id, requested_by_id=actor.account_id,
            decided_by_id=actor.account_id, decided_at=now(),
        )  # fmt: skip
        db.session.add(made)
        begun(made, Action.APPROVE, actor=actor, reason=reason)
        _tell(source, target, [row for row in left if row.training_class_id == class_id], reason)


def _tell(source: TrainingClass, target: TrainingClass, rows: Sequence[Enrollment], reason: str) -> None:
    words = {"old": str(source), "new": str(target), "reason": reason, "count": len(rows)}
    text = Text(N_("You were moved from %(old)s to %(new)s: %(reason)s."), words)
    notify(audiences.teachers([row.teacher_id for row in rows]), MessageKind.SYSTEM, text)
    staff = audiences.institution_staff({source.institution_id, target.institution_id}, may=("confirm", "Enrollment"))
    schools = audiences.school_staff(
        {row.school_id for row in rows if row.school_id is not None}, may=("review", "Enrollment")
    )
    told = Text(N_("%(count)d teachers were moved from %(old)s to %(new)s: %(reason)s."), words)
    notify(staff | schools, MessageKind.SYSTEM, told)
