"""Commands on accounts, and tokens made on the page: the same verbs as the screens, as JSON (OPS-6, ACC-6)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from app.models import Account
from tests.world import World

pytestmark = pytest.mark.req("OPS-6", "ACC-6")


def test_an_account_is_created_changed_and_deleted(send: Any, world: World, db: Any) -> None:
    values = {"username": "fresh", "last_name": "新", "roles": ["school_inquirer"], "school": world.school["xihu"].id}
    status, made = send("county_admin", "account/create", **values)
    assert (status, made["name"]) == (201, "新 (fresh)")
    assert send("county_admin", "account/create", **values)[1]["problems"][0]["code"] == "name_taken"
    changes = {"id": made["id"], "expected_version": made["version"], "changes": {"roles": ["school_admin"]}}
    assert send("county_admin", "account/update", **changes)[0] == 200
    assert send("county_admin", "account/update", **changes)[0] == 409
    account = db.session.get(Account, made["id"], populate_existing=True)
    assert [role.name for role in account.roles] == ["school_admin"]
    assert send("county_admin", "account/delete", id=made["id"])[0] == 200
    assert send("county_admin", "account/enable", id=made["id"])[0] == 404


def test_acts_on_one_account_and_no_first_password_in_the_answer(send: Any, world: World, db: Any) -> None:
    target = world.account["teacher"]
    for command in ("disable", "enable", "unlock", "reset"):
        status, told = send("school_admin", f"account/{command}", id=target.id)
        assert (status, set(told)) == (200, {"id", "version", "name"}), command
    db.session.refresh(target)
    assert target.must_change_password


@pytest.mark.req("ACC-5", "ORG-6")
def test_accounts_of_teachers_are_made_in_one_go_within_reach(send: Any, world: World, db: Any) -> None:
    ids = [row.id for row in world.teacher.values()]
    home = world.school["xihu"].id
    wanting = [row for row in world.teacher.values() if row.school_id == home and not row.account_id]
    status, told = send("school_admin", "account/create-for-teachers", ids=ids)
    assert (status, told["made"], told["left_out"], told["examples"]) == (200, len(wanting), 0, [])
    for row in world.teacher.values():
        db.session.refresh(row)
    assert all(row.account_id for row in wanting)
    assert send("school_admin", "account/create-for-teachers", ids=ids)[1]["made"] == 0
    assert send("school_inquirer", "account/create-for-teachers", ids=ids)[0] == 403
    assert send("school_admin", "account/create-for-teachers", ids=[])[0] == 422


@pytest.mark.req("ORG-6")
@pytest.mark.parametrize("command", ["disable", "enable", "unlock", "reset", "delete"])
def test_elsewhere_is_absent_above_is_refused_and_without_the_right_nothing_goes(
    send: Any, world: World, command: str
) -> None:
    assert send("county_admin", f"account/{command}", id=world.account["qingyuan_school"].id)[0] == 404
    assert send("school_system_admin", f"account/{command}", id=world.account["school_admin"].id)[0] == 403
    assert send("school_inquirer", f"account/{command}", id=world.account["teacher"].id)[0] == 403


def test_a_role_beyond_ones_own_is_refused(send: Any, world: World) -> None:
    values = {"username": "x", "last_name": "x", "roles": ["system_admin"], "school": world.school["xihu"].id}
    status, told = send("county_admin", "account/create", **values)
    assert (status, told["problems"][0]["code"]) == (422, "role_not_given")


@pytest.mark.req("ACC-9")
def test_a_token_is_made_used_and_revoked_on_the_page(login_as: Any, client: Any, world: World, clock: Any) -> None:
    mine = login_as("county_admin")
    page = mine.post("/account/tokens", data={"name": "报表", "days": "30"}).text
    token = re.search(r'id="new-token">([^<]+)<', page)
    assert token is not None
    assert token.group(1) not in mine.get("/account/tokens").text
    header = {"Authorization": f"Bearer {token.group(1)}"}
    clock.move(timedelta(days=29))
    assert client.get("/api/v1/school/", headers=header).status_code == 200
    login_again = login_as("county_admin")
    number = re.search(r"/account/tokens/([^/]+)/revoke", login_again.get("/account/tokens").text)
    assert number is not None
    assert login_as("qingyuan_county").post(number.group()).status_code == 404
    assert login_again.post(number.group()).status_code == 302
    assert client.get("/api/v1/school/", headers=header).status_code == 401


@pytest.mark.req("ACC-9")
def test_signing_out_everywhere_ends_other_sessions_and_tokens_but_not_this_one(login_as: Any, world: World) -> None:
    here, there = login_as("county_admin"), login_as("county_admin")
    assert here.post("/account/sessions").status_code == 302
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302


@pytest.mark.req("ACC-6")
def test_ones_own_page_keeps_what_was_typed_wrong_and_saves_what_is_right(login_as: Any, world: World, db: Any) -> None:
    client = login_as("teacher")
    wrong = client.post("/account/", data={"nickname": "小张", "email": "keine", "phone": "13800001234"})
    assert (wrong.status_code, 'value="小张"' in wrong.text, 'id="email-error"' in wrong.text) == (422, True, True)
    assert client.post("/account/", data={"nickname": "小张", "email": "", "phone": ""}).status_code == 302
    db.session.refresh(world.account["teacher"])
    assert world.account["teacher"].nickname == "小张"
