"""The line under every title: who does this, when, and which step of the flow it is (PUB-5, 对号入座). One table.

A key is a view, or one endpoint of it. `when` is a sentence, or the windows it happens in: then the line tells their
dates and whether they are open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import g
from flask_babel import gettext as _

from app.domain.calendar import Timing, phase_of
from app.domain.clock import local, now
from app.domain.terms import WindowKind
from app.domain.text import N_
from app.models import BatchWindow


@dataclass(frozen=True)
class Help:
    """Role, time and step of a page; the time in words, or the window whose days are told, one of several in turn."""

    role: str
    when: str | WindowKind | tuple[WindowKind, ...]
    step: str


ROUNDS = (WindowKind.ROUND_ONE, WindowKind.ROUND_TWO)
SCHOOL_REVIEWS = (WindowKind.ROUND_ONE_SCHOOL, WindowKind.ROUND_TWO_SCHOOL)
ADJUSTING = (WindowKind.ADJUSTMENT, WindowKind.SECOND_ADJUSTMENT)
EVERYBODY, ANY_TIME = N_("Everybody"), N_("At any time")
BUREAUS, STAFF = N_("Bureaus"), N_("Bureaus, institutions, schools")
PROVINCE = N_("Provincial department")
BEFORE_THE_YEAR = N_("Before the training year begins")
INSTITUTIONS, SCHOOLS = N_("Institutions"), N_("Schools, bureaus above them")
BUREAUS_INSTITUTIONS = N_("Bureaus and institutions")
DECLARING, DRAWING = N_("Declaration and review"), N_("The draw of an over-full class")
BASICS, YEAR, RUNNING = N_("Basic information"), N_("Preparing the year"), N_("Running the platform")
GRANTS = Help(PROVINCE, N_("Before institutions declare"), N_("Decides at which regions an institution may aim"))

HELP: dict[str, Help] = {
    "HomeView": Help(EVERYBODY, ANY_TIME, N_("What waits for you, and where the year stands")),
    "InboxMessageView": Help(EVERYBODY, ANY_TIME, N_("What happened to what concerns you")),
    "JobView": Help(EVERYBODY, ANY_TIME, N_("Long exports and imports, and their files")),
    "SavedFilterView": Help(EVERYBODY, ANY_TIME, N_("Filters kept under a name, for the lists they belong to")),
    "SearchPage": Help(EVERYBODY, ANY_TIME, N_("Find anything you may see")),
    "CalendarPage": Help(PROVINCE, BEFORE_THE_YEAR, N_("Sets the windows of every step; everybody reads them")),
    "TrainingYearView": Help(PROVINCE, BEFORE_THE_YEAR, YEAR),
    "BatchView": Help(PROVINCE, BEFORE_THE_YEAR, YEAR),
    "EnrollmentRoundView": Help(PROVINCE, BEFORE_THE_YEAR, YEAR),
    "BatchWindowView": Help(PROVINCE, BEFORE_THE_YEAR, YEAR),
    "DeclarationPage": Help(
        N_("Training institutions"), WindowKind.DECLARATION, N_("Declares programmes with classes and plan")
    ),
    "ReviewPage": Help(N_("Reviewing bureaus"), WindowKind.REVIEW, N_("Decides about each class declared")),
    "OpinionPage": Help(N_("Experts"), WindowKind.REVIEW, N_("Gives the bureau a score and a comment")),
    "DeclarationDraftView": Help(INSTITUTIONS, WindowKind.DECLARATION, DECLARING),
    "LecturerView": Help(INSTITUTIONS, WindowKind.DECLARATION, DECLARING),
    "PlanFileView": Help(INSTITUTIONS, WindowKind.DECLARATION, DECLARING),
    "ExpertOpinionView": Help(N_("Reviewing bureaus, experts"), WindowKind.REVIEW, DECLARING),
    "ProgrammeView": Help(N_("Institutions, reviewing bureaus"), WindowKind.DECLARATION, DECLARING),
    "TrainingClassView": Help(EVERYBODY, ANY_TIME, N_("The classes of the year")),
    "CataloguePage": Help(N_("Teachers"), ROUNDS, N_("Choosing and enrolling")),
    "CataloguePage.round_two": Help(N_("Teachers"), WindowKind.ROUND_TWO, N_("A second choice for who lost a class")),
    "OwnEnrollmentPage": Help(N_("Teachers"), ANY_TIME, N_("Where each enrollment stands, and who acts next")),
    "EnrollmentStoryPage": Help(N_("Teachers, schools, institutions"), ANY_TIME, N_("Who decided what, when and why")),
    "SchoolInboxPage": Help(N_("Schools"), SCHOOL_REVIEWS, N_("Reviewing its teachers' enrollments")),
    "ProxyPage": Help(N_("Schools"), ROUNDS, N_("Enrolling for teachers who cannot do it themselves")),
    "BureauInboxPage": Help(BUREAUS, SCHOOL_REVIEWS, N_("Approving where a class has a checkpoint")),
    "InstitutionInboxPage": Help(N_("Institutions"), ADJUSTING, N_("Confirming who takes part")),
    "ClassSessionView": Help(INSTITUTIONS, N_("Before the class begins"), N_("The timetable of a class")),
    "ClassAdjustmentView": Help(BUREAUS_INSTITUTIONS, ADJUSTING, N_("Seats and dates of a class change")),
    "FavouriteClassView": Help(N_("Teachers"), ANY_TIME, N_("Classes one keeps an eye on")),
    "EnrollmentView": Help(N_("Teachers, schools, institutions"), ROUNDS, N_("Enrollment and review")),
    "RosterView": Help(N_("Institutions, schools, bureaus"), ANY_TIME, N_("Who takes part: print, sign, send")),
    "EvaluationView": Help(N_("Teachers"), N_("When the training has ended"), N_("What was thought of a class")),
    "ScreeningView": Help(BUREAUS, N_("When a round has closed"), DRAWING),
    "ScreeningCandidateView": Help(BUREAUS, N_("When a round has closed"), DRAWING),
    "TransitionView": Help(BUREAUS_INSTITUTIONS, ANY_TIME, N_("What was decided, when and by whom")),
    "TeacherView": Help(SCHOOLS, ANY_TIME, BASICS),
    "TeacherQualityPage": Help(SCHOOLS, ANY_TIME, N_("Finds the records to mend")),
    "TeacherStatisticsPage": Help(SCHOOLS, ANY_TIME, N_("Teachers in numbers")),
    "TeacherGridPage": Help(SCHOOLS, ANY_TIME, BASICS),
    "ImportBatchView": Help(SCHOOLS, ANY_TIME, BASICS),
    "DeletedTeacherView": Help(SCHOOLS, N_("When a record was deleted by mistake"), BASICS),
    "AdjustmentPage": Help(BUREAUS, ADJUSTING, N_("Expands, cancels, decides requests; institutions ask")),
    "ScreeningPage": Help(N_("Institutions"), WindowKind.ADJUSTMENT, N_("Freeze the list, draw once, then confirm")),
    "LookalikePage": Help(N_("Teachers"), ANY_TIME, N_("What else is open after a class was cancelled")),
    "PublicPage": Help(EVERYBODY, ANY_TIME, N_("Plans, enrollments and draws; anybody can check them")),
    "TransferView": Help(SCHOOLS, ANY_TIME, N_("Teachers who come, go or return")),
    "TransferPage": Help(SCHOOLS, ANY_TIME, N_("Teachers who come, go or return")),
    "MyRecordPage": Help(N_("Teachers"), ANY_TIME, N_("One's own record: right, and up to date")),
    "ChangeRequestView": Help(N_("Schools"), ANY_TIME, N_("What teachers ask to change in their records")),
    "InstitutionView": Help(BUREAUS, BEFORE_THE_YEAR, YEAR),
    "GrantPage": GRANTS,
    "RegionGrantView": GRANTS,
    "SchoolView": Help(BUREAUS, ANY_TIME, BASICS),
    "SchoolChangePage": Help(BUREAUS, N_("When schools are merged or split"), BASICS),
    "BureauView": Help(BUREAUS, ANY_TIME, BASICS),
    "RegionView": Help(PROVINCE, ANY_TIME, BASICS),
    "AccountView": Help(STAFF, ANY_TIME, N_("Who may sign in, below oneself")),
    "AccountBatchPage": Help(STAFF, N_("When schools or teachers are new"), N_("Who may sign in, below oneself")),
    "FirstPasswordPage": Help(STAFF, N_("Until each has signed in once"), N_("Handing out the first passwords")),
    "AccountPage": Help(EVERYBODY, ANY_TIME, N_("One's own account")),
    "RoleView": Help(N_("System and security administrators"), ANY_TIME, N_("Who may do what")),
    "ParameterPage": Help(PROVINCE, BEFORE_THE_YEAR, N_("Numbers and rules of the year")),
    "StageView": Help(PROVINCE, BEFORE_THE_YEAR, BASICS),
    "SubjectView": Help(PROVINCE, BEFORE_THE_YEAR, BASICS),
    "GradeView": Help(PROVINCE, BEFORE_THE_YEAR, BASICS),
    "PostCategoryView": Help(PROVINCE, BEFORE_THE_YEAR, BASICS),
    "ProfessionalTitleView": Help(PROVINCE, BEFORE_THE_YEAR, BASICS),
    "AuditEntryView": Help(N_("Bureaus and auditors"), ANY_TIME, RUNNING),
    "ApiPage": Help(N_("Builders of other systems"), ANY_TIME, RUNNING),
    "GalleryPage": Help(N_("Builders of this platform"), ANY_TIME, N_("How its parts look")),
}  # fmt: skip


def help_of(endpoint: str) -> Help | None:
    """Return the help of an endpoint: its own, else that of its view; None for a page without."""
    return HELP.get(endpoint) or HELP.get(endpoint.partition(".")[0])


def speak_of(batch_id: int | None) -> None:
    """Let the line of this page tell the windows of one batch: the page is about something that belongs to it."""
    g.help_batch_id = batch_id


def help_line(endpoint: str, windows: Iterable[BatchWindow]) -> dict[str, str] | None:
    """Return the line under the title as `help_line` of parts/page.html takes it."""
    found = help_of(endpoint)
    if found is None:
        return None
    when = _dates(found.when, windows) if isinstance(found.when, WindowKind | tuple) else _(found.when)
    return {"role": _(found.role), "when": when, "step": _(found.step)}


def named(window: BatchWindow, among: Iterable[BatchWindow]) -> str:
    """Return what a window is called: with its batch, where another batch has such a window too."""
    kind = _(window.kind.label)
    several = any(other.batch_id != window.batch_id for other in among if other.kind is window.kind)
    return _("%(batch)s %(window)s", batch=window.batch.name, window=kind) if several else kind


def _dates(kinds: WindowKind | tuple[WindowKind, ...], windows: Iterable[BatchWindow]) -> str:
    """Return when the window that is open or comes next is open, the last one when all are over."""
    moment = now()
    wanted = (kinds,) if isinstance(kinds, WindowKind) else kinds
    every = [window for window in windows if window.kind in wanted]
    own = g.get("help_batch_id")
    same = [window for window in every if own is None or window.batch_id == own]
    ahead = [window for window in same if window.closes_at >= moment]
    window = min(ahead, key=lambda w: w.opens_at) if ahead else max(same, key=lambda w: w.closes_at, default=None)
    if window is None:
        return _("%(window)s: not set yet", window=_(wanted[0].label))
    timing: Timing = phase_of(window, moment).timing
    return _(
        "%(window)s: %(opens)s to %(closes)s (%(timing)s)",
        window=named(window, every),
        opens=f"{local(window.opens_at):%Y-%m-%d %H:%M}",
        closes=f"{local(window.closes_at):%Y-%m-%d %H:%M}",
        timing=_(timing.label),
    )
