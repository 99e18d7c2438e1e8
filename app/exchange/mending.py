"""The rows of an import that were not taken, as the error workbook; a long one is made by a job (TCH-6, OPS-2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

from flask_babel import force_locale, gettext

from app import models
from app.domain.clock import today
from app.domain.errors import NotVisible, Problem
from app.domain.imports import FAULTY, Json, RowPlan
from app.domain.text import Text
from app.exchange.errors_book import NAMED, write_errors
from app.exchange.lookups import Lookups
from app.exchange.sheets import Target, sheet_named
from app.jobs.registry import Result, Run, job
from app.models import ImportBatch
from app.security.actor import Actor
from app.services import exports, import_rows, imports

KIND = "import_errors"
OFTEN = 100  # rows after which a job tells its progress


def own_book(key: Any, *, actor: Actor) -> ImportBatch:
    """Return an import of the actor's own whose error workbook can be made.

    Raises NotVisible when there is none (any more), NotPermitted for who may not import such rows: it holds the cells
    as typed, whole numbers among them.
    """
    batch = imports.own_batch(key, actor=actor)
    actor.require("import", sheet_named(batch.kind).resource)
    if not batch.header or not import_rows.has_plan(batch.id):
        raise NotVisible
    return batch


def count_of(batch: ImportBatch) -> int:
    """Return how many rows the error workbook of an import has."""
    faulty = sum(batch.counts.get(outcome.value, 0) for outcome in FAULTY)
    return faulty + import_rows.left_count(batch) if import_rows.has_plan(batch.id) else 0


def write_book(
    batch: ImportBatch, target: str | IO[bytes], *, actor: Actor, progress: Callable[[int, int], None] | None = None
) -> None:
    """Write the error workbook and note in the audit what was taken out."""
    sheet, header = sheet_named(batch.kind), batch.header or {}
    number, title = batch.id, name_of(batch)
    rows = _rows(batch, sheet.target(sheet, Lookups(actor, gettext)))
    if progress is not None:
        rows = _watched(rows, count_of(batch), progress)
    count = write_errors(rows, header, target, title=gettext(sheet.label), translate=gettext)
    details = {"filters": {"import": number}, "columns": header["titles"]}
    exports.record_export(getattr(models, sheet.resource), title=title, rows=count, details=details, actor=actor)


def _rows(batch: ImportBatch, target: Target) -> Iterator[RowPlan]:
    """Yield the rows with faults, then those that could not be written when the plan was applied."""
    yield from import_rows.planned_rows(batch, FAULTY)
    for plan, why in import_rows.left_plans(batch):
        yield _left(plan, why, target, (batch.header or {})["fields"])


def _left(plan: RowPlan, why: Problem, target: Target, places: dict[str, int]) -> RowPlan:
    """Return a row that was not written: the cells that are known of it, and the reason with whom it is about."""
    cells: list[Json] = [None] * (1 + max(places.values(), default=-1))
    for name, value in target.cells(plan).items():
        if name in places:
            cells[places[name]] = value
    told = Problem(why.code, Text(NAMED, {"name": plan.title, "why": why.text}), why.field)
    return RowPlan(plan.number, plan.outcome, plan.title, problems=[told], raw=cells)


def _watched(rows: Iterable[RowPlan], total: int, progress: Callable[[int, int], None]) -> Iterator[RowPlan]:
    for done, row in enumerate(rows, 1):
        yield row
        if done % OFTEN == 0 or done == total:
            progress(done, total)


def name_of(batch: ImportBatch) -> str:
    """Return what the error workbook is called."""
    return str(gettext("To be mended-%(file)s", file=batch.file_name.removesuffix(".xlsx")))


def file_name(batch: ImportBatch) -> str:
    """Return the name of the file, with the day."""
    return f"{name_of(batch)}-{today():%Y%m%d}.xlsx"


@job(KIND)
def write_long_book(run: Run) -> Result:
    """Write the error workbook a person asked for, as that person and in their language."""
    batch = own_book(run.arguments["batch"], actor=run.actor)
    with force_locale(run.arguments["language"]):
        with run.workbook() as (name, path):
            write_book(batch, path, actor=run.actor, progress=run.progress)
        return Result(file_name(batch), name)
