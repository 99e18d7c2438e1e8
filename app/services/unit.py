"""One verb, one transaction: everything is written or nothing is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.domain.errors import Conflict, Problem, problem
from app.domain.text import N_
from app.extensions import db
from app.sqlite import writers_turn

OPEN = "transaction is open"  # kept in the session


@contextmanager
def transaction() -> Iterator[None]:
    """Commit at the end of the block; roll everything back when it raises.

    A broken constraint becomes a Conflict that names the field, a lost race for a row one that says so. Inside another
    transaction the block is a part of it: it commits with the whole, and can be rolled back by itself. On SQLite the
    block begins by waiting for its turn to write (docs/architecture.md).
    """
    try:
        with _part() if db.session.info.get(OPEN) else _whole():
            yield
    except IntegrityError as error:
        raise Conflict(_explain(str(error.orig))) from error
    except StaleDataError as error:
        raise Conflict(changed_meanwhile()) from error


@contextmanager
def _part() -> Iterator[None]:
    with db.session.begin_nested():
        yield


@contextmanager
def _whole() -> Iterator[None]:
    info = db.session.info
    info[OPEN] = True
    try:
        with writers_turn(db.session), _committed():
            yield
    except BaseException:
        db.session.rollback()  # also when there was no turn to be had
        raise
    finally:
        info[OPEN] = False


@contextmanager
def _committed() -> Iterator[None]:
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def hold_rows(model: type[Any], keys: Iterable[int]) -> None:
    """Hold rows until the transaction ends, always by key, so that no two wait for each other.

    Records that merely name a row may be added meanwhile. SQLite has one writer anyway.
    """
    if is_postgresql():
        wanted = select(model.id).where(model.id.in_(set(keys))).order_by(model.id)
        db.session.execute(wanted.with_for_update(key_share=True)).all()


def is_postgresql() -> bool:
    """Tell which of the two databases is spoken to."""
    return str(db.session.get_bind().dialect.name) == "postgresql"


def changed_meanwhile() -> Problem:
    """Return the problem of a row somebody else has changed since it was read."""
    return problem(
        "changed_meanwhile",
        N_("Somebody else changed this record meanwhile. Compare with the present values and save again."),
    )


def _explain(message: str) -> Problem:
    unique = re.search(r"UNIQUE constraint failed: \w+\.(\w+)", message) or re.search(
        r"Key \((\w+)[,)].*exists", message
    )
    if unique:
        return problem("duplicate", N_("This value is taken already; give another."), field=unique.group(1))
    if "FOREIGN KEY" in message.upper() or "still referenced" in message:
        return problem("in_use", N_("Other records refer to this one; move or delete them first."))
    return problem("refused_by_database", N_("The values contradict each other; check dates, numbers and choices."))
