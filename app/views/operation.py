"""What running the platform leaves behind: the audit."""

from __future__ import annotations

from typing import Any

from app.domain.terms import AuditAction
from app.models import AuditEntry
from app.views.fab import RecordView, choice, contains
from app.views.fab.columns import entity_label


class AuditEntryView(RecordView):
    """Who did what, when, from where (OPS-2)."""

    model = AuditEntry
    editable = False
    order_by = "created_at"
    list_columns = ["created_at", "account", "action", "entity", "subject", "address"]
    show_columns = [*list_columns, "before", "after", "reason", "request_id"]
    filters = (contains("subject", "entity"), choice("action", AuditAction))

    def value_of(self, row: Any, name: str) -> Any:
        """Return the kind of record as its word."""
        return entity_label(row.entity) if name == "entity" else super().value_of(row, name)

    def ordering(self, asked: Any) -> tuple[Any, ...]:
        """Return the newest first unless asked otherwise."""
        return super().ordering(asked) if asked.order else (AuditEntry.id.desc(),)


VIEWS = (AuditEntryView,)
