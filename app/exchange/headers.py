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

    A header may be two rows high, its groups merged above their titles (联系方式 above 手机号 and 办公电话).
    `names` maps comparable titles to columns; `ignored` are comparable titles that are neither used nor told of.
    """
    best: Header | None = None
    top = rows[:LOOKED_AT]
    for (number, cells), below in zip(top, [*top[1:], None], strict=True):
        found = _as_header(number, cells, names, ignored)
        if below is not None and below[0] == number + 1:
            found = _two_high(found, _as_header(*below, names, ignored), names, ignored)
        if found.places and (best is None or len(found.places) > len(best.places)):
            best = found
    return best


def _two_high(upper: Header, lower: Header, names: Mapping[str, str], ignored: frozenset[str]) -> Header:
    """Return both rows as one header when they complete each other; else the upper one.

    What stands below a known title is a value, so that row is no header.
    """
    if not lower.places or any(_title(lower, place) for place in upper.places.values()):
        return upper
    width = max(len(upper.titles), len(lower.titles))
    titles = [_title(lower, place) or _title(upper, place) for place in range(width)]
    both = _as_header(lower.row, titles, names, ignored)
    return both if len(both.places) > max(len(upper.places), len(lower.places)) else upper


def _title(header: Header, place: int) -> str:
    return header.titles[place] if place < len(header.titles) else ""


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
