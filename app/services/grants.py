"""Granting institutions regions, revoking, and what is covered on a day (ORG-4).

Grants of one institution with the same first and last day are one set, picked together in the tree. Only the province
grants. Nothing here touches programmes: what was approved under a grant stays approved when the grant is revoked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from app.domain.clock import now, today
from app.domain.errors import Conflict, NotVisible, Problems, problem
from app.domain.grants import GrantChange, change_of, span_problem, state_of
from app.domain.regions import contains, normalised
from app.domain.terms import AuditAction, GrantState
from app.domain.text import N_
from app.extensions import db
from app.models import Institution, Region, RegionGrant
from app.security.actor import Actor
from app.security.scope import fetch_manageable, manageable_clause
from app.services import audit
from app.services.unit import transaction

MOST_INSTITUTIONS = 500  # in one act
LONGEST_REASON = 200
STANDING = (GrantState.UPCOMING, GrantState.VALID)
Held = dict[str, RegionGrant]


@dataclass(frozen=True, slots=True)
class GrantOrder:
    """What is asked for: these regions for these institutions, from a day to a day (None: no end), and why.

    `replace`: the regions are the whole set of this validity, so what is missing is revoked.
    """

    institution_ids: tuple[int, ...]
    region_ids: tuple[int, ...]
    valid_from: date
    valid_to: date | None = None
    reason: str | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class InstitutionPlan:
    """What an order changes for one institution."""

    institution: Institution
    held: Held
    change: GrantChange


@dataclass(frozen=True, slots=True)
class GrantPlan:
    """What an order changes in all; `regions` are the topmost chosen ones by path."""

    order: GrantOrder
    regions: dict[str, Region]
    parts: tuple[InstitutionPlan, ...]

    @property
    def granted(self) -> int:
        """How many grants are made."""
        return sum(len(part.change.grant) for part in self.parts)

    @property
    def revoked(self) -> int:
        """How many grants are revoked, those a superior takes the place of among them."""
        return sum(len(part.change.revoke) for part in self.parts)

    @property
    def kept(self) -> int:
        """How many grants of this validity stay as they are."""
        return sum(len(part.change.keep) for part in self.parts)


def grant(
    institution_ids: Iterable[int],
    region_ids: Iterable[int],
    *,
    valid_from: date,
    valid_to: date | None = None,
    reason: str | None = None,
    actor: Actor,
) -> GrantPlan:
    """Grant the regions to every institution; what each holds for the same dates already stays, and is not doubled.

    A granted superior takes the place of grants below it. Raises Invalid with every reason, NotVisible for an
    institution out of scope, NotPermitted; then nothing is written.
    """
    return carry_out(GrantOrder(tuple(institution_ids), tuple(region_ids), valid_from, valid_to, reason), actor=actor)


def set_grants(
    institution_id: int,
    region_ids: Iterable[int],
    *,
    valid_from: date,
    valid_to: date | None = None,
    reason: str | None = None,
    actor: Actor,
) -> GrantPlan:
    """Make the regions the whole set of one institution for these dates: grant what is new, revoke what is missing."""
    order = GrantOrder((institution_id,), tuple(region_ids), valid_from, valid_to, reason, replace=True)
    return carry_out(order, actor=actor)


def carry_out(order: GrantOrder, *, actor: Actor) -> GrantPlan:
    """Do what `order` asks, for all institutions or for none; return what was done."""
    with transaction():
        made = plan(order, actor=actor, lock=True)
        for part in made.parts:
            _apply(part, made, actor)
    return made


def plan(order: GrantOrder, *, actor: Actor, lock: bool = False) -> GrantPlan:
    """Return what `order` would change, refusing exactly what `carry_out` refuses; writes nothing."""
    actor.require("grant", "Institution")
    institutions = _institutions(order.institution_ids, actor, lock)
    regions = _chosen_regions(order, actor)
    held = _held(order)
    parts = tuple(_part(order, place, held[place.id], tuple(regions)) for place in institutions)
    return GrantPlan(order, regions, parts)


def _part(order: GrantOrder, institution: Institution, held: Held, wanted: Sequence[str]) -> InstitutionPlan:
    after = wanted if order.replace else (*held, *wanted)
    return InstitutionPlan(institution, held, change_of(held, after))


def _institutions(ids: Sequence[int], actor: Actor, lock: bool) -> Sequence[Institution]:
    """Return the institutions, locked against a second grant at the same moment when asked."""
    wanted = set(ids)
    allowed = select(Institution).where(Institution.id.in_(wanted), manageable_clause(Institution, actor))
    statement = (allowed.with_for_update() if lock else allowed).order_by(Institution.id)
    found: Sequence[Institution] = db.session.scalars(statement).all()
    if len(found) != len(wanted):
        raise NotVisible
    return found


def _chosen_regions(order: GrantOrder, actor: Actor) -> dict[str, Region]:
    """Return the topmost chosen regions by path. Raises Invalid with everything that is wrong with the order."""
    wanted = set(order.region_ids)
    found = {r.path: r for r in db.session.scalars(select(Region).where(Region.id.in_(wanted)))}
    problems = Problems()
    _check_order(order, problems)
    if len(found) != len(wanted):
        problems.add("region_unknown", N_("A chosen region does not exist; choose again in the tree."), field="regions")
    for path, region in found.items():
        if actor.region_path is not None and not contains(actor.region_path, path):
            text = N_("%(region)s lies outside your region; take it out of the choice.")
            problems.add("region_outside", text, field="regions", region=region.name)
    problems.raise_if_any()
    return {path: found[path] for path in normalised(found)}


def _check_order(order: GrantOrder, problems: Problems) -> None:
    span = span_problem(order.valid_from, order.valid_to)
    if span is not None:
        problems.found.append(span)
    if not order.institution_ids:
        problems.add("no_institution", N_("Choose at least one institution."), field="institutions")
    if len(order.institution_ids) > MOST_INSTITUTIONS:
        text = N_("At most %(most)d institutions at once; choose fewer.")
        problems.add("too_many_institutions", text, field="institutions", most=MOST_INSTITUTIONS)
    if not order.region_ids and not order.replace:
        problems.add("no_region", N_("Choose at least one region."), field="regions")
    _check_reason(order.reason, problems)


def _check_reason(reason: str | None, problems: Problems) -> None:
    if reason and len(reason) > LONGEST_REASON:
        text = N_("The reason may have %(most)d characters; shorten it.")
        problems.add("reason_too_long", text, field="reason", most=LONGEST_REASON)


def _held(order: GrantOrder) -> defaultdict[int, Held]:
    """Return institution → path → grant that is not revoked and has exactly the dates of the order."""
    same_end = RegionGrant.valid_to == order.valid_to if order.valid_to else RegionGrant.valid_to.is_(None)
    statement = (
        select(RegionGrant)
        .where(RegionGrant.institution_id.in_(set(order.institution_ids)), RegionGrant.revoked_at.is_(None))
        .where(RegionGrant.valid_from == order.valid_from, same_end)
        .options(joinedload(RegionGrant.region), joinedload(RegionGrant.institution))
    )
    held: defaultdict[int, Held] = defaultdict(dict)
    for row in db.session.scalars(statement):
        held[row.institution_id][row.region.path] = row
    return held


def _apply(part: InstitutionPlan, made: GrantPlan, actor: Actor) -> None:
    order = made.order
    rows = [
        RegionGrant(
            institution=part.institution, region=made.regions[path], valid_from=order.valid_from,
            valid_to=order.valid_to, granted_by_id=actor.account_id, reason=order.reason or None,
        )
        for path in part.change.grant
    ]  # fmt: skip
    db.session.add_all(rows)
    db.session.flush()
    for row in rows:
        audit.record(AuditAction.GRANT, row, actor=actor, after=audit.snapshot(row), reason=order.reason or None)
    for path in part.change.revoke:
        _revoke(part.held[path], order.reason, actor)


def revoke(grant_id: int, reason: str | None = None, *, actor: Actor) -> RegionGrant:
    """Revoke one grant from this moment on; programmes approved under it and every other grant stay as they are.

    Raises Conflict when it is revoked or has run out already, NotVisible, NotPermitted.
    """
    actor.require("grant", "Institution")
    problems = Problems()
    _check_reason(reason, problems)
    problems.raise_if_any()
    with transaction():
        row = fetch_manageable(RegionGrant, grant_id, actor=actor)
        state = state_of(row, today())
        if state not in STANDING:
            text = N_("This grant is not in force any more (%(state)s); there is nothing to revoke.")
            raise Conflict(problem("grant_over", text, state=state))
        _revoke(row, reason, actor)
    return row


def _revoke(row: RegionGrant, reason: str | None, actor: Actor) -> None:
    before = audit.snapshot(row)
    row.revoked_at = now()
    row.revoked_by_id = actor.account_id
    after = audit.snapshot(row)
    audit.record(AuditAction.REVOKE, row, actor=actor, before=before, after=after, reason=reason or None)


def valid_on(day: date) -> ColumnElement[bool]:
    """Return the condition that leaves the grants in force on the Shanghai `day`; both ends count."""
    not_over = or_(RegionGrant.valid_to.is_(None), RegionGrant.valid_to >= day)
    return RegionGrant.revoked_at.is_(None) & (RegionGrant.valid_from <= day) & not_over


def coverage(institution_id: int, day: date | None = None) -> tuple[str, ...]:
    """Return the fewest paths that cover where the institution may aim programmes on `day` (today)."""
    return coverages([institution_id], day).get(institution_id, ())


def coverages(institution_ids: Iterable[int], day: date | None = None) -> dict[int, tuple[str, ...]]:
    """Return institution → the paths it is granted on `day` (today), for many in one query."""
    statement = (
        select(RegionGrant.institution_id, Region.path)
        .join(Region, RegionGrant.region_id == Region.id)
        .where(RegionGrant.institution_id.in_(set(institution_ids)), valid_on(day or today()))
    )
    paths: defaultdict[int, list[str]] = defaultdict(list)
    for institution_id, path in db.session.execute(statement):
        paths[institution_id].append(path)
    return {key: normalised(found) for key, found in paths.items()}
