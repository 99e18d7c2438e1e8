"""The columns of a sign-in sheet (DEL-12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta

import pytest

from app.domain.sign_in_sheets import MOST_DAYS, MOST_ON_A_PAGE, HalfDay, Slot, pages_of, slots_of

pytestmark = pytest.mark.req("DEL-12")
FIRST = date(2027, 1, 2)


@dataclass
class Session:
    day: date
    starts_at: time


def test_people_sign_once_for_each_half_day_they_meet() -> None:
    met = [
        Session(FIRST, time(13, 30)),
        Session(FIRST, time(8, 30)),
        Session(FIRST, time(10)),
        Session(FIRST, time(19)),
    ]
    assert slots_of(met, FIRST, FIRST) == [Slot(FIRST, half) for half in HalfDay]


@pytest.mark.parametrize(
    ("begins", "half"),
    [(time(11, 59), HalfDay.MORNING), (time(12), HalfDay.AFTERNOON), (time(17, 59), HalfDay.AFTERNOON),
     (time(18), HalfDay.EVENING)],
)  # fmt: skip
def test_noon_and_six_part_the_day(begins: time, half: HalfDay) -> None:
    assert slots_of([Session(FIRST, begins)], FIRST, FIRST) == [Slot(FIRST, half)]


def test_without_a_timetable_every_day_has_two_halves() -> None:
    found = slots_of([], FIRST, FIRST + timedelta(days=1))
    assert [(slot.day.day, slot.half) for slot in found] == [
        (2, HalfDay.MORNING), (2, HalfDay.AFTERNOON), (3, HalfDay.MORNING), (3, HalfDay.AFTERNOON),
    ]  # fmt: skip


def test_of_a_long_class_without_a_timetable_nobody_knows_the_days() -> None:
    assert slots_of([], FIRST, FIRST + timedelta(days=MOST_DAYS)) == []
    assert pages_of([]) == [[]]


@pytest.mark.parametrize("count", [1, MOST_ON_A_PAGE, MOST_ON_A_PAGE + 1, 30])
def test_pages_are_filled_alike_and_none_is_too_wide(count: int) -> None:
    slots = [Slot(FIRST + timedelta(days=number), HalfDay.MORNING) for number in range(count)]
    pages = pages_of(slots)
    assert [slot for page in pages for slot in page] == slots
    assert all(0 < len(page) <= MOST_ON_A_PAGE for page in pages)
    assert len(pages) == -(-count // MOST_ON_A_PAGE)
