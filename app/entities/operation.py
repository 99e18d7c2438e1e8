"""What running the platform leaves behind: the audit, background jobs, inbox messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, relationship

from app.domain.packed_text import unpack
from app.domain.terms import AuditAction, JobState, MessageKind
from app.domain.text import N_
from app.entities.accounts import Account
from app.entities.base import Record, UtcDateTime, column, enum_column, reference


class AuditEntry(Record):
    """Who did what to which row, from where, before and after (OPS-2). Protected values are never written here."""

    __tablename__ = "audit_entry"
    __label__ = N_("Audit entry")
    __table_args__ = (Index("ix_audit_entry_entity_row_id", "entity", "row_id"),)

    account_id: Mapped[int | None] = reference(N_("By"), "ab_user.id")
    region_path: Mapped[str | None] = column(N_("Path"), String(64), index=True)
    action: Mapped[AuditAction] = enum_column(N_("Act"), AuditAction, nullable=False)
    entity: Mapped[str] = column(N_("Kind of record"), String(64), nullable=False)
    row_id: Mapped[int | None] = column(N_("Number"), Integer)
    subject: Mapped[str | None] = column(N_("Record"), String(200))
    before: Mapped[dict[str, Any] | None] = column(N_("Before"), JSON)
    after: Mapped[dict[str, Any] | None] = column(N_("After"), JSON)
    reason: Mapped[str | None] = column(N_("Reason"), String(200))
    address: Mapped[str | None] = column(N_("Address"), String(64))
    request_id: Mapped[str | None] = column(N_("Request"), String(64))

    account: Mapped[Account | None] = relationship()

    def __str__(self) -> str:
        """Return what was acted on."""
        return self.subject or self.entity


class NumberSeries(Record):
    """The last number given out of a series; it only grows, so that no number is ever given twice (TCH-1)."""

    __tablename__ = "number_series"
    __label__ = N_("Number series")

    name: Mapped[str] = column(N_("Name"), String(64), unique=True, nullable=False)
    last: Mapped[int] = column(N_("Last number given"), Integer, nullable=False, default=0)


class BackgroundJob(Record):
    """Long work with its progress; the worker writes it, its owner watches it."""

    __tablename__ = "background_job"
    __label__ = N_("Background job")

    account_id: Mapped[int] = reference(N_("Started by"), "ab_user.id", nullable=False)
    kind: Mapped[str] = column(N_("Kind of job"), String(64), nullable=False)
    title: Mapped[str] = column(N_("Title"), String(200), nullable=False)
    state: Mapped[JobState] = enum_column(N_("State"), JobState, nullable=False, default=JobState.QUEUED)
    total: Mapped[int] = column(N_("Rows in all"), Integer, nullable=False, default=0)
    done: Mapped[int] = column(N_("Rows done"), Integer, nullable=False, default=0)
    arguments: Mapped[dict[str, Any]] = column(N_("Arguments"), JSON, nullable=False, default=dict)
    message: Mapped[str | None] = column(N_("Message"), Text)
    result_name: Mapped[str | None] = column(N_("Result"), String(200))
    result_path: Mapped[str | None] = column(N_("Result file"), String(200))
    cancel_requested: Mapped[bool] = column(N_("Cancel requested"), Boolean, nullable=False, default=False)
    started_at: Mapped[datetime | None] = column(N_("Started"), UtcDateTime)
    finished_at: Mapped[datetime | None] = column(N_("Finished"), UtcDateTime)

    account: Mapped[Account] = relationship()


class InboxMessage(Record):
    """A message to one account (PUB-3).

    The sentence is `msgid` with `params`, translated when shown; `body` holds what a person wrote, in their own words.
    `endpoint` with `page_values` names the page that settles it. `mail_due_at` stands while a copy has to go by mail.
    """

    __tablename__ = "inbox_message"
    __label__ = N_("Message")
    __table_args__ = (
        Index("ix_inbox_message_account_id_read_at", "account_id", "read_at"),
        Index("ix_inbox_message_mail_due_at", "mail_due_at"),
    )

    account_id: Mapped[int] = reference(N_("Account"), "ab_user.id", index=False, nullable=False, ondelete="CASCADE")
    kind: Mapped[MessageKind] = enum_column(
        N_("Kind of message"), MessageKind, nullable=False, default=MessageKind.SYSTEM, server_default="system"
    )
    sender_id: Mapped[int | None] = reference(N_("Sender"), "ab_user.id", ondelete="SET NULL")
    msgid: Mapped[str] = column(N_("Message"), String(300), nullable=False)
    params: Mapped[dict[str, Any]] = column(N_("Values"), JSON, nullable=False, default=dict)
    body: Mapped[str | None] = column(N_("Words of the sender"), Text)
    endpoint: Mapped[str | None] = column(N_("Page"), String(100))
    page_values: Mapped[dict[str, Any]] = column(
        N_("Values of the page"), JSON, nullable=False, default=dict, server_default="{}"
    )
    read_at: Mapped[datetime | None] = column(N_("Read"), UtcDateTime)
    mail_due_at: Mapped[datetime | None] = column(N_("To be mailed"), UtcDateTime)
    mail_tries: Mapped[int] = column(N_("Tries to mail"), Integer, nullable=False, default=0, server_default="0")
    mailed_at: Mapped[datetime | None] = column(N_("Mailed"), UtcDateTime)

    account: Mapped[Account] = relationship(foreign_keys=[account_id])
    sender: Mapped[Account | None] = relationship(foreign_keys=[sender_id])

    def __str__(self) -> str:
        """Return the sentence, not translated."""
        return str(unpack([self.msgid, self.params]))


class DemoClock(Record):
    """How far the clock of a demo runs ahead of the true one: one row, read by web and worker; production has none."""

    __tablename__ = "demo_clock"
    __label__ = N_("Demo clock")

    seconds: Mapped[int] = column(N_("Seconds ahead"), Integer, nullable=False, default=0)
