"""Those who teach in programmes (授课教师)."""

from __future__ import annotations

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, relationship

from app.domain.text import N_
from app.entities.base import Record, column, reference
from app.entities.places import Institution


class Lecturer(Record):
    """A lecturer an institution works with; the same person serves many programmes and years (PRG-2, LRN-6)."""

    __tablename__ = "lecturer"
    __label__ = N_("Lecturer")
    __table_args__ = (UniqueConstraint("institution_id", "name", "workplace"),)

    institution_id: Mapped[int] = reference(N_("Training institution"), "institution.id", index=False, nullable=False)
    name: Mapped[str] = column(N_("Lecturer's name"), String(50), nullable=False)
    workplace: Mapped[str] = column(N_("Workplace"), String(100), nullable=False, default="")
    position: Mapped[str | None] = column(N_("Title or post"), String(50))
    introduction: Mapped[str | None] = column(N_("Introduction"), String(1000))

    institution: Mapped[Institution] = relationship()

    def __str__(self) -> str:
        """Return name and workplace."""
        return f"{self.name} ({self.workplace})" if self.workplace else self.name
