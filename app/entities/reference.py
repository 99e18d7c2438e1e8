"""Reference lists of the teacher record: data the province edits, not code (TCH-1)."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table
from sqlalchemy.orm import Mapped, relationship

from app.domain.text import N_
from app.entities.base import Record, column, reference


class ReferenceList(Record):
    """One entry of a list: its code, its name, its place in the order, and whether it may still be chosen."""

    __abstract__ = True

    code: Mapped[str] = column(N_("Code"), String(32), unique=True, nullable=False)
    name: Mapped[str] = column(N_("Name"), String(50), unique=True, nullable=False)
    position: Mapped[int] = column(N_("Order"), Integer, nullable=False, default=0)
    in_use: Mapped[bool] = column(
        N_("In use"), Boolean, nullable=False, default=True, about=N_("Off: kept for old records, no longer offered.")
    )


class Stage(ReferenceList):
    """School stage (学段)."""

    __tablename__ = "stage"
    __label__ = N_("School stage")


class Grade(ReferenceList):
    """Grade (年级) of a stage."""

    __tablename__ = "grade"
    __label__ = N_("Grade")

    stage_id: Mapped[int] = reference(N_("School stage"), "stage.id", nullable=False)
    stage: Mapped[Stage] = relationship()


subject_stage = Table(
    "subject_stage",
    Record.metadata,
    Column("subject_id", ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True),
    Column("stage_id", ForeignKey("stage.id"), primary_key=True, index=True),
)


class Subject(ReferenceList):
    """Subject (学科); a school of its stages is expected to have somebody who teaches it (TCH-9)."""

    __tablename__ = "subject"
    __label__ = N_("Subject")

    stages: Mapped[list[Stage]] = relationship(
        secondary=subject_stage, order_by=Stage.position, info={"label": N_("Taught at")}
    )


class PostCategory(ReferenceList):
    """Post category (岗位类别)."""

    __tablename__ = "post_category"
    __label__ = N_("Post category")


class ProfessionalTitle(ReferenceList):
    """Professional title (职称)."""

    __tablename__ = "professional_title"
    __label__ = N_("Professional title")
