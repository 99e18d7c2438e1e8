"""A declaration from its first line to its approval, by API alone (PRG-2 to PRG-6, OPS-6)."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from app.domain.clock import SHANGHAI
from app.models import Programme
from tests.support.declarations import PLAN
from tests.world import PASSWORD, World

pytestmark = pytest.mark.req("OPS-6")
BASE = "/api/v1"


@pytest.fixture(autouse=True)
def january(clock: Any) -> None:
    """The clock, in the middle of the declaration window."""
    clock.set(datetime(2026, 1, 12, 9, 0, tzinfo=SHANGHAI))


@pytest.fixture
def send(app: Flask, world: World) -> Any:
    """`send(username, command, **values)` runs a command as that account."""
    tokens: dict[str, str] = {}

    def run(username: str, command: str, **values: Any) -> Any:
        if username not in tokens:
            answer = app.test_client().post(f"{BASE}/session", json={"username": username, "password": PASSWORD})
            tokens[username] = answer.json["token"]
        headers = {"Authorization": f"Bearer {tokens[username]}"}
        return app.test_client().post(f"{BASE}/commands/{command}", json=values, headers=headers)

    return run


def declaration(world: World, **changes: Any) -> dict[str, Any]:
    """A right declaration as JSON has it."""
    one = {"starts_on": "2026-05-11", "ends_on": "2026-05-13", "place": "报告厅", "planned_seats": 40}
    return {
        "title": "小学科学教学研修", "kind": "elective", "batch": world.batch.id, "credit_hours": 24, "goals": "提升",
        "contents": "教材", "regions": [world.region["xihu"].id], "lecturers": [{"name": "方晓华"}], "classes": [one],
        **changes,
    }  # fmt: skip


def db_row(key: int) -> Programme:
    """The programme as it is stored now."""
    from app.extensions import db

    db.session.expire_all()
    return db.session.get_one(Programme, key)


@pytest.mark.req("PRG-2", "PRG-4", "PRG-5", "PRG-6", "PRG-7")
def test_a_programme_is_declared_refused_mended_and_approved(db: Any, world: World, send: Any) -> None:
    file = {"name": PLAN.name, "content": b64encode(PLAN.content).decode()}
    made = send("institution_admin", "programme/declare", declaration=declaration(world), plan_file=file)
    assert made.status_code == 201, made.text
    key = made.json["id"]
    assert send("institution_admin", "programme/submit", id=key).status_code == 200
    row = db.session.get(Programme, key)
    asked = send("county_admin", "programme/ask-experts", id=key, experts=[world.account["expert_reviewer"].id])
    assert asked.json == {"id": key, "asked": 1}
    opinion = row.opinions[0].id
    assert send("expert_reviewer", "expert-opinion/give", id=opinion, score=70, comment="尚可").status_code == 200
    one = row.classes[0].id
    adjusted = send("county_admin", "programme/adjust", id=key, reason="场地所限",
                    classes=[{"training_class": one, "planned_seats": 30}])  # fmt: skip
    assert adjusted.status_code == 200, adjusted.text
    refusal = {"training_class": one, "decision": "refuse", "reason": "目标不具体"}
    assert send("county_admin", "programme/review", id=key, decisions=[refusal]).status_code == 200
    mended = declaration(world, goals="能独立设计单元教学")
    mended["classes"][0]["id"] = one
    assert send("institution_admin", "programme/declare", id=key, declaration=mended).status_code == 201
    assert send("institution_admin", "programme/submit", id=key).status_code == 200
    approval = {"training_class": one, "decision": "approve", "checkpoint": "county"}
    assert send("county_admin", "programme/review", id=key, decisions=[approval]).status_code == 200
    db.session.expire_all()
    assert (row.state, row.classes[0].state, row.classes[0].checkpoint) == ("approved", "offered", "county")


@pytest.mark.req("PRG-2", "PRG-5", "PRG-7")
def test_what_was_approved_is_not_declared_anew_and_no_class_leaves_its_year(world: World, send: Any) -> None:
    file = {"name": PLAN.name, "content": b64encode(PLAN.content).decode()}
    two = declaration(world)["classes"] * 2
    key = send("institution_admin", "programme/declare", declaration=declaration(world, classes=two),
               plan_file=file).json["id"]  # fmt: skip
    send("institution_admin", "programme/submit", id=key)
    first, second = (one.id for one in db_row(key).classes)
    late = [{"training_class": first, "starts_on": "2027-03-01", "ends_on": "2027-03-02"}]
    outside = send("county_admin", "programme/adjust", id=key, reason="改期", classes=late)
    assert [p["field"] for p in outside.json["problems"]] == [f"classes-{first}-starts_on"]
    decisions = [{"training_class": first, "decision": "approve"},
                 {"training_class": second, "decision": "return", "reason": "补充"}]  # fmt: skip
    assert send("county_admin", "programme/review", id=key, decisions=decisions).status_code == 200
    mended = declaration(world, credit_hours=30, classes=[{**two[0], "id": second}])
    refused = send("institution_admin", "programme/declare", id=key, declaration=mended)
    assert (refused.status_code, [p["field"] for p in refused.json["problems"]]) == (422, ["credit_hours"])
    mended["credit_hours"] = 24
    assert send("institution_admin", "programme/declare", id=key, declaration=mended).status_code == 201


@pytest.mark.req("PRG-2")
def test_problems_come_all_at_once_with_their_fields(world: World, send: Any) -> None:
    wrong = declaration(world, title="", regions=[world.region["qingyuan"].id])
    wrong["classes"][0]["planned_seats"] = 0
    answer = send("institution_admin", "programme/declare", declaration=wrong)
    assert answer.status_code == 422
    assert {p["field"] for p in answer.json["problems"]} == {"title", "regions", "classes-0-planned_seats"}


@pytest.mark.req("PRG-7")
def test_handing_in_twice_hands_in_once(world: World, send: Any) -> None:
    file = {"name": PLAN.name, "content": b64encode(PLAN.content).decode()}
    key = send("institution_admin", "programme/declare", declaration=declaration(world), plan_file=file).json["id"]
    first, second = (send("institution_admin", "programme/submit", id=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 422)
    assert send("institution_admin", "programme/take-back", id=key, reason="再改改").status_code == 200


@pytest.mark.req("ORG-6")
@pytest.mark.parametrize(
    ("username", "status"),
    [("qingyuan_institution", 404), ("county_admin", 403), ("teacher", 403), ("school_admin", 403)],
)
def test_strangers_hand_in_nothing(world: World, send: Any, username: str, status: int) -> None:
    assert send(username, "programme/submit", id=world.programme["xihu"].id).status_code == status


@pytest.mark.parametrize(
    "values",
    [{}, {"declaration": {}}, {"declaration": []}, {"declaration": {"title": 1}},
     {"declaration": {}, "plan_file": {"name": "a.pdf", "content": "§"}}],
)  # fmt: skip
def test_a_body_of_the_wrong_shape_is_refused(world: World, send: Any, values: dict[str, Any]) -> None:
    assert send("institution_admin", "programme/declare", **values).status_code == 422
