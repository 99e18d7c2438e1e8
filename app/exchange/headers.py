"""Finding the header of a sheet, whatever stands above it and however its titles are written (TCH-6)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.cells import Cell

LOOKED_AT = 20  # rows at the top of the sheet among which the header stands
_DROPPED = re.compile(r"[\s*::()\[\]【】“”\"'.。、_\-—/]+")
_REMARK = re.compile(r"[((\[【].*?[))\]】]")


@dataclass(frozen=True)
class Header:
    """Where the header stands: its row number, the titles as typed, the place of each known column, the rest."""

    row: int
    titles: tuple[str, ...]
    places: Mapping[str, int]
    unknown: tuple[str, ...]
    repeated: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return what a page or an error workbook needs of it."""
        return {"row": self.row, "titles": list(self.titles), "fields": dict(self.places)}


def comparable(title: str) -> str:
    """Return a title as it is compared: half-width, small letters, without blanks, stars and remarks in brackets."""
    text = unicodedata.normalize("NFKC", title)
    bare = _DROPPED.sub("", _REMARK.sub("", text))
    return (bare or _DROPPED.sub("", text)).casefold()


def find_header(
    rows: Sequence[tuple[int, list[Cell]]], names: Mapping[str, str], ignored: frozenset[str] = frozenset()
) -> Header | None:
    """Return the header among the first `rows`: the one with most known titles, the upper one of equals.

    `names` maps comparable titles to columns; `ignored` are comparable titles that are neither used nor told of.
    """
    best: Header | None = None
    for number, cells in rows[:LOOKED_AT]:
        found = _as_header(number, cells, names, ignored)
        if found.places and (best is None or len(found.places) > len(best.places)):
            best = found
    return best


def _as_header(number: int, cells: list[Cell], names: Mapping[str, str], ignored: frozenset[str]) -> Header:
    titles = ["" if cell is None else str(cell).strip() for cell in cells]
    places: dict[str, int] = {}
    unknown, repeated = [], []
    for at, title in enumerate(titles):
        key = comparable(title)
        column = names.get(key)
        if column is not None and column not in places:
            places[column] = at
        elif column is not None:
            repeated.append(title)
        elif key and key not in ignored:
            unknown.append(title)
    return Header(number, tuple(titles), places, tuple(unknown), tuple(repeated))
