"""Whole numbers out of whatever an address or a form holds."""

from __future__ import annotations

import pytest

from app.domain.numbers import number_of, numbers_of


@pytest.mark.parametrize(("given", "number"), [("7", 7), ("007", 7), (12, 12), ("999999999", 999_999_999), ("0", 0)])
def test_a_number_is_read(given: object, number: int) -> None:
    assert number_of(given) == number


@pytest.mark.parametrize("given", ["", None, "-1", "1.0", " 1", "²", "٣", "1e3", "1_0", True, "1" * 10, "1" * 5000])
def test_anything_else_is_none_and_nothing_raises(given: object) -> None:
    assert number_of(given) is None


def test_longer_numbers_are_read_where_they_are_awaited() -> None:
    assert number_of("1790000000", digits=11) == 1_790_000_000


def test_of_many_the_numbers_stay_in_their_order() -> None:
    assert numbers_of(["3", "x", "²", "1"]) == [3, 1]
