"""The stops of a year, for walking through it in a demo (PRG-1)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from app.domain.calendar import Window
from app.domain.clock import SHANGHAI
from app.domain.phases import Stop, ahead, halts, reached
from app.domain.terms import WindowKind

START = datetime(2026, 3, 2, 8, 0, tzinfo=SHANGHAI)
DAY = timedelta(days=1)
WINDOWS = [Window(kind, START + 10 * n * DAY, START + (10 * n + 5) * DAY) for n, kind in enumerate(WindowKind)]
FIRST_DAY = date(2026, 9, 1)

pytestmark = pytest.mark.req("PRG-1")


def test_every_stop_of_a_whole_batch_in_order() -> None:
    found = halts(WINDOWS, FIRST_DAY)
    assert [halt.stop for halt in found] == list(Stop)
    assert [halt.moment for halt in found] == sorted(halt.moment for halt in found)
    assert found[-1].moment == datetime(2026, 9, 1, 8, 0, tzinfo=SHANGHAI)


def test_the_draw_comes_when_adjusting_has_ended() -> None:
    [draw] = [halt for halt in halts(WINDOWS, FIRST_DAY) if halt.stop is Stop.DRAW]
    adjusting = next(window for window in WINDOWS if window.kind is WindowKind.ADJUSTMENT)
    assert draw.moment == adjusting.closes_at + timedelta(seconds=1)


def test_a_step_without_a_window_is_no_stop_and_without_classes_there_is_no_delivery() -> None:
    assert [halt.stop for halt in halts(WINDOWS[:3], None)] == [Stop.DECLARATION, Stop.REVIEW, Stop.ROUND_ONE]
    assert halts([], None) == []


def test_one_arrives_to_the_second() -> None:
    found = halts(WINDOWS, FIRST_DAY)
    review = found[1]
    before = review.moment - timedelta(seconds=1)
    assert reached(found, before).stop is Stop.DECLARATION
    assert ahead(found, before) == review
    assert reached(found, review.moment) == review
    assert reached(found, found[0].moment - DAY) is None
    assert ahead(found, found[-1].moment) is None
