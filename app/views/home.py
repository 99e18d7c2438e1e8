"""The workbench: what waits for me, where the year stands, my part of the province in numbers (PUB-2)."""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, url_for
from flask_appbuilder import IndexView, expose
from flask_babel import gettext as _

from app.domain.clock import local, now
from app.domain.state_shapes import Party
from app.domain.terms import RegionLevel
from app.domain.text import N_
from app.models import Account, Institution, School
from app.security.actor import Actor
from app.security.scope import visible_clause
from app.services import overview
from app.services.calendar import batch_now
from app.services.waiting import count_of, waiting_for
from app.views.calendar_page import pictures
from app.views.fab.pages import Edge
from app.views.menu import Entry
from app.web.actors import current_actor

# Shown in this order to who may; the first `MOST_LINKS` fit.
QUICK_LINKS = (
    Entry(N_("Choose classes"), "ti-books", "CataloguePage.index", "Enrollment", "enroll", (Party.TEACHER,)),
    Entry(N_("My enrollments"), "ti-list-check", "OwnEnrollmentPage.index", "Enrollment", "enroll", (Party.TEACHER,)),
    Entry(
        N_("Review enrollments"), "ti-clipboard-check", "SchoolInboxPage.index", "Enrollment", "review", (Party.SCHOOL,)
    ),
    Entry(N_("Enroll for teachers"), "ti-user-share", "ProxyPage.index", "Enrollment", "proxy", (Party.SCHOOL,)),
    Entry(N_("Edit teachers as a table"), "ti-table", "TeacherGrid.index", "Teacher", "edit"),
    Entry(N_("Add a teacher"), "ti-user-plus", "TeacherView.add", "Teacher", "create"),
    Entry(N_("Grant regions"), "ti-map-2", "GrantPage.choose", "Institution", "grant"),
    Entry(N_("Add a school"), "ti-building-plus", "SchoolView.add", "School", "create"),
    Entry(N_("Add an account"), "ti-user-cog", "AccountView.add", "Account", "create"),
    Entry(N_("Set the calendar"), "ti-calendar-month", "CalendarPage.index", "Calendar", "edit"),
    Entry(N_("Look up teachers"), "ti-id", "TeacherView.list", "Teacher"),
    Entry(N_("Calendar of the year"), "ti-calendar-month", "CalendarPage.index", "Calendar"),
    Entry(N_("My jobs and downloads"), "ti-download", "JobView.list", "BackgroundJob"),
    Entry(N_("Inbox"), "ti-bell", "InboxMessageView.list", "InboxMessage"),
)
MOST_LINKS = 6
WEEKDAYS = (N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"))


class HomeView(Edge, IndexView):
    """The first page; visitors are shown the way in."""

    @expose("/")
    def index(self) -> Any:
        """Show the workbench, or the sign-in page."""
        actor = current_actor()
        if not actor.signed_in:
            return redirect(url_for("SignInView.login"))
        batch = batch_now()
        return self.render_template(
            "home.html",
            title=_("Workbench"),
            today=_today(),
            waiting=waiting_for(actor),
            numbers=_numbers(actor),
            chart=_chart(actor),
            links=_links(actor),
            batch=batch,
            **pictures(batch.windows if batch else [], actor.parties),
        )


def _today() -> str:
    day = local(now())
    return f"{day:%Y-%m-%d} {_(WEEKDAYS[day.weekday()])}"


def _numbers(actor: Actor) -> list[dict[str, Any]]:
    """Return the numbers of what the actor sees, each with the list behind it; one's own row is no number."""
    staff = actor.bureau_id is not None or actor.everything
    counted = (
        ("School", _("Schools"), "ti-building", "SchoolView.list", lambda: _count(School, actor), staff),
        ("Teacher", _("Teachers"), "ti-users", "TeacherView.list", lambda: overview.teachers_on_record(actor),
         staff or actor.school_id is not None),
        ("Institution", _("Institutions"), "ti-building-community", "InstitutionView.list",
         lambda: _count(Institution, actor), staff),
        ("Account", _("Accounts"), "ti-user-cog", "AccountView.list", lambda: _count(Account, actor), True),
    )  # fmt: skip
    return [
        {"label": label, "icon": icon, "url": url_for(endpoint), "count": count()}
        for resource, label, icon, endpoint, count, shown in counted
        if shown and actor.may("read", resource)
    ]


def _count(model: type[Any], actor: Actor) -> int:
    return count_of(model, visible_clause(model, actor))


def _chart(actor: Actor) -> dict[str, Any] | None:
    """Return the picture that says something to this actor, with its table: parts of a region, subjects of a school."""
    if actor.region_path is not None and actor.may("read", "School") and actor.region_level is not RegionLevel.COUNTY:
        rows = overview.schools_by_region(actor)
        columns = [_("Region"), _("Schools"), _("Teachers")]
        return _bars(_("Teachers by region"), columns, rows, -1) if len(rows) > 1 else None
    if (actor.school_id or actor.bureau_id) and actor.may("read", "Teacher"):
        found = overview.teachers_by_subject(actor)
        return _bars(_("Teachers by subject"), [_("Subject"), _("Teachers")], found, -1) if len(found) > 1 else None
    return None


def _bars(title: str, columns: list[str], rows: Any, value: int) -> dict[str, Any]:
    option = {
        "grid": {"left": 8, "right": 8, "top": 16, "bottom": 8, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [row[0] for row in rows], "axisLabel": {"interval": 0, "rotate": 35}},
        "yAxis": {"type": "value"},
        "series": [{"name": columns[value], "type": "bar", "barMaxWidth": 28, "data": [row[value] for row in rows]}],
    }
    return {"title": title, "option": option, "table": {"columns": columns, "rows": [list(row) for row in rows]}}


def _links(actor: Actor) -> list[dict[str, str]]:
    present = current_app.view_functions
    able = [e for e in QUICK_LINKS if e.endpoint in present and e.shown_to(actor)]
    chosen: dict[str, Entry] = {}
    for entry in able:
        chosen.setdefault(entry.endpoint, entry)
    return [
        {"label": _(entry.label), "icon": entry.icon, "url": url_for(entry.endpoint)}
        for entry in list(chosen.values())[:MOST_LINKS]
    ]
