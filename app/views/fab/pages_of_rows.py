"""How a list reads one page of its rows, and how it knows their number.

Two ways lead to a page. Following the index of the order is quick when most rows of the table belong to the list;
picking out its rows first is quick when few do. A database cannot tell from statistics which of them holds, because
scope is a list of schools; the count can. Either way the page is read from the end that is nearer (B8).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Select, UnaryExpression, func, inspect, or_, select
from sqlalchemy.sql import operators

from app.extensions import db

LONG = 10_000  # rows; shorter lists are counted every time
REMEMBERED = 20  # seconds
MOST_KNOWN = 500
Counted = Callable[[Select[Any]], int]


class Totals:
    """How many rows long lists have, for a short while; one for each process."""

    def __init__(self) -> None:
        self._known: dict[Any, tuple[float, int]] = {}

    def count(self, statement: Select[Any], counted: Counted) -> int:
        """Return the number of rows of `statement`, remembered or `counted` now."""
        key = _key_of(statement)
        until, number = self._known.get(key, (0.0, 0))
        if until > time.monotonic():
            return number
        self._known.pop(key, None)
        number = counted(statement)
        if number >= LONG:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[key] = (time.monotonic() + REMEMBERED, number)
        return number


TOTALS = Totals()


def _key_of(statement: Select[Any]) -> Any:
    engine = db.session.get_bind()
    made = statement.compile(engine)
    return str(getattr(engine, "url", "")), str(made), tuple(sorted((n, repr(v)) for n, v in made.params.items()))


def rows_of_page(
    model: type[Any],
    statement: Select[Any],
    order: Sequence[Any],
    *,
    page: int,
    size: int,
    count: int,
    options: Sequence[Any] = (),
) -> list[Any]:
    """Return the rows of a page, from 1, of the `count` rows of `statement` in `order`, which ends in the key."""
    start = (page - 1) * size
    end = min(start + size, count)
    if start >= end:
        return []
    backwards = start > count - end
    way = [_other_way(part) for part in order] if backwards else list(order)
    skipped = count - end if backwards else start
    if count >= LONG and 2 * count > _size_of(model):
        read = _followed(model, statement).order_by(*way).limit(end - start).offset(skipped)
    else:
        read = _picked_out(model, statement, way, skipped, end - start)
    rows = list(db.session.scalars(read.options(*options)))
    return rows[::-1] if backwards else rows


def _size_of(model: type[Any]) -> int:
    """Return about how many rows the table has."""
    key = inspect(model).primary_key[0]
    return TOTALS.count(select(func.max(key)), lambda largest: int(db.session.scalar(largest) or 0))


def _followed(model: type[Any], statement: Select[Any]) -> Select[Any]:
    """Return `statement` with conditions no index serves (no key is negative), so that the order's index is used."""
    if statement.whereclause is None or statement.get_final_froms() != [inspect(model).local_table]:
        return statement
    never = inspect(model).primary_key[0] + 0 < 0
    return select(model).where(or_(statement.whereclause, never))


def _picked_out(model: type[Any], statement: Select[Any], way: Sequence[Any], skipped: int, size: int) -> Select[Any]:
    """Return the SELECT of a page that finds all rows of `statement` before it puts them in order."""
    key = inspect(model).primary_key[0]
    sorted_by = [_plain(part).label(f"order_{number}") for number, part in enumerate(way)]
    bare = statement.with_only_columns(key.label("key"), *sorted_by, maintain_column_froms=True)
    found = bare.cte("found").prefix_with("MATERIALIZED")
    directions = [
        found.c[f"order_{n}"].desc() if _descends(part) else found.c[f"order_{n}"].asc() for n, part in enumerate(way)
    ]
    ordered = select(found).order_by(*directions).limit(size).offset(skipped).subquery("page")
    again = [ordered.c[f"order_{n}"].desc() if _descends(p) else ordered.c[f"order_{n}"] for n, p in enumerate(way)]
    return select(model).join(ordered, ordered.c.key == key).order_by(*again)


def _descends(part: Any) -> bool:
    return isinstance(part, UnaryExpression) and part.modifier is operators.desc_op


def _plain(part: Any) -> Any:
    return part.element if isinstance(part, UnaryExpression) and part.modifier is not None else part


def _other_way(part: Any) -> Any:
    return _plain(part).asc() if _descends(part) else _plain(part).desc()
