"""Rosters and sign-in sheets as workbooks ready to print: title, ruled cells, the head on every page (DEL-12)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import IO, Any

import xlsxwriter

from app.exchange.row_sheet import Value

OPTIONS = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
FORBIDDEN_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
LONGEST_NAME = 31  # of a sheet: Excel's own limit
MOST_CHARACTERS = 1000  # of a cell; nobody prints more
HEAD = 3  # title, what the class is, the header
NARROW, WIDE, SIGNED = 6, 40, 11  # characters; a column to sign in
ACROSS = 92  # characters from which a page is printed across
LINE, SIGNED_LINE = 18, 27  # points


@dataclass(frozen=True)
class Page:
    """A sheet: its title, the line below it, the header, the rows. `to_sign` columns at the end stay empty."""

    title: str
    about: str
    labels: Sequence[str]
    rows: Iterable[Sequence[Value]]
    name: str = ""  # of the sheet; else the title
    to_sign: Sequence[str] = field(default=())


def write_pages(target: str | IO[bytes], pages: Sequence[Page], *, foot: str) -> int:
    """Write each page as a sheet to a path or open file; return how many rows. `foot` stands below, left."""
    with xlsxwriter.Workbook(target, OPTIONS) as book:
        looks = _looks(book)
        return sum(_write(book, looks, page, number, foot) for number, page in enumerate(pages, 1))


def _looks(book: Any) -> dict[str, Any]:
    middle = {"valign": "vcenter", "border": 1}
    return {
        "title": book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"}),
        "about": book.add_format({"align": "center", "valign": "vcenter", "text_wrap": True, "font_color": "#444444"}),
        "head": book.add_format({**middle, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#E6EEF6"}),
        "text": book.add_format({**middle, "num_format": "@", "text_wrap": True}),
        "number": book.add_format({**middle, "align": "center"}),
    }


def _write(book: Any, looks: dict[str, Any], page: Page, number: int, foot: str) -> int:
    sheet = book.add_worksheet(_sheet_name(page.name or page.title, number))
    labels = [*page.labels, *page.to_sign]
    widths = [_width(label) for label in page.labels]
    count = 0
    for count, row in enumerate(page.rows, 1):
        _line(sheet, looks, HEAD + count - 1, row, len(labels), SIGNED_LINE if page.to_sign else LINE)
        widths = [max(known, _width(_told(value))) for known, value in zip(widths, row, strict=True)]
    widths = [min(max(width + 2, NARROW), WIDE) for width in widths] + [SIGNED] * len(page.to_sign)
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width)
    _head(sheet, looks, page, labels)
    _paper(sheet, sum(widths), foot)
    return count


def _head(sheet: Any, looks: dict[str, Any], page: Page, labels: Sequence[str]) -> None:
    for row, (text, look, height) in enumerate(((page.title, "title", 30), (page.about, "about", 32))):
        sheet.set_row(row, height)
        if len(labels) > 1:
            sheet.merge_range(row, 0, row, len(labels) - 1, "", looks[look])
        sheet.write_string(row, 0, text, looks[look])
    sheet.set_row(HEAD - 1, 32 if page.to_sign else 22)
    for at, label in enumerate(labels):
        sheet.write_string(HEAD - 1, at, label, looks["head"])


def _line(sheet: Any, looks: dict[str, Any], at: int, row: Sequence[Value], width: int, height: int) -> None:
    sheet.set_row(at, height)
    for column, value in enumerate(row):
        if isinstance(value, int) and not isinstance(value, bool):
            sheet.write_number(at, column, value, looks["number"])
        elif text := _told(value):
            sheet.write_string(at, column, text, looks["text"])
        else:
            sheet.write_blank(at, column, None, looks["text"])
    for column in range(len(row), width):
        sheet.write_blank(at, column, None, looks["text"])


def _paper(sheet: Any, width: int, foot: str) -> None:
    sheet.set_paper(9)  # A4
    if width > ACROSS:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.center_horizontally()
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.repeat_rows(0, HEAD - 1)
    sheet.freeze_panes(HEAD, 2)
    sheet.set_footer(f"&L{foot.replace('&', '&&')}&R&P / &N")


def _sheet_name(title: str, number: int) -> str:
    """Return a name no other sheet has: from the second on it begins with the number."""
    name = title.translate(FORBIDDEN_IN_NAMES).strip() or "Sheet"
    return (name if number == 1 else f"{number} {name}")[:LONGEST_NAME].strip()


def _told(value: Value) -> str:
    """Return a cell as it is read on paper."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)[:MOST_CHARACTERS]


def _width(text: str) -> int:
    """Return how many Latin characters wide `text` is; a Chinese one counts twice."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text[:WIDE])
