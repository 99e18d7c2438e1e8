"""Which teachers of a subject would be away from their school on the same days (ENR-5, P33)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import func, select

from app.domain.absences import Absence, Away, absence_of
from app.domain.terms import EnrollmentState, TeacherStatus
from app.extensions import db
from app.models import Enrollment, Teacher, TrainingClass
from app.services.enrollment_facts import live


def absences_of(rows: Sequence[Enrollment]) -> dict[int, Absence]:
    """Return enrollment id → who else of the subject is away on its days; two queries however many they are.

    Teachers without a subject, and enrollments without a school, are left out.
    """
    told = {row.id: _away(row) for row in rows if row.teacher.subject_id is not None and row.school_id is not None}
    if not told:
        return {}
    schools = {row.school_id for row in rows if row.school_id is not None}
    colleagues = _colleagues(schools)
    others = _others(schools, list(told.values()))
    at = {row.id: row.school_id for row in rows}
    return {
        key: absence_of(one, others.get(at[key] or 0, ()), colleagues.get((at[key] or 0, one.subject_id or 0), 0))
        for key, one in told.items()
    }


def _away(row: Enrollment) -> Away:
    days = row.training_class
    agreed = row.state is not EnrollmentState.AWAITING_SCHOOL
    return Away(row.teacher_id, row.teacher.subject_id, days.starts_on, days.ends_on, agreed)


def _colleagues(schools: Collection[int]) -> dict[tuple[int, int], int]:
    """Return (school, subject) → how many teach it."""
    rows = db.session.execute(
        select(Teacher.school_id, Teacher.subject_id, func.count())
        .where(Teacher.school_id.in_(schools), Teacher.subject_id.is_not(None), Teacher.deleted_at.is_(None))
        .where(Teacher.status == TeacherStatus.EMPLOYED)
        .group_by(Teacher.school_id, Teacher.subject_id)
    )
    return {(school, subject): count for school, subject, count in rows}


def _others(schools: Collection[int], told: Sequence[Away]) -> dict[int, list[Away]]:
    """Return school → its live enrollments in classes on or between the days of `told`."""
    first, last = min(one.starts_on for one in told), max(one.ends_on for one in told)
    rows = db.session.execute(
        select(
            Enrollment.school_id, Enrollment.teacher_id, Teacher.subject_id, TrainingClass.starts_on,
            TrainingClass.ends_on, Enrollment.state,
        ).join(Teacher, Teacher.id == Enrollment.teacher_id)
        .join(TrainingClass, TrainingClass.id == Enrollment.training_class_id)
        .where(Enrollment.school_id.in_(schools), live(), Teacher.subject_id.in_({one.subject_id for one in told}))
        .where(TrainingClass.starts_on <= last, TrainingClass.ends_on >= first)
    ).all()  # fmt: skip
    found: dict[int, list[Away]] = {}
    for school, teacher, subject, starts, ends, state in rows:
        away = Away(teacher, subject, starts, ends, state is not EnrollmentState.AWAITING_SCHOOL)
        found.setdefault(school, []).append(away)
    return found
