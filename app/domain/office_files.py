"""Looking into office files without opening them: the old compound format (doc, xls) and zip packages (docx, xlsx).

Both readers follow the structure the file declares, with every step bounded, and answer with words of
`plan_files.Fault`: content, damaged, active, locked, bomb.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from io import BytesIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from app.domain.compound_files import BROKEN, OLE, CompoundFile

ZIP = b"PK\x03\x04"
# Storages and streams that carry programs, and those of a locked file.
ACTIVE_STREAMS = {"Macros", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "VBA", "ObjectPool", "\x01Ole10Native"}
LOCKED_STREAMS = {"EncryptedPackage", "EncryptionInfo"}
# Records of an old workbook: a sheet and its kind, a password.
SHEET, PASSWORD, MACRO_SHEETS = 0x85, 0x2F, (1, 6)
WORD_FLAGS, WORD_LOCKED = 11, 0x01  # of an old document: the byte, and its bit that says “encrypted”

MOST_PARTS = 2000
MOST_UNPACKED = 64 * 1024 * 1024  # bytes
MOST_RATIO = 200  # of one part; pictures are packed already, XML rarely better than a hundredfold
SMALL = 1024 * 1024  # bytes of a part below which the ratio says nothing
_ACTIVE_PART = re.compile(
    r"vbaProject|vbaData|activeX/|oleObject\d*\.bin$|macrosheets/"
    r"|\.(exe|dll|js|jse|vbs|vbe|wsf|ps1|hta|bat|cmd|com|scr|lnk|jar|msi|docm|dotm|xlsm|xltm|xlam|xlsb|html?)$",
    re.IGNORECASE,
)
_RELATION = re.compile(r"<Relationship\b[^>]*>", re.IGNORECASE)
_OUTSIDE = re.compile(r"""TargetMode\s*=\s*["']External["']""", re.IGNORECASE)
_LOADED = re.compile(r"/(?:attachedTemplate|oleObject|frame|externalLinkPath|subDocument)[\"']", re.IGNORECASE)
_PROGRAM = re.compile(r"/(?:vbaProject|wordVbaData|oleObject|control|aFChunk|xlMacrosheet)[\"']", re.IGNORECASE)
_DOCTYPE = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_FIELD = re.compile(r"<w:instrText[^>]*>([^<]*)|w:instr\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
_DDE = re.compile(r"\bDDE(?:AUTO)?\b|<(?:\w+:)?ddeLink\b", re.IGNORECASE)


def legacy_faults(content: bytes, wanted: set[str]) -> list[str]:
    """Return what is wrong with a compound file that has to hold one of the streams `wanted`."""
    if not content.startswith(OLE):
        return ["content"]
    try:
        file = CompoundFile(content)
        if file.names & LOCKED_STREAMS:
            return ["locked"]
        if not file.names & wanted:
            return ["content"]
        if _has_password(file):
            return ["locked"]
        return ["active"] if file.names & ACTIVE_STREAMS or _has_macro_sheet(file) else []
    except BROKEN:
        return ["damaged"]


def _has_password(file: CompoundFile) -> bool:
    document = file.stream("WordDocument")
    return (len(document) > WORD_FLAGS and bool(document[WORD_FLAGS] & WORD_LOCKED)) or any(
        kind == PASSWORD for kind, _data in _records(file)
    )


def _has_macro_sheet(file: CompoundFile) -> bool:
    return any(kind == SHEET and len(data) > 5 and data[5] in MACRO_SHEETS for kind, data in _records(file))


def _records(file: CompoundFile) -> Iterator[tuple[int, bytes]]:
    """Yield the records of an old workbook: kind and data."""
    book = file.stream("Workbook") or file.stream("Book")
    at = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length


def package_faults(content: bytes, main: str) -> list[str]:
    """Return what is wrong with a zip package that has to hold the part `main`."""
    if content.startswith(OLE):
        return ["locked"] if "EncryptedPackage" in _names_or_none(content) else ["content"]
    if not content.startswith(ZIP):
        return ["content"]
    try:
        with ZipFile(BytesIO(content)) as package:
            return _part_faults(package, package.infolist(), main)
    except (BadZipFile, ValueError, OSError, EOFError, NotImplementedError, RuntimeError, struct.error):
        return ["damaged"]
    except Exception as error:  # zlib.error is no subclass of anything above
        if type(error).__name__ == "error":
            return ["damaged"]
        raise


def _names_or_none(content: bytes) -> set[str]:
    try:
        return CompoundFile(content).names
    except BROKEN:
        return set()


def _part_faults(package: ZipFile, parts: list[ZipInfo], main: str) -> list[str]:
    names = {part.filename for part in parts}
    if main not in names or "[Content_Types].xml" not in names:
        return ["content"]
    if len(names) != len(parts) or any(_leaves_the_package(name) for name in names):
        return ["damaged"]
    if any(part.flag_bits & 1 for part in parts):
        return ["locked"]
    if _blows_up(parts):
        return ["bomb"]
    if any(_ACTIVE_PART.search(name) for name in names) or _declares_programs(package, names):
        return ["active"]
    return ["damaged"] if package.testzip() else []


def _leaves_the_package(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name


def _blows_up(parts: list[ZipInfo]) -> bool:
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        return True
    return any(p.file_size > SMALL and p.file_size > MOST_RATIO * max(p.compress_size, 1) for p in parts)


def _declares_programs(package: ZipFile, names: set[str]) -> bool:
    """Tell whether types, relations or fields name programs or load something, or the XML declares entities."""
    for name in names:
        if not name.lower().endswith((".rels", ".xml", ".vml")):
            continue
        text = _text(package.read(name))
        if _DOCTYPE.search(text) or (name.lower().endswith(".rels") and _loads_or_runs(text)):
            return True
        if _DDE.search("".join(a or b for a, b in _FIELD.findall(text))) or "ddeLink" in text:
            return True
    types = _text(package.read("[Content_Types].xml"))
    return any(word in types for word in ("macroEnabled", "vbaProject", "activeX", "macrosheet", "oleObject"))


def _text(part: bytes) -> str:
    """Return XML as text, whichever of its encodings it has."""
    wide = part.startswith((b"\xff\xfe", b"\xfe\xff")) or part[:2] in (b"<\0", b"\0<")
    if not wide:
        return part.decode("utf-8", "replace")
    return part.decode("utf-16-be" if part[:2] in (b"\xfe\xff", b"\0<") else "utf-16-le", "replace")


def _loads_or_runs(relations: str) -> bool:
    """Tell whether opening the file would run something or load it from elsewhere; links are harmless."""
    found = _RELATION.findall(relations)
    return any(_PROGRAM.search(one) or (_OUTSIDE.search(one) and _LOADED.search(one)) for one in found)
