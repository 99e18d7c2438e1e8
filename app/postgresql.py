"""PostgreSQL: a transaction that only read ends by a commit, so that the driver keeps its prepared statements.

psycopg forgets all of them at a roll-back, which may have undone the table they were made for; the session ends every
request that only read by one. Then each statement was parsed and planned anew each time, half of what it costs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakSet

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Dialect, Engine, event

READS = re.compile(r"\s*SELECT\b", re.IGNORECASE)
_written: WeakSet[Any] = WeakSet()  # the driver's connections whose transaction may have written


@event.listens_for(Engine, "do_connect")
def _watch(dialect: Dialect, _record: Any, _arguments: Any, _options: Any) -> None:
    if dialect.name == "postgresql" and not isinstance(dialect.do_rollback, partial):
        dialect.do_rollback = partial(_end, dialect.do_rollback)  # type: ignore[method-assign]


@event.listens_for(Engine, "before_cursor_execute")
def _note(connection: Connection, _cursor: Any, statement: str, *_others: Any) -> None:
    if connection.dialect.name == "postgresql" and not READS.match(statement):
        _written.add(connection.connection.dbapi_connection)


@event.listens_for(Engine, "commit")
def _forget(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        _written.discard(connection.connection.dbapi_connection)


def _end(rollback: Callable[[Any], None], connection: Any) -> None:
    """End a transaction that nobody commits; `connection` is the driver's, or the pool's around it."""
    driver = getattr(connection, "dbapi_connection", connection)
    if driver.info.transaction_status is TransactionStatus.INTRANS and driver not in _written:
        driver.commit()
    else:
        rollback(connection)
    _written.discard(driver)
