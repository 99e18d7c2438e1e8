"""Words of enrollment and of the parameters that steer it."""

from __future__ import annotations

from app.domain.text import N_, LabelledEnum


class EnrollmentState(LabelledEnum):
    """Whose turn an enrollment is (ENR-4 to ENR-13)."""

    AWAITING_SCHOOL = "awaiting_school", N_("Awaiting the school")
    AWAITING_BUREAU = "awaiting_bureau", N_("Awaiting the bureau")
    AWAITING_INSTITUTION = "awaiting_institution", N_("Awaiting the institution")
    ADMITTED = "admitted", N_("Admitted")
    SCHOOL_REJECTED = "school_rejected", N_("Rejected by the school")
    BUREAU_REJECTED = "bureau_rejected", N_("Rejected by the bureau")
    DECLINED = "declined", N_("Declined by the institution")
    NOT_DRAWN = "not_drawn", N_("Not drawn")
    WITHDRAWN = "withdrawn", N_("Withdrawn")
    CLASS_CANCELLED = "class_cancelled", N_("Class cancelled")
    SCHOOL_TIMEOUT = "school_timeout", N_("School missed the deadline")
    REASSIGNED = "reassigned", N_("Reassigned")


class EnrollmentOrigin(LabelledEnum):
    """How an enrollment came about (ENR-4, ENR-16, MAN-2)."""

    SELF = "self", N_("By the teacher")
    PROXY = "proxy", N_("By the school as proxy")
    REASSIGNED = "reassigned", N_("By reassignment")
    MOVED = "moved", N_("By random move")


class HoursCapMode(LabelledEnum):
    """How the hours cap is read (P2)."""

    STRICT = "strict", N_("Refuse when the cap would be passed")
    LITERAL = "literal", N_("Refuse when the cap has been passed")


class RoundTwoOpenTo(LabelledEnum):
    """Who may enroll in round two (P4, ENR-11)."""

    FAILED_AT_INSTITUTION = "failed_at_institution", N_("Those who failed at the institution's stage")
    EVERYONE = "everyone", N_("Everyone")


class ClashCheck(LabelledEnum):
    """What a clash of dates does (P13, ENR-15)."""

    WARN = "warn", N_("Warn")
    BLOCK = "block", N_("Block")
    OFF = "off", N_("Do not check")


class InitialPassword(LabelledEnum):
    """How an initial password is made (P17, ACC-3)."""

    ID_TAIL = "id_tail", N_("Last six of the national ID")
    RANDOM = "random", N_("Random")


class CaptchaMode(LabelledEnum):
    """When the sign-in page asks for a captcha (P18, ACC-8)."""

    AFTER_FAILURES = "after_failures", N_("After failures")
    ALWAYS = "always", N_("Always")
    NEVER = "never", N_("Never")
