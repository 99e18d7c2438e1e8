"""What a column is called and how its value is read by people: one answer for lists, pages, forms and exports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_appbuilder import Model
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy import inspect
from sqlalchemy.orm import RelationshipProperty

from app.domain.clock import local
from app.domain.text import LabelledEnum

EMPTY = "—"


def property_of(model: type[Any], name: str) -> Any:
    """Return the mapped property called `name`, or None for a plain Python attribute."""
    return inspect(model).attrs.get(name)


def column_of(model: type[Any], name: str) -> Any:
    """Return the table column behind a column or a many-to-one relation; None for a collection."""
    mapped = property_of(model, name)
    if isinstance(mapped, RelationshipProperty):
        return None if mapped.uselist else next(iter(mapped.local_columns))
    return mapped.columns[0] if mapped is not None else None


def label_of(model: type[Any], name: str) -> str:
    """Return the translated label of a column or relation."""
    mapped = property_of(model, name)
    own = mapped.info.get("label") if isinstance(mapped, RelationshipProperty) else None
    column = column_of(model, name)
    own = own or getattr(model, "__labels__", {}).get(name)  # of what is worked out, or declared elsewhere
    return _(own or (column.info.get("label", name) if column is not None else name))


def about_of(model: type[Any], name: str) -> str:
    """Return the translated help text, empty when there is none."""
    column = column_of(model, name)
    about = column.info.get("about") if column is not None else None
    return _(about) if about else ""


def entity_called(name: str) -> Any:
    """Return the entity whose class is called `name`; None when it is gone."""
    return next((mapper.class_ for mapper in Model.registry.mappers if mapper.class_.__name__ == name), None)


def text_of(value: Any) -> str:
    """Return a value as plain text: labels for enumerations, Shanghai time, 是/否, a dash for nothing."""
    if value is None or value in ("", []):
        return EMPTY
    if isinstance(value, LabelledEnum):
        return _(value.label)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return f"{local(value) if value.tzinfo else value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return "、".join(str(part) for part in value) if isinstance(value, list) else str(value)


def name_of(row: Any) -> str:
    """Return what a row is called, on titles and buttons: its name, in words where it is made of terms."""
    parts = getattr(row, "__name_parts__", ())
    return " · ".join(text_of(getattr(row, part)) for part in parts) or str(row)


def cell_of(value: Any) -> Markup:
    """Return a value as safe HTML for a cell: states and kinds as pills, the rest as text; what is HTML stays."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, LabelledEnum):
        from app.web.appearance import pill

        return pill(value)
    return Markup("%s") % escape(text_of(value))
