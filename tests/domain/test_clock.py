"""The clock can be stopped, and days are Shanghai days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import clock

TYPED = st.datetimes(datetime.fromisoformat("1992-01-01"), datetime.fromisoformat("2090-01-01"))


def test_now_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().utcoffset() == timedelta(0)


def test_a_frozen_clock_stands_still_moves_when_told_and_gives_the_old_one_back() -> None:
    with clock.frozen(datetime.fromisoformat("2026-09-01T08:00")) as hands:
        assert clock.now() == datetime(2026, 9, 1, 0, tzinfo=UTC)
        assert clock.now() == clock.now()
        hands.move(timedelta(days=1, seconds=5))
        assert clock.now() == datetime(2026, 9, 2, 0, 0, 5, tzinfo=UTC)
        hands.set(datetime.fromisoformat("2026-09-03T08:00"))
        with clock.frozen(datetime(2020, 1, 1, tzinfo=UTC)):
            assert clock.now().year == 2020
        assert clock.now() == datetime(2026, 9, 3, 0, tzinfo=UTC)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_the_old_clock_comes_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), clock.frozen(datetime.fromisoformat("2000-01-01")):
        raise ZeroDivisionError
    assert clock.now().year > 2000


@given(TYPED)
def test_today_is_the_day_of_this_moment(moment: datetime) -> None:
    with clock.frozen(moment):
        assert clock.today() == moment.date()


def test_today_is_the_day_in_shanghai_not_in_greenwich() -> None:
    with clock.frozen(datetime(2026, 8, 31, 16, 30, tzinfo=UTC)):
        assert clock.today() == date(2026, 9, 1)


@pytest.mark.req("DEL-6")
def test_a_deadline_ends_with_the_last_second_of_the_last_day() -> None:
    end = clock.deadline_after(date(2026, 7, 1), days=10)
    assert clock.local(end).isoformat() == "2026-07-11T23:59:59+08:00"
    assert clock.day_end(date(2026, 7, 1)) == datetime(2026, 7, 1, 15, 59, 59, tzinfo=UTC)


def test_a_day_lasts_from_its_start_to_one_second_before_the_next() -> None:
    day = date(2026, 2, 28)
    assert clock.day_end(day) + timedelta(seconds=1) == clock.day_start(date(2026, 3, 1))


@given(TYPED)
def test_typed_time_survives_the_way_to_utc_and_back(typed: datetime) -> None:
    assert clock.local(clock.to_utc(typed)).replace(tzinfo=None) == typed


def test_a_naive_moment_from_a_database_is_utc() -> None:
    assert clock.local(datetime.fromisoformat("2026-01-01T20:00")).isoformat() == "2026-01-02T04:00:00+08:00"
