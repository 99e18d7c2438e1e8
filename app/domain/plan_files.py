"""Training plan files: size, name and content, none of them trusted alone (PRG-3, P8).

What is refused: a type that is not allowed, a content that is not what the name says, files that carry programs
(macros, scripts, embedded objects), that are locked by a password, or that blow up when they are opened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import PurePosixPath

from app.domain.errors import Problem, problem
from app.domain.office_files import legacy_faults, package_faults
from app.domain.pdf_files import pdf_faults
from app.domain.text import N_, LabelledEnum

LONGEST_NAME = 120
CONTENT_TYPES = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


class Fault(LabelledEnum):
    """What is wrong with a file; the label is the sentence people read."""

    EMPTY = "empty", N_("The file is empty; choose another.")
    TOO_LARGE = "too_large", N_("The file has %(size)d KB; at most %(limit)d KB are allowed. Shrink its pictures.")
    TYPE = "type", N_("“%(name)s” is not of an allowed type. Allowed: %(types)s.")
    NAME = "name", N_("The name of the file is too long; shorten it to %(most)d characters.")
    CONTENT = "content", N_("The content of “%(name)s” is not that of a .%(type)s file. Save it again as .%(type)s.")
    DAMAGED = "damaged", N_("“%(name)s” is damaged or incomplete. Open it, save it again, and choose it again.")
    ACTIVE = "active", N_("“%(name)s” carries macros, scripts or embedded objects. Save it without them.")
    LOCKED = "locked", N_("“%(name)s” is protected by a password, so reviewers could not read it. Remove the password.")
    BOMB = "bomb", N_("“%(name)s” unpacks to far more than a plan can be. Save it again in the office program.")


def extension_of(name: str) -> str:
    """Return the extension of a file name, lower case and without the dot."""
    return PurePosixPath(name.replace("\\", "/")).suffix.lower().lstrip(".")


def safe_name(name: str) -> str:
    """Return the last part of what a browser called the file, without anything that could not be printed."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(letter for letter in last if letter.isprintable()).strip()


def plan_file_problems(name: str, content: bytes, *, limit: int, types: Collection[str]) -> list[Problem]:
    """Return everything that is wrong with a plan file; `limit` is in bytes, `types` are extensions."""
    kind = extension_of(name)
    told = {"name": name, "type": kind, "types": " ".join(types), "most": LONGEST_NAME}
    told |= {"size": -(-len(content) // 1024), "limit": limit // 1024}
    faults = [
        fault
        for fault, holds in (
            (Fault.EMPTY, not content),
            (Fault.NAME, len(name) > LONGEST_NAME),
            (Fault.TOO_LARGE, len(content) > limit),
            (Fault.TYPE, kind not in types or kind not in _READERS),
        )
        if holds
    ]
    if not faults:
        faults = [Fault(word) for word in _READERS[kind](content)]
    return [problem(f"plan_file_{fault}", fault.label, field="plan_file", **told) for fault in faults]


_READERS: dict[str, Callable[[bytes], list[str]]] = {
    "pdf": pdf_faults,
    "doc": lambda content: legacy_faults(content, {"WordDocument"}),
    "xls": lambda content: legacy_faults(content, {"Workbook", "Book"}),
    "docx": lambda content: package_faults(content, "word/document.xml"),
    "xlsx": lambda content: package_faults(content, "xl/workbook.xml"),
}
