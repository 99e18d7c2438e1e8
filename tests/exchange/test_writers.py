"""Workbooks as Excel, LibreOffice, WPS and programs write them are read alike (TCH-6, S12)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from sqlalchemy import select

from app.domain.identity import check_character
from app.domain.terms import ImportOutcome
from app.models import Teacher
from tests.exchange.conftest import Importing
from tests.support.workbooks import HEAD, MAIN, OFFICE, parts, zipped
from tests.world import World

pytestmark = [pytest.mark.req("TCH-6"), pytest.mark.req("S12")]

BODY = "33112619850615002"
IDENTITY = BODY + check_character(BODY)
TITLES = ["姓名", "身份证号", "出生日期", "学段", "学科", "手机"]
BORN = date(1985, 6, 15)
SERIAL = 31213  # that day as spreadsheets count
STYLES = "".join((
    f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="165" ',
    'formatCode="[$-804]yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@"/></numFmts>',
    '<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>',
    '<cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0"/>',
    '<xf numFmtId="165" applyNumberFormat="1"/><xf numFmtId="49"/></cellXfs></styleSheet>',
))  # fmt: skip


def by_openpyxl() -> bytes:
    """A program: shared strings, a day as a day, a mobile number as a number."""
    book = openpyxl.Workbook()
    book.active.append(TITLES)
    book.active.append(["单小芳", IDENTITY, BORN, "小学", "语文", 13900001111])
    book.create_sheet("说明").append(["请勿修改"])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def by_xlsxwriter() -> bytes:
    """Another one: formats, a merged title, frozen panes, a filter, notes."""
    file = BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("教师")
        sheet.merge_range("A1:F1", "教师信息登记表", book.add_format({"bold": True}))
        sheet.write_row(1, 0, TITLES)
        sheet.write_row(2, 0, ["单小芳", IDENTITY])
        sheet.write_datetime(2, 2, BORN, book.add_format({"num_format": "yyyy/m/d"}))
        sheet.write_row(2, 3, ["小学", "语文", "13900001111"])
        sheet.autofilter(1, 0, 2, 5)
        sheet.freeze_panes(2, 0)
        sheet.write_comment(1, 0, "必填")
    return file.getvalue()


def _strings(*items: str) -> bytes:
    return f'{HEAD}<sst xmlns="{MAIN}" count="{len(items)}" uniqueCount="{len(items)}">{"".join(items)}</sst>'.encode()


def _book(sheet: str, strings: bytes, **further: bytes) -> bytes:
    made = parts({"Sheet1": sheet})
    links = (
        f'<Relationship Id="rId8" Type="{OFFICE}/styles" Target="styles.xml"/>'
        f'<Relationship Id="rId9" Type="{OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>'
    )
    rels = made["xl/_rels/workbook.xml.rels"].replace(b"</Relationships>", links.encode())
    rels = rels.replace(b'Target="worksheets/', b'Target="/xl/worksheets/')
    return zipped({**made, "xl/_rels/workbook.xml.rels": rels, "xl/styles.xml": STYLES.encode(),
                   "xl/sharedStrings.xml": strings, **further})  # fmt: skip


def _row(number: int, cells: str) -> str:
    return f'<row r="{number}" spans="1:6" ht="18" customHeight="1">{cells}</row>'


def like_excel() -> bytes:
    """Excel: shared strings with runs of their own format and phonetic marks, a day as a styled number."""
    texts = [f"<si><t>{title}</t></si>" for title in TITLES]
    texts += ["<si><r><rPr><b/></rPr><t>单</t></r><r><t>小芳</t></r><rPh sb='0' eb='1'><t>shan</t></rPh></si>"]
    texts += [f'<si><t xml:space="preserve"> {IDENTITY}</t></si>', "<si><t>小学</t></si>", "<si><t>语文</t></si>"]
    head = "".join(f'<c r="{"ABCDEF"[at]}1" s="2" t="s"><v>{at}</v></c>' for at in range(6))
    row = (
        '<c r="A2" t="s"><v>6</v></c><c r="B2" s="2" t="s"><v>7</v></c>'
        f'<c r="C2" s="1"><v>{SERIAL}</v></c><c r="D2" t="s"><v>8</v></c><c r="E2" t="s"><v>9</v></c>'
        '<c r="F2"><v>13900001111</v></c>'
    )
    sheet = (
        f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'mc:Ignorable="x14ac"><dimension ref="A1:F2"/><sheetViews><sheetView workbookViewId="0"/></sheetViews>'
        f'<cols><col min="1" max="6" width="14" customWidth="1"/></cols><sheetData>{_row(1, head)}{_row(2, row)}'
        '</sheetData><phoneticPr fontId="1" type="noConversion"/><pageMargins left="0.7" right="0.7" top="1" '
        'bottom="1" header="0.3" footer="0.3"/></worksheet>'
    )
    return _book(sheet, _strings(*texts), **{"docProps/app.xml": b"<Properties/>", "customXml/item1.xml": b"<x/>"})


def like_libreoffice() -> bytes:
    """LibreOffice: styles for all columns to the right, formatted empty rows below, days as text in quotes."""
    texts = [f'<si><t xml:space="preserve">{text}</t></si>' for text in [*TITLES, "单小芳", IDENTITY, "小学", "语文"]]
    head = "".join(f'<c r="{"ABCDEF"[at]}1" s="0" t="s"><v>{at}</v></c>' for at in range(6))
    row = (
        '<c r="A2" s="0" t="s"><v>6</v></c><c r="B2" s="2" t="s"><v>7</v></c><c r="C2" s="1" t="n"><v>31213</v></c>'
        '<c r="D2" s="0" t="s"><v>8</v></c><c r="E2" s="0" t="s"><v>9</v></c>'
        '<c r="F2" s="0" t="str"><v>13900001111</v></c>'
    )
    empty = "".join(
        f'<row r="{n}" customFormat="1" s="2"><c r="A{n}" s="2"/><c r="B{n}" s="2"/></row>' for n in range(3, 900)
    )
    sheet = (
        f'{HEAD}<worksheet xmlns="{MAIN}"><sheetPr filterMode="false"/><dimension ref="A1:F1048576"/><cols>'
        f'<col min="7" max="16384" width="11.5" style="2"/></cols><sheetData>{_row(1, head)}{_row(2, row)}{empty}'
        "</sheetData></worksheet>"
    )
    return _book(sheet, _strings(*texts))


def _prefixed(number: int, line: list[str]) -> str:
    cells = (
        f'<x:c r="{"ABCDEF"[at]}{number}" t="inlineStr"><x:is><x:t>{text}</x:t></x:is></x:c>'
        for at, text in enumerate(line)
    )
    return f'<x:row r="{number}">{"".join(cells)}</x:row>'


def with_prefixes() -> bytes:
    """A writer that names every element with a prefix and writes its texts into the cells."""
    cells = ["单小芳", IDENTITY, "1985-06-15", "小学", "语文", "13900001111"]
    rows = "".join(_prefixed(number, line) for number, line in enumerate([TITLES, cells], 1))
    return _book(f'{HEAD}<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>', _strings())


WRITERS = (by_openpyxl, by_xlsxwriter, like_excel, like_libreoffice, with_prefixes)


@pytest.mark.parametrize("write", WRITERS, ids=lambda each: each.__name__)
def test_every_writer_is_read_alike(world: World, queue: Any, db: Any, write: Callable[[], bytes]) -> None:
    school = Importing(world.actor("school_admin"), "teachers", "Teacher", queue)
    batch = school.plan(write())
    assert batch.counts == {"new": 1}, (
        batch.problems,
        [row.problems for row in school.rows(batch, ImportOutcome.ERROR)],
    )
    school.apply(batch)
    row = db.session.scalars(select(Teacher).where(Teacher.name == "单小芳")).one()
    assert (row.birth_date, row.mobile, row.national_id_tail) == (BORN, "13900001111", IDENTITY[-4:])


ROSTER = Path(__file__).with_name("files") / "libreoffice-teachers.xlsx"


def test_a_roster_that_libreoffice_wrote_is_read_with_its_merged_head_months_and_sum(
    world: World, queue: Any, db: Any
) -> None:
    """Two merged title lines, a head of two rows, a hidden column, months of birth, empty numbered rows, a sum."""
    school = Importing(world.actor("school_admin"), "teachers", "Teacher", queue)
    batch = school.plan(ROSTER.read_bytes())
    assert batch.header["row"] == 4
    assert [(plan.number, plan.outcome) for plan in school.rows(batch)] == [
        *((number, ImportOutcome.NEW) for number in range(5, 11)),
        (11, ImportOutcome.ERROR),
    ]
    wrong = {
        plan.number: [(p.field, p.code) for p in plan.problems] for plan in school.rows(batch, ImportOutcome.ERROR)
    }
    assert wrong == {11: [("national_id", "number_rounded")]}
    assert school.apply(batch).written == 6
    stored = {
        row.name: (row.birth_date, row.mobile)
        for row in db.session.scalars(select(Teacher).where(Teacher.mobile.like("1390000110%")))
    }
    assert stored == {
        "张三丰": (date(1980, 5, 6), "13900001101"),
        "李四光": (date(1981, 10, 12), "13900001102"),
        "王五一": (date(1982, 7, 8), "13900001103"),
        "赵六合": (date(1985, 6, 15), "13900001104"),
    }
