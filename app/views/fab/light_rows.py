"""Rows of a long export as bare columns: no entities, related rows by name (B5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import RelationshipProperty

from app.extensions import db
from app.views.fab.columns import column_of, property_of, text_of

Reader = Callable[[Any], Any]
MOST_NAMES = 20_000  # of related rows that are remembered


class LightRows:
    """Which columns the exported `names` take, and what related rows are called; `sources` as in `Exporting`."""

    def __init__(self, model: type[Any], names: Sequence[str], sources: Mapping[str, tuple[str, ...]]) -> None:
        related = [name for name in names if name not in sources and _is_to_one(model, name)]
        plain = {each for name in names if name not in related for each in sources.get(name, (name,))} - {"id"}
        keys = [column_of(model, name).label(name) for name in related]
        self.columns = [*keys, *(getattr(model, name) for name in sorted(plain))]
        self._names = {name: _Names(property_of(model, name).mapper.class_) for name in related}

    def reader(self, name: str) -> Reader | None:
        """Return what gives the name of a related row; None for what is no relation."""
        names = self._names.get(name)
        return None if names is None else lambda row: names.known.get(getattr(row, name))

    def learn(self, rows: Sequence[Any]) -> None:
        """Find out what the related rows of `rows` are called, before they are read."""
        for name, names in self._names.items():
            names.learn({getattr(row, name) for row in rows})


class _Names:
    """What the rows of a model are called, by key."""

    def __init__(self, model: type[Any]) -> None:
        self.model = model
        self.known: dict[Any, str] = {}

    def learn(self, keys: set[Any]) -> None:
        """Read the names of `keys`; after this all of them are known."""
        if len(self.known) > MOST_NAMES:
            self.known.clear()
        new = keys - self.known.keys() - {None}
        if new:
            rows = db.session.scalars(select(self.model).where(self.model.id.in_(new)))
            self.known.update((row.id, text_of(row)) for row in rows)


def _is_to_one(model: type[Any], name: str) -> bool:
    mapped = property_of(model, name)
    return isinstance(mapped, RelationshipProperty) and not mapped.uselist
