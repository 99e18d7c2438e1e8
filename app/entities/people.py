"""Teachers (TCH-1). The national ID is sealed; a keyed index finds it whole, the last four help a search (OPS-3)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Column, Date, ForeignKey, Index, LargeBinary, String, Table, or_
from sqlalchemy.orm import Mapped, relationship

from app.domain.terms import Gender, TeacherStatus
from app.domain.text import N_
from app.entities.accounts import Account
from app.entities.base import Record, UtcDateTime, column, enum_column, reference
from app.entities.places import School
from app.entities.reference import Grade, PostCategory, ProfessionalTitle, Stage, Subject


class Teacher(Record):
    """A teacher's record; `school` is empty for the unattached (自由人)."""

    __tablename__ = "teacher"
    __label__ = N_("Teacher")
    __table_args__ = (
        # Counts and pages of a subtree are answered from this index alone.
        Index("ix_teacher_present", "school_id", "status", "deleted_at", "teacher_number", "subject_id"),
        Index("ix_teacher_mobile", "mobile", "deleted_at"),  # who shares a number with whom (TCH-9)
        # In the order of the alphabet of codes on both databases, so that the first letters find their rows.
        Index("ix_teacher_name_initials", "name_initials", postgresql_ops={"name_initials": "varchar_pattern_ops"}),
    )

    __labels__ = {"national_id": N_("National ID")}

    teacher_number: Mapped[str] = column(N_("Teacher number"), String(20), unique=True, nullable=False)
    name: Mapped[str] = column(N_("Teacher's name"), String(50), nullable=False, index=True)
    name_initials: Mapped[str] = column(N_("Initials"), String(32), nullable=False, default="")
    gender: Mapped[Gender] = enum_column(N_("Gender"), Gender, nullable=False)
    birth_date: Mapped[date | None] = column(N_("Birth date"), Date)
    national_id_sealed: Mapped[bytes | None] = column(N_("National ID"), LargeBinary, protected=True)
    national_id_key: Mapped[str | None] = column(N_("National ID index"), String(64), unique=True, protected=True)
    national_id_tail: Mapped[str | None] = column(N_("Last four of the ID"), String(4), index=True)
    # What the ID number says, kept when it is written: nobody can compare with a sealed number later (TCH-9).
    id_birth_date: Mapped[date | None] = column(N_("Birth date of the ID"), Date, protected=True)
    id_gender: Mapped[str | None] = column(N_("Gender of the ID"), String(8), protected=True)
    mobile: Mapped[str | None] = column(N_("Mobile"), String(32), protected=True)
    office_phone: Mapped[str | None] = column(N_("Office phone"), String(32))
    email: Mapped[str | None] = column(N_("E-mail"), String(120))
    school_id: Mapped[int | None] = reference(N_("School"), "school.id", index=False)
    stage_id: Mapped[int | None] = reference(N_("School stage"), "stage.id")
    grade_id: Mapped[int | None] = reference(N_("Grade"), "grade.id")
    subject_id: Mapped[int | None] = reference(N_("Subject"), "subject.id")
    post_category_id: Mapped[int | None] = reference(N_("Post category"), "post_category.id")
    title_id: Mapped[int | None] = reference(N_("Professional title"), "professional_title.id")
    status: Mapped[TeacherStatus] = enum_column(
        N_("Status"), TeacherStatus, nullable=False, default=TeacherStatus.EMPLOYED
    )
    account_id: Mapped[int | None] = reference(N_("Account"), "ab_user.id", unique=True, index=False)
    deleted_at: Mapped[datetime | None] = column(N_("Deleted"), UtcDateTime)

    school: Mapped[School | None] = relationship()
    stage: Mapped[Stage | None] = relationship()
    grade: Mapped[Grade | None] = relationship()
    subject: Mapped[Subject | None] = relationship()
    post_category: Mapped[PostCategory | None] = relationship()
    title: Mapped[ProfessionalTitle | None] = relationship()
    account: Mapped[Account | None] = relationship(back_populates="teacher")


# What is missing or contradicts the ID number; the few rows it leaves have an index of their own (TCH-9).
COMPLETE = ("national_id_key", "birth_date", "mobile", "stage_id", "subject_id", "post_category_id", "title_id")
_columns = Teacher.__table__.c
FAULTY = or_(
    *(_columns[name].is_(None) for name in COMPLETE),
    _columns.birth_date != _columns.id_birth_date,
    _columns.gender != _columns.id_gender,
)
Index("ix_teacher_faulty", _columns.school_id, sqlite_where=FAULTY, postgresql_where=FAULTY)

# Each character of a name with the one after it: an index finds any part of a name without reading all names (TCH-4).
teacher_name_pair = Table(
    "teacher_name_pair",
    Record.metadata,
    Column("first", String(1), primary_key=True),
    Column("second", String(1), primary_key=True),
    Column("teacher_id", ForeignKey("teacher.id", ondelete="CASCADE"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)
