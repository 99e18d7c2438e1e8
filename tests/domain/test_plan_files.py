"""Plan files: what is let in and what is refused, by name, size and content (PRG-3, P8, S11)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from app.domain.plan_files import plan_file_problems, safe_name

LIMIT, TYPES = 500 * 1024, ("doc", "docx", "xls", "xlsx", "pdf")
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction[2 0 R/XYZ null null 0]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
TYPES_XML = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
NO_FAT, END, FREE = 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF


def package(
    main: str, parts: dict[str, bytes] | None = None, *, types: bytes = TYPES_XML, how: int = ZIP_DEFLATED
) -> bytes:
    """A zip package with its types, a main part and further `parts`."""
    file = BytesIO()
    with ZipFile(file, "w", how) as made:
        for name, content in {"[Content_Types].xml": types, main: b"<document/>", **(parts or {})}.items():
            made.writestr(name, content)
    return file.getvalue()


def docx(**parts: bytes) -> bytes:
    """A Word package; names of parts with __ for /, and _ for the dot before the extension."""
    return package("word/document.xml", {k.replace("__", "/").replace("_DOT_", "."): v for k, v in parts.items()})


def compound(names: Sequence[str], *, loop: bool = False) -> bytes:
    """A compound file with a directory of `names`, its sector table, and nothing else."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HH", header, 24, 0x3E, 3)
    struct.pack_into("<HH", header, 28, 0xFFFE, 9)
    struct.pack_into("<I", header, 44, 1)
    struct.pack_into("<I", header, 48, 1)
    struct.pack_into("<II", header, 68, END, 0)
    struct.pack_into("<109I", header, 76, 0, *([FREE] * 108))
    sectors = -(-len(names) // 4)
    chain = [NO_FAT, *range(2, sectors + 1), 1 if loop else END]
    fat = struct.pack("<128I", *chain, *([FREE] * (128 - len(chain))))
    entries = b""
    for name in names:
        text = name.encode("utf-16-le")
        entry = bytearray(128)
        entry[: len(text)] = text
        struct.pack_into("<HB", entry, 64, len(text) + 2, 5 if name == "Root Entry" else 2)
        entries += bytes(entry)
    return bytes(header) + fat + entries.ljust(sectors * 512, b"\0")


def bomb() -> bytes:
    """A package of some kilobytes with a part of sixty million spaces."""
    return docx(word__styles_DOT_xml=b" " * 60_000_000)


def codes(name: str, content: bytes) -> set[str]:
    """What is wrong with a file."""
    return {p.code.removeprefix("plan_file_") for p in plan_file_problems(name, content, limit=LIMIT, types=TYPES)}


STORED = package("word/document.xml", how=ZIP_STORED)
GOOD: dict[str, tuple[str, bytes]] = {
    "pdf": ("方案.pdf", PDF),
    "upper case": ("PLAN.PDF", PDF),
    "pdf with a line after the end": ("a.pdf", PDF + b"\r\n\r\n"),
    "word": ("方案.docx", docx()),
    "word with a chart's sheet": (
        "a.docx",
        docx(word__embeddings__sheet1_DOT_xlsx=b"PK", word__charts__c_DOT_xml=b"<c/>"),
    ),
    "word with pictures": ("a.docx", docx(word__media__i_DOT_png=b"\x89PNG")),
    "excel": ("a.xlsx", package("xl/workbook.xml")),
    "stored without packing": ("a.xlsx", package("xl/workbook.xml", how=ZIP_STORED)),
    "a link to a page": (
        "a.docx",
        docx(
            word___rels__document_DOT_xml_DOT_rels=(
                b'<Relationship Type="http://x/hyperlink" Target="http://www.zj.gov.cn" TargetMode="External"/>'
            )
        ),
    ),
    "wps writes custom parts": ("a.docx", docx(docProps__custom_DOT_xml=b"<wps/>", customXml__item1_DOT_xml=b"<s/>")),
    "libreoffice writes a thumbnail": ("a.docx", docx(docProps__app_DOT_xml=b"<Application>LibreOffice</Application>")),
    "old word": ("a.doc", compound(["Root Entry", "WordDocument", "1Table", "\x05SummaryInformation"])),
    "old word by wps": ("a.doc", compound(["Root Entry", "WordDocument", "0Table", "WpsCustomData", "Data"])),
    "old excel": ("a.xls", compound(["Root Entry", "Workbook", "\x05DocumentSummaryInformation"])),
    "older excel": ("a.xls", compound(["Root Entry", "Book"])),
    "just the limit": ("a.pdf", PDF[:-6] + b" " * (LIMIT - len(PDF)) + PDF[-6:]),
}
BAD: dict[str, tuple[str, bytes, set[str]]] = {
    "nothing": ("a.pdf", b"", {"empty"}),
    "501 KB": ("a.pdf", PDF + b" " * (501 * 1024 - len(PDF)), {"too_large"}),
    "a program": ("setup.exe", b"MZ" + b"\0" * 100, {"type"}),
    "a program called pdf": ("方案.pdf", b"MZ" + b"\0" * 100, {"content"}),
    "a program called docx": ("a.docx", b"MZ" + b"\0" * 100, {"content"}),
    "a program called doc": ("a.doc", b"MZ" + b"\0" * 100, {"content"}),
    "two extensions": ("plan.pdf.exe", PDF, {"type"}),
    "no extension": ("plan", PDF, {"type"}),
    "macro word": ("a.docm", docx(), {"type"}),
    "a page called doc": ("a.doc", b"<html><script>alert(1)</script></html>", {"content"}),
    "rich text called doc": ("a.doc", rb"{\rtf1 }", {"content"}),
    "new word called doc": ("a.doc", docx(), {"content"}),
    "old word called docx": ("a.docx", compound(["Root Entry", "WordDocument"]), {"content"}),
    "excel called word": ("a.docx", package("xl/workbook.xml"), {"content"}),
    "old excel called doc": ("a.doc", compound(["Root Entry", "Workbook"]), {"content"}),
    "any zip": ("a.docx", package("readme.txt"), {"content"}),
    "a program before the zip": ("a.docx", b"MZ\0\0" + docx(), {"content"}),
    "pdf cut off": ("a.pdf", PDF[:-8], {"damaged"}),
    "word cut off": ("a.docx", docx()[:-30], {"damaged"}),
    "old word cut off": ("a.doc", compound(["Root Entry", "WordDocument"])[:600], {"damaged"}),
    "old word in a circle": ("a.doc", compound(["Root Entry", "WordDocument"], loop=True), {"damaged"}),
    "broken part": ("a.docx", STORED.replace(b"<document/>", b"<d0cument/>"), {"damaged"}),
    "pdf with a script": ("a.pdf", PDF.replace(b"/Type", b"/JavaScript(app.alert)/Type"), {"active"}),
    "pdf with a hidden script": ("a.pdf", PDF.replace(b"/Type", b"/J#61vaScript(x)/Type"), {"active"}),
    "pdf that starts a program": ("a.pdf", PDF.replace(b"/Type", b"/Launch/Type"), {"active"}),
    "pdf with a file inside": ("a.pdf", PDF.replace(b"/Type", b"/EmbeddedFiles 3 0 R/Type"), {"active"}),
    "pdf with a password": ("a.pdf", PDF.replace(b"/Root", b"/Encrypt 9 0 R/Root"), {"locked"}),
    "macros in docx": ("a.docx", docx(word__vbaProject_DOT_bin=b"x"), {"active"}),
    "macros by type": ("a.docx", package("word/document.xml", types=b"<T>ms-word.document.macroEnabled</T>"),
                       {"active"}),
    "object in docx": ("a.docx", docx(word__embeddings__oleObject1_DOT_bin=b"x"), {"active"}),
    "activex": ("a.docx", docx(word__activeX__activeX1_DOT_xml=b"<x/>"), {"active"}),
    "program inside": ("a.docx", docx(word__media__setup_DOT_exe=b"MZ"), {"active"}),
    "template from outside": ("a.docx", docx(word___rels__settings_DOT_xml_DOT_rels=(
        b'<Relationship TargetMode="External" Target="http://evil/x.dotm" Type="http://x/attachedTemplate"/>')),
        {"active"}),
    "entities": ("a.docx", docx(word__styles_DOT_xml=b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'), {"active"}),
    "macro sheet": ("a.xlsx", package("xl/workbook.xml", {"xl/macrosheets/sheet1.xml": b"<x/>"}), {"active"}),
    "macros in doc": ("a.doc", compound(["Root Entry", "WordDocument", "Macros", "_VBA_PROJECT"]), {"active"}),
    "macros in xls": ("a.xls", compound(["Root Entry", "Workbook", "_VBA_PROJECT_CUR"]), {"active"}),
    "object in doc": ("a.doc", compound(["Root Entry", "WordDocument", "ObjectPool"]), {"active"}),
    "locked docx": ("a.docx", compound(["Root Entry", "EncryptionInfo", "EncryptedPackage"]), {"locked"}),
    "locked doc": ("a.doc", compound(["Root Entry", "WordDocument", "EncryptionInfo"]), {"locked"}),
    "leaves the package": ("a.docx", package("word/document.xml", {"../../evil.xml": b"<x/>"}), {"damaged"}),
    "absolute part": ("a.docx", package("word/document.xml", {"/etc/passwd": b"x"}), {"damaged"}),
    "bomb": ("a.docx", bomb(), {"bomb"}),
    "very many parts": ("a.docx", package("word/document.xml", {f"word/{n}.txt": b"" for n in range(2100)}), {"bomb"}),
    "long name": (f"{'长' * 130}.pdf", PDF, {"name"}),
    "large and of no type": ("a.exe", b"MZ" * LIMIT, {"too_large", "type"}),
}  # fmt: skip


@pytest.mark.req("PRG-3", "S11")
@pytest.mark.parametrize("case", GOOD)
def test_what_office_programs_make_is_let_in(case: str) -> None:
    assert codes(*GOOD[case]) == set()


@pytest.mark.req("PRG-3", "S11")
@pytest.mark.parametrize("case", BAD)
def test_what_is_not_a_plan_is_refused_with_the_reason(case: str) -> None:
    name, content, wanted = BAD[case]
    assert codes(name, content) == wanted


@pytest.mark.req("PRG-3", "S11")
@pytest.mark.parametrize(
    ("name", "content"), [*GOOD.values(), *((n, c) for n, c, _ in BAD.values())], ids=[*GOOD, *BAD]
)
def test_no_shortened_file_raises(name: str, content: bytes) -> None:
    for length in {0, 1, 8, 60, 511, 513, 700, len(content) // 2, len(content) - 1}:
        plan_file_problems(name, content[: max(length, 0)], limit=LIMIT, types=TYPES)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("C:\\方案\\plan.pdf", "plan.pdf"), ("../../etc/plan.pdf", "plan.pdf"), ("pl\x00an\n.pdf", "plan.pdf"), ("", "")],
)
def test_of_a_name_only_the_last_printable_part_is_kept(given: str, kept: str) -> None:
    assert safe_name(given) == kept


def test_the_sentence_names_file_size_and_limit() -> None:
    [found] = plan_file_problems("方案.pdf", PDF + b" " * LIMIT, limit=LIMIT, types=TYPES)
    params: dict[str, Any] = found.text.params
    assert (found.field, params["size"], params["limit"]) == ("plan_file", 501, 500)
