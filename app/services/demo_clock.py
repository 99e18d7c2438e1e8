"""The clock of a demo: it can jump to the next step of the year, for everybody and for the worker (docs/operation.md).

It works only where the setting DEMO is on, which production refuses. How far it runs ahead lies in the database; each
request and each job begins by asking (`refresh`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import selectinload

from app.domain import clock
from app.domain.clock import ShiftedClock, now
from app.domain.errors import Conflict, problem
from app.domain.phases import Halt, ahead, halts, reached
from app.domain.terms import AuditAction, ClassState
from app.domain.text import N_
from app.extensions import db
from app.models import Batch, DemoClock, TrainingClass, TrainingYear
from app.security.actor import Actor
from app.services import audit, deadlines
from app.services.unit import transaction

GONE = (ClassState.DRAFT, ClassState.PENDING, ClassState.REFUSED, ClassState.CANCELLED)  # these are never delivered
_shifted = ShiftedClock()


@dataclass(frozen=True)
class Journey:
    """Where one is in the year: the batch, its stops, the last one reached, the next one."""

    batch: Batch
    stops: list[Halt]
    here: Halt | None
    next: Halt


def install() -> None:
    """Let the demo's clock tell the time of this process."""
    clock.set_clock(_shifted)


def refresh() -> None:
    """Ask the database how far the clock runs ahead; a database that is not there yet, or not whole, has no say."""
    try:
        with db.engine.connect() as connection:
            seconds = connection.scalar(select(DemoClock.seconds)) or 0
    except (OperationalError, ProgrammingError):
        seconds = 0
    _shifted.ahead = timedelta(seconds=seconds)


def seconds_ahead() -> int:
    """Return how far the clock of this process runs ahead."""
    return int(_shifted.ahead.total_seconds())


def journey() -> Journey | None:
    """Return the batch of this year that is not at its end, and its stops; None when the year has been walked."""
    current = select(Batch).join(TrainingYear).where(TrainingYear.is_current.is_(True))
    batches = db.session.scalars(current.options(selectinload(Batch.windows)).order_by(Batch.sequence)).all()
    first_days = _first_days([batch.id for batch in batches])
    for batch in batches:
        stops = halts(batch.windows, first_days.get(batch.id))
        next_stop = ahead(stops, now())
        if next_stop is not None:
            return Journey(batch, stops, reached(stops, now()), next_stop)
    return None


def _first_days(batch_ids: list[int]) -> dict[int, date]:
    wanted = select(TrainingClass.batch_id, func.min(TrainingClass.starts_on)).where(
        TrainingClass.batch_id.in_(batch_ids), TrainingClass.state.not_in(GONE)
    )
    rows = db.session.execute(wanted.group_by(TrainingClass.batch_id))
    return {key: day for key, day in rows if key is not None}


def jump(*, actor: Actor, to: str) -> Halt:
    """Let the clock jump to the next stop, and do at once what the worker would have done on the way.

    `to` is the stop the page showed: two presses at once jump once. Raises NotPermitted, Conflict when the clock stands
    elsewhere by now.
    """
    actor.require("edit", "Calendar")
    with transaction():
        row = _row()
        found = journey()
        if found is None or found.next.stop.value != to:
            raise Conflict(problem("clock_moved", N_("The clock stands elsewhere by now; look at the bar again.")))
        _set(row, ShiftedClock.until(found.next.moment), actor)
    refresh()
    deadlines.run()
    return found.next


def back_to_today(*, actor: Actor) -> None:
    """Let the clock tell the true time again; what happened meanwhile stays."""
    actor.require("edit", "Calendar")
    with transaction():
        _set(_row(), timedelta(0), actor)
    refresh()


def _row() -> DemoClock:
    row: DemoClock | None = db.session.scalars(select(DemoClock).with_for_update()).first()
    if row is None:
        row = DemoClock(seconds=0)
        db.session.add(row)
        db.session.flush()
    _shifted.ahead = timedelta(seconds=row.seconds)
    return row


def _set(row: DemoClock, ahead_by: timedelta, actor: Actor) -> None:
    before = audit.snapshot(row)
    row.seconds = ceil(ahead_by.total_seconds())
    db.session.flush()
    audit.record(AuditAction.UPDATE, row, actor=actor, before=before, after=audit.snapshot(row))
