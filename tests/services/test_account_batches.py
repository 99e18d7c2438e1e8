"""Accounts for many teachers and schools at once, and their first passwords (ACC-3, ACC-5)."""

from __future__ import annotations

import io
import time
from threading import Barrier, Thread
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from app.domain.errors import NotPermitted, NotVisible
from app.domain.identity import check_character
from app.domain.terms import AuditAction, OrganisationStatus, RoleName, TeacherStatus
from app.jobs import accounts as account_jobs
from app.jobs.registry import Run
from app.models import Account, AuditEntry, Bureau, LoginName, ParameterValue, Teacher
from app.services import account_batches, first_passwords
from app.services.passwords import change_password
from app.services.sign_in import sign_in
from tests.support.accounts import VAULT, actor, make_account, make_places, make_teacher

R = RoleName


def number_of(running: int) -> str:
    body = f"33010619800101{running:03d}"
    return body + check_character(body)


@pytest.fixture
def staff(db: Any, clock: Any) -> dict[str, Any]:
    """Two counties; the administrators of one of them and of her school; three teachers there, one elsewhere."""
    places = make_places()
    places["county"] = make_account("county", R.COUNTY_ADMIN, bureau=places["near_bureau"])
    places["school"] = make_account("school", R.SCHOOL_ADMIN, school=places["near_school"])
    for running, (name, school) in enumerate(
        (("单小明", "near"), ("单晓敏", "near"), ("仇英", "near"), ("远方", "far")), 1
    ):
        places[f"t{running}"] = make_teacher(
            places[f"{school}_school"], name=name, teacher_number=f"T{running}", national_id=number_of(running)
        )
    return places


def make(staff: dict[str, Any], by: str = "county") -> account_batches.Outcome:
    me = actor(staff[by])
    return account_batches.create_teacher_accounts(account_batches.keys_without(actor=me), actor=me, vault=VAULT)


@pytest.mark.req("ACC-3", "ACC-2")
def test_teachers_sign_in_with_name_number_and_id_and_must_choose_a_password(staff: dict[str, Any], db: Any) -> None:
    assert make(staff).made == 3
    account = staff["t1"].account
    assert account.username == f"sxm{number_of(1)[-6:].lower()}"
    for name in (account.username, "t1", number_of(1)):
        assert sign_in(name, number_of(1)[-6:], vault=VAULT) is account
    assert account.must_change_password
    assert account.password is None  # the hash is made with the first change
    assert [role.name for role in account.roles] == ["teacher"]
    assert db.session.get(Teacher, staff["t4"].id).account_id is None


@pytest.mark.req("ACC-3")
def test_the_same_initials_and_the_same_end_of_the_id_get_a_number(staff: dict[str, Any], db: Any) -> None:
    tail = number_of(1)[-6:]
    make_account(f"sxm{tail.lower()}", R.NON_TEACHER)
    twin = f"11010519491{number_of(1)[11:]}"
    make_teacher(staff["near_school"], name="宋雪梅", teacher_number="T9", national_id=twin)
    make(staff)
    names = set(db.session.scalars(select(Account.username).where(Account.username.startswith("sxm"))))
    assert {f"sxm{tail.lower()}", f"sxm{tail.lower()}2", f"sxm{tail.lower()}3"} <= names


@pytest.mark.req("ACC-3", "P17")
def test_first_passwords_are_random_where_the_province_says_so(staff: dict[str, Any], db: Any) -> None:
    db.session.add(ParameterValue(name="initial_password", value="random"))
    make(staff)
    told = {row.username: row.password for row in first_passwords.unused_first_passwords(
        actor=actor(staff["county"]), vault=VAULT)}  # fmt: skip
    first = told[staff["t1"].account.username]
    assert first not in number_of(1)
    assert sign_in("T1", first, vault=VAULT) is staff["t1"].account


@pytest.mark.req("ACC-3")
def test_an_id_that_ends_in_x_opens_in_either_case(staff: dict[str, Any]) -> None:
    make_teacher(staff["near_school"], name="甲", teacher_number="TX")  # 11010519491231002X
    make(staff)
    assert sign_in("TX", "31002x", vault=VAULT) is sign_in("TX", "31002X", vault=VAULT)


@pytest.mark.req("ACC-5")
def test_who_has_no_id_or_whose_number_is_taken_is_left_out_with_the_reason(staff: dict[str, Any], db: Any) -> None:
    staff["t1"].national_id_sealed = None
    db.session.add(LoginName(name="T2", account_id=staff["county"].id))
    outcome = make(staff)
    assert (outcome.made, outcome.left_out) == (1, 2)
    assert {one.number: one.why for one in outcome.examples or []} == {
        "T1": account_batches.NO_ID,
        "T2": account_batches.NAME_IN_USE,
    }


