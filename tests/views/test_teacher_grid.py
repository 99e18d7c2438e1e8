"""The grid's page and its three routes: what they send, what they take, what they refuse (TCH-5)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from app.models import Teacher
from tests.world import World

pytestmark = pytest.mark.req("TCH-5")

GRID = "/teachers/grid/"


def sent(row: Teacher, **values: str) -> dict[str, Any]:
    return {"key": f"row-{row.id}", "line": 1, "id": row.id, "version": row.version, "values": values}


def names(answer: Any) -> set[str]:
    return {row["values"]["name"] for row in answer.json["rows"]}


def test_the_grid_opens_the_rows_of_the_lists_filter(login_as: Any, world: World) -> None:
    client = login_as("city_admin")
    assert names(client.get(GRID + "data")) == {"张明华", "李红梅", "王志强"}
    assert names(client.get(GRID + "data?gender=female")) == {"李红梅"}
    page = client.get(GRID + "?gender=female").text
    assert "/teachers/grid/data?gender=female" in page
    assert 'aria-label="当前筛选"' in page or "chips" in page


def test_chosen_rows_are_opened_and_only_visible_ones(login_as: Any, world: World) -> None:
    wanted = f"{world.teacher['li'].id},{world.teacher['chen'].id},x"
    assert names(login_as("school_admin").get(f"{GRID}data?rows={wanted}")) == {"李红梅"}


@pytest.mark.req("OPS-3", "S14")
def test_protected_numbers_are_masked(login_as: Any, world: World) -> None:
    answer = login_as("provincial_admin").get(GRID + "data")
    values = next(row["values"] for row in answer.json["rows"] if row["values"]["name"] == "李红梅")
    assert values["national_id"] == "*" * 14 + str(world.teacher["li"].national_id_tail)
    assert values["mobile"] == "199****0002"
    assert "19900000002" not in answer.text


@pytest.mark.req("B10")
def test_the_data_take_few_queries_however_many_rows(
    db: Any, login_as: Any, world: World, count_queries: Callable[[], Any]
) -> None:
    client = login_as("school_admin")
    client.get(GRID + "data")
    for more in (0, 30):
        for number in range(more):
            school, stage = world.school["xihu"], world.stage
            db.session.add(Teacher(teacher_number=f"T{number}", name="甲乙", gender="male", school=school, stage=stage))
        db.session.commit()
        with count_queries() as asked:
            answer = client.get(GRID + "data")
        assert len(answer.json["rows"]) == 3 + more
        assert len(asked) <= 8, str(asked)


def test_choices_come_with_the_first_letters_of_their_pinyin(login_as: Any, world: World) -> None:
    columns = {column["name"]: column for column in login_as("school_admin").get(GRID + "data").json["columns"]}
    assert columns["subject"]["choices"] == [{"name": "语文", "initials": "yw"}]
    assert [one["name"] for one in columns["gender"]["choices"]] == ["男", "女"]
    assert columns["name"]["frozen"]
    assert columns["teacher_number"]["locked"]


def test_the_check_answers_in_sentences_by_cell(login_as: Any, world: World) -> None:
    rows = [sent(world.teacher["li"], subject="雨文", office_phone="0571 87000000")]
    answer = login_as("school_admin").post(GRID + "check", json={"rows": rows})
    (row,) = answer.json["rows"]
    assert "雨文" in row["problems"]["subject"][0]
    assert row["values"] == {"office_phone": "0571-87000000"}


def test_saving_answers_with_the_stored_rows(db: Any, login_as: Any, world: World) -> None:
    li = world.teacher["li"]
    answer = login_as("school_admin").post(GRID + "save", json={"rows": [sent(li, email="li@Example.com")]})
    (row,) = answer.json["saved"]
    assert (answer.status_code, row["values"]["email"], row["version"]) == (200, "li@example.com", 2)


def test_wrong_rows_answer_422_and_nothing_is_saved(db: Any, login_as: Any, world: World) -> None:
    li, zhang = world.teacher["li"], world.teacher["zhang"]
    rows = [sent(li, email="li"), sent(zhang, email="z@example.com")]
    answer = login_as("school_admin").post(GRID + "save", json={"rows": rows})
    assert answer.status_code == 422
    assert answer.json["saved"] == []
    assert set(answer.json["invalid"][0]["problems"]) == {"email"}
    db.session.expire_all()
    assert zhang.email is None


def test_a_conflict_answers_409_with_their_values(db: Any, login_as: Any, world: World) -> None:
    li = world.teacher["li"]
    mine, theirs = sent(li, email="a@example.com"), sent(li, email="b@example.com")
    login_as("county_admin").post(GRID + "save", json={"rows": [theirs]})
    answer = login_as("school_admin").post(GRID + "save", json={"rows": [mine]})
    (row,) = answer.json["conflicts"]
    assert (answer.status_code, row["values"]["email"], row["version"]) == (409, "b@example.com", 2)


@pytest.mark.req("ORG-6")
@pytest.mark.parametrize("route", ["check", "save"])
def test_a_row_abroad_is_not_found(login_as: Any, world: World, route: str) -> None:
    rows = [sent(world.teacher["chen"], email="c@example.com")]
    answer = login_as("school_admin").post(GRID + route, json={"rows": rows})
    assert answer.status_code == 404
    assert "陈小燕" not in json.dumps(answer.json, ensure_ascii=False)


@pytest.mark.req("S3")
@pytest.mark.parametrize(
    "body",
    [None, [], {"rows": 1}, {"rows": [1]}, {"rows": [{"key": "a"}]}, {"rows": [{"key": "a", "values": []}]},
     {"rows": [{"key": "a", "id": "x", "values": {}}]}],
)  # fmt: skip
def test_what_no_page_of_ours_sends_is_refused(login_as: Any, world: World, body: Any) -> None:
    assert login_as("school_admin").post(GRID + "save", json=body).status_code == 422


def test_the_list_leads_into_the_grid_with_its_filter_and_its_chosen_rows(login_as: Any, world: World) -> None:
    client, li = login_as("school_admin"), world.teacher["li"]
    assert "/teachers/grid/?gender=female" in client.get("/teacherview/list/?gender=female").text
    for action, end in (("edit_chosen", ""), ("set_chosen", "&bulk=1")):
        answer = client.post("/teacherview/action_post", data={"action": action, "rowid": str(li.id)})
        assert answer.location.endswith(f"/teachers/grid/?rows={li.id}{end}")
    assert "/teachers/grid/" not in login_as("school_inquirer").get("/teacherview/list/").text


@pytest.mark.req("OPS-6")
def test_the_api_saves_many_with_the_same_verb(login_as: Any, world: World) -> None:
    client, li, zhang = login_as("school_admin"), world.teacher["li"], world.teacher["zhang"]
    url = "/api/v1/commands/teacher/save-many"
    good = {"id": li.id, "version": li.version, "values": {"email": "li@example.com"}}
    bad = {"key": "z", "id": zhang.id, "version": zhang.version, "values": {"email": "z"}}
    refused = client.post(url, json={"rows": [good, bad]})
    assert (refused.status_code, refused.json["problems"][0]["field"]) == (422, "z.email")
    done = client.post(url, json={"rows": [good, bad], "only_valid": True})
    assert (done.status_code, done.json["saved"], done.json["invalid"]) == (200, {"1": li.id}, ["z"])
    again = client.post(url, json={"rows": [good]})
    assert again.status_code == 409
