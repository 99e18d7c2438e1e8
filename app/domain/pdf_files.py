"""Looking into PDF files without opening them: scripts, programs and files inside, passwords, cut-off ends (PRG-3).

Names may hide behind #-codes or in packed object streams; both are read. What cannot be looked into is refused.
"""

from __future__ import annotations

import re
import zlib

TAIL = 1024  # bytes at the end in which a PDF says that it ends
MOST_UNPACKED = 16 * 1024 * 1024  # bytes of all packed objects together
_NAME = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|XFA|ImportData|SubmitForm|GoToE|Rendition|Movie)(?![A-Za-z])"
)
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
HEAD = 2048  # bytes before a stream in which its dictionary stands
_PACKED = re.compile(rb"/ObjStm(?![A-Za-z])")
_FILTERS = re.compile(rb"/Filter\s*(\[[^\]]*\]|/[A-Za-z0-9]+)")


def pdf_faults(content: bytes) -> list[str]:
    """Return what is wrong with a PDF, in words of `plan_files.Fault`."""
    if not content.startswith(b"%PDF-"):
        return ["content"]
    end = content.rfind(b"%%EOF", -TAIL)
    if end < 0 or content[end + 5 :].strip(b"\0\t\n\f\r "):
        return ["damaged"]
    plain = _plain(content)
    faults = ["active"] if _ACTIVE.search(plain) else []
    if re.search(rb"/Encrypt(?![A-Za-z])", plain):
        return [*faults, "locked"]
    return faults or _packed_faults(content)


def _plain(content: bytes) -> bytes:
    return _NAME.sub(lambda code: bytes([int(code.group(1), 16)]), content)


def _packed_faults(content: bytes) -> list[str]:
    """Return what is wrong with the objects that are packed into streams."""
    left = MOST_UNPACKED
    for found in _STREAM.finditer(content):
        before = content[max(found.start() - HEAD, 0) : found.start()]
        head = _plain(before[before.rfind(b"obj") + 1 :])
        if not _PACKED.search(head):
            continue
        filters = _FILTERS.search(head)
        if filters is None:
            continue  # its objects lie open and were read with the rest
        if filters.group(1).strip(b"[] \r\n") != b"/FlateDecode":
            return ["active"]
        try:
            data = zlib.decompressobj().decompress(content[found.end() :], left)
        except zlib.error:
            return ["damaged"]
        left -= len(data)
        if left <= 0:
            return ["bomb"]
        if _ACTIVE.search(_plain(data)):
            return ["active"]
    return []
