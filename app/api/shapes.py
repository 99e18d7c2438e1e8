"""How rows look in JSON: plain schemas made of the columns a screen shows, never of a whole table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.api.convert import BaseModel2SchemaConverter
from marshmallow import Schema, fields
from sqlalchemy.orm import ColumnProperty, RelationshipProperty

from app.services import notifications
from app.views.fab.columns import property_of
from app.web.i18n import translate

KINDS: tuple[tuple[type[Any], type[fields.Field]], ...] = (
    (sa.Boolean, fields.Boolean),
    (sa.Integer, fields.Integer),
    (sa.Numeric, fields.Decimal),
    (sa.Date, fields.Date),
    (sa.DateTime, fields.DateTime),
    (sa.JSON, fields.Raw),
)
# Columns that hold a sentence with places for its values: told as people read it.
SENTENCES: dict[tuple[str, str], Callable[[Any], str]] = {
    ("InboxMessage", "msgid"): lambda row: translate(notifications.text_of(row)),
}


class Shown(fields.String):
    """What names a row to people."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return str(obj)


class RowName(Schema):
    """A row pointed to."""

    id = fields.Integer()
    name = Shown()


class ShapeConverter(BaseModel2SchemaConverter):
    """Makes the schema of declared columns; a related row is its number and name."""

    def convert(self, columns: Any, model: Any = None, nested: bool = True, parent_schema_name: Any = None) -> Schema:
        """Return a schema of `columns`."""
        made = {name: field_of(model or self.datamodel.obj, name) for name in columns}
        return Schema.from_dict(made, name=str(parent_schema_name).replace(".", ""))()


def field_of(model: type[Any], name: str) -> fields.Field:
    """Return the field of a column or relation, described by its label."""
    mapped = property_of(model, name)
    if isinstance(mapped, RelationshipProperty):
        return fields.List(fields.Nested(RowName)) if mapped.uselist else fields.Nested(RowName, allow_none=True)
    column = mapped.columns[0]
    about = {"description": column.info.get("label", name)}
    told = SENTENCES.get((model.__name__, name))
    if told is not None:
        return fields.Function(told, metadata={**about, "type": "string"})
    if isinstance(column.type, sa.Enum):
        return fields.Function(
            lambda row: getattr(getattr(row, name), "value", None),
            metadata={**about, "type": "string", "enum": list(column.type.enums)},
        )
    kind = getattr(column.type, "impl_instance", column.type)
    made = next((field for of, field in KINDS if isinstance(kind, of)), fields.String)
    return made(allow_none=bool(column.nullable), metadata=about)


def may_be_shown(model: type[Any], name: str) -> bool:
    """Tell whether a name is a relation or a column that is neither protected nor secret (OPS-3)."""
    mapped = property_of(model, name)
    if isinstance(mapped, RelationshipProperty):
        return True
    if not isinstance(mapped, ColumnProperty) or name == "password":
        return False
    column = mapped.columns[0]
    return not column.info.get("protected") and not isinstance(column.type, sa.LargeBinary)
