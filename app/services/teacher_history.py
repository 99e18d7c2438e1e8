"""What happened to a teacher's record: the timeline for those who keep it and for the teacher (TCH-1, OPS-2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.domain.choices import Choice, Choices
from app.domain.teachers import REFERENCES
from app.domain.terms import AuditAction
from app.extensions import db
from app.models import AuditEntry, School, Teacher
from app.security.actor import Actor
from app.security.scope import fetch_visible, is_manageable
from app.services.teacher_bulk import ID_COLUMNS
from app.services.teacher_lists import reference_choices

MOST = 50  # the newest are shown
# Columns that follow from others and would only repeat them.
FOLLOWING = frozenset({"name_initials", "account_id", *ID_COLUMNS[1:]})
_OF_COLUMN = {column: name for name, column in REFERENCES.items()}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field and its values before and after, as people read them; None: empty. Protected ones tell no value."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline."""

    action: AuditAction
    when: datetime
    who: str | None
    reason: str | None
    changes: list[FieldChange] = field(default_factory=list)


def history_of_teacher(key: Any, *, actor: Actor) -> list[Event]:
    """Return the events of a record, the newest first; none for who neither keeps the record nor is the teacher."""
    row = fetch_visible(Teacher, key, actor=actor)
    if row.id != actor.teacher_id and not is_manageable(row, actor=actor):
        return []
    wanted = select(AuditEntry).where(AuditEntry.entity == "Teacher", AuditEntry.row_id == row.id)
    newest = wanted.order_by(AuditEntry.id.desc()).limit(MOST).options(selectinload(AuditEntry.account))
    entries = db.session.scalars(newest).all()
    lists = {**reference_choices(), "school": _schools(entries)} if entries else {}
    events = [_event(entry, lists) for entry in entries]
    if not any(event.action is AuditAction.CREATE for event in events) and len(entries) < MOST:
        events.append(Event(AuditAction.CREATE, row.created_at, None, None))
    return events


def _event(entry: AuditEntry, lists: Mapping[str, Choices]) -> Event:
    changes = []
    if entry.action is AuditAction.UPDATE:
        before, after = entry.before or {}, entry.after or {}
        names = [name for name in after if name not in FOLLOWING]
        changes = [_change(name, before.get(name), after[name], lists) for name in names]
    if entry.action is AuditAction.REVEAL:
        changes = [FieldChange(name, None, None) for name in (entry.after or {}).get("fields", [])]
    return Event(entry.action, entry.created_at, entry.account.name if entry.account else None, entry.reason, changes)


def _change(column: str, before: Any, after: Any, lists: Mapping[str, Choices]) -> FieldChange:
    name = _OF_COLUMN.get(column)
    if name is None:
        return FieldChange(column, before, after)
    shown = {entry.key: entry.name for entry in lists[name].by_key.values()}
    return FieldChange(name, shown.get(before), shown.get(after))


def _schools(entries: Any) -> Choices:
    """Return the schools the entries name."""
    keys = {(part or {}).get("school_id") for entry in entries for part in (entry.before, entry.after)} - {None}
    rows = db.session.execute(select(School.id, School.code, School.name).where(School.id.in_(keys)))
    return Choices(Choice(*row) for row in rows)
