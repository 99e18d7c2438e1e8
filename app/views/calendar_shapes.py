"""The windows of a batch as pictures: bars on a line of time, days of months, boxes of a flow chart (PRG-1)."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from app.domain.calendar import AnyWindow, Timing, in_order, phase_of
from app.domain.clock import local
from app.domain.flow import Standing, flow_at
from app.domain.state_shapes import Party
from app.domain.terms import RoundKind, WindowKind

MOST_MONTHS = 14
LAST_TICK = 97  # percent; a month beginning further right has no room for its name
WEEKDAYS = calendar.Calendar(firstweekday=0)  # Monday


@dataclass(frozen=True)
class Bar:
    """A window on the line of time; `left` and `width` in percent of the whole."""

    kind: WindowKind
    timing: Timing
    opens_at: datetime
    closes_at: datetime
    left: float
    width: float


@dataclass(frozen=True)
class Timeline:
    """All windows on one line, month ticks as (label, left), and where now is (None: outside)."""

    bars: list[Bar]
    ticks: list[tuple[str, float]]
    now: float | None


def timeline(windows: Iterable[AnyWindow], moment: datetime) -> Timeline | None:
    """Return the windows as bars; None when there are none."""
    ordered = in_order(windows)
    if not ordered:
        return None
    start = min(local(w.opens_at) for w in ordered) - timedelta(days=2)
    end = max(local(w.closes_at) for w in ordered) + timedelta(days=2)

    def place(at: datetime) -> float:
        return round(100 * (local(at) - start) / (end - start), 3)

    bars = [
        Bar(w.kind, phase_of(w, moment).timing, w.opens_at, w.closes_at, place(w.opens_at),
            max(place(w.closes_at) - place(w.opens_at), 0.6))
        for w in ordered
    ]  # fmt: skip
    firsts = [datetime(day.year, day.month, 1, tzinfo=start.tzinfo) for day in _months(start, end)]
    ticks = [(_month_label(first.date()), place(first)) for first in firsts]
    inside = start <= local(moment) <= end
    return Timeline(bars, [tick for tick in ticks if 0 <= tick[1] <= LAST_TICK], place(moment) if inside else None)


def _months(start: datetime, end: datetime) -> list[date]:
    found, day = [], date(start.year, start.month, 1)
    while day <= end.date() and len(found) < MOST_MONTHS:
        found.append(day)
        day = (day + timedelta(days=31)).replace(day=1)
    return found


def _month_label(day: date) -> str:
    return _("%(year)d-%(month)d", year=day.year, month=day.month)


@dataclass(frozen=True)
class Day:
    """A day of a month: the windows open on it, which of them begin or end there."""

    number: int
    date: date
    kinds: list[WindowKind]
    begins: list[WindowKind]
    ends: list[WindowKind]
    today: bool


@dataclass(frozen=True)
class Month:
    """A month as weeks of seven days; days of its neighbours are None."""

    label: str
    weeks: list[list[Day | None]]


def months(windows: Sequence[AnyWindow], moment: datetime) -> list[Month]:
    """Return the months the windows touch."""
    if not windows:
        return []
    first = min(local(w.opens_at) for w in windows)
    last = max(local(w.closes_at) for w in windows)
    spans = [(w.kind, local(w.opens_at).date(), local(w.closes_at).date()) for w in in_order(windows)]
    today = local(moment).date()
    return [
        Month(
            _month_label(month),
            [
                [_day(day, spans, today) if day.month == month.month else None for day in week]
                for week in WEEKDAYS.monthdatescalendar(month.year, month.month)
            ],
        )
        for month in _months(first, last)
    ]


def _day(day: date, spans: list[tuple[WindowKind, date, date]], today: date) -> Day:
    return Day(
        day.day,
        day,
        [kind for kind, begins, ends in spans if begins <= day <= ends],
        [kind for kind, begins, _ends in spans if begins == day],
        [kind for kind, _begins, ends in spans if ends == day],
        day == today,
    )


def flow_charts(
    windows: Sequence[AnyWindow], moment: datetime, parties: Sequence[Party]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return both flow charts as (title, boxes); a box tells who acts, when, and what `parties` do in it."""
    titles = {RoundKind.ROUND_ONE: _("Round one"), RoundKind.ROUND_TWO: _("Round two and training")}
    return [
        (title, [_box(standing, parties) for standing in flow_at(kind, windows, moment)])
        for kind, title in titles.items()
    ]


def _box(standing: Standing, parties: Sequence[Party]) -> dict[str, Any]:
    step = standing.step
    return {
        "label": _(step.label),
        "owner": step.owner,
        "icon": step.icon,
        "timing": standing.timing,
        "opens_at": standing.opens_at,
        "closes_at": standing.closes_at,
        "mine": step.owner in parties,
        "duties": [_(step.duties[party]) for party in parties if party in step.duties],
        "others": [(_(party.label), _(text)) for party, text in step.duties.items() if party not in parties],
    }
