"""The columns of a sign-in sheet (签到表): one for each half day on which a class meets (DEL-12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Protocol

from app.domain.text import N_, LabelledEnum

NOON, EVENING = time(12), time(18)
MOST_ON_A_PAGE = 8  # columns to sign in that fit beside name and school on a page across
MOST_DAYS = 31  # of a class without a timetable; a longer one is signed in by its timetable only


class HalfDay(LabelledEnum):
    """A part of a day for which people sign once."""

    MORNING = "morning", N_("Morning")
    AFTERNOON = "afternoon", N_("Afternoon")
    EVENING = "evening", N_("Evening")


@dataclass(frozen=True, slots=True)
class Slot:
    """A column of the sheet."""

    day: date
    half: HalfDay


class Meeting(Protocol):
    """What is asked of a session of the timetable."""

    day: date
    starts_at: time


def slots_of(meetings: Iterable[Meeting], first: date, last: date) -> list[Slot]:
    """Return the half days on which a class meets, in order.

    Without a timetable these are mornings and afternoons from the first day to the last; of a class longer than
    `MOST_DAYS`, none: nobody can tell when it meets.
    """
    found = {Slot(meeting.day, _half_of(meeting.starts_at)) for meeting in meetings}
    if not found and (last - first).days < MOST_DAYS:
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        found = {Slot(day, half) for day in days for half in (HalfDay.MORNING, HalfDay.AFTERNOON)}
    order = list(HalfDay)
    return sorted(found, key=lambda slot: (slot.day, order.index(slot.half)))


def pages_of(slots: list[Slot]) -> list[list[Slot]]:
    """Return the slots in pages of about the same width; one page without slots when there are none."""
    pages = max(1, -(-len(slots) // MOST_ON_A_PAGE))
    size = -(-len(slots) // pages)
    return [slots[start : start + size] for start in range(0, len(slots), size)] if slots else [[]]


def _half_of(begins: time) -> HalfDay:
    if begins < NOON:
        return HalfDay.MORNING
    return HalfDay.AFTERNOON if begins < EVENING else HalfDay.EVENING
