"""The error workbook of an import: the rows to mend as typed, the wrong cells coloured, the reasons beside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

import xlsxwriter

from app.domain.imports import RowPlan
from app.domain.text import N_, Text
from app.exchange.lookups import Translate
from app.exchange.row_sheet import RowSheet, is_exact_number
from app.exchange.sheets import REASON, ROW_NUMBER
from app.exchange.workbook import OPTIONS

NAMED = N_("%(name)s: %(why)s")


def write_errors(rows: Iterable[RowPlan], header: dict[str, Any], target: str | IO[bytes], *, title: str,
                 translate: Translate) -> int:  # fmt: skip
    """Write `rows` below the titles of the file they came from; return how many.

    The columns with row number and reasons come last and are passed over when the mended workbook is imported.
    """
    titles = list(header["titles"])
    places: dict[str, int] = header["fields"]
    with xlsxwriter.Workbook(target, OPTIONS) as book:
        page = book.add_worksheet(title[:31] or "Sheet1", RowSheet)
        head = book.add_format({"bold": True, "bg_color": "#E6EEF6", "border": 1})
        plain, wrong = (book.add_format({"num_format": "@", **look}) for look in ({}, {"bg_color": "#FECDCA"}))
        reasons = book.add_format({"text_wrap": True, "font_color": "#B42318", "valign": "top"})
        page.freeze_panes(1, 0)
        page.set_column(0, len(titles) + 1, 16)
        page.set_column(len(titles), len(titles), 64)
        for at, text in enumerate([*titles, translate(REASON), translate(ROW_NUMBER)]):
            page.write_string(0, at, text, head)
        count = 0
        for count, plan in enumerate(rows, 1):
            coloured = {places[each.field] for each in plan.problems if each.field in places}
            for at, value in enumerate(plan.raw):
                _write(page, count, at, value, wrong if at in coloured else plain)
            for at in coloured - set(range(len(plan.raw))):
                page.write_blank(count, at, None, wrong)
            page.write_string(count, len(titles), "\n".join(reasons_of(plan, header, translate)), reasons)
            page.write_number(count, len(titles) + 1, plan.number)
        return count


def reasons_of(plan: RowPlan, header: dict[str, Any], translate: Translate) -> list[str]:
    """Return every reason of a row, each with the title of its column."""
    places, titles = header["fields"], header["titles"]
    return [
        Text(NAMED, {"name": titles[places[each.field]], "why": each.text}).rendered(translate)
        if each.field in places
        else each.text.rendered(translate)
        for each in plan.problems
    ]


def _write(page: Any, row: int, at: int, value: Any, look: Any) -> None:
    if value is None:
        page.write_blank(row, at, None, look)
    elif is_exact_number(value):
        page.write_number(row, at, value, look)
    else:
        page.write_string(row, at, str(value), look)
