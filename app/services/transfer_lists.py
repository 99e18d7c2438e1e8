"""Lists of transfers: what is to be done, who comes and goes, the pool of unattached teachers (TCH-7, 自由人)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import joinedload

from app.domain.clock import day_start, today
from app.domain.names import normalise_name
from app.domain.states import Kind, live_states
from app.domain.terms import (
    RegionLevel,
    TeacherStatus,
    TransferDirection,
    TransferKind,
    TransferPart,
    TransferState,
)
from app.domain.text import N_
from app.extensions import db
from app.models import Region, School, Subject, Teacher, Transfer
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.rules.subtree import schools_of
from app.security.scope import visible_clause
from app.services.teacher_search import name_contains
from app.services.transfer_search import handle_of
from app.services.waiting import Waiting, count_of, waits

POOL_ORDERS = ("name", "subject", "school", "since")
LONG = timedelta(days=365)  # whoever is unattached for longer is brought to mind (TCH-9)


def part_clause(part: TransferPart, actor: Actor) -> ColumnElement[bool]:
    """Return the condition that leaves the transfers of a part of the list, of those the actor sees."""
    if part is TransferPart.TO_RELEASE:
        return and_(Transfer.state == TransferState.REQUESTED, _turn_of(Transfer.from_school_id, actor))
    if part is TransferPart.TO_TAKE_IN:
        waits_here = and_(Transfer.agreed_at.is_(None), _turn_of(Transfer.to_school_id, actor))
        return and_(Transfer.state == TransferState.RELEASED, waits_here)
    if part is TransferPart.UNDER_WAY:
        return Transfer.state.in_(live_states(Kind.TRANSFER))
    running = and_(Transfer.state == TransferState.COMPLETED, Transfer.ended_on.is_(None))
    return and_(Transfer.kind == TransferKind.SECONDMENT, running)


def direction_clause(direction: TransferDirection, actor: Actor) -> ColumnElement[bool]:
    """Return the condition that leaves who goes out of, or comes into, the actor's schools."""
    column = Transfer.from_school_id if direction is TransferDirection.OUT else Transfer.to_school_id
    return column.is_not(None) if actor.everything else _ours(column, actor)


def part_counts(actor: Actor) -> dict[TransferPart, int]:
    """Return how many transfers stand in each part of the list, in one query."""
    seen = visible_clause(Transfer, actor)
    counted = [func.count().filter(part_clause(part, actor)) for part in TransferPart]
    row = db.session.execute(select(*counted).select_from(Transfer).where(seen)).one()
    return dict(zip(TransferPart, (int(number) for number in row), strict=True))


def _turn_of(column: Any, actor: Actor) -> ColumnElement[bool]:
    """The school itself, or the bureau above both, whose act replaces the school's."""
    if actor.everything:
        return true()
    own = column == actor.school_id if actor.school_id is not None else false()
    if actor.region_path is None:
        return own
    both = and_(Transfer.from_school_id.in_(schools_of(actor)), Transfer.to_school_id.in_(schools_of(actor)))
    return or_(own, both)


def _ours(column: Any, actor: Actor) -> ColumnElement[bool]:
    own = column == actor.school_id if actor.school_id is not None else false()
    return or_(own, column.in_(schools_of(actor)))


# --- the workbench


def _waiting(part: TransferPart, label: str, icon: str, actor: Actor) -> Waiting | None:
    if actor.school_id is None:
        return None  # a bureau may decide instead, but it is not its turn
    count = count_of(Transfer, visible_clause(Transfer, actor), part_clause(part, actor))
    return Waiting(label, icon, count, "TransferView.list", {"part": part.value})


@waits("transfer", "Transfer")
def transfers_to_release(actor: Actor) -> Waiting | None:
    """Teachers whom other schools ask for."""
    return _waiting(TransferPart.TO_RELEASE, N_("Transfers to release or refuse"), "ti-user-share", actor)


@waits("transfer", "Transfer")
def transfers_to_take_in(actor: Actor) -> Waiting | None:
    """Teachers whom other schools send."""
    return _waiting(TransferPart.TO_TAKE_IN, N_("Transfers to take in or refuse"), "ti-user-down", actor)


# --- the pool


@dataclass(frozen=True, slots=True)
class PoolAsked:
    """What is asked of the pool: part of a name, a subject, only those unattached for long, or who left a place's
    schools; its order, a page of it."""

    name: str = ""
    subject: str = ""
    long_only: bool = False
    page: int = 1
    size: int = 25
    order: str = ""  # one of POOL_ORDERS; empty: who has been unattached longest first
    descending: bool = False
    place: Region | School | None = None


@dataclass(frozen=True, slots=True)
class Unattached:
    """Somebody in the pool. `since` and `school` tell when and where the person left; None for who never had one."""

    teacher: Teacher
    who: str
    name: str
    id_tail: str
    subject: str
    since: date | None
    school: str
    transfer_id: int | None
    long: bool


