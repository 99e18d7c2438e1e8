"""Reads one workbook in a process of its own with small means; started by `reading.py`, which never opens the file.

It runs as a plain script and knows nothing of the application, so that it starts quickly and has nothing to lose. It
answers in lines of JSON: either {"refused": code, "params": {…}}, or {"sheet": …} and then blocks of
[[row number, [cells…], [places of days…]], …] and at the end {"end": rows}. An empty cell is null; days and moments
are ISO text. No line at the end means that the process was ended by its limits.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import IO, Any
from xml.etree import ElementTree

BLOCK = 500  # rows sent at once
PIECE = 1 << 20  # bytes of XML looked at together
# Bytes of XML whose rows are held in memory together, or as many as the shared strings have: few at first, so that who
# waits for the rows has something to do.
FIRST_SLICE, SLICE = 3 << 20, 24 << 20
OVERLAP = 600  # bytes kept of the last piece, longer than the tag of any cell
MOST_ENTRIES = 2_000  # files inside the workbook
MOST_RATIO = 200  # times a part may be larger unpacked; sheets reach 60
SMALL = 8 << 20  # bytes below which the ratio of a part does not matter
MOST_UNPACKED = 1 << 30  # bytes of all parts
MOST_COLUMNS = 200
LEAST_MEMORY, MOST_MEMORY, MEMORY_A_BYTE = 300 << 20, 1_200 << 20, 3  # bytes of address space
LEAST_SECONDS, BYTES_A_SECOND = 4, 10 << 20  # of processor time
MOST_TEXT = 32_767  # characters of one cell, the limit of Excel itself
MOST_MARKED = 2_000  # formulas and errors that are listed
MOST_MERGED = 50_000  # merged cells that are listed
# A cell beyond column GR: its reference has three letters, or two from GS on.
BEYOND = re.compile(rb'\br="(?:[A-Z]{3}|[H-Z][A-Z]|G[S-Z])\d')
FORMULA = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3}\d{1,7})"[^>]*>\s*<(?:\w+:)?f\b')
ROW = re.compile(rb'<row\b[^>]*?\br="\d+"')  # a row that tells its number
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')
ERROR = re.compile(rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")[^>]*?\br="([A-Z]{1,3}\d{1,7})"[^>]*>')
DAYS = frozenset({date, datetime, time, timedelta})
NEEDED = {"[content_types].xml", "xl/workbook.xml", "xl/styles.xml", "xl/sharedstrings.xml", "xl/theme/theme1.xml"}
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


class Refused(Exception):
    """The workbook is not read; `code` and `params` say why."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code, self.params = code, params
        super().__init__(code)


def limit(unpacked: int) -> None:
    """Allow as much memory and processor time as an honest sheet of `unpacked` bytes needs; no files, no core dumps."""
    memory = min(LEAST_MEMORY + MEMORY_A_BYTE * unpacked, MOST_MEMORY)
    seconds = LEAST_SECONDS + unpacked // BYTES_A_SECOND
    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0),
                       (resource.RLIMIT_FSIZE, 0)):  # fmt: skip
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


# --- the zip directory


