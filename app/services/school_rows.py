"""How many teachers a school has, counted afresh while its row is held (TCH-1, TCH-7)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select, update

from app.extensions import db
from app.models import School, Teacher
from app.services.unit import hold_rows


def recount(schools: Iterable[int | None]) -> None:
    """Let these schools know how many teachers they have, in the running transaction (deleted ones do not count).

    The schools are held first: a count that begins before somebody else's teachers are committed, and is written
    after, would take them away from the school for good.
    """
    keys = {key for key in schools if key is not None}
    hold_rows(School, keys)
    count = select(func.count()).where(Teacher.school_id == School.id, Teacher.deleted_at.is_(None)).scalar_subquery()
    db.session.execute(update(School).where(School.id.in_(keys)).values(staff_count=count))
