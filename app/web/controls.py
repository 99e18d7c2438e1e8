"""The form controls of the pages: one element per WTForms field, with its classes and what screen readers need."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    EmailField,
    Field,
    FileField,
    FloatField,
    HiddenField,
    IntegerField,
    MultipleFileField,
    PasswordField,
    SelectFieldBase,
    SelectMultipleField,
    TelField,
    TextAreaField,
    widgets,
)

# The first kind whose class the field is an instance of; everything else is a line of text.
KINDS: tuple[tuple[type[Field], str], ...] = (
    (HiddenField, "hidden"),
    (BooleanField, "switch"),
    (SelectMultipleField, "several"),
    (SelectFieldBase, "choice"),
    (TextAreaField, "long"),
    (PasswordField, "password"),
    (MultipleFileField, "files"),
    (FileField, "file"),
    (DateTimeLocalField, "moment"),
    (DateField, "date"),
    (IntegerField, "number"),
    (DecimalField, "decimal"),
    (FloatField, "decimal"),
    (EmailField, "email"),
    (TelField, "phone"),
)
WIDGETS: dict[str, Any] = {
    "hidden": widgets.HiddenInput(),
    "switch": widgets.CheckboxInput(),
    "choice": widgets.Select(),
    "long": widgets.TextArea(),
    "password": widgets.PasswordInput(),
    "file": widgets.FileInput(),
    "files": widgets.FileInput(multiple=True),
    "moment": widgets.DateTimeLocalInput(),
    "date": widgets.DateInput(),
    "number": widgets.NumberInput(step="1"),
    "decimal": widgets.NumberInput(step="any"),
    "email": widgets.EmailInput(),
    "phone": widgets.TelInput(),
    "text": widgets.TextInput(),
}
CLASSES = {"switch": "form-check-input", "choice": "form-select"}
WIDE = {"long", "several", "file", "files"}  # kinds that take the whole width of a form


def kind_of(field: Field) -> str:
    """Return what sort of control a field is: text, long, number, date, moment, switch, choice, several, file …"""
    return next((kind for of, kind in KINDS if isinstance(field, of)), "text")


def is_remote(field: Field) -> bool:
    """Tell whether the choices are searched on the server (the field carries their `url`)."""
    return bool(getattr(field, "url", ""))


def is_wide(field: Field) -> bool:
    """Tell whether the field takes the whole width of a form."""
    return kind_of(field) in WIDE


def control(field: Field, **extra: Any) -> Markup:
    """Return the element of `field`, marked required or invalid and tied to its help text and errors."""
    kind = kind_of(field)
    attributes = {**(field.render_kw or {}), **_meaning(field), **extra}
    names = [CLASSES.get(kind, "form-control"), attributes.pop("class", ""), "is-invalid" if field.errors else ""]
    if kind == "choice" and is_remote(field):
        attributes["data-url"] = field.url
        names.append("js-remote")
    attributes["class"] = " ".join(name for name in names if name)
    if kind == "long":
        attributes.setdefault("rows", 4)
    return Markup(WIDGETS[kind](field, **attributes))


def _meaning(field: Field) -> dict[str, Any]:
    """Return the attributes for screen readers: what describes the control, and whether it is wrong."""
    described = [
        f"{field.id}-{part}" for part, there in (("help", field.description), ("error", field.errors)) if there
    ]
    meaning: dict[str, Any] = {"aria_describedby": " ".join(described)} if described else {}
    if field.errors:
        meaning["aria_invalid"] = "true"
    return meaning
