"""The job that reads an uploaded workbook and plans every row of it (TCH-6). What it plans, `applying` applies."""

from __future__ import annotations

from itertools import chain, islice

from flask_babel import force_locale, gettext

from app.domain.cells import Cell
from app.domain.errors import Invalid, Problem, problem
from app.domain.text import N_
from app.exchange.headers import LOOKED_AT, Header, find_header
from app.exchange.lookups import Lookups
from app.exchange.reading import Book, open_book
from app.exchange.rows import Rows, blocks_below
from app.exchange.sheets import Sheet, sheet_named
from app.extensions import db
from app.jobs.registry import Result, Run, job
from app.models import ImportBatch
from app.services import imports

MOST_ROWS = 500_000  # of data in one file
MOST_NAMED = 10  # columns or sheets named in a remark


@job(imports.PLAN)
def plan_import(run: Run) -> Result | None:
    """Plan an import; a file that cannot be read ends as refused, with the reasons on its page."""
    batch = imports.own_batch(run.arguments["batch"], actor=run.actor)
    sheet = sheet_named(batch.kind)
    run.actor.require("import", sheet.resource)
    imports.begin_plan(batch)
    batch_id, path = batch.id, imports.folder() / str(batch.file_path)
    try:
        with force_locale(run.arguments["language"]), open_book(path) as book:
            _plan(batch_id, sheet, book, run)
    except FileNotFoundError:
        imports.refuse(batch_id, [problem("upload_gone", N_("The uploaded file is no longer there; upload it again."))])
    except Invalid as error:
        db.session.rollback()
        imports.refuse(batch_id, error.problems)
    imports.forget_file(db.session.get_one(ImportBatch, batch_id))
    return None


def _plan(batch_id: int, sheet: Sheet, book: Book, run: Run) -> None:
    top, rows = _top(book)
    header = header_of(sheet, top)
    target = sheet.target(sheet, Lookups(run.actor, gettext))
    done = number = 0
    for blocks in blocks_below(header, rows, book, target):
        done += sum(map(len, blocks))
        _refuse_endless(done)
        plans = iter(target.plan(list(chain.from_iterable(blocks)), frozenset(header.places)))
        imports.add_blocks(batch_id, number, [list(islice(plans, len(block))) for block in blocks])
        number += len(blocks)
        run.progress(done, max(book.rows - header.row, done))
    if not done:
        raise Invalid(problem("no_rows", N_("There are no rows below the header. Fill in the sheet “%(sheet)s”."),
                              sheet=book.sheet))  # fmt: skip
    imports.finish_plan(batch_id, header=header.to_json(), notes=_notes(sheet, header, book))


def _top(book: Book) -> tuple[list[tuple[int, list[Cell]]], Rows]:
    """Return the first rows, and all rows again."""
    rows: Rows = chain.from_iterable(book.blocks)
    top = list(islice(rows, LOOKED_AT))
    return top, chain(top, rows)


def _refuse_endless(rows: int) -> None:
    if rows > MOST_ROWS:
        raise Invalid(problem("too_many_rows", N_("More than %(most)d rows; split the file."), most=MOST_ROWS))


def header_of(sheet: Sheet, top: list[tuple[int, list[Cell]]]) -> Header:
    """Return the header among the first rows. Raises Invalid naming the columns that are missing or given twice."""
    header = find_header(top, sheet.titles(), sheet.passed_over())
    found: list[Problem] = []
    if header is None or not any(key in header.places for key in sheet.keys):
        places = header.places if header else {}
        wanted = [sheet.column(name) for name in sheet.keys] + [c for c in sheet.columns if c.required]
        missing = dict.fromkeys(gettext(column.title) for column in wanted if column.name not in places)
        text = N_("The header lacks: %(columns)s. Use the template, or name the columns as it does.")
        found.append(problem("columns_missing", text, columns="、".join(missing)))
    if header and header.repeated:
        text = N_("These columns are there twice: %(columns)s. Remove one of each.")
        found.append(problem("columns_repeated", text, columns="、".join(header.repeated)))
    if found or header is None:
        raise Invalid(found)
    return header


def _notes(sheet: Sheet, header: Header, book: Book) -> list[Problem]:
    """Return what is worth knowing about the file, though it hinders nothing."""
    found = []
    if header.unknown:
        text = N_("These columns are not used: %(columns)s.")
        found.append(problem("columns_unknown", text, columns=_named(header.unknown)))
    lacking = [gettext(c.title) for c in sheet.columns if c.required and c.name not in header.places]
    if lacking:
        text = N_("The file lacks the columns %(columns)s; it can change rows, but not add any.")
        found.append(problem("columns_lacking", text, columns="、".join(lacking)))
    if book.others:
        text = N_("Only the sheet “%(sheet)s” was read, not: %(others)s.")
        found.append(problem("other_sheets", text, sheet=book.sheet, others=_named(book.others)))
    return found


def _named(names: tuple[str, ...]) -> str:
    return "、".join(name[:30] for name in names[:MOST_NAMED]) + (" …" if len(names) > MOST_NAMED else "")
