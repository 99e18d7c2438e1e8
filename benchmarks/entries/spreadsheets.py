"""Importing teachers (B1, B2, B4) and exporting them (B5, B6)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.domain.terms import ImportOutcome
from app.exchange.row_sheet import EXACT
from app.extensions import db
from app.models import ImportBatch, PostCategory, ProfessionalTitle, School, Stage, Subject
from app.services import import_rows
from app.services.demo import SIZES
from app.web.actors import acting_as
from benchmarks.bench import ROOT, Bench
from benchmarks.measure import Series, in_turns
from benchmarks.registry import Result, benchmark
from benchmarks.work import exports, people
from tests.support.databases import Database

ORM_SHARE = 20  # the ORM is given every twentieth part of the rows: it takes minutes for the whole
ROSTER = 100_000
SAMPLED = 20_000  # rows whose cells are compared one by one
PAUSE = 0.05  # seconds between two looks at the memory


def small(bench: Bench) -> Bench:
    """Return the small province: schools and lists to import into."""
    return replace(bench, size="small")


def workbook(bench: Bench, count: int, *, faulty: bool = False) -> Path:
    """Return a workbook of `count` new teachers for the schools of the small province, made when it is missing."""
    path = bench.folder / f"teachers-{count}{'-faulty' if faulty else ''}.xlsx"
    if not path.exists():
        with bench.app(small(bench).province):
            codes = list(db.session.scalars(select(School.code).order_by(School.code)))
            lists = {"stage": Stage, "subject": Subject, "title": ProfessionalTitle, "post": PostCategory}
            choices = {n: list(db.session.scalars(select(m.name).order_by(m.position))) for n, m in lists.items()}
        people.write(path, people.rows(count, codes, choices, faulty=faulty))
    return path


def rows_of(bench: Bench) -> int:
    """Return how many teachers are imported at this size."""
    return SIZES[bench.size].teachers


# --- import: the whole way from the upload to the last row


def import_rate(bench: Bench, side: str, count: int, watch: Any = None) -> float:
    """Let one side import `count` teachers into a fresh copy; return rows a second."""
    path = workbook(bench, count)
    with small(bench).copy(f"import_{side}") as database:
        done = _work(database, "imports", side, str(path), watch=watch)
        wrong = _untrue(bench, database, count, done["rows"])
        assert not wrong, wrong
        return float(count / done["seconds"])


def _work(database: Database, module: str, *arguments: str, watch: Any = None) -> dict[str, Any]:
    command = [sys.executable, "-m", f"benchmarks.work.{module}", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=database.environment, stdout=subprocess.PIPE, text=True)
    if watch is not None:
        watch(process)
    output, _ = process.communicate()
    assert process.returncode == 0, f"{module} {arguments} ended with {process.returncode}"
    return dict(json.loads(output.splitlines()[-1]))


def _untrue(bench: Bench, database: Database, count: int, written: int) -> list[str]:
    """Return what is not true: every row is a teacher, found by number, index and name, and its school counts it."""
    before = SIZES["small"].teachers
    checks = {
        "rows written": (f"SELECT {written}", count),
        "teachers": ("SELECT count(*) FROM teacher", before + count),
        "ID numbers": ("SELECT count(DISTINCT national_id_key) FROM teacher WHERE email LIKE 't%@example.com'", count),
    }
    with bench.app(database):
        return bench.untrue(checks)


def _compared(found: dict[str, Series], side: str, other: str, **notes: Any) -> Result:
    value, control = found[side].median, found[other].median
    spread = {name: series.spread for name, series in found.items()}
    return Result(value, control, value / control, spread, [], notes)


@benchmark("B1", "Import of teachers with all checks ÷ only reading, sealing and inserting", bar="≥ 0.5", unit="rows/s")
def import_beside_the_limit(bench: Bench) -> Result:
    """Import new teachers end to end, and do the least that could be done."""
    count = rows_of(bench)
    sides = {name: partial(import_rate, bench, name, count) for name in ("ours", "limit")}
    return _compared(in_turns(sides, bench.rounds), "ours", "limit", rows=count)


@benchmark("B1-orm", "Import of teachers with all checks ÷ openpyxl + ORM", bar="≥ 5", unit="rows/s")
def import_beside_the_orm(bench: Bench) -> Result:
    """Import new teachers end to end, and a part of them in the usual way."""
    count = rows_of(bench)
    part = max(1000, count // ORM_SHARE)
    sides = {"ours": partial(import_rate, bench, "ours", count), "orm": partial(import_rate, bench, "orm", part)}
    return _compared(in_turns(sides, bench.rounds), "ours", "orm", rows=count, rows_of_the_orm=part)


@benchmark("B2", "Peak memory of the import, the process that reads the file included", bar="≤ 600", unit="MiB")
def import_memory(bench: Bench) -> Result:
    """Watch the memory of worker and child together while they import."""
    seen: list[tuple[int, int]] = []

    def watch(process: subprocess.Popen[str]) -> None:
        while process.poll() is None:
            seen.append((_memory(process.pid), sum(map(_memory, _children(process.pid)))))
            time.sleep(PAUSE)

    import_rate(bench, "ours", rows_of(bench), watch)
    peak = max(sum(each) for each in seen) / 1024
    notes = {"worker_mb": max(a for a, _ in seen) / 1024, "child_mb": max(b for _, b in seen) / 1024}
    return Result(peak, notes=notes)


def _memory(pid: int) -> int:
    """Return the proportional memory of a process in KiB; 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("Pss:")), 0)
    except OSError:
        return 0


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


