"""Teachers' records."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, false, or_, select, true

from app.domain.terms import RegionLevel
from app.models import School, Teacher
from app.security.actor import Actor
from app.security.rules.subtree import Clause, schools_of
from app.security.scope import manages, sees


def kept_here(actor: Actor) -> Clause:
    """Return the condition on `Teacher` that leaves those of the schools the actor keeps, deleted ones among them."""
    if actor.school_id and actor.region_path is None:
        return Teacher.school_id == actor.school_id
    below = Teacher.school_id.in_(schools_of(actor))
    return below | (Teacher.school_id == actor.school_id) if actor.school_id else below


def schools_kept(actor: Actor) -> Select[Any]:
    """Return the ids of the schools whose teachers the actor keeps."""
    own = School.id == actor.school_id if actor.school_id else false()
    return select(School.id).where(true() if actor.everything else or_(School.id.in_(schools_of(actor)), own))


@sees(Teacher)
def _teacher(actor: Actor) -> Clause:
    present = Teacher.deleted_at.is_(None)
    if actor.region_level is RegionLevel.PROVINCE:  # the pool belongs to the province as a whole
        return present & or_(kept_here(actor), Teacher.school_id.is_(None))
    if actor.teacher_id is None:  # an "or" that no row meets would keep the database from its index
        return present & kept_here(actor)
    return present & or_(kept_here(actor), Teacher.id == actor.teacher_id)


@manages(Teacher)
def _teacher_by_staff(actor: Actor) -> Clause:
    """Records are kept by the school and the bureaus above; a teacher changes fields through a request (TCH-3)."""
    return kept_here(actor)
