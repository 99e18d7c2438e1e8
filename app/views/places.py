"""The place a page of numbers is about: a region of one's own, or below it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.domain.errors import NotVisible
from app.extensions import db
from app.models import Region
from app.security.actor import Actor
from app.security.scope import fetch_visible


def own_region(actor: Actor, key: Any = None) -> Region:
    """Return the region asked for, else the actor's own, else the topmost. Raises NotVisible for who has none."""
    if key:
        region = fetch_visible(Region, key, actor=actor)
        if actor.everything or region.path.startswith(actor.region_path or "?"):
            return region
        raise NotVisible
    wanted = select(Region).order_by(Region.path)
    if not actor.everything:
        wanted = wanted.where(Region.path == actor.region_path)
    own = db.session.scalars(wanted.limit(1)).first()
    if own is None:
        raise NotVisible
    return own
