"""The board of data quality: how many records have which fault, by part of a region or by school (TCH-9).

Whatever the size of the region, a board is a handful of statements: the database counts, and the parts are added up
here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case, except_, func, select

from app.domain.errors import NotVisible
from app.domain.terms import OrganisationStatus, RegionLevel, TeacherIssue
from app.extensions import db
from app.models import FAULTY, Region, School, Subject, Teacher, school_stage, subject_stage
from app.security.actor import Actor
from app.security.scope import fetch_visible, visible_clause
from app.services.teacher_issues import AT_WORK, issue_clause, on_record
from app.services.transfer_lists import PoolAsked, count_pool

# Faults that one row tells by itself, and so one pass over the faulty rows counts.
IN_THE_ROW = tuple(i for i in TeacherIssue if i not in (TeacherIssue.SHARED_MOBILE, TeacherIssue.UNATTACHED_LONG))


@dataclass(slots=True)
class Line:
    """A part of the place: a region, the schools directly under it (`direct`), or a school."""

    key: int
    name: str
    kind: str
    teachers: int = 0
    faults: Counter[TeacherIssue] = field(default_factory=Counter)
    untaught: int = 0  # pairs of a school and a subject nobody teaches there


@dataclass(frozen=True, slots=True)
class Board:
    """The lines of a place, and of a school the subjects nobody teaches.

    `unattached`: who has been in the pool for over a year, None for who does not see the pool.
    """

    lines: list[Line]
    unattached: int | None
    subjects: list[Subject]

    def total(self) -> Line:
        """Return the sum of the lines."""
        sum_ = Line(0, "", "total")
        for line in self.lines:
            sum_.teachers += line.teachers
            sum_.untaught += line.untaught
            sum_.faults.update(line.faults)
        return sum_


def board_of_region(region: Region, *, actor: Actor, by_school: bool = False) -> Board:
    """Return the board of a region within the actor's: by its parts, or by its own schools (counties always).

    Raises NotPermitted, NotVisible.
    """
    actor.require("read", "TeacherQuality")
    if not actor.everything and not region.path.startswith(actor.region_path or "?"):
        raise NotVisible
    schools = by_school or region.level is RegionLevel.COUNTY
    lines = _by_school(actor, School.region_id == region.id) if schools else _by_region(region, actor)
    return Board(lines, _unattached(region, actor), [])


def board_of_school(key: Any, *, actor: Actor) -> tuple[School, Board]:
    """Return a visible school and its board. Raises NotPermitted, NotVisible."""
    actor.require("read", "TeacherQuality")
    school = fetch_visible(School, key, actor=actor)
    lines = _by_school(actor, School.id == school.id)
    untaught = _untaught(actor, School.id == school.id).c.subject_id
    subjects = select(Subject).where(Subject.id.in_(select(untaught))).order_by(Subject.position)
    return school, Board(lines, _unattached(school, actor), list(db.session.scalars(subjects)))


def _by_school(actor: Actor, *which: Any) -> list[Line]:
    visible = select(School.id, School.name).where(visible_clause(School, actor), *which)
    schools = db.session.execute(visible.order_by(School.code)).all()
    lines = {key: Line(key, name, "school") for key, name in schools}
    _fill(lines.get, School.id, actor, which)
    return [line for line in lines.values() if line.teachers or line.untaught]


def _by_region(region: Region, actor: Actor) -> list[Line]:
    below = select(Region.id, Region.name, Region.path).where(Region.path.startswith(region.path, autoescape=True))
    regions = db.session.execute(below.order_by(Region.path)).all()
    lines: dict[str, Line] = {}
    part_of: dict[int, Line] = {}
    for key, name, path in regions:
        step = path.removeprefix(region.path).partition("/")[0]
        part = f"{region.path}{step}/" if step else region.path
        line = lines.setdefault(part, Line(key, name, "region" if step else "direct"))
        part_of[key] = line
    which = (School.region_id.in_(part_of),) if len(part_of) < 500 else ()
    _fill(part_of.get, School.region_id, actor, which)
    return [line for line in lines.values() if line.teachers or line.untaught]


def _fill(line_of: Callable[[int], Line | None], place: Any, actor: Actor, which: tuple[Any, ...]) -> None:
    """Count teachers, faults and gaps by `place` into the lines."""
    for key, number in _teachers(place, actor, which):
        if line := line_of(key):
            line.teachers += number
    for key, *found in _faults(place, actor, which):
        if line := line_of(key):
            line.faults.update(dict(zip(IN_THE_ROW, found, strict=True)))
    for key, number in _shared(place, actor, which):
        if line := line_of(key):
            line.faults[TeacherIssue.SHARED_MOBILE] += number
    for key, number in _gaps(place, actor, which):
        if line := line_of(key):
            line.untaught += number


def _teachers(place: Any, actor: Actor, which: tuple[Any, ...]) -> Sequence[Any]:
    """Return (place, teachers), as the schools count them."""
    counted = select(place, func.sum(School.staff_count)).where(visible_clause(School, actor), *which)
    return list(db.session.execute(counted.group_by(place)))


def _faults(place: Any, actor: Actor, which: tuple[Any, ...]) -> Sequence[Any]:
    """Return (place, number of each fault of `IN_THE_ROW`)."""
    faults = [func.sum(case((issue_clause(issue, actor), 1), else_=0)) for issue in IN_THE_ROW]
    counted = select(place, *faults).join(School, School.id == Teacher.school_id)
    return list(db.session.execute(counted.where(FAULTY, on_record(actor), *which).group_by(place)))


def _shared(place: Any, actor: Actor, which: tuple[Any, ...]) -> Sequence[Any]:
    """Return (place, teachers whose mobile number somebody else has too)."""
    counted = select(place, func.count()).select_from(Teacher).join(School, School.id == Teacher.school_id)
    shared = issue_clause(TeacherIssue.SHARED_MOBILE, actor)
    return list(db.session.execute(counted.where(shared, on_record(actor), *which).group_by(place)))


def _gaps(place: Any, actor: Actor, which: tuple[Any, ...]) -> Sequence[Any]:
    """Return (place, pairs of a school and a subject that nobody teaches there)."""
    missing = _untaught(actor, *which)
    counted = select(place, func.count()).select_from(missing).join(School, School.id == missing.c.school_id)
    return list(db.session.execute(counted.group_by(place)))


def _untaught(actor: Actor, *which: Any) -> Any:
    """Return (school_id, subject_id) of subjects expected at a school's stages that nobody at work there teaches."""
    visible = (visible_clause(School, actor), School.status == OrganisationStatus.ACTIVE, *which)
    expected = (
        select(School.id.label("school_id"), subject_stage.c.subject_id)
        .join(school_stage, school_stage.c.school_id == School.id)
        .join(subject_stage, subject_stage.c.stage_id == school_stage.c.stage_id)
        .join(Subject, Subject.id == subject_stage.c.subject_id)
        .where(Subject.in_use.is_(True), *visible)
    )
    taught = (
        select(Teacher.school_id, Teacher.subject_id)
        .join(School, School.id == Teacher.school_id)
        .where(Teacher.status.in_(AT_WORK), Teacher.deleted_at.is_(None), *visible)
    )
    return except_(expected, taught).subquery("untaught")


def is_whole_pool(place: Region | School, actor: Actor) -> bool:
    """Tell whether the place's board tells of everybody in the pool, which belongs to the province as a whole."""
    of_province = isinstance(place, Region) and place.level is RegionLevel.PROVINCE
    return of_province and (actor.everything or actor.region_level is RegionLevel.PROVINCE)


def _unattached(place: Region | School, actor: Actor) -> int | None:
    """Return how many of the pool, or of who left the place's schools, have been there for over a year."""
    if is_whole_pool(place, actor):
        fault = issue_clause(TeacherIssue.UNATTACHED_LONG, actor)
        wanted = select(func.count()).select_from(Teacher).where(on_record(actor), fault)
        return int(db.session.scalar(wanted) or 0)
    if not actor.may("transfer", "Transfer"):
        return None
    return count_pool(PoolAsked(long_only=True, place=place), actor=actor)
