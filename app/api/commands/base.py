"""What a command is, and how it is described."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from marshmallow import Schema

from app.security.actor import Actor

Values = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """One command: `needs` is the permission, `run(values, actor)` returns the row it wrote, or what it tells.

    `answer` describes what it tells; `status_of` tells by that whether the status is another one.
    """

    name: str
    summary: str
    needs: tuple[str, str]
    shape: type[Schema]
    run: Callable[[Values, Actor], Any]
    status: int = 200
    answer: type[Schema] | None = None
    status_of: Callable[[Any], int] | None = None

    @cached_property
    def reader(self) -> Schema:
        """What reads the body; made once, for making it costs more than reading."""
        return self.shape()


def described(command: Command) -> dict[str, Any]:
    """Return the OpenAPI operation of a command."""
    done: Any = command.answer or {
        "type": "object",
        "description": "The row that was written, or the numbers of what was done or would be",
        "properties": {"id": {"type": "integer"}, "version": {"type": "integer"}, "name": {"type": "string"}},
    }
    statuses = {command.status} | ({200} if command.status_of else set())
    answers = {str(status): "Done" if status == command.status else "Was done before" for status in statuses}
    return {
        "summary": command.summary,
        "tags": ["Commands"],
        "requestBody": {"required": True, "content": {"application/json": {"schema": command.shape}}},
        "responses": {
            status: {"description": text, "content": {"application/json": {"schema": done}}}
            for status, text in answers.items()
        },
    }
