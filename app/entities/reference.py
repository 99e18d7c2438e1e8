"""Reference lists of the teacher record: data the province edits, not code (TCH-1)."""

from __future__ import annotations

from sqlalchemy import Boolean, Integer, String
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


class Subject(ReferenceList):
    """Subject (学科)."""

    __tablename__ = "subject"
    __label__ = N_("Subject")


class PostCategory(ReferenceList):
    """Post category (岗位类别)."""

    __tablename__ = "post_category"
    __label__ = N_("Post category")


class ProfessionalTitle(ReferenceList):
    """Professional title (职称)."""

    __tablename__ = "professional_title"
    __label__ = N_("Professional title")
