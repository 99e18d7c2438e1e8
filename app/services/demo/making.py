"""What every chapter of the demo is given: how large it is to be, its dice, and the way to insert many rows."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import func, insert, select

from app.domain.clock import local, now
from app.extensions import db
from app.security.crypto import Vault

LISTS: dict[str, Any] = tomllib.loads((Path(__file__).parents[2] / "data" / "demo.toml").read_text(encoding="utf-8"))
ENROLLMENTS_EACH = 1_200_000 / 390_000  # of a teacher, in all years together
CHUNK = 5_000  # rows that are held in memory at a time
NOON = time(12)  # of its day: the moment at which the demo stands
Row = dict[str, Any]
Tell = Callable[[str, int, int], None]
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each there are to be; the rest follows from the regions."""

    schools: int
    teachers: int
    institutions: int

    @property
    def enrollments(self) -> int:
        """Return how many enrollments of all years these teachers have."""
        return round(self.teachers * ENROLLMENTS_EACH)


SIZES = {
    "small": Size(schools=300, teachers=3_000, institutions=40),
    "province": Size(schools=6_500, teachers=390_000, institutions=240),
}


def last_noon() -> date:
    """Return the last day whose noon has passed: whatever the demo tells of lies before this moment."""
    moment = local(now())
    return moment.date() if moment.time() >= NOON else moment.date() - timedelta(days=1)


def _silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Making:
    """One loading. `tell(what, done, total)` hears of the progress; `day` is the day everything stands around."""

    size: Size
    seed: int
    vault: Vault
    tell: Tell = _silent
    day: date = field(default_factory=last_noon)

    def dice(self, chapter: str) -> random.Random:
        """Return the dice of a chapter; those of one never change what another throws."""
        return random.Random(f"{self.seed}/{chapter}")

    def insert(self, model: type[Any], rows: Iterable[Row], *, total: int, done: int = 0) -> None:
        """Insert `rows` into the table of `model`, a chunk at a time; `done` have been inserted before."""
        self.insert_into(model.__table__, rows, total=total, done=done)

    def insert_into(self, table: Any, rows: Iterable[Row], *, total: int, done: int = 0) -> None:
        """Insert `rows` into `table`, a chunk at a time, telling the progress."""
        for chunk in chunks(rows, CHUNK):
            db.session.execute(insert(table), chunk)
            done += len(chunk)
            self.tell(table.name, done, max(done, total))

    def keys_from(self, model: type[Any]) -> Iterator[int]:
        """Return the free keys of a table, so that rows know each other before they are inserted; end with `keyed`."""
        return count((db.session.scalar(select(func.max(model.id))) or 0) + 1)

    def keyed(self, *models: type[Any]) -> None:
        """Let the database go on behind keys that were given by hand."""
        if db.session.get_bind().dialect.name == "postgresql":
            for model in models:
                sequence = func.pg_get_serial_sequence(model.__tablename__, "id")
                highest = select(func.coalesce(func.max(model.id), 1)).scalar_subquery()
                db.session.execute(select(func.setval(sequence, highest)))


def chunks(rows: Iterable[C], size: int) -> Iterator[list[C]]:
    """Yield `rows` in lists of `size`, the last one shorter."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def by_code(model: type[Any]) -> dict[str, Any]:
    """Return code → row of a table that has codes."""
    return {row.code: row for row in db.session.scalars(select(model))}


def ids_by(column: Any) -> dict[Any, int]:
    """Return value of `column` → primary key, without loading the rows."""
    return {value: key for key, value in db.session.execute(select(column.class_.id, column))}


def apportioned(total: int, weights: list[float]) -> list[int]:
    """Return whole numbers in the proportion of `weights` that add up to `total`, none below 1 while there are enough.

    The largest remainders are rounded up.
    """
    spare = total - len(weights)
    if spare < 0:
        return [1] * total + [0] * (len(weights) - total)
    whole = sum(weights)
    exact = [spare * weight / whole for weight in weights]
    parts = [int(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda place: parts[place] - exact[place])
    for place in by_remainder[: spare - sum(parts)]:
        parts[place] += 1
    return [part + 1 for part in parts]
