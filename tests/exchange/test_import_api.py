"""Importing by the API: the same verbs as the pages, as JSON (TCH-6, OPS-6)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from app.domain.identity import mask_national_id
from app.jobs.runner import run
from app.models import Teacher
from tests.exchange.conftest import Numbers
from tests.support.commands import sending
from tests.support.workbooks import bomb, workbook
from tests.world import World, national_id

pytestmark = [pytest.mark.req("TCH-6"), pytest.mark.req("OPS-6")]

HEAD = ["姓名", "身份证号", "学校", "学段", "学科"]
ROWS = [["张改名", national_id(1), "文三路小学", "小学", "语文"], ["李3", "330106", "文三路小学", "小学", "炼金"]]


@pytest.fixture
def send(login_as: Any, world: World, queue: Numbers) -> Any:
    """`send(username, command, **values)` → status and JSON, after the worker has done what waits."""
    plain = sending(login_as)

    def sender(username: str, command: str, **values: Any) -> tuple[int, Any]:
        answer = plain(username, f"import/{command}", **values)
        while queue:
            run(queue.pop(0), stopping=lambda: False)
        return answer

    return sender


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_a_program_uploads_reads_the_plan_and_applies_it(send: Any, world: World) -> None:
    content = encoded(workbook([HEAD, *ROWS]))
    status, made = send("school_admin", "upload", sheet="teachers", file_name="名单.xlsx", content=content)
    assert status == 201
    _, plan = send("school_admin", "plan", id=made["id"])
    assert (plan["state"], plan["busy"], plan["counts"]) == ("planned", False, {"changed": 1, "error": 1})
    changed, wrong = plan["rows"]
    assert (changed["row"], changed["outcome"]) == (2, "changed")
    assert changed["changes"] == [{"field": "name", "before": "张明华", "after": "张改名"}]
    assert {p["field"]: p["code"] for p in wrong["problems"]} == {
        "name": "name_characters", "national_id": "id_length", "subject": "choice_unknown",
    }  # fmt: skip
    assert send("school_admin", "plan", id=made["id"], outcomes=["error"])[1]["rows"] == [wrong]
    assert send("school_admin", "apply", id=made["id"])[0] == 200
    assert send("school_admin", "plan", id=made["id"], limit=0)[1]["written"] == 1
    assert send("school_admin", "apply", id=made["id"])[0] == 409


def test_what_cannot_be_read_is_told_and_nothing_is_kept(send: Any) -> None:
    status, told = send("school_admin", "upload", sheet="teachers", file_name="a.xlsx", content="keine Zeichen!")
    assert (status, told["problems"][0]["code"]) == (422, "not_base64")
    status, told = send("school_admin", "upload", sheet="teachers", file_name="a.csv", content=encoded(b"a,b"))
    assert (status, told["problems"][0]["code"]) == (422, "workbook_not_xlsx")
    made = send("school_admin", "upload", sheet="teachers", file_name="a.xlsx", content=encoded(bomb()))[1]
    plan = send("school_admin", "plan", id=made["id"])[1]
    assert (plan["state"], len(plan["problems"]), plan["rows"]) == ("failed", 1, [])


@pytest.mark.req("ORG-6")
def test_an_import_is_nobody_elses(send: Any) -> None:
    content = encoded(workbook([HEAD, *ROWS]))
    made = send("school_admin", "upload", sheet="teachers", file_name="a.xlsx", content=content)[1]
    for command in ("plan", "apply", "stop", "discard"):
        assert send("county_admin", command, id=made["id"])[0] == 404
    assert send("teacher", "upload", sheet="teachers", file_name="a.xlsx", content=content)[0] == 403
    assert send("school_admin", "upload", sheet="schools", file_name="a.xlsx", content=content)[0] == 403
    assert send("school_admin", "upload", sheet="nothing", file_name="a.xlsx", content=content)[0] == 404
    assert send("school_admin", "discard", id=made["id"])[0] == 200


@pytest.mark.req("OPS-3", "S14")
def test_the_plan_tells_what_a_new_record_will_hold_with_numbers_masked(send: Any, login_as: Any, world: World) -> None:
    number = national_id(77)
    row = ["某新人", number, "文三路小学", "小学", "语文"]
    made = send(
        "school_admin", "upload", sheet="teachers", file_name="新.xlsx", content=encoded(workbook([HEAD, row]))
    )[1]
    _, plan = send("school_admin", "plan", id=made["id"])
    entered = {each["field"]: each["after"] for each in plan["rows"][0]["changes"]}
    assert entered == {
        "name": "某新人", "national_id": mask_national_id(number), "gender": "女" if int(number[16]) % 2 == 0 else "男",
        "birth_date": "1980-01-01", "school": "文三路小学", "stage": "小学", "subject": "语文",
    }  # fmt: skip
    page = login_as("school_admin").get(f"/imports/show/{made['id']}").text
    assert "文三路小学" in page
    assert number not in page


def test_rows_that_were_not_written_are_told_page_by_page(send: Any, world: World, db: Any) -> None:
    rows = [[f"张改名{word}", national_id(n), "文三路小学", "小学", "语文"] for n, word in ((1, "甲"), (2, "乙"))]
    content = encoded(workbook([HEAD, *rows]))
    made = send("school_admin", "upload", sheet="teachers", file_name="名单.xlsx", content=content)[1]
    for name in ("zhang", "li"):
        db.session.get_one(Teacher, world.teacher[name].id).name = "别人改的"
    db.session.commit()
    assert send("school_admin", "apply", id=made["id"])[0] == 200
    pages = [
        send("school_admin", "plan", id=made["id"], limit=0, not_written_offset=at, not_written_limit=1)[1]
        for at in (0, 1, 2)
    ]
    assert [[row["row"] for row in page["not_written"]] for page in pages] == [[2], [3], []]
    assert {page["not_written_count"] for page in pages} == {2}
    assert pages[0]["not_written"][0]["title"]
