"""What every request would read again is kept in the process, until the stamp in the database moves (ACC-12).

Permissions of roles, parameters, windows, regions, bureaus and whether they have staff are read a thousand times for
each time they change. Whoever changes one of `WATCHED` through the session moves the stamp in the same transaction; who
reads compares it, in the statement that reads who acts. A stamp is a random number: one that was rolled back never
comes again, so nothing kept under it is ever taken for true. What is kept must not be changed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import event, inspect, select, update
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from app.extensions import db, fetch
from app.models import (
    Account,
    Batch,
    BatchWindow,
    Bureau,
    ParameterValue,
    PermissionView,
    Region,
    Role,
    SecurityStamp,
)

T = TypeVar("T")
WATCHED = (PermissionView, ParameterValue, Batch, BatchWindow, Region, Bureau)
TABLES = frozenset(inspect(model).local_table for model in (*WATCHED, Role))
# What makes an account act for a bureau. Signing in touches other columns, all day long; and accounts come by the
# thousand, but those of bureaus one by one, as rows.
OF_STAFF = ("bureau_id", "active", "status", "roles")
HIGHEST = 2**31
# Made once; as a column of another statement it costs nothing.
STAMP = select(SecurityStamp.number).order_by(SecurityStamp.id).limit(1)
KNOWN, CHANGED = "stamp", "stamp moves"  # in a session, for its running transaction


@dataclass
class _Kept:
    """What this process keeps, and under which stamp of which database."""

    engine: Any = None
    stamp: int | None = None
    values: dict[Hashable, Any] = field(default_factory=dict)


_kept = _Kept()


def remembered(key: Hashable, read: Callable[[], T]) -> T:
    """Return what `read` returned when the stamp moved last; it must depend on the key and `WATCHED` only.

    What bureaus' accounts may do counts as watched: see `OF_STAFF`.
    """
    stamp = _stamp()
    if stamp is None:  # changed by this very transaction, or there is no row yet that would tell of changes
        return read()
    if stamp != _kept.stamp or _kept.engine is not db.engine:
        _kept.engine, _kept.stamp, _kept.values = db.engine, stamp, {}
    if key not in _kept.values:
        _kept.values[key] = read()
    found: T = _kept.values[key]
    return found


def note_stamp(stamp: int | None) -> None:
    """Hand over the stamp that was read along with something else, for the running transaction."""
    db.session().info[KNOWN] = stamp


def _stamp() -> int | None:
    info = db.session().info
    if KNOWN not in info:
        info[KNOWN] = fetch(STAMP).scalar()
    known: int | None = info[KNOWN]
    return known


def _change(session: Session) -> None:
    """Note that the running transaction changed what is remembered: from here on it reads for itself."""
    session.info[CHANGED], session.info[KNOWN] = True, None


@event.listens_for(Session, "after_flush")
def _notice_rows(session: Session, _context: Any) -> None:
    """Notice rows; an account that gets a role touches the role as well, but nothing of what it is."""
    new = any(isinstance(row, (*WATCHED, Role)) or _new_staff(row) for row in session.new)
    gone = any(isinstance(row, (*WATCHED, Role, Account)) for row in session.deleted)
    if new or gone or any(_changed(row) for row in session.dirty):
        _change(session)


def _changed(row: Any) -> bool:
    if isinstance(row, Role):
        return _touched(row, ("permissions", "name"))
    if isinstance(row, Account):
        return _touched(row, OF_STAFF) and (_touched(row, OF_STAFF[:1]) or row.bureau_id is not None)
    return isinstance(row, WATCHED)


def _touched(row: Any, names: tuple[str, ...]) -> bool:
    attributes = inspect(row).attrs
    return any(attributes[name].history.has_changes() for name in names)


def _new_staff(row: Any) -> bool:
    return isinstance(row, Account) and row.__dict__.get("bureau_id") is not None


@event.listens_for(Session, "do_orm_execute")
def _notice_statement(state: ORMExecuteState) -> None:
    """Notice statements that write many rows at once."""
    if (state.is_insert or state.is_update or state.is_delete) and state.statement.table in TABLES:  # type: ignore[attr-defined]
        _change(state.session)


@event.listens_for(Session, "before_commit")
def _move_stamp(session: Session) -> None:
    """Move the stamp last of all, so that its row is locked for a moment only and never before another one."""
    if session.in_nested_transaction():
        return
    session.flush()
    if session.info.pop(CHANGED, False):
        session.execute(update(SecurityStamp).values(number=secrets.randbelow(HIGHEST)))


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(KNOWN, None)
        session.info.pop(CHANGED, None)
