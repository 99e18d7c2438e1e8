"""Teachers in numbers: one dimension down the rows, another across, within scope and whatever filters hold (TCH-11).

The database counts; a table takes three statements, whatever its size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select

from app.domain.errors import NotVisible
from app.domain.terms import AgeBand, Gender, RegionLevel, TeacherDimension, TeacherStatus
from app.domain.text import N_, LabelledEnum
from app.extensions import db
from app.models import PostCategory, ProfessionalTitle, Region, School, Stage, Subject, Teacher
from app.security.actor import Actor
from app.services.teacher_issues import age_column, on_record

D = TeacherDimension
LISTS: dict[TeacherDimension, tuple[Any, type[Any]]] = {
    D.STAGE: (Teacher.stage_id, Stage),
    D.SUBJECT: (Teacher.subject_id, Subject),
    D.POST: (Teacher.post_category_id, PostCategory),
    D.TITLE: (Teacher.title_id, ProfessionalTitle),
}
WORDS: dict[TeacherDimension, tuple[Any, type[LabelledEnum]]] = {
    D.AGE: (None, AgeBand),
    D.GENDER: (Teacher.gender, Gender),
    D.STATUS: (Teacher.status, TeacherStatus),
}
NOT_KNOWN, WITHOUT_SCHOOL = N_("Not known"), N_("Without a school")
ACROSS = (D.GENDER, D.AGE, D.STAGE, D.TITLE, D.STATUS)  # few enough to stand side by side


@dataclass(slots=True)
class Group:
    """A row or column: its key (None: not known), its name (a word, or text), and its numbers by the key across.

    `direct`: the schools directly under the region itself; `leaf`: a region without parts.
    """

    key: Any
    name: Any
    numbers: Counter[Any] = field(default_factory=Counter)
    direct: bool = False
    leaf: bool = False

    @property
    def total(self) -> int:
        """The sum across."""
        return self.numbers.total()


@dataclass(frozen=True, slots=True)
class Statistics:
    """Rows and columns in the order they are shown; one column without a name when nothing goes across."""

    rows: list[Group]
    columns: list[Group]

    @property
    def total(self) -> int:
        """How many teachers are counted."""
        return sum(row.total for row in self.rows)


def count_teachers(
    by: TeacherDimension,
    across: TeacherDimension | None,
    conditions: Sequence[ColumnElement[bool]],
    *,
    actor: Actor,
    region: Region | None = None,
) -> Statistics:
    """Return the visible teachers that meet `conditions`, counted; `region` is the one whose parts are told by region.

    Raises NotPermitted, and NotVisible for a region outside one's own.
    """
    actor.require("read", "TeacherStatistics")
    if region is not None and not actor.everything and not region.path.startswith(actor.region_path or "?"):
        raise NotVisible
    side: Any = literal("") if across is None else _column(across)
    found = _counted(_column(by), side, conditions, actor)
    numbers: dict[Any, Counter[Any]] = {}
    for key, other, number in found:
        numbers.setdefault(key, Counter())[other] += number
    rows = _regions(numbers, region) if by is D.REGION else _groups(by, numbers)
    columns = [Group("", "")] if across is None else _groups(across, {key: Counter() for _by, key, _n in found})
    return Statistics(rows, columns)


def dimensions_of(actor: Actor) -> list[TeacherDimension]:
    """Return the dimensions that tell the actor something: a school has no regions."""
    own_school = actor.region_path is None and not actor.everything
    return [d for d in D if not (own_school and d in (D.REGION, D.SCHOOL))]


def told_by(by: TeacherDimension, region: Region | None) -> TeacherDimension:
    """Return the dimension that is told: of a region without parts the schools."""
    without_parts = region is not None and region.level is RegionLevel.COUNTY
    return D.SCHOOL if by is D.REGION and without_parts else by


def _column(dimension: TeacherDimension) -> Any:
    if dimension is D.AGE:
        return age_column()
    places = {D.REGION: School.region_id, D.SCHOOL: Teacher.school_id}
    return places.get(dimension) or {**LISTS, **WORDS}[dimension][0]


def _counted(by: Any, side: Any, conditions: Sequence[Any], actor: Actor) -> Sequence[Any]:
    parts = select(by.label("by"), side.label("side")).select_from(Teacher)
    if by is School.region_id:
        parts = parts.outerjoin(School, School.id == Teacher.school_id)
    one = parts.where(on_record(actor), *conditions).subquery()
    return list(db.session.execute(select(one.c.by, one.c.side, func.count()).group_by(one.c.by, one.c.side)))


def _groups(dimension: TeacherDimension, numbers: dict[Any, Counter[Any]]) -> list[Group]:
    """Return a group for each key, in the order of its list; schools by code, who is not known last."""
    if dimension in WORDS:
        words = WORDS[dimension][1]
        return [Group(word.value, word, numbers[word]) for word in words if word in numbers]
    model: Any = School if dimension is D.SCHOOL else LISTS[dimension][1]
    order = School.code if dimension is D.SCHOOL else model.position
    wanted = select(model.id, model.name).order_by(order, model.id)
    if dimension is D.SCHOOL and len(numbers) < 500:
        wanted = wanted.where(School.id.in_([key for key in numbers if key is not None]))
    known = [Group(key, name, numbers[key]) for key, name in db.session.execute(wanted) if key in numbers]
    unknown = WITHOUT_SCHOOL if dimension is D.SCHOOL else NOT_KNOWN
    return [*known, Group(None, unknown, numbers[None])] if None in numbers else known


def _regions(numbers: dict[Any, Counter[Any]], region: Region | None) -> list[Group]:
    """Return a group for each part of `region`; of teachers without a school one more."""
    top = region.path if region is not None else "/"
    below = select(Region.id, Region.name, Region.path, Region.level).where(
        Region.path.startswith(top, autoescape=True)
    )
    groups: dict[str, Group] = {}
    for key, name, path, level in db.session.execute(below.order_by(Region.path)):
        step = path.removeprefix(top).partition("/")[0]
        made = Group(key, name, direct=not step, leaf=level is RegionLevel.COUNTY)
        group = groups.setdefault(f"{top}{step}", made)
        group.numbers.update(numbers.get(key, {}))
    found = [group for group in groups.values() if group.total]
    return [*found, Group(None, WITHOUT_SCHOOL, numbers[None])] if None in numbers else found
