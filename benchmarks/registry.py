"""The book of benchmarks. One file in `benchmarks/entries` per subject; each registers functions by their id.

A benchmark is given a `Bench` and returns a `Result`. To add one:

    @benchmark("W3", "Seats oversold in 200 races", bar="= 0", unit="seats")
    def races(bench: Bench) -> Result:
        ...
        return Result(value=oversold, control=oversold_by_the_control)
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.bench import Bench

KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Result:
    """What was measured: `ratio` is what the bar is about; without one it is `value`.

    `truth` names SQL checks that failed: a fast run that fails one counts for nothing.
    """

    value: float
    control: float | None = None
    ratio: float | None = None
    spread: dict[str, list[float]] = field(default_factory=dict)
    truth: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def judged(self) -> float:
        """The number the bar is about."""
        return self.value if self.ratio is None else self.ratio


Measure = Callable[["Bench"], Result]


@dataclass(frozen=True)
class Entry:
    """A registered benchmark; `bar` is "≥ 2.0", "≤ 250" or "= 0"; `memory`: its databases lie in memory."""

    key: str
    title: str
    bar: str
    unit: str
    kinds: tuple[str, ...]
    measure: Measure
    memory: bool = False

    def meets(self, result: Result) -> bool:
        """Tell whether the result reaches the bar and tells the truth."""
        sign, _, number = self.bar.partition(" ")
        judged, wanted = result.judged, float(number)
        reached = {"≥": judged >= wanted, "≤": judged <= wanted, "=": judged == wanted}[sign]
        return reached and not result.truth


_entries: dict[str, Entry] = {}


def benchmark(
    key: str, title: str, *, bar: str, unit: str, kinds: tuple[str, ...] = KINDS, memory: bool = False
) -> Callable[[Measure], Measure]:
    """Register the function that measures `key`. Raises ValueError for a key that is taken."""

    def register(function: Measure) -> Measure:
        if key in _entries:
            raise ValueError(f"two benchmarks are called {key!r}")
        _entries[key] = Entry(key, title, bar, unit, kinds, function, memory)
        return function

    return register


def entries() -> dict[str, Entry]:
    """Return every benchmark by its key, after reading all files of `benchmarks/entries`."""
    from benchmarks import entries as package

    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return dict(sorted(_entries.items()))
