"""More classes and enrollments around the fixed cast, for lists that have to be long."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from app.domain.terms import ClassState, EnrollmentState, ProgrammeKind, ProgrammeState, RoundKind
from app.extensions import db
from app.models import Enrollment, Programme, Teacher, TrainingClass
from tests.world import World

FIRST_DAY = date(2026, 6, 1)


def new_class(world: World, title: str = "新增研修", **changed: Any) -> TrainingClass:
    """Return an offered class of a programme of its own, aimed at 西湖区; `changed` are columns of either."""
    of_programme = {
        "title": title, "kind": ProgrammeKind.ELECTIVE, "credit_hours": 16, "state": ProgrammeState.APPROVED,
        "training_year": world.year, "batch": world.batch, "institution": world.institution["xihu"],
        "target_regions": [world.region["xihu"]], "review_bureau": world.bureau["xihu"],
    }  # fmt: skip
    of_programme |= {k: changed.pop(k) for k in list(changed) if hasattr(Programme, k) and k not in ("state", "number")}
    programme = Programme(**of_programme)
    day = changed.pop("starts_on", FIRST_DAY)
    of_class = {
        "number": 1, "state": ClassState.OFFERED, "starts_on": day, "ends_on": day, "place": "教师培训楼",
        "planned_seats": changed.get("seats", 40), "seats": 40,
    }  # fmt: skip
    row = TrainingClass(
        programme=programme, title=programme.title, institution=programme.institution, kind=programme.kind,
        training_year_id=world.year.id, batch_id=programme.batch.id if programme.batch else None,
        credit_hours=programme.credit_hours, **{**of_class, **changed},
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def new_classes(world: World, count: int, **changed: Any) -> list[TrainingClass]:
    """Return `count` offered classes, a day after the other."""
    return [
        new_class(world, f"研修{number}", starts_on=FIRST_DAY + timedelta(days=number), **changed)
        for number in range(count)
    ]


def new_enrollment(
    world: World, teacher: Teacher, row: TrainingClass, state: EnrollmentState = EnrollmentState.AWAITING_SCHOOL,
    **changed: Any,
) -> Enrollment:  # fmt: skip
    """Return an enrollment in round one, as if it had been made some time ago."""
    about = {
        "number": f"N{teacher.id}C{row.id}S{state.value}"[:16], "teacher": teacher, "training_class": row,
        "training_year_id": row.training_year_id, "batch_id": row.batch_id, "round_kind": RoundKind.ROUND_ONE,
        "state": state, "credit_hours": row.credit_hours, "school": teacher.school, "bureau": world.bureau["xihu"],
    }  # fmt: skip
    enrollment = Enrollment(**{**about, **changed})
    db.session.add(enrollment)
    db.session.flush()
    return enrollment
