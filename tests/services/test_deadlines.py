"""What the clock ends and of what it reminds (ENR-5, ENR-11, P5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.clock import SHANGHAI
from app.domain.terms import EnrollmentState, MessageKind, RoundKind
from app.models import InboxMessage
from app.services import deadlines, enrollment, parameters
from app.services import enrollment_review as review
from app.services.deadlines import Done
from app.services.notifications import text_of
from app.services.transitions import history
from tests.support.enrolling import AFTER_ROUND_ONE, ROUND_TWO, acting, add_class, add_enrollment, add_teachers
from tests.world import World

S = EnrollmentState
DEADLINE = datetime(2026, 3, 15, 17, tzinfo=SHANGHAI)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def alone(db: Any, world: World) -> None:
    """The cast's own enrollments are out of the way."""
    for row in world.enrollment.values():
        row.state = S.WITHDRAWN
    db.session.commit()


@pytest.mark.req("ENR-5", "ENR-19")
def test_what_the_school_has_not_reviewed_ends_one_second_after_its_deadline(db: Any, world: World, clock: Any) -> None:
    row = add_enrollment(world, world.teacher["li"], add_class(world))
    clock.set(DEADLINE)
    assert deadlines.run().ended == 0
    clock.move(SECOND)
    assert deadlines.run().ended == 1
    assert (row.state, history(row)[-1].party) == (S.SCHOOL_TIMEOUT, "system")
    assert deadlines.run() == Done(0, 0)


@pytest.mark.req("P5", "ENR-11")
def test_a_seat_of_round_two_is_free_again_when_the_school_does_not_review(db: Any, world: World, clock: Any) -> None:
    [teacher], chosen = add_teachers(world, 1), add_class(world, seats=1)
    add_enrollment(world, teacher, world.training_class["xihu_second"], S.DECLINED)
    clock.set(ROUND_TWO)
    done = enrollment.enroll(teacher.id, chosen.id, actor=acting(world, teacher))
    clock.move(timedelta(hours=24))
    assert deadlines.run().ended == 0
    clock.move(SECOND)
    assert deadlines.run().ended == 1
    db.session.expire_all()
    assert chosen.taken == 0
    [told] = db.session.scalars(select(InboxMessage).where(InboxMessage.account_id == teacher.account_id))
    assert "has not reviewed" in str(text_of(told))
    assert done.enrollment_id


@pytest.mark.req("ENR-5", "P22")
def test_what_was_undone_after_the_deadline_has_its_own_and_ends_at_the_freeze_at_the_latest(
    db: Any, world: World, clock: Any
) -> None:
    chosen = add_class(world)
    row = add_enrollment(world, world.teacher["li"], chosen, S.AWAITING_INSTITUTION)
    clock.set(AFTER_ROUND_ONE)
    review.undo([row.id], actor=world.actor("school_admin"))
    assert deadlines.run().ended == 0
    assert deadlines.end_unreviewed(chosen.id, frozen=True) == 1
    db.session.expire_all()
    assert row.state is S.SCHOOL_TIMEOUT


@pytest.mark.req("ENR-5", "PUB-3")
def test_schools_are_reminded_once_a_day_before(db: Any, world: World, clock: Any) -> None:
    for teacher in add_teachers(world, 3):
        add_enrollment(world, teacher, add_class(world, teacher.id))
    clock.set(DEADLINE - timedelta(hours=24) - SECOND)
    assert deadlines.run() == Done(0, 0)
    clock.move(SECOND)
    assert deadlines.run() == Done(0, 1)
    assert deadlines.run() == Done(0, 0)
    told = select(InboxMessage).where(InboxMessage.account_id == world.account["school_admin"].id)
    [message] = db.session.scalars(told)
    assert message.kind is MessageKind.TASK
    assert str(text_of(message)) == (
        "3 enrollments wait for your school; whatever is not reviewed by 2026-03-15 17:00 ends."
    )


@pytest.mark.req("ENR-5", "P22")
def test_who_undid_an_approval_after_the_deadline_is_reminded_of_the_deadline_given_again(
    db: Any, world: World, clock: Any
) -> None:
    row = add_enrollment(world, world.teacher["li"], add_class(world), S.AWAITING_INSTITUTION)
    clock.set(AFTER_ROUND_ONE)
    review.undo([row.id], actor=world.actor("school_admin"))
    assert deadlines.run() == Done(0, 1)
    told = select(InboxMessage).where(InboxMessage.account_id == world.account["school_admin"].id)
    [message] = db.session.scalars(told.where(InboxMessage.kind == MessageKind.TASK))
    assert "not reviewed by 2026-03-18 09:00 ends" in str(text_of(message))


@pytest.mark.req("ENR-5")
def test_what_comes_later_is_told_again_but_not_with_every_enrollment(db: Any, world: World, clock: Any) -> None:
    teachers = add_teachers(world, 3)
    clock.set(DEADLINE - timedelta(hours=20))
    add_enrollment(world, teachers[0], add_class(world, 1))
    assert deadlines.run().reminded == 1
    add_enrollment(world, teachers[1], add_class(world, 2))
    clock.move(deadlines.PAUSE - SECOND)
    assert deadlines.run().reminded == 0
    clock.move(SECOND)
    assert deadlines.run().reminded == 1


@pytest.mark.req("P5")
def test_the_province_sets_how_long_before(world: World, clock: Any) -> None:
    admin = world.actor("provincial_admin")
    parameters.set_parameter("school_reminder_hours", "2", actor=admin, training_year_id=world.year.id)
    add_enrollment(world, world.teacher["li"], add_class(world))
    clock.set(DEADLINE - 3 * HOUR)
    assert deadlines.run().reminded == 0
    clock.move(HOUR)
    assert deadlines.run().reminded == 1


def test_rounds_keep_apart(db: Any, world: World, clock: Any) -> None:
    """At the end of round one nothing of round two ends, and decided ones stay."""
    two = {"round_kind": RoundKind.ROUND_TWO, "review_deadline": ROUND_TWO + 24 * HOUR}
    rows = [
        add_enrollment(world, world.teacher["li"], add_class(world, 1), **two),
        add_enrollment(world, world.teacher["li"], add_class(world, 2), S.AWAITING_INSTITUTION),
    ]
    clock.set(AFTER_ROUND_ONE)
    assert deadlines.run() == Done(0, 0)
    assert [row.state for row in rows] == [S.AWAITING_SCHOOL, S.AWAITING_INSTITUTION]


def test_the_command_says_what_it_did(app: Any, world: World, clock: Any) -> None:
    add_enrollment(world, world.teacher["li"], add_class(world))
    clock.set(AFTER_ROUND_ONE)
    told = app.test_cli_runner().invoke(args=["deadlines", "run"])
    assert told.output == ("Enrollments ended unreviewed: 1. Schools reminded: 0. Moved up from reserve lists: 0.\n")
