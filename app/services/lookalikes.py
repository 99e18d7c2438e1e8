"""What else is open for those whose class was cancelled (ENR-13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import joinedload

from app.domain.terms import ClassState
from app.extensions import db
from app.models import Enrollment, TrainingClass, programme_region, programme_stage, programme_subject
from app.services.enrollment_facts import LIVE


def like(row: TrainingClass, most: int) -> Sequence[TrainingClass]:
    """Return the open classes of the same batch most like `row`: subject, then stage, then hours; free seats first.

    Only those aimed at a region that `row` was aimed at too.
    """
    regions = select(programme_region.c.region_id).where(programme_region.c.programme_id == row.programme_id)
    aimed = select(programme_region.c.programme_id).where(programme_region.c.region_id.in_(regions))
    enrolled = (
        select(func.count()).where(Enrollment.training_class_id == TrainingClass.id, Enrollment.state.in_(LIVE))
        .scalar_subquery()
    )  # fmt: skip
    wanted = (
        select(TrainingClass)
        .where(TrainingClass.id != row.id, TrainingClass.state == ClassState.OFFERED)
        .where(TrainingClass.batch_id == row.batch_id, TrainingClass.kind == row.kind)
        .where(TrainingClass.programme_id.in_(aimed))
        .order_by(
            case((enrolled < TrainingClass.seats, 0), else_=1),
            _shared(programme_subject, "subject_id", row).desc(),
            _shared(programme_stage, "stage_id", row).desc(),
            func.abs(TrainingClass.credit_hours - row.credit_hours),
            TrainingClass.starts_on,
            TrainingClass.id,
        )
    )
    found = db.session.scalars(wanted.options(joinedload(TrainingClass.institution)).limit(most))
    return list(found)


def titles_like(row: TrainingClass, most: int) -> list[str]:
    """Return the names of the classes most like `row`."""
    return [str(one) for one in like(row, most)]


def _shared(table: Any, name: str, row: TrainingClass) -> Any:
    """Return how many of the row's subjects or stages a class has too."""
    own = select(table.c[name]).where(table.c.programme_id == row.programme_id)
    return (
        select(func.count())
        .where(table.c.programme_id == TrainingClass.programme_id, table.c[name].in_(own))
        .scalar_subquery()
    )
