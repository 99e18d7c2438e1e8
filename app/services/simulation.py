"""What an expansion or a cancellation would mean, before anybody does it (ENR-17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from app.domain.adjustments import Consequence, simulate_reserve, simulate_seats
from app.domain.enrollment import APPROVED_BY_SCHOOL
from app.domain.terms import EnrollmentState
from app.extensions import db
from app.models import Enrollment, Region, School, Screening, ScreeningCandidate, TrainingClass
from app.security.actor import Actor
from app.security.scope import fetch_manageable
from app.services.class_facts import Counts, counts_of, screening_of
from app.services.lookalikes import titles_like

SHOWN = 5


@dataclass(frozen=True)
class Simulation:
    """A class as it would stand with `wanted` seats; 0 is a cancellation.

    `told` counts those who wait for the institution and, in a cancellation, everybody the school had approved: they
    get the right to round two (ENR-11).
    """

    training_class: TrainingClass
    wanted: int
    counts: Counts
    drawn: bool
    told: Consequence
    others: Sequence[str] = ()

    @property
    def cancels(self) -> bool:
        """Whether it is the end of the class."""
        return self.wanted == 0


def simulate(class_id: int, wanted: int, *, actor: Actor) -> Simulation:
    """Return what `wanted` seats would mean for a class, or cancelling it (0). Writes nothing."""
    actor.require("read", "ClassAdjustment")
    row = fetch_manageable(TrainingClass, class_id, actor=actor)
    counts = counts_of([row.id])[row.id]
    screening = screening_of(row.id)
    drawn = screening is not None and screening.drawn_at is not None
    if wanted <= 0:
        told = simulate_seats(_by_region(row, *APPROVED_BY_SCHOOL), seats=row.seats, wanted=0)
        return Simulation(row, 0, counts, drawn, told, titles_like(row, SHOWN))
    if screening is not None and drawn:
        told = simulate_reserve(_reserve(screening), more=wanted - row.taken)
    else:
        waiting = _by_region(row, EnrollmentState.AWAITING_INSTITUTION)
        told = simulate_seats(waiting, seats=row.seats - counts.admitted, wanted=wanted - counts.admitted)
    return Simulation(row, wanted, counts, drawn, told)


def _by_region(row: TrainingClass, *states: EnrollmentState) -> Counter[str]:
    """Return region of the school → people in one of `states`."""
    here = (Enrollment.training_class_id == row.id, Enrollment.state.in_(states))
    wanted = _with_region(select(Region.name, func.count())).where(*here).group_by(Region.name)
    return Counter({name or "—": count for name, count in db.session.execute(wanted)})


def _reserve(screening: Screening) -> dict[str, str]:
    """Return enrollment number → region, of those still in the reserve, in drawn order."""
    line = ScreeningCandidate
    wanted = (
        _with_region(select(Enrollment.number, Region.name)).join(line, line.enrollment_id == Enrollment.id)
        .where(line.screening_id == screening.id, Enrollment.state == EnrollmentState.NOT_DRAWN)
        .order_by(line.place_in_order)
    )  # fmt: skip
    return {number: name or "—" for number, name in db.session.execute(wanted)}


def _with_region(wanted: Any) -> Any:
    return (
        wanted.select_from(Enrollment)
        .outerjoin(School, School.id == Enrollment.school_id)
        .outerjoin(Region, Region.id == School.region_id)
    )
