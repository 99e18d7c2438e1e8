"""The batches of the demo as its chapters of the living year see them: where each stands on the day of loading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.domain.clock import SHANGHAI
from app.domain.terms import WindowKind
from app.extensions import db
from app.models import Batch
from app.services.demo.making import NOON, Making

OPEN_SHARE, ADJUSTING_SHARE = 0.25, 0.05  # of all enrollments; the rest belongs to the batches that are over
SOONEST, LATEST, LONGEST = 35, 120, 60  # days from the middle of round one to a class; its longest run


class Standing(Enum):
    """What happens in a batch on the day of loading."""

    OVER = auto()
    ADJUSTING = auto()
    ENROLLING = auto()
    DECLARING = auto()
    TO_COME = auto()


@dataclass(frozen=True, slots=True)
class Term:
    """A batch, its windows as (opens, closes), where it stands, and its share of all enrollments."""

    batch_id: int
    year_id: int
    prefix: str
    first: date
    last: date
    windows: Mapping[WindowKind, tuple[datetime, datetime]]
    standing: Standing
    share: float

    def opens(self, kind: WindowKind) -> datetime:
        """Return when a window opens."""
        return self.windows[kind][0]

    def closes(self, kind: WindowKind) -> datetime:
        """Return the last second of a window."""
        return self.windows[kind][1]

    def class_days(self, after: int, length: int) -> tuple[date, date]:
        """Return first and last day of a class that begins `after` days after round one, inside the training year."""
        start = self.opens(WindowKind.ROUND_ONE).date() + timedelta(days=after)
        start = min(max(start, self.first), self.last - timedelta(days=length))
        return start, start + timedelta(days=length)


def noon(making: Making) -> datetime:
    """Return the moment at which the demo stands."""
    return datetime.combine(making.day, NOON, SHANGHAI)


def terms(making: Making) -> list[Term]:
    """Return the batches in which something has been declared, the oldest first."""
    loads = (joinedload(Batch.training_year), selectinload(Batch.windows))
    rows = db.session.scalars(select(Batch).options(*loads).order_by(Batch.id)).all()
    standing = {row.id: _standing(_windows(row), noon(making)) for row in rows}
    over = sum(one is Standing.OVER for one in standing.values())
    shares = {
        Standing.ENROLLING: OPEN_SHARE,
        Standing.ADJUSTING: ADJUSTING_SHARE,
        Standing.OVER: (1 - OPEN_SHARE - ADJUSTING_SHARE) / max(over, 1),
    }
    made = [
        Term(
            batch_id=row.id, year_id=row.training_year_id, prefix=f"{row.training_year.year}{row.sequence:02d}",
            first=row.training_year.starts_on, last=row.training_year.ends_on, windows=_windows(row),
            standing=standing[row.id], share=shares.get(standing[row.id], 0.0),
        )
        for row in rows
        if standing[row.id] is not Standing.TO_COME
    ]  # fmt: skip
    return sorted(made, key=lambda term: term.opens(WindowKind.DECLARATION))


def _windows(batch: Batch) -> dict[WindowKind, tuple[datetime, datetime]]:
    return {window.kind: (window.opens_at, window.closes_at) for window in batch.windows}


def _standing(windows: Mapping[WindowKind, tuple[datetime, datetime]], moment: datetime) -> Standing:
    if all(closes < moment for _, closes in windows.values()):
        return Standing.OVER
    for kind, standing in (
        (WindowKind.ADJUSTMENT, Standing.ADJUSTING),
        (WindowKind.ROUND_ONE, Standing.ENROLLING),
        (WindowKind.DECLARATION, Standing.DECLARING),
    ):
        if windows[kind][0] <= moment <= windows[kind][1]:
            return standing
    return Standing.TO_COME
