"""The own record: some fields changed at once, others asked for and decided by the school (TCH-3, P20)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.domain.errors import Conflict, Invalid, NotPermitted, NotVisible
from app.domain.terms import AuditAction, ChangeRequestState, TransferKind
from app.models import AuditEntry, ChangeRequest, InboxMessage, LoginName, Teacher
from app.services import change_requests, own_record
from app.services.change_requests import approve, file, is_stale, refuse
from app.services.parameters import set_parameter
from app.services.transfers import TransferOrder, start
from app.services.transitions import history
from app.services.waiting import waiting_for
from app.web.actors import current_vault
from tests.world import World, national_id

pytestmark = pytest.mark.req("TCH-3")

TEACHER, SCHOOL = "teacher", "school_admin"
S = ChangeRequestState


def save(world: World, username: str = TEACHER, **given: Any) -> tuple[str, ...]:
    return own_record.save_own(given, actor=world.actor(username), vault=current_vault())


def ask(world: World, username: str = TEACHER, note: str | None = None, **given: Any) -> ChangeRequest:
    return file(given, note, actor=world.actor(username), vault=current_vault())


def decide(world: World, *requests: ChangeRequest, username: str = SCHOOL, **options: Any) -> Any:
    return approve([one.id for one in requests], actor=world.actor(username), vault=current_vault(), **options)


def codes(error: Any) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in error.value.problems]


def told(db: Any, world: World, username: str) -> str:
    wanted = select(InboxMessage).where(InboxMessage.account_id == world.account[username].id)
    return str(db.session.scalars(wanted.order_by(InboxMessage.id.desc())).first())


# --- at once


@pytest.mark.req("P20", "OPS-2")
def test_the_fields_of_the_parameter_are_changed_at_once_in_the_teachers_own_name(db: Any, world: World) -> None:
    assert set(save(world, mobile=" 138-0013-8000 ", office_phone="0571-87000000")) == {"mobile", "office_phone"}
    zhang = world.teacher["zhang"]
    assert (zhang.mobile, zhang.office_phone) == ("13800138000", "0571-87000000")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.entity == "Teacher")).one()
    assert (entry.account_id, entry.row_id) == (world.account[TEACHER].id, zhang.id)
    assert save(world, mobile="13800138000") == ()


@pytest.mark.req("P20", "TCH-2")
def test_every_wrong_field_is_named_and_nothing_is_saved(db: Any, world: World) -> None:
    with pytest.raises(Invalid) as refused:
        save(world, mobile="12", office_phone="x", name="张三")
    assert {field for _code, field in codes(refused)} == {"mobile", "office_phone", "name"}
    assert world.teacher["zhang"].mobile == "19900000001"
    set_parameter("teacher_editable_fields", "email", actor=world.actor("provincial_admin"))
    with pytest.raises(Invalid) as closed:
        save(world, mobile="13800138000")
    assert codes(closed) == [("ask_for_it", "mobile")]
    assert save(world, email="a@b.cn") == ("email",)


def test_somebody_elses_change_meanwhile_is_not_overwritten(db: Any, world: World) -> None:
    seen = world.teacher["zhang"].version
    save(world, office_phone="0571-87000000")
    with pytest.raises(Conflict):
        own_record.save_own({"mobile": "13800138000"}, actor=world.actor(TEACHER), vault=current_vault(),
                            expected_version=seen)  # fmt: skip


@pytest.mark.parametrize("username", ["institution_admin", "school_admin", "county_admin", "non_teacher"])
def test_who_is_no_teacher_has_no_record_to_change(world: World, username: str) -> None:
    with pytest.raises(NotPermitted):
        save(world, username, mobile="13800138000")
    with pytest.raises(NotVisible):
        own_record.own_record(world.actor(username))


# --- asked for


@pytest.mark.req("PUB-3", "ACC-2")
def test_a_request_waits_for_the_school_and_its_approval_changes_the_record(db: Any, world: World) -> None:
    request = ask(world, name="张明", national_id=national_id(7), note="户口本更名")
    zhang = world.teacher["zhang"]
    assert (request.state, zhang.name) == (S.FILED, "张明华")
    assert national_id(7) not in str(request.changes)
    assert told(db, world, SCHOOL) == "张明华 asks for changes of the record (2 fields)."
    assert decide(world, request).done == (request.id,)
    assert (zhang.name, zhang.national_id_key) == ("张明", current_vault().key(national_id(7)))
    names = db.session.scalars(select(LoginName.name).where(LoginName.account_id == zhang.account_id)).all()
    assert current_vault().key(national_id(7)) in names
    assert told(db, world, TEACHER) == "Your school has made the changes you asked for."
    assert [(line.action.value, line.organisation) for line in history(request)] == [
        ("file", "文三路小学"), ("approve", "文三路小学"),
    ]  # fmt: skip
    updates = select(AuditEntry).where(AuditEntry.action == AuditAction.UPDATE, AuditEntry.entity == "Teacher")
    entry = db.session.scalars(updates).one()
    assert (entry.account_id, entry.reason) == (world.account[SCHOOL].id, "户口本更名")


def test_a_refusal_has_a_reason_the_teacher_reads(db: Any, world: World) -> None:
    request = ask(world, email="a@b.cn")
    silent = refuse([request.id], " ", actor=world.actor(SCHOOL))
    assert silent.refused[request.id][0].code == "reason_missing"
    refuse([request.id], "请附证明", actor=world.actor(SCHOOL))
    assert (request.state, world.teacher["zhang"].email) == (S.REFUSED, None)
    assert told(db, world, TEACHER).endswith("请附证明")
    again = decide(world, request)
    assert again.refused[request.id][0].code == "wrong_state"


@pytest.mark.req("TCH-2", "P20")
def test_what_cannot_be_asked_for_is_told_field_by_field(db: Any, world: World) -> None:
    ask(world, email="a@b.cn")
    with pytest.raises(Invalid) as refused:
        ask(world, email="c@d.cn", mobile="13800138000", national_id="330106198001010011", school="x", note="长" * 201)
    found = set(codes(refused))
    assert {("asked_already", "email"), ("change_it_yourself", "mobile"), ("field_unknown", "school")} <= found
    assert ("reason_too_long", "note") in found
    assert "national_id" in {field for _code, field in found}
    with pytest.raises(Invalid) as nothing:
        ask(world, name="张明华")
    assert codes(nothing) == [("nothing_changes", None)]


def test_a_stale_request_is_shown_and_approved_by_itself_only(db: Any, world: World) -> None:
    request, other = ask(world, name="张明"), ask(world, email="a@b.cn")
    assert not is_stale(request)
    world.teacher["zhang"].name = "张华"
    db.session.commit()
    assert is_stale(request)
    assert not is_stale(other)
    outcome = decide(world, request, other)
    assert outcome.done == (other.id,)
    assert outcome.refused[request.id][0].code == "record_changed"
    assert decide(world, request, anyway=True).done == (request.id,)
    assert world.teacher["zhang"].name == "张明"
    assert not is_stale(request)


def test_what_is_no_longer_right_when_it_is_decided_is_not_written(db: Any, world: World) -> None:
    """The ID number is somebody else's by now."""
    request = ask(world, national_id=national_id(7))
    li = world.teacher["li"]
    li.national_id_key = current_vault().key(national_id(7))
    db.session.commit()
    outcome = decide(world, request)
    assert outcome.refused[request.id][0].field == "national_id"
    assert request.state is S.FILED


