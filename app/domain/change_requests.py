"""Changes a teacher asks for: which fields, and whether the record still says what it said then (TCH-3).

A field's stored and wanted value are kept as JSON holds them; a national ID stands as its last four only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from app.domain.errors import Problem, Problems
from app.domain.identity import NationalId
from app.domain.teachers import FIELDS as EVERY_FIELD
from app.domain.teachers import FIXED, REFERENCES
from app.domain.terms import Gender
from app.domain.text import N_, LabelledEnum

FIELDS: tuple[str, ...] = tuple(name for name in EVERY_FIELD if name not in FIXED)
LONGEST_NOTE = 200
_FIELD_OF = {column: name for name, column in REFERENCES.items()}


def packed(value: Any) -> Any:
    """Return a value of a record as JSON holds it."""
    if isinstance(value, NationalId):
        return value.number[-4:]
    if isinstance(value, LabelledEnum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def unpacked(name: str, value: Any) -> Any:
    """Return what `packed` made of the value of a field."""
    if value is None:
        return None
    if name == "birth_date":
        return date.fromisoformat(value)
    return Gender(value) if name == "gender" else value


def stored(record: Mapping[str, Any], name: str) -> Any:
    """Return what a record, given by column, holds of a field, as JSON holds it."""
    column = "national_id_tail" if name == "national_id" else REFERENCES.get(name, name)
    return packed(record.get(column))


def changes_of(record: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return field → the present and the wanted value, of checked `values` by column."""
    return {
        name: {"old": stored(record, name), "new": packed(value)}
        for name, value in ((_FIELD_OF.get(column, column), value) for column, value in values.items())
    }


def stale(changes: Mapping[str, Mapping[str, Any]], record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields whose value in the record is no longer the one the request was made upon."""
    return tuple(name for name, change in changes.items() if stored(record, name) != change["old"])


def refusals(
    asked: Iterable[str], *, own: Iterable[str], waiting: Iterable[str], has_school: bool, note: str | None
) -> list[Problem]:
    """Return every reason against filing a request for the fields `asked`.

    `own` are those the teacher changes without asking (P20), `waiting` those asked for in a request not yet decided.
    """
    found, own, waiting = Problems(), set(own), set(waiting)
    if not has_school:
        found.add("no_school", N_("You belong to no school at present; the school that takes you in can change it."))
    for name in asked:
        if name not in FIELDS:
            found.add("field_unknown", N_("This field cannot be changed by a request."), field=name)
        elif name in own:
            found.add("change_it_yourself", N_("You can change this field yourself, without asking."), field=name)
        elif name in waiting:
            text = N_("A change of this field waits for your school already.")
            found.add("asked_already", text, field=name)
    if note and len(note) > LONGEST_NOTE:
        text = N_("The reason may have %(most)d characters; shorten it.")
        found.add("reason_too_long", text, field="note", most=LONGEST_NOTE)
    return found.found
