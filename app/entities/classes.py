"""Classes: the runs of a programme, their timetable, and what changes them after round one (PRG-2, ENR-7)."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import Boolean, CheckConstraint, Date, Index, Integer, Numeric, String, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, relationship

from app.domain.terms import AdjustmentKind, AdjustmentState, Checkpoint, ClassState, ProgrammeKind
from app.domain.text import N_
from app.entities.accounts import Account
from app.entities.base import Record, UtcDateTime, column, enum_column, reference
from app.entities.lecturers import Lecturer
from app.entities.people import Teacher

if TYPE_CHECKING:
    from app.entities.places import Institution
    from app.entities.programmes import Programme


class TrainingClass(Record):
    """One run of a programme (班期).

    `planned_seats` is the plan as approved and never changes after it; `seats` is what expansion made of it; `taken`
    counts the seats given away, from the draw on, and only ever by `… SET taken = taken + 1 WHERE taken < seats`.
    Title, institution, year, batch, kind and hours are copies of the programme's: enrolling reads this row alone.
    """

    __tablename__ = "training_class"
    __label__ = N_("Class")
    __table_args__ = (
        UniqueConstraint("programme_id", "number"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("ends_on >= starts_on", name="span"),
        CheckConstraint("planned_seats > 0 AND seats > 0", name="seats"),
        CheckConstraint("taken BETWEEN 0 AND seats", name="taken"),
        CheckConstraint("fee >= 0", name="fee"),
        Index("ix_training_class_batch_id_state", "batch_id", "state"),
        Index("ix_training_class_institution_id_state", "institution_id", "state"),
    )

    programme_id: Mapped[int] = reference(N_("Training programme"), "programme.id", index=False, nullable=False)
    number: Mapped[int] = column(N_("Class number"), Integer, nullable=False)
    title: Mapped[str] = column(N_("Programme title"), String(100), nullable=False)
    starts_on: Mapped[date] = column(N_("First day"), Date, nullable=False)
    ends_on: Mapped[date] = column(N_("Last day"), Date, nullable=False)
    place: Mapped[str] = column(N_("Place"), String(200), nullable=False)
    planned_seats: Mapped[int] = column(N_("Planned seats"), Integer, nullable=False)
    seats: Mapped[int] = column(N_("Seats"), Integer, nullable=False)
    taken: Mapped[int] = column(N_("Seats taken"), Integer, nullable=False, default=0)
    fee: Mapped[Decimal] = column(N_("Fee in yuan"), Numeric(8, 2), nullable=False, default=Decimal(0))
    boarding: Mapped[str | None] = column(N_("Board and lodging"), String(200))
    state: Mapped[ClassState] = enum_column(N_("State"), ClassState, nullable=False, default=ClassState.DRAFT)
    checkpoint: Mapped[Checkpoint] = enum_column(
        N_("Enrollment checkpoint"), Checkpoint, nullable=False, default=Checkpoint.NONE
    )
    cancelled_reason: Mapped[str | None] = column(N_("Reason of the cancellation"), String(500))

    institution_id: Mapped[int] = reference(N_("Training institution"), "institution.id", index=False, nullable=False)
    training_year_id: Mapped[int] = reference(N_("Training year"), "training_year.id", nullable=False)
    batch_id: Mapped[int | None] = reference(N_("Batch"), "batch.id", index=False)
    kind: Mapped[ProgrammeKind] = enum_column(N_("Kind of training"), ProgrammeKind, nullable=False)
    credit_hours: Mapped[int] = column(N_("Credit hours"), Integer, nullable=False)

    programme: Mapped[Programme] = relationship("Programme", back_populates="classes")
    institution: Mapped[Institution] = relationship("Institution")
    sessions: Mapped[list[ClassSession]] = relationship(
        back_populates="training_class", order_by="ClassSession.day, ClassSession.starts_at",
        cascade="all, delete-orphan", info={"label": N_("Timetable")},
    )  # fmt: skip
    adjustments: Mapped[list[ClassAdjustment]] = relationship(
        back_populates="training_class", order_by="ClassAdjustment.id", foreign_keys="ClassAdjustment.training_class_id"
    )

    def __str__(self) -> str:
        """Return the programme's title and which of its classes."""
        return f"{self.title} #{self.number}"


