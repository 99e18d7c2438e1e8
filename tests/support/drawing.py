"""What tests of draws and adjustments set up: an over-full class after its school deadline."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.terms import EnrollmentState
from app.models import Enrollment, Teacher, TrainingClass
from tests.support.enrolling import add_class, add_enrollment, add_teachers
from tests.world import World


def overfull(
    world: World, *, seats: int = 3, candidates: int = 8, number: int = 9, first: int = 100
) -> tuple[TrainingClass, Sequence[Enrollment]]:
    """Return a class at home and its candidates, who all wait for the institution."""
    made = add_class(world, number, seats=seats)
    return made, waiting_for(world, made, add_teachers(world, candidates, first=first))


def waiting_for(world: World, training_class: TrainingClass, teachers: Sequence[Teacher]) -> Sequence[Enrollment]:
    """Return enrollments of these teachers that wait for the institution."""
    waits = EnrollmentState.AWAITING_INSTITUTION
    return [add_enrollment(world, teacher, training_class, waits) for teacher in teachers]
