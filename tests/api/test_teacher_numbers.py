"""Statistics of teachers and data quality by API: the numbers of the pages, permission and scope of the pages."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.terms import TeacherIssue
from tests.world import World

STATISTICS, QUALITY = "/api/v1/teacher-statistics/", "/api/v1/teacher-quality/"
pytestmark = pytest.mark.req("OPS-6")


@pytest.mark.req("TCH-11")
def test_teachers_are_counted_by_two_dimensions_with_the_filters_of_the_list(login_as: Any, world: World) -> None:
    client = login_as("city_admin")
    told = client.get(STATISTICS, query_string={"by": "school", "across": "gender"}).json
    assert (told["by"], told["across"], told["total"]) == ("school", "gender", 3)
    assert {column["key"] for column in told["columns"]} == {"male", "female"}
    (row,) = told["result"]
    assert (row["key"], row["name"], row["total"]) == (world.school["xihu"].id, "文三路小学", 3)
    assert sum(row["numbers"]) == 3
    women = client.get(STATISTICS, query_string={"by": "gender", "gender": "female"}).json
    assert [(one["key"], one["total"]) for one in women["result"]] == [("female", women["total"])]
    county = client.get(STATISTICS, query_string={"by": "region", "region": world.region["xihu"].id}).json
    assert county["by"] == "school"


@pytest.mark.req("TCH-9")
def test_faults_are_told_by_place_as_the_board_tells_them(db: Any, login_as: Any, world: World) -> None:
    world.teacher["zhang"].mobile = None
    world.school["xihu"].staff_count = 3
    db.session.commit()
    told = login_as("city_admin").get(QUALITY).json
    assert told["place"]["name"] == "杭州市"
    (line,) = [line for line in told["result"] if line["name"] == "西湖区"]
    assert (line["kind"], line["teachers"], line["faults"][TeacherIssue.NO_MOBILE]) == ("region", 3, 1)
    assert told["total"]["faults"][TeacherIssue.NO_MOBILE] == 1
    own = login_as("school_admin").get(QUALITY).json
    assert own["place"] == {"id": world.school["xihu"].id, "name": "文三路小学"}
    assert own["total"]["faults"][TeacherIssue.NO_MOBILE] == 1


@pytest.mark.req("ORG-6", "S1")
def test_numbers_of_others_are_not_told(login_as: Any, world: World) -> None:
    city, inquirer = login_as("city_admin"), login_as("school_inquirer")
    for address in (STATISTICS, QUALITY):
        assert city.get(address, query_string={"region": world.region["lishui"].id}).status_code == 404
        assert login_as("teacher").get(address).status_code == 403
    assert city.get(QUALITY, query_string={"school": world.school["qingyuan"].id}).status_code == 404
    assert login_as("school_inquirer").get(QUALITY).status_code == 403
    abroad = {"by": "gender", "school": world.school["qingyuan"].id}
    assert city.get(STATISTICS, query_string=abroad).json["total"] == 0
    refused = inquirer.get(STATISTICS, query_string={"by": "region"})
    assert (refused.status_code, refused.json["problems"][0]["field"]) == (422, "by")


@pytest.mark.parametrize("address", [STATISTICS, QUALITY])
@pytest.mark.parametrize("query", ["by=nothing", "what=1", "by="])
def test_what_means_nothing_is_refused(login_as: Any, world: World, address: str, query: str) -> None:
    assert login_as("county_admin").get(f"{address}?{query}").status_code == 422


def test_both_stand_in_the_description(login_as: Any, world: World) -> None:
    client = login_as("county_admin")
    paths = client.get("/api/v1/_openapi").json["paths"]
    names = {one["name"] for one in paths[STATISTICS]["get"]["parameters"]}
    assert {"by", "across", "gender", "region"} <= names
    assert {one["name"] for one in paths[QUALITY]["get"]["parameters"]} == {"region", "school", "by"}
    page = client.get("/swagger/v1").text
    assert STATISTICS in page
    assert QUALITY in page
