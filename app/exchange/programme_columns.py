"""The columns of declarations: the upper part once a programme, the lower part in every row (PRG-2, PRG-8)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.cells import Cell, text_in
from app.domain.declaration import LENGTHS
from app.domain.errors import Invalid, problem
from app.domain.imports import Json
from app.domain.names import normalise_text
from app.domain.terms import ProgrammeKind
from app.domain.text import N_
from app.exchange.columns import ChoiceColumn, Column, DayColumn, DigitsColumn, SeveralColumn, within
from app.exchange.lookups import OUTSIDE, Lookups, plain
from app.models import PostCategory, Stage, Subject
from app.services.windows import batches_of_the_year

LONGEST_CELL = 8000
EXAMPLE = "2026-05-11 08:30-11:30 教材解读/方晓华/报告厅"
_LIST = re.compile(r"[、,,;;\n]+")
_LINES = re.compile(r"[;;\n]+")
_SESSION = re.compile(r"(?P<day>\S+)\s+(?P<starts_at>[\d:.]+)\s*[–—~至-]\s*(?P<ends_at>[\d:.]+)\s+(?P<rest>.+)")


@dataclass(frozen=True, kw_only=True)
class RegionsColumn(Column):
    """Several regions in one cell, by code, path or name, separated by 、 or a comma."""

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the keys of the regions, in order."""
        parts = (part.strip() for part in _LIST.split(text_in(cell)))
        return sorted({book.regions.find(part, unknown=OUTSIDE) for part in parts if part})


@dataclass(frozen=True, kw_only=True)
class BatchColumn(Column):
    """A batch of the year, by its name with or without the year."""

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the key of the batch."""
        given = text_in(cell)
        batches = batches_of_the_year()
        for batch in batches:
            if plain(given) in {plain(batch.name), plain(str(batch))}:
                return batch.id
        text = N_("“%(given)s” is no batch of this year. Choose one of: %(choices)s.")
        raise Invalid(problem("unknown_batch", text, given=given[:50], choices="、".join(b.name for b in batches)))

    def choices(self, book: Lookups) -> Sequence[str]:
        """Return the batches of the year."""
        return [batch.name for batch in batches_of_the_year()]


@dataclass(frozen=True, kw_only=True)
class LongColumn(Column):
    """Text of several lines."""

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the text with its lines."""
        return within("\n".join(normalise_text(line) for line in str(cell).splitlines()), self.most)


@dataclass(frozen=True, kw_only=True)
class LecturersColumn(Column):
    """Lecturers, one a line or separated by a semicolon: name/workplace/title."""

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the lecturers as the form would send them."""
        names = ("name", "workplace", "position")
        parts = ([part.strip() for part in line.split("/")] for line in _lines(cell))
        return [dict(zip(names, (*part, "", ""), strict=False)) for part in parts]


@dataclass(frozen=True, kw_only=True)
class SessionsColumn(Column):
    """The timetable, a line a session: day, from-to, topic/lecturer/room."""

    def read(self, cell: Cell, book: Lookups) -> Json:
        """Return the sessions as the form would send them. Raises Invalid with the first line that is none."""
        return [_session(line) for line in _lines(cell)]


def _lines(cell: Cell) -> list[str]:
    """Return the lines of a cell, half-width; a semicolon ends a line too."""
    lines = (normalise_text(line) for line in _LINES.split(within(str(cell), LONGEST_CELL)))
    return [line for line in lines if line]


def _session(line: str) -> dict[str, str]:
    found = _SESSION.fullmatch(line)
    if found is None:
        text = N_("“%(line)s” is no line of a timetable. Write: day from-to topic/lecturer/room, as in %(example)s.")
        raise Invalid(
            problem("no_session", text, line=line[:50], example="2026-05-11 08:30-11:30 教材解读/方晓华/报告厅")
        )
    topic, lecturer, place, *_ = (*(part.strip() for part in found["rest"].split("/")), "", "")
    return {name: found[name] for name in ("day", "starts_at", "ends_at")} | {
        "topic": topic, "lecturer": lecturer, "place": place,
    }  # fmt: skip


def _long(name: str, title: str, **options: object) -> Column:
    return LongColumn(name=name, title=title, most=LENGTHS[name], width=30, **options)  # type: ignore[arg-type]


UPPER = (
    Column(name="title", title=N_("Programme title"), required=True, most=100, width=30, aliases=("项目", "项目名"),
           note=N_("Rows with the same title below each other are the classes of one programme."),
           example=N_("Sample training")),
    BatchColumn(name="batch", title=N_("Batch"), width=14, aliases=("申报批次", "培训批次"),
                note=N_("Empty: the one that is being declared.")),
    ChoiceColumn(name="kind", title=N_("Kind of training"), kind=ProgrammeKind, width=16,
                 note=N_("Empty: elective training."), aliases=("项目类别", "项目类型")),
    DigitsColumn(name="credit_hours", title=N_("Credit hours"), required=True, as_text=False, most=6, width=10,
                 example="24", aliases=("培训学时", "课时")),
    Column(name="credits", title=N_("Credits"), most=8, width=10),
    SeveralColumn(name="stages", title=N_("School stages"), model=Stage, width=16,
                  note=N_("Several are separated by 、 or a comma; empty: all."), aliases=("学段", "培训学段")),
    SeveralColumn(name="post_categories", title=N_("Post categories"), model=PostCategory, width=16,
                  note=N_("Several are separated by 、 or a comma; empty: all."), aliases=("岗位", "培训对象")),
    SeveralColumn(name="subjects", title=N_("Subjects"), model=Subject, width=16,
                  note=N_("Several are separated by 、 or a comma; empty: all."), aliases=("学科", "培训学科")),
    RegionsColumn(name="regions", title=N_("Target regions"), required=True, width=26, example="330106",
                  aliases=("招生区域", "面向地区", "招生地区"), note=N_("Codes or names, inside your region grants.")),
    _long("goals", N_("Goals"), required=True, aliases=("培训目标", "目标")),
    _long("contents", N_("Training contents"), required=True, aliases=("内容", "课程内容")),
    _long("outline", N_("Outline"), aliases=("大纲",)),
    _long("assessment", N_("Assessment"), aliases=("考核方式", "考核")),
    LecturersColumn(name="lecturers", title=N_("Lecturers"), required=True, most=LONGEST_CELL, width=34,
                    example=N_("Name/Workplace/Title"), aliases=("教师", "主讲教师", "授课老师"),
                    note=N_("Name/workplace/title, separated by a semicolon or on a line each.")),
)  # fmt: skip
LOWER = (
    DayColumn(name="starts_on", title=N_("First day"), required=True, width=12, aliases=("开班日期", "开始时间")),
    DayColumn(name="ends_on", title=N_("Last day"), required=True, width=12, aliases=("结业日期", "结束时间")),
    Column(name="place", title=N_("Place"), required=True, most=200, width=24, aliases=("培训地点", "上课地点")),
    DigitsColumn(name="planned_seats", title=N_("Planned seats"), required=True, as_text=False, most=6, width=12,
                 example="40", aliases=("名额", "计划人数", "招收人数")),
    Column(name="fee", title=N_("Fee in yuan"), most=10, width=10, aliases=("费用", "收费")),
    Column(name="boarding", title=N_("Board and lodging"), most=200, width=20, aliases=("食宿",)),
    SessionsColumn(name="sessions", title=N_("Timetable"), most=LONGEST_CELL, width=40,
                   note=N_("A line a session: day from-to topic/lecturer/room.")),
)  # fmt: skip
