"""Teachers' records."""

from __future__ import annotations

from sqlalchemy import false, or_

from app.models import Teacher
from app.security.actor import Actor
from app.security.rules.subtree import Clause, schools_of
from app.security.scope import manages, sees


@sees(Teacher)
def _teacher(actor: Actor) -> Clause:
    present = Teacher.deleted_at.is_(None)
    mine = or_(
        Teacher.school_id.in_(schools_of(actor)),
        Teacher.school_id == actor.school_id if actor.school_id else false(),
        Teacher.id == actor.teacher_id,
    )
    return present & mine


@manages(Teacher)
def _teacher_by_staff(actor: Actor) -> Clause:
    """Records are kept by the school and the bureaus above; a teacher changes fields through a request (TCH-3)."""
    return or_(
        Teacher.school_id.in_(schools_of(actor)),
        Teacher.school_id == actor.school_id if actor.school_id else false(),
    )
