"""Clashes of classes and of the sessions of one class (ENR-15, PRG-2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clock import SHANGHAI
from app.domain.timetables import Session, Timetable, clashes, own_clashes

START = datetime(2026, 5, 4, tzinfo=SHANGHAI)


def session(begin: int, end: int) -> Session:
    """Return a session from hour `begin` to hour `end` after the start."""
    return Session(START + timedelta(hours=begin), START + timedelta(hours=end))


def timetable(*sessions: Session, first: int = 4, last: int = 8) -> Timetable:
    """Return a class in May 2026 from day `first` to day `last`."""
    return Timetable(date(2026, 5, first), date(2026, 5, last), sessions)


spans = st.tuples(st.integers(0, 90), st.integers(1, 6)).map(lambda pair: session(pair[0], sum(pair)))


def overlap(one: Session, other: Session) -> bool:
    """Say it the slow, plain way."""
    return max(one.starts_at, other.starts_at) < min(one.ends_at, other.ends_at)


@pytest.mark.req("ENR-15")
@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (timetable(first=1, last=4), timetable(first=4, last=8), True),
        (timetable(first=1, last=3), timetable(first=4, last=8), False),
        (timetable(session(8, 12)), timetable(session(12, 16)), False),
        (timetable(session(8, 12)), timetable(session(11, 13)), True),
        (timetable(session(8, 12)), timetable(), True),
        (timetable(session(8, 12), first=1, last=3), timetable(session(8, 12)), False),
    ],
)
def test_sessions_decide_when_both_have_them_else_the_days(one: Timetable, other: Timetable, clash: bool) -> None:
    assert clashes(one, other) is clash
    assert clashes(other, one) is clash


@pytest.mark.req("ENR-15")
@given(st.lists(spans, min_size=1, max_size=8), st.lists(spans, min_size=1, max_size=8))
def test_the_quick_walk_finds_what_comparing_all_pairs_finds(ours: list[Session], theirs: list[Session]) -> None:
    # Within one class sessions do not overlap; that is refused when it is declared.
    ours, theirs = without_overlap(ours), without_overlap(theirs)
    expected = any(overlap(one, other) for one in ours for other in theirs)
    assert clashes(timetable(*ours), timetable(*theirs)) is expected


def without_overlap(sessions: list[Session]) -> list[Session]:
    """Keep each session that clashes with none kept before."""
    kept: list[Session] = []
    for one in sessions:
        if not any(overlap(one, other) for other in kept):
            kept.append(one)
    return kept


@pytest.mark.req("PRG-2")
@given(st.lists(spans, max_size=8))
def test_overlapping_sessions_of_a_class_are_found(sessions: list[Session]) -> None:
    found = own_clashes(tuple(sessions))
    assert all(overlap(sessions[a], sessions[b]) for a, b in found)
    assert bool(found) is any(overlap(a, b) for a, b in combinations(sessions, 2))