def look_inside(archive: zipfile.ZipFile) -> int:
    """Return the unpacked size. Refuses bombs, odd paths, macros, encryption, other kinds of document."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > MOST_ENTRIES or len(set(names)) != len(names):
        raise Refused("damaged")
    if any(_odd(name) for name in names):
        raise Refused("odd_paths")
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused("encrypted")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_UNPACKED or any(map(_is_bomb, entries)):
        raise Refused("bomb")
    lower = {name.lower() for name in names}
    if any(name.endswith("vbaproject.bin") for name in lower):
        raise Refused("macros")
    if "[content_types].xml" not in lower or "xl/workbook.xml" not in lower:
        raise Refused("not_xlsx")
    if b"macroenabled" in _start(archive, "[Content_Types].xml").lower():
        raise Refused("macros")
    return unpacked


def _odd(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/")


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > SMALL and entry.file_size > MOST_RATIO * max(entry.compress_size, 1)


def _start(archive: zipfile.ZipFile, name: str, size: int = 65_536) -> bytes:
    try:
        with archive.open(name) as part:
            return part.read(size)
    except KeyError:
        return b""


def look_for_entities(archive: zipfile.ZipFile) -> None:
    """Refuse XML that declares a document type: spreadsheets have none, attacks by entities do."""
    for name in archive.namelist():
        if name.lower().endswith((".xml", ".rels")):
            start = _start(archive, name).replace(b"\0", b"").lower()
            if b"<!doctype" in start or b"<!entity" in start:
                raise Refused("entities")


# --- which sheet, and what stands in it


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the name of each sheet and the part of the archive that holds it."""
    targets = {
        node.get("Id"): node.get("Target", "")
        for node in _xml(archive, "xl/_rels/workbook.xml.rels")
        if node.tag.endswith("Relationship")
    }
    parts = {}
    for node in _xml(archive, "xl/workbook.xml").iter():
        if node.tag.endswith("}sheet"):
            target = targets.get(node.get(RELATION) or node.get(STRICT_RELATION), "")
            parts[node.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return parts


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    found = next((each for each in archive.namelist() if each.lower() == name.lower()), name)
    return ElementTree.fromstring(_start(archive, found, SMALL))  # noqa: S314 - bounded, and without a document type


def marked_cells(part: IO[bytes]) -> dict[str, Any]:
    """Return which cells hold formulas, which show an error, which go over several rows, and about how many rows."""
    formulas: set[str] = set()
    errors: set[str] = set()
    merged: set[tuple[int, int, int]] = set()
    kept, rows = b"", 0
    while piece := part.read(PIECE):
        rows += piece.count(b"<row ")
        text = kept + piece
        if BEYOND.search(text):
            raise Refused("too_many_columns", most=MOST_COLUMNS)
        if b"<f" in text or b":f>" in text or b":f " in text:
            formulas.update(found.decode() for found in FORMULA.findall(text))
        if b't="e"' in text:
            errors.update(found.decode() for found in ERROR.findall(text))
        if len(formulas) + len(errors) > MOST_MARKED:
            raise Refused("too_many_formulas", first=min(formulas | errors, key=_place))
        if b"mergeCell " in text and len(merged) < MOST_MERGED:
            merged.update(_merged(text))
        kept = text[-OVERLAP:]
    return {"formulas": sorted(formulas), "errors": sorted(errors - formulas), "merged": sorted(merged), "rows": rows}


def _merged(text: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the column (from 0) and the first and last row of each cell merged over several rows."""
    for letters, first, last in MERGED.findall(text):
        if int(first) < int(last):
            place = 0
            for letter in letters:
                place = 26 * place + letter - 64
            yield place - 1, int(first), int(last)


def _place(address: str) -> tuple[int, str]:
    letters = address.rstrip("0123456789")
    return int(address[len(letters) :]), letters.rjust(3)


def choose_sheet(book: Any) -> tuple[str, list[str]]:
    """Return the name of the first visible sheet with rows, and those of the other visible ones."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    visible = [
        each.name
        for each in book.sheets_metadata
        if each.visible == SheetVisibleEnum.Visible and each.typ == SheetTypeEnum.WorkSheet
    ]
    if not visible:
        raise Refused("no_sheet")
    return visible[0], visible[1:]


# --- a part of the rows at a time: a sheet as a whole takes ten times its size


def sliced(path: str, archive: zipfile.ZipFile, sheet: str) -> Iterator[Any]:
    """Yield workbooks (paths or files) that hold a part of the rows of the part `sheet` each, with their numbers.

    A slice holds the shared strings too and is as large as they are at least, so they cost no more than the rows. A
    sheet is cut before rows that tell their number; one that begins with another row stays whole.
    """
    others = [entry for entry in archive.infolist() if entry.filename != sheet and _is_needed(entry.filename)]
    least = max((entry.file_size for entry in others), default=0)
    size = max(FIRST_SLICE, least)
    with archive.open(sheet) as part:
        text = part.read(size)
        start = text.find(b"<row ")
        if archive.getinfo(sheet).file_size <= size or start < 0 or not ROW.match(text, start):
            yield path
            return
        while more := part.read(size):
            at = text.rfind(b"<row ")
            if at > start and ROW.match(text, at):
                yield _with_sheet(archive, others, sheet, text[:at] + b"</sheetData></worksheet>")
                text = text[:start] + text[at:]
                size = max(min(2 * size, SLICE), least)
            text += more
    yield _with_sheet(archive, others, sheet, text)


def _is_needed(name: str) -> bool:
    """Tell whether a part says something about the cells of other parts."""
    lower = name.lower()
    return lower.endswith(".rels") or lower in NEEDED


def _with_sheet(archive: zipfile.ZipFile, others: list[zipfile.ZipInfo], sheet: str, text: bytes) -> IO[bytes]:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as target:
        target.writestr(sheet, text)
        for entry in others:
            target.writestr(entry.filename, archive.read(entry))
    made.seek(0)
    return made


# --- sending the rows


def send_rows(sheet: Any) -> int:
    """Send every row that is not empty, with its number and its cells from column A on; return how many."""
    if sheet.start is None:
        return 0
    before: list[Any] = [None] * sheet.start[1]
    block: list[Any] = []
    count = 0
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = [*before, *(None if cell == "" else cell for cell in row)]
        if not any(cell is not None for cell in cells):
            continue
        days = [place for place, cell in enumerate(cells) if type(cell) in DAYS]
        for place in days:
            cells[place] = str(cells[place]) if type(cells[place]) is timedelta else cells[place].isoformat()
        block.append([number, cells, days])
        count += 1
        if len(block) >= BLOCK:
            _send(block)
            block = []
    _send(block)
    return count


def _send(block: list[Any]) -> None:
    if block:
        _refuse_long_text(block)
        _say(block)


def _refuse_long_text(block: list[Any]) -> None:
    for number, cells, _days in block:
        for cell in cells:
            if type(cell) is str and len(cell) > MOST_TEXT:
                raise Refused("long_text", row=number, most=MOST_TEXT)


def _say(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=True) + "\n")


