"""The menu as one table: group, entry, where it leads, and the permission it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from app.domain.state_shapes import Party
from app.domain.text import N_
from app.security.actor import Actor


@dataclass(frozen=True)
class Entry:
    """One line of the menu, shown to who may `verb` the `resource`; with `parties` only to who is one of them."""

    label: str
    icon: str
    endpoint: str
    resource: str
    verb: str = "read"
    parties: tuple[Party, ...] = ()
    also: tuple[str, ...] = ()  # paths of further pages that belong to this entry
    staff: bool = False  # nothing for who is a teacher and nothing else: they have pages of their own

    def shown_to(self, actor: Actor) -> bool:
        """Tell whether the entry belongs into the menu of `actor`."""
        party = not self.parties or actor.everything or not set(self.parties).isdisjoint(actor.parties)
        mere = self.staff and actor.parties == (Party.TEACHER,)
        return party and not mere and actor.may(self.verb, self.resource)


MENU: tuple[tuple[str, str, tuple[Entry, ...]], ...] = (
    (
        N_("Workbench"),
        "ti-layout-dashboard",
        (
            Entry(N_("Home"), "ti-home", "HomeView.index", "Home"),
            Entry(N_("Inbox"), "ti-bell", "InboxMessageView.list", "InboxMessage"),
            Entry(N_("My jobs and downloads"), "ti-download", "JobView.list", "BackgroundJob", staff=True),
            Entry(N_("Imports"), "ti-table-import", "ImportBatchView.list", "ImportBatch"),
        ),
    ),
    (
        N_("Training"),
        "ti-school",
        (
            Entry(N_("Calendar of the year"), "ti-calendar-month", "CalendarPage.index", "Calendar"),
            Entry(N_("Course catalogue"), "ti-books", "CataloguePage.index", "TrainingClass"),
            Entry(
                N_("Review enrollments"),
                "ti-clipboard-check",
                "SchoolInboxPage.index",
                "Enrollment",
                "review",
                (Party.SCHOOL,),
            ),
            Entry(N_("Enroll for teachers"), "ti-user-share", "ProxyPage.index", "Enrollment", "proxy"),
            Entry(
                N_("Approve enrollments"),
                "ti-clipboard-check",
                "BureauInboxPage.index",
                "Enrollment",
                "review",
                (Party.BUREAU,),
            ),
            Entry(N_("Confirm enrollments"), "ti-user-check", "InstitutionInboxPage.index", "Enrollment", "confirm"),
            Entry(N_("My enrollments"), "ti-list-check", "OwnEnrollmentPage.index", "Enrollment", "enroll"),
            Entry(N_("My declarations"), "ti-file-plus", "DeclarationPage.index", "Programme", "declare"),
            Entry(N_("Programmes to review"), "ti-checklist", "ReviewPage.index", "Programme", "review"),
            Entry(N_("Opinions asked for"), "ti-message-question", "OpinionPage.index", "ExpertOpinion", "give"),
            Entry(N_("Programmes"), "ti-books", "ProgrammeView.list", "Programme", staff=True),
            Entry(N_("Classes"), "ti-school", "TrainingClassView.list", "TrainingClass", staff=True),
            Entry(N_("Enrollments"), "ti-user-check", "EnrollmentView.list", "Enrollment", staff=True),
            Entry(N_("Rosters"), "ti-clipboard-list", "RosterView.list", "Enrollment", "export"),
            Entry(N_("Lecturers"), "ti-microphone", "LecturerView.list", "Lecturer", staff=True),
            Entry(N_("Adjust classes"), "ti-arrows-diff", "AdjustmentPage.index", "ClassAdjustment"),
            Entry(N_("Draws"), "ti-dice-3", "ScreeningPage.index", "Screening"),
            Entry(N_("Enrollment in numbers"), "ti-world", "PublicPage.index", "Home"),
            Entry(N_("Training years"), "ti-calendar", "TrainingYearView.list", "TrainingYear", "edit"),
            Entry(N_("Batches"), "ti-calendar-event", "BatchView.list", "Batch", "edit"),
            Entry(N_("Enrollment rounds"), "ti-repeat", "EnrollmentRoundView.list", "EnrollmentRound", "edit"),
            Entry(N_("Windows"), "ti-clock", "BatchWindowView.list", "BatchWindow", "edit"),
        ),
    ),
    (
        N_("Teachers"),
        "ti-users",
        (
            Entry(N_("My record"), "ti-id-badge-2", "MyRecordPage.index", "ChangeRequest", "file", (Party.TEACHER,)),
            Entry(
                N_("Teacher records"), "ti-id", "TeacherView.list", "Teacher", also=("/deleted-teachers/",), staff=True
            ),
            Entry(N_("Edit as a table"), "ti-table", "TeacherGridPage.index", "Teacher", "edit"),
            Entry(
                N_("Transfers"),
                "ti-arrows-exchange",
                "TransferView.list",
                "Transfer",
                "transfer",
                also=("/transfers/find", "/transfers/ask/", "/transfers/now", "/transfers/teacher/"),
            ),
            Entry(N_("Unattached teachers"), "ti-user-question", "TransferPage.pool", "Transfer", "transfer"),
            Entry(N_("Change requests"), "ti-pencil-question", "ChangeRequestView.list", "ChangeRequest", "export"),
            Entry(N_("Data quality"), "ti-stethoscope", "TeacherQualityPage.index", "TeacherQuality"),
            Entry(N_("Statistics of teachers"), "ti-chart-bar", "TeacherStatisticsPage.index", "TeacherStatistics"),
        ),
    ),
    (
        N_("Organisations"),
        "ti-building",
        (
            Entry(N_("Institutions"), "ti-building-community", "InstitutionView.list", "Institution"),
            Entry(N_("Region grants"), "ti-map-2", "GrantPage.index", "RegionGrant"),
            Entry(N_("Schools"), "ti-building", "SchoolView.list", "School", staff=True),
            Entry(N_("Education bureaus"), "ti-building-bank", "BureauView.list", "Bureau"),
            Entry(N_("Regions"), "ti-map", "RegionView.list", "Region", staff=True),
        ),
    ),
    (
        N_("System"),
        "ti-settings",
        (
            Entry(N_("Manage accounts"), "ti-user-cog", "AccountView.list", "Account"),
            Entry(
                N_("Many new accounts"),
                "ti-users-plus",
                "AccountBatchPage.index",
                "Account",
                "create",
                (Party.BUREAU, Party.SCHOOL),
            ),
            Entry(N_("Unused first passwords"), "ti-key", "FirstPasswordPage.index", "Account", "export"),
            Entry(N_("Roles and permissions"), "ti-shield-lock", "RoleView.list", "Role"),
            Entry(N_("Parameters"), "ti-adjustments", "ParameterPage.index", "Parameter"),
            Entry(N_("Subjects"), "ti-book", "SubjectView.list", "Subject", "edit"),
            Entry(N_("School stages"), "ti-stairs", "StageView.list", "Stage", "edit"),
            Entry(N_("Grades"), "ti-list-numbers", "GradeView.list", "Grade", "edit"),
            Entry(N_("Post categories"), "ti-briefcase", "PostCategoryView.list", "PostCategory", "edit"),
            Entry(N_("Professional titles"), "ti-award", "ProfessionalTitleView.list", "ProfessionalTitle", "edit"),
            Entry(N_("Audit"), "ti-history", "AuditEntryView.list", "AuditEntry"),
        ),
    ),
)


def menu_for(actor: Actor, path: str) -> list[dict[str, Any]]:
    """Return the groups and entries the actor may open; the one `path` belongs to is active."""
    groups = []
    for label, icon, entries in MENU:
        items = [_item(entry, path) for entry in entries if entry.shown_to(actor)]
        if items:
            groups.append({"label": _(label), "icon": icon, "items": items})
    return groups


def _item(entry: Entry, path: str) -> dict[str, Any]:
    url = url_for(entry.endpoint)
    base = url.removesuffix("list/")
    active = path == url if base == "/" else path.startswith((base, *entry.also))
    return {"label": _(entry.label), "url": url, "icon": entry.icon, "active": active}
