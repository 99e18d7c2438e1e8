"""Statistics of teachers: counted within scope, filtered, drilled down, exported (TCH-11)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from app.domain.errors import NotPermitted, NotVisible
from app.domain.terms import AuditAction, Gender, TeacherDimension
from app.models import AuditEntry, Stage, Subject, Teacher
from app.services.teacher_statistics import ACROSS, count_teachers
from tests.world import World

pytestmark = pytest.mark.req("TCH-11")
PAGE = "/teachers/statistics/"
D = TeacherDimension


@pytest.fixture
def varied(db: Any, world: World) -> World:
    """李红梅 teaches music at another stage, 王志强 has no subject and no birth date."""
    music, junior = Subject(code="S09", name="音乐", position=9), Stage(code="CZ", name="初中", position=9)
    world.teacher["li"].subject, world.teacher["li"].stage = music, junior
    world.teacher["wang"].subject = world.teacher["wang"].birth_date = None
    world.teacher["li"].birth_date = date(2000, 5, 5)
    db.session.commit()
    return world


def shown(page: str) -> list[list[str]]:
    """The cells of the rows of the table behind the chart."""
    body = page.split("<figure")[1].split("<tbody>")[1].split("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


@pytest.mark.parametrize("by", list(D))
@pytest.mark.parametrize("across", [None, *ACROSS])
def test_every_pair_of_dimensions_counts_everybody_once(
    varied: World, by: TeacherDimension, across: TeacherDimension | None
) -> None:
    actor = varied.actor("provincial_admin")
    found = count_teachers(by, across, [], actor=actor, region=varied.region["province"])
    assert found.total == len(varied.teacher)
    assert sum(row.numbers[column.key] for row in found.rows for column in found.columns) == found.total


def test_numbers_by_region_are_those_of_its_parts_within_scope(varied: World) -> None:
    def counted(who: str, region: str) -> dict[Any, int]:
        actor = varied.actor(who)
        found = count_teachers(D.REGION, None, [], actor=actor, region=varied.region[region])
        return {row.name: row.total for row in found.rows}

    assert counted("provincial_admin", "province") == {"杭州市": 3, "丽水市": 2, "Without a school": 1}
    assert counted("city_admin", "hangzhou") == {"西湖区": 3}
    with pytest.raises(NotVisible):
        counted("city_admin", "lishui")
    with pytest.raises(NotPermitted):
        counted("teacher", "xihu")


def test_ages_titles_and_words_stand_in_the_order_of_their_lists(varied: World) -> None:
    found = count_teachers(D.AGE, D.GENDER, [Teacher.school_id.is_not(None)], actor=varied.actor("city_admin"))
    assert [(row.key, row.numbers[Gender.MALE], row.numbers[Gender.FEMALE]) for row in found.rows] == [
        ("under_30", 0, 1),
        ("from_40", 1, 0),
        ("unknown", 1, 0),
    ]
    subjects = count_teachers(D.SUBJECT, None, [], actor=varied.actor("city_admin"))
    assert [row.name for row in subjects.rows] == [varied.subject.name, "音乐", "Not known"]


@pytest.mark.parametrize("by", ["region", "school", "stage", "subject", "title", "age", "gender", "status"])
@pytest.mark.parametrize("who", ["system_admin", "city_admin", "county_admin", "school_admin", "school_inquirer"])
def test_each_number_leads_to_exactly_its_teachers(login_as: Any, varied: World, who: str, by: str) -> None:
    client = login_as(who)
    page = client.get(PAGE, query_string={"by": by}).text
    links = re.findall(r'<a class="figure" href="([^"]+)">([0-9,]+)</a>', page)
    assert links or by == "title"
    for url, number in links:
        assert f"共 {number} 条" in client.get(url.replace("&amp;", "&")).text, url


def test_the_way_down_goes_from_the_province_to_the_subjects_of_a_school(login_as: Any, varied: World) -> None:
    client = login_as("provincial_admin")
    page = client.get(PAGE).text
    for place in ("杭州市", "西湖区", "文三路小学"):
        link = re.search(rf'<a href="([^"]+)">{place}</a>', page.split("<figure")[1])
        assert link is not None, place
        page = client.get(link[1].replace("&amp;", "&")).text
    assert [row[0] for row in shown(page)] == [varied.subject.name, "音乐", "未填写"]


def test_filters_hold_and_stay_while_dimensions_change(login_as: Any, varied: World) -> None:
    client = login_as("city_admin")
    page = client.get(PAGE, query_string={"by": "gender", "across": "stage", "gender": "female"}).text
    assert [row[:1] + row[-2:] for row in shown(page)] == [["女", "1", "100.0%"]]
    assert "by=age" in page
    assert re.search(r'href="[^"]*gender=female[^"]*by=age', page)
    empty = client.get(PAGE, query_string={"name": "没有"}).text
    assert "没有符合" in empty or "<figure" not in empty
    assert client.get(PAGE, query_string={"by": "x", "across": "<", "region": "z"}).status_code in (200, 404)


@pytest.mark.req("S16")
def test_the_table_is_exported_as_it_is_shown(db: Any, login_as: Any, varied: World) -> None:
    answer = login_as("city_admin").get(f"{PAGE}export", query_string={"by": "subject", "across": "gender"})
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    told = [row[:4] for row in rows]
    assert ["学科", "男", "女", "教师"] in told
    assert ["音乐", 0, 1, 1] in told
    assert ["合计", 2, 1, 3] in told
    (entry,) = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.EXPORT))
    assert (entry.entity, entry.after["by"], entry.after["rows"]) == ("Teacher", "subject", 3)
    assert login_as("school_inquirer").get(f"{PAGE}export").status_code == 403


@pytest.mark.req("B10")
def test_a_table_takes_the_same_few_queries_for_any_number_of_rows(
    db: Any, login_as: Any, varied: World, count_queries: Callable[[], Any]
) -> None:
    client = login_as("city_admin")
    client.get(PAGE)
    with count_queries() as few:
        client.get(PAGE)
    db.session.add_all(
        Teacher(teacher_number=f"T{n}", name="甲乙", gender="male", school=varied.school["xihu"]) for n in range(30)
    )
    db.session.commit()
    with count_queries() as many:
        assert "33" in client.get(PAGE).text
    assert len(many) == len(few) <= 11, str(many)


@pytest.mark.req("ORG-6", "S1")
def test_regions_and_schools_of_others_are_not_counted(login_as: Any, varied: World) -> None:
    client = login_as("city_admin")
    assert client.get(PAGE, query_string={"region": varied.region["lishui"].id}).status_code == 404
    page = client.get(PAGE, query_string={"by": "gender", "school": varied.school["qingyuan"].id}).text
    assert "<figure" not in page
    assert login_as("teacher").get(PAGE).status_code == 403
