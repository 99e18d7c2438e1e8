"""Which windows of a batch are open now (PRG-1). A missing window is never open."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.domain.calendar import is_kind_open, window_of
from app.domain.clock import local, now
from app.domain.errors import Conflict, Problem, problem
from app.domain.terms import WindowKind
from app.domain.text import N_
from app.extensions import db
from app.models import Batch, TrainingYear


def batches_of_the_year() -> list[Batch]:
    """Return the batches of the current training year in their order."""
    wanted = select(Batch).join(TrainingYear).where(TrainingYear.is_current.is_(True))
    ordered = wanted.options(joinedload(Batch.training_year)).order_by(Batch.sequence, Batch.id)
    return list(db.session.scalars(ordered))


def is_open(batch: Batch | None, *kinds: WindowKind) -> bool:
    """Tell whether one of these windows of `batch` is open at this second."""
    return batch is not None and any(is_kind_open(batch.windows, kind, now()) for kind in kinds)


def require_open(batch: Batch | None, *kinds: WindowKind) -> None:
    """Raise Conflict unless one of the windows is open, telling when the first of them opens or closed."""
    if not is_open(batch, *kinds):
        raise Conflict(closed_problem(batch, kinds[0]))


def closed_problem(batch: Batch | None, kind: WindowKind) -> Problem:
    """Return what to tell who comes too early or too late."""
    window = window_of(batch.windows, kind) if batch is not None else None
    if window is None:
        text = N_("There is no window “%(window)s” yet; the province sets it.")
        return problem("window_missing", text, window=kind)
    opens, closes = (f"{local(moment):%Y-%m-%d %H:%M}" for moment in (window.opens_at, window.closes_at))
    if now() < window.opens_at:
        text = N_("“%(window)s” opens at %(opens)s.")
        return problem("window_not_open", text, window=kind, opens=opens)
    text = N_("“%(window)s” closed at %(closes)s.")
    return problem("window_closed", text, window=kind, closes=closes)
