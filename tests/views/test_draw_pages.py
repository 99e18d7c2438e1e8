"""Pages of draws and adjustments, and what is public (ENR-7 … ENR-9, ENR-13, ENR-17, ENR-18)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from app.domain.clock import FrozenClock
from app.domain.terms import ClassState, EnrollmentState, RoundKind
from app.models import AuditEntry, ClassAdjustment, Enrollment, Screening, TrainingClass
from app.services.adjustments import request_expansion
from app.services.public_rounds import batch_of_the_newest_draw, round_page, round_totals
from app.services.screening import draw, freeze
from app.web.actors import current_vault
from tests.support.drawing import overfull
from tests.support.enrolling import AFTER_ROUND_ONE, ROUND_ONE, add_class, add_enrollment, add_teachers
from tests.world import World

S = EnrollmentState
VERIFY = Path(__file__).resolve().parents[2] / "tools/verify_draw.py"
INSTITUTION, BUREAU = "institution_admin", "county_admin"


@pytest.fixture(autouse=True)
def _after_round_one(clock: FrozenClock) -> None:
    clock.set(AFTER_ROUND_ONE)


def drawn_class(world: World, **size: int) -> TrainingClass:
    """A class that was frozen and drawn."""
    row, _ = overfull(world, **size)
    for verb in (freeze, draw):
        verb(row.id, actor=world.actor(INSTITUTION), vault=current_vault())
    return row


def admit(db: Any, world: World, row: TrainingClass, count: int) -> list[Enrollment]:
    """Add admitted teachers."""
    made = [add_enrollment(world, t, row, S.ADMITTED, holds_seat=True) for t in add_teachers(world, count, first=600)]
    row.taken += count
    db.session.commit()
    return made


@pytest.mark.req("ENR-8", "ENR-9")
def test_the_page_leads_from_freeze_to_draw_to_proof(db: Any, world: World, login_as: Any) -> None:
    row, candidates = overfull(world)
    client = login_as(INSTITUTION)
    before = client.get(f"/draws/class/{row.id}").text
    assert "/freeze" in before
    assert '/draw"' not in before
    assert client.post(f"/draws/class/{row.id}/freeze").status_code == 302
    found = db.session.scalar(select(Screening).where(Screening.training_class_id == row.id))
    frozen = client.get(f"/draws/class/{row.id}").text
    for shown in (found.list_hash, found.commitment, f"/draws/class/{row.id}/draw"):
        assert shown in frozen
    client.post(f"/draws/class/{row.id}/draw")
    db.session.expire_all()
    after = client.get(f"/draws/class/{row.id}").text
    assert found.seed in after
    assert f'action="/draws/class/{row.id}/draw"' not in after
    assert all(one.teacher.name in after for one in candidates)
    again = client.post(f"/draws/class/{row.id}/draw", follow_redirects=True).text
    assert "不能再次筛选" in again


@pytest.mark.req("ENR-8", "ORG-6")
def test_names_are_shown_to_who_sees_the_enrollment_only(db: Any, world: World, login_as: Any) -> None:
    """A bureau that answers for the class sees people of its own subtree by name, the others by number."""
    row = drawn_class(world)
    home = db.session.scalars(select(Enrollment).where(Enrollment.training_class_id == row.id)).all()
    home[0].bureau = world.bureau["qingyuan"]
    db.session.commit()
    page = login_as(BUREAU).get(f"/draws/class/{row.id}").text
    assert home[1].teacher.name in page
    assert home[0].teacher.name not in page
    assert home[0].number in page
    assert home[0].number not in login_as(BUREAU).get(f"/draws/class/{row.id}?q={home[0].teacher.name}").text
    assert home[0].teacher.name in login_as(INSTITUTION).get(f"/draws/class/{row.id}").text


@pytest.mark.req("B10", "ENR-8")
def test_the_lists_cost_the_same_queries_for_few_and_many(
    db: Any, world: World, login_as: Any, count_queries: Any
) -> None:
    told = []
    for number, size in ((9, 4), (10, 20)):
        row, _ = overfull(world, candidates=size, number=number, first=number * 30)
        for verb in (freeze, draw):
            verb(row.id, actor=world.actor(INSTITUTION), vault=current_vault())
        client = login_as(INSTITUTION)
        client.get(f"/draws/class/{row.id}")
        with count_queries() as sent:
            assert client.get(f"/draws/class/{row.id}").status_code == 200
        told.append(len(sent))
    assert told[0] == told[1]


@pytest.mark.req("ENR-7", "ENR-17")
def test_a_bureau_simulates_and_expands_and_what_is_wrong_keeps_what_was_typed(
    db: Any, world: World, login_as: Any
) -> None:
    row, _ = overfull(world, seats=4, candidates=8)
    client = login_as(BUREAU)
    page = client.get(f"/adjustments/class/{row.id}?seats=6").text
    assert "西湖区" in page
    refused = client.post(f"/adjustments/class/{row.id}/expand", data={"seats": "7", "reason": "报名踊跃"})
    assert refused.status_code == 422
    assert 'value="7"' in refused.text
    assert 'value="报名踊跃"' in refused.text
    assert client.post(f"/adjustments/class/{row.id}/expand", data={"seats": "6"}).status_code == 302
    db.session.expire_all()
    assert row.seats == 6


@pytest.mark.req("ENR-13")
def test_the_page_asks_a_second_time_once_people_are_admitted(db: Any, world: World, login_as: Any) -> None:
    row = add_class(world, 9)
    admit(db, world, row, 2)
    client, url = login_as(BUREAU), f"/adjustments/class/{row.id}"
    assert 'name="confirmed"' not in client.get(url).text
    asked = client.post(f"{url}/cancel", data={"reason": "停办"})
    assert asked.status_code == 409
    assert 'name="confirmed" value="2"' in asked.text
    assert 'value="停办"' in asked.text
    assert client.post(f"{url}/cancel", data={"reason": "停办", "confirmed": "2"}).status_code == 302
    db.session.expire_all()
    assert row.state is ClassState.CANCELLED


@pytest.mark.req("ENR-7")
def test_an_institution_asks_and_the_bureau_decides_on_the_page(db: Any, world: World, login_as: Any) -> None:
    row, _ = overfull(world, seats=4, candidates=8)
    institution, bureau, url = login_as(INSTITUTION), login_as(BUREAU), f"/adjustments/class/{row.id}"
    assert "/expand" not in institution.get(url).text
    asked = institution.post(f"{url}/ask", data={"kind": "expand", "seats": "6", "reason": "报名踊跃"})
    assert asked.status_code == 302
    made = db.session.scalar(select(ClassAdjustment).where(ClassAdjustment.training_class_id == row.id))
    assert institution.post(f"/adjustments/request/{made.id}/decide", data={"decision": "approve"}).status_code == 403
    assert "报名踊跃" in bureau.get(url).text
    assert bureau.post(f"/adjustments/request/{made.id}/decide", data={"decision": "reject"}).status_code == 422
    bureau.post(f"/adjustments/request/{made.id}/decide", data={"decision": "approve"})
    db.session.expire_all()
    assert row.seats == 6


@pytest.mark.req("ENR-13", "P1")
def test_an_institution_asks_during_round_one_and_cancels_alone_after_it(
    db: Any, world: World, login_as: Any, clock: FrozenClock
) -> None:
    clock.set(ROUND_ONE)
    row = add_class(world, 9)
    url = f"/adjustments/class/{row.id}"

    def offered() -> list[str]:
        page = login_as(INSTITUTION).get(url).text
        return [name for name in ("cancel-reason", "ask-reason") if f'id="{name}"' in page]

    assert offered() == ["ask-reason"]
    asked = login_as(INSTITUTION).post(f"{url}/ask", data={"kind": "cancel", "reason": "场地另用"})
    assert asked.status_code == 302
    clock.set(AFTER_ROUND_ONE)
    assert offered() == ["cancel-reason"]
    assert login_as(INSTITUTION).post(f"{url}/cancel", data={"reason": "场地另用"}).status_code == 302


@pytest.mark.req("ENR-7", "ENR-17")
def test_many_classes_are_shown_in_numbers_before_anything_is_done(db: Any, world: World, login_as: Any) -> None:
    row, other = add_class(world, 9), add_class(world, 10)
    admit(db, world, other, 2)
    client = login_as(BUREAU)
    chosen = {"action": "cancel", "rowid": [str(row.id), str(other.id)]}
    plan = client.post("/adjustments/plan", data=chosen).text
    assert f'value="{other.id}:2"' in plan
    send = {"action": "cancel", "shown": [f"{row.id}:0", f"{other.id}:2"]}
    assert client.post("/adjustments/carry-out", data=send).status_code == 422
    client.post("/adjustments/carry-out", data={**send, "reason": "停办"})
    db.session.expire_all()
    assert (row.state, other.state) == (ClassState.CANCELLED, ClassState.OFFERED)
    client.post("/adjustments/carry-out", data={**send, "shown": [f"{other.id}:2"], "reason": "停办", "sure": "yes"})
    db.session.expire_all()
    assert other.state is ClassState.CANCELLED
    abroad = world.training_class["qingyuan"].id
    assert client.post("/adjustments/plan", data={"action": "cancel", "rowid": str(abroad)}).status_code == 404
    assert client.post("/adjustments/plan", data={"action": "burn", "rowid": str(row.id)}).status_code == 404


@pytest.mark.req("ENR-4")
def test_people_are_moved_on_the_page(db: Any, world: World, login_as: Any) -> None:
    row, target = add_class(world, 9), add_class(world, 10)
    people = admit(db, world, row, 2)
    client = login_as(BUREAU)
    assert people[0].teacher.name in client.get(f"/adjustments/class/{row.id}").text
    send = {"rowid": [str(one.id) for one in people], "target": str(target.id), "reason": "合班"}
    assert client.post(f"/adjustments/class/{row.id}/reassign", data={**send, "reason": ""}).status_code == 422
    assert client.post(f"/adjustments/class/{row.id}/reassign", data=send).status_code == 302
    db.session.expire_all()
    assert (row.taken, target.taken) == (0, 2)


@pytest.mark.req("ENR-13")
def test_who_lost_a_class_sees_what_else_is_open_and_why_not(db: Any, world: World, login_as: Any) -> None:
    row, other = add_class(world, 9), add_class(world, 10)
    world.teacher["zhang"].post_category_id = None
    add_enrollment(world, world.teacher["zhang"], row, S.AWAITING_SCHOOL)
    row.state = ClassState.CANCELLED
    row.cancelled_reason = "讲师生病"
    db.session.commit()
    page = login_as("teacher").get(f"/look-alikes/{row.id}").text
    assert str(other) in page
    assert "讲师生病" in page
    assert "why-not" in page
    assert login_as("qingyuan_teacher").get(f"/look-alikes/{row.id}").status_code == 404


@pytest.mark.req("ENR-7", "ENR-8")
def test_a_class_leads_to_its_draw_and_adjustment_for_who_answers_for_it(world: World, login_as: Any) -> None:
    row = add_class(world, 9)
    for username, seen in ((INSTITUTION, True), (BUREAU, True), ("teacher", False), ("school_admin", False)):
        page = login_as(username).get(f"/trainingclassview/show/{row.id}")
        assert page.status_code == 200
        assert (f"/draws/class/{row.id}" in page.text) is seen, username
        assert (f"/adjustments/class/{row.id}" in page.text) is seen, username


# --- public


@pytest.mark.req("ENR-18")
def test_the_public_page_has_numbers_and_draws_but_no_names(db: Any, world: World, client: Any) -> None:
    row = drawn_class(world, seats=3, candidates=8)
    page = client.get("/public/rounds").text
    found = db.session.scalar(select(Screening).where(Screening.training_class_id == row.id))
    for shown in (str(row), found.result_hash[:12], "37.5 %"):
        assert shown in page
    people = db.session.scalars(select(Enrollment).where(Enrollment.training_class_id == row.id)).all()
    everything = page + client.get(f"/public/draws/{row.id}").text + client.get(f"/public/draws/{row.id}/file").text
    for one in people:
        assert one.teacher.name not in everything
        assert one.teacher.teacher_number not in everything
    lines, count = round_page(world.batch.id, RoundKind.ROUND_ONE, page=1, size=50)
    line = next(x for x in lines if x.row.id == row.id)
    assert (line.enrolled, line.live, line.drawn, line.rate) == (8, 3, 3, 37.5)
    assert count == round_totals(world.batch.id, RoundKind.ROUND_ONE)["classes"]
    assert world.training_class["xihu_second"].id not in {x.row.id for x in lines}  # not approved yet
    assert batch_of_the_newest_draw() == world.batch.id
    assert client.get(f"/public/rounds?batch={world.batch.id}&round=round_two").status_code == 200
    assert client.get("/public/rounds?batch=999999").status_code == 404


@pytest.mark.req("ENR-9", "R4")
def test_the_published_file_is_right_for_the_script_and_tampering_is_seen(
    db: Any, world: World, client: Any, tmp_path: Path
) -> None:
    row = drawn_class(world)
    published = json.loads(client.get(f"/public/draws/{row.id}/file").data)

    def verified(content: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "draw.json"
        file.write_text(json.dumps(content), encoding="utf-8")
        return subprocess.run([sys.executable, str(VERIFY), str(file)], capture_output=True, text=True, check=False)

    assert verified(published).returncode == 0, verified(published).stdout
    order = published["order"]
    swapped = [*order[:2], order[3], order[2], *order[4:]]
    for change in ({"order": swapped, "drawn": swapped[:3]}, {"seed": "00" * 32}, {"result_hash": "0" * 64},
                   {"candidates": published["candidates"][1:]}):  # fmt: skip
        assert verified(published | change).returncode == 1


@pytest.mark.req("ENR-9")
def test_before_the_draw_the_promise_is_public_and_the_seed_is_not(db: Any, world: World, client: Any) -> None:
    row, candidates = overfull(world)
    assert client.get(f"/public/draws/{row.id}").status_code == 404
    found = freeze(row.id, actor=world.actor(INSTITUTION), vault=current_vault())
    seed = current_vault().open(found.seed_sealed)
    published = json.loads(client.get(f"/public/draws/{row.id}/file").data)
    assert published["candidates"] == sorted(one.number for one in candidates)
    assert (published["seed"], published["order"], published["drawn"]) == (None, [], [])
    assert published["commitment"] == found.commitment
    assert seed not in client.get(f"/public/draws/{row.id}").text


@pytest.mark.req("ENR-7", "PUB-2")
def test_the_workbench_says_what_waits(world: World, login_as: Any) -> None:
    row, _ = overfull(world)
    request_expansion(row.id, 4, actor=world.actor(INSTITUTION), reason="报名踊跃")
    assert "show=ready" in login_as(INSTITUTION).get("/").text
    assert "show=requested" in login_as(BUREAU).get("/").text


@pytest.mark.req("ENR-7", "DEL-12")
def test_the_list_of_classes_is_sorted_by_its_heads_and_exported_as_shown(db: Any, world: World, login_as: Any) -> None:
    early = add_class(world, 21, seats=10, starts_on=date(2026, 5, 1))
    late = add_class(world, 22, seats=5, starts_on=date(2026, 6, 1), ends_on=date(2026, 6, 2))
    add_enrollment(world, add_teachers(world, 1, first=700)[0], late, S.AWAITING_INSTITUTION)
    client = login_as(BUREAU)

    def order(address: str) -> list[int]:
        found = re.findall(r"/adjustments/class/(\d+)\"", client.get(address).text)
        return [int(key) for key in found if int(key) in (early.id, late.id)]

    assert order("/adjustments/") == [late.id, early.id]
    assert order("/adjustments/?order=starts_on") == [early.id, late.id]
    assert order("/adjustments/?order=-starts_on") == [late.id, early.id]
    assert order("/adjustments/?order=-planned_seats") == [early.id, late.id]
    assert order("/adjustments/?order=fullness")[0] == early.id
    assert 'aria-sort="descending"' in client.get("/draws/?order=-starts_on").text
    answer = client.get("/adjustments/export?order=-starts_on")
    rows = openpyxl.load_workbook(BytesIO(answer.data)).active.iter_rows(min_row=2, values_only=True)
    head, *lines = rows
    assert head[:4] == ("班期", "培训机构", "批次", "开始日期")
    shown = [dict(zip(head, line, strict=True)) for line in lines if line[0] in (str(early), str(late))]
    assert [(line["班期"], line["名额"], line["已报名"]) for line in shown] == [(str(late), 5, 1), (str(early), 10, 0)]
    assert db.session.scalar(select(AuditEntry).where(AuditEntry.subject == "班期调整")).after["rows"] == len(lines)
    assert login_as("school_admin").get("/adjustments/export").status_code == 403


@pytest.mark.req("ENR-10")
def test_behind_the_draw_the_page_leads_to_who_has_to_be_confirmed(db: Any, world: World, login_as: Any) -> None:
    row, _ = overfull(world)
    way = f'href="/institution-inbox/?class={row.id}"'
    assert way not in login_as(INSTITUTION).get(f"/draws/class/{row.id}").text
    for verb in (freeze, draw):
        verb(row.id, actor=world.actor(INSTITUTION), vault=current_vault())
    assert way in login_as(INSTITUTION).get(f"/draws/class/{row.id}").text
    assert way not in login_as(BUREAU).get(f"/draws/class/{row.id}").text
