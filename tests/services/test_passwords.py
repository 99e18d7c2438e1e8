"""What a new password must not be, and hashes that came from elsewhere (ACC-4, W9)."""

from __future__ import annotations

from typing import Any

import pytest
from argon2 import extract_parameters
from werkzeug.security import generate_password_hash

from app.domain.errors import Invalid, TooManyRequests
from app.security.passwords import check_password, hash_password, needs_rehash
from app.services.passwords import change_password, reasons_against
from app.services.sign_in import sign_in
from app.web.actors import current_vault
from tests.world import PASSWORD, World, national_id


def codes(world: World, new: str) -> set[str]:
    return {p.code for p in reasons_against(world.account["teacher"], new, vault=current_vault())}


@pytest.mark.req("ACC-4")
@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("Zhangminghua-26", "password_name"),
        ("张明华-Ab-2031", "password_name"),
        (f"Ab-{national_id(1)[4:11]}", "password_id"),
        (f"Ab-x{national_id(1)[-6:]}", "password_id"),
        ("Ab-19900000001", "password_phone"),
        ("P@ssw0rd-26", "password_common"),
    ],
)
def test_name_in_pinyin_id_and_phone_of_the_record_are_no_passwords(world: World, new: str, code: str) -> None:
    assert code in codes(world, new)


@pytest.mark.req("ACC-4")
def test_every_reason_is_told_at_once_and_a_strong_one_passes(world: World) -> None:
    assert {"password_short", "password_kinds", "password_repeats"} <= codes(world, "aaa")
    assert codes(world, "Nebel-Lampe-73") == set()
    with pytest.raises(Invalid) as refused:
        change_password(world.account["teacher"], "wrong", "aaa", actor=world.actor("teacher"), vault=current_vault())
    assert {"wrong_password", "password_short"} <= {p.code for p in refused.value.problems}


@pytest.mark.req("ACC-4", "ACC-8")
def test_the_present_password_is_not_guessed_at_an_open_screen(world: World, clock: Any) -> None:
    account, me = world.account["teacher"], world.actor("teacher")
    for _ in range(10):
        with pytest.raises(Invalid):
            change_password(account, "wrong", "Nebel-Lampe-73", actor=me, vault=current_vault())
    with pytest.raises(TooManyRequests):
        change_password(account, PASSWORD, "Nebel-Lampe-73", actor=me, vault=current_vault())
    assert check_password(account.password, PASSWORD)


@pytest.mark.req("W9", "ACC-4")
@pytest.mark.parametrize("method", ["scrypt", "pbkdf2:sha256:1000"])
def test_hashes_of_the_framework_open_the_account_and_are_replaced_at_sign_in(world: World, method: str) -> None:
    account = world.account["teacher"]
    account.password = generate_password_hash(PASSWORD, method=method)
    with pytest.raises(Invalid):
        sign_in("teacher", "Falsch-11-x", vault=current_vault())
    assert sign_in("teacher", PASSWORD, vault=current_vault()) is account
    kept = extract_parameters(account.password)
    assert (kept.memory_cost, kept.time_cost, kept.parallelism) == (19 * 1024, 2, 1)
    assert sign_in("teacher", PASSWORD, vault=current_vault()) is account


@pytest.mark.req("W9")
def test_what_is_no_hash_opens_nothing_and_a_fresh_hash_stays() -> None:
    assert not check_password("no hash at all", "x")
    assert not check_password("", "x")
    assert not needs_rehash(hash_password("x"))


@pytest.mark.req("ACC-4")
def test_the_page_says_while_one_types_which_rules_are_not_met(login_as: Any, world: World) -> None:
    client = login_as("teacher")
    assert client.post("/account/password/check", data={"new": "Zhangminghua-26"}).json == {
        "reasons": ["password_name"]
    }
    assert client.post("/account/password/check", data={"new": "Nebel-Lampe-73"}).json == {"reasons": []}
    page = client.get("/account/password").text
    assert 'data-rule="password_id"' in page


@pytest.mark.req("ACC-4")
def test_all_reasons_stand_beside_the_field_and_nothing_is_changed(login_as: Any, world: World) -> None:
    typed = {"old": PASSWORD, "new": "aaa", "repeat": "aaa"}
    answer = login_as("teacher").post("/account/password", data=typed)
    assert answer.status_code == 422
    assert 'id="new-error"' in answer.text
    assert check_password(world.account["teacher"].password, PASSWORD)
