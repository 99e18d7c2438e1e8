"""Role → permissions, as reviewed data (ACC-12). `flask sync-security` restores exactly this.

A permission is a verb on a resource; a resource is the name of an entity or of a page. What a permission allows is
written here; on which rows, in `rules.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.terms import RegionLevel, RoleName

R = RoleName
READ, WRITE = ("read",), ("read", "create", "edit", "delete")
Grants = Mapping[str, tuple[str, ...]]

REFERENCE = ("Stage", "Grade", "Subject", "PostCategory", "ProfessionalTitle")
CALENDAR = ("TrainingYear", "Batch", "EnrollmentRound", "BatchWindow")

# What each resource of the enrollment year knows besides reading; which move of a state needs which verb says moves.py.
TRAINING: Grants = {
    "Programme": (*READ, "export", "import", "declare", "submit", "review", "adjust", "ask"),
    "DeclarationDraft": READ,
    "PlanFile": READ,
    "Lecturer": (*WRITE, "export"),
    "ExpertOpinion": (*READ, "export", "give"),
    "TrainingClass": (
        *READ, "export", "submit", "review", "adjust", "expand", "cancel", "open", "complete", "credit",
    ),
    "ClassSession": (*READ, "export"),
    "ClassAdjustment": (*READ, "export", "request", "decide", "override"),
    "Enrollment": (
        *READ, "export", "import", "enroll", "proxy", "withdraw", "review", "confirm", "reassign", "promote", "reveal",
    ),
    "FavouriteClass": ("read", "mark"),
    "Evaluation": READ,
    "Screening": (*READ, "export", "freeze", "draw"),
    "ScreeningCandidate": (*READ, "export"),
    "Transition": (*READ, "export"),
}  # fmt: skip

# Every verb there is on every resource; a role can hold nothing else.
CATALOGUE: Grants = {
    "Region": READ,
    "Bureau": (*WRITE, "export"),
    "Institution": (*WRITE, "export", "grant"),
    "RegionGrant": (*READ, "export"),
    "School": (*WRITE, "export", "import", "merge"),
    "Teacher": (*WRITE, "export", "import", "reveal", "restore", "purge"),
    "TeacherQuality": ("read", "export"),
    "TeacherStatistics": ("read", "export"),
    "Transfer": (*READ, "export", "transfer"),
    "ChangeRequest": (*READ, "export", "file", "decide"),
    "Account": (*WRITE, "export", "reset", "unlock"),
    "Role": WRITE,
    "AuditEntry": READ,
    "BackgroundJob": READ,
    "ImportBatch": ("read", "create"),
    "InboxMessage": READ,
    "SavedFilter": ("read", "create", "delete"),
    "Parameter": ("read", "edit"),
    "ParameterChange": READ,
    "Calendar": ("read", "edit"),
    "Home": READ,
    **TRAINING,
    **dict.fromkeys(REFERENCE, (*WRITE, "export")),
    **dict.fromkeys(CALENDAR, (*WRITE, "export")),
}

EVERYBODY: Grants = {
    "Home": READ,
    "Region": READ,
    "Calendar": READ,
    "InboxMessage": READ,
    "SavedFilter": ("read", "create", "delete"),
    "BackgroundJob": READ,
    **dict.fromkeys(REFERENCE, READ),
    **dict.fromkeys(CALENDAR, READ),
}

TEACHER_NUMBERS: Grants = dict.fromkeys(("TeacherQuality", "TeacherStatistics"), ("read", "export"))
MANAGES_SCHOOL_ACCOUNTS = (*WRITE, "export", "reset", "unlock")

# Reading what was declared, offered and decided, each within scope; opinions are the bureau's and the experts' alone.
OFFERED: Grants = {"Programme": READ, "PlanFile": READ, "Lecturer": READ, "TrainingClass": READ, "ClassSession": READ}
FOLLOWED: Grants = {
    **dict.fromkeys(("Programme", "TrainingClass", "ClassSession", "Lecturer"), (*READ, "export")),
    "PlanFile": READ,
    **dict.fromkeys(("Enrollment", "Screening", "ScreeningCandidate", "Transition"), (*READ, "export")),
    "ClassAdjustment": (*READ, "export"),
}
TRAINING_BUREAU: Grants = {
    **FOLLOWED,
    "Programme": (*READ, "export", "review", "adjust", "ask"),
    "TrainingClass": (*READ, "export", "review", "adjust", "expand", "cancel"),
    "ExpertOpinion": (*READ, "export"),
    "ClassAdjustment": (*READ, "export", "decide"),
    "Enrollment": (*READ, "export", "review", "reassign", "promote"),
}
TRAINING_REVIEW: Grants = {
    **FOLLOWED,
    "Programme": (*READ, "export", "review", "adjust", "ask"),
    "TrainingClass": (*READ, "export", "review", "adjust"),
    "ExpertOpinion": READ,
    "Enrollment": (*READ, "export", "review"),
}
TRAINING_INSTITUTION: Grants = {
    **FOLLOWED,
    "Programme": (*READ, "export", "import", "declare", "submit"),
    "DeclarationDraft": READ,
    "ImportBatch": ("read", "create"),
    "Lecturer": (*WRITE, "export"),
    "TrainingClass": (*READ, "export", "submit", "cancel", "open", "complete", "credit"),
    "ClassAdjustment": (*READ, "export", "request"),
    "Enrollment": (*READ, "export", "confirm", "promote"),
    "Screening": (*READ, "export", "freeze", "draw"),
}
TRAINING_SCHOOL: Grants = {
    **OFFERED,
    "Enrollment": (*READ, "export", "import", "review", "proxy", "withdraw"),
    "ImportBatch": ("read", "create"),
    "Transition": READ,
}
TRAINING_TEACHER: Grants = {
    **OFFERED,
    "Enrollment": (*READ, "enroll", "withdraw"),
    "FavouriteClass": ("read", "mark"),
    "Evaluation": READ,
    "Transition": READ,
}

BUREAU_ADMIN: Grants = {
    **TRAINING_BUREAU,
    **TEACHER_NUMBERS,
    "Bureau": (*WRITE, "export"),
    "Institution": (*WRITE, "export"),
    "RegionGrant": (*READ, "export"),
    "School": (*WRITE, "export", "import", "merge"),
    "Teacher": (*WRITE, "export", "import", "reveal", "restore"),
    "Transfer": (*READ, "export", "transfer"),
    "ChangeRequest": (*READ, "export"),
    "Account": MANAGES_SCHOOL_ACCOUNTS,
    "AuditEntry": READ,
    "ImportBatch": ("read", "create"),
    "Parameter": READ,
}

SCHOOL_INFORMATION: Grants = {
    **TEACHER_NUMBERS,
    "School": ("read", "edit"),
    "Teacher": (*WRITE, "export", "import", "reveal"),
    "ImportBatch": ("read", "create"),
    "Transfer": (*READ, "export", "transfer"),
    "ChangeRequest": (*READ, "export", "decide"),
}

ROLE_PERMISSIONS: Mapping[RoleName, Grants] = {
    R.SYSTEM_ADMIN: CATALOGUE,
    R.SECURITY_ADMIN: {"Role": WRITE, "Account": MANAGES_SCHOOL_ACCOUNTS},
    R.AUDIT_ADMIN: {"AuditEntry": READ, "ParameterChange": READ, "Account": READ, "Role": READ},
    R.PROVINCIAL_ADMIN: {
        **BUREAU_ADMIN,
        "ClassAdjustment": (*READ, "export", "decide", "override"),
        "Institution": (*WRITE, "export", "grant"),
        "Parameter": ("read", "edit"),
        "ParameterChange": READ,
        "Calendar": ("read", "edit"),
        "Role": READ,
        **dict.fromkeys(REFERENCE, (*WRITE, "export")),
        **dict.fromkeys(CALENDAR, (*WRITE, "export")),
    },
    R.CITY_ADMIN: BUREAU_ADMIN,
    R.COUNTY_ADMIN: BUREAU_ADMIN,
    R.BUREAU_REVIEWER: {
        **TRAINING_REVIEW,
        "TeacherStatistics": READ,
        **dict.fromkeys(("Bureau", "Institution", "RegionGrant", "School", "Teacher", "Transfer"), READ),
    },
    R.EXPERT_REVIEWER: {**OFFERED, "ExpertOpinion": (*READ, "give"), "Transition": READ},
    R.INSTITUTION_ADMIN: {
        **TRAINING_INSTITUTION,
        "Institution": ("read", "edit"),
        "RegionGrant": READ,
        "Account": MANAGES_SCHOOL_ACCOUNTS,
    },
    R.INSTITUTION_OPERATOR: {**TRAINING_INSTITUTION, "Institution": READ, "RegionGrant": READ},
    R.SCHOOL_ADMIN: {**TRAINING_SCHOOL, **SCHOOL_INFORMATION, "Account": MANAGES_SCHOOL_ACCOUNTS},
    R.SCHOOL_SYSTEM_ADMIN: {"School": ("read", "edit"), "Account": MANAGES_SCHOOL_ACCOUNTS},
    R.SCHOOL_INFORMATION_ADMIN: SCHOOL_INFORMATION,
    R.SCHOOL_TRAINING_ADMIN: {**TRAINING_SCHOOL, "School": READ, "Teacher": READ},
    R.SCHOOL_INQUIRER: {
        **OFFERED,
        "TeacherStatistics": READ,
        "Enrollment": READ,
        "Transition": READ,
        "School": READ,
        "Teacher": READ,
    },
    R.TEACHER: {
        **TRAINING_TEACHER,
        "School": READ,
        "Teacher": READ,
        "Transfer": READ,
        "ChangeRequest": (*READ, "file"),
    },
    R.NON_TEACHER: {},
}

_SCHOOL_STAFF = frozenset(
    {R.SCHOOL_SYSTEM_ADMIN, R.SCHOOL_INFORMATION_ADMIN, R.SCHOOL_TRAINING_ADMIN, R.SCHOOL_INQUIRER}
)
_INSTITUTION = frozenset({R.INSTITUTION_ADMIN, R.INSTITUTION_OPERATOR})
_BELOW_BUREAU = frozenset({*_INSTITUTION, R.SCHOOL_ADMIN, *_SCHOOL_STAFF, R.TEACHER, R.NON_TEACHER})
_REVIEWERS = frozenset({R.BUREAU_REVIEWER, R.EXPERT_REVIEWER})

# Which roles an account may give, and so which accounts it may manage: always below itself, never its peers.
MAY_GIVE: Mapping[RoleName, frozenset[RoleName]] = {
    R.SYSTEM_ADMIN: frozenset(RoleName),
    R.SECURITY_ADMIN: frozenset(RoleName) - {R.SYSTEM_ADMIN, R.SECURITY_ADMIN, R.AUDIT_ADMIN},
    R.PROVINCIAL_ADMIN: _BELOW_BUREAU | _REVIEWERS | {R.CITY_ADMIN, R.COUNTY_ADMIN},
    R.CITY_ADMIN: _BELOW_BUREAU | _REVIEWERS | {R.COUNTY_ADMIN},
    R.COUNTY_ADMIN: _BELOW_BUREAU | _REVIEWERS,
    R.INSTITUTION_ADMIN: frozenset({R.INSTITUTION_OPERATOR, R.NON_TEACHER}),
    R.SCHOOL_ADMIN: _SCHOOL_STAFF | {R.TEACHER},
    R.SCHOOL_SYSTEM_ADMIN: (_SCHOOL_STAFF - {R.SCHOOL_SYSTEM_ADMIN}) | {R.TEACHER},
}

# Where the holder of a role stands: the kind of organisation, and for administrators of bureaus its level.
PLACE_OF: Mapping[RoleName, str] = {
    **dict.fromkeys((R.PROVINCIAL_ADMIN, R.CITY_ADMIN, R.COUNTY_ADMIN, R.BUREAU_REVIEWER), "bureau"),
    **dict.fromkeys(_INSTITUTION, "institution"),
    **dict.fromkeys((R.SCHOOL_ADMIN, *_SCHOOL_STAFF), "school"),
}
LEVEL_OF: Mapping[RoleName, RegionLevel] = {
    R.PROVINCIAL_ADMIN: RegionLevel.PROVINCE,
    R.CITY_ADMIN: RegionLevel.CITY,
    R.COUNTY_ADMIN: RegionLevel.COUNTY,
}
# Roles whose holders may stand nowhere: the platform's own staff and people from outside.
PLACELESS = frozenset(
    role.value for role in (R.SYSTEM_ADMIN, R.SECURITY_ADMIN, R.AUDIT_ADMIN, R.EXPERT_REVIEWER, R.NON_TEACHER)
)


def permissions_of(role: RoleName) -> frozenset[tuple[str, str]]:
    """Return the (verb, resource) pairs `role` holds by default."""
    given = {**EVERYBODY, **ROLE_PERMISSIONS[role]}
    return frozenset((verb, resource) for resource, verbs in given.items() for verb in verbs)


def may_give(roles: frozenset[str]) -> frozenset[RoleName]:
    """Return the roles that a holder of `roles` may give to others."""
    return frozenset().union(*(MAY_GIVE.get(RoleName(role), frozenset()) for role in roles if role in _NAMES))


def may_give_own(roles: frozenset[str]) -> bool:
    """Tell whether a holder of `roles` may give the roles somebody added: who keeps the roles themselves (ACC-12)."""
    return not roles.isdisjoint({R.SYSTEM_ADMIN.value, R.SECURITY_ADMIN.value})


_NAMES = frozenset(role.value for role in RoleName)
