"""Unused first passwords as a workbook, to be handed out on paper (ACC-5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import BinaryIO

import xlsxwriter

from app.domain.text import N_
from app.services.accounts import FirstPassword

OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
COLUMNS = (N_("User name"), N_("Name"), N_("Organisation"), N_("First password"))


def write_first_passwords(rows: Iterable[FirstPassword], file: BinaryIO, *, translate: Callable[[str], str]) -> None:
    """Write a workbook with one row per account to `file`; every cell is text."""
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        sheet = book.add_worksheet(translate(N_("First passwords"))[:31])
        sheet.set_column(0, len(COLUMNS) - 1, 24)
        for at, title in enumerate(COLUMNS):
            sheet.write_string(0, at, translate(title))
        for number, row in enumerate(rows, 1):
            for at, text in enumerate((row.username, row.name, row.organisation, row.password)):
                sheet.write_string(number, at, text)
