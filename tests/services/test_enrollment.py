"""Enrolling and withdrawing: every refusal, every edge of the windows, seats, repeats (ENR-2 to 4, ENR-11 to 16)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.clock import SHANGHAI
from app.domain.errors import Conflict, DomainError, Invalid, NotPermitted, NotVisible
from app.domain.terms import (
    AccountStatus,
    Checkpoint,
    ClassState,
    EnrollmentOrigin,
    EnrollmentState,
    OrganisationStatus,
    RoundKind,
    TeacherStatus,
)
from app.models import ClassSession, Enrollment, Evaluation, InboxMessage, Screening, TrainingClass, Transition
from app.security.actor import Actor
from app.services import alternatives, enrollment, enrollment_facts, parameters, unit
from app.services.transitions import history
from tests.support.enrolling import (
    AFTER_ROUND_ONE,
    ROUND_TWO,
    acting,
    add_class,
    add_enrollment,
    add_teachers,
)
from tests.world import World

S = EnrollmentState


@pytest.fixture
def li(world: World) -> Actor:
    """A teacher at home who is enrolled nowhere."""
    return acting(world, world.teacher["li"])


def codes(refused: Any) -> list[str]:
    return [p.code for p in refused.value.problems]


def count(*where: Any) -> int:
    from app.extensions import db

    return db.session.scalar(select(func.count()).select_from(Enrollment).where(*where)) or 0


def may_use_round_two(world: World, teacher: Any) -> None:
    add_enrollment(world, teacher, world.training_class["xihu_second"], S.DECLINED)


# --- round one


@pytest.mark.req("ENR-2", "ENR-19")
def test_a_teacher_enrolls_and_the_ledger_begins(db: Any, world: World, li: Actor, clock: Any) -> None:
    chosen = add_class(world)
    done = enrollment.enroll(li.teacher_id, chosen.id, actor=li)
    row = db.session.get(Enrollment, done.enrollment_id)
    assert (row.state, row.round_kind, row.origin) == (S.AWAITING_SCHOOL, RoundKind.ROUND_ONE, EnrollmentOrigin.SELF)
    assert (row.school, row.bureau, row.holds_seat) == (world.school["xihu"], world.bureau["xihu"], False)
    assert (row.credit_hours, row.batch_id, row.review_deadline) == (24, world.batch.id, None)
    assert len(row.number) == enrollment.NUMBER_LENGTH
    [line] = history(row)
    assert (line.action, line.from_state, line.to_state, line.organisation) == (
        "enroll",
        None,
        "awaiting_school",
        "文三路小学",
    )
    assert db.session.get(TrainingClass, chosen.id).taken == 0


@pytest.mark.req("ENR-2")
def test_round_one_has_no_cap_per_class(world: World, clock: Any) -> None:
    chosen = add_class(world, seats=1)
    for teacher in add_teachers(world, 3):
        assert not enrollment.enroll(teacher.id, chosen.id, actor=acting(world, teacher)).already
    assert count(Enrollment.training_class_id == chosen.id) == 3


@pytest.mark.req("ENR-1", "ENR-14")
def test_the_third_for_two_seats_is_told_that_a_draw_is_likely(world: World, clock: Any) -> None:
    chosen = add_class(world, seats=1)
    told = [
        enrollment.enroll(teacher.id, chosen.id, actor=acting(world, teacher)).warnings
        for teacher in add_teachers(world, 2)
    ]
    assert [[w.code for w in warnings] for warnings in told] == [[], ["draw_likely"]]


OPENS, CLOSES = datetime(2026, 2, 25, 8, tzinfo=SHANGHAI), datetime(2026, 3, 10, 17, tzinfo=SHANGHAI)
OPENS_AGAIN, CLOSES_AGAIN = datetime(2026, 3, 25, 8, tzinfo=SHANGHAI), datetime(2026, 4, 1, 17, tzinfo=SHANGHAI)
SECOND = timedelta(seconds=1)


@pytest.mark.req("ENR-2", "ENR-11")
@pytest.mark.parametrize(
    ("moment", "welcome"),
    [
        (OPENS - SECOND, False),
        (OPENS, True),
        (CLOSES, True),
        (CLOSES + SECOND - timedelta(microseconds=1), True),
        (CLOSES + SECOND, False),
        (OPENS_AGAIN - SECOND, False),
        (OPENS_AGAIN, True),
        (CLOSES_AGAIN, True),
        (CLOSES_AGAIN + SECOND, False),
    ],
)
def test_windows_open_and_close_to_the_second(
    world: World, li: Actor, clock: Any, moment: datetime, welcome: bool
) -> None:
    may_use_round_two(world, world.teacher["li"])
    chosen = add_class(world)
    clock.set(moment)
    if welcome:
        assert enrollment.enroll(li.teacher_id, chosen.id, actor=li).enrollment_id
        return
    with pytest.raises(Invalid) as refused:
        enrollment.enroll(li.teacher_id, chosen.id, actor=li)
    assert codes(refused) == ["window_closed"]


@pytest.mark.req("ENR-4")
@pytest.mark.parametrize(("moment", "open_"), [(CLOSES, True), (CLOSES + SECOND, False)])
def test_withdrawing_ends_with_the_window(
    db: Any, world: World, li: Actor, clock: Any, moment: datetime, open_: bool
) -> None:
    row = add_enrollment(world, world.teacher["li"], add_class(world))
    clock.set(moment)
    if open_:
        enrollment.withdraw(row.id, actor=li)
        assert row.state is S.WITHDRAWN
        return
    with pytest.raises(Conflict) as refused:
        enrollment.withdraw(row.id, actor=li)
    assert codes(refused) == ["window_closed"]


@pytest.mark.req("ENR-14")
def test_every_reason_is_given_at_once_and_nothing_is_written(db: Any, world: World, li: Actor, clock: Any) -> None:
    ended = add_class(world, 2, state=ClassState.COMPLETED)
    add_enrollment(world, world.teacher["li"], ended, S.ADMITTED)
    chosen = add_class(world, state=ClassState.CANCELLED, credit_hours=91)
    before = count()
    clock.set(AFTER_ROUND_ONE)
    with pytest.raises(Invalid) as refused:
        enrollment.enroll(li.teacher_id, chosen.id, actor=li)
    assert codes(refused) == ["window_closed", "class_not_offered", "not_evaluated", "hours_cap"]
    assert (count(), db.session.query(Transition).filter_by(entity="Enrollment").count()) == (before, 0)


@pytest.mark.req("ENR-2", "P2")
def test_the_hours_cap_counts_live_electives_of_the_batch_and_frees_withdrawn_ones(
    world: World, li: Actor, clock: Any
) -> None:
    first = enrollment.enroll(li.teacher_id, add_class(world, 1, credit_hours=45).id, actor=li)
    enrollment.enroll(li.teacher_id, add_class(world, 2, credit_hours=45).id, actor=li)
    third = add_class(world, 3, credit_hours=1)
    with pytest.raises(Invalid) as refused:
        enrollment.enroll(li.teacher_id, third.id, actor=li)
    assert codes(refused) == ["hours_cap"]
    assert "90" in str(refused.value.problems[0].text)
    enrollment.withdraw(first.enrollment_id, actor=li)
    assert enrollment.enroll(li.teacher_id, third.id, actor=li).enrollment_id


@pytest.mark.req("P2")
def test_the_literal_reading_refuses_only_who_is_past_the_cap(world: World, li: Actor, clock: Any) -> None:
    admin = world.actor("provincial_admin")
    parameters.set_parameter("hours_cap_mode", "literal", actor=admin, training_year_id=world.year.id)
    for number in range(4):
        enrollment.enroll(li.teacher_id, add_class(world, number + 1, credit_hours=30).id, actor=li)
    with pytest.raises(Invalid) as refused:
        enrollment.enroll(li.teacher_id, add_class(world, 7, credit_hours=1).id, actor=li)
    assert codes(refused) == ["hours_cap"]


@pytest.mark.req("P3")
def test_the_classes_cap_counts_live_enrollments(world: World, li: Actor, clock: Any) -> None:
    admin = world.actor("provincial_admin")
    parameters.set_parameter("classes_cap", "1", actor=admin, training_year_id=world.year.id)
    enrollment.enroll(li.teacher_id, add_class(world, 1).id, actor=li)
    with pytest.raises(Invalid) as refused:
        enrollment.enroll(li.teacher_id, add_class(world, 2).id, actor=li)
    assert codes(refused) == ["classes_cap"]


@pytest.mark.req("ENR-3", "P11")
def test_a_finished_class_has_to_be_evaluated_first_and_late_is_enough(
    db: Any, world: World, li: Actor, clock: Any
) -> None:
    ended = add_class(world, 1, state=ClassState.COMPLETED)
    past = add_enrollment(world, world.teacher["li"], ended, S.ADMITTED, batch_id=None)
    chosen = add_class(world, 2)
    with pytest.raises(Invalid) as refused:
        enrollment.enroll(li.teacher_id, chosen.id, actor=li)
    assert codes(refused) == ["not_evaluated"]
    db.session.add(Evaluation(enrollment_id=past.id, is_late=True))
    db.session.commit()
    assert enrollment.enroll(li.teacher_id, chosen.id, actor=li).enrollment_id


@pytest.mark.req("P11")
def test_the_province_may_do_without_the_evaluation(world: World, li: Actor, clock: Any) -> None:
    add_enrollment(world, world.teacher["li"], add_class(world, 1, state=ClassState.COMPLETED), S.ADMITTED)
    admin = world.actor("provincial_admin")
    parameters.set_parameter("evaluation_required_to_enroll", "no", actor=admin, training_year_id=world.year.id)
    assert enrollment.enroll(li.teacher_id, add_class(world, 2).id, actor=li).enrollment_id


@pytest.mark.req("ENR-15", "P13")
@pytest.mark.parametrize(
    ("mode", "warned", "blocked"), [("warn", True, False), ("block", False, True), ("off", False, False)]
)
def test_a_clash_warns_or_blocks_or_neither(
    world: World, li: Actor, clock: Any, mode: str, warned: bool, blocked: bool
) -> None:
    admin = world.actor("provincial_admin")
    parameters.set_parameter("clash_check", mode, actor=admin, training_year_id=world.year.id)
    day = {"starts_on": date(2026, 6, 5), "ends_on": date(2026, 6, 6)}
    enrollment.enroll(li.teacher_id, add_class(world, 1, **day).id, actor=li)
    other = add_class(world, 2, **day)
    if blocked:
        with pytest.raises(Invalid) as refused:
            enrollment.enroll(li.teacher_id, other.id, actor=li)
        assert codes(refused) == ["time_clash"]
        return
    done = enrollment.enroll(li.teacher_id, other.id, actor=li)
    assert ("time_clash" in [w.code for w in done.warnings]) is warned


@pytest.mark.req("ENR-15")
def test_sessions_decide_about_a_clash_where_both_classes_have_them(
    db: Any, world: World, li: Actor, clock: Any
) -> None:
    day = date(2026, 6, 5)
    morning, afternoon, both = (add_class(world, n, starts_on=day, ends_on=day) for n in (1, 2, 3))
    for one, begins, ends in ((morning, 8, 11), (afternoon, 13, 16), (both, 10, 14)):
        db.session.add(
            ClassSession(training_class=one, day=day, starts_at=time(begins), ends_at=time(ends), topic="课")
        )
    db.session.commit()
    enrollment.enroll(li.teacher_id, morning.id, actor=li)
    assert enrollment.enroll(li.teacher_id, afternoon.id, actor=li).warnings == ()
    [warning] = enrollment.enroll(li.teacher_id, both.id, actor=li).warnings
    assert warning.code == "time_clash"
    assert "#11" in str(warning.text)
    assert "#12" in str(warning.text)


@pytest.mark.req("W12", "R1")
def test_the_same_request_again_answers_with_the_enrollment_there_is(world: World, li: Actor, clock: Any) -> None:
    chosen = add_class(world)
    first = enrollment.enroll(li.teacher_id, chosen.id, actor=li)
    clock.set(AFTER_ROUND_ONE)  # even when the answer comes too late
    again = enrollment.enroll(li.teacher_id, chosen.id, actor=li)
    assert (again.enrollment_id, again.already) == (first.enrollment_id, True)
    assert count(Enrollment.training_class_id == chosen.id) == 1


# --- who and where


@pytest.mark.req("ENR-14", "ORG-6")
def test_a_class_or_a_teacher_out_of_scope_is_not_there(world: World, li: Actor, clock: Any) -> None:
    with pytest.raises(NotVisible):
        enrollment.enroll(li.teacher_id, world.training_class["qingyuan"].id, actor=li)
    with pytest.raises(NotVisible):
        enrollment.enroll(li.teacher_id, 10**6, actor=li)
    with pytest.raises(NotVisible):
        enrollment.enroll(world.teacher["chen"].id, add_class(world).id, actor=world.actor("school_admin"))


@pytest.mark.req("ENR-16")
def test_a_teacher_enrolls_nobody_else(world: World, li: Actor, clock: Any) -> None:
    chosen = add_class(world)
    for actor in (li, world.actor("county_admin")):
        with pytest.raises(NotPermitted):
            enrollment.enroll(world.teacher["wang"].id, chosen.id, actor=actor)


@pytest.mark.req("ENR-16")
def test_the_school_enrolls_as_proxy_under_the_same_rules_tells_the_teacher_and_may_withdraw_it(
    db: Any, world: World, clock: Any
) -> None:
    school, [teacher] = world.actor("school_training_admin"), add_teachers(world, 1)
    done = enrollment.enroll(teacher.id, add_class(world, 1).id, actor=school)
    row = db.session.get(Enrollment, done.enrollment_id)
    assert (row.origin, row.proxy_account_id) == (EnrollmentOrigin.PROXY, school.account_id)
    assert history(row)[0].party == "school"
    assert db.session.query(InboxMessage).filter_by(account_id=teacher.account_id).count() == 1
    with pytest.raises(Invalid) as refused:
        enrollment.enroll(teacher.id, add_class(world, 2, credit_hours=90).id, actor=school)
    assert codes(refused) == ["hours_cap"]
    enrollment.withdraw(row.id, actor=school)
    assert row.state is S.WITHDRAWN


@pytest.mark.req("ENR-4", "ENR-16")
def test_a_school_does_not_withdraw_what_the_teacher_has_entered(db: Any, world: World, clock: Any) -> None:
    row = add_enrollment(world, world.teacher["li"], add_class(world))
    with pytest.raises(NotPermitted):
        enrollment.withdraw(row.id, actor=world.actor("school_admin"))
    with pytest.raises(NotVisible):
        enrollment.withdraw(row.id, actor=world.actor("qingyuan_school"))


@pytest.mark.req("ENR-14")
def test_nobody_enrolls_without_a_school(db: Any, world: World, li: Actor, clock: Any) -> None:
    chosen = add_class(world)
    teacher = world.teacher["li"]
    teacher.school, teacher.status = None, TeacherStatus.UNATTACHED
    db.session.commit()
    with pytest.raises(Invalid) as refused:
        enrollment.enroll(teacher.id, chosen.id, actor=li)
    assert codes(refused) == ["not_at_a_school"]


@pytest.mark.req("ENR-6", "PRG-5")
@pytest.mark.parametrize(
    ("checkpoint", "bureau"),
    [
        (Checkpoint.NONE, None),
        (Checkpoint.COUNTY, "xihu"),
        (Checkpoint.CITY, "hangzhou"),
        (Checkpoint.PROVINCE, "province"),
    ],
)
def test_the_checkpoint_names_the_bureau_of_the_teachers_region(
    db: Any, world: World, li: Actor, clock: Any, checkpoint: Checkpoint, bureau: str | None
) -> None:
    done = enrollment.enroll(li.teacher_id, add_class(world, checkpoint=checkpoint).id, actor=li)
    row = db.session.get(Enrollment, done.enrollment_id)
    assert row.checkpoint_bureau is (world.bureau[bureau] if bureau else None)


@pytest.mark.req("ENR-6", "PRG-5")
def test_a_checkpoint_bureau_that_nobody_can_sign_in_to_passes_on_until_somebody_can(
    db: Any, world: World, li: Actor, clock: Any
) -> None:
    """What was remembered of bureaus is out of date as soon as an account or a bureau changes."""
    numbers, staff = iter(range(1, 9)), {n: world.account[n] for n in ("county_admin", "provincial_admin")}

    def bureau(checkpoint: Checkpoint) -> str:
        chosen = add_class(world, next(numbers), checkpoint=checkpoint, credit_hours=1)
        done = enrollment.enroll(li.teacher_id, chosen.id, actor=li)
        return str(db.session.get(Enrollment, done.enrollment_id).checkpoint_bureau.name)

    assert bureau(Checkpoint.COUNTY) == "西湖区教育局"
    staff["county_admin"].status = AccountStatus.DISABLED
    db.session.commit()
    assert bureau(Checkpoint.COUNTY) == "杭州市教育局"
    world.bureau["hangzhou"].status = OrganisationStatus.SUSPENDED
    db.session.commit()
    assert bureau(Checkpoint.COUNTY) == bureau(Checkpoint.CITY) == "省教育厅"
    staff["county_admin"].status, staff["provincial_admin"].active = AccountStatus.ACTIVE, False
    db.session.commit()
    assert bureau(Checkpoint.COUNTY) == "西湖区教育局"
    assert bureau(Checkpoint.PROVINCE) == "省教育厅"  # nobody else could either


# --- withdrawing


@pytest.mark.req("ENR-4")
@pytest.mark.parametrize(
    ("state", "columns", "code"),
    [
        (S.AWAITING_SCHOOL, {}, None),
        (S.AWAITING_BUREAU, {}, None),
        (S.AWAITING_INSTITUTION, {}, None),
        (S.AWAITING_INSTITUTION, {"bureau_approved_at": CLOSES}, "bureau_acted"),
        (S.ADMITTED, {}, "wrong_state"),
        (S.WITHDRAWN, {}, "wrong_state"),
    ],
)
def test_withdrawing_until_somebody_has_decided(
    world: World, li: Actor, clock: Any, state: S, columns: dict[str, Any], code: str | None
) -> None:
    row = add_enrollment(world, world.teacher["li"], add_class(world), state, **columns)
    if code is None:
        enrollment.withdraw(row.id, actor=li)
        assert row.state is S.WITHDRAWN
        return
    with pytest.raises(Conflict) as refused:
        enrollment.withdraw(row.id, actor=li)
    assert codes(refused) == [code]


@pytest.mark.req("ENR-4")
def test_nobody_withdraws_from_a_frozen_list(db: Any, world: World, li: Actor, clock: Any) -> None:
    chosen = add_class(world)
    row = add_enrollment(world, world.teacher["li"], chosen, S.AWAITING_INSTITUTION)
    db.session.add(_screening(chosen))
    db.session.commit()
    with pytest.raises(Conflict) as refused:
        enrollment.withdraw(row.id, actor=li)
    assert codes(refused) == ["frozen"]


def _screening(chosen: TrainingClass, **columns: Any) -> Screening:
    proof = {"list_hash": "0" * 64, "commitment": "1" * 64, "seed_sealed": b"sealed", "algorithm": "1"}
    return Screening(training_class_id=chosen.id, seats=1, candidate_count=2, **proof, **columns)


# --- round two


@pytest.mark.req("ENR-11", "P5")
def test_round_two_takes_a_seat_at_once_and_withdrawing_frees_it(db: Any, world: World, li: Actor, clock: Any) -> None:
    may_use_round_two(world, world.teacher["li"])
    chosen = add_class(world, seats=1)
    clock.set(ROUND_TWO)
    done = enrollment.enroll(li.teacher_id, chosen.id, actor=li)
    row = db.session.get(Enrollment, done.enrollment_id)
    db.session.refresh(chosen)
    assert (chosen.taken, row.holds_seat, row.round_kind) == (1, True, RoundKind.ROUND_TWO)
    assert row.review_deadline == ROUND_TWO + timedelta(hours=24)
    enrollment.withdraw(row.id, actor=li)
    db.session.expire_all()
    assert (chosen.taken, row.holds_seat, row.state) == (0, False, S.WITHDRAWN)


@pytest.mark.req("P5")
def test_the_schools_time_in_round_two_ends_with_its_window(db: Any, world: World, li: Actor, clock: Any) -> None:
    may_use_round_two(world, world.teacher["li"])
    admin = world.actor("provincial_admin")
    parameters.set_parameter("school_review_hours_round_two", "72", actor=admin, training_year_id=world.year.id)
    clock.set(CLOSES_AGAIN)
    done = enrollment.enroll(li.teacher_id, add_class(world).id, actor=li)
    row = db.session.get(Enrollment, done.enrollment_id)
    assert row.review_deadline == datetime(2026, 4, 3, 17, tzinfo=SHANGHAI)


@pytest.mark.req("ENR-11", "W3")
def test_the_last_seat_goes_to_one_and_the_next_is_told_that_it_is_full(db: Any, world: World, clock: Any) -> None:
    chosen, (one, other) = add_class(world, seats=1), add_teachers(world, 2)
    for teacher in (one, other):
        may_use_round_two(world, teacher)
    clock.set(ROUND_TWO)
    enrollment.enroll(one.id, chosen.id, actor=acting(world, one))
    with pytest.raises(DomainError) as refused:
        enrollment.enroll(other.id, chosen.id, actor=acting(world, other))
    assert codes(refused) == ["full"]
    assert db.session.get(TrainingClass, chosen.id).taken == 1


@pytest.mark.req("P4", "ENR-11")
@pytest.mark.parametrize(
    ("state", "welcome"),
    [
        (S.DECLINED, True),
        (S.NOT_DRAWN, True),
        (S.SCHOOL_REJECTED, False),
        (S.WITHDRAWN, False),
        (S.SCHOOL_TIMEOUT, False),
    ],
)
def test_round_two_is_for_those_who_failed_at_the_institution(
    world: World, li: Actor, clock: Any, state: S, welcome: bool
) -> None:
    add_enrollment(world, world.teacher["li"], world.training_class["xihu_second"], state)
    chosen = add_class(world)
    clock.set(ROUND_TWO)
    if welcome:
        assert enrollment.enroll(li.teacher_id, chosen.id, actor=li).enrollment_id
        return
    with pytest.raises(Invalid) as refused:
        enrollment.enroll(li.teacher_id, chosen.id, actor=li)
    assert codes(refused) == ["no_right_to_round_two"]


@pytest.mark.req("P4", "ENR-13")
@pytest.mark.parametrize(
    ("came_from", "welcome"),
    [("awaiting_school", False), ("awaiting_bureau", True), ("awaiting_institution", True), ("admitted", True)],
)
def test_a_cancelled_class_gives_the_right_if_the_school_had_approved_and_the_workbench_says_the_same(
    db: Any, world: World, li: Actor, clock: Any, came_from: str, welcome: bool
) -> None:
    class_cancelled(world, came_from)
    chosen = add_class(world)
    clock.set(ROUND_TWO)
    case = enrollment.case_of(li.teacher_id, chosen.id, actor=li)
    assert ("no_right_to_round_two" not in [p.code for p in case.refusals]) is welcome
    assert alternatives.second_chances(li).count == int(welcome)


def class_cancelled(world: World, came_from: str) -> None:
    """Li lost a class that was cancelled while the enrollment stood there."""
    from app.extensions import db

    row = add_enrollment(world, world.teacher["li"], world.training_class["xihu_second"], S.CLASS_CANCELLED)
    db.session.add(
        Transition(
            entity="Enrollment", row_id=row.id, action="cancel_class", from_state=came_from, to_state="class_cancelled"
        )
    )
    db.session.commit()


@pytest.mark.req("P4", "ENR-13")
def test_where_round_two_is_open_to_everyone_every_lost_class_waits_on_the_workbench(
    world: World, li: Actor, clock: Any
) -> None:
    class_cancelled(world, "awaiting_school")
    admin = world.actor("provincial_admin")
    clock.set(ROUND_TWO)
    assert alternatives.second_chances(li).count == 0
    parameters.set_parameter("round_two_open_to", "everyone", actor=admin, training_year_id=world.year.id)
    waiting = alternatives.second_chances(li)
    assert (waiting.count, waiting.deadline) == (1, CLOSES_AGAIN)
    clock.set(CLOSES_AGAIN + SECOND)
    assert alternatives.second_chances(li).count == 0


@pytest.mark.req("P4")
def test_the_province_may_open_round_two_to_everyone(world: World, li: Actor, clock: Any) -> None:
    admin = world.actor("provincial_admin")
    parameters.set_parameter("round_two_open_to", "everyone", actor=admin, training_year_id=world.year.id)
    clock.set(ROUND_TWO)
    assert enrollment.enroll(li.teacher_id, add_class(world).id, actor=li).enrollment_id


@pytest.mark.req("ENR-11")
def test_who_waits_from_round_one_comes_before_round_two(db: Any, world: World, clock: Any) -> None:
    chosen, (waiting, coming, late) = add_class(world, seats=2), add_teachers(world, 3)
    early = add_enrollment(world, waiting, chosen, S.AWAITING_INSTITUTION)
    for teacher in (coming, late):
        may_use_round_two(world, teacher)
    clock.set(ROUND_TWO)
    enrollment.enroll(coming.id, chosen.id, actor=acting(world, coming))
    db.session.expire_all()
    assert (chosen.taken, early.holds_seat) == (2, True)
    with pytest.raises(DomainError) as refused:
        enrollment.enroll(late.id, chosen.id, actor=acting(world, late))
    assert codes(refused) == ["full"]


@pytest.mark.req("ENR-8", "ENR-11")
def test_a_frozen_class_is_drawn_before_round_two_gets_its_seats(db: Any, world: World, li: Actor, clock: Any) -> None:
    may_use_round_two(world, world.teacher["li"])
    chosen, [waiting] = add_class(world, seats=5), add_teachers(world, 1)
    add_enrollment(world, waiting, chosen, S.AWAITING_INSTITUTION)
    db.session.add(_screening(chosen))
    db.session.commit()
    clock.set(ROUND_TWO)
    with pytest.raises(Conflict) as refused:
        enrollment.enroll(li.teacher_id, chosen.id, actor=li)
    assert codes(refused) == ["not_drawn_yet"]
    assert db.session.get(TrainingClass, chosen.id).taken == 0


# --- how much it costs


@pytest.mark.req("B10", "W1")
def test_enrolling_takes_the_same_few_statements_however_much_is_held(
    world: World, li: Actor, clock: Any, count_queries: Any
) -> None:
    sent = []
    for number in range(1, 4):
        chosen = add_class(world, number).id
        with count_queries() as statements:
            enrollment.enroll(li.teacher_id, chosen, actor=li)
        sent.append(statements)
    # The first one reads windows, parameters and bureaus for all that follow.
    stamp, lock = 1, 1 if unit.is_postgresql() else 0
    writing = 1 if unit.is_postgresql() else 3
    assert len(sent[1]) == len(sent[2]) == stamp + 5 + lock + writing, str(sent[1])


@pytest.mark.req("ENR-14", "B10")
def test_a_whole_catalogue_is_judged_in_the_same_statements_as_one_class(
    world: World, li: Actor, clock: Any, count_queries: Any
) -> None:
    day = {"starts_on": date(2026, 6, 5), "ends_on": date(2026, 6, 6)}
    held = add_class(world, 1, **day)
    enrollment.enroll(li.teacher_id, held.id, actor=li)
    many = [add_class(world, number, **day).id for number in range(2, 12)]
    every, batch_id = [*many, held.id], world.batch.id
    enrollment_facts.cases([li.teacher_id], many[:1], batch_id)
    with count_queries() as one:
        enrollment_facts.cases([li.teacher_id], many[:1], batch_id)
    with count_queries() as all_:
        found = enrollment_facts.cases([li.teacher_id], every, batch_id)
    assert len(one) == len(all_) == 5, str(all_)
    assert len(found) == 11
    assert [p.code for p in found[li.teacher_id, every[-1]].refusals] == ["already_enrolled"]
    assert [p.code for p in found[li.teacher_id, many[0]].warnings] == ["time_clash"]
