"""Region grants as a workbook: every grant with its history, ready to print or to send (ORG-4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import BinaryIO

import xlsxwriter

from app.domain.clock import local
from app.domain.text import N_
from app.services.grant_overview import GrantLine

Translate = Callable[[str], str]
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
COLUMNS = (
    (N_("Code"), 12), (N_("Training institution"), 32), (N_("Region code"), 12), (N_("Region name"), 16),
    (N_("Level"), 8), (N_("Valid from"), 12), (N_("Valid to"), 12), (N_("State"), 12), (N_("Reason"), 24),
    (N_("Granted by"), 12), (N_("Granted on"), 17), (N_("Revoked"), 17), (N_("Revoked by"), 12),
    (N_("Reason for revoking"), 24),
)  # fmt: skip


def write_grants(lines: Iterable[GrantLine], file: BinaryIO, *, translate: Translate) -> None:
    """Write a workbook with one row per grant to `file`; every cell is text, so nothing in it can be a formula."""
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        sheet = book.add_worksheet(translate(N_("Region grants"))[:31])
        bold = book.add_format({"bold": True, "bottom": 1})
        sheet.freeze_panes(1, 2)
        for at, (title, width) in enumerate(COLUMNS):
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, translate(title), bold)
        for number, line in enumerate(lines, 1):
            for at, text in enumerate(_cells(line, translate)):
                sheet.write_string(number, at, text)
        sheet.autofilter(0, 0, 0, len(COLUMNS) - 1)


def _cells(line: GrantLine, translate: Translate) -> Sequence[str]:
    row = line.grant
    return (
        row.institution.code, row.institution.name, row.region.code, row.region.name,
        translate(row.region.level.label), _day(row.valid_from), _day(row.valid_to), translate(line.state.label),
        row.reason or "", line.granted_by, _moment(row.created_at), _moment(row.revoked_at), line.revoked_by,
        line.revoke_reason,
    )  # fmt: skip


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _moment(moment: datetime | None) -> str:
    return f"{local(moment):%Y-%m-%d %H:%M}" if moment else ""