def pool(asked: PoolAsked, *, actor: Actor, vault: Vault) -> tuple[list[Unattached], int]:
    """Return a page of the unattached teachers who left the actor's schools, and how many there are in all.

    The province sees also those who came into the pool by no transfer. Raises NotPermitted.
    """
    actor.require("transfer", "Transfer")
    count = count_pool(asked, actor=actor)
    wanted = _pool_ordered(_pool(asked, actor), asked)
    page = wanted.limit(asked.size).offset((asked.page - 1) * asked.size)
    found = [_unattached(teacher, transfer, actor, vault) for teacher, transfer in db.session.execute(page)]
    return found, count


def count_pool(asked: PoolAsked, *, actor: Actor) -> int:
    """Return how many the pool shows on all its pages. Raises NotPermitted."""
    actor.require("transfer", "Transfer")
    return db.session.scalar(select(func.count()).select_from(_pool(asked, actor).subquery())) or 0


def whole_pool(asked: PoolAsked, *, actor: Actor, vault: Vault) -> Iterator[tuple[Unattached, bool]]:
    """Yield everybody the pool shows, on all its pages, and whether the record lies within the actor's scope.

    Who left one's schools is shown without that: the record itself is the province's. Raises NotPermitted.
    """
    actor.require("transfer", "Transfer")
    actor.require("export", "Transfer")
    wanted = _pool_ordered(_pool(asked, actor), asked)
    in_scope = wanted.where(visible_clause(Teacher, actor)).with_only_columns(Teacher.id)
    seen = set(db.session.scalars(in_scope))
    for teacher, transfer in db.session.execute(wanted):
        yield _unattached(teacher, transfer, actor, vault), teacher.id in seen


def _pool_ordered(wanted: Select[Teacher, Transfer], asked: PoolAsked) -> Select[Teacher, Transfer]:
    columns: dict[str, Any] = {
        "name": Teacher.name,
        "subject": select(Subject.position).where(Subject.id == Teacher.subject_id).scalar_subquery(),
        "school": select(School.name).where(School.id == Transfer.from_school_id).scalar_subquery(),
        "since": Transfer.completed_on,
    }
    column = columns.get(asked.order, Transfer.completed_on)
    return wanted.order_by((column.desc() if asked.descending else column.asc()).nulls_last(), Teacher.id)


def _pool(asked: PoolAsked, actor: Actor) -> Select[Teacher, Transfer]:
    into = and_(
        Transfer.teacher_id == Teacher.id, Transfer.state == TransferState.COMPLETED, Transfer.ended_on.is_(None),
        Transfer.to_school_id.is_(None),
    )  # fmt: skip
    loads = joinedload(Transfer.from_school), joinedload(Teacher.subject)
    unattached = Teacher.status == TeacherStatus.UNATTACHED
    present = Teacher.school_id.is_(None), unattached, Teacher.deleted_at.is_(None)
    wanted = select(Teacher, Transfer).outerjoin(Transfer, into).where(*present).options(*loads)
    if not actor.everything and actor.region_level is not RegionLevel.PROVINCE:
        wanted = wanted.where(_ours(Transfer.from_school_id, actor))
    if asked.place is not None:
        wanted = wanted.where(Transfer.from_school_id.in_(_schools_at(asked.place)))
    if asked.name:
        wanted = wanted.where(name_contains(normalise_name(asked.name)))
    if asked.subject:
        wanted = wanted.where(Teacher.subject_id.in_(select(Subject.id).where(Subject.code == asked.subject)))
    if asked.long_only:
        wanted = wanted.where(_since_before(today() - LONG))
    return wanted


def _schools_at(place: Region | School) -> Select[int]:
    wanted = select(School.id)
    if isinstance(place, School):
        return wanted.where(School.id == place.id)
    return wanted.join(School.region).where(Region.path.startswith(place.path, autoescape=True))


def _since_before(day: date) -> ColumnElement[bool]:
    """Unattached since before `day`; who came by no transfer, since the record was made."""
    return or_(Transfer.completed_on < day, and_(Transfer.id.is_(None), Teacher.created_at < day_start(day)))


def _unattached(teacher: Teacher, transfer: Transfer | None, actor: Actor, vault: Vault) -> Unattached:
    since = transfer.completed_on if transfer else None
    school: School | None = transfer.from_school if transfer else None
    return Unattached(
        teacher=teacher,
        who=handle_of(teacher.id, actor, vault),
        name=teacher.name,
        id_tail=teacher.national_id_tail or "",
        subject=teacher.subject.name if teacher.subject else "",
        since=since,
        school=school.name if school else "",
        transfer_id=transfer.id if transfer else None,
        long=since is not None and since < today() - LONG,
    )


def transfers_of(teacher_id: int) -> list[Transfer]:
    """Return every transfer of a teacher, the newest first, with its schools; who may see them the caller has asked."""
    loads = joinedload(Transfer.from_school), joinedload(Transfer.to_school)
    wanted = select(Transfer).where(Transfer.teacher_id == teacher_id).options(*loads)
    return list(db.session.scalars(wanted.order_by(Transfer.id.desc())))
