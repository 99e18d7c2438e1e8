"""What trainees say about a class once it is over (DEL-6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean
from sqlalchemy.orm import Mapped, relationship

from app.domain.clock import now
from app.domain.text import N_
from app.entities.base import Record, UtcDateTime, column, reference
from app.entities.enrollment import Enrollment


class Evaluation(Record):
    """A trainee's evaluation (评教): at most one an enrollment; without it there is no further enrolling (ENR-3)."""

    __tablename__ = "evaluation"
    __label__ = N_("Evaluation")

    enrollment_id: Mapped[int] = reference(N_("Enrollment"), "enrollment.id", unique=True, index=False, nullable=False)
    submitted_at: Mapped[datetime] = column(N_("Submitted"), UtcDateTime, nullable=False, default=now)
    is_late: Mapped[bool] = column(N_("Evaluated late"), Boolean, nullable=False, default=False)

    enrollment: Mapped[Enrollment] = relationship()

    def __str__(self) -> str:
        """Return which enrollment it belongs to."""
        return str(self.enrollment)
