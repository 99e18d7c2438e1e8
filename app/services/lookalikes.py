"""Open classes like one that was cancelled or could not take everybody (ENR-13)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, case, select

from app.domain.look_alikes import Profile, most_alike
from app.domain.terms import ClassState
from app.extensions import db
from app.models import TrainingClass, programme_region, programme_subject
from app.services.catalogue import LOADS
from app.services.enrollment_facts import live_count

POOL = 200  # classes that are compared: those that share a subject first, then the soonest


def like(row: TrainingClass, most: int) -> list[TrainingClass]:
    """Return the open classes most like `row`, of the same batch and kind and aimed at one of its regions."""
    regions = select(programme_region.c.region_id).where(programme_region.c.programme_id == row.programme_id)
    aimed = select(programme_region.c.programme_id).where(programme_region.c.region_id.in_(regions))
    pool = (
        select(TrainingClass)
        .where(TrainingClass.id != row.id, TrainingClass.state == ClassState.OFFERED)
        .where(TrainingClass.batch_id == row.batch_id, TrainingClass.kind == row.kind)
        .where(TrainingClass.programme_id.in_(aimed))
    )
    return nearest([row], pool, most)[row.id]


def titles_like(row: TrainingClass, most: int) -> list[str]:
    """Return the names of the classes most like `row`."""
    return [str(one) for one in like(row, most)]


def nearest(
    lost: Sequence[TrainingClass], pool: Select[tuple[TrainingClass]], most: int
) -> dict[int, list[TrainingClass]]:
    """Return class id → the classes of `pool` most like it, for each of `lost`: the same few queries for all."""
    free = (TrainingClass.seats > live_count()).label("free")
    order = (_shares_a_subject(lost), TrainingClass.starts_on, TrainingClass.id)
    found = db.session.execute(pool.add_columns(free).options(*LOADS).order_by(*order).limit(POOL)).all()
    rows = {row.id: row for row, _free in found}
    profiles = [_profile(row, full=not has_seats) for row, has_seats in found]
    return {one.id: [rows[key] for key in most_alike(_profile(one), profiles, most)] for one in lost}


def _shares_a_subject(lost: Sequence[TrainingClass]) -> ColumnElement[int]:
    """Return 0 for classes that share a subject with one of `lost`, else 1."""
    taught = programme_subject.c
    own = select(taught.subject_id).where(taught.programme_id.in_([one.programme_id for one in lost]))
    shared = select(taught.programme_id).where(taught.subject_id.in_(own))
    return case((TrainingClass.programme_id.in_(shared), 0), else_=1)


def _profile(row: TrainingClass, *, full: bool = False) -> Profile:
    subjects = frozenset(subject.id for subject in row.programme.subjects)
    stages = frozenset(stage.id for stage in row.programme.stages)
    return Profile(
        row.id, row.programme_id, row.institution_id, row.credit_hours, row.starts_on, subjects, stages, full
    )