@pytest.mark.req("ACC-5")
def test_a_second_run_makes_nothing_twice_and_passes_over_who_has_left(staff: dict[str, Any], db: Any) -> None:
    staff["t3"].status = TeacherStatus.LEFT
    assert make(staff).made == 2
    assert make(staff).made == 0
    assert db.session.scalar(select(func.count()).select_from(AuditEntry).where(
        AuditEntry.action == AuditAction.CREATE, AuditEntry.entity == "Account")) == 2  # fmt: skip


@pytest.mark.req("ACC-5", "ORG-6")
def test_keys_from_elsewhere_and_roles_one_may_not_give_make_no_account(staff: dict[str, Any]) -> None:
    me = actor(staff["school"])
    outcome = account_batches.create_teacher_accounts([staff["t4"].id], actor=me, vault=VAULT)
    assert (outcome.made, staff["t4"].account_id) == (0, None)
    with pytest.raises(NotPermitted):
        account_batches.create_school_accounts(actor=me, vault=VAULT)
    assert account_batches.create_teacher_accounts([staff["t1"].id], actor=me, vault=VAULT).made == 1


@pytest.mark.req("ACC-3", "ACC-5")
def test_schools_without_account_get_one_and_their_first_passwords_are_listed_until_changed(
    staff: dict[str, Any], db: Any
) -> None:
    db.session.delete(staff["school"])
    by = actor(staff["county"])
    assert account_batches.create_school_accounts(actor=by, vault=VAULT).made == 1
    assert account_batches.create_school_accounts(actor=by, vault=VAULT).made == 0
    (told,) = first_passwords.unused_first_passwords(actor=by, vault=VAULT)
    assert (told.username, told.password) == ("990101001", "990101001")
    made = sign_in(told.username, told.password, vault=VAULT)
    change_password(made, told.password, "Gruen-9182-Wald", actor=actor(made), vault=VAULT)
    assert first_passwords.unused_first_passwords(actor=by, vault=VAULT) == []
    assert made.initial_password_sealed is None


def of_the_province(places: dict[str, Any]) -> Any:
    """An administrator above both schools, none of which has an account."""
    bureau = Bureau(code="B990000", name="省", region=places["province"])
    return actor(make_account("above", R.PROVINCIAL_ADMIN, bureau=bureau))


def accounts_of_schools(db: Any) -> list[str]:
    """The names of the accounts that keep a school."""
    wanted = select(Account.username).where(Account.school_id.is_not(None))
    return sorted(db.session.scalars(wanted))


