"""The numbers of one's own part of the province, for the workbench (PUB-2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from app.domain.terms import ClassState, RegionLevel
from app.extensions import db
from app.models import Enrollment, Region, School, Subject, Teacher, TrainingClass, TrainingYear
from app.security.actor import Actor
from app.security.scope import visible_clause
from app.services.teacher_issues import on_record


def teachers_on_record(actor: Actor) -> int:
    """Return how many teachers the actor sees; for bureaus as the schools count them, which is one small sum."""
    if actor.bureau_id is not None or actor.everything:
        in_the_pool = _count(actor).where(Teacher.school_id.is_(None)).scalar_subquery()
        at_schools = func.coalesce(func.sum(School.staff_count), 0)
        wanted = select(at_schools + in_the_pool).where(visible_clause(School, actor))
    else:
        wanted = _count(actor)
    return int(db.session.scalar(wanted) or 0)


def _count(actor: Actor) -> Select[Any]:
    return select(func.count()).select_from(Teacher).where(on_record(actor))


def classes_of_the_year(actor: Actor) -> int:
    """Return how many classes of the current training year the actor sees; cancelled and refused ones are none."""
    gone = (ClassState.CANCELLED, ClassState.REFUSED)
    return _of_the_year(TrainingClass, actor, TrainingClass.state.not_in(gone))


def enrollments_of_the_year(actor: Actor, *conditions: ColumnElement[bool]) -> int:
    """Return how many enrollments of the current training year the actor sees."""
    return _of_the_year(Enrollment, actor, *conditions)


def _of_the_year(model: type[TrainingClass] | type[Enrollment], actor: Actor, *conditions: ColumnElement[bool]) -> int:
    year = select(TrainingYear.id).where(TrainingYear.is_current.is_(True))
    theirs = (visible_clause(model, actor), model.training_year_id.in_(year), *conditions)
    return db.session.scalar(select(func.count(model.id)).where(*theirs)) or 0


def schools_by_region(actor: Actor) -> Sequence[tuple[str, int, int]]:
    """Return (region, schools, teachers) for each part of a bureau's region: cities of the province, counties.

    Schools that stand in the bureau's own region come under its name; a county has no parts.
    """
    if actor.region_path is None or actor.region_level is RegionLevel.COUNTY:
        return []
    wanted = (
        select(Region.path, func.count(School.id), func.sum(School.staff_count))
        .join(School, School.region_id == Region.id)
        .where(visible_clause(School, actor))
        .group_by(Region.path)
    )
    schools, teachers = Counter[str](), Counter[str]()
    for path, count, staff in db.session.execute(wanted):
        part = _part(path, actor.region_path)
        schools[part] += count
        teachers[part] += staff or 0
    names = db.session.execute(select(Region.path, Region.name).where(Region.path.in_(schools)).order_by(Region.path))
    return [(name, schools[path], teachers[path]) for path, name in names]


def _part(path: str, above: str) -> str:
    """Return the path of the region below `above` that `path` lies in, or is."""
    step = path.removeprefix(above).partition("/")[0]
    return f"{above}{step}/" if step else above


def teachers_by_subject(actor: Actor, most: int = 12) -> Sequence[tuple[str, int]]:
    """Return (subject, teachers) of a school's teachers, the most frequent first; those without a subject left out."""
    wanted = (
        select(Subject.name, func.count(Teacher.id))
        .join(Teacher, Teacher.subject_id == Subject.id)
        .where(on_record(actor))
        .group_by(Subject.id, Subject.name)
        .order_by(func.count(Teacher.id).desc(), Subject.name)
    )
    return [(name, count) for name, count in db.session.execute(wanted.limit(most))]
