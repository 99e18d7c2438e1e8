"""Imports of workbooks: the plan that is kept until it is applied (TCH-6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, relationship

from app.domain.terms import ImportState
from app.domain.text import N_
from app.entities.accounts import Account
from app.entities.base import Record, UtcDateTime, column, enum_column, reference
from app.entities.operation import BackgroundJob


class ImportBatch(Record):
    """One workbook somebody imports: its file, where it is, and how many rows have which outcome."""

    __tablename__ = "import_batch"
    __label__ = N_("Import")

    account_id: Mapped[int] = reference(N_("Started by"), "ab_user.id", nullable=False)
    kind: Mapped[str] = column(N_("Kind of import"), String(32), nullable=False)
    file_name: Mapped[str] = column(N_("File"), String(200), nullable=False)
    sha256: Mapped[str] = column(N_("SHA-256 of the file"), String(64), nullable=False)
    size: Mapped[int] = column(N_("Size in bytes"), Integer, nullable=False)
    state: Mapped[ImportState] = enum_column(N_("State"), ImportState, nullable=False, default=ImportState.PLANNING)
    job_id: Mapped[int | None] = reference(N_("Background job"), "background_job.id", index=False, ondelete="SET NULL")
    # The upload inside the folder of imports, gone once it is planned.
    file_path: Mapped[str | None] = column(N_("Uploaded file"), String(64))
    # {"titles": […], "fields": {name: place}, "row": number}: where the columns stand in the file.
    header: Mapped[dict[str, Any] | None] = column(N_("Header row"), JSON)
    notes: Mapped[list[Any]] = column(N_("Remarks"), JSON, nullable=False, default=list)
    problems: Mapped[list[Any]] = column(N_("Problems"), JSON, nullable=False, default=list)
    counts: Mapped[dict[str, int]] = column(N_("Rows by result"), JSON, nullable=False, default=dict)
    total: Mapped[int] = column(N_("Rows read"), Integer, nullable=False, default=0)
    written: Mapped[int] = column(N_("Rows written"), Integer, nullable=False, default=0)
    applied_at: Mapped[datetime | None] = column(N_("Applied on"), UtcDateTime)

    account: Mapped[Account] = relationship()
    job: Mapped[BackgroundJob | None] = relationship()

    def __str__(self) -> str:
        """Return the name of the file."""
        return self.file_name


class ImportBlock(Record):
    """The plan of some rows, sealed because it holds personal data; applied as one transaction."""

    __tablename__ = "import_block"
    __label__ = N_("Part of an import")
    __table_args__ = (UniqueConstraint("batch_id", "number", name="uq_import_block_batch_id_number"),)

    batch_id: Mapped[int] = reference(N_("Import"), "import_batch.id", index=False, nullable=False, ondelete="CASCADE")
    number: Mapped[int] = column(N_("Order"), Integer, nullable=False)
    counts: Mapped[dict[str, int]] = column(N_("Rows by result"), JSON, nullable=False, default=dict)
    sealed: Mapped[bytes] = column(N_("Plan"), LargeBinary, nullable=False, protected=True)
    unwritten: Mapped[list[Any]] = column(N_("Rows not written"), JSON, nullable=False, default=list)
    applied_at: Mapped[datetime | None] = column(N_("Applied on"), UtcDateTime)
