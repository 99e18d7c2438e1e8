"""Enrollments, draws and the ledger of moves (ENR)."""

from __future__ import annotations

from sqlalchemy import and_, false, or_, select

from app.models import (
    ChangeRequest,
    ClassAdjustment,
    Enrollment,
    Evaluation,
    ExpertOpinion,
    Programme,
    Screening,
    ScreeningCandidate,
    Teacher,
    TrainingClass,
    Transfer,
    Transition,
)
from app.security.actor import Actor
from app.security.rules.programmes import bureaus_of, managed_classes
from app.security.rules.subtree import Clause
from app.security.scope import manages, sees, visible_clause

# Whose moves one sees is whom one sees.
WITH_A_LEDGER = (
    Programme,
    TrainingClass,
    Enrollment,
    ClassAdjustment,
    ExpertOpinion,
    Transfer,
    ChangeRequest,
    Teacher,
)


@sees(Enrollment)
def _enrollment(actor: Actor) -> Clause:
    """One's own, those of one's school or subtree on that day, those of the classes of one's institution."""
    seen: list[Clause] = [false()]
    if actor.teacher_id is not None:
        seen.append(Enrollment.teacher_id == actor.teacher_id)
    if actor.school_id is not None:
        seen.append(Enrollment.school_id == actor.school_id)
    if actor.region_path is not None:
        bureaus = bureaus_of(actor)
        seen += [Enrollment.bureau_id.in_(bureaus), Enrollment.checkpoint_bureau_id.in_(bureaus)]
    if actor.institution_id is not None:
        own = select(TrainingClass.id).where(TrainingClass.institution_id == actor.institution_id)
        seen.append(Enrollment.training_class_id.in_(own))
    return or_(*seen)


@sees(Evaluation)
def _evaluation(actor: Actor) -> Clause:
    """One's own: nobody else learns who has said something, or nothing."""
    if actor.teacher_id is None:
        return false()
    own = select(Enrollment.id).where(Enrollment.teacher_id == actor.teacher_id)
    return Evaluation.enrollment_id.in_(own)


@sees(Screening)
def _screening(actor: Actor) -> Clause:
    return Screening.training_class_id.in_(select(TrainingClass.id).where(managed_classes(actor)))


@sees(ScreeningCandidate)
def _screening_candidate(actor: Actor) -> Clause:
    return ScreeningCandidate.screening_id.in_(select(Screening.id).where(_screening(actor)))


@sees(Transition)
def _transition(actor: Actor) -> Clause:
    """The moves of every row one sees, and one's own."""
    if not actor.signed_in:
        return false()
    seen = [
        and_(
            Transition.entity == model.__name__,
            Transition.row_id.in_(select(model.id).where(visible_clause(model, actor))),
        )
        for model in WITH_A_LEDGER
    ]
    return or_(Transition.account_id == actor.account_id, *seen)


@manages(Transition)
def _nobody(_actor: Actor) -> Clause:
    """The ledger is written once."""
    return false()
