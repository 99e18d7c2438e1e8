"""Signing in by three names, the lock, and changing the password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.clock import FrozenClock
from app.domain.errors import Invalid, NotPermitted, TooManyRequests
from app.domain.terms import AccountStatus, AuditAction, CaptchaMode
from app.models import Account, AuditEntry
from app.security.passwords import check_password
from app.services.account_acts import unlock
from app.services.parameters import set_parameter
from app.services.passwords import change_password
from app.services.sign_in import sign_in
from app.web.actors import current_vault
from tests.world import PASSWORD, World, national_id

STRONG = "Nebel-Lampe-73"


def enter(identifier: str, password: str = PASSWORD) -> Account:
    return sign_in(identifier, password, vault=current_vault(), address="10.0.0.7")


@pytest.fixture
def no_captcha(world: World) -> None:
    set_parameter("captcha", CaptchaMode.NEVER.value, actor=world.actor("provincial_admin"))


def fail(identifier: str, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(Invalid):
            enter(identifier, "Falsch-11-x")


def acts(db: Any, account: Account, action: AuditAction) -> int:
    wanted = select(func.count()).where(AuditEntry.row_id == account.id, AuditEntry.action == action)
    return int(db.session.scalar(wanted.where(AuditEntry.entity == "Account")))


@pytest.mark.req("ACC-2")
def test_user_name_teacher_number_and_national_id_open_the_same_account(world: World) -> None:
    account = world.account["teacher"]
    for identifier in (
        "teacher",
        " TEACHER ",
        world.teacher["zhang"].teacher_number,
        national_id(1),
        national_id(1).lower(),
    ):
        assert enter(identifier) is account


@pytest.mark.req("ACC-2", "ACC-7")
def test_a_wrong_name_and_a_wrong_password_are_told_alike(world: World) -> None:
    said = set()
    for identifier, password in (
        ("nobody", PASSWORD),
        ("teacher", "Falsch-11-x"),
        (national_id(6), PASSWORD),
        ("", ""),
    ):
        with pytest.raises(Invalid) as refused:
            enter(identifier, password)
        said.add(str(refused.value))
    assert len(said) == 1


@pytest.mark.req("OPS-2")
def test_signing_in_and_failing_are_recorded_with_the_address(db: Any, world: World) -> None:
    account = world.account["teacher"]
    fail("teacher")
    enter("teacher")
    assert acts(db, account, AuditAction.SIGN_IN) == acts(db, account, AuditAction.SIGN_IN_FAILED) == 1
    wanted = select(AuditEntry.address).where(AuditEntry.action == AuditAction.SIGN_IN)
    assert db.session.scalar(wanted) == "10.0.0.7"


@pytest.mark.req("ACC-6")
def test_a_disabled_account_stays_out_with_the_right_password(world: World, db: Any) -> None:
    world.account["teacher"].status = AccountStatus.DISABLED
    db.session.commit()
    with pytest.raises(Invalid):
        enter("teacher")


@pytest.mark.req("ACC-8", "P19")
@pytest.mark.usefixtures("no_captcha")
def test_five_failures_lock_the_account_until_its_minutes_are_over(db: Any, world: World, clock: FrozenClock) -> None:
    fail("teacher", 5)
    assert acts(db, world.account["teacher"], AuditAction.LOCK) == 1
    with pytest.raises(TooManyRequests) as refused:
        enter("teacher")
    assert refused.value.retry_after == 15 * 60 + 1
    assert "09:15" in str(refused.value)
    clock.move(timedelta(minutes=14, seconds=59))
    with pytest.raises(TooManyRequests):
        enter("teacher")
    clock.move(timedelta(seconds=1))
    assert enter("teacher") is world.account["teacher"]
    assert world.account["teacher"].locked_until is None


@pytest.mark.req("ACC-8", "P19")
@pytest.mark.usefixtures("no_captcha")
def test_four_failures_do_not_lock_and_a_success_begins_the_count_anew(world: World, clock: FrozenClock) -> None:
    for _ in range(2):
        fail("teacher", 4)
        assert enter("teacher") is world.account["teacher"]


@pytest.mark.req("ACC-8")
@pytest.mark.usefixtures("no_captcha")
def test_the_lock_holds_for_every_name_of_the_account_and_for_no_other_account(
    world: World, clock: FrozenClock
) -> None:
    for identifier in ("teacher", national_id(1), world.teacher["zhang"].teacher_number, "TEACHER", "teacher"):
        fail(identifier)
    with pytest.raises(TooManyRequests):
        enter(national_id(1))
    assert enter("school_admin") is world.account["school_admin"]


@pytest.mark.req("P19", "ACC-8")
@pytest.mark.usefixtures("no_captcha")
def test_the_province_sets_after_how_many_failures_and_for_how_long(world: World, clock: FrozenClock) -> None:
    province = world.actor("provincial_admin")
    set_parameter("lock_after", "3", actor=province)
    set_parameter("lock_minutes", "1", actor=province)
    fail("teacher", 3)
    with pytest.raises(TooManyRequests):
        enter("teacher")
    clock.move(timedelta(minutes=1))
    assert enter("teacher") is world.account["teacher"]


@pytest.mark.req("ACC-6", "ACC-8")
@pytest.mark.usefixtures("no_captcha")
def test_unlocking_opens_at_once_and_is_recorded(db: Any, world: World, clock: FrozenClock) -> None:
    fail("teacher", 5)
    unlock([world.account["teacher"].id], actor=world.actor("school_admin"))
    assert enter("teacher") is world.account["teacher"]
    assert acts(db, world.account["teacher"], AuditAction.UNLOCK) == 1


# --- changing the password


@pytest.mark.req("ACC-4", "OPS-2")
def test_a_new_password_replaces_the_old_one_and_ends_other_sessions(db: Any, world: World) -> None:
    account = world.account["teacher"]
    account.must_change_password, account.initial_password_sealed = True, b"sealed"
    db.session.commit()
    before = account.session_version
    change_password(account, PASSWORD, STRONG, actor=world.actor("teacher"), vault=current_vault())
    db.session.expire_all()
    assert check_password(account.password, STRONG)
    assert STRONG not in account.password
    assert (account.must_change_password, account.initial_password_sealed) == (False, None)
    assert account.session_version == before + 1
    assert acts(db, account, AuditAction.PASSWORD_CHANGE) == 1
    fail("teacher")
    with pytest.raises(Invalid):
        enter("teacher", PASSWORD)
    assert enter("teacher", STRONG) is account


@pytest.mark.req("ACC-4")
@pytest.mark.parametrize(
    ("password", "codes"),
    [
        ("Ab1-x", {"password_short"}),
        ("nebellampe", {"password_kinds"}),
        ("Teacher-2031", {"password_name"}),
        ("Xq-19900000001", {"password_phone"}),
        ("aaaaaa", {"password_short", "password_kinds", "password_repeats"}),
        (PASSWORD, {"same_password"}),
    ],
)
def test_a_weak_password_is_refused_with_every_reason(world: World, password: str, codes: set[str]) -> None:
    account = world.account["teacher"]
    account.phone = "19900000001"
    with pytest.raises(Invalid) as refused:
        change_password(account, PASSWORD, password, actor=world.actor("teacher"), vault=current_vault())
    assert codes <= {problem.code for problem in refused.value.problems}
    assert {problem.field for problem in refused.value.problems} == {"new"}
    assert check_password(account.password, PASSWORD)


@pytest.mark.req("ACC-4")
def test_the_present_password_must_be_right(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        change_password(
            world.account["teacher"], "Falsch-11-x", STRONG, actor=world.actor("teacher"), vault=current_vault()
        )
    assert refused.value.problems[0].field == "old"
    assert check_password(world.account["teacher"].password, PASSWORD)


@pytest.mark.req("ACC-4")
def test_nobody_changes_the_password_of_another(world: World) -> None:
    with pytest.raises(NotPermitted):
        change_password(
            world.account["teacher"], PASSWORD, STRONG, actor=world.actor("system_admin"), vault=current_vault()
        )
