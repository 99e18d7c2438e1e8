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
    """A statement with the columns in its order, how the value of each is converted, and whether it takes tuples."""

    statement: str
    names: Sequence[str]
    converts: Sequence[Convert]
    positional: bool

    def parameters(self, row: Mapping[str, Any]) -> Any:
        """Return a row as the driver takes it."""
        values = [
            value if convert is None or value is None else convert(value)
            for convert, value in zip(self.converts, map(row.__getitem__, self.names), strict=True)
        ]
        return tuple(values) if self.positional else dict(zip(self.names, values, strict=True))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, which all give the columns of the first, and every column that has no default of the database.

    Values are converted as the types of the columns say. Nothing is returned: that would cost a statement a row.
    """
    if rows:
        prepared = _prepared(table, tuple(rows[0]), connection.dialect)
        connection.exec_driver_sql(prepared.statement, [prepared.parameters(row) for row in rows])


@lru_cache(maxsize=16)
def _prepared(table: Table, given: tuple[str, ...], dialect: Dialect) -> Prepared:
    compiled = insert(table).compile(dialect=dialect, column_keys=list(given))
    names = compiled.positiontup or list(compiled.params)
    assert set(names) == set(given), f"not given: {set(names) ^ set(given)}"
    converts = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    return Prepared(str(compiled), names, converts, compiled.positional)
