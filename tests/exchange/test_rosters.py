"""Sheets ready to print: one name each, long and odd texts, nothing to sign, nobody (DEL-12)."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from app.exchange.rosters import Page, write_pages

pytestmark = pytest.mark.req("DEL-12")


def book_of(*pages: Page) -> Any:
    file = BytesIO()
    write_pages(file, pages, foot="制表 & 打印")
    return load_workbook(file)


def page(title: str = "花名册", **more: Any) -> Page:
    return Page(title, "说明", ["序号", "姓名"], [[1, "甲"], [2, "乙"]], **more)


def test_every_sheet_has_a_name_of_its_own_however_alike_they_are() -> None:
    long = "一" * 60
    names = book_of(*(page(name) for name in ("a", "a", "2 a", "", "[]:*?/\\'", long, long))).sheetnames
    assert len(set(names)) == 7
    assert all(0 < len(name) <= 31 for name in names)


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@x", "https://example.com", "33010619900307123X", "007"])
def test_text_stays_text(text: str) -> None:
    sheet = book_of(Page("t", "a", ["n"], [[text]])).active
    assert (sheet["A4"].value, sheet["A4"].data_type, sheet["A4"].hyperlink) == (text, "s", None)


def test_what_is_empty_is_ruled_all_the_same_and_days_are_read_as_people_write_them() -> None:
    sheet = book_of(Page("t", "a", ["n", "m"], [[None, date(2027, 1, 2)]], to_sign=("上午",))).active
    assert [cell.value for cell in sheet[4]] == [None, "2027-01-02", None]
    assert all(cell.border.bottom.style == "thin" for cell in sheet[4])


def test_a_wide_page_is_printed_across_and_a_narrow_one_upright() -> None:
    wide = Page("t", "a", [f"第{n}列" for n in range(12)], [["十个字十个字十个字十" for _ in range(12)]])
    upright, across = book_of(page(), wide).worksheets
    assert (upright.page_setup.orientation, across.page_setup.orientation) == ("portrait", "landscape")
    assert upright.oddFooter.left.text == "制表 && 打印"


def test_nobody_leaves_the_head_alone() -> None:
    sheet = book_of(Page("t", "a", ["n"], [])).active
    assert sheet.max_row == 3
    assert sheet.freeze_panes == "C4"
