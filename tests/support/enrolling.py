"""What tests of enrolling set up: more classes and teachers, and who acts for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from app.domain.clock import SHANGHAI
from app.domain.teacher_numbers import make_teacher_number
from app.domain.terms import ClassState, EnrollmentState, Gender, RoundKind, TeacherStatus
from app.extensions import db
from app.models import Account, Enrollment, Teacher, TrainingClass
from app.security.actor import Actor
from app.services.enrollment import new_number
from tests.world import World, national_id

ROUND_ONE = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
AFTER_ROUND_ONE = datetime(2026, 3, 17, 9, tzinfo=SHANGHAI)
ROUND_TWO = datetime(2026, 3, 26, 9, tzinfo=SHANGHAI)


def add_class(world: World, number: int = 9, *, seats: int = 40, **columns: Any) -> TrainingClass:
    """Add an offered class of the programme at home, each number on a day of its own in June."""
    programme = world.programme["xihu"]
    day = date(2026, 6, 1) + timedelta(days=number)
    given: dict[str, Any] = {
        "starts_on": day, "ends_on": day, "planned_seats": seats, "seats": seats, "state": ClassState.OFFERED,
        "credit_hours": programme.credit_hours, **columns,
    }  # fmt: skip
    made = TrainingClass(
        programme=programme, number=10 + number, title=programme.title, institution=programme.institution,
        training_year_id=programme.training_year_id, batch_id=programme.batch_id, kind=programme.kind,
        place="进修学校报告厅", **given,
    )  # fmt: skip
    db.session.add(made)
    db.session.commit()
    return made


def add_teachers(world: World, count: int, *, first: int = 100, school: str = "xihu") -> list[Teacher]:
    """Add teachers of one school, each with an account."""
    made, roles, at = [], list(world.account["teacher"].roles), world.school[school]
    for number in range(first, first + count):
        identity = national_id(number)
        account = Account(
            username=f"t{number}", first_name="", last_name=f"某{number}", email=f"t{number}@noemail.invalid",
            active=True, password="-", roles=roles,
        )  # fmt: skip
        made.append(
            Teacher(
                teacher_number=make_teacher_number(province="33", year=2026, running=number), name=f"某教师{number}",
                name_initials="mjs", gender=Gender.FEMALE, birth_date=date(1980, 1, 1), mobile=f"1990000{number:04d}",
                national_id_sealed=b"-", national_id_key=identity, national_id_tail=identity[-4:],
                school=at, status=TeacherStatus.EMPLOYED, stage=world.stage, subject=world.subject,
                account=account,
            )
        )  # fmt: skip
    db.session.add_all(made)
    db.session.commit()
    return made


def acting(world: World, teacher: Teacher) -> Actor:
    """Return the teacher as the one who acts."""
    like = world.actor("teacher")
    return replace(like, account_id=teacher.account_id, teacher_id=teacher.id, teacher_school_id=teacher.school_id)


def add_enrollment(
    world: World,
    teacher: Teacher,
    training_class: TrainingClass,
    state: EnrollmentState = EnrollmentState.AWAITING_SCHOOL,
    **columns: Any,
) -> Enrollment:
    """Add an enrollment as if it had come there by its moves."""
    made = Enrollment(
        number=new_number(), teacher=teacher, training_class=training_class, state=state, school_id=teacher.school_id,
        training_year_id=training_class.training_year_id, credit_hours=training_class.credit_hours,
        bureau=world.bureau["xihu"],
        **{"round_kind": RoundKind.ROUND_ONE, "batch_id": training_class.batch_id, **columns},
    )  # fmt: skip
    db.session.add(made)
    db.session.commit()
    return made
