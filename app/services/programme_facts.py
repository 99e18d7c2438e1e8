"""What declaring and reviewing ask of a programme: its lock, its limit of classes, what of it is settled."""

from __future__ import annotations

from sqlalchemy import select

from app.domain.declaration import ClassLimit, Span, class_limit, upper_is_settled
from app.domain.policy import Policy
from app.extensions import db
from app.models import Batch, Programme, TrainingClass
from app.security.actor import Actor
from app.security.scope import fetch_manageable
from app.services.unit import hold_rows


def locked_programme(programme_id: int, *, actor: Actor) -> Programme:
    """Return a programme with its classes, read afresh; until the transaction ends nobody else judges or changes them.

    Who decides about one class has to see what was decided about the others. Raises NotVisible, NotPermitted.
    """
    row = fetch_manageable(Programme, programme_id, actor=actor)
    hold_rows(Programme, [row.id])
    db.session.refresh(row)
    afresh = select(TrainingClass).where(TrainingClass.programme_id == row.id)
    db.session.scalars(afresh.execution_options(populate_existing=True)).all()
    return row


def upper_settled(programme: Programme) -> bool:
    """Tell whether the upper part stays what was approved: the form shows it no more, `declare` takes no other."""
    return upper_is_settled(one.state for one in programme.classes)


def limit_of(programme: Programme | None, policy: Policy) -> ClassLimit:
    """Return how many classes may be declared: the bureau's word for this programme, else the parameter (P7)."""
    allowed = (programme.classes_allowed if programme else None) or policy.max_classes_per_programme
    return class_limit(allowed, [one.state for one in programme.classes] if programme else ())


def year_of(batch: Batch | None) -> Span | None:
    """Return the first and the last day of the training year of a batch, in which its classes begin."""
    return (batch.training_year.starts_on, batch.training_year.ends_on) if batch is not None else None
