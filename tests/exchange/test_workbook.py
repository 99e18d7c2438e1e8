"""Files of rows: what is read back is what was written, and nothing in them runs."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from app.domain.errors import problem
from app.domain.imports import RowPlan
from app.domain.terms import ImportOutcome
from app.exchange import workbook
from app.exchange.errors_book import write_errors
from app.exchange.row_sheet import MOST_CHARACTERS, is_exact_number
from app.exchange.workbook import write_workbook

LABELS = ["姓名", "证件号码", "人数", "日期", "时间"]
ROW = ["张明华", "330106198001011234", 35, date(2026, 3, 2), datetime.fromisoformat("2026-03-02T09:30")]
HOSTILE = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x")', "http://example.org", "\t=1"]


def written(rows: list[list[Any]], title: str = "教师名册", labels: list[str] = LABELS) -> BytesIO:
    file = BytesIO()
    assert write_workbook(file, title=title, labels=labels, rows=rows) == len(rows)
    file.seek(0)
    return file


@pytest.mark.req("DEL-12", "B6")
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


@pytest.mark.req("DEL-12", "B6")
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
    assert len(value) == MOST_CHARACTERS
    assert value.endswith("…")


def test_a_title_no_sheet_may_have_is_mended() -> None:
    assert load_workbook(written([], title="a/b[c]:'d'?")).sheetnames == ["a b c   d"]


SIGNS = st.lists(st.sampled_from([*"张a 1=<>&\"'\n\t\u3000\x0b\ufffe𠮷", "_x0041_", "<r>", "</r>"]), max_size=9).map(
    "".join
)
VALUES = st.one_of(
    SIGNS, st.none(), st.dates(), st.datetimes(), st.integers(-(10**16), 10**16), st.floats(),
    st.decimals(places=2, allow_nan=False),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=1, max_size=5))
@pytest.mark.req("DEL-12")
def test_a_row_written_at_once_is_the_row_the_library_writes_cell_by_cell(rows: list[list[Any]]) -> None:
    """Other than the library's, texts that look like its rich text stay the texts they are."""
    plain = [[None if _looks_rich(value) else value for value in row] for row in rows]
    assert _cells(written(plain, labels=["a", "b", "c"])) == _cells(_cell_by_cell(plain))


def _looks_rich(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("<r>") and value.endswith("</r>")


def _cell_by_cell(rows: list[list[Any]]) -> BytesIO:
    file = BytesIO()
    with xlsxwriter.Workbook(file, workbook.OPTIONS) as book:
        page, looks = book.add_worksheet(), {"text": "@", "day": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm"}
        text, day, moment = (book.add_format({"num_format": look}) for look in looks.values())
        for line, row in enumerate(rows, 2):
            for at, value in enumerate(row):
                if isinstance(value, date):
                    page.write_datetime(line, at, value, moment if isinstance(value, datetime) else day)
                elif is_exact_number(value):
                    page.write_number(line, at, value)
                elif value is not None and value != "":
                    page.write_string(line, at, str(value), text)
    file.seek(0)
    return file


def _cells(file: BytesIO) -> list[list[tuple[Any, str, str]]]:
    lines = load_workbook(file).active.iter_rows(min_row=3, max_col=3)
    return [[(cell.value, cell.data_type, cell.number_format) for cell in line] for line in lines]


def test_a_text_that_looks_like_markup_of_the_library_stays_a_text() -> None:
    text = "<r><t>x</t></r></is></c><c><f>1+1</f></c><r></r>"
    for file in (written([[text]], labels=[text]), _errors_of(text)):
        cells = [cell for line in load_workbook(file).active.iter_rows() for cell in line]
        assert text in [cell.value for cell in cells]
        assert "f" not in {cell.data_type for cell in cells}


def _errors_of(text: str) -> BytesIO:
    file = BytesIO()
    row = RowPlan(2, ImportOutcome.ERROR, "?", problems=[problem("missing", "Please fill this in.")], raw=[text])
    assert write_errors([row], {"titles": [text], "fields": {}}, file, title=text[:3], translate=str) == 1
    file.seek(0)
    return file


def test_signs_that_count_twice_are_cut_where_a_cell_of_excel_ends() -> None:
    value = load_workbook(written([["𠮷" * 20_000]], labels=["说明"])).active["A3"].value
    assert len(value.encode("utf-16-le")) // 2 <= MOST_CHARACTERS
    assert value.endswith("𠮷…")
