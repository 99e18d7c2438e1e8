"""Writing xlsx files ready to print, row by row in constant memory (DEL-12).

Text is always written as text: a formula stays letters, an address no link, a national ID keeps its digits.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO, Any

import xlsxwriter

from app.exchange.row_sheet import RowSheet, Value

MOST_ROWS = 1_048_570  # of data on one sheet; Excel's own limit, less title and header
NARROWEST, WIDEST = 8, 48  # characters
MEASURED = 200  # rows looked at for the widths
FORBIDDEN_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}


def write_workbook(
    target: str | IO[bytes], *, title: str, labels: Sequence[str], rows: Iterable[Sequence[Value]]
) -> int:
    """Write title, header and `rows` to a path or open file; return how many rows.

    Moments must be naive and mean the time to show. More rows than a sheet holds go on on further sheets.
    """
    with xlsxwriter.Workbook(target, OPTIONS) as book:
        pages = _Pages(book, title, labels)
        for row in rows:
            pages.add(row)
        pages.close_sheet()
        return pages.count


class _Pages:
    """The sheets of one workbook."""

    def __init__(self, book: Any, title: str, labels: Sequence[str]) -> None:
        self.book, self.title, self.labels = book, title, labels
        self.count, self.sheets = 0, 0
        self.formats = {
            "title": book.add_format({"bold": True, "font_size": 14, "valign": "vcenter"}),
            "head": book.add_format({"bold": True, "bg_color": "#E6EEF6", "border": 1, "text_wrap": True}),
            "text": book.add_format({"num_format": "@", "valign": "top"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd", "align": "left"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"}),
        }
        self.open_sheet()

    def open_sheet(self) -> None:
        """Begin a sheet: title, header, print settings."""
        self.sheets += 1
        self.line, self.widths = 2, [_width(label) for label in self.labels]
        name = self.title.translate(FORBIDDEN_IN_NAMES).strip()[:26] or "Sheet"
        self.sheet: RowSheet = self.book.add_worksheet(name if self.sheets == 1 else f"{name} {self.sheets}", RowSheet)
        self.sheet.use_formats(**{kind: self.formats[kind] for kind in ("text", "day", "moment")})
        self.sheet.set_landscape()
        self.sheet.set_paper(9)  # A4
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(1)
        self.sheet.set_footer("&C&P / &N")
        self.sheet.freeze_panes(2, 0)
        self.sheet.set_row(0, 26)
        self.sheet.write_string(0, 0, self.title, self.formats["title"])
        for number, label in enumerate(self.labels):
            self.sheet.write_string(1, number, label, self.formats["head"])

    def close_sheet(self) -> None:
        """End a sheet: widths and the filter arrows of the header."""
        for number, width in enumerate(self.widths):
            self.sheet.set_column(number, number, min(max(width + 2, NARROWEST), WIDEST))
        self.sheet.autofilter(1, 0, max(self.line - 1, 1), max(len(self.labels) - 1, 0))

    def add(self, row: Sequence[Value]) -> None:
        """Write one row."""
        if self.line - 2 >= MOST_ROWS:
            self.close_sheet()
            self.open_sheet()
        self.sheet.write_values(self.line, row)
        if self.line < MEASURED:
            for number, value in enumerate(row):
                self.widths[number] = max(self.widths[number], _width(value))
        self.line += 1
        self.count += 1


def _width(value: Value) -> int:
    """Return how many Latin characters wide `value` is shown; a Chinese one counts twice."""
    if value is None:
        return 0
    if isinstance(value, datetime):
        return 16
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in str(value)[:WIDEST])
