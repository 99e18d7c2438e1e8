"""What it costs that ID numbers are sealed (S15): finding one person, and importing many."""

from __future__ import annotations

import random
import statistics
from functools import partial

from sqlalchemy import select

from app.extensions import db
from app.models import Teacher
from app.services.import_rows import platform_vault
from benchmarks.bench import Bench
from benchmarks.entries.spreadsheets import import_rate, rows_of
from benchmarks.measure import in_turns, seconds_of
from benchmarks.registry import Result, benchmark

PEOPLE = 2_000  # looked up in each round


@benchmark("S15-lookup", "Finding a person by a sealed ID number ÷ by a plain number", bar="≤ 2", unit="ms")
def look_up(bench: Bench) -> Result:
    """Find people by the keyed index and open the number; the control asks for a number that is kept as it is."""
    with bench.app(bench.province):
        vault = platform_vault()
        rows = db.session.execute(select(Teacher.teacher_number, Teacher.national_id_sealed).order_by(Teacher.id)).all()
        chosen = random.Random(15).sample(rows, min(PEOPLE, len(rows)))
        people = [(number, vault.open(sealed)) for number, sealed in chosen if sealed is not None]

        def by_sealed(identity: str) -> None:
            found = select(Teacher.id, Teacher.national_id_sealed)
            row = db.session.execute(found.where(Teacher.national_id_key == vault.key(identity))).one()
            assert vault.open(row.national_id_sealed) == identity

        def by_plain(number: str) -> None:
            row = db.session.execute(select(Teacher.id, Teacher.teacher_number).where(Teacher.teacher_number == number))
            assert row.one().teacher_number == number

        sides = {
            "sealed": lambda: statistics.median(seconds_of(partial(by_sealed, one)) for _, one in people) * 1000,
            "plain": lambda: statistics.median(seconds_of(partial(by_plain, one)) for one, _ in people) * 1000,
        }
        found = in_turns(sides, bench.rounds)
    value, control = found["sealed"].median, found["plain"].median
    spread = {name: series.spread for name, series in found.items()}
    return Result(value, control, value / control, spread, [], {"people": len(people)})


@benchmark("S15-import", "Import that seals nothing ÷ import that seals ID numbers", bar="≤ 1.2", unit="rows/s")
def import_sealed(bench: Bench) -> Result:
    """Import the same workbook twice; the control's vault keeps every number as it is."""
    count = rows_of(bench)
    found = in_turns({side: partial(import_rate, bench, side, count) for side in ("unsealed", "ours")}, bench.rounds)
    value, control = found["unsealed"].median, found["ours"].median
    spread = {name: series.spread for name, series in found.items()}
    return Result(value, control, value / control, spread, [], {"rows": count})
