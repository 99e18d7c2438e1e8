"""Words of teachers, accounts, transfers and records."""

from __future__ import annotations

from app.domain.text import N_, LabelledEnum


class Gender(LabelledEnum):
    """Gender as the national ID number states it."""

    MALE = "male", N_("Male")
    FEMALE = "female", N_("Female")


class TeacherStatus(LabelledEnum):
    """Where a teacher stands."""

    EMPLOYED = "employed", N_("Employed")
    UNATTACHED = "unattached", N_("Unattached")
    SECONDED = "seconded", N_("Seconded")
    LEFT = "left", N_("Left the profession")


class TeacherIssue(LabelledEnum):
    """What is wrong with a teacher's record (TCH-9)."""

    MISSING = "missing", N_("Fields missing")
    NO_ID = "no_id", N_("No ID number")
    NO_BIRTH_DATE = "no_birth_date", N_("No birth date")
    NO_MOBILE = "no_mobile", N_("No mobile number")
    NO_STAGE = "no_stage", N_("No school stage")
    NO_SUBJECT = "no_subject", N_("No subject")
    NO_POST = "no_post", N_("No post category")
    NO_TITLE = "no_title", N_("No professional title")
    BIRTH_DATE_DIFFERS = "birth_date_differs", N_("Birth date differs from the ID number")
    GENDER_DIFFERS = "gender_differs", N_("Gender differs from the ID number")
    SHARED_MOBILE = "shared_mobile", N_("Mobile number shared with somebody")
    UNATTACHED_LONG = "unattached_long", N_("Unattached for over a year")


class AgeBand(LabelledEnum):
    """Teachers by age, as the statistics group them (TCH-11)."""

    UNDER_30 = "under_30", N_("Under 30")
    FROM_30 = "from_30", N_("30 to 39")
    FROM_40 = "from_40", N_("40 to 49")
    FROM_50 = "from_50", N_("50 to 54")
    FROM_55 = "from_55", N_("55 and over")
    UNKNOWN = "unknown", N_("Age unknown")


class TeacherDimension(LabelledEnum):
    """What teachers are counted by (TCH-11)."""

    REGION = "region", N_("Region")
    SCHOOL = "school", N_("School")
    STAGE = "stage", N_("School stage")
    SUBJECT = "subject", N_("Subject")
    POST = "post", N_("Post category")
    TITLE = "title", N_("Professional title")
    AGE = "age", N_("Age")
    GENDER = "gender", N_("Gender")
    STATUS = "status", N_("Status")


class RowKind(LabelledEnum):
    """What a row of an import or of the grid would do (TCH-5, TCH-6)."""

    NEW = "new", N_("New person")
    CHANGED = "changed", N_("Changes")
    SAME = "same", N_("No change")
    DUPLICATE = "duplicate", N_("Twice in the file")
    ELSEWHERE = "elsewhere", N_("At another school")
    ERROR = "error", N_("Error")


class AccountStatus(LabelledEnum):
    """Whether an account may sign in (ACC-6, ACC-8)."""

    ACTIVE = "active", N_("Active")
    LOCKED = "locked", N_("Locked")
    DISABLED = "disabled", N_("Disabled")


class RoleName(LabelledEnum):
    """Every role (ACC-1, ACC-13); what it may do stands in `app/security/roles.py`."""

    SYSTEM_ADMIN = "system_admin", N_("System administrator")
    SECURITY_ADMIN = "security_admin", N_("Security administrator")
    AUDIT_ADMIN = "audit_admin", N_("Audit administrator")
    PROVINCIAL_ADMIN = "provincial_admin", N_("Provincial bureau administrator")
    CITY_ADMIN = "city_admin", N_("City bureau administrator")
    COUNTY_ADMIN = "county_admin", N_("County bureau administrator")
    BUREAU_REVIEWER = "bureau_reviewer", N_("Bureau reviewer")
    EXPERT_REVIEWER = "expert_reviewer", N_("Expert reviewer")
    INSTITUTION_ADMIN = "institution_admin", N_("Institution administrator")
    INSTITUTION_OPERATOR = "institution_operator", N_("Institution operator")
    SCHOOL_ADMIN = "school_admin", N_("School administrator")
    SCHOOL_SYSTEM_ADMIN = "school_system_admin", N_("School system administrator")
    SCHOOL_INFORMATION_ADMIN = "school_information_admin", N_("School information administrator")
    SCHOOL_TRAINING_ADMIN = "school_training_admin", N_("School training administrator")
    SCHOOL_INQUIRER = "school_inquirer", N_("School inquirer")
    TEACHER = "teacher", N_("Teacher")
    NON_TEACHER = "non_teacher", N_("Non-teacher")


class RegistrationState(LabelledEnum):
    """A first-time teacher's own registration, which waits for the school (ACC-11)."""

    AWAITING_SCHOOL = "awaiting_school", N_("Awaiting the school")
    APPROVED = "approved", N_("Approved")
    REFUSED = "refused", N_("Refused")


class TransferKind(LabelledEnum):
    """How a teacher's place changes (TCH-7)."""

    NEW = "new", N_("New record")
    TRANSFER_OUT = "transfer_out", N_("Transfer out")
    TRANSFER_IN = "transfer_in", N_("Transfer in")
    LEAVE = "leave", N_("Leaving the profession")
    RETIRE = "retire", N_("Retirement")
    SECONDMENT = "secondment", N_("Secondment")


class TransferState(LabelledEnum):
    """A transfer between schools (TCH-7)."""

    REQUESTED = "requested", N_("Requested")
    RELEASED = "released", N_("Released by the school")
    COMPLETED = "completed", N_("Transfer completed")
    REFUSED = "refused", N_("Refused")
    WITHDRAWN = "withdrawn", N_("Taken back")


class TransferPart(LabelledEnum):
    """A part of the list of transfers, by what is to be done about them (TCH-7)."""

    TO_RELEASE = "to_release", N_("To release")
    TO_TAKE_IN = "to_take_in", N_("To take in")
    UNDER_WAY = "under_way", N_("Under way")
    ON_SECONDMENT = "on_secondment", N_("On secondment")


class TransferDirection(LabelledEnum):
    """Whether people come or go, seen from one's own schools (TCH-7)."""

    OUT = "out", N_("Out of our schools")
    IN = "in", N_("Into our schools")


class RecordReportState(LabelledEnum):
    """The teacher's full record on its way to approval (TCH-8)."""

    NOT_SUBMITTED = "not_submitted", N_("Not reported")
    SUBMITTED = "submitted", N_("Reported")
    APPROVED = "approved", N_("Approved")
    RETURNED = "returned", N_("Returned for changes")


class ChangeRequestState(LabelledEnum):
    """A change to approved or school-kept data (TCH-3, TCH-8)."""

    FILED = "filed", N_("Filed")
    APPROVED = "approved", N_("Approved")
    REFUSED = "refused", N_("Refused")
