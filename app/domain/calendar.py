"""The windows of a batch: their right order, which are open, what comes next (PRG-1).

A window is open from `opens_at` up to and including the second of `closes_at`. Reviewing may begin while declaring or
enrolling still goes on; otherwise one stage ends before the next begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from typing import Protocol

from app.domain.clock import local
from app.domain.errors import Invalid, Problem, problem
from app.domain.terms import RoundKind, WindowKind
from app.domain.text import N_, LabelledEnum

_SECOND = timedelta(seconds=1)

# Windows of one stage may overlap; stages may not.
STAGES: tuple[tuple[WindowKind, ...], ...] = (
    (WindowKind.DECLARATION, WindowKind.REVIEW),
    (WindowKind.ROUND_ONE, WindowKind.ROUND_ONE_SCHOOL),
    (WindowKind.ADJUSTMENT,),
    (WindowKind.ROUND_TWO, WindowKind.ROUND_TWO_SCHOOL),
    (WindowKind.SECOND_ADJUSTMENT,),
)
_ENROLLMENT = {RoundKind.ROUND_ONE: WindowKind.ROUND_ONE, RoundKind.ROUND_TWO: WindowKind.ROUND_TWO}
_SCHOOL = {RoundKind.ROUND_ONE: WindowKind.ROUND_ONE_SCHOOL, RoundKind.ROUND_TWO: WindowKind.ROUND_TWO_SCHOOL}
_ADJUSTMENT = {RoundKind.ROUND_ONE: WindowKind.ADJUSTMENT, RoundKind.ROUND_TWO: WindowKind.SECOND_ADJUSTMENT}
_NEEDS = (
    (WindowKind.ROUND_ONE, WindowKind.ROUND_ONE_SCHOOL),
    (WindowKind.ROUND_TWO, WindowKind.ROUND_TWO_SCHOOL),
    (WindowKind.ROUND_TWO, WindowKind.ROUND_ONE),
)


class AnyWindow(Protocol):
    """What the rules need of a window: the stored one has it, and so has `Window`."""

    @property
    def kind(self) -> WindowKind:
        """Which step of the flow it is."""

    @property
    def opens_at(self) -> datetime:
        """The first moment, aware."""

    @property
    def closes_at(self) -> datetime:
        """The last second, aware."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window that is not stored: what a form proposes, or a test says."""

    kind: WindowKind
    opens_at: datetime
    closes_at: datetime


class Timing(LabelledEnum):
    """Where a window stands seen from now; the chips of calendar and flow chart."""

    UPCOMING = "upcoming", N_("Upcoming")
    OPEN = "open", N_("Open now")
    OVER = "over", N_("Over")


@dataclass(frozen=True, slots=True)
class Phase:
    """One window seen from now: `remaining` is the time until it opens (upcoming) or ends (open), zero when over."""

    window: AnyWindow
    timing: Timing
    remaining: timedelta


@dataclass(frozen=True, slots=True)
class Phases:
    """All windows of a batch seen from now, in the order of the flow."""

    all: tuple[Phase, ...]

    @property
    def current(self) -> tuple[Phase, ...]:
        """The open ones, the one that ends first in front."""
        return tuple(sorted((p for p in self.all if p.timing is Timing.OPEN), key=lambda p: p.remaining))

    @property
    def next(self) -> Phase | None:
        """The one that opens next, None when none is to come."""
        upcoming = [phase for phase in self.all if phase.timing is Timing.UPCOMING]
        return min(upcoming, key=lambda phase: phase.remaining, default=None)


def moved(windows: Iterable[AnyWindow], by: timedelta) -> list[Window]:
    """Return the windows of a batch `by` later: what a new batch takes over from an old one."""
    return [Window(w.kind, w.opens_at + by, w.closes_at + by) for w in in_order(windows)]


def in_order(windows: Iterable[AnyWindow]) -> list[AnyWindow]:
    """Return `windows` in the order of the flow."""
    flow = tuple(WindowKind)
    return sorted(windows, key=lambda window: flow.index(window.kind))


def is_open(window: AnyWindow, now: datetime) -> bool:
    """Say whether `window` is open at `now` (aware)."""
    return window.opens_at <= now < window.closes_at + _SECOND


def phase_of(window: AnyWindow, now: datetime) -> Phase:
    """Return `window` seen from `now`."""
    if now < window.opens_at:
        return Phase(window, Timing.UPCOMING, window.opens_at - now)
    if is_open(window, now):
        return Phase(window, Timing.OPEN, window.closes_at + _SECOND - now)
    return Phase(window, Timing.OVER, timedelta(0))


