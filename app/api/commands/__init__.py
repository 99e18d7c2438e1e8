"""Explicit commands: POST /api/v1/commands/<entity>/<verb>. The API writes in no other way (OPS-6).

A command is a name, a declared shape and a service call. The service checks permission, scope and rules, and is one
transaction; what it raises becomes problems in JSON. Sent twice, a command does its work once: a second `create`
clashes with the unique code, a second `update` with the version it expects.
"""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_appbuilder.api import expose

from app.api.commands import (
    accounts,
    calendar,
    change_requests,
    draws,
    enrollments,
    imports,
    organisations,
    programmes,
    schools,
    teacher_grid,
    teachers,
    transfers,
)
from app.api.commands.base import described
from app.api.guard import JsonApi, body, signed_in
from app.api.input import load
from app.web.actors import current_actor

CHAPTERS = (
    accounts,
    calendar,
    change_requests,
    draws,
    enrollments,
    imports,
    organisations,
    programmes,
    schools,
    teacher_grid,
    teachers,
    transfers,
)
COMMANDS = {command.name: command for chapter in CHAPTERS for command in chapter.COMMANDS}


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
        done = command.run(load(command.reader, body()), actor)
        told = done if isinstance(done, dict) else {"id": done.id, "version": done.version, "name": str(done)}
        status = command.status_of(told) if command.status_of else command.status
        return self.response(status, **told)

    def add_api_spec(self, api_spec: Any) -> None:
        """Describe each command as a path of its own."""
        self.add_apispec_components(api_spec)
        for command in COMMANDS.values():
            operations = {"post": described(command)}
            self.operation_helper(operations=operations, methods=[], func=self.post)
            api_spec.path(path=f"{self.route_base}/{command.name}", operations=operations)
