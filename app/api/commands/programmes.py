"""Commands on programmes: declare, hand in, take back, review, adjust, ask experts, give an opinion (PRG)."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NoBase64
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from app.api.commands.base import Command, Values
from app.domain.states import Action
from app.domain.terms import Checkpoint
from app.models import ExpertOpinion, Programme
from app.security.actor import Actor
from app.services import declarations, programme_review, programmes
from app.services.declarations import Upload
from app.services.programme_review import DECISIONS, Decision

MOST_ROWS = 100
LARGEST_FILE = 12 * 1024 * 1024  # characters of base64; the limit of the parameter is far below


class Base64(fields.String):
    """The content of a file, as base64."""

    def _deserialize(self, *args: Any, **options: Any) -> Any:
        try:
            return b64decode(super()._deserialize(*args, **options), validate=True)
        except (NoBase64, ValueError) as error:
            raise ValidationError("no base64") from error


class PlanFileShape(Schema):
    """A training plan."""

    name = fields.String(required=True, validate=validate.Length(1, 200))
    content = Base64(required=True, validate=validate.Length(max=LARGEST_FILE))


class LecturerShape(Schema):
    """A lecturer."""

    name = fields.String(required=True)
    workplace = fields.String()
    position = fields.String()


class SessionShape(Schema):
    """A line of the timetable; `lecturer` is a name of the lecturers."""

    day = fields.String(required=True)
    starts_at = fields.String(required=True)
    ends_at = fields.String(required=True)
    topic = fields.String(required=True)
    lecturer = fields.String()
    place = fields.String()


class ClassShape(Schema):
    """A class; `id` is that of a stored one."""

    id = fields.Integer(strict=True)
    starts_on = fields.String(required=True)
    ends_on = fields.String(required=True)
    place = fields.String(required=True)
    planned_seats = fields.Integer(required=True, strict=True)
    fee = fields.String()
    boarding = fields.String()
    sessions = fields.List(fields.Nested(SessionShape), validate=validate.Length(max=MOST_ROWS))


class DeclarationShape(Schema):
    """A declaration: the upper part, and 1–4 classes. Lists of numbers: none is all of them."""

    title = fields.String(required=True)
    kind = fields.String(required=True)
    batch = fields.Integer(required=True, strict=True)
    credit_hours = fields.Integer(required=True, strict=True)
    credits = fields.String()
    goals = fields.String(required=True)
    contents = fields.String(required=True)
    outline = fields.String()
    assessment = fields.String()
    stages = fields.List(fields.Integer(strict=True), validate=validate.Length(max=MOST_ROWS))
    post_categories = fields.List(fields.Integer(strict=True), validate=validate.Length(max=MOST_ROWS))
    subjects = fields.List(fields.Integer(strict=True), validate=validate.Length(max=MOST_ROWS))
    regions = fields.List(fields.Integer(strict=True), required=True, validate=validate.Length(max=MOST_ROWS))
    lecturers = fields.List(fields.Nested(LecturerShape), required=True, validate=validate.Length(max=MOST_ROWS))
    classes = fields.List(fields.Nested(ClassShape), required=True, validate=validate.Length(max=MOST_ROWS))


class DeclareShape(Schema):
    """A declaration to store; `id` and `expected_version` change a stored one, `plan_file` adds a version."""

    declaration = fields.Nested(DeclarationShape, required=True)
    plan_file = fields.Nested(PlanFileShape)
    id = fields.Integer(strict=True)
    expected_version = fields.Integer(strict=True)


class ProgrammeShape(Schema):
    """Which programme."""

    id = fields.Integer(required=True, strict=True)


class TakeBackShape(ProgrammeShape):
    """Which programme, and why."""

    reason = fields.String(validate=validate.Length(max=500))


class DecisionShape(Schema):
    """What is decided about one class; refusing and returning need a reason."""

    training_class = fields.Integer(required=True, strict=True)
    decision = fields.String(required=True, validate=validate.OneOf([action.value for action in DECISIONS]))
    reason = fields.String(validate=validate.Length(max=500))
    checkpoint = fields.Enum(Checkpoint, by_value=True)


class ReviewShape(ProgrammeShape):
    """Decisions about classes of one programme."""

    decisions = fields.List(fields.Nested(DecisionShape), required=True, validate=validate.Length(1, MOST_ROWS))


class ClassChanges(Schema):
    """What the bureau changes of a class."""

    training_class = fields.Integer(required=True, strict=True)
    starts_on = fields.Date()
    ends_on = fields.Date()
    place = fields.String(validate=validate.Length(1, 200))
    planned_seats = fields.Integer(strict=True)
    checkpoint = fields.Enum(Checkpoint, by_value=True)


class AdjustShape(ProgrammeShape):
    """What the bureau changes of a declaration, and why."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))
    expected_version = fields.Integer(strict=True)
    title = fields.String(validate=validate.Length(1, 100))
    credit_hours = fields.Integer(strict=True)
    classes_allowed = fields.Integer(strict=True, allow_none=True)
    classes = fields.List(fields.Nested(ClassChanges), validate=validate.Length(max=MOST_ROWS))


