"""Opening a workbook somebody sent: refused before it is parsed, or read row by row in a limited child process (S12).

The web and worker processes never parse the file. `open_book` looks at size and first bytes and starts
`reading_child.py`, which checks the zip directory, the parts and the dimensions before it reads the rows; memory and
processor time are limited by the operating system. Whatever happens there is a translated refusal here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from app.domain.cells import Cell
from app.domain.errors import Invalid, Problem, problem
from app.domain.text import N_

CHILD = Path(__file__).with_name("reading_child.py")
MOST_BYTES = 100 << 20  # of a file; 390,000 teachers take about 40 MB
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
LONGEST_LINE = 64 << 20  # bytes of a block

REFUSALS: dict[str, str] = {
    "empty": N_("The file is empty. Choose the workbook again."),
    "too_big": N_("The file has %(megabytes)s MB; at most %(most)s MB can be imported. Split it, or remove pictures."),
    "old_format": N_("This is a workbook of the old kind (.xls). Open it and save it as .xlsx, then upload that."),
    "encrypted": N_("The workbook is protected by a password. Remove the password and upload it again."),
    "not_xlsx": N_("This file is not an .xlsx workbook, whatever its name says. Save it as .xlsx and upload that."),
    "macros": N_("The workbook contains macros. Save it as a workbook without macros (.xlsx) and upload that."),
    "damaged": N_("The workbook is damaged and cannot be read. Open it, save it again as .xlsx and upload that."),
    "odd_paths": N_("The workbook contains files under forbidden paths; no spreadsheet program writes that. Refused."),
    "bomb": N_("The workbook unpacks to far more than it seems (a zip bomb). It was not opened."),
    "entities": N_("The workbook declares XML entities; no spreadsheet program writes that. It was not opened."),
    "too_many_columns": N_("The sheet uses cells beyond column %(most)s. Delete what stands to the right of the data."),
    "too_many_formulas": N_("The sheet holds very many formulas or errors, the first in %(first)s. Copy the data and "
                            "paste it as values."),
    "long_text": N_("A cell of row %(row)s holds more than %(most)s characters. Shorten it."),
    "no_sheet": N_("The workbook has no visible sheet."),
    "too_large": N_("Reading the workbook takes more memory or time than is allowed. Delete empty rows and columns "
                    "and formats, or split the file."),
}  # fmt: skip


@dataclass
class Book:
    """An opened workbook: which sheet is read, what was found in it, and its rows."""

    sheet: str
    others: tuple[str, ...]
    rows: int
    formulas: frozenset[str]
    errors: frozenset[str]
    merged: tuple[tuple[int, int, int], ...]  # column from 0, first and last row, of cells over several rows
    blocks: Iterator[list[tuple[int, list[Cell]]]] = field(repr=False)


def refusal(code: str, **params: Any) -> Problem:
    """Return the problem of a workbook that is not read."""
    return problem(f"workbook_{code}", REFUSALS[code], **params)


def check_start(file: IO[bytes], size: int) -> None:
    """Refuse by size and first bytes what is no .xlsx workbook. Raises Invalid."""
    if size == 0:
        raise Invalid(refusal("empty"))
    if size > MOST_BYTES:
        raise Invalid(refusal("too_big", megabytes=-(-size // (1 << 20)), most=MOST_BYTES >> 20))
    start = file.read(1 << 20)
    file.seek(0)
    if start.startswith(OLE):
        raise Invalid(refusal("encrypted" if ENCRYPTED in start else "old_format"))
    if not start.startswith(ZIP):
        raise Invalid(refusal("not_xlsx"))


@contextmanager
def open_book(path: Path) -> Iterator[Book]:
    """Read the first visible sheet of the workbook at `path`. Raises Invalid, also while its blocks are read."""
    with open(path, "rb") as file:
        check_start(file, path.stat().st_size)
    child = _start(path)
    try:
        lines = _lines(child)
        about = next(lines, None)
        if about is None:
            raise Invalid(refusal("too_large"))
        yield Book(about["sheet"], tuple(about["others"]), about["rows"], frozenset(about["formulas"]),
                   frozenset(about["errors"]), tuple(map(tuple, about["merged"])), _blocks(lines))  # fmt: skip
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _start(path: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", str(CHILD), str(path.resolve())]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
    )


def _lines(child: subprocess.Popen[bytes]) -> Iterator[Any]:
    """Yield what the child says. Raises Invalid when it refuses."""
    assert child.stdout is not None
    while True:
        line = child.stdout.readline(LONGEST_LINE)  # returns: the child computes, which is limited, or writes
        if not line.endswith(b"\n"):
            return
        said = json.loads(line)
        if isinstance(said, dict) and "refused" in said:
            raise Invalid(refusal(said["refused"], **said["params"]))
        yield said


def _blocks(lines: Iterator[Any]) -> Iterator[list[tuple[int, list[Cell]]]]:
    for said in lines:
        if isinstance(said, dict):
            return
        for _number, cells, days in said:
            for place in days:
                cells[place] = _day(cells[place])
        yield [(number, cells) for number, cells, _days in said]
    raise Invalid(refusal("too_large"))


def _day(text: str) -> Cell:
    for kind in (date, datetime):
        try:
            return kind.fromisoformat(text)
        except ValueError:
            continue
    return text