def phase_at(windows: Iterable[AnyWindow], now: datetime) -> Phases:
    """Return every window of a batch seen from `now`: what is open, what comes next, how long it takes (PRG-1)."""
    return Phases(tuple(phase_of(window, now) for window in in_order(windows)))


def window_of(windows: Iterable[AnyWindow], kind: WindowKind) -> AnyWindow | None:
    """Return the window of `kind`, None when the batch has none."""
    return next((window for window in windows if window.kind == kind), None)


def is_kind_open(windows: Iterable[AnyWindow], kind: WindowKind, now: datetime) -> bool:
    """Say whether the batch has a window of `kind` and it is open; a missing window is never open."""
    window = window_of(windows, kind)
    return window is not None and is_open(window, now)


def enrollment_window(round_kind: RoundKind) -> WindowKind:
    """Return the window in which teachers enroll in that round."""
    return _ENROLLMENT[round_kind]


def school_window(round_kind: RoundKind) -> WindowKind:
    """Return the window at whose end the schools must have reviewed that round."""
    return _SCHOOL[round_kind]


def adjustment_window(round_kind: RoundKind) -> WindowKind:
    """Return the window in which classes are expanded or cancelled after that round (ENR-7, ENR-12)."""
    return _ADJUSTMENT[round_kind]


def check_windows(windows: Sequence[AnyWindow]) -> None:
    """Raise `Invalid` with everything wrong with the windows of one batch; see `window_problems`."""
    found = window_problems(windows)
    if found:
        raise Invalid(found)


def window_problems(windows: Sequence[AnyWindow]) -> list[Problem]:
    """Return what is wrong with the windows of one batch; `field` of each problem is the later window's kind.

    Each kind at most once, each window ends after it begins, the flow's order is kept, stages do not overlap, and an
    enrollment round has its school deadline.
    """
    return order_problems(windows) + _missing(windows)


def order_problems(windows: Sequence[AnyWindow]) -> list[Problem]:
    """Return what is wrong with the windows there are, while some may still be missing."""
    ordered = in_order(windows)
    found = [_twice(b) for a, b in pairwise(ordered) if a.kind == b.kind]
    found += [_backwards(window) for window in ordered if window.closes_at <= window.opens_at]
    for earlier, later in combinations(ordered, 2):
        found += _order_problems(earlier, later)
    return found


def _order_problems(earlier: AnyWindow, later: AnyWindow) -> list[Problem]:
    if earlier.kind == later.kind:
        return []
    if _stage(earlier.kind) != _stage(later.kind):
        if later.opens_at > earlier.closes_at:
            return []
        text = N_("“%(later)s” must begin after “%(earlier)s” has ended (%(moment)s).")
        return [_order_problem("window_overlap", text, earlier, later, earlier.closes_at)]
    found = []
    if later.opens_at < earlier.opens_at:
        text = N_("“%(later)s” must not begin before “%(earlier)s” begins (%(moment)s).")
        found.append(_order_problem("window_begins_early", text, earlier, later, earlier.opens_at))
    if later.closes_at < earlier.closes_at:
        text = N_("“%(later)s” must not end before “%(earlier)s” ends (%(moment)s).")
        found.append(_order_problem("window_ends_early", text, earlier, later, earlier.closes_at))
    return found


def _stage(kind: WindowKind) -> int:
    return next(number for number, stage in enumerate(STAGES) if kind in stage)


def _order_problem(code: str, msgid: str, earlier: AnyWindow, later: AnyWindow, moment: datetime) -> Problem:
    shown = local(moment).strftime("%Y-%m-%d %H:%M:%S")
    return problem(code, msgid, field=later.kind.value, earlier=earlier.kind, later=later.kind, moment=shown)


def _twice(window: AnyWindow) -> Problem:
    return problem("window_twice", N_("“%(kind)s” is set twice."), field=window.kind.value, kind=window.kind)


def _backwards(window: AnyWindow) -> Problem:
    text = N_("“%(kind)s” must end after it begins.")
    return problem("window_backwards", text, field=window.kind.value, kind=window.kind)


def _missing(windows: Iterable[AnyWindow]) -> list[Problem]:
    present = {window.kind for window in windows}
    text = N_("“%(kind)s” also needs “%(missing)s”.")
    return [
        problem("window_missing", text, field=missing.value, kind=kind, missing=missing)
        for kind, missing in _NEEDS
        if kind in present and missing not in present
    ]
