"""Granting regions: all or nothing, no doubles, history kept, nothing else touched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.clock import SHANGHAI, FrozenClock
from app.domain.errors import Conflict, Invalid, NotPermitted, NotVisible
from app.domain.terms import AuditAction, RegionLevel, RoleName
from app.extensions import db as extension
from app.models import AuditEntry, Institution, Region, RegionGrant
from app.security.actor import Actor
from app.security.roles import permissions_of
from app.services import grants

FROM, TO = date(2026, 1, 1), date(2026, 12, 31)
TREE = {
    "330000": ("浙江省", ""), "330100": ("杭州市", "330000"), "330102": ("上城区", "330100"),
    "330105": ("拱墅区", "330100"), "331100": ("丽水市", "330000"), "331102": ("莲都区", "331100"),
}  # fmt: skip


@dataclass
class Place:
    """Two institutions in a tree of two cities, and who acts on them."""

    regions: dict[str, Region]
    first: Institution
    second: Institution
    province: Actor
    city: Actor

    def ids(self, *codes: str) -> list[int]:
        return [self.regions[code].id for code in codes]

    def held(self, institution: Institution) -> set[str]:
        rows = select(Region.code).join(RegionGrant, RegionGrant.region_id == Region.id)
        standing = rows.where(RegionGrant.institution_id == institution.id, RegionGrant.revoked_at.is_(None))
        return set(extension.session.scalars(standing))


def actor(role: RoleName, region: Region) -> Actor:
    return Actor(
        None, roles=frozenset({role.value}), permissions=permissions_of(role),
        region_path=region.path, region_level=region.level,
    )  # fmt: skip


@pytest.fixture
def place(db: Any, clock: FrozenClock) -> Place:
    regions: dict[str, Region] = {}
    for code, (name, parent) in TREE.items():
        above = regions.get(parent)
        level = [RegionLevel.PROVINCE, RegionLevel.CITY, RegionLevel.COUNTY][above.path.count("/") - 1 if above else 0]
        path = f"{above.path if above else '/'}{code}/"
        regions[code] = Region(code=code, name=name, level=level, parent=above, path=path)
    both = [Institution(code=f"J{n}", name=f"学院{n}", region=regions["330100"]) for n in (1, 2)]
    db.session.add_all([*regions.values(), *both])
    db.session.commit()
    return Place(
        regions, *both, actor(RoleName.PROVINCIAL_ADMIN, regions["330000"]),
        actor(RoleName.CITY_ADMIN, regions["330100"]),
    )  # fmt: skip


def count(db: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(RegionGrant))


@pytest.mark.req("ORG-4")
def test_many_institutions_are_granted_the_same_regions_at_once(place: Place, db: Any) -> None:
    both = [place.first.id, place.second.id]
    made = grants.grant(both, place.ids("330102", "331100"), valid_from=FROM, valid_to=TO, actor=place.province)
    assert (made.granted, made.revoked) == (4, 0)
    assert place.held(place.first) == place.held(place.second) == {"330102", "331100"}


@pytest.mark.req("ORG-4")
def test_granting_again_makes_no_double_and_leaves_the_rest(place: Place, db: Any) -> None:
    grants.grant([place.first.id], place.ids("330102", "331100"), valid_from=FROM, actor=place.province)
    made = grants.grant([place.first.id], place.ids("330102", "330105"), valid_from=FROM, actor=place.province)
    assert (made.granted, made.revoked, made.kept) == (1, 0, 2)
    assert place.held(place.first) == {"330102", "330105", "331100"}
    assert count(db) == 3


@pytest.mark.req("ORG-4")
def test_a_granted_city_takes_the_place_of_its_counties_and_covers_what_is_chosen_below(place: Place) -> None:
    grants.grant([place.first.id], place.ids("330102", "331102"), valid_from=FROM, actor=place.province)
    made = grants.grant([place.first.id], place.ids("330100", "330105"), valid_from=FROM, actor=place.province)
    assert (made.granted, made.revoked) == (1, 1)
    assert place.held(place.first) == {"330100", "331102"}
    assert grants.grant([place.first.id], place.ids("330102"), valid_from=FROM, actor=place.province).granted == 0


@pytest.mark.req("ORG-4")
def test_the_tree_of_one_validity_revokes_what_is_unmarked_there_and_nowhere_else(place: Place) -> None:
    grants.grant([place.first.id], place.ids("330102", "330105"), valid_from=FROM, valid_to=TO, actor=place.province)
    grants.grant([place.first.id], place.ids("331102"), valid_from=FROM, actor=place.province)
    grants.grant([place.second.id], place.ids("330105"), valid_from=FROM, valid_to=TO, actor=place.province)
    made = grants.set_grants(
        place.first.id, place.ids("330102", "331100"), valid_from=FROM, valid_to=TO, reason="调整", actor=place.province
    )
    assert [part.change.revoke for part in made.parts] == [(place.regions["330105"].path,)]
    assert place.held(place.first) == {"330102", "331100", "331102"}
    assert place.held(place.second) == {"330105"}


@pytest.mark.req("ORG-4")
def test_unmarking_everything_revokes_the_whole_set(place: Place) -> None:
    grants.grant([place.first.id], place.ids("330102"), valid_from=FROM, actor=place.province)
    assert grants.set_grants(place.first.id, [], valid_from=FROM, actor=place.province).revoked == 1
    assert grants.coverage(place.first.id) == ()


@pytest.mark.req("ORG-4")
def test_every_reason_of_a_refusal_is_told_and_nothing_is_written(place: Place, db: Any) -> None:
    with pytest.raises(Invalid) as refused:
        grants.grant([place.first.id], [*place.ids("330102"), 999_999], valid_from=TO, valid_to=FROM,
                     reason="x" * 201, actor=place.province)  # fmt: skip
    assert {p.code: p.field for p in refused.value.problems} == {
        "grant_span": "valid_to", "region_unknown": "regions", "reason_too_long": "reason",
    }  # fmt: skip
    with pytest.raises(Invalid) as empty:
        grants.grant([], [], valid_from=FROM, actor=place.province)
    assert {p.code for p in empty.value.problems} == {"no_institution", "no_region"}
    assert count(db) == 0


@pytest.mark.req("ORG-4", "ORG-6")
def test_one_unseen_institution_or_region_outside_the_tree_stops_all(place: Place, db: Any) -> None:
    with pytest.raises(NotVisible):
        grants.grant([place.first.id, 999_999], place.ids("330102"), valid_from=FROM, actor=place.province)
    city_that_may_grant = replace(place.city, permissions=place.province.permissions)
    with pytest.raises(Invalid) as refused:
        grants.grant([place.first.id], place.ids("330102", "331102"), valid_from=FROM, actor=city_that_may_grant)
    assert [p.code for p in refused.value.problems] == ["region_outside"]
    assert count(db) == 0


@pytest.mark.req("ORG-4")
def test_only_the_province_grants_and_revokes(place: Place, db: Any) -> None:
    grants.grant([place.first.id], place.ids("330102"), valid_from=FROM, actor=place.province)
    row = db.session.scalar(select(RegionGrant))
    with pytest.raises(NotPermitted):
        grants.grant([place.first.id], place.ids("330105"), valid_from=FROM, actor=place.city)
    with pytest.raises(NotPermitted):
        grants.set_grants(place.first.id, [], valid_from=FROM, actor=place.city)
    with pytest.raises(NotPermitted):
        grants.revoke(row.id, "", actor=place.city)
    assert place.held(place.first) == {"330102"}


@pytest.mark.req("ORG-4", "OPS-2")
def test_revoking_keeps_the_row_and_says_who_when_and_why(place: Place, db: Any) -> None:
    grants.grant([place.first.id], place.ids("330102", "331102"), valid_from=FROM, reason="年度", actor=place.province)
    row = db.session.scalar(select(RegionGrant).where(RegionGrant.region_id == place.ids("330102")[0]))
    grants.revoke(row.id, "停办", actor=place.province)
    assert (row.revoked_at, row.reason) == (datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI), "年度")
    assert place.held(place.first) == {"331102"}
    entry = db.session.scalar(select(AuditEntry).where(AuditEntry.action == AuditAction.REVOKE))
    assert (entry.entity, entry.row_id, entry.reason) == ("RegionGrant", row.id, "停办")
    with pytest.raises(Conflict):
        grants.revoke(row.id, "", actor=place.province)


@pytest.mark.req("ORG-4")
def test_what_has_run_out_cannot_be_revoked(place: Place, db: Any, clock: FrozenClock) -> None:
    grants.grant([place.first.id], place.ids("330102"), valid_from=FROM, valid_to=TO, actor=place.province)
    clock.move(timedelta(days=365))
    with pytest.raises(Conflict):
        grants.revoke(db.session.scalar(select(RegionGrant.id)), "", actor=place.province)


@pytest.mark.req("ORG-4")
def test_coverage_follows_the_day_both_ends_included(place: Place) -> None:
    path = place.regions["330102"].path
    grants.grant([place.first.id], place.ids("330102"), valid_from=FROM, valid_to=TO, actor=place.province)
    days = [FROM - timedelta(days=1), FROM, TO, TO + timedelta(days=1)]
    assert [grants.coverage(place.first.id, day) for day in days] == [(), (path,), (path,), ()]
    assert grants.coverages([place.first.id, place.second.id]) == {place.first.id: (path,)}


@pytest.mark.req("ORG-4")
def test_a_plan_tells_the_numbers_and_writes_nothing(place: Place, db: Any) -> None:
    order = grants.GrantOrder((place.first.id, place.second.id), tuple(place.ids("330100", "330102")), FROM)
    asked = grants.plan(order, actor=place.province)
    assert (len(asked.parts), [r.name for r in asked.regions.values()], asked.granted) == (2, ["杭州市"], 2)
    assert count(db) == 0
