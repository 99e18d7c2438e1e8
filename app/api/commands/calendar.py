"""Commands on the calendar of the year: a batch and all its windows are set as a whole (PRG-1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate

from app.api.commands.base import Command, Values
from app.api.commands.organisations import key
from app.api.guard import misfit
from app.api.input import Text
from app.domain.clock import SHANGHAI
from app.domain.errors import Invalid
from app.domain.terms import WindowKind
from app.models import TrainingYear
from app.security.actor import Actor
from app.security.scope import fetch_visible
from app.services import calendar
from app.services.calendar import Span, YearPlan

MAY = ("edit", "Calendar")
NAME = validate.Length(1, 50)
FIRST, LAST = 2000, 2100
YEARS = validate.Range(FIRST, LAST)
MOMENTS = validate.Range(datetime(FIRST, 1, 1, tzinfo=SHANGHAI), datetime(LAST + 1, 1, 1, tzinfo=SHANGHAI))


def moment() -> fields.Field:
    """Return the field of a moment; without an offset it is Shanghai time."""
    return fields.AwareDateTime(format="iso", default_timezone=SHANGHAI, required=True, validate=MOMENTS)


class WindowShape(Schema):
    """When a window opens and closes; its last second still counts."""

    opens_at = moment()
    closes_at = moment()


class YearShape(Schema):
    """A training year that begins with the batch."""

    year = fields.Integer(required=True, strict=True, validate=YEARS)
    name = Text(required=True, validate=NAME)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    is_current = fields.Boolean(load_default=False)


class BatchShape(Schema):
    """A batch: its name, and all its windows by kind; a kind that is left out has no window."""

    name = Text(required=True, validate=NAME)
    windows = fields.Dict(
        keys=fields.String(validate=validate.OneOf([kind.value for kind in WindowKind])),
        values=fields.Nested(WindowShape), required=True,
    )  # fmt: skip


class OpenBatchShape(BatchShape):
    """The batch, and its training year: `training_year` is one there is, `new_year` one that begins with it."""

    training_year = key()
    new_year = fields.Nested(YearShape)


class SetBatchShape(BatchShape):
    """The batch, in the version that was read."""

    id = key(required=True)
    expected_version = key(required=True)


def open_batch(values: Values, actor: Actor) -> Any:
    """Add a batch, to a training year there is or one that begins with it."""
    return calendar.open_batch(_year(values, actor), values["name"], _spans(values), actor=actor)


def _year(values: Values, actor: Actor) -> TrainingYear | YearPlan:
    if "training_year" in values:
        return fetch_visible(TrainingYear, values["training_year"], actor=actor)
    if "new_year" not in values:
        raise Invalid(misfit("training_year", "missing"))
    return YearPlan(**values["new_year"])


def set_batch(values: Values, actor: Actor) -> Any:
    """Set name and windows of a batch."""
    return calendar.save_batch(
        values["id"], values["name"], _spans(values), actor=actor, expected_version=values["expected_version"]
    )


def _spans(values: Values) -> dict[WindowKind, Span]:
    given = {WindowKind(kind): window for kind, window in values["windows"].items()}
    none: Span = (None, None)
    return {k: (given[k]["opens_at"], given[k]["closes_at"]) if k in given else none for k in WindowKind}


COMMANDS = (
    Command(
        "batch/open", "Add a batch with its windows, to a year there is or a new one", MAY, OpenBatchShape, open_batch,
        201,
    ),
    Command("batch/set", "Set the name of a batch and all its windows", MAY, SetBatchShape, set_batch),
)  # fmt: skip
