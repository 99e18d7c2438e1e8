"""The benchmarks' own arithmetic: turns, medians, bars. Nothing is measured here."""

from __future__ import annotations

import pytest

from benchmarks.load import Pressed
from benchmarks.measure import in_turns
from benchmarks.registry import Entry, Result, benchmark, entries


def entry(bar: str) -> Entry:
    return Entry("X", "x", bar, "x", ("sqlite",), lambda _bench: Result(0))


@pytest.mark.parametrize(
    ("bar", "result", "reached"),
    [
        ("≥ 2.0", Result(10, 5, 2.0), True),
        ("≥ 2.0", Result(10, 5.1, 1.96), False),
        ("≤ 250", Result(250), True),
        ("≤ 250", Result(251), False),
        ("= 0", Result(0), True),
        ("= 0", Result(1), False),
        ("≥ 2.0", Result(10, 5, 2.0, truth=["3 seats too many"]), False),
        ("≤ 250", Result(float("nan"), truth=["ended with an error"]), False),
    ],
)
def test_a_bar_is_reached_by_the_number_and_by_the_truth(bar: str, result: Result, reached: bool) -> None:
    assert entry(bar).meets(result) is reached


def test_sides_are_measured_in_turns() -> None:
    order: list[str] = []
    sides = {name: lambda name=name: order.append(name) or len(order) for name in "AB"}
    found = in_turns(sides, rounds=3)
    assert "".join(order) == "ABABAB"
    assert (found["A"].median, found["A"].spread) == (3, [1, 5])


def test_a_rate_of_wrong_answers_is_no_rate() -> None:
    assert Pressed(2.0, {200: 10}).rate(200) == 5.0
    with pytest.raises(AssertionError, match="503"):
        Pressed(2.0, {200: 10, 503: 1}).rate(200)


def test_every_benchmark_has_a_bar_that_can_be_read_and_a_name_of_its_own() -> None:
    known = entries()
    assert {"B7-city", "B8", "B10", "B12", "W9"} <= set(known)
    assert all(isinstance(entry.meets(Result(1.0)), bool) for entry in known.values())
    with pytest.raises(ValueError, match="W9"):
        benchmark("W9", "again", bar="= 0", unit="x")(lambda _bench: Result(0))
