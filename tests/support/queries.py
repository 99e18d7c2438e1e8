"""Counting the statements a piece of code sends to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

NOT_COUNTED = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "PRAGMA")


class Statements(list[str]):
    """The statements sent inside a `count_queries()` block, in order; `len()` is the number."""

    def __str__(self) -> str:
        return "\n".join(f"{number:3} {' '.join(statement.split())}" for number, statement in enumerate(self, 1))


@contextmanager
def count_queries() -> Iterator[Statements]:
    """Collect every statement sent inside the block, transactions aside."""
    statements = Statements()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(NOT_COUNTED):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)
