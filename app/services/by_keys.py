"""Statements of the way that thousands press at once: made once, run past the unit of work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, bindparam, literal

from app.extensions import fetch


class ByKeys:
    """A SELECT of columns by keys, past the unit of work. For one key its text never changes, for many it does."""

    def __init__(self, make: Callable[[Callable[[Any], ColumnElement[bool]]], Any]) -> None:
        """Take what makes the statement, given what makes the condition on a column of keys."""
        self._one = make(lambda column: column == bindparam("key", type_=column.type))
        self._many = make(lambda column: column.in_(bindparam("keys", expanding=True)))

    def rows(self, keys: Collection[int], **parameters: Any) -> Any:
        """Return the result for these keys."""
        if len(keys) == 1:
            return fetch(self._one, {"key": next(iter(keys)), **parameters})
        return fetch(self._many, {"keys": list(keys), **parameters})


def each(values: Iterable[Any], column: Any) -> list[Any]:
    """Return the values as parameters of their own: a list that never changes need not be written anew each time."""
    return [literal(value, column.type) for value in values]
