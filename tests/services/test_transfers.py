"""Transfers: found, asked for, released or taken in; account and waiting items go along (TCH-7, P16)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.errors import Conflict, Invalid, NotPermitted, NotVisible, TooManyRequests
from app.domain.terms import (
    AccountStatus,
    AuditAction,
    Checkpoint,
    ClassState,
    EnrollmentState,
    OrganisationStatus,
    RoleName,
    SchoolKind,
    TeacherStatus,
    TransferKind,
    TransferState,
)
from app.models import Account, AuditEntry, InboxMessage, Role, School, Teacher, Transfer
from app.services import school_changes, school_following, secondments, transfer_decisions, transfer_search
from app.services.parameters import set_parameter
from app.services.transfers import TransferOrder, TransferPlan, plan, start
from app.services.transitions import history
from app.web.actors import current_vault
from tests.world import World, build, national_id

pytestmark = pytest.mark.req("TCH-7")

K, S = TransferKind, TransferState
OURS, THEIRS = "school_admin", "qingyuan_school"
HOME, ABROAD = "330106001", "331126001"


@pytest.fixture
def neighbour(db: Any, world: World) -> School:
    """A second school at home."""
    made = School(code="330106002", name="学军小学", region=world.region["xihu"], kind=SchoolKind.PRIMARY)
    db.session.add(made)
    db.session.commit()
    return made


def who(world: World, name: str, username: str) -> str:
    """What the search gives this account for a person of the cast."""
    hits = transfer_search.search(world.teacher[name].name, actor=world.actor(username), vault=current_vault())
    return hits.found[0].who


def order(world: World, kind: TransferKind, name: str, username: str, **more: Any) -> TransferOrder:
    return TransferOrder(kind, who(world, name, username), **more)


def ask(world: World, username: str, kind: TransferKind, name: str, **more: Any) -> Transfer:
    return start(order(world, kind, name, username, **more), actor=world.actor(username), vault=current_vault())


def planned(world: World, username: str, kind: TransferKind, name: str, **more: Any) -> TransferPlan:
    return plan(order(world, kind, name, username, **more), actor=world.actor(username), vault=current_vault())


def told(db: Any, account: Account) -> list[str]:
    """The messages of an account, the newest last."""
    wanted = select(InboxMessage).where(InboxMessage.account_id == account.id, InboxMessage.endpoint.is_not(None))
    return [str(message) for message in db.session.scalars(wanted.order_by(InboxMessage.id))]


def codes(error: Any) -> set[str]:
    return {problem.code for problem in error.value.problems}


# --- finding


@pytest.mark.req("ORG-6", "OPS-3")
def test_somebody_elsewhere_is_found_exactly_with_little_told_and_that_written_down(db: Any, world: World) -> None:
    actor, vault = world.actor(OURS), current_vault()
    for text in ("陈小燕", national_id(4), world.teacher["chen"].teacher_number, f" {national_id(4)} "):
        [found] = transfer_search.search(text, actor=actor, vault=vault).found
        assert (found.name, found.school, found.region) == ("陈小燕", "濛洲街道小学", "丽水市庆元县")
        assert found.kinds == (K.TRANSFER_IN,)
        assert national_id(4)[6:14] not in found.masked_id
        assert not found.kept
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.REVEAL)).all()
    assert {(entry.row_id, entry.account_id) for entry in entries} == {(world.teacher["chen"].id, actor.account_id)}
    for text in ("陈小", "小燕", national_id(9), "*"):
        assert transfer_search.search(text, actor=actor, vault=vault).found == ()
    with pytest.raises(Invalid):
        transfer_search.search("  ", actor=actor, vault=vault)


@pytest.mark.req("ACC-8")
def test_looking_for_people_is_limited_for_each_account(db: Any, world: World, clock: Any) -> None:
    actor, vault = world.actor(OURS), current_vault()
    for _time in range(transfer_search.PER_ACCOUNT.most):
        transfer_search.search("陈小燕", actor=actor, vault=vault)
    with pytest.raises(TooManyRequests):
        transfer_search.search("陈小燕", actor=actor, vault=vault)
    assert transfer_search.search("陈小燕", actor=world.actor("county_admin"), vault=vault).found


@pytest.mark.req("ORG-6")
def test_a_number_posted_by_hand_finds_nobody_outside_the_scope(db: Any, world: World, clock: Any) -> None:
    actor, vault = world.actor(OURS), current_vault()
    chen, handle = world.teacher["chen"], who(world, "chen", OURS)
    foreign = who(world, "chen", "county_admin")
    tampered = str(world.teacher["wu"].id) + handle[handle.index("-") :]
    for bad in (str(chen.id), foreign, tampered, handle[:-1], "1-2", "x", ""):
        with pytest.raises(NotVisible):
            plan(TransferOrder(K.TRANSFER_IN, bad), actor=actor, vault=vault)
    assert plan(TransferOrder(K.TRANSFER_IN, handle), actor=actor, vault=vault).problems == ()
    clock.move(timedelta(hours=3))
    with pytest.raises(NotVisible):
        plan(TransferOrder(K.TRANSFER_IN, handle), actor=actor, vault=vault)


# --- in


@pytest.mark.req("P16", "PUB-3")
def test_taking_in_from_another_school_waits_for_its_release_then_everything_goes_along(db: Any, world: World) -> None:
    transfer = ask(world, OURS, K.TRANSFER_IN, "chen", reason="随迁")
    chen = world.teacher["chen"]
    assert (transfer.state, chen.school) == (S.REQUESTED, world.school["qingyuan"])
    assert told(db, world.account[THEIRS])[-1].startswith("文三路小学 asks to take in 陈小燕")
    done = transfer_decisions.release([transfer.id], actor=world.actor(THEIRS))
    assert done.done == (transfer.id,)
    assert (transfer.state, chen.school, chen.status) == (S.COMPLETED, world.school["xihu"], TeacherStatus.EMPLOYED)
    waiting = world.enrollment["qingyuan"]
    assert (waiting.school, waiting.bureau) == (world.school["xihu"], world.bureau["xihu"])
    assert (world.school["xihu"].staff_count, world.school["qingyuan"].staff_count) == (4, 1)
    for account in (OURS, "qingyuan_teacher"):
        assert told(db, world.account[account])[-1] == "陈小燕 has come from 濛洲街道小学 to 文三路小学."
    assert [(line.action.value, line.organisation) for line in history(transfer)] == [
        ("transfer_in", "文三路小学"), ("release", "濛洲街道小学"), ("complete", "濛洲街道小学"),
    ]  # fmt: skip
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.entity == "Teacher", AuditEntry.action == AuditAction.UPDATE)
    ).one()
    assert entry.after == {"school_id": world.school["xihu"].id}


@pytest.mark.req("P16")
def test_without_the_parameter_or_out_of_the_pool_somebody_comes_at_once(db: Any, world: World) -> None:
    zhou = ask(world, OURS, K.TRANSFER_IN, "zhou")
    assert (zhou.state, world.teacher["zhou"].school) == (S.COMPLETED, world.school["xihu"])
    assert world.teacher["zhou"].status is TeacherStatus.EMPLOYED
    set_parameter("transfer_needs_release", "no", actor=world.actor("provincial_admin"), training_year_id=world.year.id)
    chen = ask(world, OURS, K.TRANSFER_IN, "chen")
    assert (chen.state, world.teacher["chen"].school) == (S.COMPLETED, world.school["xihu"])


@pytest.mark.req("P16", "ORG-6")
def test_only_the_releasing_school_or_the_bureau_above_both_releases(db: Any, world: World) -> None:
    transfer = ask(world, OURS, K.TRANSFER_IN, "chen")
    for username in ("qingyuan_county", "lishui_city", "county_admin", OURS):
        outcome = transfer_decisions.release([transfer.id], actor=world.actor(username))
        assert (outcome.done, outcome.refused[transfer.id][0].code) == ((), "not_your_turn"), username
    for username in ("qingyuan_teacher", "school_inquirer", "institution_admin"):
        with pytest.raises(NotPermitted):
            transfer_decisions.release([transfer.id], actor=world.actor(username))
    assert transfer_decisions.release([transfer.id], actor=world.actor("provincial_admin")).done == (transfer.id,)
    assert world.teacher["chen"].school is world.school["xihu"]


@pytest.mark.req("ORG-6")
def test_a_transfer_between_others_does_not_exist_for_a_third_school(db: Any, world: World, neighbour: School) -> None:
    transfer = ask(world, "lishui_city", K.TRANSFER_OUT, "wu")
    mine = ask(world, OURS, K.TRANSFER_OUT, "wang")
    for verb in (transfer_decisions.release, transfer_decisions.accept, transfer_decisions.take_back):
        with pytest.raises(NotVisible):
            verb([mine.id, transfer.id], actor=world.actor(OURS))


def test_a_bureau_asks_for_a_school_of_its_own_area_only(db: Any, world: World) -> None:
    transfer = ask(world, "county_admin", K.TRANSFER_IN, "chen", to_school=HOME)
    assert (transfer.state, transfer.to_school) == (S.REQUESTED, world.school["xihu"])
    with pytest.raises(Invalid) as refused:
        ask(world, "county_admin", K.TRANSFER_IN, "wu", to_school=ABROAD)
    assert "not_your_side" in codes(refused)
    with pytest.raises(Invalid) as missing:
        ask(world, "county_admin", K.TRANSFER_IN, "wu")
    assert "no_target" in codes(missing)


def test_refusing_needs_a_reason_which_the_others_read(db: Any, world: World) -> None:
    transfer = ask(world, OURS, K.TRANSFER_IN, "chen")
    nothing = transfer_decisions.refuse([transfer.id], " ", actor=world.actor(THEIRS))
    assert nothing.refused[transfer.id][0].code == "reason_missing"
    transfer_decisions.refuse([transfer.id], "毕业班在岗", actor=world.actor(THEIRS))
    assert (transfer.state, world.teacher["chen"].school) == (S.REFUSED, world.school["qingyuan"])
    assert told(db, world.account[OURS])[-1].endswith("was refused: 毕业班在岗")
    again = transfer_decisions.release([transfer.id], actor=world.actor(THEIRS))
    assert again.refused[transfer.id][0].code == "wrong_state"
    assert ask(world, OURS, K.TRANSFER_IN, "chen").state is S.REQUESTED


# --- out


def test_sending_somebody_to_a_school_waits_until_it_takes_the_person_in(db: Any, world: World) -> None:
    transfer = ask(world, OURS, K.TRANSFER_OUT, "li", to_school="濛洲街道小学")
    assert (transfer.state, world.teacher["li"].school) == (S.RELEASED, world.school["xihu"])
    assert told(db, world.account[THEIRS])[-1].startswith("文三路小学 sends you 李红梅")
    early = transfer_decisions.accept([transfer.id], actor=world.actor(OURS))
    assert early.refused[transfer.id][0].code == "not_your_turn"
    assert transfer_decisions.accept([transfer.id], actor=world.actor(THEIRS)).done == (transfer.id,)
    assert world.teacher["li"].school is world.school["qingyuan"]


def test_the_school_that_receives_may_refuse_and_the_one_that_sends_take_it_back(db: Any, world: World) -> None:
    first = ask(world, OURS, K.TRANSFER_OUT, "li", to_school=ABROAD)
    transfer_decisions.refuse([first.id], "无编制", actor=world.actor(THEIRS))
    second = ask(world, OURS, K.TRANSFER_OUT, "li", to_school=ABROAD)
    wrong = transfer_decisions.take_back([second.id], actor=world.actor(THEIRS))
    assert wrong.refused[second.id][0].code == "not_your_turn"
    transfer_decisions.take_back([second.id], actor=world.actor(OURS))
    assert (first.state, second.state) == (S.REFUSED, S.WITHDRAWN)
    assert told(db, world.account[THEIRS])[-1].endswith("was taken back.")


def test_into_the_pool_and_out_of_it_again_waiting_items_and_account_come_along(db: Any, world: World) -> None:
    zhang = world.teacher["zhang"]
    out = ask(world, OURS, K.TRANSFER_OUT, "zhang")
    assert (out.state, zhang.school, zhang.status) == (S.COMPLETED, None, TeacherStatus.UNATTACHED)
    assert world.enrollment["xihu"].school is world.school["xihu"]
    [found] = transfer_search.search("张明华", actor=world.actor(THEIRS), vault=current_vault()).found
    assert (found.school, found.kinds) == ("", (K.TRANSFER_IN,))
    ask(world, THEIRS, K.TRANSFER_IN, "zhang")
    assert (zhang.school, zhang.status) == (world.school["qingyuan"], TeacherStatus.EMPLOYED)
    assert world.enrollment["xihu"].school is world.school["qingyuan"]
    assert out.ended_on is not None
    assert world.actor("teacher").teacher_school_id == world.school["qingyuan"].id
    assert [line.action.value for line in history(zhang)] == ["transfer_out", "transfer_in"]


def test_the_bureau_above_both_moves_somebody_at_once(db: Any, world: World, neighbour: School) -> None:
    plan_ = planned(world, "county_admin", K.TRANSFER_OUT, "zhang", to_school=neighbour.code)
    assert dict(plan_.effects.following) == {"Enrollments not over yet": 1}
    assert (plan_.effects.has_account, plan_.effects.rights_end) == (True, False)
    transfer = ask(world, "county_admin", K.TRANSFER_OUT, "zhang", to_school=neighbour.code)
    assert (transfer.state, world.teacher["zhang"].school) == (S.COMPLETED, neighbour)


@pytest.mark.req("ENR-6", "ORG-6")
@pytest.mark.parametrize(
    ("state", "bureau"),
    [
        (EnrollmentState.AWAITING_SCHOOL, "qingyuan"),
        (EnrollmentState.AWAITING_BUREAU, "qingyuan"),
        (EnrollmentState.AWAITING_INSTITUTION, "xihu"),
    ],
)
def test_a_checkpoint_still_ahead_is_that_of_the_new_school(
    db: Any, world: World, state: EnrollmentState, bureau: str
) -> None:
    row = world.enrollment["xihu"]
    row.state, row.checkpoint_bureau, row.training_class.checkpoint = state, world.bureau["xihu"], Checkpoint.COUNTY
    db.session.commit()
    ask(world, "provincial_admin", K.TRANSFER_OUT, "zhang", to_school=ABROAD)
    assert (row.bureau, row.checkpoint_bureau) == (world.bureau["qingyuan"], world.bureau[bureau])


def test_what_is_over_keeps_its_school(db: Any, world: World) -> None:
    world.enrollment["xihu"].training_class.state = ClassState.COMPLETED
    db.session.commit()
    ask(world, "provincial_admin", K.TRANSFER_OUT, "zhang", to_school=ABROAD)
    assert world.enrollment["xihu"].school is world.school["xihu"]


@pytest.mark.req("ACC-1")
def test_rights_over_the_school_end_when_its_administrator_leaves_it(db: Any, world: World) -> None:
    account = world.account["teacher"]
    keeper = db.session.scalars(select(Role).where(Role.name == RoleName.SCHOOL_ADMIN.value)).one()
    account.school, account.roles = world.school["xihu"], [*account.roles, keeper]
    db.session.commit()
    assert planned(world, "provincial_admin", K.TRANSFER_OUT, "zhang", to_school=ABROAD).effects.rights_end
    ask(world, "provincial_admin", K.TRANSFER_OUT, "zhang", to_school=ABROAD)
    assert (account.school_id, [role.name for role in account.roles]) == (None, ["teacher"])


@pytest.mark.parametrize("kind", [K.LEAVE, K.RETIRE])
def test_who_leaves_can_no_longer_sign_in_and_comes_back_by_a_transfer(
    db: Any, world: World, kind: TransferKind
) -> None:
    zhang, account = world.teacher["zhang"], world.account["teacher"]
    assert planned(world, OURS, kind, "zhang").effects.sign_in_ends
    ask(world, OURS, kind, "zhang", reason="到龄")
    assert (zhang.status, zhang.school, account.status) == (TeacherStatus.LEFT, None, AccountStatus.DISABLED)
    ask(world, OURS, K.TRANSFER_IN, "zhang")
    assert (zhang.status, zhang.school, account.status) == (
        TeacherStatus.EMPLOYED, world.school["xihu"], AccountStatus.ACTIVE,
    )  # fmt: skip


# --- what stands in the way


def test_one_transfer_at_a_time(db: Any, world: World) -> None:
    first = ask(world, OURS, K.TRANSFER_IN, "chen")
    with pytest.raises(Conflict) as twice:
        ask(world, OURS, K.TRANSFER_IN, "chen")
    assert codes(twice) == {"open_already"}
    with pytest.raises(Conflict):
        ask(world, THEIRS, K.RETIRE, "chen")
    assert db.session.scalar(select(func.count()).where(Transfer.teacher_id == first.teacher_id)) == 1


def test_a_school_that_closes_meanwhile_receives_nobody(db: Any, world: World) -> None:
    transfer = ask(world, OURS, K.TRANSFER_IN, "chen")
    world.school["xihu"].status = OrganisationStatus.CLOSED
    db.session.commit()
    outcome = transfer_decisions.release([transfer.id], actor=world.actor(THEIRS))
    assert outcome.refused[transfer.id][0].code == "school_closed"
    assert (transfer.state, world.teacher["chen"].school) == (S.REQUESTED, world.school["qingyuan"])


def test_for_a_school_that_is_closed_the_bureau_above_it_releases(db: Any, world: World) -> None:
    transfer = ask(world, OURS, K.TRANSFER_IN, "chen")
    world.school["qingyuan"].status = OrganisationStatus.CLOSED
    db.session.commit()
    assert transfer_decisions.release([transfer.id], actor=world.actor("qingyuan_county")).done == (transfer.id,)


def test_a_record_deleted_meanwhile_is_not_moved(db: Any, world: World, clock: Any) -> None:
    from app.domain.clock import now

    transfer = ask(world, OURS, K.TRANSFER_IN, "chen")
    world.teacher["chen"].deleted_at = now()
    db.session.commit()
    outcome = transfer_decisions.release([transfer.id], actor=world.actor(THEIRS))
    assert outcome.refused[transfer.id][0].code == "teacher_deleted"


def test_a_name_that_several_schools_have_asks_which_one(db: Any, world: World, neighbour: School) -> None:
    neighbour.name = "濛洲街道小学"
    db.session.commit()
    made = planned(world, OURS, K.TRANSFER_OUT, "li", to_school="濛洲街道小学")
    assert [problem.code for problem in made.problems] == ["school_ambiguous"]
    assert {school.code for school in made.schools} == {"330106002", ABROAD}
    unknown = planned(world, OURS, K.TRANSFER_OUT, "li", to_school="濛洲")
    assert [problem.code for problem in unknown.problems] == ["school_unknown"]


def test_what_was_confirmed_is_what_is_done(db: Any, world: World) -> None:
    made = planned(world, OURS, K.TRANSFER_OUT, "zhang")
    world.enrollment["xihu"].training_class.state = ClassState.COMPLETED
    db.session.commit()
    with pytest.raises(Conflict) as changed:
        start(made.order, actor=world.actor(OURS), vault=current_vault(), mark=made.mark)
    assert codes(changed) == {"numbers_changed"}
    again = planned(world, OURS, K.TRANSFER_OUT, "zhang")
    assert start(again.order, actor=world.actor(OURS), vault=current_vault(), mark=again.mark).state is S.COMPLETED


def test_of_many_each_is_decided_by_itself(db: Any, world: World) -> None:
    chen, wu = (ask(world, OURS, K.TRANSFER_IN, name) for name in ("chen", "wu"))
    transfer_decisions.take_back([wu.id], actor=world.actor(OURS))
    outcome = transfer_decisions.release([chen.id, wu.id, chen.id], actor=world.actor(THEIRS))
    assert (outcome.done, set(outcome.refused)) == ((chen.id,), {wu.id})
    assert world.teacher["wu"].school is world.school["qingyuan"]


# --- secondment


def second(world: World, username: str = OURS, **days: Any) -> Transfer:
    dates = {"starts_on": date(2026, 3, 2), "ends_on": date(2026, 6, 30), **days}
    return ask(world, username, K.SECONDMENT, "li", to_school=ABROAD, **dates)


def test_a_secondment_agreed_by_both_begins_on_its_day_and_ends_by_itself(db: Any, world: World, clock: Any) -> None:
    li = world.teacher["li"]
    transfer = second(world, starts_on=date(2026, 3, 10))
    assert transfer_decisions.accept([transfer.id], actor=world.actor(THEIRS)).done == (transfer.id,)
    assert (transfer.state, li.school) == (S.RELEASED, world.school["xihu"])
    twice = transfer_decisions.accept([transfer.id], actor=world.actor(THEIRS))
    assert twice.refused[transfer.id][0].code == "agreed_already"
    assert secondments.settle_due() == (0, 0)
    clock.move(timedelta(days=8))
    assert secondments.settle_due() == (0, 1)
    assert (li.school, li.status) == (world.school["qingyuan"], TeacherStatus.SECONDED)
    assert transfer.from_school is world.school["xihu"]
    clock.move(timedelta(days=112))  # the last day
    assert secondments.settle_due() == (0, 0)
    clock.move(timedelta(days=1))
    assert secondments.settle_due() == (1, 0)
    assert (li.school, li.status, transfer.ended_on) == (
        world.school["xihu"], TeacherStatus.EMPLOYED, date(2026, 7, 1),
    )  # fmt: skip
    assert secondments.settle_due() == (0, 0)
    assert told(db, world.account[OURS])[-1].startswith("李红梅 is back at 文三路小学")


def test_a_secondment_takes_waiting_items_there_and_back(db: Any, world: World, clock: Any) -> None:
    waiting = world.enrollment["xihu"]
    ask(
        world, "provincial_admin", K.SECONDMENT, "zhang", to_school=ABROAD, starts_on=date(2026, 3, 1),
        ends_on=date(2026, 3, 31),
    )  # fmt: skip
    assert waiting.school is world.school["qingyuan"]
    clock.move(timedelta(days=30))
    secondments.settle_due()
    assert (waiting.school, waiting.bureau) == (world.school["xihu"], world.bureau["xihu"])


def test_whoever_is_on_secondment_is_not_transferred_until_it_is_ended(db: Any, world: World, clock: Any) -> None:
    transfer = second(world, "provincial_admin")
    with pytest.raises(Conflict) as refused:
        ask(world, "provincial_admin", K.TRANSFER_OUT, "li", to_school=HOME)
    assert "wrong_status" in codes(refused)
    assert "end_secondment" in transfer_decisions.possible(transfer, actor=world.actor(THEIRS))
    assert transfer_decisions.end_secondment([transfer.id], actor=world.actor(THEIRS)).done == (transfer.id,)
    assert world.teacher["li"].school is world.school["xihu"]
    over = transfer_decisions.end_secondment([transfer.id], actor=world.actor(THEIRS))
    assert over.refused[transfer.id][0].code == "no_secondment"


def test_a_secondment_to_a_school_closed_meanwhile_is_taken_back_and_told(db: Any, world: World, clock: Any) -> None:
    transfer = second(world, "provincial_admin", starts_on=date(2026, 3, 10))
    assert transfer.agreed_at is not None
    world.school["qingyuan"].status = OrganisationStatus.SUSPENDED
    db.session.commit()
    clock.move(timedelta(days=9))
    assert secondments.settle_due() == (0, 0)
    assert (transfer.state, world.teacher["li"].school) == (S.WITHDRAWN, world.school["xihu"])
    assert "could not begin" in told(db, world.account[OURS])[-1]


@pytest.mark.req("ORG-5")
def test_merging_schools_takes_transfers_under_way_along(db: Any, world: World, neighbour: School) -> None:
    arriving = ask(world, OURS, K.TRANSFER_IN, "chen")
    actor = world.actor("county_admin")
    mark = school_changes.plan_merge([world.school["xihu"].id], neighbour.id, actor=actor).mark
    school_changes.merge([world.school["xihu"].id], neighbour.id, mark=mark, actor=actor)
    db.session.expire_all()
    assert arriving.to_school_id == neighbour.id
    transfer_decisions.release([arriving.id], actor=world.actor(THEIRS))
    assert db.session.get(Teacher, world.teacher["chen"].id).school_id == neighbour.id


@pytest.mark.req("ORG-5")
def test_who_is_at_a_school_on_secondment_takes_that_along_when_it_is_split(db: Any, world: World, clock: Any) -> None:
    transfer, school = second(world, "provincial_admin"), world.school["qingyuan"]
    arriving = ask(world, THEIRS, K.TRANSFER_IN, "wang")
    actor, chosen = world.actor("qingyuan_county"), {"teacher_ids": [world.teacher["li"].id]}
    made = school_changes.plan_split(school.id, **chosen, actor=actor)
    assert (made.count(school_following.SECONDMENTS), made.count(school_following.ARRIVALS)) == (1, 0)
    values = {"code": "331126008", "name": "濛洲分校", "kind": SchoolKind.PRIMARY, "region": world.region["qingyuan"]}
    new = school_changes.split(school.id, values, **chosen, mark=made.mark, actor=actor)
    db.session.expire_all()
    assert (transfer.to_school, new.staff_count, arriving.to_school) == (new, 1, school)
    assert transfer_decisions.end_secondment([transfer.id], actor=actor).done == (transfer.id,)
    db.session.expire_all()
    assert (world.school["xihu"].staff_count, school.staff_count, new.staff_count) == (3, 2, 0)


def test_the_school_somebody_returns_from_is_counted_whatever_the_transfer_says(
    db: Any, world: World, neighbour: School, clock: Any
) -> None:
    transfer = second(world, "provincial_admin")
    world.teacher["li"].school, neighbour.staff_count = neighbour, 1
    db.session.commit()
    transfer_decisions.end_secondment([transfer.id], actor=world.actor("provincial_admin"))
    db.session.expire_all()
    assert (neighbour.staff_count, world.school["xihu"].staff_count) == (0, 3)


def test_buttons_are_offered_to_whose_turn_it_is(db: Any, world: World) -> None:
    transfer = ask(world, OURS, K.TRANSFER_IN, "chen")

    def offered(username: str) -> set[str]:
        return set(transfer_decisions.possible(transfer, actor=world.actor(username)))

    assert offered(OURS) == {"take_back"}
    assert offered(THEIRS) == {"release", "refuse"}
    assert offered("provincial_admin") == {"release", "refuse", "take_back"}
    assert offered("qingyuan_county") == offered("qingyuan_teacher") == set()


# --- at the same moment


@pytest.mark.req("R6")
def test_two_who_act_at_the_same_moment_leave_one_transfer_and_one_decision(fresh_app: Any) -> None:
    """With real commits: a double click on “ask”, then the release and the refusal of the same request."""
    from app.extensions import db

    with fresh_app.app_context():
        cast = build()
        db.session.commit()
        asking, deciding = cast.actor(OURS), cast.actor(THEIRS)
        orders = [TransferOrder(K.TRANSFER_IN, who(cast, "chen", OURS)) for _click in range(2)]
        db.session.remove()

    def race(*acts: Callable[[], Any]) -> list[Any]:
        ready, outcomes = Barrier(len(acts), timeout=60), list[Any]()

        def run(act: Callable[[], Any]) -> None:
            with fresh_app.app_context():
                ready.wait()
                try:
                    outcomes.append(act())
                except Conflict as late:
                    outcomes.append(late.code)

        threads = [Thread(target=run, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return outcomes

    clicks = race(*(lambda o=o: start(o, actor=asking, vault=current_vault()).id for o in orders))  # type: ignore[misc]
    assert sorted(type(outcome).__name__ for outcome in clicks) == ["int", "str"]
    assert [outcome for outcome in clicks if isinstance(outcome, str)] == ["open_already"]
    [key] = [outcome for outcome in clicks if isinstance(outcome, int)]
    decided = race(
        lambda: transfer_decisions.release([key], actor=deciding),
        lambda: transfer_decisions.refuse([key], "暂缓", actor=deciding),
    )
    assert sorted(len(outcome.done) for outcome in decided) == [0, 1]
    with fresh_app.app_context():
        transfer = db.session.get_one(Transfer, key)
        at_home = transfer.teacher.school.code == HOME
        assert transfer.state == (S.COMPLETED if at_home else S.REFUSED)


def test_the_worker_begins_and_ends_secondments_without_being_asked(
    app: Any, db: Any, world: World, clock: Any
) -> None:
    from app.jobs.worker import Worker

    class Consumer:
        """A consumer thread that is well."""

        def check_worker_health(self) -> None:
            """Find nothing wrong."""

    transfer = second(world, "provincial_admin", starts_on=date(2026, 3, 10))
    worker = Worker(app)
    clock.move(timedelta(days=9))
    worker._look_after(Consumer())  # type: ignore[arg-type]
    db.session.expire_all()
    assert world.teacher["li"].status is TeacherStatus.SECONDED
    clock.move(timedelta(days=200))
    worker._look_after(Consumer())  # type: ignore[arg-type]
    db.session.expire_all()
    assert (world.teacher["li"].status, transfer.ended_on is None) == (TeacherStatus.EMPLOYED, False)