@pytest.mark.req("ORG-6")
def test_only_the_school_decides(db: Any, world: World) -> None:
    request = ask(world, email="a@b.cn")
    for username in (TEACHER, "county_admin", "school_inquirer", "institution_admin"):
        with pytest.raises(NotPermitted):
            decide(world, request, username=username)
    with pytest.raises(NotVisible):
        decide(world, request, username="qingyuan_school")
    assert request.state is S.FILED


@pytest.mark.req("TCH-7")
def test_a_waiting_request_goes_along_to_the_new_school(db: Any, world: World) -> None:
    request = ask(world, email="a@b.cn")
    order = TransferOrder(TransferKind.TRANSFER_OUT, str(world.teacher["zhang"].id), "331126001")
    start(order, actor=world.actor("provincial_admin"), vault=current_vault())
    assert request.school_id == world.school["qingyuan"].id
    with pytest.raises(NotVisible):
        decide(world, request)
    assert decide(world, request, username="qingyuan_school").done == (request.id,)


@pytest.mark.req("PUB-2")
def test_the_school_finds_what_waits_on_its_workbench(db: Any, world: World) -> None:
    ask(world, email="a@b.cn")

    def counts(username: str) -> dict[str, int]:
        return {item.endpoint: item.count for item in waiting_for(world.actor(username))}

    assert counts(SCHOOL)["ChangeRequestView.list"] == 1
    assert "ChangeRequestView.list" not in counts("county_admin")
    assert "ChangeRequestView.list" not in counts(TEACHER)


def test_somebody_without_a_school_is_told_whom_to_ask(db: Any, world: World) -> None:
    zhang: Teacher = world.teacher["zhang"]
    zhang.school = None
    db.session.commit()
    with pytest.raises(Invalid) as refused:
        ask(world, email="a@b.cn")
    assert codes(refused) == [("no_school", None)]


def test_requests_of_a_teacher_come_newest_first(db: Any, world: World) -> None:
    first, second = ask(world, email="a@b.cn"), ask(world, name="张明")
    assert change_requests.requests_of(world.teacher["zhang"].id) == [second, first]
