"""National ID numbers: what is accepted, what is refused and how it is explained, and that none leaks."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain import clock, identity
from app.domain.errors import Invalid
from app.domain.terms import Gender


def build(born: date, sequence: int = 101, region: str = "331126") -> str:
    body = f"{region}{born:%Y%m%d}{sequence:03}"
    return body + identity.check_character(body)


births = st.dates(date(1900, 1, 1), date(2020, 12, 31))
numbers = st.builds(build, births, st.integers(1, 999))


def codes(text: str) -> list[str]:
    with pytest.raises(Invalid) as refused:
        identity.parse_national_id(text)
    assert all(p.field == "national_id" for p in refused.value.problems)
    return [p.code for p in refused.value.problems]


@pytest.mark.req("TCH-1")
def test_the_standard_s_own_example_is_read() -> None:
    read = identity.parse_national_id("11010519491231002X")
    assert (read.birth_date, read.gender, read.tail, read.province) == (
        date(1949, 12, 31),
        Gender.FEMALE,
        "31002X",
        "11",
    )
    assert identity.check_character("44052418800101001") == "4"


@given(births, st.integers(1, 999))
def test_birth_date_and_gender_are_read_from_every_good_number(born: date, sequence: int) -> None:
    read = identity.parse_national_id(build(born, sequence))
    assert read.birth_date == born
    assert read.gender is (Gender.MALE if sequence % 2 else Gender.FEMALE)


@given(numbers, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number: str, place: int, shift: int) -> None:
    wrong = str((int(number[place]) + shift) % 10)
    assert identity.national_id_problems(number[:place] + wrong + number[place + 1 :])


@given(numbers, st.integers(0, 15))
def test_two_swapped_digits_are_always_noticed(number: str, place: int) -> None:
    assume(number[place] != number[place + 1])
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert identity.national_id_problems(swapped)


@pytest.mark.req("TCH-6")
@given(numbers, st.randoms(use_true_random=False))
def test_full_width_characters_spaces_quotes_and_a_small_x_are_understood(number: str, random: random.Random) -> None:
    typed = "".join(random.choice([c, c.lower(), chr(ord(c) + 0xFEE0), f" {c}", f"{c}\u200b", f"'{c}"]) for c in number)
    assert identity.parse_national_id(typed).number == number


@pytest.mark.req("TCH-2")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  ", ["id_empty"]),
        ("110105491231002", ["id_first_generation"]),
        ("3.31126E+17", ["id_rounded"]),
        ("331126199001011000", ["id_rounded"]),
        ("33112619900101", ["id_length"]),
        ("33112619900101101Ａ", ["id_characters"]),
        ("3311261990O1011011", ["id_characters"]),
        ("991126199001011018", ["id_region", "id_check"]),
        ("331126199002301010", ["id_birth_date", "id_check"]),
        ("331126179901011018", ["id_birth_date", "id_check"]),
    ],
)
def test_each_fault_is_named(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_a_number_that_really_ends_in_three_zeros_is_no_rounding() -> None:
    number = next(n for n in (build(date(1980, 1, 1) + timedelta(days=d), 100) for d in range(40)) if n.endswith("000"))
    assert identity.parse_national_id(number).number == number


def test_the_wrong_character_is_counted_from_one() -> None:
    with pytest.raises(Invalid) as refused:
        identity.parse_national_id("3311261990O1011011")
    assert refused.value.problems[0].text.params == {"position": 11}


def test_somebody_born_tomorrow_has_no_number_yet() -> None:
    with clock.frozen(clock.day_start(date(2020, 5, 4))):
        assert identity.parse_national_id(build(date(2020, 5, 4))).birth_date == date(2020, 5, 4)
        assert codes(build(date(2020, 5, 5))) == ["id_birth_date_future"]


@pytest.mark.req("OPS-3")
@given(numbers, st.integers(0, 17))
def test_neither_a_refusal_nor_a_log_line_repeats_the_number(number: str, place: int) -> None:
    broken = number[:place] + ("5" if number[place] != "5" else "6") + number[place + 1 :]
    told = " ".join(f"{p.text} {p.text.params}" for p in identity.national_id_problems(broken))
    assert told
    assert broken[6:14] not in told
    assert broken[12:] not in told
    shown = repr(identity.parse_national_id(number)) + str(identity.parse_national_id(number))
    assert number[3:14] not in shown


@pytest.mark.req("TCH-1", "TCH-9")
def test_a_birth_date_or_gender_that_contradicts_the_number_is_named_at_its_field() -> None:
    read = identity.parse_national_id(build(date(1990, 1, 1), 101))
    assert identity.disagreements(read, birth_date=date(1990, 1, 1), gender=Gender.MALE) == []
    assert identity.disagreements(read, birth_date=None, gender=None) == []
    found = identity.disagreements(read, birth_date=date(1991, 1, 1), gender=Gender.FEMALE)
    assert [(p.field, p.code) for p in found] == [("birth_date", "birth_date_differs"), ("gender", "gender_differs")]
    assert "1990-01-01" in str(found[0].text)


@pytest.mark.req("OPS-3")
def test_masks_keep_the_length_and_hide_the_middle() -> None:
    assert identity.mask_national_id("11010519491231002X") == "110***********002X"
    assert identity.mask_phone("13857112345") == "138****2345"
    assert identity.mask_phone("12345") == "*****"
    assert identity.mask_national_id("") == ""


@pytest.mark.req("TCH-2")
@pytest.mark.parametrize(
    "typed", ["13857112345", "138 5711 2345", "138-5711-2345", "+86 13857112345", "８６１３８５７１１２３４５"]
)
def test_a_mobile_number_is_read_in_the_forms_people_write(typed: str) -> None:
    assert identity.is_mobile(typed)
    assert identity.parse_mobile(typed) == "13857112345"


@pytest.mark.parametrize("typed", ["", "1385711234", "138571123456", "12857112345", "0571-88888888", "1385711234a"])
def test_what_is_no_mobile_number_is_refused_at_the_field(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        identity.parse_mobile(typed, field="mobile")
    assert refused.value.problems[0].field == "mobile"


def test_an_office_phone_keeps_its_digits() -> None:
    assert identity.normalise_phone("（0571）8805–1234") == "057188051234"
