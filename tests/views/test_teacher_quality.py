"""The pages of the board of data quality: figures lead to exactly their rows (TCH-9)."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from app.domain.terms import AuditAction, TeacherStatus, TransferKind, TransferState
from app.models import AuditEntry, Transfer
from tests.world import World

pytestmark = pytest.mark.req("TCH-9")

BOARD = "/teachers/quality/"


@pytest.fixture
def faulty(db: Any, world: World) -> World:
    """Two at 文三路小学 and one at 濛洲街道小学 have no mobile number."""
    for name in ("zhang", "li", "chen"):
        world.teacher[name].mobile = None
    for name, school in world.school.items():
        school.staff_count = 3 if name == "xihu" else 2
    db.session.commit()
    return world


def figures(page: str, issue: str) -> list[tuple[str, int]]:
    """(address, number) of the figures of a fault that lead to the list."""
    found = re.findall(r'href="(/teacherview/list/\?[^"]*)"[^>]*>([0-9,]+)</a>', page)
    return [(url.replace("&amp;", "&"), int(n)) for url, n in found if f"issue={issue}" in url]


@pytest.mark.parametrize(
    ("who", "query"),
    [("provincial_admin", ""), ("city_admin", ""), ("county_admin", ""), ("school_admin", ""), ("system_admin", "")],
)
def test_each_figure_is_the_number_of_the_rows_it_leads_to(login_as: Any, faulty: World, who: str, query: str) -> None:
    client = login_as(who)
    page = client.get(BOARD + query)
    assert page.status_code == 200
    found = figures(page.text, "no_mobile") + figures(page.text, "missing")
    assert found
    for url, number in found:
        rows = client.get(url).text
        assert f"共 {number} 条" in rows, url
        grid = client.get(url.replace("/teacherview/list/", "/teachers/grid/data"))
        assert len(grid.json["rows"]) == number


def test_the_way_down_leads_from_the_province_to_a_school(login_as: Any, faulty: World) -> None:
    client = login_as("provincial_admin")
    page, path = client.get(BOARD).text, ""
    for place in ("杭州市", "西湖区", "文三路小学"):
        link = re.search(rf'<th scope="row"><a href="([^"]+)">{place}</a>', page)
        assert link is not None, place
        path = link[1].replace("&amp;", "&")
        page = client.get(path).text
    assert "缺手机号" in page
    assert f'href="{BOARD}?region={faulty.region["xihu"].id}"' in page


def test_schools_directly_under_a_city_have_a_line_of_their_own(db: Any, login_as: Any, faulty: World) -> None:
    faulty.school["xihu"].region = faulty.region["hangzhou"]
    db.session.commit()
    client = login_as("city_admin")
    page = client.get(BOARD).text
    assert "杭州市直属学校" in page
    (url, number), *_ = figures(page, "missing")
    assert f"at={faulty.region['hangzhou'].id}" in url
    assert f"共 {number} 条" in client.get(url).text
    assert "文三路小学" in client.get(f"{BOARD}?region={faulty.region['hangzhou'].id}&by=school").text


@pytest.mark.req("ORG-6", "S1")
def test_boards_of_others_are_not_there(login_as: Any, faulty: World) -> None:
    assert login_as("city_admin").get(f"{BOARD}?region={faulty.region['lishui'].id}").status_code == 404
    assert login_as("school_admin").get(f"{BOARD}?school={faulty.school['qingyuan'].id}").status_code == 404
    assert login_as("school_admin").get(f"{BOARD}?region={faulty.region['xihu'].id}").status_code == 404
    assert login_as("school_inquirer").get(BOARD).status_code == 403


def exported(client: Any, query: str = "") -> list[list[Any]]:
    """The lines of the workbook behind a board's button, its head first."""
    button = re.search(rf'href="({BOARD}export[^"]*)"', client.get(BOARD + query).text)
    assert button is not None
    answer = client.get(button[1].replace("&amp;", "&"))
    return CalamineWorkbook.from_filelike(BytesIO(answer.data)).get_sheet_by_index(0).to_python()[1:]


