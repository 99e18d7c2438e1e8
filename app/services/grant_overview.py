"""Reading region grants: the history of institutions, the matrix institution × city, the tree to pick from (ORG-4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import joinedload

from app.domain.clock import today
from app.domain.grants import extent_of, state_of
from app.domain.regions import ancestors
from app.domain.terms import AuditAction, GrantExtent, GrantState, RegionLevel
from app.extensions import db
from app.models import Account, AuditEntry, Institution, Region, RegionGrant
from app.security.actor import Actor
from app.security.scope import visible_clause
from app.services.grants import STANDING, coverages, valid_on

Validity = tuple[date, date | None]


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A grant with where it stands today, who made it, and who revoked it and why."""

    grant: RegionGrant
    state: GrantState
    granted_by: str
    revoked_by: str
    revoke_reason: str

    @property
    def standing(self) -> bool:
        """Whether it can be revoked."""
        return self.state in STANDING


@dataclass(slots=True)
class RegionNode:
    """A node of the tree to pick from."""

    id: int
    name: str
    children: list[RegionNode] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """An institution and how much of each city it is granted, in the order of the matrix's cities."""

    institution: Institution
    extents: tuple[GrantExtent, ...]


@dataclass(frozen=True, slots=True)
class MatrixAsked:
    """What of the matrix is wanted: part of a name or code, one city from within, with or without grants, on a day."""

    wanted: str = ""
    city_id: int | None = None
    granted: bool | None = None
    day: date | None = None
    page: int = 1
    size: int = 25


@dataclass(frozen=True, slots=True)
class Matrix:
    """One page of institutions × cities on a day, or × the counties of `city`; `count` institutions in all."""

    city: Region | None
    columns: Sequence[Region]
    rows: tuple[MatrixRow, ...]
    count: int


def history(*, actor: Actor, institution_id: int | None = None) -> list[GrantLine]:
    """Return every grant `actor` sees, of one institution or of all: by institution, the newest first."""
    actor.require("read", "RegionGrant")
    one = RegionGrant.institution_id == institution_id if institution_id is not None else true()
    statement = (
        select(RegionGrant)
        .where(visible_clause(RegionGrant, actor), one)
        .join(RegionGrant.institution)
        .join(RegionGrant.region)
        .options(joinedload(RegionGrant.institution).joinedload(Institution.region), joinedload(RegionGrant.region))
        .order_by(Institution.code, RegionGrant.valid_from.desc(), Region.path, RegionGrant.id.desc())
    )
    return _lines(db.session.scalars(statement).all())


def _lines(rows: Sequence[RegionGrant]) -> list[GrantLine]:
    names, reasons, day = _names(rows), _reasons(rows), today()
    return [
        GrantLine(
            row,
            state_of(row, day),
            names.get(row.granted_by_id, ""),
            names.get(row.revoked_by_id, ""),
            reasons.get(row.id, ""),
        )
        for row in rows
    ]


def _names(rows: Sequence[RegionGrant]) -> dict[int | None, str]:
    wanted = {row.granted_by_id for row in rows} | {row.revoked_by_id for row in rows}
    found = select(Account).where(Account.id.in_(wanted - {None}))
    return {account.id: account.name for account in db.session.scalars(found)}


def _reasons(rows: Sequence[RegionGrant]) -> dict[int, str]:
    """Return grant → why it was revoked, which the audit keeps: the grant itself keeps why it was made."""
    revoked = {row.id for row in rows if row.revoked_at is not None}
    statement = select(AuditEntry.row_id, AuditEntry.reason).where(
        AuditEntry.entity == RegionGrant.__name__,
        AuditEntry.action == AuditAction.REVOKE,
        AuditEntry.row_id.in_(revoked),
    )
    return {key: reason or "" for key, reason in db.session.execute(statement) if key is not None}


def standing_sets(lines: Iterable[GrantLine]) -> dict[Validity, list[RegionGrant]]:
    """Return validity → the grants that are in force or will be, the earliest validity first."""
    sets: dict[Validity, list[RegionGrant]] = {}
    for line in lines:
        if line.standing:
            sets.setdefault((line.grant.valid_from, line.grant.valid_to), []).append(line.grant)
    return dict(sorted(sets.items(), key=lambda item: (item[0][0], item[0][1] or date.max)))


def region_nodes() -> list[RegionNode]:
    """Return the region tree from the province down, each level by code."""
    nodes: dict[int, RegionNode] = {}
    roots: list[RegionNode] = []
    for region in db.session.scalars(select(Region).order_by(Region.path)):
        nodes[region.id] = RegionNode(region.id, region.name)
        above = nodes.get(region.parent_id) if region.parent_id is not None else None
        (above.children if above else roots).append(nodes[region.id])
    return roots


def matrix(asked: MatrixAsked, *, actor: Actor) -> Matrix:
    """Return one page of the matrix: the institutions `actor` sees that meet what is asked."""
    actor.require("read", "RegionGrant")
    day = asked.day or today()
    city = db.session.get(Region, asked.city_id) if asked.city_id is not None else None
    columns = db.session.scalars(_columns(city).order_by(Region.code)).all()
    condition = visible_clause(Institution, actor) & _named(asked.wanted) & _granted(asked.granted, city, day)
    statement = select(Institution).where(condition).order_by(Institution.code, Institution.id)
    shown = db.session.scalars(statement.limit(asked.size).offset((max(asked.page, 1) - 1) * asked.size)).all()
    paths = coverages([row.id for row in shown], day)
    rows = tuple(MatrixRow(row, tuple(extent_of(paths.get(row.id, ()), c.path) for c in columns)) for row in shown)
    count = db.session.scalar(select(func.count()).select_from(Institution).where(condition)) or 0
    return Matrix(city, columns, rows, count)


def _columns(city: Region | None) -> Select[Region]:
    """Return the cities, or the counties of the one looked into."""
    return select(Region).where(Region.parent_id == city.id if city else Region.level == RegionLevel.CITY)


def _granted(wanted: bool | None, city: Region | None, day: date) -> ColumnElement[bool]:
    """Return the condition on institutions with (or without) a grant in force, in the city if there is one."""
    if wanted is None:
        return true()
    place = (
        true()
        if city is None
        else Region.path.startswith(city.path, autoescape=True) | Region.path.in_(ancestors(city.path))
    )
    held = (
        select(RegionGrant.institution_id).join(Region, RegionGrant.region_id == Region.id).where(valid_on(day), place)
    )
    return Institution.id.in_(held) if wanted else Institution.id.not_in(held)


def _named(wanted: str) -> ColumnElement[bool]:
    if not wanted:
        return true()
    return or_(*(c.icontains(wanted, autoescape=True) for c in (Institution.name, Institution.code)))
