"""Handing declarations in and taking them back (PRG-4, PRG-7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from app.domain.clock import now
from app.domain.declaration import OPEN_CLASSES
from app.domain.errors import Invalid, Problems
from app.domain.regions import uncovered
from app.domain.states import Action, Fact
from app.domain.terms import ClassState, ProgrammeState, WindowKind
from app.domain.text import N_
from app.extensions import db
from app.models import Batch, Programme, TrainingClass, TrainingYear
from app.security.actor import Actor
from app.services.declarations import typed_of
from app.services.grants import coverage
from app.services.programme_facts import locked_programme, upper_settled
from app.services.routing import reviewing_bureau
from app.services.transitions import move
from app.services.unit import transaction
from app.services.windows import require_open

Check = Callable[[Programme, Problems], None]


def submit(programme_id: int, *, actor: Actor) -> Programme:
    """Hand a declaration in: number and year are stamped, the reviewing bureau is found, its classes wait.

    The first time inside the declaration window; what was refused or returned also while reviews go on. What may have
    changed since it was stored is asked again: region grants revoked meanwhile, the bureau's accounts.
    """
    actor.require("submit", "Programme")
    with transaction():
        row = locked_programme(programme_id, actor=actor)
        again = row.state in (ProgrammeState.REJECTED, ProgrammeState.RETURNED, ProgrammeState.APPROVED)
        require_open(row.batch, WindowKind.DECLARATION, *([WindowKind.REVIEW] if again else []))
        _check_still_right(row)
        values: dict[str, Any] = {"submitted_at": now(), "review_bureau_id": _reviewer(row)}
        if row.number is None:
            values["number"] = _next_number(row)
        facts = [Fact.CLASS_TO_MEND] if any(one.state in OPEN_CLASSES for one in row.classes) else []
        move(row, Action.SUBMIT, actor=actor, facts=facts, values=values, details={"declaration": typed_of(row)})
        for one in row.classes:
            if one.state in OPEN_CLASSES:
                move(one, Action.SUBMIT, actor=actor)
        db.session.expire(row, ["review_bureau"])
    return row


def take_back(programme_id: int, *, actor: Actor, reason: str | None = None) -> Programme:
    """Take a declaration back that nobody has reviewed yet; it can be changed and submitted again."""
    actor.require("submit", "Programme")
    with transaction():
        row = locked_programme(programme_id, actor=actor)
        _nothing_decided(row)
        move(row, Action.TAKE_BACK, actor=actor, reason=reason)
        for one in row.classes:
            if one.state == ClassState.PENDING:
                move(one, Action.TAKE_BACK, actor=actor, reason=reason)
    return row


def _nothing_decided(row: Programme) -> None:
    """Once a class of this round was decided, the rest waits for its decision."""
    if upper_settled(row):
        problems = Problems()
        problems.add("review_begun", N_("The bureau has already decided a class; wait for the others."))
        problems.raise_if_any()


def _check_still_right(row: Programme) -> None:
    problems = Problems()
    outside = uncovered(coverage(row.institution_id), [region.path for region in row.target_regions])
    if outside:
        names = "、".join(region.name for region in row.target_regions if region.path in outside)
        text = N_("Your region grants do not cover %(regions)s today. Take them out, or ask the province for a grant.")
        problems.add("region_not_granted", text, field="regions", regions=names)
    if not any(one.state in OPEN_CLASSES for one in row.classes):
        problems.add("no_class", N_("Add at least one class."), field="classes")
    if not row.plan_files:
        problems.add("plan_file_missing", N_("Choose the training plan: Word, Excel or PDF."), field="plan_file")
    problems.raise_if_any(Invalid)


def _reviewer(row: Programme) -> int:
    bureau = reviewing_bureau(region.path for region in row.target_regions)
    return bureau.id


def _next_number(row: Programme) -> str:
    """Return the next programme number of the year: year, batch, running number. The year's row is the queue."""
    db.session.execute(select(TrainingYear.id).where(TrainingYear.id == row.training_year_id).with_for_update())
    batch = db.session.get_one(Batch, row.batch_id)
    prefix = f"{row.training_year.year}{batch.sequence:02d}"
    highest = db.session.scalar(select(func.max(Programme.number)).where(Programme.number.like(f"{prefix}_____")))
    return f"{prefix}{int(highest[len(prefix) :] if highest else 0) + 1:05d}"


def pending_classes(row: Programme) -> list[TrainingClass]:
    """Return the classes that wait for the bureau."""
    return [one for one in row.classes if one.state == ClassState.PENDING]
