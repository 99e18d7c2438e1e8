"""What everybody may see of a round, signed in or not: numbers of classes and the draws themselves, no names (ENR-18).

Nothing here takes an actor: only classes that were approved, counts, and what a draw has published (docs/draw.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, case, cast, func, select
from sqlalchemy.orm import contains_eager, joinedload

from app.domain.errors import NotVisible
from app.domain.terms import ClassState, EnrollmentState, RoundKind
from app.extensions import db
from app.models import Batch, Enrollment, Screening, ScreeningCandidate, TrainingClass, TrainingYear
from app.services.enrollment_facts import LIVE

PUBLISHED = (
    ClassState.OFFERED, ClassState.RUNNING, ClassState.COMPLETED, ClassState.CREDITED, ClassState.CANCELLED,
)  # fmt: skip


@dataclass(frozen=True)
class PublicLine:
    """A class in a round: `enrolled` ever came in that round, `live` of them still count."""

    row: TrainingClass
    enrolled: int = 0
    live: int = 0
    admitted: int = 0
    screening: Screening | None = None

    @property
    def drawn(self) -> int | None:
        """How many were drawn; None without a draw."""
        found = self.screening
        return min(found.seats, found.candidate_count) if found is not None and found.drawn_at else None

    @property
    def rate(self) -> float | None:
        """Drawn of candidates, in percent; None without a draw."""
        drawn, found = self.drawn, self.screening
        return None if drawn is None or found is None else round(100 * drawn / found.candidate_count, 1)


def public_batches() -> Sequence[Batch]:
    """Return the batches that have published classes, the latest first."""
    published = select(TrainingClass.batch_id).where(TrainingClass.state.in_(PUBLISHED))
    wanted = select(Batch).join(Batch.training_year).where(Batch.id.in_(published))
    order = (TrainingYear.year.desc(), Batch.sequence.desc())
    return list(db.session.scalars(wanted.options(joinedload(Batch.training_year)).order_by(*order)))


def batch_of_the_newest_draw() -> int | None:
    """Return the batch whose list was frozen or drawn last; None before the first freeze."""
    newest = select(TrainingClass.batch_id).join(Screening, Screening.training_class_id == TrainingClass.id)
    latest = func.coalesce(Screening.drawn_at, Screening.frozen_at).desc()
    found: int | None = db.session.scalar(
        newest.where(TrainingClass.batch_id.is_not(None)).order_by(latest).limit(1)
    )  # fmt: skip
    return found


def round_page(batch_id: int, round_kind: RoundKind, *, page: int, size: int) -> tuple[Sequence[PublicLine], int]:
    """Return one page of a round's classes, those drawn first, and how many there are."""
    here = (TrainingClass.batch_id == batch_id, TrainingClass.state.in_(PUBLISHED))
    count = db.session.scalar(select(func.count()).select_from(TrainingClass).where(*here)) or 0
    drawn = select(Screening.training_class_id)
    rows = db.session.scalars(
        select(TrainingClass).options(joinedload(TrainingClass.institution)).where(*here)
        .order_by(case((TrainingClass.id.in_(drawn), 0), else_=1), TrainingClass.title, TrainingClass.number)
        .limit(size).offset((page - 1) * size)
    ).all()  # fmt: skip
    counts = _counts([row.id for row in rows], round_kind)
    screenings = _screenings([row.id for row in rows]) if round_kind is RoundKind.ROUND_ONE else {}
    return [PublicLine(row, *counts.get(row.id, (0, 0, 0)), screenings.get(row.id)) for row in rows], count


def round_totals(batch_id: int, round_kind: RoundKind) -> dict[str, int]:
    """Return the sums of a round: classes, planned seats, seats, enrolled, admitted, drawn classes."""
    here = (TrainingClass.batch_id == batch_id, TrainingClass.state.in_(PUBLISHED))
    classes, planned, seats = db.session.execute(
        select(func.count(), func.sum(TrainingClass.planned_seats), func.sum(TrainingClass.seats)).where(*here)
    ).one()
    mine = (
        Enrollment.training_class_id.in_(select(TrainingClass.id).where(*here)), Enrollment.round_kind == round_kind,
    )  # fmt: skip
    enrolled, admitted = db.session.execute(
        select(func.count(), _sum_of(Enrollment.state == EnrollmentState.ADMITTED)).where(*mine)
    ).one()
    drawn = select(func.count()).select_from(Screening).join(Screening.training_class)
    draws = db.session.scalar(drawn.where(*here, Screening.drawn_at.is_not(None))) or 0
    numbers = {"classes": classes, "planned": planned, "seats": seats, "enrolled": enrolled, "admitted": admitted}
    return {name: int(value or 0) for name, value in numbers.items()} | {"draws": draws}


def _counts(keys: Sequence[int], round_kind: RoundKind) -> dict[int, tuple[int, int, int]]:
    """Return class → enrolled, live, admitted in that round."""
    live, admitted = Enrollment.state.in_(LIVE), Enrollment.state == EnrollmentState.ADMITTED
    wanted = select(Enrollment.training_class_id, func.count(), _sum_of(live), _sum_of(admitted)).where(
        Enrollment.training_class_id.in_(keys), Enrollment.round_kind == round_kind
    )
    rows = db.session.execute(wanted.group_by(Enrollment.training_class_id))
    return {key: (enrolled, int(alive or 0), int(sure or 0)) for key, enrolled, alive, sure in rows}


def _sum_of(condition: Any) -> Any:
    return func.sum(cast(case((condition, 1), else_=0), Integer))


def _screenings(keys: Sequence[int]) -> dict[int, Screening]:
    rows = db.session.scalars(select(Screening).where(Screening.training_class_id.in_(keys)))
    return {row.training_class_id: row for row in rows}


# --- one draw


def public_draw(class_id: int) -> Screening:
    """Return the frozen list or draw of a class. Raises NotVisible when there is none."""
    wanted = (
        select(Screening).join(Screening.training_class)
        .options(contains_eager(Screening.training_class).joinedload(TrainingClass.institution))
        .where(Screening.training_class_id == class_id, TrainingClass.state.in_(PUBLISHED))
    )  # fmt: skip
    found: Screening | None = db.session.scalar(wanted)
    if found is None:
        raise NotVisible
    return found


def published_file(found: Screening) -> dict[str, Any]:
    """Return what is published of a draw, as docs/draw.md has it; seed and order only once it was drawn."""
    line = ScreeningCandidate
    rows = db.session.execute(
        select(line.enrollment_number, line.place_in_order, line.drawn).where(line.screening_id == found.id)
    ).all()
    ordered = sorted((row for row in rows if row.place_in_order is not None), key=lambda row: row.place_in_order)
    drawn = found.drawn_at is not None
    return {
        "version": int(found.algorithm),
        "class": str(found.training_class),
        "institution": str(found.training_class.institution),
        "seats": found.seats,
        "frozen_at": found.frozen_at.isoformat(),
        "list_hash": found.list_hash,
        "commitment": found.commitment,
        "candidates": sorted(row.enrollment_number for row in rows),
        "drawn_at": found.drawn_at.isoformat() if found.drawn_at else None,
        "seed": found.seed if drawn else None,
        "order": [row.enrollment_number for row in ordered],
        "drawn": [row.enrollment_number for row in ordered if row.drawn],
        "result_hash": found.result_hash if drawn else None,
    }
