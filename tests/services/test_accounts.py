"""Accounts below one's own: created, reset, kept out, first passwords (ACC-3, ACC-5, ACC-6)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from app.domain.errors import Conflict, DomainError, Invalid, NotPermitted, NotVisible
from app.domain.terms import AuditAction, RoleName
from app.models import Account, AuditEntry, ParameterValue
from app.services import accounts, records
from app.services.sign_in import change_password, sign_in
from tests.support.accounts import NATIONAL_ID, PASSWORD, VAULT, actor, make_account, make_places, make_teacher

R = RoleName


@pytest.fixture
def staff(db: Any, clock: Any) -> dict[str, Any]:
    """Two counties, the administrator of one of them, and of her school."""
    places = make_places()
    county = make_account("county", R.COUNTY_ADMIN, bureau=places["near_bureau"])
    school = make_account("school", R.SCHOOL_ADMIN, school=places["near_school"])
    return places | {"county": county, "school": school}


def new(staff: dict[str, Any], by: str = "county", **values: Any) -> Account:
    filled = {"username": "fresh", "last_name": "新", "roles": ["school_inquirer"], "school": staff["near_school"]}
    return accounts.create_account(filled | values, actor=actor(staff[by]), vault=VAULT)


def written(action: AuditAction, row: Account) -> int:
    wanted = AuditEntry.action == action, AuditEntry.row_id == row.id, AuditEntry.entity == "Account"
    return int(Account.query.session.scalar(select(func.count()).select_from(AuditEntry).where(*wanted)))


@pytest.mark.req("ACC-3", "ACC-6")
def test_a_new_account_signs_in_with_its_first_password_and_must_change_it(staff: dict[str, Any]) -> None:
    account = new(staff)
    assert written(AuditAction.CREATE, account) == 1
    assert sign_in("FRESH", "fresh", vault=VAULT) is account
    assert account.must_change_password


@pytest.mark.req("ACC-6", "ORG-6")
@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"roles": ["system_admin"]}, "role_not_given"),
        ({"roles": ["county_admin"]}, "role_not_given"),
        ({"roles": []}, "role_not_given"),
        ({"school": None}, "one_organisation"),
        ({"username": "School"}, "name_taken"),
    ],
)
def test_what_may_not_be_given_is_refused(staff: dict[str, Any], values: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as raised:
        new(staff, **values)
    assert raised.value.code == code


@pytest.mark.req("ORG-6")
def test_no_account_is_made_or_managed_in_the_neighbouring_county(staff: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        new(staff, school=staff["far_school"])
    stranger = make_account("stranger", R.SCHOOL_ADMIN, school=staff["far_school"])
    by = actor(staff["county"])
    for act in (
        lambda: accounts.reset_password(stranger.id, actor=by, vault=VAULT),
        lambda: accounts.set_enabled(stranger.id, False, actor=by),
        lambda: accounts.unlock(stranger.id, actor=by),
        lambda: records.delete(Account, stranger.id, actor=by),
    ):
        with pytest.raises(NotVisible):
            act()


@pytest.mark.req("ACC-6")
def test_nobody_manages_peers_superiors_or_oneself(staff: dict[str, Any]) -> None:
    for who in ("county", "school"):
        with pytest.raises(DomainError) as raised:
            accounts.reset_password(staff["county"].id, actor=actor(staff[who]), vault=VAULT)
        assert isinstance(raised.value, NotPermitted | NotVisible)


@pytest.mark.req("ACC-6")
def test_a_school_resets_its_teacher_to_the_end_of_the_id(staff: dict[str, Any], db: Any) -> None:
    teacher = make_account("teacher", R.TEACHER)
    make_teacher(staff["near_school"], account=teacher)
    told = accounts.reset_password(teacher.id, actor=actor(staff["school"]), vault=VAULT)
    assert (told.password, teacher.session_version) == (NATIONAL_ID[-6:], 2)
    assert sign_in("teacher", told.password, vault=VAULT).must_change_password
    db.session.add(ParameterValue(name="initial_password", value="random"))
    second = accounts.reset_password(teacher.id, actor=actor(staff["school"]), vault=VAULT)
    assert second.password not in (told.password, "teacher")
    assert written(AuditAction.PASSWORD_RESET, teacher) == 2


@pytest.mark.req("ACC-6")
def test_disabling_ends_sessions_and_enabling_and_unlocking_let_in_again(staff: dict[str, Any]) -> None:
    by, school = actor(staff["county"]), staff["school"]
    accounts.set_enabled(school.id, False, actor=by)
    assert (school.session_version, school.is_active) == (2, False)
    with pytest.raises(Invalid):
        sign_in("school", PASSWORD, vault=VAULT)
    accounts.set_enabled(school.id, True, actor=by)
    school.locked_until = accounts.sign_in.now() + accounts.sign_in.timedelta(minutes=5)
    accounts.unlock(school.id, actor=by)
    assert sign_in("school", PASSWORD, vault=VAULT) is school
    for action in (AuditAction.DISABLE, AuditAction.ENABLE, AuditAction.UNLOCK):
        assert written(action, school) == 1


@pytest.mark.req("ACC-6")
def test_an_unused_account_is_deleted_and_one_that_acted_stays(staff: dict[str, Any], db: Any) -> None:
    account, by = new(staff), actor(staff["county"])
    records.delete(Account, account.id, actor=by)
    again = new(staff)  # the sign-in name is free again
    sign_in("fresh", "fresh", vault=VAULT)
    with pytest.raises(Conflict):
        records.delete(Account, again.id, actor=by)


@pytest.mark.req("ACC-3", "ACC-5")
def test_schools_without_account_get_one_and_their_first_passwords_are_listed_until_changed(
    staff: dict[str, Any], db: Any
) -> None:
    db.session.delete(staff["school"])
    by = actor(staff["county"])
    assert accounts.create_school_accounts(actor=by, vault=VAULT) == 1
    with pytest.raises(Conflict):
        accounts.create_school_accounts(actor=by, vault=VAULT)
    (told,) = accounts.unused_first_passwords(actor=by, vault=VAULT)
    assert (told.username, told.password) == ("990101001", "990101001")
    made = sign_in(told.username, told.password, vault=VAULT)
    change_password(made, told.password, "Gruen-9182-Wald", actor=actor(made))
    assert accounts.unused_first_passwords(actor=by, vault=VAULT) == []


@pytest.mark.req("ACC-5", "ACC-6")
def test_the_screen_creates_resets_and_exports(staff: dict[str, Any], login_as: Any) -> None:
    client = login_as("county")
    form = {"username": "fresh", "last_name": "新", "roles": "school_inquirer", "school": staff["near_school"].id}
    assert client.post("/accountview/add", data=form).status_code == 302
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.post("/accountview/first-passwords").data))
    assert book.get_sheet_by_index(0).to_python()[1][::3] == ["fresh", "fresh"]
    fresh = Account.query.filter_by(username="fresh").one()
    page = client.post("/accountview/action_post", data={"action": "reset", "rowid": [fresh.id]})
    assert "<code>fresh</code>" in page.text
    for name in ("disable", "enable", "unlock"):
        assert client.post("/accountview/action_post", data={"action": name, "rowid": [fresh.id]}).status_code == 302
    listed = client.get("/accountview/list/")
    assert "/accountview/batch" in listed.text
    assert client.post("/accountview/batch").status_code == 409
    assert client.get("/accountview/add").status_code == 200
