"""The list of a draw for those who answer for the class: number, place, and names where the scope allows (ENR-8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from app.domain.terms import EnrollmentState
from app.extensions import db
from app.models import Enrollment, School, Screening, ScreeningCandidate, Teacher
from app.security.actor import Actor
from app.security.scope import visible_clause


@dataclass(frozen=True)
class DrawLine:
    """A candidate; name, school and page are empty for who does not see the enrollment."""

    number: str
    place: int | None
    drawn: bool | None
    order_hash: str | None
    state: EnrollmentState
    promoted_at: datetime | None
    name: str = ""
    school: str = ""
    enrollment_id: int | None = None


def drawn_list(found: Screening, wanted: str, page: int, size: int, *, actor: Actor) -> tuple[Sequence[DrawLine], int]:
    """Return one page of the candidates in drawn order (before the draw by number), and how many there are.

    `wanted` is a number, or a part of a name among those the actor sees.
    """
    actor.require("read", "Screening")
    line, seen = ScreeningCandidate, visible_clause(Enrollment, actor)
    here = [line.screening_id == found.id]
    if wanted:
        named = select(Enrollment.id).join(Teacher, Teacher.id == Enrollment.teacher_id)
        named = named.where(seen, Teacher.name.contains(wanted, autoescape=True))
        here.append(or_(line.enrollment_number == wanted.upper(), line.enrollment_id.in_(named)))
    count = db.session.scalar(select(func.count()).select_from(line).where(*here)) or 0
    rows = db.session.execute(
        select(line, Enrollment.state).join(Enrollment, Enrollment.id == line.enrollment_id).where(*here)
        .order_by(line.place_in_order, line.enrollment_number).limit(size).offset((page - 1) * size)
    ).all()  # fmt: skip
    names = _names([row.ScreeningCandidate.enrollment_id for row in rows], actor)
    return [_line(row.ScreeningCandidate, row.state, names) for row in rows], count


def _names(ids: Sequence[int], actor: Actor) -> dict[int, tuple[str, str]]:
    """Return enrollment → name and school, of those the actor sees."""
    wanted = (
        select(Enrollment.id, Teacher.name, School.name).join(Teacher, Teacher.id == Enrollment.teacher_id)
        .outerjoin(School, School.id == Enrollment.school_id)
        .where(Enrollment.id.in_(ids), visible_clause(Enrollment, actor))
    )  # fmt: skip
    return {key: (name, school or "") for key, name, school in db.session.execute(wanted)}


def _line(row: ScreeningCandidate, state: EnrollmentState, names: dict[int, tuple[str, str]]) -> DrawLine:
    name, school = names.get(row.enrollment_id, ("", ""))
    key = row.enrollment_id if row.enrollment_id in names else None
    return DrawLine(
        row.enrollment_number, row.place_in_order, row.drawn, row.order_hash, state, row.promoted_at, name, school, key
    )
