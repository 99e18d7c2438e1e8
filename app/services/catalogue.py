"""The year's catalogue: the classes of a batch one may choose from, with all one asks before choosing (ENR-1, ENR-14).

For a teacher it holds the classes aimed at the region of the school whose stage and post fit, each with every reason
against enrolling now; for anybody else the classes within scope. A page costs the same queries however many there are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from app.domain.enrollment import Candidate, Occasion, hours_held
from app.domain.errors import Problem
from app.domain.regions import ancestors
from app.domain.states import Action
from app.domain.terms import ClassState, ProgrammeKind
from app.domain.text import N_, LabelledEnum
from app.extensions import db
from app.models import (
    Batch,
    Enrollment,
    FavouriteClass,
    Institution,
    PlanFile,
    Programme,
    Region,
    TrainingClass,
    programme_post_category,
    programme_region,
    programme_stage,
    programme_subject,
)
from app.security.actor import Actor
from app.security.scope import fetch_visible, select_visible
from app.services.calendar import batch_now
from app.services.enrollment_facts import Case, candidates_of, cases, live, live_count, occasion_of
from app.services.enrollment_standing import standings
from app.services.transitions import may_move

SIZE = 20  # classes on a page
Condition = ColumnElement[bool]


class Order(LabelledEnum):
    """What comes first."""

    NEWEST = "newest", N_("Newest first")
    STARTS = "starts", N_("Starting soonest")
    HOURS = "hours", N_("Most hours")
    SEATS = "seats", N_("Most seats left")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the catalogue is asked for; empty conditions ask for everything."""

    words: str = ""
    kind: ProgrammeKind | None = None
    subject_id: int | None = None
    stage_id: int | None = None
    institution_id: int | None = None
    place: str = ""
    starts_from: date | None = None
    starts_until: date | None = None
    hours_from: int | None = None
    hours_until: int | None = None
    free: bool = False
    favourites: bool = False
    batch_id: int | None = None
    order: Order = Order.NEWEST
    page: int = 1
    size: int = SIZE


@dataclass(frozen=True)
class Entry:
    """A class as the reader sees it: how full it is, one's own enrollment, and what stands against enrolling now."""

    row: TrainingClass
    enrolled: int
    favourite: bool = False
    enrollment: Enrollment | None = None
    withdrawable: bool = False
    refusals: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def draw_likely(self) -> bool:
        """Whether more have enrolled than there are seats (ENR-1)."""
        return self.enrolled > self.row.seats

    @property
    def clash(self) -> Problem | None:
        """The clash with a class one holds, whether it forbids enrolling or is only told (ENR-15)."""
        return next((p for p in (*self.refusals, *self.warnings) if p.code == "time_clash"), None)


