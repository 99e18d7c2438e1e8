"""Enrollments, the draw, and the ledger of every move of a state (ENR)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, Enum, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, relationship

from app.domain.clock import now
from app.domain.state_shapes import Action, Party
from app.domain.terms import EnrollmentOrigin, EnrollmentState, RoundKind
from app.domain.text import N_, LabelledEnum
from app.entities.accounts import Account
from app.entities.base import Record, UtcDateTime, column, enum_column, reference
from app.entities.classes import TrainingClass
from app.entities.people import Teacher
from app.entities.places import Bureau, School

# The live states as SQL; the index below must name them, and a test compares them with the state table.
LIVE = "state IN ('awaiting_school', 'awaiting_bureau', 'awaiting_institution', 'admitted')"


def _open_list(kind: type[LabelledEnum]) -> Enum:
    """Return the type of a word from a list that grows with the platform: without a CHECK that would have to follow."""
    return Enum(
        kind, native_enum=False, length=32, create_constraint=False, values_callable=lambda m: [w.value for w in m]
    )


class Enrollment(Record):
    """A teacher's enrollment in a class (报名).

    `number` is what the draw publishes: chance, nothing about the person. School and bureau are those of that day, so
    that reports need no joins and a later transfer does not rewrite the past; `checkpoint_bureau` is who has to approve
    where the class has a checkpoint. At most one live enrollment a teacher and class: the partial index says so.
    """

    __tablename__ = "enrollment"
    __label__ = N_("Enrollment")
    __table_args__ = (
        Index(
            "uq_enrollment_live", "teacher_id", "training_class_id", unique=True,
            sqlite_where=text(LIVE), postgresql_where=text(LIVE),
        ),
        Index("ix_enrollment_training_class_id_state", "training_class_id", "state"),
        Index("ix_enrollment_school_id_state", "school_id", "state"),
        Index("ix_enrollment_bureau_id_state", "bureau_id", "state"),
        Index("ix_enrollment_checkpoint_bureau_id_state", "checkpoint_bureau_id", "state"),
        Index("ix_enrollment_teacher_id_state", "teacher_id", "state"),
        Index("ix_enrollment_review_deadline", "review_deadline"),
        CheckConstraint("credit_hours > 0", name="hours"),
    )  # fmt: skip

    number: Mapped[str] = column(N_("Enrollment number"), String(16), unique=True, nullable=False)
    teacher_id: Mapped[int] = reference(N_("Teacher"), "teacher.id", index=False, nullable=False)
    training_class_id: Mapped[int] = reference(N_("Class"), "training_class.id", index=False, nullable=False)
    training_year_id: Mapped[int] = reference(N_("Training year"), "training_year.id", index=False, nullable=False)
    batch_id: Mapped[int | None] = reference(N_("Batch"), "batch.id", index=False)
    round_kind: Mapped[RoundKind] = enum_column(N_("Round"), RoundKind, nullable=False)
    state: Mapped[EnrollmentState] = enum_column(
        N_("State"), EnrollmentState, nullable=False, default=EnrollmentState.AWAITING_SCHOOL
    )
    origin: Mapped[EnrollmentOrigin] = enum_column(
        N_("Origin"), EnrollmentOrigin, nullable=False, default=EnrollmentOrigin.SELF
    )
    credit_hours: Mapped[int] = column(N_("Credit hours"), Integer, nullable=False)
    school_id: Mapped[int | None] = reference(N_("School"), "school.id", index=False)
    bureau_id: Mapped[int | None] = reference(N_("Education bureau"), "bureau.id", index=False)
    checkpoint_bureau_id: Mapped[int | None] = reference(N_("Checkpoint bureau"), "bureau.id", index=False)
    enrolled_at: Mapped[datetime] = column(N_("Time of enrollment"), UtcDateTime, nullable=False, default=now)
    moved_at: Mapped[datetime] = column(N_("Last move"), UtcDateTime, nullable=False, default=now)
    review_deadline: Mapped[datetime | None] = column(N_("School reviews until"), UtcDateTime)
    reminded_at: Mapped[datetime | None] = column(N_("School reminded"), UtcDateTime)
    bureau_approved_at: Mapped[datetime | None] = column(N_("Approved by the bureau"), UtcDateTime)
    holds_seat: Mapped[bool] = column(N_("Holds a seat"), Boolean, nullable=False, default=False)
    proxy_account_id: Mapped[int | None] = reference(N_("Enrolled by proxy"), "ab_user.id", index=False)
    reassigned_from_id: Mapped[int | None] = reference(N_("Reassigned from"), "enrollment.id", index=False)

    teacher: Mapped[Teacher] = relationship()
    training_class: Mapped[TrainingClass] = relationship()
    school: Mapped[School | None] = relationship()
    bureau: Mapped[Bureau | None] = relationship(foreign_keys="Enrollment.bureau_id")
    checkpoint_bureau: Mapped[Bureau | None] = relationship(foreign_keys="Enrollment.checkpoint_bureau_id")
    proxy_account: Mapped[Account | None] = relationship()
    reassigned_from: Mapped[Enrollment | None] = relationship(remote_side="Enrollment.id")

    def __str__(self) -> str:
        """Return who enrolled for what."""
        return f"{self.teacher.name} · {self.training_class}"


class Screening(Record):
    """The one draw a class may have (筛选): frozen, then drawn, then open to anybody's check (ENR-8, ENR-9).

    The unique class makes a second draw impossible, whoever presses at the same moment.
    """

    __tablename__ = "screening"
    __label__ = N_("Screening")
    __table_args__ = (CheckConstraint("seats > 0", name="seats"),)

    training_class_id: Mapped[int] = reference(
        N_("Class"), "training_class.id", unique=True, index=False, nullable=False
    )
    seats: Mapped[int] = column(N_("Seats"), Integer, nullable=False)
    candidate_count: Mapped[int] = column(N_("Candidates"), Integer, nullable=False)
    list_hash: Mapped[str] = column(N_("Hash of the candidate list"), String(64), nullable=False)
    commitment: Mapped[str] = column(N_("Seed commitment"), String(64), nullable=False)
    seed_sealed: Mapped[bytes] = column(N_("Sealed seed"), LargeBinary, nullable=False, protected=True)
    seed: Mapped[str | None] = column(N_("Seed"), String(64), about=N_("Empty until the draw."))
    result_hash: Mapped[str | None] = column(N_("Hash of the result"), String(64))
    algorithm: Mapped[str] = column(N_("Algorithm"), String(32), nullable=False)
    frozen_at: Mapped[datetime] = column(N_("Frozen"), UtcDateTime, nullable=False, default=now)
    frozen_by_id: Mapped[int | None] = reference(N_("Frozen by"), "ab_user.id", index=False)
    drawn_at: Mapped[datetime | None] = column(N_("Drawn"), UtcDateTime)
    drawn_by_id: Mapped[int | None] = reference(N_("Drawn by"), "ab_user.id", index=False)

    training_class: Mapped[TrainingClass] = relationship()
    frozen_by: Mapped[Account | None] = relationship(foreign_keys="Screening.frozen_by_id")
    drawn_by: Mapped[Account | None] = relationship(foreign_keys="Screening.drawn_by_id")

    def __str__(self) -> str:
        """Return the class that is drawn."""
        return str(self.training_class)


class ScreeningCandidate(Record):
    """One line of a frozen candidate list and what the draw made of it; the reserve list follows `place_in_order`."""

    __tablename__ = "screening_candidate"
    __label__ = N_("Candidate")
    __table_args__ = (
        UniqueConstraint("screening_id", "enrollment_id"),
        UniqueConstraint("screening_id", "place_in_order"),
    )

    screening_id: Mapped[int] = reference(N_("Screening"), "screening.id", index=False, nullable=False)
    enrollment_id: Mapped[int] = reference(N_("Enrollment"), "enrollment.id", nullable=False)
    enrollment_number: Mapped[str] = column(N_("Enrollment number"), String(16), nullable=False)
    order_hash: Mapped[str | None] = column(N_("Hash that orders"), String(64))
    place_in_order: Mapped[int | None] = column(N_("Place in the order"), Integer)
    drawn: Mapped[bool | None] = column(N_("Drawn in"), Boolean)
    promoted_at: Mapped[datetime | None] = column(N_("Promoted"), UtcDateTime)

    screening: Mapped[Screening] = relationship()
    enrollment: Mapped[Enrollment] = relationship()

    def __str__(self) -> str:
        """Return the number that was published."""
        return self.enrollment_number


class Transition(Record):
    """A move of a state: which row, from where to where, who in whose name, why (ENR-19). Written once, never changed.

    `from_state` is empty at the beginning of a row's life. `details` keeps what was declared or adjusted.
    """

    __tablename__ = "transition"
    __label__ = N_("Transition")
    __table_args__ = (Index("ix_transition_entity_row_id", "entity", "row_id"),)

    entity: Mapped[str] = column(N_("Kind of record"), String(64), nullable=False)
    row_id: Mapped[int] = column(N_("Number"), Integer, nullable=False)
    action: Mapped[Action] = column(N_("Act"), _open_list(Action), nullable=False)
    from_state: Mapped[str | None] = column(N_("State before"), String(32))
    to_state: Mapped[str] = column(N_("State after"), String(32), nullable=False)
    party: Mapped[Party | None] = column(N_("Acting as"), _open_list(Party))
    account_id: Mapped[int | None] = reference(N_("By"), "ab_user.id", index=False)
    organisation: Mapped[str] = column(N_("In the name of"), String(100), nullable=False, default="")
    reason: Mapped[str | None] = column(N_("Reason"), String(500))
    details: Mapped[dict[str, Any] | None] = column(N_("Details"), JSON)

    account: Mapped[Account | None] = relationship()

    def __str__(self) -> str:
        """Return what moved."""
        return f"{self.entity} {self.row_id}"
