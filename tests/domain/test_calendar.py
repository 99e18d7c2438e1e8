"""The calendar of a batch: windows in the right order, and what "now" means in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import calendar
from app.domain.calendar import Timing, Window
from app.domain.clock import to_utc
from app.domain.errors import Invalid
from app.domain.terms import RoundKind
from app.domain.terms import WindowKind as W


def at(text: str) -> datetime:
    return to_utc(datetime.fromisoformat(f"2026-{text}"))


def window(kind: W, first: str, last: str) -> Window:
    return Window(kind, at(f"{first}T00:00:00"), at(f"{last}T23:59:59"))


YEAR = {
    w.kind: w
    for w in (
        window(W.DECLARATION, "01-01", "01-31"),
        window(W.REVIEW, "01-10", "02-10"),
        window(W.ROUND_ONE, "03-01", "03-10"),
        window(W.ROUND_ONE_SCHOOL, "03-01", "03-14"),
        window(W.ADJUSTMENT, "03-15", "03-20"),
        window(W.ROUND_TWO, "03-21", "03-25"),
        window(W.ROUND_TWO_SCHOOL, "03-21", "03-27"),
        window(W.SECOND_ADJUSTMENT, "03-28", "03-31"),
    )
}
ALL = list(YEAR.values())


def with_(*changed: Window) -> list[Window]:
    return list({**YEAR, **{w.kind: w for w in changed}}.values())


def without(*kinds: W) -> list[Window]:
    return [w for w in ALL if w.kind not in kinds]


def problems(windows: list[Window]) -> list[tuple[str | None, str]]:
    return [(p.field, p.code) for p in calendar.window_problems(windows)]


@pytest.mark.req("PRG-1")
@given(st.permutations(ALL))
def test_the_usual_year_is_accepted_in_whatever_order_it_is_entered(windows: list[Window]) -> None:
    assert problems(windows) == []
    assert calendar.in_order(windows) == ALL


@pytest.mark.req("PRG-1")
@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([], []),
        ([YEAR[W.DECLARATION]], []),
        (without(W.ROUND_TWO, W.ROUND_TWO_SCHOOL, W.SECOND_ADJUSTMENT), []),
        ([*ALL, YEAR[W.REVIEW]], [("review", "window_twice")]),
        (with_(window(W.ADJUSTMENT, "03-14", "03-20")), [("adjustment", "window_overlap")]),
        (
            with_(window(W.ADJUSTMENT, "03-15", "03-21")),
            [("round_two", "window_overlap"), ("round_two_school", "window_overlap")],
        ),
        (with_(window(W.ROUND_ONE_SCHOOL, "02-27", "03-14")), [("round_one_school", "window_begins_early")]),
        (with_(window(W.ROUND_ONE_SCHOOL, "03-01", "03-09")), [("round_one_school", "window_ends_early")]),
        (with_(window(W.REVIEW, "01-10", "01-30")), [("review", "window_ends_early")]),
        (without(W.ROUND_ONE_SCHOOL), [("round_one_school", "window_missing")]),
        (without(W.ROUND_ONE, W.ROUND_ONE_SCHOOL), [("round_one", "window_missing")]),
        ([window(W.REVIEW, "02-10", "02-09")], [("review", "window_backwards")]),
    ],
)  # fmt: skip
def test_every_fault_is_named_at_the_window_to_mend(windows: list[Window], expected: list[tuple[str, str]]) -> None:
    assert problems(windows) == expected


def test_two_days_that_touch_do_not_overlap_but_one_shared_second_does() -> None:
    touching = Window(W.ADJUSTMENT, at("03-15T00:00:00"), at("03-20T23:59:59"))
    sharing = Window(W.ADJUSTMENT, at("03-14T23:59:59"), at("03-20T23:59:59"))
    assert problems(with_(touching)) == []
    assert problems(with_(sharing)) == [("adjustment", "window_overlap")]


@pytest.mark.req("PRG-1")
def test_all_faults_are_raised_together_with_the_moment_to_respect() -> None:
    wrong = [*without(W.ROUND_TWO_SCHOOL, W.ADJUSTMENT), window(W.ADJUSTMENT, "03-10", "03-20")]
    with pytest.raises(Invalid) as refused:
        calendar.check_windows(wrong)
    assert [p.code for p in refused.value.problems] == ["window_overlap", "window_overlap", "window_missing"]
    assert "2026-03-14 23:59:59" in str(refused.value)
    calendar.check_windows(ALL)


@pytest.mark.req("ENR-2", "PRG-1")
@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("02-28T23:59:59.999999", False),
        ("03-01T00:00:00", True),
        ("03-10T23:59:59", True),
        ("03-10T23:59:59.999999", True),
        ("03-11T00:00:00", False),
    ],
)
def test_a_window_is_open_from_its_first_moment_through_its_last_second(moment: str, open_: bool) -> None:
    assert calendar.is_kind_open(ALL, W.ROUND_ONE, at(moment)) is open_


def test_a_window_that_is_not_set_is_never_open() -> None:
    assert not calendar.is_kind_open(without(W.REVIEW), W.REVIEW, at("01-15T00:00:00"))
    assert calendar.window_of([], W.REVIEW) is None


@pytest.mark.req("PRG-1")
def test_now_shows_what_is_open_what_comes_next_and_how_long() -> None:
    phases = calendar.phase_at(ALL, at("03-10T23:00:00"))
    assert [p.window.kind for p in phases.current] == [W.ROUND_ONE, W.ROUND_ONE_SCHOOL]
    assert phases.current[0].remaining == timedelta(hours=1)
    assert phases.next is not None
    assert phases.next.window.kind is W.ADJUSTMENT
    assert phases.next.remaining == timedelta(days=4, hours=1)
    assert [p.timing for p in phases.all[:3]] == [Timing.OVER, Timing.OVER, Timing.OPEN]


def test_between_two_windows_nothing_is_open_and_after_the_last_nothing_comes() -> None:
    between = calendar.phase_at(ALL, at("02-20T12:00:00"))
    assert between.current == ()
    assert between.next is not None
    after = calendar.phase_at(ALL, at("12-31T00:00:00"))
    assert (after.current, after.next) == ((), None)
    assert {p.timing for p in after.all} == {Timing.OVER}
    assert {p.remaining for p in after.all} == {timedelta(0)}


@given(st.datetimes(datetime.fromisoformat("2025-12-01"), datetime.fromisoformat("2026-05-01")))
def test_each_window_is_either_upcoming_open_or_over(typed: datetime) -> None:
    now = to_utc(typed)
    for phase in calendar.phase_at(ALL, now).all:
        assert (phase.timing is Timing.OPEN) is calendar.is_open(phase.window, now)
        assert (phase.remaining > timedelta(0)) is (phase.timing is not Timing.OVER)
        changes: dict[Any, datetime] = {Timing.UPCOMING: phase.window.opens_at, Timing.OPEN: phase.window.closes_at}
        if phase.timing in changes:
            assert phase.remaining - (changes[phase.timing] - now) <= timedelta(seconds=1)


def test_each_round_has_its_three_windows() -> None:
    first, second = RoundKind.ROUND_ONE, RoundKind.ROUND_TWO
    assert (calendar.enrollment_window(first), calendar.enrollment_window(second)) == (W.ROUND_ONE, W.ROUND_TWO)
    assert (calendar.school_window(first), calendar.school_window(second)) == (W.ROUND_ONE_SCHOOL, W.ROUND_TWO_SCHOOL)
    assert calendar.adjustment_window(first) is W.ADJUSTMENT
    assert calendar.adjustment_window(second) is W.SECOND_ADJUSTMENT


def test_every_window_belongs_to_exactly_one_stage_in_the_order_of_the_flow() -> None:
    assert [kind for stage in calendar.STAGES for kind in stage] == list(W)
