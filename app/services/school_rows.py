"""Rows of schools that several write at once: held in one order, and their teachers counted afresh (TCH-1, TCH-7)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select, update

from app.extensions import db
from app.models import School, Teacher
from app.services.seats import is_postgresql


def hold_schools(keys: Iterable[int]) -> None:
    """Hold schools until the transaction ends, always by key, so that no two wait for each other.

    SQLite has one writer anyway. Records that merely name the school may be added meanwhile.
    """
    wanted = select(School.id).where(School.id.in_(set(keys))).order_by(School.id)
    if is_postgresql():
        db.session.execute(wanted.with_for_update(key_share=True)).all()


def recount(schools: Iterable[int | None]) -> None:
    """Let these schools know how many teachers they have, in the running transaction (deleted ones do not count).

    The schools are held first: a count that begins before somebody else's teachers are committed, and is written
    after, would take them away from the school for good.
    """
    keys = {key for key in schools if key is not None}
    hold_schools(keys)
    count = select(func.count()).where(Teacher.school_id == School.id, Teacher.deleted_at.is_(None)).scalar_subquery()
    db.session.execute(update(School).where(School.id.in_(keys)).values(staff_count=count))
