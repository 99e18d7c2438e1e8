"""School, bureau and institution decide, one or many at a time (ENR-5, ENR-6, ENR-10, P22)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.clock import SHANGHAI
from app.domain.errors import Invalid, NotPermitted, NotVisible
from app.domain.states import Action
from app.domain.terms import ClassState, EnrollmentState, RoundKind
from app.models import Enrollment, InboxMessage, Screening, TrainingClass
from app.services import enrollment_review as review
from app.services import parameters
from app.services.notifications import text_of
from app.services.transitions import history
from tests.support.enrolling import (
    AFTER_ROUND_ONE,
    ROUND_TWO,
    add_class,
    add_enrollment,
    add_teachers,
)
from tests.world import World

S = EnrollmentState
DEADLINE = datetime(2026, 3, 15, 17, tzinfo=SHANGHAI)
ROUND_TWO_CLOSES = datetime(2026, 4, 1, 17, tzinfo=SHANGHAI)
SECOND = timedelta(seconds=1)
SECOND_ROUND = {
    "round_kind": RoundKind.ROUND_TWO,
    "holds_seat": True,
    "review_deadline": ROUND_TWO + timedelta(hours=24),
}


def enrolled(world: World, count: int, state: S = S.AWAITING_SCHOOL, **columns: Any) -> list[Enrollment]:
    """Enrollments of as many teachers in one class of forty seats."""
    chosen = columns.pop("training_class", None) or add_class(world)
    return [add_enrollment(world, teacher, chosen, state, **columns) for teacher in add_teachers(world, count)]


def ids(rows: list[Enrollment]) -> list[int]:
    return [row.id for row in rows]


def states(rows: list[Enrollment]) -> set[S]:
    from app.extensions import db

    db.session.expire_all()
    return {row.state for row in rows}


def codes(outcome: review.BulkOutcome) -> dict[int, list[str]]:
    return {key: [p.code for p in why] for key, why in outcome.refused.items()}


def freeze(db: Any, chosen: TrainingClass, **columns: Any) -> None:
    proof = {"list_hash": "0" * 64, "commitment": "1" * 64, "seed_sealed": b"sealed", "algorithm": "1"}
    db.session.add(Screening(training_class_id=chosen.id, seats=1, candidate_count=2, **proof, **columns))
    db.session.commit()


# --- the school


@pytest.mark.req("ENR-5", "ENR-19")
def test_the_school_approves_many_at_once_and_they_go_on_to_the_institution(
    db: Any, world: World, clock: Any, count_queries: Any
) -> None:
    one, *rows = enrolled(world, 13)
    two, ten, school = ids(rows[:2]), ids(rows[2:]), world.actor("school_admin")
    review.approve([one.id], actor=school)  # what session and process happen to hold is no matter
    db.session.expire_all()
    with count_queries() as few:
        first = review.approve(two, actor=school)
    db.session.expire_all()
    with count_queries() as many:
        second = review.approve(ten, actor=school)
    assert first.done + second.done == tuple(ids(rows))
    assert states(rows) == {S.AWAITING_INSTITUTION}
    assert len(few) == len(many), str(many)
    [line] = history(rows[0])
    assert (line.action, line.organisation, line.party) == (Action.APPROVE, "文三路小学", "school")


@pytest.mark.req("ENR-5")
def test_a_rejection_needs_its_reason_and_the_teacher_reads_it(db: Any, world: World, clock: Any) -> None:
    [row] = enrolled(world, 1)
    school = world.actor("school_admin")
    with pytest.raises(Invalid):
        review.reject([row.id], "  ", actor=school)
    review.reject([row.id], "教学任务冲突", actor=school)
    assert states([row]) == {S.SCHOOL_REJECTED}
    [told] = db.session.scalars(select(InboxMessage).where(InboxMessage.account_id == row.teacher.account_id))
    assert "教学任务冲突" in str(text_of(told))


@pytest.mark.req("ENR-10", "ENR-11", "PUB-3")
@pytest.mark.parametrize(("late", "open_"), [(timedelta(0), True), (SECOND, False)])
def test_the_declined_are_told_of_round_two_as_long_as_there_is_one(
    db: Any, world: World, clock: Any, late: timedelta, open_: bool
) -> None:
    [row] = enrolled(world, 1, S.AWAITING_INSTITUTION, **SECOND_ROUND)
    row.training_class.taken = 1
    db.session.commit()
    clock.set(ROUND_TWO_CLOSES + late)
    review.decline([row.id], "名额另有安排", actor=world.actor("institution_admin"))
    [told] = db.session.scalars(select(InboxMessage).where(InboxMessage.account_id == row.teacher.account_id))
    assert "名额另有安排" in str(text_of(told))
    assert str(text_of(told)).endswith("Round two is open to you.") is open_


@pytest.mark.req("ENR-5", "ORG-6")
def test_rows_of_another_school_are_not_there_and_refuse_the_whole_act(world: World, clock: Any) -> None:
    rows = enrolled(world, 1)
    both = [*ids(rows), world.enrollment["qingyuan"].id]
    with pytest.raises(NotVisible):
        review.approve(both, actor=world.actor("school_admin"))
    with pytest.raises(NotVisible):
        review.approve([10**6], actor=world.actor("school_admin"))
    assert states(rows) == {S.AWAITING_SCHOOL}


@pytest.mark.req("ENR-5", "ACC-12")
@pytest.mark.parametrize("username", ["teacher", "institution_admin", "school_inquirer", "county_admin", "city_admin"])
def test_only_the_reviewers_of_the_school_review_for_it(world: World, clock: Any, username: str) -> None:
    """The bureau sees the row; where there is no checkpoint it has nothing to say."""
    rows = enrolled(world, 1)
    with pytest.raises((NotPermitted, NotVisible)):
        review.approve(ids(rows), actor=world.actor(username))
    assert states(rows) == {S.AWAITING_SCHOOL}


@pytest.mark.req("ENR-5")
@pytest.mark.parametrize(("moment", "in_time"), [(DEADLINE, True), (DEADLINE + SECOND, False)])
def test_the_school_decides_until_the_second_of_its_deadline(
    world: World, clock: Any, moment: datetime, in_time: bool
) -> None:
    rows = enrolled(world, 1)
    clock.set(moment)
    outcome = review.approve(ids(rows), actor=world.actor("school_admin"))
    assert bool(outcome.done) is in_time
    assert codes(outcome) == ({} if in_time else {rows[0].id: ["school_deadline_passed"]})


@pytest.mark.req("P5")
@pytest.mark.parametrize(("late", "in_time"), [(timedelta(0), True), (SECOND, False)])
def test_in_round_two_the_school_has_its_hours(world: World, clock: Any, late: timedelta, in_time: bool) -> None:
    chosen = add_class(world, taken=1)
    rows = enrolled(world, 1, training_class=chosen, **SECOND_ROUND)
    clock.set(ROUND_TWO + timedelta(hours=24) + late)
    outcome = review.approve(ids(rows), actor=world.actor("school_admin"))
    assert bool(outcome.done) is in_time


@pytest.mark.req("ENR-5", "ENR-14")
def test_each_row_is_refused_by_itself_and_the_others_are_done(world: World, clock: Any) -> None:
    waiting, gone = enrolled(world, 1), add_enrollment(world, world.teacher["li"], add_class(world, 2), S.WITHDRAWN)
    outcome = review.approve([*ids(waiting), gone.id], actor=world.actor("school_admin"))
    assert outcome.done == tuple(ids(waiting))
    assert codes(outcome) == {gone.id: ["wrong_state"]}


@pytest.mark.req("ENR-5")
def test_of_two_reviewers_the_second_is_told_what_the_first_has_done(world: World, clock: Any) -> None:
    rows = enrolled(world, 1)
    review.approve(ids(rows), actor=world.actor("school_admin"))
    outcome = review.reject(ids(rows), "名额有限", actor=world.actor("school_training_admin"))
    assert codes(outcome) == {rows[0].id: ["wrong_state"]}
    assert states(rows) == {S.AWAITING_INSTITUTION}


# --- undoing


@pytest.mark.req("ENR-5", "P22")
@pytest.mark.parametrize("before", [S.AWAITING_BUREAU, S.AWAITING_INSTITUTION, S.SCHOOL_REJECTED])
def test_the_school_undoes_its_own_review(db: Any, world: World, clock: Any, before: S) -> None:
    rows = enrolled(world, 1, before)
    assert review.undo(ids(rows), actor=world.actor("school_admin")).done == tuple(ids(rows))
    assert states(rows) == {S.AWAITING_SCHOOL}
    assert rows[0].review_deadline is None


@pytest.mark.req("P22")
@pytest.mark.parametrize(
    ("state", "columns", "code"),
    [
        (S.AWAITING_INSTITUTION, {"bureau_approved_at": DEADLINE}, "bureau_acted"),
        (S.ADMITTED, {}, "wrong_state"),
        (S.BUREAU_REJECTED, {}, "wrong_state"),
    ],
)
def test_not_after_the_next_reviewer_has_acted(
    world: World, clock: Any, state: S, columns: dict[str, Any], code: str
) -> None:
    rows = enrolled(world, 1, state, **columns)
    assert codes(review.undo(ids(rows), actor=world.actor("school_admin"))) == {rows[0].id: [code]}


@pytest.mark.req("P22")
def test_not_once_the_list_is_frozen_nor_where_the_province_has_said_no(db: Any, world: World, clock: Any) -> None:
    rows = enrolled(world, 1, S.AWAITING_INSTITUTION)
    admin, school = world.actor("provincial_admin"), world.actor("school_admin")
    parameters.set_parameter("school_review_reversible", "no", actor=admin, training_year_id=world.year.id)
    freeze(db, rows[0].training_class)
    assert codes(review.undo(ids(rows), actor=school)) == {rows[0].id: ["frozen", "undo_off"]}


@pytest.mark.req("P22")
def test_a_rejection_stays_once_the_round_is_over_and_an_approval_comes_back_with_time_to_decide(
    db: Any, world: World, clock: Any
) -> None:
    rejected = enrolled(world, 1, S.SCHOOL_REJECTED)[0]
    approved = add_enrollment(world, world.teacher["li"], add_class(world, 2), S.AWAITING_INSTITUTION)
    clock.set(AFTER_ROUND_ONE)
    outcome = review.undo([rejected.id, approved.id], actor=world.actor("school_admin"))
    assert codes(outcome) == {rejected.id: ["school_deadline_passed"]}
    db.session.expire_all()
    assert (approved.state, approved.review_deadline) == (S.AWAITING_SCHOOL, AFTER_ROUND_ONE + timedelta(hours=24))
    assert review.reject([approved.id], "另有安排", actor=world.actor("school_admin")).done == (approved.id,)


@pytest.mark.req("ENR-5", "P2", "P22")
def test_a_rejection_that_comes_back_has_to_fit_beside_what_was_chosen_since(world: World, clock: Any) -> None:
    """Forty-five hours each: of the three rejected ones two fit, and one is refused with the numbers."""
    [teacher], school = add_teachers(world, 1), world.actor("school_admin")
    rows = [
        add_enrollment(world, teacher, add_class(world, number, credit_hours=45), S.SCHOOL_REJECTED)
        for number in (1, 2, 3)
    ]
    outcome = review.undo(ids(rows), actor=school)
    assert len(outcome.done) == 2
    assert list(codes(outcome).values()) == [["hours_cap"]]


@pytest.mark.req("ENR-11", "P22")
def test_in_round_two_an_undone_rejection_needs_a_seat_again(db: Any, world: World, clock: Any) -> None:
    chosen = add_class(world, seats=1)
    rows = enrolled(world, 2, S.SCHOOL_REJECTED, training_class=chosen, **(SECOND_ROUND | {"holds_seat": False}))
    clock.set(ROUND_TWO)
    outcome = review.undo(ids(rows), actor=world.actor("school_admin"))
    assert (outcome.done, codes(outcome)) == ((rows[0].id,), {rows[1].id: ["full"]})
    db.session.expire_all()
    assert (chosen.taken, rows[0].holds_seat, rows[1].holds_seat) == (1, True, False)


# --- the bureau at its checkpoint


@pytest.mark.req("ENR-6")
def test_with_a_checkpoint_the_bureau_comes_between_school_and_institution(db: Any, world: World, clock: Any) -> None:
    rows = enrolled(world, 3, checkpoint_bureau_id=world.bureau["hangzhou"].id)
    review.approve(ids(rows), actor=world.actor("school_admin"))
    assert states(rows) == {S.AWAITING_BUREAU}
    reviewer = world.actor("bureau_reviewer")
    assert review.approve(ids(rows[:2]), actor=reviewer).done == tuple(ids(rows[:2]))
    assert review.reject(ids(rows[2:]), "不符合条件", actor=reviewer).done == (rows[2].id,)
    db.session.expire_all()
    assert [row.state for row in rows] == [S.AWAITING_INSTITUTION, S.AWAITING_INSTITUTION, S.BUREAU_REJECTED]
    assert rows[0].bureau_approved_at is not None


@pytest.mark.req("ENR-6", "ORG-6")
def test_a_bureau_below_the_checkpoint_has_no_say(world: World, clock: Any) -> None:
    rows = enrolled(world, 1, S.AWAITING_BUREAU, checkpoint_bureau_id=world.bureau["hangzhou"].id)
    with pytest.raises(NotPermitted):
        review.approve(ids(rows), actor=world.actor("county_admin"))
    with pytest.raises(NotVisible):
        review.approve(ids(rows), actor=world.actor("lishui_city"))
    outcome = review.approve(ids(rows), actor=world.actor("school_admin"))
    assert list(codes(outcome).values()) == [["not_your_move"]]


@pytest.mark.req("ENR-6", "ENR-11")
def test_a_late_approval_takes_a_seat_or_finds_the_class_full(db: Any, world: World, clock: Any) -> None:
    chosen = add_class(world, seats=1)
    bureau = {"checkpoint_bureau_id": world.bureau["hangzhou"].id}
    rows = enrolled(world, 2, S.AWAITING_BUREAU, training_class=chosen, **bureau)
    clock.set(ROUND_TWO)
    outcome = review.approve(ids(rows), actor=world.actor("city_admin"))
    assert (outcome.done, codes(outcome)) == ((rows[0].id,), {rows[1].id: ["full"]})
    db.session.expire_all()
    assert (chosen.taken, rows[0].holds_seat) == (1, True)


@pytest.mark.req("ENR-5", "ENR-6", "ENR-8")
@pytest.mark.parametrize(
    ("username", "state"), [("school_admin", S.AWAITING_SCHOOL), ("city_admin", S.AWAITING_BUREAU)]
)
def test_a_late_approval_does_not_pass_the_draw_by(db: Any, world: World, clock: Any, username: str, state: S) -> None:
    chosen, again = add_class(world, seats=2), {"review_deadline": ROUND_TWO + timedelta(hours=24)}
    columns = {"checkpoint_bureau_id": world.bureau["hangzhou"].id} if state is S.AWAITING_BUREAU else again
    punctual = enrolled(world, 3, S.AWAITING_INSTITUTION, training_class=chosen)
    late = add_enrollment(world, world.teacher["li"], chosen, state, **columns)
    clock.set(ROUND_TWO)
    assert review.approve([late.id], actor=world.actor(username)).done == (late.id,)
    assert states([*punctual, late]) == {S.AWAITING_INSTITUTION}
    assert (chosen.taken, {row.holds_seat for row in [*punctual, late]}) == (0, {False})


@pytest.mark.req("ENR-6", "ENR-11")
def test_who_waits_has_a_seat_before_a_late_approval(db: Any, world: World, clock: Any) -> None:
    chosen, here = add_class(world, seats=3), {"checkpoint_bureau_id": world.bureau["hangzhou"].id}
    late = [add_enrollment(world, world.teacher[n], chosen, S.AWAITING_BUREAU, **here) for n in ("li", "wang")]
    punctual = enrolled(world, 2, S.AWAITING_INSTITUTION, training_class=chosen)
    clock.set(ROUND_TWO)
    outcome = review.approve(ids(late), actor=world.actor("city_admin"))
    assert (outcome.done, codes(outcome)) == ((late[0].id,), {late[1].id: ["full"]})
    db.session.expire_all()
    assert (chosen.taken, [row.holds_seat for row in [*punctual, *late]]) == (3, [True, True, True, False])


# --- the institution


@pytest.mark.req("ENR-10", "PUB-3")
def test_the_institution_admits_in_bulk_and_teachers_and_schools_see_it(db: Any, world: World, clock: Any) -> None:
    chosen = add_class(world, seats=3)
    rows = enrolled(world, 3, S.AWAITING_INSTITUTION, training_class=chosen)
    clock.set(AFTER_ROUND_ONE)
    outcome = review.confirm(ids(rows), actor=world.actor("institution_admin"))
    assert outcome.done == tuple(ids(rows))
    assert states(rows) == {S.ADMITTED}
    assert (chosen.taken, {row.holds_seat for row in rows}) == (3, {True})
    told = db.session.scalars(select(InboxMessage).where(InboxMessage.account_id == world.account["school_admin"].id))
    assert [str(text_of(message)) for message in told] == [
        f"Admitted to {chosen}: {'、'.join(row.teacher.name for row in rows)}."
    ]
    assert db.session.query(InboxMessage).filter_by(account_id=rows[0].teacher.account_id).count() == 1


@pytest.mark.req("ENR-10")
def test_nobody_is_admitted_while_others_may_still_come(world: World, clock: Any) -> None:
    rows = enrolled(world, 1, S.AWAITING_INSTITUTION)
    clock.set(DEADLINE)
    outcome = review.confirm(ids(rows), actor=world.actor("institution_admin"))
    assert list(codes(outcome).values()) == [["round_not_over"]]
    clock.set(DEADLINE + SECOND)
    assert review.confirm(ids(rows), actor=world.actor("institution_admin")).done


@pytest.mark.req("ENR-8", "ENR-10")
def test_an_over_full_class_is_drawn_first(db: Any, world: World, clock: Any) -> None:
    chosen = add_class(world, seats=1)
    rows = enrolled(world, 2, S.AWAITING_INSTITUTION, training_class=chosen)
    clock.set(AFTER_ROUND_ONE)
    institution = world.actor("institution_admin")
    assert list(codes(review.confirm(ids(rows), actor=institution)).values()) == [["not_drawn_yet"]] * 2
    freeze(db, chosen)
    assert list(codes(review.decline(ids(rows), "材料不全", actor=institution)).values()) == [["not_drawn_yet"]] * 2
    assert chosen.taken == 0


@pytest.mark.req("ENR-10", "ENR-11")
def test_declining_frees_the_seat_and_gives_the_reason(db: Any, world: World, clock: Any) -> None:
    chosen = add_class(world, taken=1)
    rows = enrolled(world, 1, S.AWAITING_INSTITUTION, training_class=chosen, **SECOND_ROUND)
    clock.set(ROUND_TWO)
    with pytest.raises(Invalid):
        review.decline(ids(rows), "", actor=world.actor("institution_admin"))
    review.decline(ids(rows), "已结束同类培训", actor=world.actor("institution_admin"))
    assert states(rows) == {S.DECLINED}
    assert (chosen.taken, rows[0].holds_seat) == (0, False)


@pytest.mark.req("ENR-10", "ORG-6")
def test_another_institution_finds_nothing_to_decide(world: World, clock: Any) -> None:
    rows = enrolled(world, 1, S.AWAITING_INSTITUTION)
    clock.set(AFTER_ROUND_ONE)
    with pytest.raises(NotVisible):
        review.confirm(ids(rows), actor=world.actor("qingyuan_institution"))
    with pytest.raises(NotPermitted):
        review.confirm(ids(rows), actor=world.actor("school_admin"))


@pytest.mark.req("ENR-13")
def test_an_undone_rejection_of_a_class_that_is_cancelled_stays(world: World, clock: Any) -> None:
    chosen = add_class(world, state=ClassState.CANCELLED)
    rows = enrolled(world, 1, S.SCHOOL_REJECTED, training_class=chosen)
    assert list(codes(review.undo(ids(rows), actor=world.actor("school_admin"))).values()) == [["class_not_offered"]]