@pytest.mark.req("ACC-5")
def test_a_school_that_got_its_account_meanwhile_gets_no_second_one(
    db: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    by, others = of_the_province(make_places()), list[int]()
    monkeypatch.setattr(account_batches, "CHUNK", 1)

    def meanwhile(done: int, _total: int) -> None:
        if done == 1:
            others.append(account_batches.create_school_accounts(actor=by, vault=VAULT).made)

    made = account_batches.create_school_accounts(actor=by, vault=VAULT, progress=meanwhile).made
    assert (made, others) == (1, [1])
    assert accounts_of_schools(db) == ["990101001", "990102001"]


@pytest.mark.req("ACC-5", "R6")
def test_two_who_press_at_the_same_moment_make_one_account_a_school(
    fresh_app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.extensions import db

    with fresh_app.app_context():
        by = of_the_province(make_places())
        db.session.remove()
    ready, store, made = Barrier(2, timeout=60), account_batches._store, list[int]()

    def slowly(*arguments: Any) -> None:
        store(*arguments)
        time.sleep(0.2)  # not committed yet: the other has asked by now which schools have none

    def press() -> None:
        with fresh_app.app_context():
            ready.wait()
            made.append(account_batches.create_school_accounts(actor=by, vault=VAULT).made)
            db.session.remove()

    monkeypatch.setattr(account_batches, "_store", slowly)
    threads = [Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [0, 2]
    with fresh_app.app_context():
        assert accounts_of_schools(db) == ["990101001", "990102001"]
        db.session.remove()


@pytest.mark.req("ACC-5")
@pytest.mark.parametrize("status", [OrganisationStatus.MERGED, OrganisationStatus.CLOSED, OrganisationStatus.SUSPENDED])
def test_a_school_that_is_not_in_operation_waits_for_no_account(
    db: Any, clock: Any, status: OrganisationStatus
) -> None:
    places = make_places()
    by = of_the_province(places)
    places["far_school"].status = status
    db.session.commit()
    assert account_batches.count_schools_without(actor=by) == 1
    assert account_batches.create_school_accounts(actor=by, vault=VAULT).made == 1
    assert accounts_of_schools(db) == ["990101001"]


@pytest.mark.req("ACC-5", "ORG-6", "S16")
def test_first_passwords_are_told_by_school_within_scope_and_recorded(staff: dict[str, Any], db: Any) -> None:
    make(staff)
    me = actor(staff["county"])
    (line,), in_all = first_passwords.unused_by_school(actor=me, limit=10)
    assert (line.school, line.count, in_all) == (staff["near_school"], 3, 1)
    told = first_passwords.unused_first_passwords(actor=me, vault=VAULT, school=staff["near_school"])
    assert sorted(row.teacher_number for row in told) == ["T1", "T2", "T3"]
    assert first_passwords.unused_first_passwords(actor=me, vault=VAULT, school=staff["far_school"]) == []
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.EXPORT)).all()
    assert [entry.after["first_passwords"] for entry in entries] == [3, 0]
    assert number_of(1)[-6:] not in str([entry.after for entry in entries])


@pytest.mark.req("ACC-5", "DEL-12")
def test_very_many_are_made_by_a_job_that_says_who_was_left_out(
    staff: dict[str, Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_batches, "CHUNK", 2)
    staff["t2"].national_id_sealed = None
    seen: list[tuple[int, int]] = []
    arguments = {"school": staff["near_school"].id}
    run = Run(1, actor(staff["county"]), arguments, tmp_path, lambda done, total: seen.append((done, total)))
    result = account_jobs.teacher_accounts(run)
    assert seen == [(2, 3), (3, 3)]
    rows = CalamineWorkbook.from_path(str(tmp_path / result.path)).get_sheet_by_index(0).to_python()
    assert [row[:2] for row in rows[2:]] == [["单晓敏", "T2"]]
    assert staff["t1"].account.username not in str(rows)
    with pytest.raises(NotVisible):
        account_jobs.teacher_accounts(Run(2, run.actor, {"school": staff["far_school"].id}, tmp_path, run.progress))


@pytest.mark.req("ACC-5", "ACC-3")
def test_the_pages_make_accounts_and_hand_out_what_opens_them(staff: dict[str, Any], login_as: Any) -> None:
    client = login_as("school")
    assert "单小明" in client.get("/account-batches/").text
    chosen = {"which": "chosen", "teacher": [staff["t1"].id, staff["t4"].id]}
    assert client.post("/account-batches/teachers", data=chosen).status_code == 302
    assert (staff["t1"].account is None, staff["t4"].account is None) == (False, True)
    assert client.post("/account-batches/teachers", data={"which": "all"}).status_code == 302
    username = staff["t1"].account.username
    slips = client.post("/first-passwords/slips", data={"school": staff["near_school"].id}).text
    assert slips.count('class="slip"') == 3
    assert username in slips
    assert client.post("/first-passwords/slips", data={"school": staff["far_school"].id}).status_code == 404
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.post("/first-passwords/download").data))
    rows = {row[0]: row[4] for row in book.get_sheet_by_index(0).to_python()[2:]}
    assert rows[username] == number_of(1)[-6:]
    assert staff["near_school"].name in client.get("/first-passwords/").text


@pytest.mark.req("ACC-5", "DEL-12")
def test_the_page_hands_more_than_a_thousand_to_the_worker(
    staff: dict[str, Any], login_as: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: list[int] = []
    monkeypatch.setitem(app.extensions, "jobs", type("Queue", (), {"put": lambda _self, number: put.append(number)})())
    monkeypatch.setattr("app.views.account_batches.AT_ONCE", 2)
    answer = login_as("county").post("/account-batches/teachers", data={"which": "all"})
    assert "/jobs/show/" in answer.location
    assert len(put) == 1
    assert staff["t1"].account_id is None


@pytest.mark.req("ACC-5", "B10")
def test_a_chunk_asks_as_often_for_many_teachers_as_for_few(staff: dict[str, Any], count_queries: Any) -> None:
    me = actor(staff["county"])
    keys = account_batches.keys_without(actor=me)
    with count_queries() as few:
        account_batches.create_teacher_accounts(keys[:1], actor=me, vault=VAULT)
    with count_queries() as more:
        account_batches.create_teacher_accounts(keys[1:], actor=me, vault=VAULT)
    assert len(more) <= len(few) + 4, str(more)
