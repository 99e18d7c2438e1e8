"""The board of data quality: from the province down to a school, every figure leads to exactly its rows (TCH-9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _

from app.domain.terms import RegionLevel, TeacherIssue
from app.domain.text import N_
from app.exchange.row_sheet import Value
from app.models import Region, School, Teacher
from app.security.actor import Actor
from app.services.teacher_issues import MISSING
from app.services.teacher_quality import Board, Line, board_of_region, board_of_school, is_whole_pool
from app.views.fab import PageView
from app.views.fab.export import send_table
from app.views.places import own_region

I = TeacherIssue  # noqa: E741 - short for the table below
# The columns of the table, and how long each name may be there.
COLUMNS: tuple[tuple[TeacherIssue, str], ...] = (
    (I.MISSING, N_("Fields missing")),
    (I.BIRTH_DATE_DIFFERS, N_("Birth date ≠ ID")),
    (I.GENDER_DIFFERS, N_("Gender ≠ ID")),
    (I.SHARED_MOBILE, N_("Mobile shared")),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with the list and the grid of exactly its rows; no addresses for what is no row."""

    label: str
    number: int
    url_list: str = ""
    url_grid: str = ""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A line of the table: the place, its page of this board, teachers, a figure for each column, untaught subjects."""

    name: str
    url: str
    teachers: int
    figures: list[Figure]
    untaught: Figure


class TeacherQualityPage(PageView):
    """`?region=7` or `?school=3`; without either, one's own place."""

    resource = "TeacherQuality"
    route_base = "/teachers/quality"
    method_permission_name = {"index": "read", "export": "export"}

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show the board of a place."""
        school = school_asked(self.actor)
        return self._school(school) if school else self._region()

    @expose("/export")
    @has_access
    def export(self) -> Any:
        """Send the board of a place as a workbook."""
        school = school_asked(self.actor)
        return self._send_school(school) if school else self._send_region()

    def _url_export(self, **asked: Any) -> str:
        return url_for("TeacherQualityPage.export", **asked) if self.actor.may("export", self.resource) else ""

    # --- a school

    def _school(self, key: Any) -> Any:
        school, board = board_of_school(key, actor=self.actor)
        asked: dict[str, Any] = {"school": school.id}
        return self.render_template(
            "teachers/quality_school.html",
            title=_("Data quality: %(place)s", place=school.name),
            crumbs=self._crumbs(school.region) if self.actor.region_path or self.actor.everything else [],
            school=school,
            teachers=board.total().teachers,
            url_teachers=url_for("TeacherView.list", **asked),
            figures=[self._figure(issue, board.total(), asked) for issue in _told()],
            unattached=self._unattached(board, school),
            subjects=[(s.name, url_for("TeacherView.list", **asked, subject=s.id)) for s in board.subjects],
            url_export=self._url_export(**asked),
        )

    def _send_school(self, key: Any) -> Any:
        """Send the faults of a school, and the subjects nobody teaches there."""
        school, board = board_of_school(key, actor=self.actor)
        faults = board.total().faults
        rows: list[Sequence[Value]] = [(_(issue.label), faults[issue]) for issue in _told() if faults[issue]]
        unattached = self._unattached(board, school)
        rows += [(unattached.label, unattached.number)] if unattached and unattached.number else []
        rows += [(_("Nobody teaches %(subject)s", subject=subject.name), 0) for subject in board.subjects]
        return self._send(school.name, [_("What is wrong"), _("Teachers")], rows, {"school": school.id})

    # --- a region

    def _region(self) -> Any:
        region, by_school, board = region_asked(self.actor)
        asked = {"at" if by_school else "region": region.id}
        return self.render_template(
            "teachers/quality.html",
            title=_("Data quality: %(place)s", place=region.name),
            crumbs=self._crumbs(region),
            by_school=by_school,
            columns=[_(label) for _issue, label in COLUMNS],
            rows=[self._row(line, region) for line in board.lines],
            total=self._row(board.total(), region, asked),
            missing=[self._figure(issue, board.total(), asked) for issue in MISSING],
            unattached=self._unattached(board, region),
            url_export=self._url_export(region=region.id, by="school" if by_school else None),
        )

    def _send_region(self) -> Any:
        """Send the places and their faults, those of one field each too, with the sums."""
        region, by_school, board = region_asked(self.actor)
        labels = [_("School") if by_school else _("Region"), _("Teachers"), *(_(label) for _issue, label in COLUMNS),
                  _("Subjects nobody teaches"), *(_(issue.label) for issue in MISSING)]  # fmt: skip
        rows = [_cells(name_of(line, region), line) for line in board.lines]
        foot = [_cells(_("Total"), board.total())]
        unattached = self._unattached(board, region)
        if unattached is not None:
            foot.append((unattached.label, unattached.number))
        return self._send(region.name, labels, rows, {"region": region.id, "by_school": by_school}, foot)

    def _send(
        self, place: str, labels: list[str], rows: Sequence[Sequence[Value]], filters: dict[str, Any],
        foot: Sequence[Sequence[Value]] = (),
    ) -> Any:  # fmt: skip
        title = _("Data quality: %(place)s", place=place)
        return send_table(Teacher, title, labels, rows, {"filters": filters}, actor=self.actor, foot=foot)

    # --- rows and figures

    def _row(self, line: Line, region: Region, asked: dict[str, Any] | None = None) -> BoardRow:
        if asked is None:
            asked = {{"region": "region", "direct": "at", "school": "school"}[line.kind]: line.key}
        page: dict[str, dict[str, Any]] = {
            "region": {"region": line.key},
            "direct": {"region": line.key, "by": "school"},
            "school": asked,
        }
        url = url_for("TeacherQualityPage.index", **page[line.kind]) if line.kind in page else ""
        untaught = Figure(_("Subjects nobody teaches"), line.untaught, url if line.kind != "total" else "")
        return BoardRow(
            name_of(line, region),
            url,
            line.teachers,
            [self._figure(issue, line, asked) for issue, _label in COLUMNS],
            untaught,
        )

    def _figure(self, issue: TeacherIssue, line: Line, asked: dict[str, Any]) -> Figure:
        number = line.faults[issue]
        if not number:
            return Figure(_(issue.label), 0)
        wanted = {**asked, "issue": issue.value}
        grid = url_for("TeacherGridPage.index", **wanted) if self.actor.may("edit", "Teacher") else ""
        return Figure(_(issue.label), number, url_for("TeacherView.list", **wanted), grid)

    def _unattached(self, board: Board, place: Region | School) -> Figure | None:
        """Return the figure of the pool for who sees it: of all in it, or of who left the place's schools."""
        if board.unattached is None:
            return None
        if is_whole_pool(place, self.actor):
            line = Line(0, "", "pool", faults=Counter({I.UNATTACHED_LONG: board.unattached}))
            return self._figure(I.UNATTACHED_LONG, line, {})
        asked: dict[str, Any] = {"school" if isinstance(place, School) else "region": place.id}
        return Figure(_(I.UNATTACHED_LONG.label), board.unattached, url_for("TransferPage.pool", **asked, long="yes"))

    def _crumbs(self, region: Region) -> list[tuple[str, str]]:
        """Return the places above, from one's own down to `region`."""
        above = []
        place: Region | None = region
        while place is not None and (self.actor.everything or place.path.startswith(self.actor.region_path or "?")):
            above.append((place.name, url_for("TeacherQualityPage.index", region=place.id)))
            place = place.parent
        return above[::-1]


def school_asked(actor: Actor) -> Any:
    """Return the key of the school the address asks for, or one's own; nothing for a region."""
    return request.args.get("school") or ("" if request.args.get("region") else actor.school_id or "")


def region_asked(actor: Actor) -> tuple[Region, bool, Board]:
    """Return the region the address asks for, or one's own, whether its schools are told, and its board."""
    region = own_region(actor, request.args.get("region"))
    by_school = request.args.get("by") == "school" or region.level is RegionLevel.COUNTY
    return region, by_school, board_of_region(region, actor=actor, by_school=by_school)


def name_of(line: Line, region: Region) -> str:
    """Return the name of a line as people read it."""
    return _("Directly under %(place)s", place=region.name) if line.kind == "direct" else line.name


def _cells(name: str, line: Line) -> Sequence[Value]:
    """Return the cells of a line in the workbook."""
    columns = [line.faults[issue] for issue, _label in COLUMNS]
    return (name, line.teachers, *columns, line.untaught, *(line.faults[issue] for issue in MISSING))


def _told() -> list[TeacherIssue]:
    return [issue for issue in TeacherIssue if issue not in (I.MISSING, I.UNATTACHED_LONG)]


VIEWS = (TeacherQualityPage,)
