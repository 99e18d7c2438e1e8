"""The flow charts: which step is now, to the second, and whose turn it is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.domain.calendar import Timing, Window
from app.domain.clock import SHANGHAI
from app.domain.flow import FLOWS, duty_kinds, flow_at
from app.domain.state_shapes import Party
from app.domain.terms import RoundKind, WindowKind

pytestmark = pytest.mark.req("PRG-1", "PUB-1")
START = datetime(2026, 3, 2, 8, tzinfo=SHANGHAI)
WINDOWS = [
    Window(kind, START + timedelta(days=10 * number), START + timedelta(days=10 * number + 9))
    for number, kind in enumerate(WindowKind)
]


def timings(round_kind: RoundKind, moment: datetime) -> list[Timing]:
    return [standing.timing for standing in flow_at(round_kind, WINDOWS, moment)]


def test_every_window_has_its_step_and_every_step_its_owners_duty() -> None:
    steps = [step for flow in FLOWS.values() for step in flow]
    assert {kind for step in steps for kind in step.windows} == set(WindowKind)
    assert all(step.owner in step.duties for step in steps)


@pytest.mark.parametrize(
    ("after", "now"),
    [(timedelta(seconds=-1), None), (timedelta(0), 0), (timedelta(days=9), 0), (timedelta(days=9, seconds=1), None)],
)
def test_a_step_is_now_from_its_first_to_its_last_second(after: timedelta, now: int | None) -> None:
    seen = timings(RoundKind.ROUND_ONE, START + after)
    assert [n for n, timing in enumerate(seen) if timing is Timing.OPEN] == ([] if now is None else [now])


def test_training_begins_when_the_last_adjustment_is_over() -> None:
    before, after = (timings(RoundKind.ROUND_TWO, WINDOWS[-1].closes_at + timedelta(seconds=s)) for s in (0, 1))
    assert before[-2:] == [Timing.UPCOMING] * 2
    assert after == [Timing.OVER] * 4 + [Timing.OPEN] * 2


def test_without_windows_everything_is_to_come() -> None:
    assert {s.timing for kind in RoundKind for s in flow_at(kind, [], START)} == {Timing.UPCOMING}


def test_deadlines_belong_to_who_acts() -> None:
    assert duty_kinds(Party.SCHOOL) == {WindowKind.ROUND_ONE_SCHOOL, WindowKind.ROUND_TWO_SCHOOL}
    assert WindowKind.ROUND_ONE in duty_kinds(Party.TEACHER)
