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

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
ENTRY = 128  # bytes of a directory entry
END_OF_CHAIN, FREE = 0xFFFFFFFE, 0xFFFFFFFF
HEADER_FAT = 109  # sectors of the FAT that the header itself names
# Storages and streams that carry programs, and those of a locked file.
ACTIVE_STREAMS = {"Macros", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "VBA", "ObjectPool", "\x01Ole10Native"}
LOCKED_STREAMS = {"EncryptedPackage", "EncryptionInfo"}

MOST_PARTS = 2000
MOST_UNPACKED = 64 * 1024 * 1024  # bytes
MOST_RATIO = 200  # of one part; pictures are packed already, XML rarely better than a hundredfold
SMALL = 1024 * 1024  # bytes of a part below which the ratio says nothing
_ACTIVE_PART = re.compile(
    r"vbaProject|vbaData|activeX/|oleObject\d*\.bin$|macrosheets/|\.(exe|dll|js|vbs|bat|cmd|scr|lnk)$", re.IGNORECASE
)
_RELATION = re.compile(rb"<Relationship\b[^>]*>", re.IGNORECASE)
_OUTSIDE = re.compile(rb"""TargetMode\s*=\s*["']External["']""", re.IGNORECASE)
_LOADED = re.compile(rb"/(?:attachedTemplate|oleObject|frame|externalLinkPath)[\"']", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def legacy_faults(content: bytes, wanted: set[str]) -> list[str]:
    """Return what is wrong with a compound file that has to hold one of the streams `wanted`."""
    if not content.startswith(OLE):
        return ["content"]
    try:
        names = set(_directory(content))
    except (struct.error, ValueError, IndexError):
        return ["damaged"]
    if names & LOCKED_STREAMS:
        return ["locked"]
    if not names & wanted:
        return ["content"]
    return ["active"] if names & ACTIVE_STREAMS else []


def _directory(content: bytes) -> Iterator[str]:
    """Yield the names in the directory of a compound file. Raises ValueError or struct.error when it is broken."""
    shift, start, first_difat = (
        struct.unpack_from("<H", content, 30)[0], struct.unpack_from("<I", content, 48)[0],
        struct.unpack_from("<I", content, 68)[0],
    )  # fmt: skip
    if shift not in (9, 12):
        raise ValueError("sector size")
    size = 1 << shift
    fat = _table(content, size, first_difat)
    for sector in _chain(fat, start):
        data = content[(sector + 1) * size : (sector + 2) * size]
        for at in range(0, len(data) - ENTRY + 1, ENTRY):
            length = struct.unpack_from("<H", data, at + 64)[0]
            if data[at + 66] and 2 <= length <= 64:
                yield data[at : at + length - 2].decode("utf-16-le")


def _table(content: bytes, size: int, first_difat: int) -> list[int]:
    """Return the sector table: sector → the one after it."""
    sectors = list(struct.unpack_from(f"<{HEADER_FAT}I", content, 76))
    seen: set[int] = set()
    while first_difat < END_OF_CHAIN and first_difat not in seen:
        seen.add(first_difat)
        more = struct.unpack_from(f"<{size // 4}I", content, (first_difat + 1) * size)
        sectors += more[:-1]
        first_difat = more[-1]
    table: list[int] = []
    for sector in sectors:
        if sector < END_OF_CHAIN:
            table += struct.unpack_from(f"<{size // 4}I", content, (sector + 1) * size)
    return table


def _chain(fat: list[int], sector: int) -> Iterator[int]:
    """Yield the sectors of a chain. Raises ValueError when it runs in a circle or out of the file."""
    for _step in range(len(fat) + 1):
        if sector >= END_OF_CHAIN:
            return
        yield sector
        sector = fat[sector]
    raise ValueError("a chain of sectors runs in a circle")


def package_faults(content: bytes, main: str) -> list[str]:
    """Return what is wrong with a zip package that has to hold the part `main`."""
    if content.startswith(OLE):
        return ["locked"] if {"EncryptedPackage"} & set(_names_or_none(content)) else ["content"]
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


def _names_or_none(content: bytes) -> list[str]:
    try:
        return list(_directory(content))
    except (struct.error, ValueError, IndexError):
        return []


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
    """Tell whether types or relations name macros, a template from outside, or the XML declares entities."""
    for name in names:
        if name.endswith(".rels") and _loads_from_outside(package.read(name)):
            return True
        if name.endswith(".xml") and _DOCTYPE.search(package.read(name)[:4096]):
            return True
    return b"macroEnabled" in package.read("[Content_Types].xml")


def _loads_from_outside(relations: bytes) -> bool:
    """Tell whether opening the file would load a template, an object or a frame from elsewhere; links are harmless."""
    return any(_OUTSIDE.search(one) and _LOADED.search(one) for one in _RELATION.findall(relations))
