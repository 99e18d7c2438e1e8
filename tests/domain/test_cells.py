"""Cells as people fill them in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cells import address_of, day_in, digits_in, is_clearing, text_in
from app.domain.errors import Invalid

pytestmark = pytest.mark.req("TCH-6")


@pytest.mark.parametrize(
    ("cell", "text"),
    [("  张\u3000三 ", "张 三"), ("\uff21\uff22\uff23", "ABC"), (330106001.0, "330106001"), (12, "12"), (1.5, "1.5"),
     (True, "TRUE"), (None, ""), (date(2026, 3, 1), "2026-03-01"), (datetime(2026, 3, 1), "2026-03-01")],
)  # fmt: skip
def test_text_is_read_half_width_on_one_line(cell: Any, text: str) -> None:
    assert text_in(cell) == text


@pytest.mark.parametrize(
    ("cell", "digits"),
    [("330106 1980", "3301061980"), ("\uff13\uff13\uff10106", "330106"), ("'0571", "0571"),
     (13800000000.0, "13800000000")],
)  # fmt: skip
def test_numbers_that_name_something_keep_their_characters(cell: Any, digits: str) -> None:
    assert digits_in(cell) == digits


@pytest.mark.parametrize("cell", [3.301061980010113e17, 330106198001011234, "3.30106E+17", "3.3E17"])
def test_a_number_that_has_lost_digits_is_refused(cell: Any) -> None:
    with pytest.raises(Invalid) as refused:
        digits_in(cell)
    assert refused.value.code == "number_rounded"


@pytest.mark.parametrize(
    "cell",
    ["1980-01-02", "1980/1/2", "1980.1.2", "1980年1月2日", "1980年01月02日", "19800102", 19800102.0,
     29222.0, "29222", date(1980, 1, 2), datetime(1980, 1, 2), "1980-01-02 00:00:00", " 1980 - 1 - 2 "],
)  # fmt: skip
def test_a_day_is_understood_in_many_forms(cell: Any) -> None:
    assert day_in(cell) == date(1980, 1, 2)


@pytest.mark.parametrize("cell", ["1980-13-01", "1980-02-30", "1980-01", "yesterday", "80-1-2", 1e9])
def test_what_is_no_day_is_refused(cell: Any) -> None:
    with pytest.raises(Invalid):
        day_in(cell)


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_day_is_read_back_from_each_form(day: date) -> None:
    serial = float((day - date(1899, 12, 30)).days)
    chinese, slashed = f"{day.year}年{day.month}月{day.day}日", f"{day.year}/{day.month}/{day.day}"
    forms = [day.isoformat(), f"{day:%Y%m%d}", chinese, slashed]
    assert {day_in(form) for form in [*forms, serial, day]} == {day}


def test_a_cell_says_that_a_field_is_to_be_emptied() -> None:
    assert is_clearing(" 清空 ")
    assert is_clearing("(清空)")
    assert not is_clearing("清空了")
    assert not is_clearing(None)


@pytest.mark.parametrize(("row", "column", "address"), [(1, 0, "A1"), (5, 25, "Z5"), (2, 26, "AA2"), (9, 701, "ZZ9")])
def test_addresses(row: int, column: int, address: str) -> None:
    assert address_of(row, column) == address
