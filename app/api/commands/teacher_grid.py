"""Saving many teachers in one go, as the grid does (TCH-5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields, validate

from app.api.commands.base import Command, Values
from app.api.input import Text
from app.domain.errors import Conflict, Invalid, Problem
from app.domain.teachers import FIELDS
from app.security.actor import Actor
from app.services import teacher_grid
from app.services.unit import changed_meanwhile
from app.web.actors import current_vault


class TeacherRowShape(Schema):
    """One teacher: `id` and the `version` that was read, or neither for a new one; the fields that change, as texts."""

    key = Text(validate=validate.Length(1, 64))
    id = fields.Integer(strict=True, allow_none=True)
    version = fields.Integer(strict=True, allow_none=True)
    values = fields.Dict(keys=fields.String(validate=validate.OneOf(FIELDS)), values=Text(), required=True)


class TeacherRowsShape(Schema):
    """The rows; `only_valid` saves the good ones although others have problems."""

    rows = fields.List(
        fields.Nested(TeacherRowShape), required=True, validate=validate.Length(1, teacher_grid.MOST_ROWS)
    )
    only_valid = fields.Boolean(load_default=False)


def save_many(values: Values, actor: Actor) -> Values:
    """Save the rows, all or none; the field of a problem is `<key of the row>.<field>`.

    Returns the numbers of the saved teachers by key, and the keys of rows that were left as they are.
    """
    rows = [_sent(row, line) for line, row in enumerate(values["rows"], 1)]
    done = teacher_grid.save_rows(rows, actor=actor, vault=current_vault(), only_valid=values["only_valid"])
    if not done.saved and done.invalid:
        raise Invalid([_placed(row, each) for row in done.invalid for found in row.problems.values() for each in found])
    if not done.saved and done.conflicts:
        raise Conflict([_placed(row, changed_meanwhile()) for row in done.conflicts])
    return {
        "saved": done.saved,
        "conflicts": [row.sent.key for row in done.conflicts],
        "invalid": [row.sent.key for row in done.invalid],
    }


def _sent(row: dict[str, Any], line: int) -> teacher_grid.SentRow:
    return teacher_grid.SentRow(row.get("key", str(line)), line, row.get("id"), row.get("version"), row["values"])


def _placed(row: teacher_grid.CheckedRow, found: Problem) -> Problem:
    return replace(found, field=f"{row.sent.key}.{found.field}" if found.field else row.sent.key)


COMMANDS = (
    Command("teacher/save-many", "Save many teachers in one go", ("edit", "Teacher"), TeacherRowsShape, save_many),
)
