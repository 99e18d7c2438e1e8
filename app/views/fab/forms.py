"""WTForms made from the tables: labels, lengths, choices and help come from the columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import Boolean, Date, Enum, Integer, String
from sqlalchemy.orm import RelationshipProperty
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    Field,
    IntegerField,
    SelectField,
    SelectFieldBase,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.domain.clock import local, to_utc
from app.domain.errors import DomainError, NotVisible
from app.extensions import db
from app.models import UtcDateTime
from app.security.scope import fetch_visible, select_visible
from app.views.fab.columns import EMPTY, about_of, column_of, label_of, property_of, text_of
from app.web.actors import current_actor
from app.web.i18n import sentence

LONG_TEXT = 300  # characters; longer columns get a text area
SHORT_LIST = 60  # rows; longer lists are searched, never sent whole
LARGEST = 2**31 - 1


class RecordForm(FlaskForm):
    """The base of generated forms: carries the version the person saw, and takes problems back onto its fields."""

    def values(self) -> dict[str, Any]:
        """Return the values to hand to a service."""
        return {field.name: field.data for field in self if field.type != "CSRFTokenField"}

    def take(self, error: DomainError) -> list[str]:
        """Put each problem beside its field; return those that belong to none."""
        whole = []
        for problem in error.problems:
            field = self._fields.get(problem.field or "") or self._fields.get((problem.field or "").removesuffix("_id"))
            if field is None:
                whole.append(sentence(problem))
            else:
                field.errors = [*field.errors, sentence(problem)]
        return whole

    def version_after(self, error: DomainError, row: Any) -> int | None:
        """Return the version to save next, once who typed has been told what somebody else made of `row` (ACC-9)."""
        if row is None or not any(problem.code == "changed_meanwhile" for problem in error.problems):
            return None
        db.session.refresh(row)
        self._tell_present(row)
        version: int = row.version
        return version

    def _tell_present(self, row: Any) -> None:
        """Say beside each field what `row` holds by now, where that is not what was typed."""
        present = type(self)(formdata=None, obj=row)
        for field in self:
            now = _as_read(present[field.name])
            if hasattr(row, field.name) and now != _as_read(field):
                field.errors = [*field.errors, _("The record now says: %(value)s", value=now or EMPTY)]


def _as_read(field: Any) -> str:
    """Return the value of a field as people read it."""
    if isinstance(field, SelectFieldBase):
        return "、".join(str(label) for _value, label, chosen, *_rest in field.iter_choices() if chosen)
    if isinstance(field, BooleanField):
        return text_of(field.data)
    return str(field._value()) if hasattr(field, "_value") else text_of(field.data)


class MomentField(DateTimeLocalField):
    """A moment: typed and shown in Asia/Shanghai, handed on as aware UTC."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{local(self.data):%Y-%m-%dT%H:%M}" if self.data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the typed moment as Shanghai time."""
        super().process_formdata(valuelist)
        if isinstance(self.data, datetime):
            self.data = to_utc(self.data)


class RowField(SelectField):
    """One visible row of `target`: searched on the server, re-checked on arrival, whatever the browser sends."""

    remote = True

    def __init__(self, label: str, target: type[Any], url: str = "", **options: Any) -> None:
        super().__init__(label, choices=[], validate_choice=False, coerce=str, **options)
        self.target, self.url = target, url

    def process_data(self, value: Any) -> None:
        """Keep the row itself."""
        self.data = value

    def process_formdata(self, valuelist: list[str]) -> None:
        """Turn the key into the row; a key out of scope is no choice."""
        self.data = None
        if not valuelist or not valuelist[0]:
            return
        try:
            self.data = fetch_visible(self.target, valuelist[0], actor=current_actor())
        except NotVisible:
            raise ValueError(str(_l("This choice does not exist or is outside your scope."))) from None

    def iter_choices(self) -> Any:
        """Offer the present choice, and the whole list when it is short."""
        chosen = self.data.id if self.data is not None else None
        yield ("", "", chosen is None, {})
        rows = [self.data] if self.data is not None and self.url else [] if self.url else self._rows()
        for row in rows:
            yield (str(row.id), str(row), row.id == chosen, {})

    def _rows(self) -> list[Any]:
        statement = select_visible(self.target, current_actor()).limit(SHORT_LIST)
        if hasattr(self.target, "position"):
            statement = statement.where(self.target.in_use.is_(True)).order_by(self.target.position, self.target.id)
        return list(db.session.scalars(statement))


class RowsField(SelectMultipleField):
    """Several visible rows of a short list, as check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: str, target: type[Any], **options: Any) -> None:
        super().__init__(label, choices=[], validate_choice=False, coerce=str, **options)
        self.target = target

    def process_data(self, value: Any) -> None:
        """Keep the rows themselves."""
        self.data = list(value or [])

    def process_formdata(self, valuelist: list[str]) -> None:
        """Turn the keys into rows."""
        try:
            self.data = [fetch_visible(self.target, key, actor=current_actor()) for key in valuelist]
        except NotVisible:
            self.data = []
            raise ValueError(str(_l("This choice does not exist or is outside your scope."))) from None

    def iter_choices(self) -> Any:
        """Offer the rows in use and those chosen already."""
        chosen = {row.id for row in self.data or []}
        statement = select_visible(self.target, current_actor()).order_by(self.target.position, self.target.id)
        for row in db.session.scalars(statement):
            if row.in_use or row.id in chosen:
                yield (str(row.id), str(row), row.id in chosen, {})


