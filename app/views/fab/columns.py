"""What a column is called and how its value is read by people: one answer for lists, pages, forms and exports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from flask_appbuilder import Model
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy import inspect, select
from sqlalchemy.orm import RelationshipProperty, joinedload, selectinload

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


def target_of(model: type[Any], name: str) -> type[Any]:
    """Return the entity the relation `name` leads to."""
    found: type[Any] = property_of(model, name).mapper.class_
    return found


def value_at(row: Any, name: str) -> Any:
    """Return the value of a column; `teacher.gender` is a column of the row a relation that is never empty leads to."""
    return getattr(row, name) if "." not in name else attrgetter(name)(row)


def sort_key(model: type[Any], name: str) -> Any:
    """Return what a list is sorted by: a column, or one of the row a relation leads to."""
    relation, _dot, column = name.rpartition(".")
    if not relation:
        return getattr(model, column)
    target, own = target_of(model, relation), next(iter(property_of(model, relation).local_columns))
    return select(getattr(target, column)).where(target.id == own).correlate(model).scalar_subquery()


def loads_of(model: type[Any], names: Iterable[str]) -> tuple[Any, ...]:
    """Return what is loaded together with the rows, so that no cell asks the database by itself."""
    return tuple(made for name in names if (made := _load_of(model, name)) is not None)


def _load_of(model: type[Any], name: str) -> Any:
    first, _dot, further = name.partition(".")
    mapped = property_of(model, first)
    if not isinstance(mapped, RelationshipProperty):
        return None
    load = selectinload(getattr(model, first)) if mapped.uselist else joinedload(getattr(model, first))
    beyond = _load_of(target_of(model, first), further) if further else None
    return load.options(beyond) if beyond is not None else load


def label_of(model: type[Any], name: str) -> str:
    """Return the translated label of a column or relation; of `teacher.gender`, that of the teacher's column."""
    relation, _dot, further = name.partition(".")
    if further:
        return label_of(target_of(model, relation), further)
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
    if isinstance(value, date):
        return Markup('<span class="cell-day">%s</span>') % text_of(value)
    return Markup("%s") % escape(text_of(value))
