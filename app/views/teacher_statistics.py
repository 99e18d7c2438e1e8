"""Statistics of teachers: filters, a chart with its table, drilling down, a workbook (TCH-11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from markupsafe import Markup

from app.domain.terms import TeacherDimension, TeacherIssue
from app.domain.text import LabelledEnum
from app.models import Region, Teacher
from app.security.actor import Actor
from app.services.teacher_statistics import ACROSS, Group, Statistics, count_teachers, dimensions_of, told_by
from app.views.fab import PageView
from app.views.fab.export import send_table
from app.views.fab.listing import Asked, Chip
from app.views.people import TeacherView
from app.views.places import own_region

D = TeacherDimension
MOST_ROWS = 200  # on the page; the workbook holds all
MOST_BARS = 30
MOST_UPRIGHT = 6  # names below the bars that have room beside each other
PARAMETER = {D.POST: "post_category"}  # the filter of a dimension, where it is not called as the dimension is
NOT_KNOWN = {D.STAGE: TeacherIssue.NO_STAGE, D.SUBJECT: TeacherIssue.NO_SUBJECT, D.POST: TeacherIssue.NO_POST,
             D.TITLE: TeacherIssue.NO_TITLE}  # fmt: skip


class TeacherStatisticsPage(PageView):
    """`?by=subject&across=gender` and any filter of the teacher list."""

    resource = "TeacherStatistics"
    route_base = "/teachers/statistics"
    method_permission_name = {"index": "read", "export": "export"}

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show the page."""
        asked, by, across, found = self._found()
        view = self._list()
        return self.render_template(
            "teachers/statistics.html",
            title=_("Statistics of teachers"),
            controls=[view.control(f, asked) for f in view.offered_filters()],
            chips=[
                Chip(f.title(Teacher), f.told(asked.filters[f.name]), self._url(by, across, asked, **{f.name: ""}))
                for f in view.filters if f.name in asked.filters
            ],
            dimensions=[(_(d.label), self._url(d, across, asked), d is by) for d in dimensions_of(self.actor)],
            others=[
                (_("Nothing"), self._url(by, None, asked), across is None),
                *((_(d.label), self._url(by, d, asked), d is across) for d in ACROSS if d is not by),
            ],
            by=by.value,
            across=across.value if across else "",
            total=found.total,
            left_out=max(len(found.rows) - MOST_ROWS, 0),
            heading=_heading(by, across),
            option=_chart(found),
            table=self._table(found, by, across, asked),
            url_clear=self._url(by, across, Asked({}, "", False, 1, 25)),
            url_export=self._url(by, across, asked, "export") if self.actor.may("export", self.resource) else "",
        )  # fmt: skip

    @expose("/export")
    @has_access
    def export(self) -> Any:
        """Send the table as a workbook."""
        asked, by, across, found = self._found()
        title = _heading(by, across)
        labels = [_(by.label), *(name_of(c) for c in found.columns if across), _("Teachers")]
        rows: list[list[Any]] = [
            [name_of(r), *(r.numbers[c.key] for c in found.columns if across), r.total] for r in found.rows
        ]
        details = {"filters": asked.filters, "by": by.value, "across": across.value if across else None}
        return send_table(Teacher, title, labels, rows, details, actor=self.actor, foot=[_sums(found, across)])

    # --- what is asked

    def _found(self) -> tuple[Asked, TeacherDimension, TeacherDimension | None, Statistics]:
        """Return the filters, the dimensions and the numbers; of a region without parts the schools are told."""
        asked = Asked.from_request([f.name for f in self._list().filters], [])
        offered = {d.value: d for d in dimensions_of(self.actor)}
        region = region_counted(asked.filters, self.actor)
        by = told_by(offered.get(request.args.get("by", ""), dimensions_of(self.actor)[0]), region)
        across = {d.value: d for d in ACROSS if d is not by}.get(request.args.get("across", ""))
        conditions = self._list().conditions(asked)
        return asked, by, across, count_teachers(by, across, conditions, actor=self.actor, region=region)

    def _list(self) -> Any:
        """Return the teacher list, whose filters the page shares."""
        return next(view for view in self.appbuilder.baseviews if isinstance(view, TeacherView))

    # --- what is shown

    def _url(self, by: Any, across: Any, asked: Asked, route: str = "index", **changes: Any) -> str:
        address = asked.url(page=1, by=by.value, across=across.value if across else "", **changes)
        return url_for(f"TeacherStatisticsPage.{route}") + address

    def _table(self, found: Statistics, by: Any, across: Any, asked: Asked) -> dict[str, Any]:
        rows = [
            [self._drill(row, by, across, asked), *(f"{row.numbers[c.key]:,}" for c in found.columns if across),
             self._rows_of(row, by, asked), _share(row.total, found.total)]
            for row in found.rows[:MOST_ROWS]
        ]  # fmt: skip
        columns = [_(by.label), *(name_of(c) for c in found.columns if across), _("Teachers"), _("Share")]
        name, *sums = _sums(found, across)
        return {"columns": columns, "rows": rows, "foot": [name, *(f"{n:,}" for n in sums), _share(1, 1)]}

    def _drill(self, row: Group, by: TeacherDimension, across: Any, asked: Asked) -> Any:
        """Return the name of a row as the way one step down."""
        where = _filter_of(row, by)
        if where is None:
            return name_of(row)
        steps = {D.REGION: D.SCHOOL if row.direct or row.leaf else D.REGION, D.SCHOOL: D.SUBJECT}
        after = steps.get(by, dimensions_of(self.actor)[0])
        return Markup('<a href="%s">%s</a>') % (self._url(after, across, asked, **where), name_of(row))

    def _rows_of(self, row: Group, by: TeacherDimension, asked: Asked) -> Any:
        """Return the number of a row, leading to the list of exactly these teachers."""
        where = _filter_of(row, by) or _not_known(row, by, asked)
        if where is None or not self.actor.may("read", "Teacher"):
            return f"{row.total:,}"
        url = url_for("TeacherView.list") + asked.url(page=1, **where)
        return Markup('<a class="figure" href="%s">%s</a>') % (url, f"{row.total:,}")


