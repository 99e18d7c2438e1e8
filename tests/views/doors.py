"""Every door of the platform and who is let in. A route without an entry fails `test_doors.py`.

A generated screen needs one line in `RECORDS`; a page or command of its own one line in the group it belongs to.
"""

from __future__ import annotations

from typing import Any

from app.domain.terms import RoleName
from app.models import (
    Account,
    AuditEntry,
    BackgroundJob,
    Bureau,
    ChangeRequest,
    ClassAdjustment,
    ClassSession,
    DeclarationDraft,
    Enrollment,
    Evaluation,
    ExpertOpinion,
    FavouriteClass,
    ImportBatch,
    InboxMessage,
    Institution,
    Lecturer,
    PlanFile,
    Programme,
    RegionGrant,
    SavedFilter,
    School,
    Screening,
    ScreeningCandidate,
    Teacher,
    TrainingClass,
    Transfer,
    Transition,
)

R = RoleName

# Everybody, without signing in.
OPEN = {
    "PublicPage.draw",  # numbers and draws are public, names are not
    "PublicPage.file",
    "PublicPage.index",
    "RecoveryPage.index",  # whoever has forgotten the password
    "RecoveryPage.letter",
    "RecoveryPage.link",
    "RecoveryPage.password",
    "RecoveryPage.person",
    "HomeView.index",  # leads to the sign-in page
    "SessionApi.post",  # a program signs in
    "SignInView.again",
    "SignInView.login",
    "SignInView.logout",
    "appbuilder.static",
    "assets.file",
    "health.healthz",
    "health.readyz",
    "session.alive",
    "session.language",
    "session.theme",
    "static",
}
# A program signs in here with a password and gets a token, never a cookie: there is nothing to forge.
WITHOUT_FORM_TOKEN = {"SessionApi.post"}
# Everybody who has signed in; the page is about oneself.
MEMBERS = {
    "AccountPage.change_password",
    "AccountPage.check_password",
    "AccountPage.index",
    "AccountPage.revoke",
    "AccountPage.sessions",
    "AccountPage.tokens",
    "ApiPage.index",
    "CalendarPage.index",
    "CommandApi.post",  # each command asks for its own permission: tests/api
    "GalleryPage.index",
    "GalleryPage.options",
    "GalleryPage.progress",
    "GalleryPage.reveal",
    "GalleryPage.save",
    "InboxMessageView.latest",
    "InboxMessageView.read_all",
    "PlatformOpenApi.get",
    "SearchPage.index",
    "SearchPage.suggest",
    "SavedFilterView.save",
    "SessionApi.delete",
    "SessionApi.get",
}
# Pages and commands that need a permission: endpoint → the roles that hold it.
PROVINCE = {R.SYSTEM_ADMIN, R.PROVINCIAL_ADMIN}
BUREAUS = {R.CITY_ADMIN, R.COUNTY_ADMIN}
INSTITUTIONS = {R.INSTITUTION_ADMIN, R.INSTITUTION_OPERATOR}
MANAGE_ACCOUNTS = PROVINCE | BUREAUS | {
    R.SECURITY_ADMIN, R.INSTITUTION_ADMIN, R.SCHOOL_ADMIN, R.SCHOOL_SYSTEM_ADMIN,
}  # fmt: skip
ROLE_KEEPERS = {R.SYSTEM_ADMIN, R.SECURITY_ADMIN}
ROLE_READERS = ROLE_KEEPERS | {R.AUDIT_ADMIN, R.PROVINCIAL_ADMIN}
KEEP_TEACHERS = PROVINCE | BUREAUS | {R.SCHOOL_ADMIN, R.SCHOOL_INFORMATION_ADMIN}
SCHOOL_TRAINING = {R.SYSTEM_ADMIN, R.SCHOOL_ADMIN, R.SCHOOL_TRAINING_ADMIN}
READ_CLASSES = set(RoleName) - {
    R.SECURITY_ADMIN, R.AUDIT_ADMIN, R.SCHOOL_SYSTEM_ADMIN, R.SCHOOL_INFORMATION_ADMIN, R.NON_TEACHER,
}  # fmt: skip
DECLARE = {R.SYSTEM_ADMIN} | INSTITUTIONS
REVIEW = PROVINCE | BUREAUS | {R.BUREAU_REVIEWER}
IMPORTERS = KEEP_TEACHERS | INSTITUTIONS | {R.SCHOOL_TRAINING_ADMIN}
PAGES: dict[str, set[RoleName]] = {
    **dict.fromkeys(
        ("AdjustmentPage.index", "AdjustmentPage.plan", "AdjustmentPage.carry_out"),
        PROVINCE | BUREAUS | {R.BUREAU_REVIEWER} | INSTITUTIONS,
    ),
    "AdjustmentPage.export": PROVINCE | BUREAUS | {R.BUREAU_REVIEWER} | INSTITUTIONS,
    "ScreeningPage.index": PROVINCE | BUREAUS | {R.BUREAU_REVIEWER} | INSTITUTIONS,
    "CalendarPage.edit": PROVINCE,
    **dict.fromkeys(("CataloguePage.index", "CataloguePage.round_two"), READ_CLASSES),
    "BureauInboxPage.index": PROVINCE | BUREAUS | {R.BUREAU_REVIEWER},
    "InstitutionInboxPage.index": INSTITUTIONS | {R.SYSTEM_ADMIN},
    **dict.fromkeys(("ProxyPage.index", "ProxyPage.open", "SchoolInboxPage.index"), SCHOOL_TRAINING),
    "OwnEnrollmentPage.index": {R.SYSTEM_ADMIN, R.TEACHER},
    "CalendarPage.new": PROVINCE,
    "DeclarationPage.index": DECLARE,
    "DeclarationPage.new": INSTITUTIONS,  # the system administrator has no institution to declare for
    "DeclarationPage.routing": DECLARE,
    "DeclarationPage.save": INSTITUTIONS,
    "OpinionPage.index": {R.SYSTEM_ADMIN, R.EXPERT_REVIEWER},
    "ReviewPage.approve": REVIEW,
    "ReviewPage.index": REVIEW,
    **dict.fromkeys(("AccountBatchPage.index", "AccountBatchPage.options"), MANAGE_ACCOUNTS),
    "AccountBatchPage.schools": PROVINCE | BUREAUS | {R.SECURITY_ADMIN},
    "AccountBatchPage.teachers": MANAGE_ACCOUNTS - {R.INSTITUTION_ADMIN},
    "FirstPasswordPage.download": MANAGE_ACCOUNTS,
    "FirstPasswordPage.index": MANAGE_ACCOUNTS,
    "FirstPasswordPage.slips": MANAGE_ACCOUNTS,
    "GrantPage.choose": PROVINCE,
    "GrantPage.confirm": PROVINCE,
    "GrantPage.export": PROVINCE | BUREAUS,
    "GrantPage.index": PROVINCE | BUREAUS | {R.BUREAU_REVIEWER} | INSTITUTIONS,
    "GrantPage.save": PROVINCE,
    "SchoolChangePage.merge": PROVINCE | BUREAUS,
    "SchoolChangePage.merge_now": PROVINCE | BUREAUS,
    "SchoolChangePage.merge_plan": PROVINCE | BUREAUS,
    "ImportBatchView.template": IMPORTERS,
    "ImportBatchView.upload": IMPORTERS,
    "ParameterPage.index": PROVINCE | BUREAUS,
    "ParameterPage.save": PROVINCE,
    **dict.fromkeys(
        ("TeacherQualityApi.index", "TeacherQualityPage.export", "TeacherQualityPage.index"), KEEP_TEACHERS
    ),
    "TeacherStatisticsPage.export": KEEP_TEACHERS,
    **dict.fromkeys(
        ("TeacherStatisticsApi.index", "TeacherStatisticsPage.index"),
        KEEP_TEACHERS | {R.BUREAU_REVIEWER, R.SCHOOL_INQUIRER},
    ),
    "TeacherGridPage.check": KEEP_TEACHERS,
    "TeacherGridPage.data": KEEP_TEACHERS,
    "TeacherGridPage.index": KEEP_TEACHERS,
    "TeacherGridPage.save": KEEP_TEACHERS,
    "MyRecordPage.ask": {R.SYSTEM_ADMIN, R.TEACHER},
    "MyRecordPage.index": {R.SYSTEM_ADMIN, R.TEACHER},
    "MyRecordPage.save": {R.SYSTEM_ADMIN, R.TEACHER},
    **dict.fromkeys(
        ("TransferPage.ask", "TransferPage.find", "TransferPage.now", "TransferPage.pool", "TransferPage.export"),
        KEEP_TEACHERS,
    ),
}
PAGES |= dict.fromkeys(
    ("RoleView.add", "RoleView.delete", "RoleView.restore", "RoleView.restore_all", "RoleView.save"), ROLE_KEEPERS
)
PAGES |= dict.fromkeys(
    ("RoleView.list", "RoleView.show", "RoleApi.get", "RoleApi.get_list", "RoleApi.info"), ROLE_READERS
)
# Generated screens whose rows are common knowledge; only the province changes them.
COMMON = {
    "BatchView",
    "BatchWindowView",
    "EnrollmentRoundView",
    "GradeView",
    "PostCategoryView",
    "ProfessionalTitleView",
    "RegionView",
    "StageView",
    "SubjectView",
    "TrainingYearView",
}
# Generated screens whose rows belong to somebody: view → entity, and the roles at home that see rows abroad.
RECORDS: dict[str, tuple[type[Any], set[RoleName]]] = {
    "AccountView": (Account, PROVINCE | {R.SECURITY_ADMIN}),
    "AuditEntryView": (AuditEntry, PROVINCE | {R.AUDIT_ADMIN, R.SECURITY_ADMIN}),
    "BureauView": (Bureau, PROVINCE),
    "InboxMessageView": (InboxMessage, {R.SYSTEM_ADMIN}),
    "ChangeRequestView": (ChangeRequest, PROVINCE),
    "ClassAdjustmentView": (ClassAdjustment, PROVINCE),
    "ClassSessionView": (ClassSession, PROVINCE),
    "DeclarationDraftView": (DeclarationDraft, {R.SYSTEM_ADMIN}),
    "EnrollmentView": (Enrollment, PROVINCE),
    "EvaluationView": (Evaluation, {R.SYSTEM_ADMIN}),
    "ExpertOpinionView": (ExpertOpinion, PROVINCE),
    "FavouriteClassView": (FavouriteClass, {R.SYSTEM_ADMIN}),
    "ImportBatchView": (ImportBatch, {R.SYSTEM_ADMIN}),
    "InstitutionView": (Institution, PROVINCE),
    "LecturerView": (Lecturer, PROVINCE),
    "PlanFileView": (PlanFile, PROVINCE),
    "ProgrammeView": (Programme, PROVINCE),
    "ScreeningCandidateView": (ScreeningCandidate, PROVINCE),
    "ScreeningView": (Screening, PROVINCE),
    "TrainingClassView": (TrainingClass, PROVINCE),
    "TransferView": (Transfer, PROVINCE),
    "TransitionView": (Transition, PROVINCE),
    "RosterView": (Enrollment, PROVINCE),
    "JobView": (BackgroundJob, {R.SYSTEM_ADMIN}),
    "RegionGrantView": (RegionGrant, PROVINCE),
    "SavedFilterView": (SavedFilter, {R.SYSTEM_ADMIN}),
    "SchoolView": (School, PROVINCE),
    "DeletedTeacherView": (Teacher, PROVINCE),
    "TeacherView": (Teacher, PROVINCE),
}
# Routes of our own that take a row: endpoint → the screen whose rows they take.
ROW_ROUTES = {
    **dict.fromkeys(
        ("CataloguePage.enroll", "CataloguePage.favourite", "CataloguePage.show", "CataloguePage.withdraw"),
        "TrainingClassView",
    ),
    "EnrollmentStoryPage.show": "EnrollmentView",
    **dict.fromkeys(("ProxyPage.enroll", "ProxyPage.form", "ProxyPage.show"), "TrainingClassView"),
    "EnrollmentStoryPage.withdraw": "EnrollmentView",
    "DeclarationPage.copy": "ProgrammeView",
    "DeclarationPage.discard": "DeclarationDraftView",
    "DeclarationPage.draft": "DeclarationDraftView",
    "DeclarationPage.edit": "ProgrammeView",
    "DeclarationPage.plan_file": "PlanFileView",
    "DeclarationPage.submit": "ProgrammeView",
    "DeclarationPage.take_back": "ProgrammeView",
    "OpinionPage.answer": "ExpertOpinionView",
    "ReviewPage.adjust": "ProgrammeView",
    "ReviewPage.ask": "ProgrammeView",
    "ReviewPage.decide": "ProgrammeView",
    **dict.fromkeys(
        (
            "AdjustmentPage.ask",
            "AdjustmentPage.cancel",
            "AdjustmentPage.expand",
            "AdjustmentPage.reassign",
            "AdjustmentPage.show",
            "ScreeningPage.draw",
            "ScreeningPage.freeze",
            "ScreeningPage.promote",
            "ScreeningPage.show",
            "LookalikePage.show",
            "RosterView.sheet",
            "RosterView.sign_in",
            "RosterView.sign_in_workbook",
        ),
        "TrainingClassView",
    ),
    "AdjustmentPage.decide": "ClassAdjustmentView",
    "GrantPage.institution": "InstitutionView",
    "GrantPage.revoke": "RegionGrantView",
    "InboxMessageView.open": "InboxMessageView",
    "ImportBatchView.apply": "ImportBatchView",
    "ImportBatchView.discard": "ImportBatchView",
    "ImportBatchView.errors": "ImportBatchView",
    "ImportBatchView.restart": "ImportBatchView",
    "ImportBatchView.status": "ImportBatchView",
    "ImportBatchView.stop": "ImportBatchView",
    "JobView.cancel": "JobView",
    "JobView.result": "JobView",
    "JobView.status": "JobView",
    "SchoolChangePage.split": "SchoolView",
    "SchoolChangePage.split_now": "SchoolView",
    "SchoolChangePage.split_plan": "SchoolView",
    "TeacherView.reveal": "TeacherView",
    "TransferPage.teacher": "TeacherView",
}
# The routes a generated screen may have.
RECORD_ROUTES = {"list", "show", "options", "add", "edit", "delete", "action", "action_post", "export"}
# Each screen is a resource of the API as well, with the same rows: `SchoolApi` for `SchoolView`.
API_ROUTES = {"get", "get_list", "info"}
