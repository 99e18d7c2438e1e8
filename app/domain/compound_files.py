"""Reading the old compound format (doc, xls): its directory and its streams, with every step bounded.

Nothing of the file is trusted: a broken or circular structure raises ValueError or struct.error, never more.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENTRY = 128  # bytes of a directory entry
END_OF_CHAIN = 0xFFFFFFFE
HEADER_FAT = 109  # sectors of the table that the header itself names
SMALL_SECTOR = 64  # bytes of a sector in the stream of small streams
BROKEN = (struct.error, ValueError, IndexError)


class CompoundFile:
    """A compound file: `names` of its storages and streams, and the bytes of a stream."""

    def __init__(self, content: bytes) -> None:
        """Read the directory. Raises one of BROKEN."""
        if not content.startswith(OLE):
            raise ValueError("no compound file")
        self._content = content
        shift, start = struct.unpack_from("<H", content, 30)[0], struct.unpack_from("<I", content, 48)[0]
        self._cutoff, self._small_table_start = struct.unpack_from("<II", content, 56)
        if shift not in (9, 12):
            raise ValueError("sector size")
        self._size = 1 << shift
        self._table = self._read_table(struct.unpack_from("<I", content, 68)[0])
        self._entries = {name: place for name, *place in self._directory(start)}

    @property
    def names(self) -> set[str]:
        """The names of all storages and streams."""
        return set(self._entries)

    def stream(self, name: str) -> bytes:
        """Return the bytes of a stream, empty when there is none of this name. Raises one of BROKEN."""
        if name not in self._entries:
            return b""
        start, length = self._entries[name]
        if not length:
            return b""
        if length >= self._cutoff or name == "Root Entry":
            return self._joined(start)[:length]
        small = self._joined(self._entries["Root Entry"][0]) if "Root Entry" in self._entries else b""
        words = self._joined(self._small_table_start)
        table = list(struct.unpack(f"<{len(words) // 4}I", words[: len(words) // 4 * 4]))
        parts = (small[at * SMALL_SECTOR : (at + 1) * SMALL_SECTOR] for at in _chain(table, start))
        return b"".join(parts)[:length]

    def _joined(self, start: int) -> bytes:
        return b"".join(self._sector(at) for at in _chain(self._table, start))

    def _sector(self, number: int) -> bytes:
        return self._content[(number + 1) * self._size : (number + 2) * self._size]

    def _directory(self, start: int) -> Iterator[tuple[str, int, int]]:
        """Yield name, first sector and length of every entry."""
        data = self._joined(start)
        for at in range(0, len(data) - ENTRY + 1, ENTRY):
            length = struct.unpack_from("<H", data, at + 64)[0]
            if data[at + 66] and 2 <= length <= 64:
                name = data[at : at + length - 2].decode("utf-16-le")
                yield name, *struct.unpack_from("<II", data, at + 116)

    def _read_table(self, further: int) -> list[int]:
        """Return sector → the one after it; `further` is the first sector that names more parts of the table."""
        sectors = list(struct.unpack_from(f"<{HEADER_FAT}I", self._content, 76))
        words, seen = f"<{self._size // 4}I", set()
        while further < END_OF_CHAIN and further not in seen:
            seen.add(further)
            more = struct.unpack_from(words, self._content, (further + 1) * self._size)
            sectors += more[:-1]
            further = more[-1]
        most = len(self._content) // self._size + 1
        parts = (sector for sector in sectors if sector < END_OF_CHAIN)
        table: list[int] = []
        for sector in islice(parts, most):
            table += struct.unpack_from(words, self._content, (sector + 1) * self._size)
        return table


def _chain(table: list[int], sector: int) -> Iterator[int]:
    """Yield the sectors of a chain. Raises ValueError when it runs in a circle or out of the file."""
    for _step in range(len(table) + 1):
        if sector >= END_OF_CHAIN:
            return
        yield sector
        sector = table[sector]
    raise ValueError("a chain of sectors runs in a circle")
