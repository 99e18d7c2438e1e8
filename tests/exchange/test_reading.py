"""Opening workbooks: hostile ones are refused with a sentence and cost little; honest ones of any writer are read."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from app.domain.errors import Invalid
from app.exchange import reading, reading_child
from app.exchange.reading import open_book
from tests.support.workbooks import HOSTILE, parts, sheet_xml, workbook, zipped

Rows = list[tuple[int, list[Any]]]


def rows_of(data: bytes, folder: Path) -> Rows:
    path = folder / "book.xlsx"
    path.write_bytes(data)
    with open_book(path) as book:
        return [row for block in book.blocks for row in block]


@pytest.mark.req("S12", "TCH-6")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_workbook_is_refused_with_its_reason(name: str, tmp_path: Path) -> None:
    codes, make = HOSTILE[name]
    data = make()
    with pytest.raises(Invalid) as refused:
        rows_of(data, tmp_path)
    assert refused.value.code.removeprefix("workbook_") in codes.split("|")
    assert len(str(refused.value)) > 20


MEASURE = """
import resource, sys
from pathlib import Path
from app.domain.errors import Invalid
from app.exchange.reading import open_book
for path in sys.argv[1:]:
    try:
        with open_book(Path(path)) as book:
            list(book.blocks)
    except Invalid:
        continue
    sys.exit(path + " was read")
used = resource.getrusage(resource.RUSAGE_CHILDREN)
own = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(used.ru_maxrss, own, used.ru_utime)
"""


@pytest.mark.req("S12")
def test_refusing_costs_little_memory_and_processor_time(tmp_path: Path) -> None:
    """Measured in a process of its own; memory in kilobytes of the reader and of its parent, processor seconds."""
    paths = []
    for name, (_, make) in HOSTILE.items():
        paths.append(tmp_path / f"{name}.xlsx")
        paths[-1].write_bytes(make())
    command = [sys.executable, "-c", MEASURE, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reader, parent, seconds = (float(number) for number in done.stdout.split())
    assert max(reader, parent) < 400 * 1024
    assert seconds < 5 * len(paths)


@pytest.mark.req("S12")
def test_a_file_too_large_is_refused_without_being_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.xlsx"
    with open(path, "wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(200 << 20)
    monkeypatch.setattr(reading, "_start", lambda _path: pytest.fail("it was opened"))
    with pytest.raises(Invalid, match="200 MB") as refused, open_book(path):
        pass
    assert refused.value.code == "workbook_too_big"


@pytest.mark.req("S12")
def test_no_child_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin, children = reading._start, list[subprocess.Popen[bytes]]()
    monkeypatch.setattr(reading, "_start", lambda path: children.append(begin(path)) or children[-1])
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook([["代码"], *([str(n)] for n in range(5000))]))
    with open_book(path) as book:
        next(book.blocks)
    [child] = children
    assert child.returncode is not None  # ended, and waited for


@pytest.mark.req("TCH-6")
def test_rows_keep_their_numbers_and_columns_though_the_table_begins_elsewhere(tmp_path: Path) -> None:
    xml = sheet_xml([[None, None, "代码"], [], [None, None, 5.0]], first=4)
    assert rows_of(zipped(parts({"a": xml})), tmp_path) == [(4, [None, None, "代码"]), (6, [None, None, 5.0])]


@pytest.mark.req("TCH-6")
def test_the_first_visible_sheet_is_read_and_the_others_are_told_of(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    sheets = {"lists": sheet_xml([["x"]]), "数据": sheet_xml([["代码"], ["1"]]), "说明": sheet_xml([["read me"]])}
    path.write_bytes(zipped(parts(sheets, hidden=frozenset({"lists"}))))
    with open_book(path) as book:
        assert (book.sheet, book.others) == ("数据", ("说明",))
        assert next(book.blocks) == [(1, ["代码"]), (2, ["1"])]


@pytest.mark.req("TCH-6")
def test_formulas_and_errors_are_known_by_their_address(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook([["代码", "名称"], [("f", "1+1", 2), ("e", "#N/A")]]))
    with open_book(path) as book:
        assert (book.formulas, book.errors) == ({"A2"}, {"B2"})


@pytest.mark.req("TCH-6")
def test_formulas_of_a_writer_with_prefixes_are_seen_too(tmp_path: Path) -> None:
    xml = sheet_xml([["代码"], [("f", "1+1", 2)]])
    for tag in ("worksheet", "sheetData", "row", "c", "f", "v", "is", "t"):
        for end in (">", " "):
            xml = xml.replace(f"<{tag}{end}", f"<x:{tag}{end}").replace(f"</{tag}>", f"</x:{tag}>")
    path = tmp_path / "book.xlsx"
    path.write_bytes(zipped(parts({"a": xml.replace("xmlns=", "xmlns:x=")})))
    with open_book(path) as book:
        assert book.formulas == {"A2"}


def _said(path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Rows, list[Any]]:
    """Return the rows the child tells of, sliced by `size`, and what it says before and after them."""
    lines: list[Any] = []
    monkeypatch.setattr(reading_child, "FIRST_SLICE", size)
    monkeypatch.setattr(reading_child, "SLICE", 2 * size)
    monkeypatch.setattr(reading_child, "_say", lines.append)
    monkeypatch.setattr(reading_child, "limit", lambda _unpacked: None)
    reading_child.read(str(path))
    return [(number, cells) for block in lines[1:-1] for number, cells, _days in block], [lines[0], lines[-1]]


@pytest.mark.req("B2", "TCH-6")
@pytest.mark.parametrize("inline", [True, False])
def test_a_sheet_read_in_slices_is_the_sheet_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inline: bool
) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path), {"constant_memory": inline}) as book:
        page, day = book.add_worksheet("甲"), book.add_format({"num_format": "yyyy-mm-dd"})
        for line in (*range(3, 400), *range(500, 900)):
            page.write_string(line, 1, f'张{line % 7} <row r="{line}">')
            page.write_datetime(line, 2 + line % 2, date(2026, 3, 1 + line % 28), day)
        book.add_worksheet("乙")
    with zipfile.ZipFile(path) as archive:
        assert len(list(reading_child.sliced(str(path), archive, "xl/worksheets/sheet1.xml"))) == 1
        monkeypatch.setattr(reading_child, "FIRST_SLICE", 4000)
        assert len(list(reading_child.sliced(str(path), archive, "xl/worksheets/sheet1.xml"))) >= 3
    whole, about = _said(path, 1 << 30, monkeypatch)
    in_slices, told = _said(path, 4000, monkeypatch)
    bare = [
        [(number, [cell for cell in cells if cell is not None]) for number, cells in rows]
        for rows in (whole, in_slices)
    ]
    assert bare[0] == bare[1]
    assert [number for number, _cells in in_slices] == [*range(4, 401), *range(501, 901)]
    assert [cells[1] for _number, cells in in_slices] == [cells[1] for _number, cells in whole]
    assert about == told
    assert about[1] == {"end": 797}


@pytest.mark.req("B2", "TCH-6")
def test_a_sheet_whose_rows_have_no_numbers_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbered = sheet_xml([[f"第{number}行"] for number in range(300)])
    bare = re.sub(r'<(row|c) r="[A-Z0-9]+"', r"<\1", numbered)
    path = tmp_path / "book.xlsx"
    path.write_bytes(zipped(parts({"数据": bare})))
    found, _about = _said(path, 1000, monkeypatch)
    assert found == [(number + 1, [f"第{number}行"]) for number in range(300)]
