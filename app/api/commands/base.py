"""What a command is, and how it is described."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from app.security.actor import Actor

Values = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """One command: `needs` is the permission, `run(values, actor)` returns the row it wrote, or what it tells."""

    name: str
    summary: str
    needs: tuple[str, str]
    shape: type[Schema]
    run: Callable[[Values, Actor], Any]
    status: int = 200


def described(command: Command) -> dict[str, Any]:
    """Return the OpenAPI operation of a command."""
    done = {
        "type": "object",
        "description": "The row that was written, or the numbers of what was done or would be",
        "properties": {"id": {"type": "integer"}, "version": {"type": "integer"}, "name": {"type": "string"}},
    }
    return {
        "summary": command.summary,
        "tags": ["Commands"],
        "requestBody": {"required": True, "content": {"application/json": {"schema": command.shape}}},
        "responses": {str(command.status): {"description": "Done", "content": {"application/json": {"schema": done}}}},
    }