class ClassSession(Record):
    """A session of a class's timetable (课程表). Days and times are those of Shanghai."""

    __tablename__ = "class_session"
    __label__ = N_("Session")
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="span"),
        Index("ix_class_session_training_class_id_day", "training_class_id", "day"),
    )

    training_class_id: Mapped[int] = reference(N_("Class"), "training_class.id", index=False, nullable=False)
    day: Mapped[date] = column(N_("Day"), Date, nullable=False)
    starts_at: Mapped[time] = column(N_("Begins"), Time, nullable=False)
    ends_at: Mapped[time] = column(N_("Ends"), Time, nullable=False)
    topic: Mapped[str] = column(N_("Topic"), String(200), nullable=False)
    lecturer_id: Mapped[int | None] = reference(N_("Lecturer"), "lecturer.id")
    place: Mapped[str | None] = column(N_("Room"), String(200))

    training_class: Mapped[TrainingClass] = relationship(back_populates="sessions")
    lecturer: Mapped[Lecturer | None] = relationship()

    def __str__(self) -> str:
        """Return the day and the topic."""
        return f"{self.day.isoformat()} {self.topic}"


class ClassAdjustment(Record):
    """An expansion (扩班), a cancellation (取消办班) or the institution's request for one (ENR-7).

    `live_count` is how many live enrollments there were at that moment. `overridden`: the province went past the limit
    of expansion and gave the reason. `target_class` is where a reassignment leads.
    """

    __tablename__ = "class_adjustment"
    __label__ = N_("Class adjustment")
    __table_args__ = (
        Index("ix_class_adjustment_training_class_id_state", "training_class_id", "state"),
        Index("ix_class_adjustment_state_created_at", "state", "created_at"),
    )

    training_class_id: Mapped[int] = reference(N_("Class"), "training_class.id", index=False, nullable=False)
    kind: Mapped[AdjustmentKind] = enum_column(N_("Kind of adjustment"), AdjustmentKind, nullable=False)
    state: Mapped[AdjustmentState] = enum_column(
        N_("State"), AdjustmentState, nullable=False, default=AdjustmentState.REQUESTED
    )
    old_seats: Mapped[int] = column(N_("Seats before"), Integer, nullable=False)
    new_seats: Mapped[int | None] = column(N_("Seats after"), Integer)
    live_count: Mapped[int] = column(N_("Live enrollments then"), Integer, nullable=False)
    reason: Mapped[str | None] = column(N_("Reason"), String(500))
    overridden: Mapped[bool] = column(N_("Past the limit"), Boolean, nullable=False, default=False)
    target_class_id: Mapped[int | None] = reference(N_("New class"), "training_class.id", index=False)
    requested_by_id: Mapped[int | None] = reference(N_("Requested by"), "ab_user.id", index=False)
    decided_by_id: Mapped[int | None] = reference(N_("Decided by"), "ab_user.id", index=False)
    decided_at: Mapped[datetime | None] = column(N_("Decided"), UtcDateTime)
    decision_reason: Mapped[str | None] = column(N_("Reason of the decision"), String(500))

    training_class: Mapped[TrainingClass] = relationship(
        back_populates="adjustments", foreign_keys="ClassAdjustment.training_class_id"
    )
    target_class: Mapped[TrainingClass | None] = relationship(foreign_keys="ClassAdjustment.target_class_id")
    requested_by: Mapped[Account | None] = relationship(foreign_keys="ClassAdjustment.requested_by_id")
    decided_by: Mapped[Account | None] = relationship(foreign_keys="ClassAdjustment.decided_by_id")

    def __str__(self) -> str:
        """Return the class that is adjusted."""
        return str(self.training_class)


class FavouriteClass(Record):
    """A class a teacher has marked (ENR-1)."""

    __tablename__ = "favourite_class"
    __label__ = N_("Favourite")
    __table_args__ = (UniqueConstraint("teacher_id", "training_class_id"),)

    teacher_id: Mapped[int] = reference(N_("Teacher"), "teacher.id", index=False, nullable=False)
    training_class_id: Mapped[int] = reference(N_("Class"), "training_class.id", nullable=False)

    teacher: Mapped[Teacher] = relationship()
    training_class: Mapped[TrainingClass] = relationship()

    def __str__(self) -> str:
        """Return the class."""
        return str(self.training_class)
