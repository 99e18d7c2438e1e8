"""Subtrees, as conditions every rule builds on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, false, select

from app.models import Region, School
from app.security.actor import Actor

Clause = ColumnElement[bool]


def regions_of(actor: Actor) -> Select[Any]:
    """Return the ids of the regions in the actor's subtree; none for who is no bureau staff."""
    chosen = select(Region.id)
    if actor.region_path is None:
        return chosen.where(false())
    return chosen.where(Region.path.startswith(actor.region_path, autoescape=True))


def schools_of(actor: Actor) -> Select[Any]:
    """Return the ids of the schools in the actor's subtree."""
    return select(School.id).where(School.region_id.in_(regions_of(actor)))
