"""Teacher numbers: made in one form, and a slip of the finger is noticed."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain import teacher_numbers
from app.domain.errors import Invalid

numbers = st.builds(
    lambda year, running: teacher_numbers.make_teacher_number(province="33", year=year, running=running),
    st.integers(2000, 2099),
    st.integers(1, teacher_numbers.LARGEST_RUNNING_NUMBER),
)


@pytest.mark.req("TCH-1")
def test_a_number_tells_province_year_and_running_number() -> None:
    number = teacher_numbers.make_teacher_number(province="33", year=2026, running=42)
    assert number[:13] == "3320260000042"
    assert len(number) == teacher_numbers.LENGTH
    assert teacher_numbers.luhn_digit("7992739871") == "3"


@given(numbers)
def test_what_was_made_is_read(number: str) -> None:
    assert teacher_numbers.is_teacher_number(number)
    assert teacher_numbers.parse_teacher_number(f" {number[:6]} {number[6:]} ") == number


@given(numbers, st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(number: str, place: int, shift: int) -> None:
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not teacher_numbers.is_teacher_number(wrong)


@given(numbers, st.integers(0, 12))
def test_two_swapped_neighbours_are_noticed_but_for_nine_and_zero(number: str, place: int) -> None:
    pair = number[place : place + 2]
    assume(pair[0] != pair[1] and pair not in ("09", "90"))
    assert not teacher_numbers.is_teacher_number(number[:place] + pair[::-1] + number[place + 2 :])


@pytest.mark.parametrize(
    ("typed", "code"), [("123", "length"), ("3320260000042x", "length"), ("33202600000420", "check")]
)
def test_a_wrong_number_is_refused_with_its_reason(typed: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        teacher_numbers.parse_teacher_number(typed)
    assert refused.value.code == f"teacher_number_{code}"


@pytest.mark.parametrize("running", [0, -1, 10_000_000])
def test_a_year_has_a_last_running_number(running: int) -> None:
    with pytest.raises(Invalid):
        teacher_numbers.make_teacher_number(province="33", year=2026, running=running)


@pytest.mark.parametrize(("province", "year"), [("3", 2026), ("ZJ", 2026), ("33", 26)])
def test_parts_that_do_not_fit_their_places_are_refused(province: str, year: int) -> None:
    with pytest.raises(Invalid):
        teacher_numbers.make_teacher_number(province=province, year=year, running=1)
