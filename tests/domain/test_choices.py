"""Entries of a list found by what people type, and what is told when nothing is found (TCH-2, TCH-6)."""

from __future__ import annotations

import pytest

from app.domain.choices import MOST_COMPARED, MOST_TOLD, Choice, Choices
from app.domain.errors import Invalid, Problem

GRADES = Choices([Choice(1, "G01", "一年级"), Choice(3, "G03", "三年级"), Choice(11, "G11", "高二", in_use=False)])


def unknown(choices: Choices, text: str) -> Problem:
    with pytest.raises(Invalid) as refused:
        choices.find(text, field="x")
    return refused.value.problems[0]


def numbered(count: int) -> Choices:
    return Choices([Choice(n, f"S{n:03d}", f"第{n}门课") for n in range(1, count)] + [Choice(999, "S999", "体育")])


@pytest.mark.req("TCH-6")
@pytest.mark.parametrize("typed", ["3年级", "三年级", " ３年级", "G03"])
def test_a_grade_is_found_with_its_number_in_either_script(typed: str) -> None:
    assert GRADES.find(typed, field="grade").key == 3


@pytest.mark.req("TCH-6")
def test_a_name_in_digits_of_its_own_goes_before_the_chinese_one() -> None:
    both = Choices([Choice(1, "A", "三班"), Choice(2, "B", "3班")])
    assert both.find("3班", field="x").key == 2


@pytest.mark.req("TCH-2")
def test_of_a_short_list_every_entry_in_use_is_told() -> None:
    told = unknown(GRADES, "初三")
    assert (told.code, told.text.params["names"]) == ("choice_unknown", "一年级、三年级")


@pytest.mark.req("TCH-2")
def test_of_a_longer_list_what_looks_alike_is_told() -> None:
    assert unknown(numbered(MOST_TOLD + 5), "体育与健康").text.params["names"] == "体育"
    assert "names" not in unknown(numbered(MOST_TOLD + 5), "书法").text.params


@pytest.mark.req("TCH-6")
def test_in_a_very_long_list_nothing_is_compared() -> None:
    assert "names" not in unknown(numbered(MOST_COMPARED + 5), "体育与健康").text.params