@pytest.mark.req("S16", "DEL-12")
def test_a_board_is_exported_as_it_is_shown(db: Any, login_as: Any, faulty: World) -> None:
    client = login_as("provincial_admin")
    head, *lines = exported(client)
    assert head[:3] == ["地区", "教师", "信息缺项"]
    page, column = client.get(BOARD).text, head.index("缺手机号")
    shown = re.findall(r'<th scope="row"><a href="[^"]*">([^<]+)</a></th><td[^>]*>([0-9,]+)</td>', page)
    assert [(line[0], line[1]) for line in lines[:-2]] == [(name, int(number)) for name, number in shown]
    total, unattached = lines[-2:]
    assert total[column] == sum(line[column] for line in lines[:-2]) == 3
    assert unattached[:2] == ["成为自由人超过一年", 0]
    (entry,) = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.EXPORT))
    assert (entry.entity, entry.after["rows"]) == ("Teacher", len(lines) - 2)
    assert entry.after["filters"] == {"region": faulty.region["province"].id, "by_school": False}


def test_the_place_that_is_shown_is_exported(login_as: Any, faulty: World) -> None:
    county = exported(login_as("city_admin"), f"?region={faulty.region['xihu'].id}")
    assert [line[0] for line in county] == ["学校", "文三路小学", "合计", "成为自由人超过一年"]
    school = exported(login_as("school_admin"))
    assert school[0][:2] == ["问题", "教师"]
    assert ["缺手机号", 2] in [line[:2] for line in school]


@pytest.mark.req("ORG-6", "S1")
def test_boards_of_others_are_not_exported(login_as: Any, faulty: World) -> None:
    export = f"{BOARD}export"
    assert login_as("city_admin").get(f"{export}?region={faulty.region['lishui'].id}").status_code == 404
    assert login_as("school_admin").get(f"{export}?school={faulty.school['qingyuan'].id}").status_code == 404
    assert login_as("school_inquirer").get(export).status_code == 403


@pytest.fixture
def unattached(db: Any, faulty: World) -> World:
    """李红梅 left 文三路小学 for the pool over a year ago, 吴建国 濛洲街道小学 within the year."""
    for name, home, left in (("li", "xihu", date(2025, 1, 2)), ("wu", "qingyuan", date(2025, 12, 1))):
        row = faulty.teacher[name]
        row.school, row.status = None, TeacherStatus.UNATTACHED
        db.session.add(Transfer(
            teacher=row, kind=TransferKind.TRANSFER_OUT, from_school=faulty.school[home],
            state=TransferState.COMPLETED, completed_on=left,
        ))  # fmt: skip
    db.session.commit()
    return faulty


@pytest.mark.parametrize(
    ("who", "below"),
    [
        ("city_admin", ""), ("city_admin", "xihu"), ("county_admin", ""), ("school_admin", ""),
        ("provincial_admin", "hangzhou"), ("system_admin", "xihu"),
    ],
)  # fmt: skip
def test_who_left_the_schools_of_a_place_over_a_year_ago_is_told_and_found_in_the_pool(
    login_as: Any, unattached: World, clock: Any, who: str, below: str
) -> None:
    client = login_as(who)
    query = f"?region={unattached.region[below].id}" if below else ""
    link = re.search(r'href="(/transfers/pool[^"]*)"[^>]*>1</a>', client.get(BOARD + query).text)
    assert link is not None
    pool = client.get(link[1].replace("&amp;", "&")).text
    assert re.findall(r"(李红梅|吴建国|周自由)</a>", pool) == ["李红梅"]
    assert "<strong>文三路小学" in pool if who == "school_admin" else "<strong>" in pool
    assert ["成为自由人超过一年", 1] in [line[:2] for line in exported(client, query)]


@pytest.mark.req("ORG-6", "S1")
def test_who_left_others_schools_is_not_told(login_as: Any, unattached: World, clock: Any) -> None:
    for who in ("qingyuan_county", "qingyuan_school", "lishui_city"):
        client = login_as(who)
        assert "/transfers/pool?" not in client.get(BOARD).text
        for place in ("region", "school"):
            key = getattr(unattached, place)["xihu"].id
            assert client.get(f"/transfers/pool?{place}={key}").status_code == 404
    assert login_as("county_admin").get("/transfers/pool?school=x").status_code == 404


def test_the_way_into_the_grid_is_told_in_a_word(login_as: Any, faulty: World) -> None:
    page = login_as("county_admin").get(BOARD).text
    assert re.search(r'<a class="figure-grid"[^>]*>.*?<span class="figure-word">修改</span></a>', page)
