"""The columns of the sheet of teachers: what is typed is handed to the one check of teachers (TCH-1, TCH-6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.domain.cells import Cell, digits_in
from app.domain.imports import Json
from app.domain.terms import Gender, OrganisationStatus
from app.domain.text import N_
from app.exchange.columns import Column, ReferenceColumn, within
from app.exchange.lookups import Lookups
from app.extensions import db
from app.models import Grade, PostCategory, ProfessionalTitle, School, Stage, Subject
from app.security.rules.people import schools_kept

MOST_SCHOOLS = 500  # a longer list gets no drop-down


def as_typed(cell: Cell, most: int) -> Json:
    """Return a cell as the check of teachers takes it: text, a number, or a day as ISO text."""
    if type(cell) is str:  # asked first: most cells are text
        return within(cell, most)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return cell if isinstance(cell, int | float) else within(str(cell), most)


@dataclass(frozen=True, kw_only=True)
class TypedColumn(Column):
    """A cell that is handed on as it is."""

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return what was typed. Raises Invalid when it is far too long."""
        return as_typed(cell, self.most)


@dataclass(frozen=True, kw_only=True)
class MonthColumn(TypedColumn):
    """A column that says it holds months: a day of it that is the first of a month stands for the whole month."""

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the month, or what was typed."""
        first = isinstance(cell, date) and cell.day == 1  # a datetime is a date too
        return f"{cell:%Y-%m}" if first else super().read(cell, book)


@dataclass(frozen=True, kw_only=True)
class NumberColumn(Column):
    """A number that names a person or rings a phone: text, never rounded; a mask passes as it is."""

    as_text: bool = True

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the characters of the number. Raises Invalid when the spreadsheet has lost digits."""
        return within(digits_in(cell), self.most)


@dataclass(frozen=True, kw_only=True)
class GenderColumn(TypedColumn):
    """The gender, with its drop-down."""

    def choices(self, book: Lookups) -> Sequence[str]:
        """Return the labels."""
        return list(book.words(Gender).values())


@dataclass(frozen=True, kw_only=True)
class ListColumn(ReferenceColumn):
    """One entry of a reference list; the drop-down offers those in use."""

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return what was typed: name or code."""
        return as_typed(cell, self.most)


@dataclass(frozen=True, kw_only=True)
class SchoolColumn(TypedColumn):
    """The school, by name or code; offered are the schools whose teachers the actor keeps."""

    def choices(self, book: Lookups) -> Sequence[str]:
        """Return the names, or the code where several schools have one name."""
        kept = select(School.name, School.code).where(School.id.in_(schools_kept(book.actor)))
        rows = db.session.execute(
            kept.where(School.status == OrganisationStatus.ACTIVE).order_by(School.name).limit(MOST_SCHOOLS + 1)
        ).all()
        named = Counter(name for name, _code in rows)
        return [name if named[name] == 1 else code for name, code in rows] if len(rows) <= MOST_SCHOOLS else ()


# The titles are those of the list and its export, so that an export is understood as it is.
TEACHER_COLUMNS: tuple[Column, ...] = (
    NumberColumn(name="teacher_number", title=N_("Teacher number"), most=40, width=18,
                 aliases=("师训号", "教师编号", "教师号", "编号"),
                 note=N_("Empty for a new person: the platform gives it. Finds the record of one there is.")),
    TypedColumn(name="name", title=N_("Teacher's name"), required=True, most=80, width=14, as_text=True,
                example=N_("Sample teacher"), aliases=("姓名", "教师姓名", "教师", "Name"),
                note=N_("As on the ID card.")),
    NumberColumn(name="national_id", title=N_("National ID"), required=True, most=40, width=22,
                 aliases=("身份证", "身份证号", "身份证号码", "公民身份号码", "证件号", "证件号码", "ID number"),
                 note=N_("18 characters, as text. A masked number of an export means: unchanged.")),
    GenderColumn(name="gender", title=N_("Gender"), most=20, width=8, aliases=("性别",),
                 note=N_("Left empty, it is taken from the ID number.")),
    TypedColumn(name="birth_date", title=N_("Birth date"), most=40, width=14, as_text=True,
                aliases=("出生日期", "出生年月日", "生日"),
                note=N_("Left empty, it is taken from the ID number.")),
    MonthColumn(name="birth_month", title=N_("Birth month"), most=40, offered=False, aliases=("出生年月", "出生月份")),
    SchoolColumn(name="school", title=N_("School"), most=120, width=28,
                 aliases=("学校", "学校名称", "所在学校", "工作单位", "单位", "任职学校"),
                 note=N_("Name or code; may stay empty when all rows are about your own school.")),
    NumberColumn(name="school_code", title=N_("School code"), most=40, width=16,
                 aliases=("学校代码", "学校编码", "学校标识码", "单位代码"),
                 note=N_("Instead of the name, where several schools are called the same.")),
    ListColumn(name="stage", title=N_("School stage"), model=Stage, required=True, width=12,
               aliases=("学段", "任教学段")),
    ListColumn(name="grade", title=N_("Grade"), model=Grade, width=12, aliases=("年级", "任教年级"),
               note=N_("A grade of the school stage.")),
    ListColumn(name="subject", title=N_("Subject"), model=Subject, required=True, width=12,
               aliases=("学科", "任教学科", "科目", "任教科目")),
    ListColumn(name="post_category", title=N_("Post category"), model=PostCategory, width=14,
               aliases=("岗位", "岗位类别", "岗位类型")),
    ListColumn(name="title", title=N_("Professional title"), model=ProfessionalTitle, width=14,
               aliases=("职称", "专业技术职务", "专业技术职称")),
    NumberColumn(name="mobile", title=N_("Mobile"), most=40, width=16,
                 aliases=("手机", "手机号", "手机号码", "联系手机"),
                 note=N_("11 digits.")),
    NumberColumn(name="office_phone", title=N_("Office phone"), most=60, width=18,
                 aliases=("办公电话", "办公室电话", "单位电话", "联系电话", "固定电话"),
                 note=N_("For example 0571-87000000-801.")),
    TypedColumn(name="email", title=N_("E-mail"), most=160, width=24, as_text=True,
                aliases=("邮箱", "电子邮箱", "电子邮件", "E-mail", "Email")),
    TypedColumn(name="status", title=N_("Status"), most=40, width=12, aliases=("状态", "人员状态"),
                note=N_("Changes by a transfer only; leave it empty or as it was exported.")),
)  # fmt: skip