def read(path: str) -> None:
    """Check and read the workbook at `path`."""
    from python_calamine import CalamineWorkbook

    with zipfile.ZipFile(path) as archive:
        limit(look_inside(archive))
        look_for_entities(archive)
        parts = sheet_parts(archive)
        with CalamineWorkbook.from_path(path) as book:
            name, others = choose_sheet(book)
        with archive.open(parts[name]) as part:
            about = {"sheet": name, "others": others, **marked_cells(part)}
        count = 0
        for number, some in enumerate(sliced(path, archive, parts[name])):
            with CalamineWorkbook.from_object(some) as book:
                sheet = book.get_sheet_by_name(name)
            if sheet.end is not None and sheet.end[1] >= MOST_COLUMNS:
                raise Refused("too_many_columns", most=MOST_COLUMNS)
            if number == 0:  # what cannot be read at all is refused before anything is told of it
                _say(about)
            count += send_rows(sheet)
        _say({"end": count})


def main(path: str) -> None:
    """Read `path` and say what it holds, or why not."""
    limit(0)
    try:
        read(path)
    except Refused as refusal:
        _say({"refused": refusal.code, "params": refusal.params})
    except MemoryError:
        _say({"refused": "too_large", "params": {}})
    except BaseException as error:  # noqa: BLE001 - whatever a hostile file provokes, panics too, ends in one answer
        sys.stderr.write(repr(error))
        _say({"refused": "damaged", "params": {}})
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
