"""The pages of region grants: choose, confirm in numbers, carry out, look up, take away as a workbook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.domain.clock import FrozenClock
from app.domain.terms import RegionLevel, RoleName
from app.models import Account, Bureau, Institution, Region, RegionGrant, Role

CODES = (("330000", ""), ("330100", "330000"), ("330102", "330100"), ("331100", "330000"))
ORDER = {"valid_from": "2026-01-01", "valid_to": "2026-12-31", "reason": "年度授权"}


@dataclass
class Cast:
    """Ids by code, and clients of the province and of a city."""

    regions: dict[str, int]
    institutions: list[int]
    province: FlaskClient
    city: FlaskClient


def account(db: Any, username: str, role: RoleName, region: Region) -> None:
    bureau = Bureau(code=f"B{region.code}", name=f"局{region.code}", region=region)
    held = db.session.scalar(select(Role).where(Role.name == role.value))
    db.session.add(Account(username=username, first_name="某", last_name="张", email=f"{username}@example.test",
                           active=True, bureau=bureau, roles=[held]))  # fmt: skip


@pytest.fixture
def cast(db: Any, clock: FrozenClock, login_as: Callable[[str], FlaskClient]) -> Cast:
    made: dict[str, Region] = {}
    for code, parent in CODES:
        path = f"{made[parent].path if parent else '/'}{code}/"
        level = list(RegionLevel)[path.count("/") - 2]
        made[code] = Region(code=code, name=f"地区{code}", level=level, parent=made.get(parent), path=path)
    places = [Institution(code=f"J{n}", name=f"学院{n}", region=made["330100"]) for n in (1, 2)]
    db.session.add_all([*made.values(), *places])
    account(db, "province", RoleName.PROVINCIAL_ADMIN, made["330000"])
    account(db, "city", RoleName.CITY_ADMIN, made["331100"])
    db.session.commit()
    ids = {code: row.id for code, row in made.items()}
    return Cast(ids, [row.id for row in places], login_as("province"), login_as("city"))


def order(cast: Cast, *codes: str, **changes: Any) -> dict[str, Any]:
    return {**ORDER, "institution": cast.institutions, "region": [cast.regions[c] for c in codes], **changes}


def stored(db: Any) -> list[RegionGrant]:
    return list(db.session.scalars(select(RegionGrant).order_by(RegionGrant.id)))


@pytest.mark.req("ORG-4")
def test_the_list_of_institutions_leads_many_to_the_tree(cast: Cast) -> None:
    sent = cast.province.post("/institutionview/action_post", data={"action": "grant", "rowid": cast.institutions})
    assert sent.status_code == 302
    page = cast.province.get(sent.location).text
    assert "学院1" in page
    assert "学院2" in page
    assert f'name="region" value="{cast.regions["330102"]}"' in page


@pytest.mark.req("ORG-4")
def test_the_confirmation_says_the_numbers_and_writes_nothing_until_confirmed(cast: Cast, db: Any) -> None:
    wanted = order(cast, "330102", "331100")
    page = cast.province.post("/grants/confirm", data=wanted)
    assert page.status_code == 200
    assert "学院1、学院2" in page.text
    assert "地区330102、地区331100" in page.text
    assert stored(db) == []
    done = cast.province.post("/grants/save", data=wanted)
    assert done.status_code == 302
    assert len(stored(db)) == 4
    assert {row.reason for row in stored(db)} == {"年度授权"}


@pytest.mark.req("ORG-4", "PUB-5")
def test_a_refused_order_comes_back_with_everything_typed(cast: Cast) -> None:
    page = cast.province.post("/grants/confirm", data=order(cast, "330102", valid_to="2025-01-01"))
    assert page.status_code == 422
    assert f'value="{cast.regions["330102"]}" checked' in page.text
    assert 'value="2025-01-01"' in page.text
    assert "年度授权" in page.text
    assert cast.province.post("/grants/confirm", data=order(cast, valid_from="gestern")).status_code == 422


@pytest.mark.req("ORG-4")
def test_the_tree_of_one_institution_shows_what_is_held_and_revokes_what_is_unmarked(cast: Cast, db: Any) -> None:
    first = cast.institutions[:1]
    cast.province.post("/grants/save", data=order(cast, "330102", "331100", institution=first))
    page = cast.province.get(f"/grants/institution/{first[0]}").text
    assert f'value="{cast.regions["330102"]}" checked' in page
    assert f'value="{cast.regions["330100"]}" checked' not in page
    cast.province.post("/grants/save", data=order(cast, "331100", institution=first, replace="yes"))
    assert [row.revoked_at is None for row in stored(db)] == [False, True]


@pytest.mark.req("ORG-4")
def test_revoking_stays_in_the_history_with_its_reason(cast: Cast, db: Any) -> None:
    first = cast.institutions[:1]
    cast.province.post("/grants/save", data=order(cast, "330102", institution=first))
    grant = stored(db)[0].id
    page = cast.province.get(f"/grants/institution/{first[0]}").text
    assert 'name="reason"' in page.split(f'action="/grants/revoke/{grant}"')[1].split("</form>")[0]
    assert cast.province.post(f"/grants/revoke/{grant}", data={"reason": "停办"}).status_code == 302
    assert "停办" in cast.province.get(f"/grants/institution/{first[0]}").text
    assert stored(db)[0].revoked_at is not None


@pytest.mark.req("ORG-4", "ORG-6")
def test_others_neither_grant_nor_see_beside_their_subtree(cast: Cast, db: Any) -> None:
    cast.province.post("/grants/save", data=order(cast, "330102"))
    grant, first = stored(db)[0].id, cast.institutions[0]
    assert cast.city.post("/grants/confirm", data=order(cast, "331100")).status_code == 403
    assert cast.city.post("/grants/save", data=order(cast, "331100")).status_code == 403
    assert cast.city.get(f"/grants/choose?institutions={first}").status_code == 403
    assert cast.city.post(f"/grants/revoke/{grant}").status_code == 404
    assert cast.city.get(f"/grants/institution/{first}").status_code == 404
    assert "学院1" not in cast.city.get("/grants/").text
    assert len(stored(db)) == 2


@pytest.mark.req("ORG-4")
def test_the_matrix_tells_the_whole_the_part_and_nothing(cast: Cast) -> None:
    cast.province.post("/grants/save", data=order(cast, "330102", "331100", institution=cast.institutions[:1]))
    page = cast.province.get("/grants/").text
    first, second = page.split("学院1</a>")[1].split("学院2</a>")
    assert (first.count("◐"), first.count("●")) == (1, 1)
    assert second.split("</tbody>")[0].count(">–<") == 2
    found = cast.province.get("/grants/?q=J2").text
    assert "学院2" in found
    assert "学院1" not in found


@pytest.mark.req("ORG-4")
def test_the_export_holds_every_grant_as_text(cast: Cast, db: Any) -> None:
    db.session.get(Institution, cast.institutions[0]).name = "=1+1"
    cast.province.post("/grants/save", data=order(cast, "330102"))
    sent = cast.province.get("/grants/export")
    rows = list(openpyxl.load_workbook(BytesIO(sent.data)).active.iter_rows(values_only=True))
    assert [row[:3] for row in rows[1:]] == [("J1", "=1+1", "330102"), ("J2", "学院2", "330102")]
    assert rows[1][5:7] == ("2026-01-01", "2026-12-31")
    sheet = openpyxl.load_workbook(BytesIO(sent.data)).active
    assert sheet["B2"].data_type == "s"
    beside = openpyxl.load_workbook(BytesIO(cast.city.get("/grants/export").data)).active
    assert beside.max_row == 1


@pytest.mark.req("ORG-4")
def test_the_matrix_asks_the_database_as_often_for_many_institutions_as_for_few(
    cast: Cast, db: Any, count_queries: Callable[[], Any]
) -> None:
    cast.province.post("/grants/save", data=order(cast, "330102"))
    with count_queries() as few:
        cast.province.get("/grants/")
    region = db.session.get(Region, cast.regions["331100"])
    db.session.add_all(Institution(code=f"K{n}", name=f"中心{n}", region=region) for n in range(15))
    db.session.commit()
    with count_queries() as many:
        cast.province.get("/grants/")
    assert len(many) <= len(few), str(many)
