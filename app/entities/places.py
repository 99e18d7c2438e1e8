"""Regions and the organisations in them: bureaus, institutions with their region grants, schools (ORG)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Integer, String, Table
from sqlalchemy.orm import Mapped, relationship

from app.domain.terms import OrganisationStatus, Ownership, RegionLevel, SchoolKind
from app.domain.text import N_
from app.entities.base import Record, UtcDateTime, column, enum_column, reference
from app.entities.reference import Stage


class Region(Record):
    """A node of the region tree, province → city → county, under its GB/T 2260 code (ORG-1)."""

    __tablename__ = "region"
    __label__ = N_("Region")

    code: Mapped[str] = column(N_("Region code"), String(6), unique=True, nullable=False)
    name: Mapped[str] = column(N_("Region name"), String(50), nullable=False)
    level: Mapped[RegionLevel] = enum_column(N_("Level"), RegionLevel, nullable=False)
    parent_id: Mapped[int | None] = reference(N_("Superior region"), "region.id")
    # "/330000/330100/330102/": a subtree is a prefix, so no query ever walks the tree.
    path: Mapped[str] = column(N_("Path"), String(64), unique=True, nullable=False)

    parent: Mapped[Region | None] = relationship(remote_side="Region.id")


class Organisation(Record):
    """What bureaus, institutions and schools have in common."""

    __abstract__ = True

    code: Mapped[str] = column(N_("Code"), String(32), unique=True, nullable=False)
    name: Mapped[str] = column(N_("Name"), String(100), nullable=False)
    contact_name: Mapped[str | None] = column(N_("Contact person"), String(50))
    contact_phone: Mapped[str | None] = column(N_("Contact phone"), String(32))
    address: Mapped[str | None] = column(N_("Address"), String(200))
    status: Mapped[OrganisationStatus] = enum_column(
        N_("Status"), OrganisationStatus, nullable=False, default=OrganisationStatus.ACTIVE
    )


class Bureau(Organisation):
    """The education bureau of one region (ORG-1, ORG-2)."""

    __tablename__ = "bureau"
    __label__ = N_("Education bureau")

    region_id: Mapped[int] = reference(N_("Region"), "region.id", unique=True, index=False, nullable=False)
    region: Mapped[Region] = relationship()


class Institution(Organisation):
    """A training institution, maintained by a bureau above its region (ORG-3)."""

    __tablename__ = "institution"
    __label__ = N_("Training institution")

    region_id: Mapped[int] = reference(N_("Region"), "region.id", nullable=False)
    introduction: Mapped[str | None] = column(N_("Introduction"), String(2000))

    region: Mapped[Region] = relationship()
    grants: Mapped[list[RegionGrant]] = relationship(back_populates="institution")


class RegionGrant(Record):
    """Leave for an institution to aim programmes at a region and all below it, for a time (ORG-4).

    A grant is never deleted: revoking sets `revoked_at`, so the history stays.
    """

    __tablename__ = "region_grant"
    __label__ = N_("Region grant")
    __table_args__ = (CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="valid_span"),)

    institution_id: Mapped[int] = reference(N_("Training institution"), "institution.id", nullable=False)
    region_id: Mapped[int] = reference(N_("Region"), "region.id", nullable=False)
    valid_from: Mapped[date] = column(N_("Valid from"), Date, nullable=False)
    valid_to: Mapped[date | None] = column(N_("Valid to"), Date, about=N_("Empty: no end."))
    granted_by_id: Mapped[int | None] = reference(N_("Granted by"), "ab_user.id", index=False)
    revoked_at: Mapped[datetime | None] = column(N_("Revoked"), UtcDateTime)
    revoked_by_id: Mapped[int | None] = reference(N_("Revoked by"), "ab_user.id", index=False)
    reason: Mapped[str | None] = column(N_("Reason"), String(200))

    institution: Mapped[Institution] = relationship(back_populates="grants")
    region: Mapped[Region] = relationship()

    def __str__(self) -> str:
        """Return whom the grant opens which region."""
        return f"{self.institution} · {self.region.name}"


school_stage = Table(
    "school_stage",
    Record.metadata,
    Column("school_id", ForeignKey("school.id", ondelete="CASCADE"), primary_key=True),
    Column("stage_id", ForeignKey("stage.id"), primary_key=True, index=True),
)


class School(Organisation):
    """A school; merged ones keep their row and name the school they went into (ORG-5)."""

    __tablename__ = "school"
    __label__ = N_("School")

    region_id: Mapped[int] = reference(N_("Region"), "region.id", nullable=False)
    kind: Mapped[SchoolKind] = enum_column(N_("Kind of school"), SchoolKind, nullable=False)
    ownership: Mapped[Ownership] = enum_column(N_("Ownership"), Ownership, nullable=False, default=Ownership.PUBLIC)
    merged_into_id: Mapped[int | None] = reference(N_("Merged into"), "school.id", index=False)
    staff_count: Mapped[int] = column(N_("Teachers on record"), Integer, nullable=False, default=0)

    region: Mapped[Region] = relationship()
    stages: Mapped[list[Stage]] = relationship(secondary=school_stage, info={"label": N_("School stages")})
    merged_into: Mapped[School | None] = relationship(remote_side="School.id")
