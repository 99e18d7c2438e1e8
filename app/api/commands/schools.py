"""Commands on schools (ORG-5)."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from app.api.commands.base import Command, Values
from app.api.input import MOST_NUMBER, RowNumber, Text, resolve
from app.domain.terms import OrganisationStatus, Ownership, SchoolKind
from app.models import Region, School, Stage
from app.security.actor import Actor
from app.services import records


class SchoolShape(Schema):
    """What a school is created with."""

    code = Text(required=True, validate=validate.Length(1, 32))
    name = Text(required=True, validate=validate.Length(1, 100))
    region = RowNumber(Region, required=True)
    kind = fields.Enum(SchoolKind, by_value=True, required=True)
    stages = fields.List(RowNumber(Stage), validate=validate.Length(max=50))
    ownership = fields.Enum(Ownership, by_value=True)
    contact_name = Text(allow_none=True, validate=validate.Length(max=50))
    contact_phone = Text(allow_none=True, validate=validate.Length(max=32))
    address = Text(allow_none=True, validate=validate.Length(max=200))
    status = fields.Enum(OrganisationStatus, by_value=True)


class SchoolChanges(SchoolShape):
    """What changes; whatever is left out stays."""


class SchoolChangeShape(Schema):
    """Which school, in the version that was read, and what of it changes."""

    id = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_NUMBER - 1))
    expected_version = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_NUMBER - 1))
    changes = fields.Nested(SchoolChanges(partial=True), required=True)


def create_school(values: Values, actor: Actor) -> School:
    """Create a school."""
    return records.create(School, resolve(SchoolShape(), values, actor=actor), actor=actor)


def update_school(values: Values, actor: Actor) -> School:
    """Change a school."""
    changes = resolve(SchoolShape(), values["changes"], actor=actor)
    return records.update(School, values["id"], changes, actor=actor, expected_version=values["expected_version"])


COMMANDS = (
    Command("school/create", "Create a school", ("create", "School"), SchoolShape, create_school, 201),
    Command("school/update", "Change a school", ("edit", "School"), SchoolChangeShape, update_school),
)
