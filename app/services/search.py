"""The search of the top bar: one finder per entity, each within the actor's scope, a few rows of each (ui.md).

A chapter adds a finder for its entity with `finds`. Whatever is found is what the actor may see and open anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import joinedload

from app.domain.text import N_
from app.extensions import db
from app.models import Institution, Programme, School, Teacher, TrainingClass
from app.security.actor import Actor
from app.security.scope import select_visible

LONGEST = 50  # characters of a search that are looked at
Condition = Callable[[str, Actor], ColumnElement[bool]]


@dataclass(frozen=True)
class Finder:
    """How rows of `model` are found (`condition`), told apart (`hint`) and opened (`endpoint` with the key as `pk`)."""

    model: type[Any]
    label: str
    icon: str
    endpoint: str
    condition: Condition
    hint: Callable[[Any], str]
    order: Any
    loads: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Hit:
    """Something found."""

    key: int
    title: str
    hint: str


@dataclass(frozen=True)
class Found:
    """What one finder found; `more`: there is more than was asked for."""

    finder: Finder
    hits: list[Hit]
    more: bool


_finders: list[Finder] = []


def finds(finder: Finder) -> Finder:
    """Register a finder; the groups of the results come in the order of registration."""
    _finders.append(finder)
    return finder


def search(words: str, *, actor: Actor, most: int) -> list[Found]:
    """Return what `words` may mean, at most `most` of each entity: one statement for each the actor may read."""
    wanted = words.strip()[:LONGEST]
    if not wanted:
        return []
    asked = [_find(f, wanted, actor, most) for f in _finders if actor.may("read", f.model.__name__)]
    return [found for found in asked if found.hits]


def _find(finder: Finder, words: str, actor: Actor, most: int) -> Found:
    wanted = select_visible(finder.model, actor).where(finder.condition(words, actor))
    rows: Sequence[Any] = db.session.scalars(
        wanted.options(*finder.loads).order_by(*finder.order).limit(most + 1)
    ).all()
    hits = [Hit(row.id, str(row), finder.hint(row)) for row in rows[:most]]
    return Found(finder, hits, len(rows) > most)


def named(model: Any) -> Condition:
    """Return the condition that the name of a row has the words in it, or that its code begins with them."""

    def condition(words: str, _actor: Actor) -> ColumnElement[bool]:
        return or_(model.name.icontains(words, autoescape=True), model.code.istartswith(words, autoescape=True))

    return condition


def _teachers(words: str, _actor: Actor) -> ColumnElement[bool]:
    """By the beginning of the name, by initials, or by the whole number."""
    ways = [Teacher.name.startswith(words, autoescape=True), Teacher.teacher_number == words]
    letters = words.replace(" ", "").lower()
    if letters.isascii() and letters.isalpha():
        ways.append(Teacher.name_initials.startswith(letters, autoescape=True))
    return and_(Teacher.deleted_at.is_(None), or_(*ways))


def _of_teacher(row: Teacher) -> str:
    return " · ".join(part for part in (row.school.name if row.school else "", row.teacher_number) if part)


finds(
    Finder(
        Teacher, N_("Teachers"), "ti-users", "TeacherView.show", _teachers, _of_teacher,
        (Teacher.name, Teacher.id), (joinedload(Teacher.school),),
    )
)  # fmt: skip


def _programmes(words: str, _actor: Actor) -> ColumnElement[bool]:
    return or_(Programme.title.icontains(words, autoescape=True), Programme.number == words)


def _classes(words: str, _actor: Actor) -> ColumnElement[bool]:
    return TrainingClass.title.icontains(words, autoescape=True)


def _of_class(row: TrainingClass) -> str:
    return f"{row.institution.name} · {row.starts_on.isoformat()}"


finds(
    Finder(
        TrainingClass, N_("Classes"), "ti-school", "TrainingClassView.show", _classes, _of_class,
        (TrainingClass.starts_on.desc(), TrainingClass.id), (joinedload(TrainingClass.institution),),
    )
)  # fmt: skip
finds(
    Finder(
        Programme, N_("Programmes"), "ti-file-description", "ProgrammeView.show", _programmes,
        lambda row: " · ".join(part for part in (row.number, row.institution.name) if part),
        (Programme.id.desc(),), (joinedload(Programme.institution),),
    )
)  # fmt: skip
finds(
    Finder(
        School, N_("Schools"), "ti-building", "SchoolView.show", named(School),
        lambda row: f"{row.region.name} · {row.code}", (School.name, School.id), (joinedload(School.region),),
    )
)  # fmt: skip
finds(
    Finder(
        Institution, N_("Institutions"), "ti-building-community", "InstitutionView.show", named(Institution),
        lambda row: row.region.name, (Institution.name, Institution.id), (joinedload(Institution.region),),
    )
)  # fmt: skip
