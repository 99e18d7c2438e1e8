"""The job that reads an uploaded workbook and plans every row of it (TCH-6). What it plans, `applying` applies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count, islice

from flask_babel import force_locale, gettext

from app.domain.cells import Cell, address_of, is_clearing
from app.domain.errors import Invalid, Problem, problem
from app.domain.imports import RowRead
from app.domain.text import N_
from app.exchange.columns import Column
from app.exchange.headers import LOOKED_AT, Header, find_header
from app.exchange.lookups import Lookups
from app.exchange.reading import Book, open_book
from app.exchange.sheets import Sheet, sheet_named
from app.extensions import db
from app.jobs.registry import Result, Run, job
from app.models import ImportBatch
from app.services import imports

BLOCK = 120  # rows applied together: others wait for them to be written (W10)
PLANNED = 16  # blocks planned and kept together
MOST_ROWS = 500_000  # of data in one file
MOST_NAMED = 10  # columns or sheets named in a remark

Rows = Iterator[tuple[int, list[Cell]]]


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
    lookups = Lookups(run.actor, gettext)
    rows: Rows = (row for block in book.blocks for row in block)
    top, rows = _top(rows)
    header = header_of(sheet, top)
    reader = RowReader(sheet, header, book, lookups)
    target = sheet.target(sheet, lookups)
    given = frozenset(header.places)
    done = 0
    wanted = (row for row in rows if row[0] > header.row and not reader.is_passed_over(row[1]))
    blocks = _blocks(target.grouped(map(reader.read, _filled(wanted, book, header.row))))
    for number in count(0, PLANNED):
        together = list(islice(blocks, PLANNED))
        if not together:
            break
        done += sum(map(len, together))
        if done > MOST_ROWS:
            raise Invalid(problem("too_many_rows", N_("More than %(most)d rows; split the file."), most=MOST_ROWS))
        plans = iter(target.plan(list(chain.from_iterable(together)), given))
        imports.add_blocks(batch_id, number, [list(islice(plans, len(block))) for block in together])
        run.progress(done, max(book.rows - header.row, done))
    if not done:
        raise Invalid(problem("no_rows", N_("There are no rows below the header. Fill in the sheet “%(sheet)s”."),
                              sheet=book.sheet))  # fmt: skip
    imports.finish_plan(batch_id, header=header.to_json(), notes=_notes(sheet, header, book))


def _top(rows: Rows) -> tuple[list[tuple[int, list[Cell]]], Rows]:
    """Return the first rows, and all rows again."""
    top = [row for _, row in zip(range(LOOKED_AT), rows, strict=False)]
    return top, chain(top, rows)


def _filled(rows: Rows, book: Book, top: int) -> Rows:
    """Yield the rows below `top`, each with the value of a cell that is merged over several of them."""
    beginning: dict[int, list[tuple[int, int]]] = defaultdict(list)  # first row → column and last row
    for place, first, last in book.merged:
        if first > top:
            beginning[first].append((place, last))
    return _with_merged(rows, beginning) if beginning else rows


def _with_merged(rows: Rows, beginning: Mapping[int, list[tuple[int, int]]]) -> Rows:
    ending: dict[int, tuple[Cell, int]] = {}  # column → value and last row
    for number, cells in rows:
        cells += [None] * (1 + max(ending, default=0) - len(cells))
        for place, (value, last) in list(ending.items()):
            if number > last:
                del ending[place]
            elif cells[place] is None:
                cells[place] = value
        for place, last in beginning.get(number, ()):
            ending[place] = (cells[place] if place < len(cells) else None, last)
        yield number, cells


def _blocks(groups: Iterable[list[RowRead]]) -> Iterator[list[RowRead]]:
    """Yield the rows in blocks of `BLOCK`; one is longer where rows belong together."""
    block: list[RowRead] = []
    for group in groups:
        block += group
        if len(block) >= BLOCK:
            yield block
            block = []
    if block:
        yield block


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


class RowReader:
    """Turns the cells of a row into the values of its columns, or says per cell what is wrong."""

    def __init__(self, sheet: Sheet, header: Header, book: Book, lookups: Lookups) -> None:
        self.header, self.book, self.lookups = header, book, lookups
        self.columns = [(sheet.column(name), place) for name, place in header.places.items()]
        self.marked = bool(book.formulas or book.errors)
        self._example = [text.casefold() for text in sheet.example(lookups)]
        self._exemplary = any(self._example)
        self._order = [header.places.get(column.name, -1) for column in sheet.offered]

    def is_passed_over(self, cells: list[Cell]) -> bool:
        """Tell whether the row says nothing, or is the example row of the template left as it was.

        A number of order or a sum in columns that are not used says nothing.
        """
        if not any(_text(cells, place) for place in self.header.places.values()):
            return True
        return self._exemplary and all(
            _text(cells, place).casefold() == text for place, text in zip(self._order, self._example, strict=True)
        )

    def read(self, row: tuple[int, list[Cell]]) -> RowRead:
        """Return what a row says. An empty cell says nothing: it leaves a stored value as it is."""
        number, cells = row
        read = RowRead(number, {}, cells=cells)
        for column, place in self.columns:
            cell = cells[place] if place < len(cells) else None
            if cell is None and not self.marked:
                continue
            try:
                self._take(read, column, cell, number, place)
            except Invalid as error:
                read.problems += [Problem(each.code, each.text, column.name) for each in error.problems]
        return read

    def _take(self, read: RowRead, column: Column, cell: Cell, number: int, place: int) -> None:
        if self.marked:
            self._refuse_marked(address_of(number, place))
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            return
        read.values[column.name] = None if is_clearing(cell) else column.read(cell, self.lookups)

    def _refuse_marked(self, address: str) -> None:
        if address in self.book.formulas:
            text = N_("Cell %(address)s holds a formula. Copy the column and paste it as values.")
            raise Invalid(problem("formula", text, address=address))
        if address in self.book.errors:
            text = N_("Cell %(address)s shows an error. Enter the value itself.")
            raise Invalid(problem("error_cell", text, address=address))


def _text(cells: list[Cell], place: int) -> str:
    cell = cells[place] if 0 <= place < len(cells) else None
    return "" if cell is None else str(cell).strip()
