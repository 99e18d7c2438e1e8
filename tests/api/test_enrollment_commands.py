"""Enrolling, withdrawing and deciding as commands: the same verbs, as JSON (OPS-6, ENR-14)."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.terms import EnrollmentState
from app.models import Enrollment
from tests.support.enrolling import AFTER_ROUND_ONE, add_class, add_enrollment, add_teachers
from tests.world import World

pytestmark = [pytest.mark.req("OPS-6"), pytest.mark.usefixtures("clock")]
S = EnrollmentState


@pytest.mark.req("W12", "ENR-2", "ENR-4")
def test_enrolling_twice_is_done_once_and_can_be_withdrawn(send: Any, world: World, db: Any) -> None:
    chosen = add_class(world).id
    status, made = send("teacher", "enrollment/enroll", training_class=chosen)
    assert (status, made["already"]) == (201, False)
    assert send("teacher", "enrollment/enroll", training_class=chosen) == (200, made | {"already": True})
    assert send("teacher", "enrollment/withdraw", id=made["id"])[0] == 200
    assert send("teacher", "enrollment/withdraw", id=made["id"])[0] == 409
    assert db.session.get(Enrollment, made["id"]).state is S.WITHDRAWN


@pytest.mark.req("ENR-14", "ORG-6")
def test_refusals_name_every_reason_and_a_foreign_class_is_not_there(send: Any, world: World, clock: Any) -> None:
    chosen, foreign = add_class(world, credit_hours=91).id, world.training_class["qingyuan"].id
    clock.set(AFTER_ROUND_ONE)
    status, told = send("teacher", "enrollment/enroll", training_class=chosen)
    assert (status, [p["code"] for p in told["problems"]]) == (422, ["window_closed", "hours_cap"])
    assert told["problems"][1]["params"]["cap"] == 90
    assert send("teacher", "enrollment/enroll", training_class=foreign)[0] == 404
    assert send("county_admin", "enrollment/enroll", training_class=chosen)[1]["problems"][0]["field"] == "teacher"


@pytest.mark.req("ENR-16")
def test_a_school_enrolls_for_its_teacher_and_for_nobody_elses(send: Any, world: World) -> None:
    chosen, mine, theirs = add_class(world).id, world.teacher["li"].id, world.teacher["chen"].id
    assert send("school_admin", "enrollment/enroll", training_class=chosen, teacher=mine)[0] == 201
    assert send("school_admin", "enrollment/enroll", training_class=chosen, teacher=theirs)[0] == 404
    assert send("teacher", "enrollment/enroll", training_class=chosen, teacher=mine)[0] == 403


@pytest.mark.req("ENR-5", "ENR-10", "P22")
def test_the_way_from_school_to_admission_row_by_row(send: Any, world: World, db: Any, clock: Any) -> None:
    chosen = add_class(world)
    rows = [add_enrollment(world, teacher, chosen).id for teacher in add_teachers(world, 3)]
    gone = add_enrollment(world, world.teacher["li"], chosen, S.WITHDRAWN).id
    assert send("school_admin", "enrollment/reject", ids=rows[:1])[1]["problems"][0]["field"] == "reason"
    assert send("school_admin", "enrollment/reject", ids=rows[:1], reason="课时冲突")[1]["done"] == rows[:1]
    assert send("school_admin", "enrollment/undo", ids=rows[:1])[1] == {"done": rows[:1], "refused": {}}
    status, told = send("school_admin", "enrollment/approve", ids=[*rows, gone])
    assert (status, told["done"], list(told["refused"])) == (200, rows, [str(gone)])
    assert told["refused"][str(gone)][0]["code"] == "wrong_state"
    clock.set(AFTER_ROUND_ONE)
    assert send("institution_admin", "enrollment/decline", ids=rows[:1], reason="已满")[1]["done"] == rows[:1]
    assert send("institution_admin", "enrollment/confirm", ids=rows[1:])[1]["done"] == rows[1:]
    status, told = send("institution_admin", "enrollment/confirm", ids=rows)
    assert (status, {p["field"] for p in told["problems"]}) == (409, {str(key) for key in rows})


@pytest.mark.req("ACC-12")
@pytest.mark.parametrize("command", ["approve", "undo", "confirm"])
def test_a_teacher_decides_nothing(send: Any, world: World, command: str) -> None:
    assert send("teacher", f"enrollment/{command}", ids=[world.enrollment["xihu"].id])[0] == 403


def test_every_command_is_described_with_its_answers(login_as: Any, world: World) -> None:
    paths = login_as("teacher").get("/api/v1/_openapi").json["paths"]
    enroll = paths["/api/v1/commands/enrollment/enroll"]["post"]["responses"]
    assert {"200", "201"} <= set(enroll)
    names = {path.rpartition("/")[2] for path in paths if path.startswith("/api/v1/commands/enrollment/")}
    assert names >= {"enroll", "withdraw", "approve", "reject", "undo", "confirm", "decline"}
