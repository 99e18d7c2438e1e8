"""The training year, its batches, their rounds and windows (PRG-1), and the parameters of each year."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, relationship

from app.domain.terms import RoundKind, WindowKind
from app.domain.text import N_
from app.entities.accounts import Account
from app.entities.base import Record, UtcDateTime, column, enum_column, reference


class TrainingYear(Record):
    """A training year (培训年度)."""

    __tablename__ = "training_year"
    __label__ = N_("Training year")
    __table_args__ = (CheckConstraint("ends_on > starts_on", name="span"),)

    year: Mapped[int] = column(N_("Year"), Integer, unique=True, nullable=False)
    name: Mapped[str] = column(N_("Name"), String(50), unique=True, nullable=False)
    starts_on: Mapped[date] = column(N_("First day"), Date, nullable=False)
    ends_on: Mapped[date] = column(N_("Last day"), Date, nullable=False)
    is_current: Mapped[bool] = column(N_("Current year"), Boolean, nullable=False, default=False)


class Batch(Record):
    """A batch (批次) of a training year."""

    __tablename__ = "batch"
    __label__ = N_("Batch")
    __table_args__ = (UniqueConstraint("training_year_id", "sequence"),)

    training_year_id: Mapped[int] = reference(N_("Training year"), "training_year.id", index=False, nullable=False)
    sequence: Mapped[int] = column(N_("Order in the year"), Integer, nullable=False, default=1)
    name: Mapped[str] = column(N_("Name"), String(50), nullable=False)

    training_year: Mapped[TrainingYear] = relationship(lazy="joined", innerjoin=True)  # a batch is named with its year
    windows: Mapped[list[BatchWindow]] = relationship(back_populates="batch", order_by="BatchWindow.opens_at")
    rounds: Mapped[list[EnrollmentRound]] = relationship(back_populates="batch")

    def __str__(self) -> str:
        """Return the year and the batch."""
        return f"{self.training_year.name} {self.name}"


class EnrollmentRound(Record):
    """One of the two rounds of a batch (轮次)."""

    __tablename__ = "enrollment_round"
    __label__ = N_("Enrollment round")
    __name_parts__ = ("batch", "kind")
    __table_args__ = (UniqueConstraint("batch_id", "kind"),)

    batch_id: Mapped[int] = reference(N_("Batch"), "batch.id", index=False, nullable=False)
    kind: Mapped[RoundKind] = enum_column(N_("Round"), RoundKind, nullable=False)
    notice: Mapped[str | None] = column(N_("Notice to teachers"), String(500))

    batch: Mapped[Batch] = relationship(back_populates="rounds")

    def __str__(self) -> str:
        """Return the batch and which round."""
        return f"{self.batch} · {self.kind.label}"


class BatchWindow(Record):
    """When a step of the flow is open: from `opens_at` up to and including `closes_at` (PRG-1)."""

    __tablename__ = "batch_window"
    __label__ = N_("Window")
    __name_parts__ = ("batch", "kind")
    __table_args__ = (UniqueConstraint("batch_id", "kind"), CheckConstraint("closes_at > opens_at", name="span"))

    batch_id: Mapped[int] = reference(N_("Batch"), "batch.id", index=False, nullable=False)
    kind: Mapped[WindowKind] = enum_column(N_("Step"), WindowKind, nullable=False)
    opens_at: Mapped[datetime] = column(N_("Opens"), UtcDateTime, nullable=False)
    closes_at: Mapped[datetime] = column(N_("Closes"), UtcDateTime, nullable=False)

    batch: Mapped[Batch] = relationship(back_populates="windows")

    def __str__(self) -> str:
        """Return the batch and the step."""
        return f"{self.batch} · {self.kind.label}"


class ParameterValue(Record):
    """A parameter the province has set; `training_year` is empty for those of the whole platform."""

    __tablename__ = "parameter_value"
    __label__ = N_("Parameter")
    __table_args__ = (UniqueConstraint("name", "training_year_id", postgresql_nulls_not_distinct=True),)

    name: Mapped[str] = column(N_("Parameter"), String(64), nullable=False)
    training_year_id: Mapped[int | None] = reference(N_("Training year"), "training_year.id")
    value: Mapped[str] = column(N_("Value"), String(200), nullable=False)

    training_year: Mapped[TrainingYear | None] = relationship()


class ParameterChange(Record):
    """The history of a parameter: who changed it when, from what to what, and why."""

    __tablename__ = "parameter_change"
    __label__ = N_("Parameter change")
    __table_args__ = (Index("ix_parameter_change_name_created_at", "name", "created_at"),)

    name: Mapped[str] = column(N_("Parameter"), String(64), nullable=False)
    training_year_id: Mapped[int | None] = reference(N_("Training year"), "training_year.id")
    before: Mapped[str | None] = column(N_("Before"), String(200))
    after: Mapped[str | None] = column(N_("After"), String(200))
    reason: Mapped[str | None] = column(N_("Reason"), String(200))
    changed_by_id: Mapped[int | None] = reference(N_("Changed by"), "ab_user.id", index=False)

    training_year: Mapped[TrainingYear | None] = relationship()
    changed_by: Mapped[Account | None] = relationship()
