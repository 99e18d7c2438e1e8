"""Words of the training calendar, of programmes and of classes."""

from __future__ import annotations

from app.domain.text import N_, LabelledEnum


class RoundKind(LabelledEnum):
    """The enrollment rounds of a batch (ENR-2, ENR-11)."""

    ROUND_ONE = "round_one", N_("Round one")
    ROUND_TWO = "round_two", N_("Round two")


class WindowKind(LabelledEnum):
    """The windows of a batch, in the order of the flow (PRG-1)."""

    DECLARATION = "declaration", N_("Programme declaration")
    REVIEW = "review", N_("Programme review")
    ROUND_ONE = "round_one", N_("Round one enrollment")
    ROUND_ONE_SCHOOL = "round_one_school", N_("Round one school deadline")
    ADJUSTMENT = "adjustment", N_("Adjustment")
    ROUND_TWO = "round_two", N_("Round two enrollment")
    ROUND_TWO_SCHOOL = "round_two_school", N_("Round two school deadline")
    SECOND_ADJUSTMENT = "second_adjustment", N_("Second adjustment")


class ProgrammeKind(LabelledEnum):
    """What sort of training a programme is; its policy differs, its shape does not."""

    ELECTIVE = "elective", N_("Elective training")
    MANDATED = "mandated", N_("Mandated training")
    PROVINCIAL = "provincial", N_("Provincial training")
    NATIONAL = "national", N_("National training")
    CALLED = "called", N_("Project call")
    COURSE = "course", N_("Course study")


class ProgrammeState(LabelledEnum):
    """A programme's declaration (PRG-2 to PRG-7); a course of the library goes the same way (LRN-1)."""

    DRAFT = "draft", N_("Draft")
    SUBMITTED = "submitted", N_("Awaiting review")
    APPROVED = "approved", N_("Approved")
    REJECTED = "rejected", N_("Not approved")
    RETURNED = "returned", N_("Returned for changes")
    WITHDRAWN = "withdrawn", N_("Taken back")


class ClassState(LabelledEnum):
    """One run of a programme, from its declaration to crediting (PRG-5, DEL-1, DEL-5)."""

    DRAFT = "draft", N_("Draft")
    PENDING = "pending", N_("Awaiting review")
    OFFERED = "offered", N_("Open for enrollment")
    REFUSED = "refused", N_("Not approved")
    RUNNING = "running", N_("Running")
    COMPLETED = "completed", N_("Class completed")
    CREDITED = "credited", N_("Credited")
    CANCELLED = "cancelled", N_("Cancelled")


class Checkpoint(LabelledEnum):
    """The bureau level at which enrollments of a class need approval (PRG-5, ENR-6)."""

    NONE = "none", N_("No bureau review")
    COUNTY = "county", N_("County bureau")
    CITY = "city", N_("City bureau")
    PROVINCE = "province", N_("Provincial department")


class ExpertReviewState(LabelledEnum):
    """An expert's opinion on a programme (PRG-6)."""

    ASKED = "asked", N_("Opinion asked for")
    GIVEN = "given", N_("Opinion given")
    DECLINED = "declined", N_("Opinion declined")


class AdjustmentKind(LabelledEnum):
    """What a class adjustment does (ENR-4, ENR-7)."""

    EXPAND = "expand", N_("Expansion")
    CANCEL = "cancel", N_("Class cancellation")
    REASSIGN = "reassign", N_("Reassignment")


class AdjustmentState(LabelledEnum):
    """A class adjustment; the bureau's own acts are approved at once (ENR-7)."""

    REQUESTED = "requested", N_("Requested")
    APPROVED = "approved", N_("Approved")
    REJECTED = "rejected", N_("Not approved")