def region_counted(filters: Mapping[str, str], actor: Actor) -> Region | None:
    """Return the region whose parts are counted: the one filtered by, else one's own; None for a school."""
    if D.REGION not in dimensions_of(actor):
        return None
    return own_region(actor, filters.get("region") or filters.get("at"))


def _filter_of(row: Group, by: TeacherDimension) -> dict[str, Any] | None:
    """Return the filter that leaves the teachers of a row; None where there is none."""
    if row.key is None:
        return None
    if by is D.REGION:
        return {"region": "", "at": row.key} if row.direct else {"at": "", "region": row.key}
    return {PARAMETER.get(by, by.value): row.key}


def _not_known(row: Group, by: TeacherDimension, asked: Asked) -> dict[str, Any] | None:
    wanted = NOT_KNOWN.get(by)
    free = wanted is not None and row.key is None and "issue" not in asked.filters
    return {"issue": wanted.value} if free and wanted else None


def name_of(group: Group) -> str:
    """Return the name of a row or column as people read it."""
    if group.key is None:
        return _(group.name)
    name = _(group.name.label) if isinstance(group.name, LabelledEnum) else str(group.name)
    return _("Directly under %(place)s", place=name) if group.direct else name


def _heading(by: TeacherDimension, across: TeacherDimension | None) -> str:
    if across is None:
        return _("Teachers by %(by)s", by=_(by.label))
    return _("Teachers by %(by)s and %(across)s", by=_(by.label), across=_(across.label))


def _sums(found: Statistics, across: Any) -> list[Any]:
    sums = [sum(row.numbers[c.key] for row in found.rows) for c in found.columns if across]
    return [_("Total"), *sums, found.total]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "—"


def _chart(found: Statistics) -> dict[str, Any]:
    """Return bars, one on another when something goes across; of very many rows the first."""
    rows = found.rows[:MOST_BARS]
    several = len(found.columns) > 1
    series = [
        {
            "name": name_of(column) or _("Teachers"), "type": "bar", "barMaxWidth": 32, "stack": "all",
            "data": [row.numbers[column.key] for row in rows],
        }
        for column in found.columns
    ]  # fmt: skip
    names = {
        "type": "category",
        "data": [name_of(r) for r in rows],
        "axisLabel": {"interval": 0, "rotate": 35 if len(rows) > MOST_UPRIGHT else 0},
    }
    legend = {"legend": {}} if several else {}
    return {"tooltip": {"trigger": "axis"}, "xAxis": names, "yAxis": {"type": "value"}, "series": series, **legend}


VIEWS = (TeacherStatisticsPage,)
