"""Programmes, classes and what belongs to them (PRG).

Three ways lead to a programme: one's own (the institution), one's office (bureaus above the institution, the reviewing
bureau and those above it, an expert who was asked), and being aimed at (whose school lies in the target regions). A
declaration that nobody has submitted is the institution's alone; what is aimed at shows once it was approved.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, false, or_, select
from sqlalchemy.orm import aliased

from app.domain.terms import ClassState, ProgrammeState
from app.models import (
    Bureau,
    ClassAdjustment,
    ClassSession,
    DeclarationDraft,
    Enrollment,
    ExpertOpinion,
    FavouriteClass,
    Institution,
    Lecturer,
    PlanFile,
    Programme,
    Region,
    School,
    TrainingClass,
    programme_lecturer,
    programme_region,
)
from app.security.actor import Actor
from app.security.rules.subtree import Clause, regions_of
from app.security.scope import manages, sees

# What has been approved once stays readable to those it is aimed at, whatever became of the class.
PUBLISHED = (
    ClassState.OFFERED, ClassState.RUNNING, ClassState.COMPLETED, ClassState.CREDITED, ClassState.CANCELLED,
)  # fmt: skip


def bureaus_of(actor: Actor) -> Select[Any]:
    """Return the ids of the bureaus in the actor's subtree."""
    return select(Bureau.id).where(Bureau.region_id.in_(regions_of(actor)))


def own_programmes(actor: Actor) -> Clause:
    """Programmes of the actor's institution."""
    if actor.institution_id is None:
        return false()
    own: Clause = Programme.institution_id == actor.institution_id
    return own


def office_programmes(actor: Actor) -> Clause:
    """Programmes a bureau answers for: of institutions in its subtree, or routed to a bureau in it."""
    if actor.region_path is None:
        return false()
    below = select(Institution.id).where(Institution.region_id.in_(regions_of(actor)))
    answers = or_(Programme.institution_id.in_(below), Programme.review_bureau_id.in_(bureaus_of(actor)))
    return and_(Programme.state != ProgrammeState.DRAFT, answers)


def _asked_programmes(actor: Actor) -> Clause:
    asked = select(ExpertOpinion.programme_id).where(ExpertOpinion.expert_id == actor.account_id)
    return Programme.id.in_(asked)


def aimed_programmes(actor: Actor) -> Select[Any]:
    """Return the ids of the programmes aimed at the actor's school, or at the bureau's region, above or below it."""
    target, home = aliased(Region), aliased(Region)
    aimed = select(programme_region.c.programme_id).join(target, target.id == programme_region.c.region_id)
    if actor.region_path is not None:
        own = select(Region.id).where(Region.path == actor.region_path)
        above = select(home.id).where(home.id.in_(own), home.path.startswith(target.path)).exists()
        return aimed.where(or_(target.path.startswith(actor.region_path, autoescape=True), above))
    schools = {actor.school_id, actor.teacher_school_id} - {None}
    at = select(School.region_id).where(School.id.in_(schools))
    return aimed.where(select(home.id).where(home.id.in_(at), home.path.startswith(target.path)).exists())


def _published(actor: Actor) -> Clause:
    """Classes one may choose or once chose: approved and aimed at one, or holding an enrollment of one's own."""
    published = and_(TrainingClass.state.in_(PUBLISHED), TrainingClass.programme_id.in_(aimed_programmes(actor)))
    enrolled = select(Enrollment.training_class_id)
    if actor.teacher_id is not None:
        published = or_(published, TrainingClass.id.in_(enrolled.where(Enrollment.teacher_id == actor.teacher_id)))
    if actor.school_id is not None:
        published = or_(published, TrainingClass.id.in_(enrolled.where(Enrollment.school_id == actor.school_id)))
    return published


@sees(Programme)
def programme_clause(actor: Actor) -> Clause:
    """Own, office, asked, or with a class that is published to the actor."""
    published = select(TrainingClass.programme_id).where(_published(actor))
    return or_(own_programmes(actor), office_programmes(actor), _asked_programmes(actor), Programme.id.in_(published))


@sees(DeclarationDraft)
def _declaration_draft(actor: Actor) -> Clause:
    if actor.institution_id is None:
        return false()
    own: Clause = DeclarationDraft.institution_id == actor.institution_id
    return own


@manages(Programme)
def _programme_of_ones_own_or_under_review(actor: Actor) -> Clause:
    """The institution, and the reviewing bureau or one above it; which of them makes which move, the moves say."""
    return or_(own_programmes(actor), Programme.review_bureau_id.in_(bureaus_of(actor)))


def _staff_programmes(actor: Actor) -> Select[Any]:
    return select(Programme.id).where(or_(own_programmes(actor), office_programmes(actor), _asked_programmes(actor)))


@sees(TrainingClass)
def class_clause(actor: Actor) -> Clause:
    """Every class of the programmes one declares or reviews, the published ones of those aimed at one."""
    return or_(TrainingClass.programme_id.in_(_staff_programmes(actor)), _published(actor))


def managed_classes(actor: Actor) -> Clause:
    """Classes of one's own institution, or that a bureau answers for."""
    answered = select(Programme.id).where(or_(own_programmes(actor), office_programmes(actor)))
    return TrainingClass.programme_id.in_(answered)


@manages(TrainingClass)
def _class_of_ones_own_or_office(actor: Actor) -> Clause:
    return managed_classes(actor)


@sees(ClassSession)
def _class_session(actor: Actor) -> Clause:
    return ClassSession.training_class_id.in_(select(TrainingClass.id).where(class_clause(actor)))


@manages(ClassSession)
def _session_of_a_managed_class(actor: Actor) -> Clause:
    return ClassSession.training_class_id.in_(select(TrainingClass.id).where(managed_classes(actor)))


@sees(PlanFile)
def _plan_file(actor: Actor) -> Clause:
    return PlanFile.programme_id.in_(select(Programme.id).where(programme_clause(actor)))


@manages(PlanFile)
def _plan_file_of_ones_own(actor: Actor) -> Clause:
    return PlanFile.programme_id.in_(select(Programme.id).where(own_programmes(actor)))


@sees(Lecturer)
def _lecturer(actor: Actor) -> Clause:
    """One's own, and those who teach in a programme one sees."""
    teaching = select(programme_lecturer.c.lecturer_id).where(
        programme_lecturer.c.programme_id.in_(select(Programme.id).where(programme_clause(actor)))
    )
    return or_(_own_lecturers(actor), Lecturer.id.in_(teaching))


@manages(Lecturer)
def _own_lecturers(actor: Actor) -> Clause:
    if actor.institution_id is None:
        return false()
    own: Clause = Lecturer.institution_id == actor.institution_id
    return own


@sees(ExpertOpinion)
def _expert_opinion(actor: Actor) -> Clause:
    """The expert's own, and those on programmes a bureau answers for; the institution learns the decision only."""
    answered = select(Programme.id).where(office_programmes(actor))
    return or_(ExpertOpinion.expert_id == actor.account_id, ExpertOpinion.programme_id.in_(answered))


@sees(ClassAdjustment)
def _class_adjustment(actor: Actor) -> Clause:
    return ClassAdjustment.training_class_id.in_(select(TrainingClass.id).where(managed_classes(actor)))


@sees(FavouriteClass)
def _favourite_class(actor: Actor) -> Clause:
    if actor.teacher_id is None:
        return false()
    own: Clause = FavouriteClass.teacher_id == actor.teacher_id
    return own
