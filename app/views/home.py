"""The workbench: what waits for me, where the year stands, my part of the province in numbers (PUB-2)."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
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
from app.services.rosters import on_the_roster
from app.services.waiting import count_of, waiting_for
from app.views.calendar_page import pictures
from app.views.fab.pages import Edge
from app.views.menu import Entry
from app.web.actors import current_actor

# Shown in this order to who may; the first `MOST_LINKS` fit. What one does every day stands first.
TEACHER, SCHOOL, BUREAU, INSTITUTION = Party.TEACHER, Party.SCHOOL, Party.BUREAU, Party.INSTITUTION
QUICK_LINKS = (
    Entry(N_("Choose classes"), "ti-books", "CataloguePage.index", "Enrollment", "enroll", (TEACHER,)),
    Entry(N_("My enrollments"), "ti-list-check", "OwnEnrollmentPage.index", "Enrollment", "enroll", (TEACHER,)),
    Entry(N_("My record"), "ti-id-badge-2", "MyRecordPage.index", "ChangeRequest", "file", (TEACHER,)),
    Entry(N_("Declare a programme"), "ti-file-plus", "DeclarationPage.new", "Programme", "declare", (INSTITUTION,)),
    Entry(N_("Confirm enrollments"), "ti-user-check", "InstitutionInboxPage.index", "Enrollment", "confirm",
          (INSTITUTION,)),
    Entry(N_("Programmes to review"), "ti-checklist", "ReviewPage.index", "Programme", "review", (BUREAU,)),
    Entry(N_("Institutions"), "ti-building-community", "InstitutionView.list", "Institution", "create", (BUREAU,)),
    Entry(N_("Grant regions"), "ti-map-2", "GrantPage.choose", "Institution", "grant"),
    Entry(N_("Adjust classes"), "ti-arrows-diff", "AdjustmentPage.index", "ClassAdjustment", "read",
          (BUREAU, INSTITUTION)),
    Entry(N_("Review enrollments"), "ti-clipboard-check", "SchoolInboxPage.index", "Enrollment", "review", (SCHOOL,)),
    Entry(N_("Enroll for teachers"), "ti-user-share", "ProxyPage.index", "Enrollment", "proxy", (SCHOOL,)),
    Entry(N_("Edit teachers as a table"), "ti-table", "TeacherGridPage.index", "Teacher", "edit", (SCHOOL,)),
    Entry(N_("Add a teacher"), "ti-user-plus", "TeacherView.add", "Teacher", "create", (SCHOOL,)),
    Entry(N_("Transfers"), "ti-arrows-exchange", "TransferView.list", "Transfer", "transfer", (SCHOOL,)),
    Entry(N_("Rosters"), "ti-clipboard-list", "RosterView.list", "Enrollment", "export", (INSTITUTION, SCHOOL)),
    Entry(N_("Set the calendar"), "ti-calendar-month", "CalendarPage.index", "Calendar", "edit"),
    Entry(N_("Look up teachers"), "ti-id", "TeacherView.list", "Teacher", staff=True),
    Entry(N_("Statistics of teachers"), "ti-chart-bar", "TeacherStatisticsPage.index", "TeacherStatistics"),
    Entry(N_("Add an account"), "ti-user-cog", "AccountView.add", "Account", "create"),
    Entry(N_("Calendar of the year"), "ti-calendar-month", "CalendarPage.index", "Calendar"),
    Entry(N_("My jobs and downloads"), "ti-download", "JobView.list", "BackgroundJob", staff=True),
    Entry(N_("Inbox"), "ti-bell", "InboxMessageView.list", "InboxMessage"),
)  # fmt: skip
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
    staff, at_school = actor.bureau_id is not None or actor.everything, actor.school_id is not None
    house, lists = actor.institution_id is not None, actor.may("export", "Enrollment")
    counted = (
        ("School", _("Schools"), "ti-building", "SchoolView.list", lambda: _count(School, actor), staff),
        ("Teacher", _("Teachers"), "ti-users", "TeacherView.list", lambda: overview.teachers_on_record(actor),
         staff or at_school),
        ("Institution", _("Institutions"), "ti-building-community", "InstitutionView.list",
         lambda: _count(Institution, actor), staff),
        ("TrainingClass", _("Classes of this year"), "ti-school", "TrainingClassView.list",
         lambda: overview.classes_of_the_year(actor), house),
        ("Enrollment", _("Enrollments of this year"), "ti-user-check", "EnrollmentView.list",
         lambda: overview.enrollments_of_the_year(actor), house or at_school),
        ("Enrollment", _("Admitted this year"), "ti-clipboard-list", "RosterView.list",
         lambda: overview.enrollments_of_the_year(actor, on_the_roster()), (house or at_school) and lists),
        ("Account", _("Sign-in accounts"), "ti-user-cog", "AccountView.list", lambda: _count(Account, actor), True),
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
    chosen: dict[str, Entry] = {}
    for entry in QUICK_LINKS:
        if entry.shown_to(actor):
            chosen.setdefault(entry.endpoint, entry)
    return [
        {"label": _(entry.label), "icon": entry.icon, "url": url_for(entry.endpoint)}
        for entry in list(chosen.values())[:MOST_LINKS]
    ]
