"""The stops of a batch's year, for walking through it on a training day: only a demo does (services/demo_clock.py)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.domain.calendar import AnyWindow, window_of
from app.domain.clock import day_start
from app.domain.terms import WindowKind
from app.domain.text import N_, LabelledEnum

_AFTER = timedelta(seconds=1)
FIRST_HOUR = timedelta(hours=8)


class Stop(LabelledEnum):
    """Where one gets off, in the order of the year."""

    DECLARATION = "declaration", N_("Declaration")
    REVIEW = "review", N_("Review")
    ROUND_ONE = "round_one", N_("Round one")
    ADJUSTMENT = "adjustment", N_("Adjustment")
    DRAW = "draw", N_("Draw")
    ROUND_TWO = "round_two", N_("Round two")
    SECOND_ADJUSTMENT = "second_adjustment", N_("Second adjustment")
    DELIVERY = "delivery", N_("Delivery")


_BEGIN = {
    Stop.DECLARATION: WindowKind.DECLARATION,
    Stop.REVIEW: WindowKind.REVIEW,
    Stop.ROUND_ONE: WindowKind.ROUND_ONE,
    Stop.ADJUSTMENT: WindowKind.ADJUSTMENT,
    Stop.ROUND_TWO: WindowKind.ROUND_TWO,
    Stop.SECOND_ADJUSTMENT: WindowKind.SECOND_ADJUSTMENT,
}


@dataclass(frozen=True, slots=True)
class Halt:
    """A stop and the moment one gets there."""

    stop: Stop
    moment: datetime


def halts(windows: Iterable[AnyWindow], first_day: date | None) -> list[Halt]:
    """Return the stops of a batch in order; a step without a window is left out.

    One arrives when a window opens; at the draw when the bureaus have done with adjusting; at delivery on the morning
    of the batch's first class (`first_day`).
    """
    held = list(windows)
    found = [Halt(stop, window.opens_at) for stop, kind in _BEGIN.items() if (window := window_of(held, kind))]
    adjusting = window_of(held, WindowKind.ADJUSTMENT)
    if adjusting is not None:
        found.append(Halt(Stop.DRAW, adjusting.closes_at + _AFTER))
    if first_day is not None:
        found.append(Halt(Stop.DELIVERY, day_start(first_day) + FIRST_HOUR))
    order = list(Stop)
    return sorted(found, key=lambda halt: order.index(halt.stop))


def reached(found: Iterable[Halt], now: datetime) -> Halt | None:
    """Return the last stop one has come to, None before the first."""
    return max((halt for halt in found if halt.moment <= now), key=lambda halt: halt.moment, default=None)


def ahead(found: Iterable[Halt], now: datetime) -> Halt | None:
    """Return the next stop, None behind the last."""
    return min((halt for halt in found if halt.moment > now), key=lambda halt: halt.moment, default=None)
