"""What a teacher may ask for, and when the record no longer says what it said then (TCH-3)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.domain.change_requests import changes_of, packed, refusals, stale, unpacked
from app.domain.identity import parse_national_id
from app.domain.terms import Gender
from tests.world import national_id

pytestmark = pytest.mark.req("TCH-3")

RECORD = {
    "name": "李红梅", "gender": Gender.FEMALE, "birth_date": date(1980, 1, 1), "stage_id": 1, "email": None,
    "national_id_tail": national_id(2)[-4:],
}  # fmt: skip


def test_changes_hold_what_is_there_and_what_is_wanted_and_no_whole_id_number() -> None:
    identity = parse_national_id(national_id(3))
    changes = changes_of(RECORD, {"stage_id": 2, "birth_date": date(1981, 2, 3), "national_id": identity})
    assert changes == {
        "stage": {"old": 1, "new": 2},
        "birth_date": {"old": "1980-01-01", "new": "1981-02-03"},
        "national_id": {"old": national_id(2)[-4:], "new": national_id(3)[-4:]},
    }
    assert national_id(3) not in str(changes)


@pytest.mark.parametrize(
    ("name", "value"), [("birth_date", date(1981, 2, 3)), ("gender", Gender.MALE), ("stage", 2), ("email", None)]
)
def test_a_value_comes_back_as_it_was(name: str, value: Any) -> None:
    assert unpacked(name, packed(value)) == value


def test_a_request_is_stale_where_the_record_says_something_else_by_now() -> None:
    changes = changes_of(RECORD, {"stage_id": 2, "email": "a@b.cn"})
    assert stale(changes, RECORD) == ()
    assert stale(changes, {**RECORD, "name": "李梅"}) == ()
    assert stale(changes, {**RECORD, "stage_id": 3}) == ("stage",)


@pytest.mark.req("P20")
def test_every_reason_is_told_at_once() -> None:
    asked = ["name", "mobile", "email", "school"]
    found = refusals(asked, own=["mobile"], waiting=["email"], has_school=False, note="长" * 201)
    assert [(p.code, p.field) for p in found] == [
        ("no_school", None), ("change_it_yourself", "mobile"), ("asked_already", "email"), ("field_unknown", "school"),
        ("reason_too_long", "note"),
    ]  # fmt: skip
    assert refusals(["name"], own=[], waiting=[], has_school=True, note=None) == []
