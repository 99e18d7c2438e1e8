"""Inserting many rows of the same columns: what SQLAlchemy would send, worked out once for all (B1, W10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert

Convert = Callable[[Any], Any]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, which all give the columns of the first, and every column that has no default of the database.

    Values are converted as the types of the columns say. Nothing is returned: that would cost a statement a row.
    """
    if not rows:
        return
    names = list(rows[0])
    compiled = insert(table).compile(dialect=connection.dialect, column_keys=names)
    order = compiled.positiontup or list(compiled.params)
    assert set(order) == set(names), f"not given: {set(order) ^ set(names)}"
    converts = [_convert(table, name, connection) for name in order]
    sent: list[Any] = [
        tuple(
            value if convert is None or value is None else convert(value)
            for convert, value in zip(converts, map(row.__getitem__, order), strict=True)
        )
        for row in rows
    ]
    if not compiled.positional:
        sent = [dict(zip(order, row, strict=True)) for row in sent]
    connection.exec_driver_sql(str(compiled), sent)


def _convert(table: Table, name: str, connection: Connection) -> Convert | None:
    return table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
