"""JSON bodies: declared shapes, numbers of rows turned into rows, every misfit told at once."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields

from app.api.guard import misfit
from app.domain.errors import Invalid, Problem, problem
from app.domain.text import N_
from app.extensions import db
from app.security.actor import Actor
from app.security.scope import select_visible

MISSING, UNKNOWN = str(fields.Field.default_error_messages["required"]), "Unknown field."
MOST_NUMBER = 2**31


class RowNumber(fields.Integer):
    """The number of a row of `target`; `resolve` turns it into the row."""

    def __init__(self, target: type[Any], **options: Any) -> None:
        super().__init__(strict=True, **options)
        self.target = target


class Text(fields.String):
    """A line of text without control characters."""

    def _deserialize(self, *args: Any, **options: Any) -> str:
        text = str(super()._deserialize(*args, **options)).strip()
        if not text.isprintable():
            raise ValidationError("control characters")
        return text


def load(shape: Schema, given: dict[str, Any]) -> dict[str, Any]:
    """Return `given` as `shape` has it. Raises Invalid naming every field that does not fit."""
    try:
        return dict(shape.load(given))
    except ValidationError as error:
        raise Invalid([_problem_of(str(name), told) for name, told in error.normalized_messages().items()]) from None


def resolve(shape: Schema, values: dict[str, Any], *, actor: Actor) -> dict[str, Any]:
    """Return `values` with rows instead of their numbers. Raises Invalid for numbers the actor does not see."""
    resolved, problems = dict(values), list[Problem]()
    for name, value in values.items():
        field = shape.fields[name]
        target = getattr(field.inner if isinstance(field, fields.List) else field, "target", None)
        if target is None or value is None:
            continue
        numbers = {n for n in (value if isinstance(value, list) else [value]) if 0 <= n < MOST_NUMBER}
        rows = list(db.session.scalars(select_visible(target, actor).where(target.id.in_(numbers))))
        if len(rows) != len(set(value) if isinstance(value, list) else {value}):
            text = N_("This choice does not exist or is outside your scope.")
            problems.append(problem("choice_not_visible", text, field=name))
            continue
        resolved[name] = rows if isinstance(value, list) else rows[0]
    if problems:
        raise Invalid(problems)
    return resolved


def _problem_of(field: str, told: Any) -> Problem:
    text = str(told)
    if MISSING in text:
        return misfit(field, "missing")
    return misfit(field, "unknown" if UNKNOWN in text else "misfit")