class AskShape(ProgrammeShape):
    """Which experts are asked: numbers of their accounts."""

    experts = fields.List(fields.Integer(strict=True), required=True, validate=validate.Length(1, MOST_ROWS))


class OpinionShape(Schema):
    """An expert's answer."""

    id = fields.Integer(required=True, strict=True)
    score = fields.Integer(required=True, strict=True)
    comment = fields.String(required=True)


def declare(values: Values, actor: Actor) -> Programme:
    """Store a declaration."""
    file = values.get("plan_file")
    return declarations.declare(
        as_typed(values["declaration"]), actor=actor, programme_id=values.get("id"),
        expected_version=values.get("expected_version"), upload=Upload(**file) if file else None,
    )  # fmt: skip


def as_typed(value: Any) -> Any:
    """Return numbers of a JSON body as the texts the rules read."""
    if isinstance(value, dict):
        return {name: as_typed(part) for name, part in value.items()}
    if isinstance(value, list):
        return [as_typed(part) for part in value]
    return str(value)


def review(values: Values, actor: Actor) -> Programme:
    """Decide about classes."""
    decisions = {
        one["training_class"]: Decision(Action(one["decision"]), one.get("reason"), one.get("checkpoint"))
        for one in values["decisions"]
    }
    return programme_review.review(values["id"], decisions, actor=actor)


def adjust(values: Values, actor: Actor) -> Programme:
    """Change what was declared."""
    upper = {name: values[name] for name in programme_review.ADJUSTED if name in values}
    classes = {one["training_class"]: one for one in values.get("classes", [])}
    return programme_review.adjust(
        values["id"], upper, classes, reason=values["reason"], actor=actor,
        expected_version=values.get("expected_version"),
    )  # fmt: skip


def ask_experts(values: Values, actor: Actor) -> dict[str, Any]:
    """Ask experts."""
    asked = programme_review.ask_experts(values["id"], values["experts"], actor=actor)
    return {"id": values["id"], "asked": len(asked)}


def give_opinion(values: Values, actor: Actor) -> ExpertOpinion:
    """Answer as an expert."""
    return programme_review.give_opinion(values["id"], score=values["score"], comment=values["comment"], actor=actor)


COMMANDS = (
    Command("programme/declare", "Store a declaration", ("declare", "Programme"), DeclareShape, declare, 201),
    Command(
        "programme/submit", "Hand a declaration in", ("submit", "Programme"), ProgrammeShape,
        lambda values, actor: programmes.submit(values["id"], actor=actor),
    ),
    Command(
        "programme/take-back", "Take a declaration back", ("submit", "Programme"), TakeBackShape,
        lambda values, actor: programmes.take_back(values["id"], reason=values.get("reason"), actor=actor),
    ),
    Command("programme/review", "Decide about classes", ("review", "TrainingClass"), ReviewShape, review),
    Command("programme/adjust", "Adjust a declaration", ("adjust", "Programme"), AdjustShape, adjust),
    Command("programme/ask-experts", "Ask experts for their opinion", ("ask", "Programme"), AskShape, ask_experts),
    Command("expert-opinion/give", "Give an opinion", ("give", "ExpertOpinion"), OpinionShape, give_opinion),
)  # fmt: skip
