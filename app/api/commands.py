"""Explicit commands: POST /api/v1/commands/<entity>/<verb>. The API writes in no other way (OPS-6).

A command is a name, a declared shape and a service call. The service checks permission, scope and rules, and is one
transaction; what it raises becomes problems in JSON. Sent twice, a command does its work once: a second `create`
clashes with the unique code, a second `update` with the version it expects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import abort
from flask_appbuilder.api import expose
from marshmallow import Schema, fields, validate

from app.api.guard import JsonApi, body, signed_in
from app.api.input import RowNumber, Text, load, resolve
from app.domain.terms import OrganisationStatus, Ownership, SchoolKind
from app.models import Region, School, Stage
from app.security.actor import Actor
from app.services import records
from app.web.actors import current_actor

Values = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """One command: `needs` is the permission, `run(values, actor)` returns the row it wrote."""

    name: str
    summary: str
    needs: tuple[str, str]
    shape: type[Schema]
    run: Callable[[Values, Actor], Any]
    status: int = 200


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

    id = fields.Integer(required=True, strict=True)
    expected_version = fields.Integer(required=True, strict=True)
    changes = fields.Nested(SchoolChanges(partial=True), required=True)


def create_school(values: Values, actor: Actor) -> School:
    """Create a school."""
    return records.create(School, resolve(SchoolShape(), values, actor=actor), actor=actor)


def update_school(values: Values, actor: Actor) -> School:
    """Change a school."""
    changes = resolve(SchoolShape(), values["changes"], actor=actor)
    return records.update(School, values["id"], changes, actor=actor, expected_version=values["expected_version"])


COMMANDS = {
    command.name: command
    for command in (
        Command("school/create", "Create a school", ("create", "School"), SchoolShape, create_school, 201),
        Command("school/update", "Change a school", ("edit", "School"), SchoolChangeShape, update_school),
    )
}


class CommandApi(JsonApi):
    """The commands."""

    resource_name = "commands"
    class_permission_name = "Home"
    openapi_spec_tag = "Commands"

    @expose("/<path:name>", methods=["POST"])
    @signed_in
    def post(self, name: str) -> Any:
        """Run a command."""
        command = COMMANDS.get(name) or abort(404)
        actor = current_actor()
        actor.require(*command.needs)
        row = command.run(load(command.shape(), body()), actor)
        return self.response(command.status, id=row.id, version=row.version, name=str(row))

    def add_api_spec(self, api_spec: Any) -> None:
        """Describe each command as a path of its own."""
        self.add_apispec_components(api_spec)
        for command in COMMANDS.values():
            operations = {"post": _described(command)}
            self.operation_helper(operations=operations, methods=[], func=self.post)
            api_spec.path(path=f"{self.route_base}/{command.name}", operations=operations)


def _described(command: Command) -> dict[str, Any]:
    done = {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "version": {"type": "integer"}, "name": {"type": "string"}},
    }
    return {
        "summary": command.summary,
        "tags": ["Commands"],
        "requestBody": {"required": True, "content": {"application/json": {"schema": command.shape}}},
        "responses": {str(command.status): {"description": "Done", "content": {"application/json": {"schema": done}}}},
    }
