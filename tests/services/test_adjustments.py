"""Expanding, cancelling, requests, moving people, and what it would mean (ENR-4, ENR-7, ENR-12, ENR-13, ENR-17)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.clock import SHANGHAI, FrozenClock
from app.domain.errors import Conflict, DomainError, Invalid, NotPermitted, NotVisible
from app.domain.terms import AdjustmentKind, AdjustmentState, ClassState, EnrollmentOrigin, EnrollmentState, WindowKind
from app.models import ClassAdjustment, Enrollment, InboxMessage, ParameterValue, TrainingClass
from app.services import adjustment_bulk as bulk
from app.services import adjustments
from app.services.adjustment_bulk import BulkAct
from app.services.class_lists import LinesAsked, class_lines, lines_of
from app.services.enrollment_facts import cases
from app.services.lookalikes import titles_like
from app.services.reassignment import reassign, targets_for
from app.services.screening import draw, freeze
from app.services.simulation import simulate
from app.services.transitions import history
from app.services.waiting import waiting_for
from app.web.actors import current_vault
from tests.support.drawing import overfull
from tests.support.drawing import waiting_for as waiting_people
from tests.support.enrolling import AFTER_ROUND_ONE, ROUND_ONE, add_class, add_enrollment, add_teachers
from tests.world import World

S = EnrollmentState
BUREAU, PROVINCE, INSTITUTION = "county_admin", "provincial_admin", "institution_admin"
AFTER_ROUND_TWO = datetime(2026, 4, 6, 9, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def _adjustment_is_open(clock: FrozenClock) -> None:
    """Round one and its school deadline are over."""
    clock.set(AFTER_ROUND_ONE)


def codes(refused: pytest.ExceptionInfo[DomainError]) -> list[str]:
    """The codes of a refusal."""
    return [problem.code for problem in refused.value.problems]


def people_in(world: World, row: TrainingClass, count: int, state: S, first: int = 500) -> list[Enrollment]:
    """Add enrollments in one state; who is admitted holds a seat."""
    holds = state is S.ADMITTED
    made = [add_enrollment(world, t, row, state, holds_seat=holds) for t in add_teachers(world, count, first=first)]
    row.taken += count if holds else 0
    return made


def told(db: Any, account_id: int) -> list[str]:
    """What an account was told."""
    return list(db.session.scalars(select(InboxMessage.msgid).where(InboxMessage.account_id == account_id)))


# --- expanding


@pytest.mark.req("ENR-7", "P6")
def test_a_bureau_expands_up_to_the_limit_and_no_further(db: Any, world: World) -> None:
    row, _ = overfull(world, seats=41, candidates=2)
    with pytest.raises(Invalid) as refused:
        adjustments.expand(row.id, 62, actor=world.actor(BUREAU), reason="需求大")
    assert codes(refused) == ["expansion_limit"]
    done = adjustments.expand(row.id, 61, actor=world.actor(BUREAU)).adjustment
    assert (row.seats, row.planned_seats) == (61, 41)
    assert (done.state, done.old_seats, done.new_seats, done.overridden) == (AdjustmentState.APPROVED, 41, 61, False)
    assert [line.to_state for line in history(done)] == ["approved"]
    with pytest.raises(Invalid) as refused:
        adjustments.expand(row.id, 62, actor=world.actor(BUREAU))
    assert codes(refused) == ["expansion_limit"]


@pytest.mark.req("ENR-7", "P6")
def test_the_province_passes_the_limit_with_a_reason(world: World) -> None:
    row, _ = overfull(world, seats=2, candidates=4)
    with pytest.raises(Invalid) as refused:
        adjustments.expand(row.id, 4, actor=world.actor(PROVINCE))
    assert codes(refused) == ["override_reason"]
    assert adjustments.expand(row.id, 4, actor=world.actor(PROVINCE), reason="教材更换").adjustment.overridden


@pytest.mark.req("ENR-7", "ENR-9")
def test_expanding_a_drawn_class_fills_it_from_the_reserve(db: Any, world: World) -> None:
    row, candidates = overfull(world, seats=4, candidates=8)
    institution = world.actor(INSTITUTION)
    freeze(row.id, actor=institution, vault=current_vault())
    draw(row.id, actor=institution, vault=current_vault())
    foreseen = simulate(row.id, 6, actor=world.actor(BUREAU)).told
    assert adjustments.expand(row.id, 6, actor=world.actor(BUREAU)).promoted == 2
    db.session.expire_all()
    moved_up = {one.number for one in candidates if [x.action.value for x in history(one)][-1:] == ["promote"]}
    assert moved_up == set(foreseen.promoted)
    assert (row.taken, foreseen.out_before, foreseen.out_after) == (6, 4, 2)


@pytest.mark.req("ENR-7")
def test_expanding_waits_for_the_end_of_round_one(db: Any, world: World, clock: FrozenClock) -> None:
    row, _ = overfull(world)
    clock.set(ROUND_ONE)
    with pytest.raises(Conflict) as refused:
        adjustments.expand(row.id, 4, actor=world.actor(BUREAU))
    assert codes(refused) == ["round_one_open"]
    clock.set(next(w.closes_at for w in world.batch.windows if w.kind is WindowKind.ROUND_ONE))
    with pytest.raises(Conflict):
        adjustments.expand(row.id, 4, actor=world.actor(BUREAU))


@pytest.mark.req("ENR-7", "ORG-6")
def test_who_may_expand(world: World) -> None:
    row, _ = overfull(world)
    with pytest.raises(NotVisible):
        adjustments.expand(row.id, 4, actor=world.actor("lishui_city"))
    for username in (INSTITUTION, "bureau_reviewer", "school_admin", "teacher"):
        with pytest.raises(NotPermitted):
            adjustments.expand(row.id, 4, actor=world.actor(username))


# --- cancelling


@pytest.mark.req("ENR-13", "ENR-11", "ENR-2")
def test_cancelling_frees_hours_and_seats_gives_the_right_and_tells_what_else_is_open(db: Any, world: World) -> None:
    row, other = add_class(world, 9), add_class(world, 10)
    [approved] = people_in(world, row, 1, S.AWAITING_INSTITUTION, 500)
    [fresh] = people_in(world, row, 1, S.AWAITING_SCHOOL, 510)
    done = adjustments.cancel(row.id, actor=world.actor(BUREAU), reason="讲师生病", confirmed=2)
    db.session.expire_all()
    assert (row.state, row.cancelled_reason, done.people) == (ClassState.CANCELLED, "讲师生病", 2)
    assert {approved.state, fresh.state} == {S.CLASS_CANCELLED}
    facts = cases([approved.teacher_id, fresh.teacher_id], [other.id], world.batch.id)
    candidates = {key: case.candidate for (key, _class), case in facts.items()}
    assert [candidates[one.teacher_id].failed_at_institution for one in (approved, fresh)] == [True, False]
    assert [candidates[one.teacher_id].held for one in (approved, fresh)] == [(), ()]
    [message] = db.session.execute(
        select(InboxMessage.params, InboxMessage.endpoint).where(InboxMessage.account_id == approved.teacher.account_id)
    ).all()
    assert str(other) in str(message.params)
    assert message.endpoint == "LookalikePage.show"
    assert any("was cancelled" in text for text in told(db, world.account["school_admin"].id))


@pytest.mark.req("ENR-13")
def test_after_admission_cancelling_asks_twice_and_for_the_number_that_was_shown(db: Any, world: World) -> None:
    row = add_class(world, 9)
    people_in(world, row, 3, S.ADMITTED)
    db.session.commit()
    bureau = world.actor(BUREAU)
    for confirmed, code in ((None, "confirm_admitted"), (2, "consequence_changed")):
        with pytest.raises(Conflict) as refused:
            adjustments.cancel(row.id, actor=bureau, reason="停办", confirmed=confirmed)
        assert codes(refused) == [code]
    assert adjustments.cancel(row.id, actor=bureau, reason="停办", confirmed=3).people == 3
    db.session.expire_all()
    assert row.taken == 0
    with pytest.raises(Conflict) as refused:
        adjustments.cancel(row.id, actor=bureau, reason="再停", confirmed=0)
    assert codes(refused) == ["not_cancellable"]


@pytest.mark.req("ENR-7", "ENR-12", "P1")
@pytest.mark.parametrize(("moment", "limit"), [(AFTER_ROUND_ONE, 2), (AFTER_ROUND_TWO, 4)])
def test_the_institution_cancels_alone_up_to_the_limit_of_the_round(
    db: Any, world: World, clock: FrozenClock, moment: datetime, limit: int
) -> None:
    names = {"institution_cancel_limit_round_one": "2", "institution_cancel_limit_round_two": "4"}
    db.session.add_all(ParameterValue(name=name, value=value) for name, value in names.items())
    clock.set(moment)
    few, many = add_class(world, 9), add_class(world, 10)
    people_in(world, few, limit, S.AWAITING_INSTITUTION, 500)
    people_in(world, many, limit + 1, S.AWAITING_INSTITUTION, 600)
    institution = world.actor(INSTITUTION)
    with pytest.raises(Conflict) as refused:
        adjustments.cancel(many.id, actor=institution, reason="人数不足")
    assert codes(refused) == ["cancel_limit"]
    assert str(limit) in str(refused.value)
    assert adjustments.cancel(few.id, actor=institution, reason="人数不足").people == limit
    assert adjustments.cancel(many.id, actor=world.actor(BUREAU), reason="人数不足").people == limit + 1


@pytest.mark.req("ENR-7")
def test_an_institution_waits_for_the_round_and_everybody_needs_a_reason(world: World, clock: FrozenClock) -> None:
    row = add_class(world, 9)
    with pytest.raises(Invalid) as missing:
        adjustments.cancel(row.id, actor=world.actor(BUREAU), reason="  ")
    assert codes(missing) == ["reason_missing"]
    clock.set(ROUND_ONE)
    with pytest.raises(Conflict) as early:
        adjustments.cancel(row.id, actor=world.actor(INSTITUTION), reason="场地")
    assert codes(early) == ["round_one_open"]
    with pytest.raises(NotVisible):
        adjustments.cancel(row.id, actor=world.actor("qingyuan_institution"), reason="场地")


# --- requests


@pytest.mark.req("ENR-7")
def test_a_request_waits_for_the_bureau_and_is_granted_by_doing_it(db: Any, world: World) -> None:
    row, _ = overfull(world, seats=4, candidates=6)
    institution, bureau = world.actor(INSTITUTION), world.actor(BUREAU)
    asked = adjustments.request_expansion(row.id, 6, actor=institution, reason="报名踊跃")
    assert (asked.state, row.seats) == (AdjustmentState.REQUESTED, 4)
    with pytest.raises(Conflict) as twice:
        adjustments.request_expansion(row.id, 5, actor=institution, reason="再问")
    assert codes(twice) == ["requested_already"]
    [waiting] = [one for one in waiting_for(bureau) if one.endpoint == "AdjustmentPage.index"]
    assert waiting.count == 2  # the cast has one
    with pytest.raises(NotPermitted):
        adjustments.decide(asked.id, approve=True, actor=institution)
    with pytest.raises(NotVisible):
        adjustments.decide(asked.id, approve=True, actor=world.actor("lishui_city"))
    adjustments.decide(asked.id, approve=True, actor=bureau)
    db.session.refresh(row)
    assert (asked.state, row.seats, asked.decided_by_id) == (AdjustmentState.APPROVED, 6, bureau.account_id)
    assert any("Your request" in text for text in told(db, world.account[INSTITUTION].id))
    with pytest.raises(Conflict) as decided:
        adjustments.decide(asked.id, approve=False, actor=bureau, reason="晚了")
    assert codes(decided) == ["wrong_state"]


@pytest.mark.req("ENR-7")
def test_a_refusal_needs_a_reason_and_changes_nothing(db: Any, world: World) -> None:
    row = add_class(world, 9)
    people_in(world, row, 3, S.ADMITTED)
    db.session.commit()
    asked = adjustments.request_cancellation(row.id, actor=world.actor(INSTITUTION), reason="场地另用")
    bureau = world.actor(BUREAU)
    with pytest.raises(Invalid) as missing:
        adjustments.decide(asked.id, approve=False, actor=bureau)
    assert codes(missing) == ["reason_missing"]
    with pytest.raises(Conflict) as unsure:
        adjustments.decide(asked.id, approve=True, actor=bureau)
    assert codes(unsure) == ["confirm_admitted"]
    db.session.refresh(asked)
    assert (asked.state, row.state) == (AdjustmentState.REQUESTED, ClassState.OFFERED)
    adjustments.decide(asked.id, approve=False, actor=bureau, reason="请另找场地")
    assert (asked.state, asked.decision_reason) == (AdjustmentState.REJECTED, "请另找场地")


@pytest.mark.req("ENR-7", "P6")
def test_a_bureau_does_not_grant_past_the_limit_the_province_does(world: World) -> None:
    row, _ = overfull(world, seats=4, candidates=9)
    asked = adjustments.request_expansion(row.id, 9, actor=world.actor(INSTITUTION), reason="报名踊跃")
    with pytest.raises(Invalid) as refused:
        adjustments.decide(asked.id, approve=True, actor=world.actor(BUREAU))
    assert codes(refused) == ["expansion_limit"]
    adjustments.decide(asked.id, approve=True, actor=world.actor(PROVINCE), reason="同意突破")
    assert (row.seats, asked.overridden) == (9, True)


@pytest.mark.req("ENR-7")
def test_a_cancelled_class_leaves_no_request_waiting(db: Any, world: World) -> None:
    row, _ = overfull(world, seats=4, candidates=6)
    asked = adjustments.request_expansion(row.id, 6, actor=world.actor(INSTITUTION), reason="报名踊跃")
    adjustments.cancel(row.id, actor=world.actor(BUREAU), reason="停办")
    db.session.refresh(asked)
    assert asked.state is AdjustmentState.REJECTED


# --- many at once


@pytest.mark.req("ENR-7", "ENR-17")
def test_many_classes_are_planned_in_numbers_and_each_stands_by_itself(db: Any, world: World) -> None:
    over, small = overfull(world, seats=4, candidates=9)[0], overfull(world, number=10, first=200, seats=4)[0]
    small.seats = 6
    db.session.commit()
    bureau = world.actor(BUREAU)
    plan = bulk.plan(BulkAct.EXPAND, [over.id, small.id], actor=bureau)
    assert ([line.suggested for line in plan.lines], plan.seats, plan.still_out) == ([6, 6], 2, 5)
    done = bulk.carry_out(BulkAct.EXPAND, plan.confirmation, actor=bureau, reason="")
    assert done.done == [over.id]
    assert [p.code for p in done.refused[small.id]] == ["not_more_seats"]
    with pytest.raises(NotVisible):
        bulk.plan(BulkAct.CANCEL, [over.id, world.training_class["qingyuan"].id], actor=bureau)
    with pytest.raises(NotPermitted):
        bulk.plan(BulkAct.EXPAND, [over.id], actor=world.actor(INSTITUTION))


@pytest.mark.req("ENR-7", "ENR-13")
def test_many_are_cancelled_and_those_with_admitted_people_ask_again(db: Any, world: World) -> None:
    plain, sure = add_class(world, 9), add_class(world, 10)
    people_in(world, plain, 2, S.AWAITING_INSTITUTION, 500)
    people_in(world, sure, 3, S.ADMITTED, 600)
    db.session.commit()
    bureau = world.actor(BUREAU)
    plan = bulk.plan(BulkAct.CANCEL, [plain.id, sure.id], actor=bureau)
    assert (plan.people, plan.admitted) == (5, 3)
    done = bulk.carry_out(BulkAct.CANCEL, plan.confirmation, actor=bureau, reason="人数不足")
    assert (done.done, done.people) == ([plain.id], 2)
    assert [p.code for p in done.refused[sure.id]] == ["confirm_admitted"]
    again = bulk.carry_out(BulkAct.CANCEL, {sure.id: 3}, actor=bureau, reason="人数不足", admitted_too=True)
    assert (again.done, again.people) == ([sure.id], 3)


# --- simulator and lists


@pytest.mark.req("ENR-17")
def test_the_simulator_says_who_loses_and_who_may_come_again(db: Any, world: World) -> None:
    row, _ = overfull(world, seats=3, candidates=8)
    people_in(world, row, 2, S.AWAITING_SCHOOL)
    people_in(world, row, 1, S.AWAITING_BUREAU, 510)  # the school had approved, so the right is there (P4)
    bureau = world.actor(BUREAU)
    told_now = simulate(row.id, 5, actor=bureau)
    assert (told_now.told.out_before, told_now.told.out_after, told_now.counts.undecided) == (5, 3, 3)
    assert [(r.region, r.waiting, r.without_seat) for r in told_now.told.regions] == [("西湖区", 8, 3.0)]
    gone = simulate(row.id, 0, actor=bureau)
    assert (gone.cancels, gone.counts.live, gone.told.right_to_round_two) == (True, 11, 9)
    with pytest.raises(NotVisible):
        simulate(row.id, 5, actor=world.actor("lishui_city"))


@pytest.mark.req("ENR-7", "B10")
def test_the_list_shows_over_full_classes_first_in_as_many_queries_for_one_as_for_many(
    db: Any, world: World, count_queries: Any
) -> None:
    bureau = world.actor(BUREAU)
    crowded, _ = overfull(world, seats=2, candidates=6)
    class_lines(LinesAsked(), actor=bureau)  # reads what is remembered from then on
    db.session.commit()
    with count_queries() as few:
        class_lines(LinesAsked(), actor=bureau)
    for number in range(10, 16):
        add_class(world, number)
    with count_queries() as many:
        found = class_lines(LinesAsked(), actor=bureau)
    assert len(few) == len(many)
    assert (found.lines[0].row.id, found.lines[0].needed, found.lines[0].limit) == (crowded.id, 6, 3)
    assert [line.row.id for line in class_lines(LinesAsked(show="over"), actor=bureau).lines] == [crowded.id]
    assert [line.row.id for line in class_lines(LinesAsked(show="ready"), actor=bureau).lines] == [crowded.id]
    assert class_lines(LinesAsked(show="drawn"), actor=bureau).count == 0
    assert class_lines(LinesAsked(wanted="没有这样的班"), actor=bureau).count == 0
    assert {line.row.id for line in class_lines(LinesAsked(), actor=world.actor("qingyuan_institution")).lines} == {
        world.training_class["qingyuan"].id
    }


# --- moving people


@pytest.mark.req("ENR-4")
def test_a_bureau_moves_admitted_teachers_and_the_reserve_takes_their_seats(db: Any, world: World) -> None:
    row, _ = overfull(world, seats=1, candidates=2)
    institution, bureau = world.actor(INSTITUTION), world.actor(BUREAU)
    freeze(row.id, actor=institution, vault=current_vault())
    draw(row.id, actor=institution, vault=current_vault())
    seated = db.session.scalar(select(Enrollment).where(Enrollment.training_class_id == row.id, Enrollment.holds_seat))
    target = add_class(world, 10, seats=1)
    db.session.execute(Enrollment.__table__.update().where(Enrollment.id == seated.id).values(state=S.ADMITTED))
    db.session.commit()
    assert (target, 1) in targets_for(row, actor=bureau)
    done = reassign([seated.id], target.id, actor=bureau, reason="就近培训")
    db.session.expire_all()
    new = db.session.get(Enrollment, done.done[0])
    assert (seated.state, new.state, new.origin) == (S.REASSIGNED, S.ADMITTED, EnrollmentOrigin.REASSIGNED)
    assert (new.reassigned_from_id, new.holds_seat, target.taken, row.taken) == (seated.id, True, 1, 1)
    assert [line.to_state for line in history(new)] == ["admitted"]
    made = db.session.scalar(select(ClassAdjustment).where(ClassAdjustment.kind == AdjustmentKind.REASSIGN))
    assert (made.training_class_id, made.target_class_id, made.live_count) == (row.id, target.id, 1)
    assert any("You were moved" in text for text in told(db, new.teacher.account_id))


@pytest.mark.req("ENR-4")
def test_a_full_class_takes_who_fits_and_tells_why_the_others_stay(db: Any, world: World) -> None:
    row, target = add_class(world, 9), add_class(world, 10, seats=1)
    people = people_in(world, row, 2, S.ADMITTED)
    [undecided] = people_in(world, row, 1, S.AWAITING_SCHOOL, 600)
    db.session.commit()
    done = reassign([one.id for one in (*people, undecided)], target.id, actor=world.actor(BUREAU), reason="合班")
    assert len(done.done) == 1
    assert [p.code for p in done.refused[people[1].id]] == ["target_full"]
    assert [p.code for p in done.refused[undecided.id]] == ["wrong_state", "target_full"]
    db.session.expire_all()
    assert (row.taken, target.taken) == (1, 1)
    assert db.session.scalar(select(func.count()).where(Enrollment.training_class_id == target.id)) == 1


@pytest.mark.req("ENR-4", "ORG-6")
def test_nobody_is_moved_into_a_foreign_or_unfitting_class(db: Any, world: World) -> None:
    row = add_class(world, 9)
    [one] = people_in(world, row, 1, S.ADMITTED)
    db.session.commit()
    foreign = world.training_class["qingyuan"]
    with pytest.raises(NotVisible):
        reassign([one.id], foreign.id, actor=world.actor(BUREAU), reason="合班")
    done = reassign([one.id], foreign.id, actor=world.actor(PROVINCE), reason="合班")
    assert [p.code for p in done.refused[one.id]] == ["target_does_not_fit"]
    with pytest.raises(NotVisible):
        reassign([world.enrollment["qingyuan"].id], row.id, actor=world.actor(BUREAU), reason="合班")
    with pytest.raises(NotPermitted):
        reassign([one.id], row.id, actor=world.actor(INSTITUTION), reason="合班")


@pytest.mark.req("ENR-13")
def test_look_alikes_are_open_classes_for_the_same_regions(db: Any, world: World) -> None:
    row, other = add_class(world, 9), add_class(world, 10)
    gone = add_class(world, 11, state=ClassState.CANCELLED)
    waiting_people(world, other, add_teachers(world, 1, first=700))
    names = titles_like(row, 10)
    assert str(other) in names
    assert str(gone) not in names
    assert str(world.training_class["qingyuan"]) not in names
    assert lines_of([row])[0].suggested == 0
