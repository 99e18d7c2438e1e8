"""Writing the audit: who did what to which row, before and after (OPS-2)."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import inspect

from app.domain.terms import AuditAction
from app.extensions import db
from app.models import AuditEntry
from app.security.actor import Actor

HIDDEN = "•••"
UNTOLD = frozenset({"id", "version", "created_at", "updated_at", "password", "created_on", "changed_on"})


def snapshot(row: Any) -> dict[str, Any]:
    """Return the values of `row` for the audit; protected ones only show that they are set."""
    columns = inspect(type(row)).column_attrs
    return {a.key: _told(a.columns[0], getattr(row, a.key)) for a in columns if a.key not in UNTOLD}


def told(model: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return `values` by column name as the audit keeps them; what is no column is a protected value."""
    columns = inspect(model).columns
    return {
        name: _told(columns[name], value) if name in columns else HIDDEN if value is not None else None
        for name, value in values.items()
    }


def _told(column: Any, value: Any) -> Any:
    if value is None:
        return None
    if column.info.get("protected") or isinstance(value, bytes):
        return HIDDEN
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date | time) else value


def record(
    action: AuditAction,
    row: Any,
    *,
    actor: Actor,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Add an audit entry to the running transaction; of `before` and `after` only what differs is kept."""
    if before is not None and after is not None:
        changed = [name for name in after if before.get(name) != after[name]]
        before, after = {n: before.get(n) for n in changed}, {n: after[n] for n in changed}
    db.session.add(
        AuditEntry(
            account_id=actor.account_id,
            region_path=actor.region_path,
            action=action,
            entity=type(row).__name__,
            row_id=getattr(row, "id", None),
            subject=str(row)[:200],
            before=before,
            after=after,
            reason=reason,
            address=actor.address,
            request_id=actor.request_id,
        )
    )
