"""Reading a declaration from what was typed: a tree of texts, as form, draft, API and import hold it.

`{"title": "…", "classes": [{"starts_on": "2026-05-11", "sessions": [{"day": …}]}], …}`. Full-width figures, blanks and
the date forms people use are understood; what is not is a problem at its field, never an exception.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from app.domain.declaration import ClassPart, Declaration, LecturerPart, SessionPart
from app.domain.errors import Problems
from app.domain.numbers import number_of
from app.domain.terms import ProgrammeKind
from app.domain.text import N_

T = TypeVar("T")
Typed = Mapping[str, Any]
LARGEST = 2**31 - 1
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_TIME = re.compile(r"(\d{1,2})\s*[:.]\s*(\d{2})(?::\d{2})?")


def read_declaration(typed: Typed) -> tuple[Declaration, Problems]:
    """Return the declaration and a problem for each text that could not be read or is missing."""
    reader = _Reader(Problems())
    given = Declaration(
        title=reader.text(typed, "title"),
        kind=reader.kind(typed),
        credit_hours=reader.number(typed, "credit_hours"),
        credits=reader.amount(typed, "credits"),
        **{name: reader.long(typed, name) for name in ("goals", "contents", "outline", "assessment")},
        batch_id=_id(typed.get("batch")),
        stage_ids=_ids(typed.get("stages")),
        post_category_ids=_ids(typed.get("post_categories")),
        subject_ids=_ids(typed.get("subjects")),
        region_ids=_ids(typed.get("regions")),
        lecturers=tuple(reader.lecturer(row) for row in _rows(typed, "lecturers")),
        classes=tuple(reader.training_class(n, row) for n, row in enumerate(_rows(typed, "classes", keep_empty=True))),
    )
    return given, reader.problems


def is_blank(row: Any) -> bool:
    """Tell whether nothing was typed into a row of a repeated part."""
    if isinstance(row, Mapping):
        return all(is_blank(value) for name, value in row.items() if name != "id")
    if isinstance(row, list):
        return all(is_blank(value) for value in row)
    return not str(row if row is not None else "").strip()


def cleaned(typed: Typed) -> dict[str, Any]:
    """Return what was typed without rows nobody filled in; the numbers of fields follow this order."""
    kept = dict(typed)
    kept["lecturers"] = [row for row in typed.get("lecturers") or [] if not is_blank(row)]
    kept["classes"] = [
        {**row, "sessions": [s for s in row.get("sessions") or [] if not is_blank(s)]}
        for row in typed.get("classes") or []
    ]
    return kept


def _rows(typed: Typed, name: str, *, keep_empty: bool = False) -> list[Typed]:
    rows = typed.get(name)
    found = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return [row for row in found if keep_empty or not is_blank(row)]


def _id(value: Any) -> int | None:
    number = number_of(str(value if value is not None else "").strip(), digits=10)
    return number if number is not None and number <= LARGEST else None


def _ids(values: Any) -> tuple[int, ...]:
    found = (_id(value) for value in values) if isinstance(values, list) else ()
    return tuple(dict.fromkeys(number for number in found if number is not None))


class _Reader:
    """Reads texts and collects what could not be read."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def text(self, row: Typed, name: str) -> str:
        """Return one line."""
        return " ".join(self.long(row, name).split())

    def long(self, row: Typed, name: str) -> str:
        """Return a text of several lines, without control characters."""
        text = unicodedata.normalize("NFC", str(row.get(name) if row.get(name) is not None else ""))
        return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc").strip()

    def kind(self, typed: Typed) -> ProgrammeKind | None:
        """Return the kind of training, None for an unknown word."""
        word = self.text(typed, "kind")
        return ProgrammeKind(word) if word in set(ProgrammeKind) else None

    def lecturer(self, row: Typed) -> LecturerPart:
        """Return a lecturer."""
        return LecturerPart(self.text(row, "name"), self.text(row, "workplace"), self.text(row, "position"))

    def training_class(self, index: int, row: Typed) -> ClassPart:
        """Return a class with its timetable."""
        at = f"classes-{index}-"
        return ClassPart(
            starts_on=self.day(row, "starts_on", at),
            ends_on=self.day(row, "ends_on", at),
            place=self.text(row, "place"),
            planned_seats=self.number(row, "planned_seats", at),
            fee=self.amount(row, "fee", at),
            boarding=self.text(row, "boarding"),
            sessions=tuple(self.session(f"{at}sessions-{n}-", part) for n, part in enumerate(_rows(row, "sessions"))),
            id=_id(row.get("id")),
        )

    def session(self, at: str, row: Typed) -> SessionPart:
        """Return a line of the timetable."""
        return SessionPart(
            self.day(row, "day", at), self.clock(row, "starts_at", at), self.clock(row, "ends_at", at),
            self.text(row, "topic"), self.text(row, "lecturer"), self.text(row, "place"),
        )  # fmt: skip

    def number(self, row: Typed, name: str, at: str = "") -> int | None:
        """Return a whole number that has to be there."""
        return self._read(row, name, at, int, N_("Enter a whole number."), required=True)

    def amount(self, row: Typed, name: str, at: str = "") -> Decimal | None:
        """Return a number with decimals that may be missing."""
        return self._read(row, name, at, _decimal, N_("Enter a number such as 380 or 2.5."), required=False)

    def day(self, row: Typed, name: str, at: str) -> date | None:
        """Return a day that has to be there."""
        return self._read(row, name, at, _date, N_("Enter a day such as 2026-05-11."), required=True)

    def clock(self, row: Typed, name: str, at: str) -> time | None:
        """Return a time of day that has to be there."""
        return self._read(row, name, at, _time, N_("Enter a time such as 08:30."), required=True)

    def _read(self, row: Typed, name: str, at: str, read: Callable[[str], T], hint: str, *, required: bool) -> T | None:
        text = unicodedata.normalize("NFKC", self.text(row, name))
        if not text:
            if required:
                self.problems.add("missing", N_("Please fill this in."), field=at + name)
            return None
        try:
            return read(text)
        except (ValueError, InvalidOperation):
            self.problems.add("unreadable", hint, field=at + name)
            return None


def _decimal(text: str) -> Decimal:
    value = Decimal(text.replace(",", ""))
    if not value.is_finite() or abs(value) > LARGEST:
        raise ValueError(text)
    return value.quantize(Decimal("0.01"))


def _date(text: str) -> date:
    found = _DATE.fullmatch(text)
    if not found:
        raise ValueError(text)
    return date(*(int(part) for part in found.groups()))


def _time(text: str) -> time:
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(text)
    return time(int(found.group(1)), int(found.group(2)))
