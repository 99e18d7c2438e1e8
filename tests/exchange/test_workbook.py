"""Files of rows: what is read back is what was written, and nothing in them runs."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from app.exchange import workbook
from app.exchange.workbook import write_workbook

LABELS = ["姓名", "证件号码", "人数", "日期", "时间"]
ROW = ["张明华", "330106198001011234", 35, date(2026, 3, 2), datetime.fromisoformat("2026-03-02T09:30")]
HOSTILE = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x")', "http://example.org", "\t=1"]


def written(rows: list[list[Any]], title: str = "教师名册", labels: list[str] = LABELS) -> BytesIO:
    file = BytesIO()
    assert write_workbook(file, title=title, labels=labels, rows=rows) == len(rows)
    file.seek(0)
    return file


@pytest.mark.req("DEL-12")
def test_both_readers_find_the_values_that_were_written() -> None:
    file = written([ROW, [None, "001", 0, None, None]])
    sheet = load_workbook(file)["教师名册"]
    assert [cell.value for cell in sheet[2]] == LABELS
    assert [cell.value for cell in sheet[3]] == [*ROW[:3], datetime.fromisoformat("2026-03-02"), ROW[4]]
    assert [cell.value for cell in sheet[4]] == [None, "001", 0, None, None]
    file.seek(0)
    rows = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
    assert rows[0][0] == "教师名册"
    assert rows[2] == ROW
    assert rows[3][:3] == ["", "001", 0]


@pytest.mark.req("DEL-12")
def test_ids_and_long_numbers_keep_every_digit_as_text() -> None:
    sheet = load_workbook(written([["a", "330106198001011234", 330106198001011234, None, None]])).active
    assert sheet["B3"].data_type == sheet["C3"].data_type == "s"
    assert sheet["C3"].value == "330106198001011234"
    assert sheet["B3"].number_format == "@"


@pytest.mark.req("DEL-12")
def test_formulas_and_addresses_in_data_stay_letters() -> None:
    file = written([[text] for text in HOSTILE], title="=1+1", labels=["=2+2"])
    sheet = load_workbook(file).active
    assert [sheet.cell(row, 1).value for row in range(3, 3 + len(HOSTILE))] == HOSTILE
    assert {cell.data_type for row in sheet.iter_rows(max_col=1) for cell in row} == {"s"}
    parts = zipfile.ZipFile(file)
    sheets = "".join(parts.read(name).decode() for name in parts.namelist() if "worksheets/" in name)
    assert "<f>" not in sheets
    assert "<hyperlink" not in sheets


@pytest.mark.req("DEL-12")
def test_the_sheet_is_ready_to_print() -> None:
    sheet = load_workbook(written([ROW])).active
    assert sheet["A1"].value == "教师名册"
    assert sheet.freeze_panes == "A3"
    assert sheet.print_title_rows == "$2:$2"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.auto_filter.ref == "A2:E3"
    assert sheet.column_dimensions["B"].width > sheet.column_dimensions["C"].width


@pytest.mark.req("DEL-12")
def test_more_rows_than_a_sheet_holds_go_on_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    book = load_workbook(written([[number] for number in range(7)], labels=["编号"]))
    assert book.sheetnames == ["教师名册", "教师名册 2", "教师名册 3"]
    assert [sheet.cell(row, 1).value for sheet in book for row in range(3, sheet.max_row + 1)] == list(range(7))


def test_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    value = load_workbook(written([["长" * 40_000]], labels=["说明"])).active["A3"].value
    assert len(value) == workbook.MOST_CHARACTERS
    assert value.endswith("…")


def test_a_title_no_sheet_may_have_is_mended() -> None:
    assert load_workbook(written([], title="a/b[c]:'d'?")).sheetnames == ["a b c   d"]
