"""Programmes as an institution declares them, their lecturers, plan files and experts' opinions (PRG)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, relationship

from app.domain.terms import ExpertReviewState, ProgrammeKind, ProgrammeState
from app.domain.text import N_
from app.entities.accounts import Account
from app.entities.base import Record, UtcDateTime, column, enum_column, reference
from app.entities.calendar import Batch, TrainingYear
from app.entities.classes import TrainingClass
from app.entities.lecturers import Lecturer
from app.entities.places import Bureau, Institution, Region
from app.entities.reference import PostCategory, Stage, Subject


def _link(name: str, other: str, column_name: str) -> Table:
    """Return the table between programmes and `other`."""
    return Table(
        name,
        Record.metadata,
        Column("programme_id", ForeignKey("programme.id", ondelete="CASCADE"), primary_key=True),
        Column(column_name, ForeignKey(f"{other}.id"), primary_key=True, index=True),
    )


programme_stage = _link("programme_stage", "stage", "stage_id")
programme_post_category = _link("programme_post_category", "post_category", "post_category_id")
programme_subject = _link("programme_subject", "subject", "subject_id")
programme_region = _link("programme_region", "region", "region_id")
programme_lecturer = _link("programme_lecturer", "lecturer", "lecturer_id")


class Programme(Record):
    """A declared training programme: the upper part of the declaration; its classes are the lower part (PRG-2).

    No stage, post category or subject at all means every one of them (全部). `number` is given with the first
    submission, `review_bureau` with each (PRG-4).
    """

    __tablename__ = "programme"
    __label__ = N_("Training programme")
    __table_args__ = (
        CheckConstraint("credit_hours > 0", name="hours"),
        CheckConstraint("credits IS NULL OR credits >= 0", name="credits"),
        Index("ix_programme_institution_id_state", "institution_id", "state"),
        Index("ix_programme_review_bureau_id_state", "review_bureau_id", "state"),
    )

    number: Mapped[str | None] = column(N_("Programme number"), String(20), unique=True)
    title: Mapped[str] = column(N_("Programme title"), String(100), nullable=False)
    kind: Mapped[ProgrammeKind] = enum_column(
        N_("Kind of training"), ProgrammeKind, nullable=False, default=ProgrammeKind.ELECTIVE
    )
    training_year_id: Mapped[int] = reference(N_("Training year"), "training_year.id", nullable=False)
    batch_id: Mapped[int | None] = reference(N_("Batch"), "batch.id")
    institution_id: Mapped[int] = reference(N_("Training institution"), "institution.id", index=False, nullable=False)
    credit_hours: Mapped[int] = column(N_("Credit hours"), Integer, nullable=False)
    credits: Mapped[Decimal | None] = column(N_("Credits"), Numeric(5, 1))
    contents: Mapped[str | None] = column(N_("Training contents"), String(4000))
    goals: Mapped[str | None] = column(N_("Goals"), String(4000))
    outline: Mapped[str | None] = column(N_("Outline"), String(4000))
    assessment: Mapped[str | None] = column(N_("Assessment"), String(2000))
    classes_allowed: Mapped[int | None] = column(
        N_("Classes allowed"), Integer, about=N_("Empty: as many as the parameter says. The bureau may allow more.")
    )
    review_bureau_id: Mapped[int | None] = reference(N_("Reviewing bureau"), "bureau.id", index=False)
    state: Mapped[ProgrammeState] = enum_column(
        N_("State"), ProgrammeState, nullable=False, default=ProgrammeState.DRAFT
    )
    submitted_at: Mapped[datetime | None] = column(N_("Submitted"), UtcDateTime)
    copied_from_id: Mapped[int | None] = reference(N_("Copied from"), "programme.id", index=False)

    training_year: Mapped[TrainingYear] = relationship()
    batch: Mapped[Batch | None] = relationship()
    institution: Mapped[Institution] = relationship()
    review_bureau: Mapped[Bureau | None] = relationship()
    copied_from: Mapped[Programme | None] = relationship(remote_side="Programme.id")
    stages: Mapped[list[Stage]] = relationship(
        secondary=programme_stage, order_by=Stage.position, info={"label": N_("School stages")}
    )
    post_categories: Mapped[list[PostCategory]] = relationship(
        secondary=programme_post_category, order_by=PostCategory.position, info={"label": N_("Post categories")}
    )
    subjects: Mapped[list[Subject]] = relationship(
        secondary=programme_subject, order_by=Subject.position, info={"label": N_("Subjects")}
    )
    target_regions: Mapped[list[Region]] = relationship(
        secondary=programme_region, order_by=Region.path, info={"label": N_("Target regions")}
    )
    lecturers: Mapped[list[Lecturer]] = relationship(
        secondary=programme_lecturer, order_by=Lecturer.id, info={"label": N_("Lecturers")}
    )
    classes: Mapped[list[TrainingClass]] = relationship(
        back_populates="programme", order_by=TrainingClass.number, info={"label": N_("Classes")}
    )
    plan_files: Mapped[list[PlanFile]] = relationship(
        back_populates="programme", order_by="PlanFile.revision.desc()", info={"label": N_("Training plan")}
    )
    opinions: Mapped[list[ExpertOpinion]] = relationship(
        back_populates="programme", order_by="ExpertOpinion.id", info={"label": N_("Expert opinions")}
    )


class DeclarationDraft(Record):
    """A declaration as it was typed, however incomplete, with the file chosen for it: nothing is ever lost (PRG-2).

    `programme` is set when a stored declaration is being changed. A draft becomes a programme when it meets the rules.
    """

    __tablename__ = "declaration_draft"
    __label__ = N_("Declaration draft")

    institution_id: Mapped[int] = reference(N_("Training institution"), "institution.id", nullable=False)
    programme_id: Mapped[int | None] = reference(N_("Training programme"), "programme.id", unique=True, index=False)
    title: Mapped[str] = column(N_("Programme title"), String(100), nullable=False, default="")
    payload: Mapped[dict[str, Any]] = column(N_("Values"), JSON, nullable=False, default=dict)
    file_name: Mapped[str | None] = column(N_("File name"), String(120))
    file_content: Mapped[bytes | None] = column(N_("Content"), LargeBinary, deferred=True)
    account_id: Mapped[int | None] = reference(N_("By"), "ab_user.id", index=False)

    institution: Mapped[Institution] = relationship()
    programme: Mapped[Programme | None] = relationship()
    account: Mapped[Account | None] = relationship()


class PlanFile(Record):
    """One version of the training plan (PRG-3). It lies in the database: backups and every web machine have it."""

    __tablename__ = "plan_file"
    __label__ = N_("Training plan")
    __table_args__ = (UniqueConstraint("programme_id", "revision"),)

    programme_id: Mapped[int] = reference(N_("Training programme"), "programme.id", index=False, nullable=False)
    revision: Mapped[int] = column(N_("File version"), Integer, nullable=False)
    name: Mapped[str] = column(N_("File name"), String(120), nullable=False)
    content_type: Mapped[str] = column(N_("File type"), String(100), nullable=False)
    size: Mapped[int] = column(N_("Size in bytes"), Integer, nullable=False)
    sha256: Mapped[str] = column(N_("SHA-256"), String(64), nullable=False)
    content: Mapped[bytes] = column(N_("Content"), LargeBinary, nullable=False, deferred=True)
    uploaded_by_id: Mapped[int | None] = reference(N_("Uploaded by"), "ab_user.id", index=False)

    programme: Mapped[Programme] = relationship(back_populates="plan_files")
    uploaded_by: Mapped[Account | None] = relationship()


class ExpertOpinion(Record):
    """An expert asked by the reviewing bureau for a score and a comment; the bureau decides (PRG-6)."""

    __tablename__ = "expert_opinion"
    __label__ = N_("Expert opinion")
    __table_args__ = (
        UniqueConstraint("programme_id", "expert_id"),
        CheckConstraint("score IS NULL OR score BETWEEN 0 AND 100", name="score"),
        Index("ix_expert_opinion_expert_id_state", "expert_id", "state"),
    )

    programme_id: Mapped[int] = reference(N_("Training programme"), "programme.id", index=False, nullable=False)
    expert_id: Mapped[int] = reference(N_("Expert"), "ab_user.id", index=False, nullable=False)
    state: Mapped[ExpertReviewState] = enum_column(
        N_("State"), ExpertReviewState, nullable=False, default=ExpertReviewState.ASKED
    )
    score: Mapped[int | None] = column(N_("Score from 0 to 100"), Integer)
    comment: Mapped[str | None] = column(N_("Comment"), String(2000))
    asked_by_id: Mapped[int | None] = reference(N_("Asked by"), "ab_user.id", index=False)
    answered_at: Mapped[datetime | None] = column(N_("Answered"), UtcDateTime)

    programme: Mapped[Programme] = relationship(back_populates="opinions")
    expert: Mapped[Account] = relationship(foreign_keys="ExpertOpinion.expert_id")
    asked_by: Mapped[Account | None] = relationship(foreign_keys="ExpertOpinion.asked_by_id")

    def __str__(self) -> str:
        """Return whose opinion on what."""
        return f"{self.programme.title} · {self.expert.name}"
