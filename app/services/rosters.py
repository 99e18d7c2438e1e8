"""Who takes part in a class, for the roster and the sign-in sheet (花名册, 签到表; DEL-12)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload, selectinload

from app.domain.sign_in_sheets import Slot, slots_of
from app.domain.terms import EnrollmentState
from app.extensions import db
from app.models import Enrollment, Region, School, Teacher, TrainingClass
from app.security.actor import Actor
from app.security.scope import fetch_visible, select_visible


def on_the_roster() -> ColumnElement[bool]:
    """Return the condition on `Enrollment` that leaves who takes part: the admitted."""
    return Enrollment.state == EnrollmentState.ADMITTED


def usual_order() -> tuple[Any, ...]:
    """Return the order of a roster: the newest class first, then region, school and name: colleagues stand together."""
    school = School.id == Enrollment.school_id
    path = select(Region.path).join(School, School.region_id == Region.id).where(school)
    name = select(School.name).where(school)
    teacher = select(Teacher.name).where(Teacher.id == Enrollment.teacher_id)
    keys = [part.correlate(Enrollment).scalar_subquery() for part in (path, name, teacher)]
    return (Enrollment.training_class_id.desc(), *keys, Enrollment.id)


def class_of_roster(key: Any, *, actor: Actor) -> TrainingClass:
    """Return the class with its timetable. Raises NotPermitted, NotVisible."""
    actor.require("export", "Enrollment")
    loads = (joinedload(TrainingClass.institution), selectinload(TrainingClass.sessions))
    return fetch_visible(TrainingClass, key, actor=actor, options=loads)


def participants(training_class: TrainingClass, *, actor: Actor) -> list[Enrollment]:
    """Return who takes part in a class, as far as the actor sees them, in the order of the roster."""
    actor.require("export", "Enrollment")
    mine = select_visible(Enrollment, actor).where(
        Enrollment.training_class_id == training_class.id, on_the_roster()
    )  # fmt: skip
    loads = (
        joinedload(Enrollment.school),
        joinedload(Enrollment.teacher).options(joinedload(Teacher.subject), joinedload(Teacher.title)),
    )
    return list(db.session.scalars(mine.options(*loads).order_by(*usual_order())))


def slots(training_class: TrainingClass) -> list[Slot]:
    """Return the half days for which people sign in."""
    return slots_of(training_class.sessions, training_class.starts_on, training_class.ends_on)
