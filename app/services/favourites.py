"""Marking classes to come back to (ENR-1). A mark is the teacher's own note: it changes nothing for anybody else."""

from __future__ import annotations

from sqlalchemy import delete, select

from app.domain.errors import Conflict, NotPermitted
from app.extensions import db
from app.models import FavouriteClass, TrainingClass
from app.security.actor import Actor
from app.security.scope import fetch_visible
from app.services.unit import transaction


def mark(class_id: int, *, actor: Actor) -> None:
    """Mark a class; marked twice is marked once. Raises NotVisible, NotPermitted for who is no teacher."""
    actor.require("mark", "FavouriteClass")
    if actor.teacher_id is None:
        raise NotPermitted
    row = fetch_visible(TrainingClass, class_id, actor=actor)
    mine = select(FavouriteClass.id).where(
        FavouriteClass.teacher_id == actor.teacher_id, FavouriteClass.training_class_id == row.id
    )
    try:
        with transaction():
            if db.session.scalar(mine) is None:
                db.session.add(FavouriteClass(teacher_id=actor.teacher_id, training_class_id=row.id))
    except Conflict:
        return  # the same tap has just arrived on another way


def unmark(class_id: int, *, actor: Actor) -> None:
    """Take the mark off a class; it need not be there. Raises NotVisible."""
    actor.require("mark", "FavouriteClass")
    fetch_visible(TrainingClass, class_id, actor=actor)
    with transaction():
        db.session.execute(
            delete(FavouriteClass).where(
                FavouriteClass.teacher_id == actor.teacher_id, FavouriteClass.training_class_id == class_id
            )
        )
