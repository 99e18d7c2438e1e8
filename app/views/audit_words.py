"""An entry of the audit in words: the record it is about, and every field before and after (OPS-2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Boolean, Enum

from app.domain.clock import to_utc
from app.domain.errors import NotVisible
from app.domain.parameters import PARAMETERS
from app.domain.terms import RoleName, WindowKind
from app.domain.text import N_
from app.models import AuditEntry, UtcDateTime
from app.security.actor import Actor
from app.security.scope import fetch_visible, is_declared
from app.views.fab.columns import column_of, entity_called, label_of, property_of, text_of
from app.web.i18n import role_label

UNTOLD = {"id", "version", "created_at", "updated_at", "path", "teachers"}  # the machine's own
# What verbs write into the audit beside the columns of a row.
DETAILS = {
    "batch": N_("Batch"),
    "changes": N_("What was changed"),
    "columns": N_("Columns"),
    "fields": N_("Fields shown"),
    "filters": N_("Filters"),
    "first_passwords": N_("First passwords"),
    "given": N_("Permissions given"),
    "list_name": N_("List"),
    "moved": N_("Moved along"),
    "permissions": N_("Permissions"),
    "purpose": N_("Purpose"),
    "restored": N_("Restored"),
    "roles": N_("Roles"),
    "rows": N_("Rows"),
    "taken": N_("Permissions taken away"),
    **{kind.value: kind.label for kind in WindowKind},
}


def kind_of(entity: str) -> str:
    """Return what the records of an entity are called."""
    model = entity_called(entity)
    return _(model.__label__) if model else entity


def subject_of(row: AuditEntry) -> str:
    """Return the name of the record; a parameter by its label, a name made of terms in words."""
    subject = row.subject or kind_of(row.entity)
    if row.entity == "ParameterChange" and subject in PARAMETERS:
        return _(PARAMETERS[subject].label)
    if row.entity == "Role" and subject in list(RoleName):
        return role_label(subject)
    made_of_terms = hasattr(entity_called(row.entity), "__name_parts__")
    return " · ".join(_(part) for part in subject.split(" · ")) if made_of_terms else subject


def changes(row: AuditEntry, actor: Actor) -> list[tuple[str, str, str]]:
    """Return (field, before, after) in words for everything the entry keeps."""
    before, after = row.before or {}, row.after or {}
    model = entity_called(row.entity)
    return [
        (field_of(model, name), *(_told(model, name, side.get(name), actor) for side in (before, after)))
        for name in dict.fromkeys([*before, *after])
        if name not in UNTOLD
    ]


def field_of(model: Any, name: str) -> str:
    """Return what a kept field is called."""
    if name in PARAMETERS:
        return _(PARAMETERS[name].label)
    if model is not None and (property_of(model, name) is not None or name not in DETAILS):
        return label_of(model, name)
    return _(DETAILS.get(name, name))


def _told(model: Any, name: str, value: Any, actor: Actor) -> str:
    """Return a kept value in words: rows by name, terms by label, moments in Shanghai time."""
    column = column_of(model, name) if model is not None and property_of(model, name) is not None else None
    if column is None or value is None or value == "":
        return _plain(model, value)
    if column.foreign_keys and isinstance(value, int):
        return _row_called(column, value, actor)
    if isinstance(column.type, Enum) and column.type.enum_class and value in list(column.type.enum_class):
        return text_of(column.type.enum_class(value))
    if isinstance(column.type, UtcDateTime):
        return _moments(str(value))
    return text_of(bool(value)) if isinstance(column.type, Boolean) else _plain(model, value)


def _plain(model: Any, value: Any) -> str:
    """Return what is no column: parts with their names, columns and roles by label, a span of time in Shanghai time."""
    if isinstance(value, dict):
        return "; ".join(f"{field_of(model, str(name))}: {_plain(model, part)}" for name, part in value.items())
    if isinstance(value, list):
        return "、".join(_plain(model, part) for part in value) or text_of(None)
    if value in list(RoleName):
        return role_label(value)
    if isinstance(value, str) and model is not None and property_of(model, value) is not None:
        return label_of(model, value)
    return _moments(value) if isinstance(value, str) else text_of(value)


def _moments(value: str) -> str:
    """Return stored moments, one or two with a stroke between, in Shanghai time; other text as it is."""
    try:
        return " – ".join(text_of(to_utc(_moment(part))) for part in value.split(" / "))
    except ValueError:
        return value


def _moment(text: str) -> datetime:
    if "T" not in text:
        raise ValueError(text)
    return datetime.fromisoformat(text)


def _row_called(column: Any, key: int, actor: Actor) -> str:
    table = next(iter(column.foreign_keys)).column.table
    models = (m.class_ for m in AuditEntry.registry.mappers if m.local_table is table and is_declared(m.class_))
    model = next(models, None)
    if model is None:
        return str(key)
    try:
        return str(fetch_visible(model, key, actor=actor))
    except NotVisible:
        return _("outside your scope")
