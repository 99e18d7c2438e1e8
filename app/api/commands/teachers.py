"""Commands on teachers' records: create, change, set on many, delete, restore, remove, reveal (TCH-1 to 5, TCH-12)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from app.api.commands.base import Command, Values
from app.api.input import MOST_NUMBER, Text
from app.domain.teachers import FIELDS
from app.models import Teacher
from app.security.actor import Actor
from app.services import teachers
from app.web.actors import current_vault

NUMBER = validate.Range(1, MOST_NUMBER - 1)
REASON = validate.Length(max=200)


def _fields(**options: Any) -> fields.Dict:
    return fields.Dict(keys=fields.String(validate=validate.OneOf(FIELDS)), values=Text(), **options)


class NewTeacherShape(Schema):
    """The fields of a new teacher, as texts: choices by name or code, dates in any usual form."""

    values = _fields(required=True)


class TeacherChangeShape(Schema):
    """Which teacher, in the version that was read, and the fields that change; an empty text empties a field."""

    id = fields.Integer(required=True, strict=True, validate=NUMBER)
    expected_version = fields.Integer(required=True, strict=True, validate=NUMBER)
    changes = _fields(required=True)
    reason = Text(validate=REASON)


class TeacherShape(Schema):
    """Which teacher, and why."""

    id = fields.Integer(required=True, strict=True, validate=NUMBER)
    reason = Text(validate=REASON)


class TeacherDeleteShape(TeacherShape):
    """Which teacher, in the version that was read."""

    expected_version = fields.Integer(required=True, strict=True, validate=NUMBER)


class RevealShape(Schema):
    """Whose protected numbers, and which."""

    id = fields.Integer(required=True, strict=True, validate=NUMBER)
    fields_ = fields.List(
        fields.String(validate=validate.OneOf(teachers.PROTECTED)),
        data_key="fields", required=True, validate=validate.Length(1, len(teachers.PROTECTED)),
    )  # fmt: skip


class SetFieldShape(Schema):
    """One field and the value many teachers get."""

    ids = fields.List(
        fields.Integer(strict=True, validate=NUMBER),
        required=True, validate=validate.Length(1, teachers.MOST_AT_ONCE),
    )  # fmt: skip
    field = fields.String(required=True, validate=validate.OneOf(teachers.BULK_FIELDS))
    value = Text(required=True)


def create_teacher(values: Values, actor: Actor) -> Teacher:
    """Create a record."""
    return teachers.create_teacher(values["values"], actor=actor, vault=current_vault())


def update_teacher(values: Values, actor: Actor) -> Teacher:
    """Change a record."""
    return teachers.update_teacher(
        values["id"], values["changes"], actor=actor, vault=current_vault(),
        expected_version=values["expected_version"], reason=values.get("reason"),
    )  # fmt: skip


def set_field(values: Values, actor: Actor) -> Values:
    """Set a field on many; tell how many changed."""
    changed = teachers.set_field(values["ids"], values["field"], values["value"], actor=actor, vault=current_vault())
    return {"changed": changed}


def delete_teacher(values: Values, actor: Actor) -> Teacher:
    """Take a record out of the lists."""
    return teachers.soft_delete(
        values["id"], actor=actor, reason=values.get("reason"), expected_version=values["expected_version"]
    )


def restore_teacher(values: Values, actor: Actor) -> Teacher:
    """Bring a deleted record back."""
    return teachers.restore_teacher(values["id"], actor=actor, reason=values.get("reason"))


def purge_teacher(values: Values, actor: Actor) -> Values:
    """Remove a deleted record for good."""
    teachers.hard_delete(values["id"], actor=actor, reason=values.get("reason"))
    return {"id": values["id"]}


def reveal(values: Values, actor: Actor) -> Values:
    """Tell protected numbers; who saw which is written down."""
    return dict(teachers.reveal(values["id"], actor=actor, vault=current_vault(), fields=values["fields_"]))


COMMANDS = (
    Command("teacher/create", "Create a teacher's record", ("create", "Teacher"), NewTeacherShape, create_teacher, 201),
    Command("teacher/update", "Change a teacher's record", ("edit", "Teacher"), TeacherChangeShape, update_teacher),
    Command("teacher/set-field", "Set one field on many teachers", ("edit", "Teacher"), SetFieldShape, set_field),
    Command("teacher/delete", "Delete a teacher's record", ("delete", "Teacher"), TeacherDeleteShape, delete_teacher),
    Command("teacher/restore", "Restore a deleted record", ("restore", "Teacher"), TeacherShape, restore_teacher),
    Command("teacher/purge", "Remove a deleted record for good", ("purge", "Teacher"), TeacherShape, purge_teacher),
    Command("teacher/reveal", "See protected numbers; this is recorded", ("read", "Teacher"), RevealShape, reveal),
)