def make_form(model: type[Any], names: Sequence[str], route: str, remote: frozenset[str]) -> type[RecordForm]:
    """Return a form class with a field per name; relations in `remote` are searched at `route/options/<name>`.

    Made for each request, so that labels speak its language.
    """
    fields: dict[str, Any] = {}
    for name in names:
        fields[name] = _field(model, name, f"{route}/options/{name}" if name in remote else "")
    return type(f"{model.__name__}Form", (RecordForm,), fields)


def _field(model: type[Any], name: str, url: str) -> Field:
    common: dict[str, Any] = {"label": label_of(model, name), "description": about_of(model, name)}
    mapped, column = property_of(model, name), column_of(model, name)
    if isinstance(mapped, RelationshipProperty):
        if mapped.uselist:
            return RowsField(target=mapped.mapper.class_, **common)
        required = [] if column.nullable else [InputRequired(_REQUIRED)]
        return RowField(target=mapped.mapper.class_, url=url, validators=required or [Optional()], **common)
    return _plain_field(column, common)


_REQUIRED = _l("Please fill this in.")


def _plain_field(column: Any, common: dict[str, Any]) -> Field:
    kind = column.type
    if isinstance(kind, Boolean):
        return BooleanField(default=_default(column), **common)
    checks: list[Any] = [Optional() if column.nullable or column.default is not None else InputRequired(_REQUIRED)]
    if isinstance(kind, Enum):
        return _enum_field(column, common, checks)
    if isinstance(kind, UtcDateTime):
        return MomentField(format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], validators=checks, **common)
    if isinstance(kind, Date):
        return DateField(validators=checks, **common)
    if isinstance(kind, Integer):
        return IntegerField(default=_default(column), validators=[*checks, NumberRange(0, LARGEST)], **common)
    return _text_field(kind, common, checks)


def _text_field(kind: Any, common: dict[str, Any], checks: list[Any]) -> Field:
    size = getattr(kind, "length", None) if isinstance(kind, String) else None
    if size:
        checks.append(Length(max=size, message=_l("At most %(max)d characters.", max=size)))
    field = TextAreaField if size is None or size >= LONG_TEXT else StringField
    return field(validators=checks, filters=[_trimmed], **common)


def _enum_field(column: Any, common: dict[str, Any], checks: list[Any]) -> Field:
    kind = column.type.enum_class
    empty = [("", "")] if column.nullable else []
    return SelectField(
        choices=[*empty, *((member.value, text_of(member)) for member in kind)],
        coerce=lambda value: kind(value) if value else None,
        validators=checks,
        default=_default(column),
        **common,
    )


def _default(column: Any) -> Any:
    """Return what a new row begins with; a value worked out while saving is left to saving."""
    return column.default.arg if column.default is not None and column.default.is_scalar else None


def _trimmed(value: Any) -> Any:
    return (value.strip() or None) if isinstance(value, str) else value
