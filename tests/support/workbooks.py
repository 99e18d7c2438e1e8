"""Workbooks as other programs, and attackers, write them: made by hand from their parts."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from app.domain.cells import address_of

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def cell(row: int, at: int, value: Any) -> str:
    """One cell: text inline, numbers as such, a tuple ("f", formula, shown) or ("e", error) as those."""
    where = f'r="{address_of(row, at)}"'
    if value is None:
        return ""
    if isinstance(value, tuple) and value[0] == "f":
        return f"<c {where}><f>{escape(value[1])}</f><v>{value[2]}</v></c>"
    if isinstance(value, tuple):
        return f'<c {where} t="e"><v>{value[1]}</v></c>'
    if isinstance(value, int | float):
        return f"<c {where}><v>{value!r}</v></c>"
    return f'<c {where} t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def sheet_xml(rows: Sequence[Sequence[Any]], first: int = 1) -> str:
    """A sheet whose rows begin at `first`; an empty row is left out."""
    body = "".join(
        f'<row r="{number}">{"".join(cell(number, at, value) for at, value in enumerate(row))}</row>'
        for number, row in enumerate(rows, first)
        if row
    )
    return f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'


def parts(sheets: Mapping[str, str], hidden: frozenset[str] = frozenset()) -> dict[str, bytes]:
    """The parts of a workbook with these sheets."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{number}"{" state=" + chr(34) + "hidden" + chr(34) if name in hidden else ""} '
        f'r:id="rId{number}"/>'
        for number, name in enumerate(sheets, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n, _ in enumerate(sheets, 1)
    )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    made = {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        "</Types>",
        "_rels/.rels": f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>',
        **{f"xl/worksheets/sheet{n}.xml": xml for n, xml in enumerate(sheets.values(), 1)},
    }
    return {name: text.encode() for name, text in made.items()}


def zipped(made: Mapping[str, bytes], level: int = 6) -> bytes:
    """The parts as one file."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in made.items():
            archive.writestr(name, content)
    return file.getvalue()


def workbook(rows: Sequence[Sequence[Any]], **others: Sequence[Sequence[Any]]) -> bytes:
    """A workbook of one sheet, and further visible ones by name."""
    return zipped(parts({"数据": sheet_xml(rows), **{name: sheet_xml(each) for name, each in others.items()}}))


# --- hostile ones

ONE = [["代码", "名称"], ["1", "a"]]
DOCTYPE = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>'


def with_part(name: str, content: bytes) -> bytes:
    """A good workbook with one part more, or another one in its place."""
    return zipped({**parts({"数据": sheet_xml(ONE)}), name: content})


def bomb() -> bytes:
    """300 MB of one letter in the shared strings."""
    text = f'{HEAD}<sst xmlns="{MAIN}"><si><t>'.encode() + b"x" * (300 << 20) + b"</t></si></sst>"
    return with_part("xl/sharedStrings.xml", text)


def sparse_corner() -> bytes:
    """Two cells at the ends of the sheet: a table of 17 billion cells between them."""
    xml = sheet_xml([["代码"]]).replace(
        "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    return zipped(parts({"数据": xml}))


def tall_corner() -> bytes:
    """A last row as far down as can be, in many columns."""
    xml = sheet_xml([["代码"]]).replace(
        "</sheetData>", '<row r="1048576"><c r="GR1048576"><v>1</v></c></row></sheetData>'
    )
    return zipped(parts({"数据": xml}))


def repeated_text() -> bytes:
    """A text of 2 MB that 2,000 cells refer to."""
    text = f'{HEAD}<sst xmlns="{MAIN}"><si><t>{"ab0c" * 500_000}</t></si></sst>'
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 2001))
    made = parts({"数据": f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'})
    rels = made["xl/_rels/workbook.xml.rels"].replace(
        b"</Relationships>",
        f'<Relationship Id="rId9" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'.encode(),
    )
    return zipped({**made, "xl/sharedStrings.xml": text.encode(), "xl/_rels/workbook.xml.rels": rels})


def entities() -> bytes:
    """Entities that grow, and one that names a file."""
    xml = sheet_xml(ONE).replace(HEAD, HEAD + DOCTYPE)
    return zipped(parts({"数据": xml}))


def encrypted_entry() -> bytes:
    """A zip whose entries say that they are encrypted."""
    data = bytearray(workbook(ONE))
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        flags = struct.unpack_from("<H", data, at + 8)[0]
        struct.pack_into("<H", data, at + 8, flags | 1)
        at = data.find(b"PK\x01\x02", at + 1)
    return bytes(data)


def protected() -> bytes:
    """What a spreadsheet program makes of a workbook with a password: an OLE container."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1016) + "EncryptedPackage".encode("utf-16-le") + bytes(512)


def many_columns(count: int = 1000) -> bytes:
    """A sheet of very many columns."""
    return workbook([[f"列{n}" for n in range(count)], [str(n) for n in range(count)]])


HOSTILE: dict[str, tuple[str, Any]] = {
    "bomb": ("bomb", bomb),
    "sparse_corner": ("too_many_columns", sparse_corner),
    "tall_corner": ("too_large", tall_corner),
    "repeated_text": ("too_large|long_text", repeated_text),
    "long_text": ("long_text", lambda: workbook([*ONE, ["2", "x" * 40_000]])),
    "entities": ("entities", entities),
    "truncated": ("damaged", lambda: workbook(ONE)[:-200]),
    "torn": ("damaged", lambda: workbook(ONE)[:400]),
    "encrypted_entry": ("encrypted", encrypted_entry),
    "password": ("encrypted", protected),
    "zip_slip": ("odd_paths", lambda: with_part("../../etc/cron.d/x", b"x")),
    "windows_path": ("odd_paths", lambda: with_part("c:\\x", b"x")),
    "macro": ("macros", lambda: with_part("xl/vbaProject.bin", b"x")),
    "macro_type": ("macros", lambda: with_part("[Content_Types].xml", b"<Types>application/vnd.ms-excel.sheet."
                                               b"macroEnabled.main+xml</Types>")),
    "old_xls": ("old_format", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)),
    "csv": ("not_xlsx", lambda: "代码,名称\n1,a\n".encode()),
    "exe": ("not_xlsx", lambda: b"MZ\x90\x00" + bytes(500)),
    "html": ("not_xlsx", lambda: b"<html><table></table></html>"),
    "docx": ("not_xlsx", lambda: zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<x/>"})),
    "empty": ("empty", lambda: b""),
    "columns": ("too_many_columns", many_columns),
    "broken_xml": ("damaged", lambda: with_part("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row")),
    "no_sheet_part": ("damaged", lambda: with_part("xl/_rels/workbook.xml.rels", b"<Relationships/>")),
    "formulas": ("too_many_formulas", lambda: workbook([["代码"], *([("f", "1+1", 2)] for _ in range(2500))])),
    "hidden_only": ("no_sheet", lambda: zipped(parts({"a": sheet_xml(ONE)}, hidden=frozenset({"a"})))),
}  # fmt: skip
