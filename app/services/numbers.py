"""Running numbers that are never given twice, whoever asks at the same moment (TCH-1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from app.domain.clock import now
from app.extensions import db
from app.models import NumberSeries

_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def take_numbers(series: str, count: int, *, last_before: Callable[[], int] = lambda: 0) -> range:
    """Return the next `count` numbers of `series`, in the running transaction.

    One UPDATE takes them: whoever comes meanwhile waits for this transaction. A new series begins after
    `last_before()`, the greatest number that was given before the series was counted here. Rolled back, the numbers
    are given again; committed, never.
    """
    last = _raise(series, count)
    if last is None:
        _begin(series, last_before())
        last = _raise(series, count) or count
    return range(last - count + 1, last + 1)


def _raise(series: str, count: int) -> int | None:
    row = NumberSeries
    taken = update(row).where(row.name == series).values(last=row.last + count, updated_at=now()).returning(row.last)
    last: int | None = db.session.scalar(taken.execution_options(synchronize_session=False))
    return last


def _begin(series: str, last: int) -> None:
    moment = now()
    fresh = _INSERTS[db.session.get_bind().dialect.name](NumberSeries).values(
        name=series, last=last, version=1, created_at=moment, updated_at=moment
    )
    db.session.execute(fresh.on_conflict_do_nothing(index_elements=[NumberSeries.name]))