@benchmark("B4", "Faulty rows (1 in 100) that are not listed exactly once, with row, column and reason", bar="= 0",
           unit="rows")  # fmt: skip
def faulty_rows(bench: Bench) -> Result:
    """Plan a file with wrong rows and compare what is told with what was done wrong."""
    count = rows_of(bench)
    path = workbook(bench, count, faulty=True)
    with small(bench).copy("faulty") as database:
        _work(database, "imports", "ours", str(path))
        with bench.app(database):
            batch = db.session.scalars(select(ImportBatch)).one()
            told = Counter(
                (row.number, each.field, each.code)
                for row in import_rows.planned_rows(batch, frozenset({ImportOutcome.ERROR}))
                for each in row.problems
            )
            written = batch.written
    wanted = Counter(people.faults(count))
    wrong = [] if written == count - len(wanted) else [f"{written} rows written, not {count - len(wanted)}"]
    return Result((told - wanted).total() + (wanted - told).total(), truth=wrong, notes={"faulty": len(wanted)})


# --- export: the list as it is on the screen


def _export(bench: Bench, side: str, told: dict[str, list[float]]) -> float:
    target = bench.folder / f"export-{side}.xlsx"
    done = _work(bench.province, "exports", side, str(target), str(ROSTER))
    target.unlink()
    told.setdefault(side, []).append(done["extra_mb"])
    return float(done["seconds"])


@benchmark("B5", "Roster of 100,000 × 15 ÷ xlsxwriter alone in constant memory", bar="≤ 1.3", unit="s")
def roster(bench: Bench) -> Result:
    """Export the teacher list with all columns, and write as many cells with xlsxwriter alone."""
    told: dict[str, list[float]] = {}
    sides = {name: partial(_export, bench, name, told) for name in ("ours", "bare")}
    found = in_turns(sides, bench.rounds)
    extra = {f"extra_mb_{name}": max(values) for name, values in told.items()}
    result = _compared(found, "ours", "bare", **extra)
    over = extra["extra_mb_ours"] - extra["extra_mb_bare"]
    return replace(result, truth=[] if over <= 30 else [f"{over:.0f} MiB more than xlsxwriter alone, not 30 at most"])


@benchmark("B6", "Exported cells that differ from the database, and live formulas", bar="= 0", unit="cells")
def exported_cells(bench: Bench) -> Result:
    """Read an export with calamine and with openpyxl, and compare every cell with what the database holds."""
    target = bench.folder / "export-cells.xlsx"
    with bench.app(bench.province) as app:
        view, actor = exports.teacher_view(app), exports.province()
        with acting_as(actor):
            keys = view.export_keys(exports.Asked({}, "", False, 1, 1), actor)[:SAMPLED]
            wanted = [[_text(value) for value in row] for row in view._values(keys, exports.COLUMNS, actor, None)]
            view.write_export(str(target), keys, actor, exports.COLUMNS)
    by_openpyxl, formulas = _by_openpyxl(target)
    wrong = sum(_differing(wanted, found) for found in (_by_calamine(target), by_openpyxl))
    target.unlink()
    return Result(wrong + formulas, notes={"cells": 2 * len(wanted) * len(exports.COLUMNS), "formulas": formulas})


def _differing(wanted: list[list[str]], found: list[list[str]]) -> int:
    missing = abs(len(wanted) - len(found)) * len(exports.COLUMNS)
    return missing + sum(
        a != b for one, other in zip(wanted, found, strict=False) for a, b in zip(one, other, strict=True)
    )


def _text(value: Any) -> str:
    """Return a cell as text; a number that a spreadsheet rounds is no number any more."""
    assert not isinstance(value, int | float) or abs(value) < EXACT
    return "" if value is None else str(value)[:10] if hasattr(value, "year") else str(value)


def _by_calamine(path: Path) -> list[list[str]]:
    from python_calamine import CalamineWorkbook

    rows = list(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).iter_rows())[2:]
    return [[_text(None if value == "" else value) for value in row] for row in rows]


def _by_openpyxl(path: Path) -> tuple[list[list[str]], int]:
    from openpyxl import load_workbook

    formulas = 0
    rows: list[list[str]] = []
    for row in load_workbook(path, read_only=True).worksheets[0].iter_rows(min_row=3):
        formulas += sum(cell.data_type == "f" for cell in row)
        rows.append([_text(cell.value) for cell in row])
    return rows, formulas
