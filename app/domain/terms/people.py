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
