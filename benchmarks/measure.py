"""Measuring fairly on a noisy machine: in turns, several times, the median with its range, beside two probes."""

from __future__ import annotations

import hashlib
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 3
PROBE_SECONDS = 0.5


@dataclass(frozen=True)
class Series:
    """The results of one side, in the order they were measured."""

    values: list[float]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    @property
    def spread(self) -> list[float]:
        """The smallest and the largest."""
        return [min(self.values), max(self.values)]


def in_turns(sides: dict[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, Series]:
    """Measure every side in turn, A B A B, `rounds` times; return side → its series."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, measure in sides.items():
            found[name].append(measure())
    return {name: Series(values) for name, values in found.items()}


def seconds_of(act: Callable[[], object]) -> float:
    """Return how long `act` takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def probes(folder: Path) -> dict[str, float]:
    """Return what the machine gives at this moment: synced writes a second in `folder`, MB hashed a second."""
    return {"fsync_per_s": round(_fsyncs(folder)), "sha256_mb_per_s": round(_hashing())}


def _fsyncs(folder: Path) -> float:
    folder.mkdir(parents=True, exist_ok=True)
    path, count = folder / "probe", 0
    with open(path, "wb", buffering=0) as file:
        end = time.perf_counter() + PROBE_SECONDS
        while time.perf_counter() < end:
            file.write(b"x" * 512)
            os.fsync(file.fileno())
            count += 1
    path.unlink()
    return count / PROBE_SECONDS


def _hashing() -> float:
    block, count = b"x" * 1_000_000, 0
    end = time.perf_counter() + PROBE_SECONDS
    while time.perf_counter() < end:
        hashlib.sha256(block).digest()
        count += 1
    return count / PROBE_SECONDS
