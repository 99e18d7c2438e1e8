"""Inserting many rows of the same columns: what SQLAlchemy would send, worked out once for all (B1, W10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert

Convert = Callable[[Any], Any] | None


@dataclass(frozen=True)
class Prepared:
    """A statement with the columns in its order, how their values are converted, and whether it takes tuples."""

    statement: str
    names: Sequence[str]
    converts: Sequence[Convert]
    positional: bool

    def parameters(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return rows as the driver takes them."""
        columns = [
            _converted([row[name] for row in rows], convert)
            for name, convert in zip(self.names, self.converts, strict=True)
        ]
        made = zip(*columns, strict=True)
        return list(made) if self.positional else [dict(zip(self.names, values, strict=True)) for values in made]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, which all give the columns of the first, and every column that has no default of the database.

    Values are converted as the types of the columns say. Nothing is returned: that would cost a statement a row.
    """
    if rows:
        prepared = _prepared(table, tuple(rows[0]), connection.dialect)
        connection.exec_driver_sql(prepared.statement, prepared.parameters(rows))


def _converted(values: list[Any], convert: Convert) -> list[Any]:
    """Return the values of a column as the driver takes them; those that come again are converted once."""
    if convert is None:
        return values
    known = {value: convert(value) for value in {*values} - {None}}
    return [known.get(value) for value in values]


@lru_cache(maxsize=16)
def _prepared(table: Table, given: tuple[str, ...], dialect: Dialect) -> Prepared:
    compiled = insert(table).compile(dialect=dialect, column_keys=list(given))
    names = compiled.positiontup or list(compiled.params)
    assert set(names) == set(given), f"not given: {set(names) ^ set(given)}"
    converts = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    return Prepared(str(compiled), names, converts, compiled.positional)
