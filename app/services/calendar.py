"""The calendar of a training year: its batches with their windows, set as a whole and read by everybody (PRG-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from app.domain.calendar import Phase, Window, in_order, moved, order_problems, phase_at, window_problems
from app.domain.clock import local, now
from app.domain.errors import Conflict, Problem, Problems, problem
from app.domain.flow import duty_kinds
from app.domain.state_shapes import Party
from app.domain.terms import AuditAction, RoundKind, WindowKind
from app.domain.text import N_
from app.extensions import db
from app.models import Batch, BatchWindow, EnrollmentRound, TrainingYear
from app.security.actor import Actor
from app.security.scope import fetch_visible, select_visible
from app.services import audit
from app.services.records import check
from app.services.unit import changed_meanwhile, transaction

LONGEST_YEAR = 366  # days
Span = tuple[datetime | None, datetime | None]


@dataclass(frozen=True)
class YearPlan:
    """What a new training year is called and when it runs."""

    year: int
    name: str
    starts_on: date
    ends_on: date
    is_current: bool


def batches(*, actor: Actor) -> Sequence[Batch]:
    """Return all batches with their windows, the latest year first."""
    wanted = select_visible(Batch, actor).join(Batch.training_year)
    loads = (joinedload(Batch.training_year), selectinload(Batch.windows))
    return list(db.session.scalars(wanted.options(*loads).order_by(TrainingYear.year.desc(), Batch.sequence)))


def batch_now(moment: datetime | None = None) -> Batch | None:
    """Return the batch of the current year that is under way or comes next, else its last one; None without any."""
    current = select(Batch).join(Batch.training_year).where(TrainingYear.is_current.is_(True))
    found = db.session.scalars(current.options(selectinload(Batch.windows)).order_by(Batch.sequence)).all()
    at = moment or now()
    return next((b for b in found if any(w.closes_at >= at for w in b.windows)), found[-1] if found else None)


def windows_now() -> Sequence[BatchWindow]:
    """Return the windows of the current year's batches, in the order they open: one query, for every page."""
    wanted = select(BatchWindow).join(BatchWindow.batch).join(Batch.training_year)
    wanted = wanted.options(contains_eager(BatchWindow.batch))
    current = wanted.where(TrainingYear.is_current.is_(True))
    return list(db.session.scalars(current.order_by(BatchWindow.opens_at)))


def phase_for(parties: Iterable[Party], windows: Sequence[BatchWindow], moment: datetime) -> Phase | None:
    """Return the phase to show: of the open ones one in which `parties` act, else the one that ends or opens first."""
    seen = phase_at(windows, moment)
    own = frozenset().union(*(duty_kinds(party) for party in parties))
    return next((p for p in seen.current if p.window.kind in own), next(iter(seen.current), seen.next))


def copied(batch: Batch, first_day: date | None = None) -> list[Window]:
    """Return the windows of `batch` moved so that the first begins on `first_day`; without one, 52 weeks later."""
    windows = in_order(batch.windows)
    if not windows:
        return []
    by = timedelta(weeks=52)
    if first_day is not None:
        by = timedelta(days=(first_day - local(windows[0].opens_at).date()).days)
    return moved(windows, by)


def save_batch(
    key: Any, name: str, spans: Mapping[WindowKind, Span], *, actor: Actor, expected_version: int | None = None
) -> Batch:
    """Set the name of a batch and all its windows at once; a window without moments is taken out.

    Raises NotPermitted, NotVisible, Conflict when somebody else has saved meanwhile, or Invalid with every reason:
    `field` of each problem is the kind of the window to mend, or `name`.
    """
    actor.require("edit", "Calendar")
    windows = _windows(name, spans)
    with transaction():
        batch = fetch_visible(Batch, key, actor=actor, options=(selectinload(Batch.windows),))
        if expected_version is not None and batch.version != expected_version:
            raise Conflict(changed_meanwhile())
        before = _told(batch)
        batch.name, batch.updated_at = name.strip(), now()
        _set_windows(batch, windows)
        db.session.flush()
        audit.record(AuditAction.UPDATE, batch, actor=actor, before=before, after=_told(batch))
    return batch


