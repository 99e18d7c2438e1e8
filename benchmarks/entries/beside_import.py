"""Enrolling while a province of teachers is imported (W10): SQLite lets one write at a time."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from app.jobs.worker import NICE
from benchmarks.bench import ROOT, Bench
from benchmarks.entries.enrolling import OURS, field_on, sender
from benchmarks.entries.spreadsheets import rows_of, small, workbook
from benchmarks.load import Pressed, press
from benchmarks.registry import Result, benchmark

CLIENTS = 2
PAUSE = 0.1  # seconds a client waits after an answer: what is measured is the wait, not who is the stronger
LONGEST = 0.25  # seconds the unluckiest may wait
QUIET = 20.0  # seconds of the control, in which nothing is imported
LEAST = 200  # enrollments beside the import, or the file is too small for the figure to mean anything


@benchmark("W10", "Enrollment while teachers are imported: 99 of 100 wait no longer", bar="≤ 60", unit="ms",
           kinds=("sqlite",))  # fmt: skip
def beside_an_import(bench: Bench) -> Result:
    """Enroll at an even pace, first with nothing beside it, then for as long as an import runs."""
    path = workbook(bench, rows_of(bench))
    with small(bench).copy("beside_import") as database:
        field = field_on(bench, database)
        sends = sender(OURS, field, field.headers)
        with bench.serving(database) as server:
            press(server.port, sends, clients=CLIENTS, seconds=2, pause=PAUSE)
            quiet = press(server.port, sends, clients=CLIENTS, seconds=QUIET, pause=PAUSE)
            command = [sys.executable, "-m", "benchmarks.work.imports", "ours", str(path)]
            begun = time.perf_counter()
            importing = subprocess.Popen(
                command, cwd=ROOT, env=database.environment, stdout=subprocess.DEVNULL, preexec_fn=_give_way
            )
            beside = _until(importing, lambda: press(server.port, sends, clients=CLIENTS, seconds=1.0, pause=PAUSE))
            seconds = time.perf_counter() - begun
    alone, during = _ninety_nine(quiet.times), _ninety_nine(beside.times)
    spread = {"beside": [min(beside.times) * 1000, max(beside.times) * 1000],
              "alone": [min(quiet.times) * 1000, max(quiet.times) * 1000]}  # fmt: skip
    notes = {"enrollments": len(beside.times), "import_seconds": seconds, "rows": rows_of(bench)}
    return Result(during, alone, None, spread, _untrue(beside, importing.returncode), notes)


def _give_way() -> None:
    os.nice(NICE)


def _until(process: subprocess.Popen[bytes], pressing: Callable[[], Pressed]) -> Pressed:
    """Press for as long as the process runs; return everything that came back."""
    found = Pressed(0.0)
    while process.poll() is None:
        one = pressing()
        found.seconds += one.seconds
        found.times += one.times
        for status, count in one.statuses.items():
            found.statuses[status] = found.statuses.get(status, 0) + count
    return found


def _ninety_nine(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98] * 1000


def _untrue(beside: Pressed, ended: int) -> list[str]:
    wrong = [] if set(beside.statuses) == {201} else [f"other answers than 201: {beside.statuses}"]
    wrong += [f"the import ended with {ended}"] if ended else []
    wrong += [f"only {len(beside.times)} enrollments beside the import"] if len(beside.times) < LEAST else []
    longest = max(beside.times)
    return wrong + ([f"the unluckiest waited {longest * 1000:.0f} ms"] if longest > LONGEST else [])
