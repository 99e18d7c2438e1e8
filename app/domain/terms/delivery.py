"""Words of delivery, of mandated training and of project calls."""

from __future__ import annotations

from app.domain.text import N_, LabelledEnum


class LeaveKind(LabelledEnum):
    """Why a trainee is away (DEL-3)."""

    PERSONAL = "personal", N_("Personal leave")
    SICK = "sick", N_("Sick leave")
    OFFICIAL = "official", N_("Official leave")


class LeaveState(LabelledEnum):
    """A leave request (DEL-3)."""

    DRAFT = "draft", N_("Draft")
    FILED = "filed", N_("Filed")
    CONFIRMED = "confirmed", N_("Confirmed")
    REFUSED = "refused", N_("Refused")


class AttendanceStatus(LabelledEnum):
    """A trainee at one session (DEL-2)."""

    PRESENT = "present", N_("Present")
    LATE = "late", N_("Late")
    LEFT_EARLY = "left_early", N_("Left early")
    ABSENT = "absent", N_("Absent")
    EXCUSED = "excused", N_("Excused")


class CheckInMethod(LabelledEnum):
    """How a check-in was taken (DEL-2)."""

    LIST = "list", N_("Name list")
    TRAINEE_CODE = "trainee_code", N_("Trainee QR code")
    CLASS_CODE = "class_code", N_("Class QR code")
    SHEET = "sheet", N_("Uploaded sheet")


class ResultScale(LabelledEnum):
    """How a class is marked (DEL-4)."""

    MARKS = "marks", N_("Passed or failed")
    POINTS = "points", N_("Points from 0 to 100")


class ResultMark(LabelledEnum):
    """A trainee's result (DEL-4)."""

    EXCELLENT = "excellent", N_("Excellent")
    PASSED = "passed", N_("Passed")
    FAILED = "failed", N_("Not passed")


class LedgerEntryKind(LabelledEnum):
    """What a line of the credit ledger does (DEL-5)."""

    CREDIT = "credit", N_("Credit")
    CORRECTION = "correction", N_("Correction")


class HourKind(LabelledEnum):
    """What credited hours count for beside the sum (DEL-9)."""

    ORDINARY = "ordinary", N_("Ordinary")
    CONCENTRATED = "concentrated", N_("Concentrated training")
    NEW_TEACHER = "new_teacher", N_("New teacher training")
    NEW_TEACHER_PRACTICE = "new_teacher_practice", N_("New teacher practice")
    NEW_HEAD = "new_head", N_("New head training")


class QuestionKind(LabelledEnum):
    """What an evaluation question asks for (DEL-6)."""

    RATING = "rating", N_("Rating")
    CHOICE = "choice", N_("Choice")
    TEXT = "text", N_("Free text")


class CertificateState(LabelledEnum):
    """Whether a certificate still stands (DEL-10)."""

    VALID = "valid", N_("Valid")
    REVOKED = "revoked", N_("Certificate revoked")


class RosterState(LabelledEnum):
    """A back-filled roster (MAN-1)."""

    DRAFT = "draft", N_("Draft")
    SUBMITTED = "submitted", N_("Awaiting review")
    APPROVED = "approved", N_("Approved")
    RETURNED = "returned", N_("Returned for changes")
    CREDITED = "credited", N_("Credited")


class CallApplicationState(LabelledEnum):
    """An answer to a project call (MAN-4)."""

    OPEN = "open", N_("To be declared")
    DECLARED = "declared", N_("Declared")
    APPROVED = "approved", N_("Approved")
    REJECTED = "rejected", N_("Not approved")
    PREPARING = "preparing", N_("Preparing")
    ALLOTTED = "allotted", N_("Seats allotted")
    RUNNING = "running", N_("Running")
    GRADED = "graded", N_("Results uploaded")