@dataclass(frozen=True)
class Gauge:
    """The hours a teacher holds in a batch, on the way to the cap (P2)."""

    held: int
    cap: int

    @property
    def share(self) -> int:
        """Percent of the cap, at most 100."""
        return min(100, 100 * self.held // self.cap)


@dataclass(frozen=True)
class Reader:
    """For whom the catalogue is read, and when: `candidate` holds the facts about a teacher, None for anybody else."""

    actor: Actor
    batch: Batch | None
    occasion: Occasion
    candidate: Candidate | None

    @cached_property
    def gauge(self) -> Gauge | None:
        """Return the hours gauge of a teacher."""
        if self.candidate is None:
            return None
        return Gauge(int(hours_held(self.candidate.held)), self.occasion.policy.hours_cap)


@dataclass(frozen=True)
class Page:
    """One page of the catalogue."""

    reader: Reader
    entries: list[Entry]
    count: int


def reader_of(actor: Actor, batch_id: int | None = None, *, for_others: bool = False) -> Reader:
    """Return for whom the catalogue of a batch is read; without one, of the batch under way.

    `for_others`: somebody who is a teacher too reads it for the teachers of the school (ENR-16).
    """
    batch = db.session.get(Batch, batch_id) if batch_id is not None else None
    batch = batch or batch_now()
    key = batch.id if batch else None
    alone = actor.teacher_id is not None and not for_others
    found = candidates_of([actor.teacher_id or 0], key) if alone else {}
    return Reader(actor, batch, occasion_of(key), found.get(actor.teacher_id or 0))


def search(wanted: Wanted, *, actor: Actor, for_others: bool = False) -> Page:
    """Return the page of the catalogue that `wanted` asks for."""
    actor.require("read", "TrainingClass")
    reader = reader_of(actor, wanted.batch_id, for_others=for_others)
    chosen = offered(reader).where(*conditions(wanted, actor))
    count = db.session.scalar(select(func.count()).select_from(chosen.order_by(None).subquery())) or 0
    last = max(1, -(-count // wanted.size))
    start = (min(wanted.page, last) - 1) * wanted.size
    rows = db.session.scalars(
        chosen.options(*LOADS).order_by(*_ordering(wanted.order)).limit(wanted.size).offset(start)
    ).all()
    return Page(reader, entries_of(rows, reader), count)


def entry_of(class_id: int, *, actor: Actor) -> tuple[Entry, Reader]:
    """Return one class with all that is known of it. Raises NotVisible."""
    actor.require("read", "TrainingClass")
    row = fetch_visible(TrainingClass, class_id, actor=actor, options=(*LOADS, *PAGE_LOADS))
    reader = reader_of(actor, row.batch_id)
    return entries_of([row], reader)[0], reader


LOADS = (
    joinedload(TrainingClass.institution),
    joinedload(TrainingClass.programme).options(selectinload(Programme.subjects), selectinload(Programme.stages)),
)
PAGE_LOADS = (
    selectinload(TrainingClass.sessions),
    joinedload(TrainingClass.programme).options(
        selectinload(Programme.post_categories), selectinload(Programme.target_regions),
        selectinload(Programme.lecturers), selectinload(Programme.plan_files).undefer(PlanFile.size),
    ),
)  # fmt: skip


# --- which classes


def offered(reader: Reader) -> Select[Any]:
    """Return a SELECT of the classes of the batch that are offered to the reader."""
    batch_id = reader.batch.id if reader.batch else None
    chosen = select_visible(TrainingClass, reader.actor).where(
        TrainingClass.state == ClassState.OFFERED, TrainingClass.batch_id == batch_id
    )
    return chosen if reader.candidate is None else chosen.where(*fitting(reader.candidate))


def fitting(candidate: Candidate) -> list[Condition]:
    """Return the conditions that leave the classes aimed at a teacher's region, stage and post (ENR-1)."""
    region, stage, post = programme_region.c, programme_stage.c, programme_post_category.c
    above = Region.path.in_(ancestors(candidate.school_path) if candidate.school_path else [])
    aimed = select(region.programme_id).join(Region, Region.id == region.region_id).where(above)
    return [
        TrainingClass.programme_id.in_(aimed),
        _all_or(stage.programme_id, stage.stage_id, candidate.stage_id),
        _all_or(post.programme_id, post.post_category_id, candidate.post_category_id),
    ]


def _all_or(programme: Any, value: Any, wanted: int | None) -> Condition:
    """Return the condition that the programme names `wanted`, or names nothing: then it means all of them (全部)."""
    named = select(programme)
    return or_(TrainingClass.programme_id.not_in(named), TrainingClass.programme_id.in_(named.where(value == wanted)))


def conditions(wanted: Wanted, actor: Actor) -> list[Condition]:
    """Return what is asked for as conditions; those that are not asked for are left out."""
    subject, stage = programme_subject.c, programme_stage.c
    asked: list[tuple[Any, Any]] = [
        (wanted.words, lambda: _named(wanted.words)),
        (wanted.kind, lambda: TrainingClass.kind == wanted.kind),
        (wanted.subject_id, lambda: _all_or(subject.programme_id, subject.subject_id, wanted.subject_id)),
        (wanted.stage_id, lambda: _all_or(stage.programme_id, stage.stage_id, wanted.stage_id)),
        (wanted.institution_id, lambda: TrainingClass.institution_id == wanted.institution_id),
        (wanted.place, lambda: TrainingClass.place.icontains(wanted.place, autoescape=True)),
        (wanted.starts_from, lambda: TrainingClass.starts_on >= wanted.starts_from),
        (wanted.starts_until, lambda: TrainingClass.starts_on <= wanted.starts_until),
        (wanted.hours_from, lambda: TrainingClass.credit_hours >= wanted.hours_from),
        (wanted.hours_until, lambda: TrainingClass.credit_hours <= wanted.hours_until),
        (wanted.free, lambda: TrainingClass.seats > live_count()),
        (wanted.favourites, lambda: TrainingClass.id.in_(_marked(actor))),
    ]
    return [condition() for value, condition in asked if value]


def _named(words: str) -> Condition:
    """Return the condition that title, place, institution or number has the words in it."""
    places = select(Institution.id).where(Institution.name.icontains(words, autoescape=True))
    numbers = select(Programme.id).where(Programme.number.istartswith(words, autoescape=True))
    return or_(
        TrainingClass.title.icontains(words, autoescape=True),
        TrainingClass.place.icontains(words, autoescape=True),
        TrainingClass.institution_id.in_(places),
        TrainingClass.programme_id.in_(numbers),
    )


def _marked(actor: Actor) -> Select[Any]:
    return select(FavouriteClass.training_class_id).where(FavouriteClass.teacher_id == actor.teacher_id)


def _ordering(order: Order) -> tuple[Any, ...]:
    """Return the order, ending in the key so that pages never overlap."""
    first: dict[Order, tuple[Any, ...]] = {
        Order.NEWEST: (),
        Order.STARTS: (TrainingClass.starts_on,),
        Order.HOURS: (TrainingClass.credit_hours.desc(),),
        Order.SEATS: ((TrainingClass.seats - live_count()).desc(),),
    }
    return (*first[order], TrainingClass.id.desc())


# --- what is told of them


def entries_of(rows: Sequence[TrainingClass], reader: Reader) -> list[Entry]:
    """Return the classes as the reader sees them, in the order given: a few queries however many they are."""
    keys = [row.id for row in rows]
    counts = enrolled_counts(keys)
    plain = [Entry(row, counts.get(row.id, 0)) for row in rows]
    teacher_id = reader.actor.teacher_id
    if reader.candidate is None or teacher_id is None or not keys:
        return plain
    marked = set(db.session.scalars(_marked(reader.actor).where(FavouriteClass.training_class_id.in_(keys))))
    own = _own(keys, teacher_id)
    open_ones = withdrawable(own.values(), reader.actor)
    judged = cases([teacher_id], keys, reader.batch.id if reader.batch else None)
    personal = [_with_own(entry, own.get(entry.row.id), open_ones, marked) for entry in plain]
    return [_judged(entry, judged.get((teacher_id, entry.row.id))) for entry in personal]


def _with_own(entry: Entry, own: Enrollment | None, open_ones: set[int], marked: set[int]) -> Entry:
    may = own is not None and own.id in open_ones
    return replace(entry, favourite=entry.row.id in marked, enrollment=own, withdrawable=may)


def _judged(entry: Entry, case: Case | None) -> Entry:
    if case is None:
        return entry
    return replace(entry, refusals=tuple(case.refusals), warnings=tuple(case.warnings))


def withdrawable(rows: Collection[Enrollment], actor: Actor) -> set[int]:
    """Return the keys of those the actor may withdraw now (ENR-4), for any number of them in a few queries."""
    stands = standings([row.id for row in rows]) if rows else {}
    return {
        row.id
        for row in rows
        if row.id in stands and may_move(row, Action.WITHDRAW, actor=actor, facts=stands[row.id].facts)
    }


def enrolled_counts(class_ids: Collection[int]) -> dict[int, int]:
    """Return class id → its live enrollments; a class without any is left out."""
    rows = db.session.execute(
        select(Enrollment.training_class_id, func.count())
        .where(Enrollment.training_class_id.in_(class_ids), live())
        .group_by(Enrollment.training_class_id)
    )
    return {key: count for key, count in rows}  # noqa: C416 - rows are no pairs to mypy


def _own(class_ids: Collection[int], teacher_id: int) -> dict[int, Enrollment]:
    mine = select(Enrollment).where(
        Enrollment.teacher_id == teacher_id, Enrollment.training_class_id.in_(class_ids), live()
    )
    return {row.training_class_id: row for row in db.session.scalars(mine)}
