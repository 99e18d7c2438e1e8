"""The rows of an import: from the lines of the file below its header to what each says, in blocks (TCH-6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from app.domain.cells import Cell, address_of, is_clearing
from app.domain.errors import Invalid, Problem, problem
from app.domain.imports import Json, RowRead
from app.domain.text import N_
from app.exchange.columns import Column
from app.exchange.headers import Header
from app.exchange.lookups import Lookups
from app.exchange.reading import Book
from app.exchange.sheets import Sheet, Target

BLOCK = 100  # rows applied together: others wait for them to be written (W10)
PLANNED = 20  # blocks read, planned and kept together

Rows = Iterator[tuple[int, list[Cell]]]


def blocks_below(header: Header, rows: Rows, book: Book, target: Target) -> Iterator[list[list[RowRead]]]:
    """Yield what the rows below `header` say, in blocks that are applied by themselves, `PLANNED` of them together."""
    passed_over = PassedOver(target.sheet, header, target.book)
    wanted = (row for row in rows if row[0] > header.row and row[1] not in passed_over)
    reader = RowReader.of(target.sheet, header, book, target.book)
    blocks = _blocks(target.grouped(map(reader.read, _filled(wanted, book, header.row))))
    return iter(lambda: list(islice(blocks, PLANNED)), [])


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


@dataclass(frozen=True)
class RowReader:
    """Turns the cells of a row into the values of its columns, or says per cell what is wrong."""

    columns: Sequence[tuple[Column, int]]  # with the place of each
    formulas: frozenset[str]
    errors: frozenset[str]
    lookups: Lookups

    @classmethod
    def of(cls, sheet: Sheet, header: Header, book: Book, lookups: Lookups) -> RowReader:
        """Return the reader of rows below `header`."""
        columns = [(sheet.column(name), place) for name, place in header.places.items()]
        return cls(columns, book.formulas, book.errors, lookups)

    def read(self, row: tuple[int, list[Cell]]) -> RowRead:
        """Return what a row says. An empty cell says nothing: it leaves a stored value as it is."""
        number, cells = row
        values: dict[str, Json] = {}
        read = RowRead(number, values, cells=cells)
        for column, place in self._unmarked(read) if self.formulas or self.errors else self.columns:
            cell = cells[place] if place < len(cells) else None
            if cell is None or (type(cell) is str and not cell.strip()):
                continue
            try:
                values[column.name] = None if is_clearing(cell) else column.read(cell, self.lookups)
            except Invalid as error:
                read.problems += _of_column(column, error)
        return read

    def _unmarked(self, read: RowRead) -> list[tuple[Column, int]]:
        """Return the columns in which the row holds neither formula nor error; tell of the others."""
        good = []
        for column, place in self.columns:
            try:
                self._refuse_marked(address_of(read.number, place))
                good.append((column, place))
            except Invalid as error:
                read.problems += _of_column(column, error)
        return good

    def _refuse_marked(self, address: str) -> None:
        if address in self.formulas:
            text = N_("Cell %(address)s holds a formula. Copy the column and paste it as values.")
            raise Invalid(problem("formula", text, address=address))
        if address in self.errors:
            text = N_("Cell %(address)s shows an error. Enter the value itself.")
            raise Invalid(problem("error_cell", text, address=address))


def _of_column(column: Column, error: Invalid) -> list[Problem]:
    return [Problem(each.code, each.text, column.name) for each in error.problems]


class PassedOver:
    """The rows that are no data: a row that says nothing, and the example row of the template left as it was.

    A number of order or a sum in columns that are not used says nothing.
    """

    def __init__(self, sheet: Sheet, header: Header, lookups: Lookups) -> None:
        self._places = tuple(header.places.values())
        self._example = [text.casefold() for text in sheet.example(lookups)]
        self._exemplary = any(self._example)
        self._order = [header.places.get(column.name, -1) for column in sheet.offered]

    def __contains__(self, cells: list[Cell]) -> bool:
        """Tell whether a row with these cells is passed over."""
        if not any(_text(cells, place) for place in self._places):
            return True
        return self._exemplary and all(
            _text(cells, place).casefold() == text for place, text in zip(self._order, self._example, strict=True)
        )


def _text(cells: list[Cell], place: int) -> str:
    cell = cells[place] if 0 <= place < len(cells) else None
    return "" if cell is None else str(cell).strip()
