"""Commands on bureaus, institutions, grants and schools: the same verbs as the pages, as JSON (OPS-6)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.models import Account, Institution, RegionGrant, School
from tests.world import World

pytestmark = pytest.mark.req("OPS-6")


@pytest.mark.req("ORG-3")
def test_an_institution_comes_with_its_administrator(send: Any, world: World, db: Any) -> None:
    values = {"code": "X1", "name": "新机构", "region": world.region["xihu"].id, "administrator": "newplace"}
    status, made = send("county_admin", "institution/create", **values)
    assert status == 201
    account = db.session.scalar(select(Account).where(Account.username == "newplace"))
    assert account.institution_id == made["id"]
    changes = {"id": made["id"], "expected_version": made["version"], "changes": {"name": "改名"}}
    assert send("county_admin", "institution/update", **changes)[0] == 200
    assert send("county_admin", "institution/update", **changes)[0] == 409
    assert send("institution_admin", "institution/create", **values)[0] == 403
    assert send("lishui_city", "institution/update", **changes)[0] == 404


@pytest.mark.req("ORG-2")
def test_bureaus_are_kept_by_who_stands_above(send: Any, world: World) -> None:
    change = {"id": world.bureau["xihu"].id, "expected_version": 1, "changes": {"contact_name": "陆主任"}}
    assert send("county_admin", "bureau/update", **change)[0] == 403
    assert send("lishui_city", "bureau/update", **change)[0] == 404
    assert send("city_admin", "bureau/update", **change)[0] == 200
    double = {"code": "B330106", "name": "x", "region": world.region["xihu"].id}
    status, told = send("provincial_admin", "bureau/create", **double)
    assert (status, told["problems"][0]["code"]) == (409, "duplicate")


@pytest.mark.req("ORG-4")
def test_granting_in_numbers_then_for_good_and_revoking(send: Any, world: World, db: Any) -> None:
    order = {
        "institutions": [row.id for row in world.institution.values()], "regions": [world.region["lishui"].id],
        "valid_from": "2026-01-01", "valid_to": "2026-12-31", "reason": "年度授权",
    }  # fmt: skip
    assert send("provincial_admin", "region-grant/grant", **order, dry_run=True)[1]["granted"] == 2
    assert len(db.session.scalars(select(RegionGrant)).all()) == 2
    assert send("provincial_admin", "region-grant/grant", **order) == (
        200, {"granted": 2, "revoked": 0, "kept": 0, "institutions": 2},
    )  # fmt: skip
    assert send("provincial_admin", "region-grant/grant", **order)[1]["kept"] == 2
    assert send("city_admin", "region-grant/grant", **order)[0] == 403
    grant = world.grant["xihu"].id
    assert send("provincial_admin", "region-grant/revoke", id=grant, reason="停办")[0] == 200
    assert send("provincial_admin", "region-grant/revoke", id=grant)[0] == 409
    wrong = {**order, "valid_to": "2025-01-01", "regions": []}
    status, told = send("provincial_admin", "region-grant/grant", **wrong)
    assert (status, {problem["code"] for problem in told["problems"]}) == (422, {"grant_span", "no_region"})


@pytest.mark.req("ORG-5")
def test_merging_and_splitting_ask_for_the_mark_of_the_dry_run(send: Any, world: World, db: Any) -> None:
    source = world.school["xihu"].id
    teachers = [world.teacher["li"].id]
    plan = send("county_admin", "school/split", school=source, teachers=teachers)[1]
    assert (plan["moving"][0]["count"], plan["staying"], plan["conflicts"]) == (1, 2, [])
    new = {"code": "330106008", "name": "分校", "region": world.region["xihu"].id, "kind": "primary"}
    status, made = send(
        "county_admin", "school/split", school=source, teachers=teachers, new_school=new, mark=plan["mark"]
    )
    assert (status, made["name"]) == (200, "分校")
    merge = {"schools": [made["id"]], "target": source}
    mark = send("county_admin", "school/merge", **merge)[1]["mark"]
    assert send("county_admin", "school/merge", **merge, mark="stale")[0] == 409
    assert send("county_admin", "school/merge", **merge, mark=mark, reason="合并")[0] == 200
    db.session.expire_all()
    assert db.session.get(School, made["id"]).merged_into_id == source
    assert send("qingyuan_county", "school/merge", **merge)[0] == 404
    assert send("school_admin", "school/merge", **merge)[0] == 403


@pytest.mark.parametrize("number", [0, -1, 2**31, 10**30, "1", None, 1.5])
@pytest.mark.req("S3")
def test_numbers_no_row_can_have_are_told(send: Any, world: World, number: Any) -> None:
    assert send("provincial_admin", "region-grant/revoke", id=number)[0] == 422
    status, _ = send(
        "provincial_admin", "region-grant/grant", institutions=[number], regions=[1], valid_from="2026-01-01"
    )
    assert status == 422
    assert send("provincial_admin", "school/merge", schools=[number], target=1)[0] == 422


@pytest.mark.req("ORG-3")
def test_a_name_that_is_taken_leaves_no_institution(send: Any, world: World, db: Any) -> None:
    values = {"code": "X1", "name": "新", "region": world.region["xihu"].id, "administrator": "teacher"}
    status, told = send("county_admin", "institution/create", **values)
    assert (status, told["problems"][0]["field"]) == (422, "administrator")
    assert db.session.scalar(select(Institution).where(Institution.code == "X1")) is None
