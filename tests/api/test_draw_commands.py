"""Commands on draws, adjustments and reassignment: the same verbs as the pages, as JSON (OPS-6)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.domain.clock import FrozenClock
from app.domain.terms import EnrollmentState
from app.models import Enrollment, TrainingClass
from tests.support.drawing import overfull
from tests.support.enrolling import AFTER_ROUND_ONE, add_class, add_enrollment, add_teachers
from tests.world import World

pytestmark = pytest.mark.req("OPS-6")
INSTITUTION, BUREAU = "institution_admin", "county_admin"


@pytest.fixture(autouse=True)
def after_round_one(clock: FrozenClock) -> None:
    """The clock, when round one is over."""
    clock.set(AFTER_ROUND_ONE)


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    """Status and first problem."""
    return answer[0], answer[1]["problems"][0]["code"]


@pytest.mark.req("ENR-8", "ENR-9")
def test_freeze_draw_and_promote(send: Any, db: Any, world: World) -> None:
    row, _ = overfull(world, seats=4, candidates=8)
    assert send("qingyuan_institution", "screening/freeze", training_class=row.id)[0] == 404
    assert send(BUREAU, "screening/freeze", training_class=row.id)[0] == 403
    status, frozen = send(INSTITUTION, "screening/freeze", training_class=row.id)
    assert (status, frozen["candidates"], frozen["seed"], frozen["result_hash"]) == (201, 8, None, None)
    status, drawn = send(INSTITUTION, "screening/draw", training_class=row.id)
    assert (status, drawn["list_hash"]) == (200, frozen["list_hash"])
    assert drawn["seed"]
    assert code(send(INSTITUTION, "screening/draw", training_class=row.id)) == (409, "already_drawn")
    assert code(send(INSTITUTION, "screening/promote", training_class=row.id)) == (409, "no_free_seat")
    status, done = send(BUREAU, "class-adjustment/expand", training_class=row.id, seats=6)
    assert (status, done["promoted"], done["state"]) == (200, 2, "approved")
    assert code(send(BUREAU, "class-adjustment/expand", training_class=row.id, seats=7)) == (422, "expansion_limit")


@pytest.mark.req("ENR-7", "ENR-17")
def test_simulate_request_decide_and_cancel(send: Any, db: Any, world: World) -> None:
    row, _ = overfull(world, seats=4, candidates=6)
    status, told = send(BUREAU, "class-adjustment/simulate", training_class=row.id, seats=0)
    assert (status, told["enrolled"], told["right_to_round_two"], told["regions"][0]["region"]) == (200, 6, 6, "西湖区")
    ask = {"training_class": row.id, "seats": 6, "reason": "报名踊跃"}
    status, asked = send(INSTITUTION, "class-adjustment/request-expansion", **ask)
    assert status == 201
    assert code(send(BUREAU, "class-adjustment/decide", id=asked["id"], approve=False)) == (422, "reason_missing")
    assert send("lishui_city", "class-adjustment/decide", id=asked["id"], approve=True)[0] == 404
    assert send(INSTITUTION, "class-adjustment/decide", id=asked["id"], approve=True)[0] == 403
    assert send(BUREAU, "class-adjustment/decide", id=asked["id"], approve=True)[0] == 200
    stop = {"training_class": row.id, "reason": "停办"}
    assert send(INSTITUTION, "class-adjustment/request-cancellation", **stop)[0] == 201
    assert code(send(BUREAU, "class-adjustment/cancel", **stop, confirmed=5)) == (409, "consequence_changed")
    assert send(BUREAU, "class-adjustment/cancel", **stop, confirmed=6)[1]["people"] == 6
    db.session.expire_all()
    assert db.session.get(TrainingClass, row.id).state.value == "cancelled"


@pytest.mark.req("ENR-4")
def test_reassigning_tells_who_could_not_be_moved(send: Any, db: Any, world: World) -> None:
    row, target = add_class(world, 9), add_class(world, 10, seats=1)
    people = [
        add_enrollment(world, teacher, row, EnrollmentState.ADMITTED, holds_seat=True)
        for teacher in add_teachers(world, 2)
    ]
    row.taken = 2
    db.session.commit()
    move = {"enrollments": [one.id for one in people], "target": target.id, "reason": "合班"}
    assert send(INSTITUTION, "enrollment/reassign", **move)[0] == 403
    assert send("lishui_city", "enrollment/reassign", **move)[0] == 404
    status, done = send(BUREAU, "enrollment/reassign", **move)
    assert (status, len(done["done"])) == (200, 1)
    assert done["refused"][0]["problems"][0]["code"] == "target_full"
    assert db.session.scalar(select(Enrollment.id).where(Enrollment.training_class_id == target.id)) == done["done"][0]


@pytest.mark.parametrize("seats", [0, -1, 100_000, "5", None])
@pytest.mark.req("S3")
def test_numbers_of_seats_that_cannot_be_are_told(send: Any, world: World, seats: Any) -> None:
    key = world.training_class["xihu"].id
    assert send(BUREAU, "class-adjustment/expand", training_class=key, seats=seats)[0] == 422
