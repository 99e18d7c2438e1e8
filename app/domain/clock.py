"""The one clock: every "now" is asked here, so that tests can set it.

Moments are stored as aware UTC and shown in Asia/Shanghai; a day of the calendar is a Shanghai day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
QUARTER = 15 * 60  # seconds

Source = Callable[[], datetime]


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Source = _system_time


def now() -> datetime:
    """Return this moment, aware, in UTC."""
    return to_utc(_source())


def today() -> date:
    """Return the calendar day it is in Shanghai."""
    return _day_of(int(now().timestamp()) // QUARTER)  # asked for every row of an import


@lru_cache(maxsize=64)
def _day_of(quarter: int) -> date:
    """Return the Shanghai day of a quarter of an hour, counted from 1970: days there begin with one."""
    return local(datetime.fromtimestamp(quarter * QUARTER, UTC)).date()


def set_clock(source: Source | None) -> None:
    """Let `source` tell the time from now on in every thread; None returns to the system's time."""
    global _source
    _source = source or _system_time


class FrozenClock:
    """A clock that stands still until it is moved."""

    def __init__(self, moment: datetime) -> None:
        """Stand at `moment`; a naive one is Shanghai time."""
        self.moment = to_utc(moment)

    def __call__(self) -> datetime:
        """Return the moment the clock stands at, in UTC."""
        return self.moment

    def move(self, by: timedelta) -> datetime:
        """Move the hands by `by` (back when negative) and return the new moment."""
        self.moment += by
        return self.moment

    def set(self, moment: datetime) -> None:
        """Set the hands to `moment`; a naive one is Shanghai time."""
        self.moment = to_utc(moment)


class ShiftedClock:
    """The system's clock with a part added: it goes on, but elsewhere in the year."""

    def __init__(self) -> None:
        """Begin without a difference."""
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        """Return the moment it shows, in UTC."""
        return _system_time() + self.ahead

    @staticmethod
    def until(moment: datetime) -> timedelta:
        """Return how far it must run ahead to show `moment` now; a true clock is never behind."""
        return max(to_utc(moment) - _system_time(), timedelta(0))


@contextmanager
def frozen(moment: datetime) -> Iterator[FrozenClock]:
    """Stop the clock at `moment` inside the block; the clock before it comes back at the end."""
    before = _source
    clock = FrozenClock(moment)
    set_clock(clock)
    try:
        yield clock
    finally:
        set_clock(before)


def local(moment: datetime) -> datetime:
    """Return `moment` in Asia/Shanghai; a naive one is read as UTC, as databases without zones return it."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(SHANGHAI)


def to_utc(moment: datetime) -> datetime:
    """Return `moment` aware in UTC; a naive one is what a person typed, so Shanghai time."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
    return aware.astimezone(UTC)


def day_start(day: date) -> datetime:
    """Return 00:00:00 of the Shanghai `day`, in UTC."""
    return to_utc(datetime.combine(day, time()))


def day_end(day: date) -> datetime:
    """Return 23:59:59 of the Shanghai `day`, in UTC: the last second a deadline "until that day" allows."""
    return to_utc(datetime.combine(day, time(23, 59, 59)))


def deadline_after(day: date, *, days: int) -> datetime:
    """Return the end of the `days`-th calendar day after `day` (`day` itself is day 0), in UTC (P9, DEL-6)."""
    return day_end(day + timedelta(days=days))
