"""How teachers change their place, and what they ask their school to change in the record (TCH-3, TCH-7)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, relationship

from app.domain.clock import now
from app.domain.terms import ChangeRequestState, TransferKind, TransferState
from app.domain.text import N_
from app.entities.base import Record, UtcDateTime, column, enum_column, reference
from app.entities.people import Teacher
from app.entities.places import School

# As SQL: a transfer somebody still has to act on, and one whose effect lasts (on secondment, or without a school).
OPEN = "state IN ('requested', 'released')"
LASTING = "state = 'completed' AND ended_on IS NULL AND (to_school_id IS NULL OR kind = 'secondment')"


class Transfer(Record):
    """A teacher's way from one school to another, into the pool of unattached teachers, out of it, or away.

    `from_school` is empty for who comes out of the pool, `to_school` for who goes into it, leaves or retires. At most
    one is open for a teacher: the partial index says so. `ended_on` tells when its effect ended: the secondment is
    over, or the person has a school again.
    """

    __tablename__ = "transfer"
    __label__ = N_("Transfer")
    __table_args__ = (
        Index("uq_transfer_open", "teacher_id", unique=True, sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        Index("ix_transfer_lasting", "kind", "ends_on", sqlite_where=text(LASTING), postgresql_where=text(LASTING)),
        Index("ix_transfer_from_school_id_state", "from_school_id", "state"),
        Index("ix_transfer_to_school_id_state", "to_school_id", "state"),
        CheckConstraint("ends_on >= starts_on", name="span"),
        CheckConstraint("(kind = 'secondment') = (starts_on IS NOT NULL AND ends_on IS NOT NULL)", name="dates"),
    )

    teacher_id: Mapped[int] = reference(N_("Teacher"), "teacher.id", nullable=False, ondelete="CASCADE")
    kind: Mapped[TransferKind] = enum_column(N_("Kind of transfer"), TransferKind, nullable=False)
    state: Mapped[TransferState] = enum_column(
        N_("State"), TransferState, nullable=False, default=TransferState.REQUESTED
    )
    from_school_id: Mapped[int | None] = reference(N_("From school"), "school.id", index=False)
    to_school_id: Mapped[int | None] = reference(N_("To school"), "school.id", index=False)
    starts_on: Mapped[date | None] = column(N_("First day of the secondment"), Date)
    ends_on: Mapped[date | None] = column(N_("Last day of the secondment"), Date)
    reason: Mapped[str | None] = column(N_("Reason"), String(200))
    agreed_at: Mapped[datetime | None] = column(N_("Agreed by both"), UtcDateTime)
    completed_on: Mapped[date | None] = column(N_("Carried out"), Date)
    ended_on: Mapped[date | None] = column(N_("Effect ended"), Date)
    moved_at: Mapped[datetime] = column(N_("Last step"), UtcDateTime, nullable=False, default=now)

    teacher: Mapped[Teacher] = relationship()
    from_school: Mapped[School | None] = relationship(foreign_keys=[from_school_id])
    to_school: Mapped[School | None] = relationship(foreign_keys=[to_school_id])

    def __str__(self) -> str:
        """Return whom it is about."""
        return self.teacher.name


class ChangeRequest(Record):
    """What a teacher asks the school to change in the record (TCH-3).

    `changes` holds for each field the value stored then, the one asked for, and both as people read them; a national
    ID stands sealed beside it. `school` decides; it changes when the teacher goes to another school.
    """

    __tablename__ = "change_request"
    __label__ = N_("Change request")
    __table_args__ = (
        Index("ix_change_request_school_id_state", "school_id", "state"),
        Index("ix_change_request_teacher_id_state", "teacher_id", "state"),
    )

    teacher_id: Mapped[int] = reference(N_("Teacher"), "teacher.id", index=False, nullable=False, ondelete="CASCADE")
    school_id: Mapped[int] = reference(N_("School"), "school.id", index=False, nullable=False)
    state: Mapped[ChangeRequestState] = enum_column(
        N_("State"), ChangeRequestState, nullable=False, default=ChangeRequestState.FILED
    )
    changes: Mapped[dict[str, Any]] = column(N_("What is to change"), JSON, nullable=False)
    national_id_sealed: Mapped[bytes | None] = column(N_("National ID"), LargeBinary, protected=True)
    note: Mapped[str | None] = column(N_("Why"), String(200))
    moved_at: Mapped[datetime] = column(N_("Last step"), UtcDateTime, nullable=False, default=now)

    teacher: Mapped[Teacher] = relationship()
    school: Mapped[School] = relationship()

    def __str__(self) -> str:
        """Return whose record it is about."""
        return self.teacher.name
