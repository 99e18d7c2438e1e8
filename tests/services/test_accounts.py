"""Accounts below one's own: created, reset, kept out, first passwords (ACC-3, ACC-5, ACC-6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.clock import now
from app.domain.errors import Conflict, DomainError, Invalid, NotPermitted, NotVisible
from app.domain.terms import AuditAction, RoleName
from app.models import Account, AuditEntry, Bureau, ParameterValue
from app.services import account_acts, accounts
from app.services.sign_in import sign_in
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
        lambda: account_acts.reset_passwords([stranger.id], actor=by, vault=VAULT),
        lambda: account_acts.disable([stranger.id], actor=by),
        lambda: account_acts.unlock([stranger.id], actor=by),
        lambda: accounts.delete_account(stranger.id, actor=by),
    ):
        with pytest.raises(NotVisible):
            act()


@pytest.mark.req("ACC-6")
def test_nobody_manages_peers_superiors_or_oneself(staff: dict[str, Any]) -> None:
    for who in ("county", "school"):
        with pytest.raises(DomainError) as raised:
            account_acts.reset_passwords([staff["county"].id], actor=actor(staff[who]), vault=VAULT)
        assert isinstance(raised.value, NotPermitted | NotVisible)


@pytest.mark.req("ACC-6")
def test_a_school_resets_its_teacher_to_the_end_of_the_id(staff: dict[str, Any], db: Any) -> None:
    teacher = make_account("teacher", R.TEACHER)
    make_teacher(staff["near_school"], account=teacher)
    (told,) = account_acts.reset_passwords([teacher.id], actor=actor(staff["school"]), vault=VAULT)
    assert (told.password, teacher.session_version) == (NATIONAL_ID[-6:], 2)
    assert sign_in("teacher", told.password, vault=VAULT).must_change_password
    db.session.add(ParameterValue(name="initial_password", value="random"))
    (second,) = account_acts.reset_passwords([teacher.id], actor=actor(staff["school"]), vault=VAULT)
    assert second.password not in (told.password, "teacher")
    assert written(AuditAction.PASSWORD_RESET, teacher) == 2


@pytest.mark.req("ACC-6")
def test_disabling_ends_sessions_and_enabling_and_unlocking_let_in_again(staff: dict[str, Any]) -> None:
    by, school = actor(staff["county"]), staff["school"]
    account_acts.disable([school.id], actor=by)
    assert (school.session_version, school.is_active) == (2, False)
    with pytest.raises(Invalid):
        sign_in("school", PASSWORD, vault=VAULT)
    account_acts.enable([school.id], actor=by)
    school.locked_until = now() + timedelta(minutes=5)
    account_acts.unlock([school.id], actor=by)
    assert sign_in("school", PASSWORD, vault=VAULT) is school
    for action in (AuditAction.DISABLE, AuditAction.ENABLE, AuditAction.UNLOCK):
        assert written(action, school) == 1


@pytest.mark.req("ACC-6")
def test_a_deleted_account_is_gone_for_everybody_and_its_names_are_free(staff: dict[str, Any], db: Any) -> None:
    account, by = new(staff), actor(staff["county"])
    sign_in("fresh", "fresh", vault=VAULT)
    accounts.delete_account(account.id, actor=by)
    assert (account.is_active, account.session_version, account.phone) == (False, 3, None)
    with pytest.raises(Invalid):
        sign_in("fresh", "fresh", vault=VAULT)
    with pytest.raises(NotVisible):
        account_acts.enable([account.id], actor=actor(staff["county"]))
    assert written(AuditAction.DELETE, account) == 1
    assert written(AuditAction.SIGN_IN, account) == 1
    again = new(staff)
    assert sign_in("fresh", "fresh", vault=VAULT) is again


@pytest.mark.req("ACC-6")
def test_the_teacher_of_a_deleted_account_may_get_a_new_one(staff: dict[str, Any], db: Any) -> None:
    made = make_account("teacher", R.TEACHER)
    teacher = make_teacher(staff["near_school"], account=made)
    accounts.delete_account(made.id, actor=actor(staff["school"]))
    assert teacher.account_id is None


@pytest.mark.req("ACC-6", "ENR-14")
def test_many_accounts_are_changed_together_or_not_at_all(staff: dict[str, Any]) -> None:
    account, by = new(staff), actor(staff["county"])
    with pytest.raises(NotPermitted) as refused:
        account_acts.disable([account.id, staff["county"].id], actor=by)
    assert "county" in str(refused.value)
    assert account.is_active
    assert account_acts.disable([account.id, staff["school"].id], actor=by) == 2
    assert not account.is_active


@pytest.mark.req("ACC-6", "ACC-1")
def test_roles_and_organisation_of_an_account_change_within_what_one_may_give(staff: dict[str, Any]) -> None:
    account, by = new(staff), actor(staff["county"])
    values = {"last_name": "改", "roles": ["school_admin", "school_training_admin"]}
    accounts.update_account(account.id, values, actor=by, expected_version=account.version)
    assert sorted(role.name for role in account.roles) == values["roles"]
    assert account.last_name == "改"
    entry = AuditEntry.query.filter_by(action=AuditAction.UPDATE, row_id=account.id).one()
    assert entry.after["roles"] == values["roles"]
    for wrong, code in (
        ({"roles": ["provincial_admin"]}, "role_not_given"),
        ({"roles": ["institution_admin"]}, "role_needs_place"),
        ({"roles": ["teacher"]}, "teacher_without_record"),
        ({"roles": ["school_admin"], "school": None}, "one_organisation"),
        ({"roles": ["school_admin"], "bureau": staff["near_bureau"]}, "one_organisation"),
        ({"roles": ["school_admin"], "school": staff["far_school"]}, "choice_not_visible"),
    ):
        with pytest.raises(Invalid) as refused:
            accounts.update_account(account.id, wrong, actor=by)
        assert code in {problem.code for problem in refused.value.problems}
    with pytest.raises(Conflict):
        accounts.update_account(account.id, values, actor=by, expected_version=1)


@pytest.mark.req("ACC-1")
def test_an_administrator_of_a_bureau_stands_at_a_bureau_of_that_level(staff: dict[str, Any]) -> None:
    province = make_account("province", R.PROVINCIAL_ADMIN, bureau=make_bureau(staff["province"]))
    values = {"username": "x", "last_name": "某", "bureau": staff["near_bureau"], "school": None}
    with pytest.raises(Invalid) as refused:
        accounts.create_account({**values, "roles": ["city_admin"]}, actor=actor(province), vault=VAULT)
    assert refused.value.code == "role_of_other_level"
    made = accounts.create_account({**values, "roles": ["county_admin"]}, actor=actor(province), vault=VAULT)
    assert made.place is staff["near_bureau"]


def make_bureau(region: Any) -> Bureau:
    bureau = Bureau(code="B99", name="bureau of the province", region=region)
    Account.query.session.add(bureau)
    return bureau


@pytest.mark.req("ACC-6", "OPS-2")
def test_one_changes_ones_own_nickname_phone_and_address(staff: dict[str, Any]) -> None:
    me = actor(staff["school"])
    accounts.update_profile({"nickname": " 小王 ", "phone": "13800001234", "email": "w@example.cn"}, actor=me)
    account = staff["school"]
    assert (account.nickname, account.phone, account.email) == ("小王", "13800001234", "w@example.cn")
    with pytest.raises(Invalid) as refused:
        accounts.update_profile({"phone": "12", "email": "nothing"}, actor=me)
    assert {problem.field for problem in refused.value.problems} == {"phone", "email"}
    accounts.update_profile({}, actor=me)
    assert (account.nickname, account.email) == (None, "school@noemail.invalid")
    assert written(AuditAction.UPDATE, account) == 2


@pytest.mark.req("ACC-5", "ACC-6")
def test_the_screen_creates_changes_and_resets(staff: dict[str, Any], login_as: Any) -> None:
    client = login_as("county")
    form = {"username": "fresh", "last_name": "新", "roles": "school_inquirer", "school": staff["near_school"].id}
    assert client.post("/accountview/add", data=form).status_code == 302
    fresh = Account.query.filter_by(username="fresh").one()
    page = client.post("/accountview/action_post", data={"action": "reset", "rowid": [fresh.id]})
    assert "<code>fresh</code>" in page.text
    for name in ("disable", "enable", "unlock"):
        assert client.post("/accountview/action_post", data={"action": name, "rowid": [fresh.id]}).status_code == 302
    changed = {"last_name": "改", "roles": ["school_admin"], "school": staff["near_school"].id}
    assert client.post(f"/accountview/edit/{fresh.id}", data=changed).status_code == 302
    shown = client.get(f"/accountview/show/{fresh.id}").text
    assert "改" in shown
    assert f"/accountview/action/reset/{fresh.id}" in shown
    assert client.post(f"/accountview/action/remove_many/{fresh.id}").status_code == 302
    assert client.get(f"/accountview/show/{fresh.id}").status_code == 404
    assert f"/accountview/edit/{staff['county'].id}" not in client.get("/accountview/list/").text


@pytest.mark.req("ACC-6")
def test_what_is_not_below_is_refused_at_the_screen_too(staff: dict[str, Any], login_as: Any) -> None:
    client, peer = login_as("county"), make_account("peer", R.COUNTY_ADMIN, bureau=staff["near_bureau"])
    for name in ("reset", "disable", "enable", "unlock", "remove_many"):
        assert client.post(f"/accountview/action/{name}/{peer.id}").status_code == 403
    assert client.get(f"/accountview/edit/{peer.id}").status_code == 403


@pytest.mark.req("ACC-6", "B10")
def test_the_list_asks_as_often_for_many_accounts_as_for_few(
    staff: dict[str, Any], login_as: Any, count_queries: Any
) -> None:
    client = login_as("county")
    client.get("/accountview/list/")
    with count_queries() as few:
        client.get("/accountview/list/")
    for number in range(12):
        new(staff, username=f"more{number}")
    with count_queries() as many:
        client.get("/accountview/list/")
    assert len(many) == len(few), str(many)