def open_batch(year: TrainingYear | YearPlan, name: str, spans: Mapping[WindowKind, Span], *, actor: Actor) -> Batch:
    """Add a batch with its rounds and windows, to a training year there is or one that begins with it.

    Raises NotPermitted, Conflict for a year there is already, or Invalid with every reason.
    """
    actor.require("edit", "Calendar")
    windows = _windows(name, spans, _year_problems(year) if isinstance(year, YearPlan) else [])
    with transaction():
        row = _open_year(year, actor) if isinstance(year, YearPlan) else year
        taken = db.session.scalars(select(Batch.sequence).where(Batch.training_year_id == row.id)).all()
        batch = Batch(training_year=row, sequence=max(taken, default=0) + 1, name=name.strip())
        batch.rounds = [EnrollmentRound(kind=kind) for kind in RoundKind]
        db.session.add(batch)
        _set_windows(batch, windows)
        db.session.flush()
        audit.record(AuditAction.CREATE, batch, actor=actor, after=_told(batch))
    return batch


def _windows(name: str, spans: Mapping[WindowKind, Span], others: Sequence[Problem] = ()) -> list[Window]:
    """Return the windows that are set. Raises Invalid with all that is wrong."""
    problems = Problems(list(others))
    if not name.strip():
        problems.add("name_missing", N_("Give the batch a name."), field="name")
    windows = []
    for kind, (opens_at, closes_at) in spans.items():
        if opens_at is not None and closes_at is not None:
            windows.append(Window(kind, opens_at, closes_at))
        elif opens_at is not None or closes_at is not None:
            text = N_("“%(kind)s” needs both its beginning and its end; leave both empty to go without.")
            problems.add("window_half", text, field=kind.value, kind=kind)
    problems.found += window_problems(windows)
    problems.raise_if_any()
    return windows


def _year_problems(plan: YearPlan) -> list[Problem]:
    found = []
    if plan.ends_on <= plan.starts_on:
        found.append(problem("ends_before_start", N_("The last day must come after the first."), field="ends_on"))
    elif (plan.ends_on - plan.starts_on).days > LONGEST_YEAR:
        found.append(problem("year_too_long", N_("A training year lasts at most a year and a day."), field="ends_on"))
    return found


def _open_year(plan: YearPlan, actor: Actor) -> TrainingYear:
    row = TrainingYear(**vars(plan))
    db.session.add(row)
    db.session.flush()
    if plan.is_current:
        make_only_current(row)
    audit.record(AuditAction.CREATE, row, actor=actor, after=audit.snapshot(row))
    return row


def make_only_current(year: TrainingYear) -> None:
    """Let `year` be the only current one, in the running transaction."""
    others = update(TrainingYear).where(TrainingYear.is_current.is_(True), TrainingYear.id.is_distinct_from(year.id))
    db.session.execute(others.values(is_current=False, version=TrainingYear.version + 1))


def _set_windows(batch: Batch, windows: Sequence[Window]) -> None:
    present = {window.kind: window for window in batch.windows}
    for window in windows:
        row = present.pop(window.kind, None)
        if row is None:
            row = BatchWindow(batch=batch, kind=window.kind)
            db.session.add(row)
        row.opens_at, row.closes_at = window.opens_at, window.closes_at
    for row in present.values():
        batch.windows.remove(row)
        db.session.delete(row)


def _told(batch: Batch) -> dict[str, Any]:
    """Return a batch and its windows as the audit keeps them."""
    spans: dict[str, str | None] = {kind.value: None for kind in WindowKind}
    spans |= {w.kind.value: f"{w.opens_at.isoformat()} / {w.closes_at.isoformat()}" for w in batch.windows}
    return {"name": batch.name, "sequence": batch.sequence, **spans}


@check(BatchWindow)
def _window_keeps_the_order(row: BatchWindow, problems: Problems, _actor: Actor) -> None:
    """A window changed by itself still has to fit the others of its batch."""
    if row.batch is None or row.opens_at is None or row.closes_at is None or row.closes_at <= row.opens_at:
        return
    others = [w for w in row.batch.windows if w is not row and w.id != row.id]
    found = order_problems([*others, Window(row.kind, row.opens_at, row.closes_at)])
    problems.found += [Problem(p.code, p.text, "kind" if p.code == "window_twice" else "opens_at") for p in found]


@check(TrainingYear)
def _one_year_is_current(row: TrainingYear, _problems: Problems, _actor: Actor) -> None:
    """Nothing to mend here: the year before gives way in the same transaction."""
    if row.is_current:
        make_only_current(row)
