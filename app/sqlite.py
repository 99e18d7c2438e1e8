"""SQLite with many processes: its settings, transactions that begin when we say so, and writers in turn.

A transaction that begins by reading keeps what it read; when another process writes meanwhile, SQLite refuses it the
right to write, at once and without waiting. So who is going to write says so at the start (`BEGIN IMMEDIATE`). Waiting
for that is a game of chance in which the unlucky starve; a queue in front (`app/queue_lock.py`) lets one after the
other through. Reading waits for nobody and stays deferred. On other databases nothing here happens.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session, scoped_session

from app import queue_lock

SETTINGS = (
    "foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL", "busy_timeout = 20000",
    "cache_size = -32000",  # KiB: the indexes of a province lie far apart
    "wal_autocheckpoint = 8000",  # pages: whoever writes many checkpoints between his turns (`checkpoint`)
)  # fmt: skip
LOCK_SUFFIX = "-writers"
_mine = threading.local()  # the turn this thread has: waiting for oneself would never end


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, _record: Any) -> None:
    """Give SQLite foreign keys, a write-ahead log that survives a power cut, and transactions that we begin."""
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # the driver's own BEGIN comes too late for savepoints
    for setting in SETTINGS:
        connection.execute(f"PRAGMA {setting}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """Begin for real: deferred, or as the execution option `sqlite_begin` says."""
    if connection.dialect.name == "sqlite":
        mode = connection.get_execution_options().get("sqlite_begin", "")
        connection.exec_driver_sql(f"BEGIN {mode}".strip())
        connection.info["changes"] = _changes(connection)


@contextmanager
def writers_turn(session: Session | scoped_session[Any]) -> Iterator[None]:
    """Let the session write from here on; the block ends with its commit or roll-back.

    What was read before is let go of: the transaction begins anew, so nothing it reads is older than its right to
    write. Rows in memory stay as they are; `fetch_manageable` reads afresh. A session that has written already keeps
    its transaction, and so does one that runs inside a savepoint.
    """
    connection = session.connection()
    if connection.dialect.name != "sqlite" or connection.in_nested_transaction() or _has_written(connection):
        yield
        return
    connection.exec_driver_sql("COMMIT")  # ends the reading only: nothing was written
    with _turn(connection.engine.url.database):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield


def others_wait() -> bool:
    """Tell whether somebody waits for this thread to end its writing; never on other databases, where nobody has to."""
    turn = getattr(_mine, "turn", None)
    return turn is not None and queue_lock.is_awaited(*turn)


def checkpoint(engine: Engine) -> None:
    """Move what was written from the log into the database file. Between transactions: nobody waits for that.

    Else the commit of somebody who has written one row does it for who has written many.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")


def _changes(connection: Connection) -> int:
    driver: Any = connection.connection.dbapi_connection
    return int(driver.total_changes)


def _has_written(connection: Connection) -> bool:
    return _changes(connection) != connection.info.get("changes")


@contextmanager
def _turn(database: str | None) -> Iterator[None]:
    """Wait until no other process or thread writes. Raises RuntimeError when this very thread does."""
    if getattr(_mine, "turn", None):
        raise RuntimeError("another session of this thread is writing; it must end first")
    file = _open_lock(database)
    if file is None:
        yield
        return
    try:
        _mine.turn = file, queue_lock.wait(file)
        yield
    finally:
        _mine.turn = None
        os.close(file)  # leaves the queue


def _open_lock(database: str | None) -> int | None:
    """Return the open lock file beside the database; None in memory or where SQLite will refuse the writing itself."""
    if not database or database == ":memory:":
        return None
    with suppress(OSError):
        return os.open(database + LOCK_SUFFIX, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return None
