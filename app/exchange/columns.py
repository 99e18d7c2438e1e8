"""The columns of a sheet: one declaration is the template's column, the import's reader and the export's writer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.domain.cells import Cell, day_in, digits_in, text_in
from app.domain.errors import Invalid, problem
from app.domain.imports import Json
from app.domain.text import N_, LabelledEnum
from app.exchange.lookups import OUTSIDE, Lookups, plain, some
from app.exchange.row_sheet import Value
from app.extensions import db
from app.models import Region

_TOO_LONG = N_("At most %(most)d characters fit; this has %(length)d.")
_SPLIT = re.compile(r"[、,,;;/|\n]+|\s{1,}")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of plain text.

    `title` is the heading (also understood in every language and under `aliases`), `note` what the template tells
    about it, `required` whether a new row needs it, `as_text` whether a spreadsheet must not take it for a number.
    """

    name: str
    title: str
    note: str = ""
    width: int = 16
    required: bool = False
    example: str = ""
    as_text: bool = False
    aliases: tuple[str, ...] = ()
    most: int = 200
    offered: bool = True  # a column of the template; others are only understood

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the value in a cell that is not empty. Raises Invalid with what to mend."""
        return within(text_in(cell), self.most)

    def current(self, row: Any) -> Json:
        """Return the value `row` has now, comparable with what `read` returns."""
        return getattr(row, self.name)

    def show(self, value: Json, book: Lookups) -> str:
        """Return a value as people read it, which `read` understands."""
        return "" if value is None else str(value)

    def write(self, row: Any, book: Lookups) -> Value:
        """Return what a cell of an export holds."""
        return self.show(self.current(row), book) or None

    def stored(self, value: Json, book: Lookups) -> dict[str, Any]:
        """Return attribute → value of the entity."""
        return {self.name: value}

    def choices(self, book: Lookups) -> Sequence[str]:
        """Return what the drop-down of the template offers; empty for free text."""
        return ()


@dataclass(frozen=True, kw_only=True)
class DigitsColumn(Column):
    """A number that names something: a code, a phone. Always text, never rounded."""

    as_text: bool = True

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the characters of the number."""
        return within(digits_in(cell), self.most)


@dataclass(frozen=True, kw_only=True)
class ChoiceColumn(Column):
    """One word of a closed list, in any language of the platform."""

    kind: type[LabelledEnum]

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the stored word."""
        given = text_in(cell)
        words = book.words(self.kind)
        for member in self.kind:
            if plain(given) in {plain(words[member.value]), plain(member.label), member.value}:
                return member.value
        raise Invalid(
            problem("unknown_choice", N_("“%(given)s” is not in the list. Choose one of: %(choices)s."),
                    given=given[:50], choices=some(words.values()))
        )  # fmt: skip

    def current(self, row: Any) -> Json:
        """Return the stored word."""
        value = getattr(row, self.name)
        return value.value if value is not None else None

    def show(self, value: Json, book: Lookups) -> str:
        """Return the label."""
        return book.words(self.kind)[value] if value else ""

    def stored(self, value: Json, book: Lookups) -> dict[str, Any]:
        """Return the member."""
        return {self.name: self.kind(value) if value else None}

    def choices(self, book: Lookups) -> Sequence[str]:
        """Return the labels."""
        return list(book.words(self.kind).values())


@dataclass(frozen=True, kw_only=True)
class DayColumn(Column):
    """A day, in whatever form people write it."""

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the day as ISO text."""
        found = day_in(cell)
        return found.isoformat() if found else None

    def current(self, row: Any) -> Json:
        """Return the day as ISO text."""
        value = getattr(row, self.name)
        return value.isoformat() if value else None

    def write(self, row: Any, book: Lookups) -> Value:
        """Return the day as a day."""
        value: date | None = getattr(row, self.name)
        return value

    def stored(self, value: Json, book: Lookups) -> dict[str, Any]:
        """Return the day."""
        return {self.name: date.fromisoformat(value) if value else None}


@dataclass(frozen=True, kw_only=True)
class ReferenceColumn(Column):
    """One entry of a reference list, by name or code."""

    model: type[Any]

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the key of the entry."""
        return book.of(self.model).find(text_in(cell))

    def current(self, row: Any) -> Json:
        """Return the key of the entry."""
        return getattr(row, f"{self.name}_id")

    def show(self, value: Json, book: Lookups) -> str:
        """Return the name of the entry."""
        return book.of(self.model).shown.get(value, "")

    def stored(self, value: Json, book: Lookups) -> dict[str, Any]:
        """Return the entry."""
        return {self.name: db.session.get(self.model, value) if value else None}

    def choices(self, book: Lookups) -> Sequence[str]:
        """Return the names still in use."""
        return book.in_use(self.model)


@dataclass(frozen=True, kw_only=True)
class SeveralColumn(ReferenceColumn):
    """Several entries of a reference list in one cell, separated by 、 or a comma."""

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the keys of the entries, in order."""
        listed = book.of(self.model)
        return sorted({listed.find(part) for part in _SPLIT.split(text_in(cell)) if part})

    def current(self, row: Any) -> Json:
        """Return the keys of the entries, in order."""
        return sorted(entry.id for entry in getattr(row, self.name))

    def show(self, value: Json, book: Lookups) -> str:
        """Return the names."""
        shown = book.of(self.model).shown
        return "、".join(shown.get(key, "") for key in value or ())

    def stored(self, value: Json, book: Lookups) -> dict[str, Any]:
        """Return the entries."""
        return {self.name: [db.session.get(self.model, key) for key in value or ()]}

    def choices(self, book: Lookups) -> Sequence[str]:
        """Return nothing: a drop-down would allow one entry only."""
        return ()


@dataclass(frozen=True, kw_only=True)
class RegionColumn(Column):
    """A region of the actor's scope, by code, by its path, or by a name there is once."""

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the key of the region."""
        return book.regions.find(digits_in(cell), unknown=OUTSIDE)

    def current(self, row: Any) -> Json:
        """Return the key of the region."""
        return getattr(row, f"{self.name}_id")

    def show(self, value: Json, book: Lookups) -> str:
        """Return the path of the region."""
        return book.regions.shown.get(value, "")

    def stored(self, value: Json, book: Lookups) -> dict[str, Any]:
        """Return the region."""
        return {self.name: db.session.get(Region, value)}

    def choices(self, book: Lookups) -> Sequence[str]:
        """Return the paths."""
        return list(book.regions.shown.values())


def within(text: str, most: int) -> str:
    """Return `text`, or raise Invalid when it is longer than `most` characters."""
    if len(text) > most:
        raise Invalid(problem("too_long", _TOO_LONG, most=most, length=len(text)))
    return text
