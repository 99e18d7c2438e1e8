"""Weak passwords are refused with every reason; random ones are strong and readable."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import passwords

STRONG = "Tq7#vLmz"


def reasons(password: str, **person: object) -> list[str]:
    found = passwords.weaknesses(password, minimum=8, **person)  # type: ignore[arg-type]
    assert all(p.field == "new" for p in found)
    return [p.code.removeprefix("password_") for p in found]


@pytest.mark.req("ACC-4")
def test_a_strong_password_is_accepted() -> None:
    assert reasons(STRONG, names=("zs31002x", "张三", ""), phones=("13857112345", ""), national_id="") == []


@pytest.mark.req("ACC-4")
@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("", ["short", "kinds", "repeats"]),
        ("Tq7#vLm", ["short"]),
        ("tqzvlmnp", ["kinds"]),
        ("tqzvlm47", ["kinds"]),
        ("tqzvlm47#", []),
        ("Tqzvlm47", []),
        ("密码Tq7张五李", []),
        ("Aa1111111", ["repeats"]),
        ("aA1!" * 33, ["long", "repeats"]),
        ("12345678", ["kinds", "common"]),
        ("Password1", ["common"]),
        ("P@ssw0rd", ["common"]),
        ("Passw0rd!2026", ["common"]),
        ("Zhejiang@2026", ["common"]),
        ("1Qaz@Wsx", ["common"]),
        ("Woaini1314", ["common"]),
        ("2026#Laoshi", ["common"]),
        ("Zhejiang@20260417", []),
    ],
)
def test_every_reason_is_told_at_once(password: str, expected: list[str]) -> None:
    assert reasons(password) == expected


@pytest.mark.req("ACC-4")
def test_name_user_name_id_and_phone_may_not_be_part_of_it() -> None:
    person = {
        "names": ("zs31002x", "张三", "Zhangsan"),
        "phones": ("138-5711-2345",),
        "national_id": "11010519491231002X",
    }
    assert reasons("#Zs31002X!", **person) == ["name", "id"]
    assert reasons("Qw7#张三Lm", **person) == ["name"]
    assert reasons("zhangSAN#47", **person) == ["name", "common"]
    assert reasons("Tq#491231z", **person) == ["id"]
    assert reasons("Tq#31002xz", **person) == ["id"]
    assert reasons("Tq#57112345", **person) == ["phone"]
    assert reasons(STRONG, **person) == []


def test_a_password_that_is_part_of_the_name_is_refused_too() -> None:
    assert "name" in reasons("Tq7#vLmz", names=("xxTq7#vLmzxx",))
    assert "name" not in reasons("", names=("",))


@given(st.text(alphabet=string.ascii_letters + string.digits + "#!_", max_size=20), st.integers(8, 20))
def test_a_password_accepted_has_the_length_and_kinds_asked_for(password: str, minimum: int) -> None:
    if not passwords.weaknesses(password, minimum=minimum):
        assert len(password) >= minimum
        assert passwords.kinds(password) >= 3
        assert password.lower() not in passwords.common_passwords()


def test_the_list_of_common_passwords_is_long_sorted_and_lower_case() -> None:
    listed = passwords.common_passwords()
    assert len(listed) > 2000
    assert {"123456", "qwerty", "5201314", "woaini1314", "1qaz2wsx", "admin123", "2025"} <= listed
    assert all(word == word.lower().strip() and len(word) >= 4 for word in listed)


@pytest.mark.req("ACC-3")
def test_random_passwords_are_strong_readable_and_never_the_same() -> None:
    made = {passwords.random_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert passwords.weaknesses(password, minimum=8) == []
        assert not set(password) & set("0Oo1lIi")
        assert [len(group) for group in password.split("-")] == [4, 4, 4]
