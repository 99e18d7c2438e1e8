"""Words of regions, bureaus, institutions and schools."""

from __future__ import annotations

from app.domain.text import N_, LabelledEnum


class RegionLevel(LabelledEnum):
    """The three levels of the region tree, from the top (ORG-1)."""

    PROVINCE = "province", N_("Province")
    CITY = "city", N_("City")
    COUNTY = "county", N_("County")


class OrganisationStatus(LabelledEnum):
    """Where a bureau, an institution or a school stands."""

    ACTIVE = "active", N_("In operation")
    SUSPENDED = "suspended", N_("Suspended")
    MERGED = "merged", N_("Merged into another")
    CLOSED = "closed", N_("Closed down")


class SchoolKind(LabelledEnum):
    """What a school is (ORG-5)."""

    KINDERGARTEN = "kindergarten", N_("Kindergarten")
    PRIMARY = "primary", N_("Primary school")
    JUNIOR_MIDDLE = "junior_middle", N_("Junior middle school")
    NINE_YEAR = "nine_year", N_("Nine-year school")
    SENIOR_MIDDLE = "senior_middle", N_("Senior middle school")
    COMPLETE_MIDDLE = "complete_middle", N_("Complete middle school")
    TWELVE_YEAR = "twelve_year", N_("Twelve-year school")
    SPECIAL = "special", N_("Special education school")
    VOCATIONAL = "vocational", N_("Secondary vocational school")
    TEACHER_TRAINING = "teacher_training", N_("Teacher training school")
    OTHER = "other", N_("Other school")


class Ownership(LabelledEnum):
    """Who runs a school."""

    PUBLIC = "public", N_("Publicly run")
    PRIVATE = "private", N_("Privately run")


class GrantState(LabelledEnum):
    """Where a region grant stands today, from its dates and its revocation (ORG-4)."""

    UPCOMING = "upcoming", N_("Not yet valid")
    VALID = "valid", N_("Valid")
    EXPIRED = "expired", N_("Expired")
    REVOKED = "revoked", N_("Revoked")


class GrantExtent(LabelledEnum):
    """How much of a region an institution is granted (ORG-4)."""

    WHOLE = "whole", N_("Whole region")
    PART = "part", N_("Part of the region")
    NONE = "none", N_("Not granted")


class ReferenceKind(LabelledEnum):
    """The reference lists that are data, not code (TCH-1)."""

    STAGE = "stage", N_("School stage")
    GRADE = "grade", N_("Grade")
    SUBJECT = "subject", N_("Subject")
    POST_CATEGORY = "post_category", N_("Post category")
    TITLE = "title", N_("Professional title")
