"""What running the platform leaves behind: the audit."""

from __future__ import annotations

from typing import Any

from app.domain.terms import AuditAction
from app.models import AuditEntry
from app.views.audit_words import changes, kind_of, subject_of
from app.views.fab import RecordView, choice, contains


class AuditEntryView(RecordView):
    """Who did what, when, from where (OPS-2)."""

    model = AuditEntry
    editable = False
    order_by = "created_at"
    show_template = "audit/show.html"
    list_columns = ["created_at", "account", "action", "entity", "subject", "address"]
    show_columns = [*list_columns, "reason", "request_id"]
    filters = (contains("subject", "entity"), choice("action", AuditAction))

    def value_of(self, row: Any, name: str) -> Any:
        """Return kind and name of the record as words."""
        if name == "entity":
            return kind_of(row.entity)
        return subject_of(row) if name == "subject" else super().value_of(row, name)

    def name_of(self, row: AuditEntry) -> str:
        """Return the record that was acted on."""
        return subject_of(row)

    def ordering(self, asked: Any) -> tuple[Any, ...]:
        """Return the newest first unless asked otherwise."""
        return super().ordering(asked) if asked.order else (AuditEntry.id.desc(),)

    def show_extras(self, row: AuditEntry) -> dict[str, Any]:
        """Return what was changed, field by field."""
        return {"changes": changes(row, self.actor)}


VIEWS = (AuditEntryView,)
