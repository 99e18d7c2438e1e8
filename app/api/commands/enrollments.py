"""Commands on enrollments: the verbs of teachers, schools, bureaus and institutions (ENR-2 … ENR-16).

Enrolling answers 201, and 200 when the teacher was enrolled already: a request sent twice does its work once (W12). A
decision on many rows answers what became of each; when nothing could be done it is a 409 with every reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, validate

from app.api.commands.base import Command, Values
from app.api.guard import misfit
from app.api.input import MOST_NUMBER, Text
from app.domain.errors import Conflict, Invalid, Problem
from app.security.actor import Actor
from app.services import enrollment, enrollment_review
from app.services.outcomes import BulkOutcome
from app.web.errors import as_json

KEY = validate.Range(1, MOST_NUMBER - 1)
MOST_ROWS = 1000
LONGEST_REASON = 500


class EnrollShape(Schema):
    """Which class; `teacher` is left out by a teacher who enrolls, and given by a school as proxy."""

    training_class = fields.Integer(required=True, strict=True, validate=KEY)
    teacher = fields.Integer(strict=True, validate=KEY)


class EnrolledShape(Schema):
    """The enrollment; `already` when it was there before; what should be known: a clash, a likely draw."""

    id = fields.Integer()
    already = fields.Boolean()
    warnings = fields.List(fields.Dict())


class OneEnrollmentShape(Schema):
    """Which enrollment."""

    id = fields.Integer(required=True, strict=True, validate=KEY)


class EnrollmentsShape(Schema):
    """Which enrollments."""

    ids = fields.List(fields.Integer(strict=True, validate=KEY), required=True, validate=validate.Length(1, MOST_ROWS))


class ReasonedEnrollmentsShape(EnrollmentsShape):
    """Which enrollments, and why; the people concerned read it."""

    reason = Text(required=True, validate=validate.Length(1, LONGEST_REASON))


class OutcomeShape(Schema):
    """The numbers of the rows that moved, and of the others the reasons, by number."""

    done = fields.List(fields.Integer())
    refused = fields.Dict(keys=fields.String(), values=fields.List(fields.Dict()))


def enroll(values: Values, actor: Actor) -> Values:
    """Enroll; the same again answers with the enrollment there is."""
    teacher_id = values.get("teacher", actor.teacher_id)
    if teacher_id is None:
        raise Invalid(misfit("teacher", "missing"))
    done = enrollment.enroll(teacher_id, values["training_class"], actor=actor)
    return {"id": done.enrollment_id, "already": done.already, "warnings": [as_json(one) for one in done.warnings]}


def withdraw(values: Values, actor: Actor) -> Values:
    """Withdraw an enrollment."""
    enrollment.withdraw(values["id"], actor=actor)
    return {"id": values["id"]}


def _on_many(verb: Callable[..., BulkOutcome], *more: str) -> Callable[[Values, Actor], Values]:
    def run(values: Values, actor: Actor) -> Values:
        return _told(verb(values["ids"], *(values[name] for name in more), actor=actor))

    return run


def _told(outcome: BulkOutcome) -> Values:
    """Return what became of each row. Raises Conflict when nothing was done; `field` is the number of the row."""
    if not outcome.done:
        raise Conflict(
            [Problem(one.code, one.text, str(key)) for key, reasons in outcome.refused.items() for one in reasons]
        )
    refused = {str(key): [as_json(one) for one in reasons] for key, reasons in outcome.refused.items()}
    return {"done": list(outcome.done), "refused": refused}


def _status(told: Any) -> int:
    return 200 if told["already"] else 201


REVIEW, CONFIRM = ("review", "Enrollment"), ("confirm", "Enrollment")
ON_MANY: tuple[tuple[str, str, tuple[str, str], Callable[..., BulkOutcome], tuple[str, ...]], ...] = (
    ("approve", "Approve for the school or, at a checkpoint, the bureau", REVIEW, enrollment_review.approve, ()),
    ("reject", "Reject for the school or the bureau", REVIEW, enrollment_review.reject, ("reason",)),
    ("undo", "Take back the school's own review", REVIEW, enrollment_review.undo, ()),
    ("confirm", "Admit for the institution", CONFIRM, enrollment_review.confirm, ()),
    ("decline", "Decline for the institution", CONFIRM, enrollment_review.decline, ("reason",)),
)
COMMANDS = (
    Command(
        "enrollment/enroll", "Enroll oneself, or a teacher of one's school as proxy", ("read", "Enrollment"),
        EnrollShape, enroll, 201, answer=EnrolledShape, status_of=_status,
    ),
    Command(
        "enrollment/withdraw", "Withdraw an enrollment", ("withdraw", "Enrollment"), OneEnrollmentShape, withdraw
    ),
    *(
        Command(
            f"enrollment/{name}", summary, needs, ReasonedEnrollmentsShape if more else EnrollmentsShape,
            _on_many(verb, *more), answer=OutcomeShape,
        )
        for name, summary, needs, verb, more in ON_MANY
    ),
)  # fmt: skip
