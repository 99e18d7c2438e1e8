"""Freezing and drawing an over-full class, and its reserve list (ENR-8, ENR-9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.domain import screening as rules
from app.domain.clock import FrozenClock
from app.domain.errors import Conflict, DomainError, NotPermitted, NotVisible
from app.domain.terms import AuditAction, ClassState, EnrollmentState
from app.models import (
    AuditEntry,
    Enrollment,
    InboxMessage,
    Screening,
    ScreeningCandidate,
    TrainingClass,
    Transition,
)
from app.services import deadlines, enrollment_review, reserve
from app.services.screening import draw, freeze
from app.services.transitions import history
from app.web.actors import current_vault
from tests.support.drawing import overfull, waiting_for
from tests.support.enrolling import AFTER_ROUND_ONE, add_class, add_enrollment, add_teachers
from tests.world import World

S = EnrollmentState
INSTITUTION = "institution_admin"


@pytest.fixture(autouse=True)
def _after_the_deadline(clock: FrozenClock) -> None:
    """Round one and its school deadline are over."""
    clock.set(AFTER_ROUND_ONE)


def do(verb: Any, world: World, row: TrainingClass, username: str = INSTITUTION) -> Screening:
    """Freeze or draw."""
    done: Screening = verb(row.id, actor=world.actor(username), vault=current_vault())
    return done


def codes(refused: pytest.ExceptionInfo[DomainError]) -> list[str]:
    """The codes of a refusal."""
    return [problem.code for problem in refused.value.problems]


def states(db: Any, row: TrainingClass) -> dict[str, int]:
    """State → how many enrollments of the class."""
    wanted = select(Enrollment.state, func.count()).where(Enrollment.training_class_id == row.id)
    return {state.value: count for state, count in db.session.execute(wanted.group_by(Enrollment.state))}


@pytest.mark.req("ENR-9")
def test_the_freeze_publishes_list_hash_and_promise_and_keeps_the_seed(db: Any, world: World) -> None:
    row, candidates = overfull(world)
    found = do(freeze, world, row)
    assert found.list_hash == rules.list_hash(one.number for one in candidates)
    seed = current_vault().open(found.seed_sealed)
    assert rules.commitment_of(seed) == found.commitment
    assert (found.seed, found.drawn_at, found.seats, found.candidate_count) == (None, None, 3, 8)
    listed = db.session.scalars(
        select(ScreeningCandidate.enrollment_number).where(ScreeningCandidate.screening_id == found.id)
    ).all()
    assert set(listed) == {one.number for one in candidates}
    entry = db.session.scalar(select(AuditEntry).where(AuditEntry.entity == "Screening"))
    assert seed not in str(entry.after)
    assert states(db, row) == {"awaiting_institution": 8}


@pytest.mark.req("ENR-8", "ENR-9")
def test_the_draw_follows_seed_and_numbers_alone(db: Any, world: World) -> None:
    row, candidates = overfull(world)
    do(freeze, world, row)
    found = do(draw, world, row)
    expected = rules.draw(found.seed, [one.number for one in candidates], 3)
    lines = db.session.scalars(
        select(ScreeningCandidate).where(ScreeningCandidate.screening_id == found.id)
        .order_by(ScreeningCandidate.place_in_order)
    ).all()  # fmt: skip
    assert [(x.enrollment_number, x.order_hash, x.place_in_order, x.drawn) for x in lines] == [
        (place.number, place.key, place.position, place.drawn) for place in expected
    ]
    assert found.result_hash == rules.result_hash(place.number for place in expected)
    db.session.expire_all()
    assert states(db, row) == {"awaiting_institution": 3, "not_drawn": 5}
    drawn = {place.number for place in expected if place.drawn}
    assert {one.number for one in candidates if one.holds_seat} == drawn
    assert row.taken == 3
    out = next(one for one in candidates if one.number not in drawn)
    assert [(x.to_state, x.action.value) for x in history(out)] == [("not_drawn", "draw_out")]
    assert db.session.scalar(select(AuditEntry.id).where(AuditEntry.action == AuditAction.DRAW))


@pytest.mark.req("ENR-8", "ENR-19")
def test_everybody_is_told_and_sees_the_published_draw(db: Any, world: World) -> None:
    row, candidates = overfull(world, seats=1, candidates=2)
    do(freeze, world, row)
    do(draw, world, row)
    told = {
        one.state: db.session.scalars(
            select(InboxMessage.msgid).where(InboxMessage.account_id == one.teacher.account_id)
            .order_by(InboxMessage.id)
        ).all()
        for one in candidates
    }  # fmt: skip
    assert "you were drawn" in told[S.AWAITING_INSTITUTION][1]
    assert "you were not drawn" in told[S.NOT_DRAWN][1]
    school = world.account["school_admin"].id
    page = db.session.execute(
        select(InboxMessage.endpoint, InboxMessage.page_values).where(InboxMessage.account_id == school)
    ).one()
    assert page == ("PublicPage.draw", {"pk": row.id})


@pytest.mark.req("ENR-8", "R4")
def test_there_is_no_second_draw_and_no_second_freeze(db: Any, world: World) -> None:
    row, _ = overfull(world)
    with pytest.raises(Conflict) as refused:
        do(draw, world, row)
    assert codes(refused) == ["not_frozen"]
    do(freeze, world, row)
    with pytest.raises(Conflict) as refused:
        do(freeze, world, row)
    assert codes(refused) == ["already_frozen"]
    first = do(draw, world, row).seed
    with pytest.raises(Conflict) as refused:
        do(draw, world, row)
    assert codes(refused) == ["already_drawn"]
    assert db.session.scalar(select(Screening.seed).where(Screening.training_class_id == row.id)) == first


@pytest.mark.req("ENR-8")
def test_enough_seats_need_no_draw_and_nothing_is_left_behind(db: Any, world: World) -> None:
    row, _ = overfull(world, seats=8, candidates=8)
    late = add_enrollment(world, add_teachers(world, 1, first=300)[0], row)
    with pytest.raises(Conflict) as refused:
        do(freeze, world, row)
    assert codes(refused) == ["no_draw_needed"]
    db.session.refresh(late)
    assert late.state is S.AWAITING_SCHOOL
    assert db.session.scalar(select(func.count()).where(Screening.training_class_id == row.id)) == 0


@pytest.mark.req("ENR-8")
def test_a_freeze_waits_for_the_school_deadline_to_the_second(db: Any, world: World, clock: FrozenClock) -> None:
    row, _ = overfull(world)
    late = add_enrollment(world, add_teachers(world, 1, first=300)[0], row)
    deadline = next(w.closes_at for w in world.batch.windows if w.kind.value == "round_one_school")
    clock.set(deadline)
    with pytest.raises(Conflict) as refused:
        do(freeze, world, row)
    assert codes(refused) == ["too_early", "reviews_under_way"]
    clock.move(timedelta(seconds=1))
    assert do(freeze, world, row).candidate_count == 8
    db.session.refresh(late)
    assert late.state is S.SCHOOL_TIMEOUT


@pytest.mark.req("ENR-6", "ENR-8")
def test_a_freeze_waits_for_the_bureau(world: World) -> None:
    row, _ = overfull(world)
    add_enrollment(world, add_teachers(world, 1, first=300)[0], row, S.AWAITING_BUREAU)
    with pytest.raises(Conflict) as refused:
        do(freeze, world, row)
    assert codes(refused) == ["reviews_under_way"]


@pytest.mark.req("ENR-8")
@pytest.mark.parametrize("state", [ClassState.CANCELLED, ClassState.RUNNING])
def test_a_class_that_is_not_offered_is_neither_frozen_nor_drawn(db: Any, world: World, state: ClassState) -> None:
    row, _ = overfull(world)
    other, _ = overfull(world, number=10, first=200)
    do(freeze, world, other)
    db.session.execute(update(TrainingClass).where(TrainingClass.id.in_([row.id, other.id])).values(state=state))
    db.session.commit()
    for verb, target in ((freeze, row), (draw, other)):
        with pytest.raises(Conflict) as refused:
            do(verb, world, target)
        assert codes(refused) == ["class_not_offered"]


@pytest.mark.req("ENR-8", "ORG-6")
def test_the_draw_is_the_institution_s_own(world: World) -> None:
    row, _ = overfull(world)
    with pytest.raises(NotVisible):
        do(freeze, world, row, "qingyuan_institution")
    for username in ("county_admin", "provincial_admin", "school_admin", "teacher"):
        with pytest.raises(NotPermitted):
            do(freeze, world, row, username)
    do(freeze, world, row)
    with pytest.raises(NotVisible):
        do(draw, world, row, "qingyuan_institution")
    with pytest.raises(NotPermitted):
        do(draw, world, row, "provincial_admin")


@pytest.mark.req("ENR-9", "R4")
def test_a_list_or_seed_somebody_has_touched_is_not_drawn(db: Any, world: World) -> None:
    row, _ = overfull(world)
    found = do(freeze, world, row)
    line = db.session.scalar(select(ScreeningCandidate).where(ScreeningCandidate.screening_id == found.id))
    line.enrollment_number = "FORGED"
    found.seed_sealed = current_vault().seal("00" * 32)
    db.session.commit()
    with pytest.raises(Conflict) as refused:
        do(draw, world, row)
    assert codes(refused) == ["list_changed", "seed_changed"]
    assert states(db, row) == {"awaiting_institution": 8}


@pytest.mark.req("ENR-9")
def test_a_seat_that_comes_free_goes_to_the_next_of_the_order(db: Any, world: World) -> None:
    row, candidates = overfull(world)
    do(freeze, world, row)
    found = do(draw, world, row)
    order = [place.number for place in rules.draw(found.seed, [one.number for one in candidates], 3)]
    by_number = {one.number: one for one in candidates}
    enrollment_review.decline([by_number[order[0]].id], "已调离岗位", actor=world.actor(INSTITUTION))
    db.session.expire_all()
    next_one = by_number[order[3]]
    assert (next_one.state, next_one.holds_seat, row.taken) == (S.AWAITING_INSTITUTION, True, 3)
    assert [x.action.value for x in history(next_one)] == ["draw_out", "promote"]
    line = db.session.scalar(select(ScreeningCandidate).where(ScreeningCandidate.enrollment_number == order[3]))
    assert line.promoted_at is not None
    told = select(InboxMessage.msgid).where(InboxMessage.account_id == next_one.teacher.account_id)
    assert any("moved up" in text for text in db.session.scalars(told))


@pytest.mark.req("ENR-9", "P2")
def test_whom_a_cap_forbids_is_passed_over(db: Any, world: World) -> None:
    row, candidates = overfull(world)
    do(freeze, world, row)
    found = do(draw, world, row)
    order = [place.number for place in rules.draw(found.seed, [one.number for one in candidates], 3)]
    by_number = {one.number: one for one in candidates}
    busy = by_number[order[3]].teacher
    for number in (20, 21, 22):
        waiting_for(world, add_class(world, number, credit_hours=24), [busy])
    row.seats = 4
    db.session.commit()
    done = reserve.promote(row.id, actor=world.actor(INSTITUTION))
    assert done.promoted == (by_number[order[4]].id,)
    assert [(number, [reason.code for reason in reasons]) for number, reasons in done.skipped] == [
        (order[3], ["hours_cap"])
    ]


@pytest.mark.req("ENR-9")
def test_promoting_needs_a_free_seat_and_somebody_in_reserve(db: Any, world: World) -> None:
    row, _ = overfull(world, seats=1, candidates=2)
    do(freeze, world, row)
    do(draw, world, row)
    with pytest.raises(Conflict) as refused:
        reserve.promote(row.id, actor=world.actor(INSTITUTION))
    assert codes(refused) == ["no_free_seat"]
    row.seats = 5
    db.session.commit()
    assert len(reserve.promote(row.id, actor=world.actor(INSTITUTION)).promoted) == 1
    with pytest.raises(Conflict) as refused:
        reserve.promote(row.id, actor=world.actor("county_admin"))
    assert codes(refused) == ["reserve_empty"]
    with pytest.raises(NotVisible):
        reserve.promote(row.id, actor=world.actor("qingyuan_institution"))


def drawn_order(world: World, row: TrainingClass, candidates: Any) -> list[Enrollment]:
    """Freeze and draw; return the enrollments in their drawn order."""
    do(freeze, world, row)
    found = do(draw, world, row)
    by_number = {one.number: one for one in candidates}
    return [by_number[place.number] for place in rules.draw(found.seed, list(by_number), found.seats)]


@pytest.mark.req("ENR-9", "ENR-14")
def test_who_is_enrolling_elsewhere_when_a_seat_comes_free_moves_up_at_the_next_look(
    db: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, candidates = overfull(world)
    order = drawn_order(world, row, candidates)
    busy, behind = order[3], order[4]
    with monkeypatch.context() as patched:
        patched.setattr(reserve, "teachers_turn", lambda key: key != busy.teacher_id)
        enrollment_review.decline([order[0].id], "已调离岗位", actor=world.actor(INSTITUTION))
        assert deadlines.run().moved_up == 0
        with pytest.raises(Conflict) as refused:
            reserve.promote(row.id, actor=world.actor(INSTITUTION))
        assert codes(refused) == ["reserve_busy"]
    assert deadlines.run().moved_up == 1
    assert deadlines.run().moved_up == 0
    db.session.expire_all()
    assert (busy.state, behind.state, row.taken) == (S.AWAITING_INSTITUTION, S.NOT_DRAWN, 3)


@pytest.mark.req("ENR-9", "ENR-14")
def test_when_nobody_in_reserve_can_take_the_seat_everybody_s_reasons_are_told(db: Any, world: World) -> None:
    row, candidates = overfull(world, seats=1, candidates=3)
    full = drawn_order(world, row, candidates)[1:]
    people = [one.teacher for one in full]
    held = [waiting_for(world, add_class(world, number, credit_hours=24), people) for number in (20, 21, 22)]
    row.seats = 2
    db.session.commit()
    with pytest.raises(Conflict) as refused:
        reserve.promote(row.id, actor=world.actor(INSTITUTION))
    assert codes(refused) == ["reserve_passed_over", "hours_cap", "hours_cap"]
    for one, told in zip(full, refused.value.problems[1:], strict=True):
        assert str(told.text).startswith(f"{one.number}: 72 hours held")
    assert deadlines.run().moved_up == 0
    held[0][1].state = S.WITHDRAWN
    db.session.commit()
    assert deadlines.run().moved_up == 1
    db.session.expire_all()
    assert [one.state for one in full] == [S.NOT_DRAWN, S.AWAITING_INSTITUTION]


@pytest.mark.req("B13", "ENR-9")
def test_looking_after_the_reserve_is_one_statement_while_nothing_is_free(world: World, count_queries: Any) -> None:
    row, candidates = overfull(world)
    drawn_order(world, row, candidates)
    with count_queries() as sent:
        assert reserve.fill_what_is_left() == 0
    assert len(sent) == 1, str(sent)


@pytest.mark.req("ENR-9")
def test_seats_added_between_freeze_and_draw_are_filled_from_the_order(db: Any, world: World) -> None:
    row, candidates = overfull(world)
    do(freeze, world, row)
    row.seats = 5
    db.session.commit()
    found = do(draw, world, row)
    assert found.seats == 3
    db.session.expire_all()
    order = [place.number for place in rules.draw(found.seed, [one.number for one in candidates], 3)]
    assert {one.number for one in candidates if one.holds_seat} == set(order[:5])
    assert row.taken == 5


@pytest.mark.req("B13")
def test_a_draw_costs_the_same_statements_however_many_stand_on_the_list(
    db: Any, world: World, count_queries: Any
) -> None:
    told = []
    for number, candidates in ((8, 3), (9, 4), (10, 40)):  # the first reads what is remembered from then on
        row, _ = overfull(world, seats=2, candidates=candidates, number=number, first=number * 20)
        with count_queries() as frozen:
            do(freeze, world, row)
        with count_queries() as drawn:
            do(draw, world, row)
        told.append((len(frozen), len(drawn)))
    assert told[1] == told[2]
    assert db.session.scalar(select(func.count()).select_from(Transition).where(Transition.action == "draw_out")) == 41
