"""The template of a sheet: header, notes, drop-downs, one example row, ID columns as text (TCH-6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

import xlsxwriter

from app.domain.cells import address_of
from app.domain.text import N_
from app.exchange.lookups import Lookups
from app.exchange.sheets import Sheet
from app.exchange.workbook import OPTIONS

LAST_ROW = 20_000  # down to which the drop-downs reach
NOTE_WIDTH, NOTE_HEIGHT = 260, 110  # pixels
LISTS = "lists"  # the hidden sheet
MOST_LISTED = 500  # longer lists get no drop-down


def write_template(sheet: Sheet, target: IO[bytes], book: Lookups) -> None:
    """Write the template of `sheet` as `book.actor` would fill it in: with the choices of that scope and language."""
    with xlsxwriter.Workbook(target, {**OPTIONS, "constant_memory": False}) as workbook:
        page = workbook.add_worksheet(book.translate(sheet.label)[:31])
        lists = workbook.add_worksheet(LISTS)
        lists.hide()
        looks = _looks(workbook)
        for at, column in enumerate(sheet.offered):
            text = column.as_text or not column.choices(book)
            page.set_column(at, at, column.width, looks["text"] if text else None)
            page.write_string(0, at, _heading(column, book), looks["needed" if column.required else "head"])
            _note(page, at, column, book)
            _drop_down(page, lists, at, column.choices(book), book)
        for at, example in enumerate(sheet.example(book)):
            page.write_string(1, at, example, looks["example"])
        page.set_row(0, 24)
        page.freeze_panes(1, 0)


def _looks(workbook: Any) -> dict[str, Any]:
    head = {"bold": True, "border": 1, "bg_color": "#E6EEF6", "valign": "vcenter"}
    return {
        "head": workbook.add_format(head),
        "needed": workbook.add_format({**head, "font_color": "#B42318"}),
        "text": workbook.add_format({"num_format": "@"}),
        "example": workbook.add_format({"num_format": "@", "italic": True, "font_color": "#667085"}),
    }


def _heading(column: Any, book: Lookups) -> str:
    return book.translate(column.title) + ("*" if column.required else "")


def _note(page: Any, at: int, column: Any, book: Lookups) -> None:
    parts = [
        book.translate(N_("Needed for new rows.")) if column.required else book.translate(N_("May stay empty.")),
        book.translate(column.note) if column.note else "",
        book.translate(N_("For example: %(example)s")) % {"example": book.translate(column.example)}
        if column.example
        else "",
    ]
    text = "\n".join(part for part in parts if part)
    page.write_comment(0, at, text, {"x_scale": 1, "width": NOTE_WIDTH, "height": NOTE_HEIGHT})


def _drop_down(page: Any, lists: Any, at: int, choices: Sequence[str], book: Lookups) -> None:
    if not choices or len(choices) > MOST_LISTED:
        return
    for number, choice in enumerate(choices):
        lists.write_string(number, at, choice)
    letters = address_of(1, at)[:-1]
    page.data_validation(
        1, at, LAST_ROW, at,
        {
            "validate": "list",
            "source": f"={LISTS}!${letters}$1:${letters}${len(choices)}",
            "error_type": "warning",
            "error_title": book.translate(N_("Not in the list"))[:32],
            "error_message": book.translate(N_("Choose one of the list."))[:255],
        },
    )  # fmt: skip
