"""Commands on draws, class adjustments and reassignment (ENR-4, ENR-7 … ENR-9, ENR-17)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from app.api.commands.base import Command, Values
from app.api.commands.organisations import key
from app.api.input import Text
from app.security.actor import Actor
from app.services import adjustments, reassignment, reserve, screening
from app.services.simulation import simulate
from app.web.actors import current_vault
from app.web.i18n import sentence

REASON = validate.Length(max=adjustments.LONGEST_REASON)
SEATS = validate.Range(1, 99_999)
PEOPLE = validate.Length(1, reassignment.MOST)


class WhichClassShape(Schema):
    """Which class."""

    training_class = key(required=True)


class ExpandShape(WhichClassShape):
    """How many seats the class shall have; past the limit the province gives a reason."""

    seats = fields.Integer(required=True, strict=True, validate=SEATS)
    reason = Text(validate=REASON)


class CancelShape(WhichClassShape):
    """Why; `confirmed` is the number of people it touches, needed once somebody is admitted."""

    reason = Text(required=True, validate=REASON)
    confirmed = fields.Integer(strict=True, validate=validate.Range(0, 10_000_000))


class RequestExpansionShape(WhichClassShape):
    """How many seats the institution asks for, and why."""

    seats = fields.Integer(required=True, strict=True, validate=SEATS)
    reason = Text(required=True, validate=REASON)


class RequestCancellationShape(WhichClassShape):
    """Why the institution asks for it."""

    reason = Text(required=True, validate=REASON)


class DecideShape(Schema):
    """Which request, and whether it is granted; a refusal needs a reason."""

    id = key(required=True)
    approve = fields.Boolean(required=True)
    reason = Text(validate=REASON)
    confirmed = fields.Integer(strict=True, validate=validate.Range(0, 10_000_000))


class ReassignShape(Schema):
    """Admitted enrollments, the class they go to, and why."""

    enrollments = fields.List(key(), required=True, validate=PEOPLE)
    target = key(required=True)
    reason = Text(required=True, validate=REASON)


class SimulateShape(WhichClassShape):
    """How many seats are tried; 0 is a cancellation."""

    seats = fields.Integer(required=True, strict=True, validate=validate.Range(0, 99_999))


def _freeze(values: Values, actor: Actor) -> Values:
    return _told_draw(screening.freeze(values["training_class"], actor=actor, vault=current_vault()))


def _draw(values: Values, actor: Actor) -> Values:
    return _told_draw(screening.draw(values["training_class"], actor=actor, vault=current_vault()))


def _told_draw(found: Any) -> Values:
    return {
        "id": found.id, "version": found.version, "name": str(found), "seats": found.seats,
        "candidates": found.candidate_count, "list_hash": found.list_hash, "commitment": found.commitment,
        "seed": found.seed, "result_hash": found.result_hash,
    }  # fmt: skip


def _promote(values: Values, actor: Actor) -> Values:
    done = reserve.promote(values["training_class"], actor=actor)
    skipped = [{"number": number, "problems": _problems(why)} for number, why in done.skipped]
    return {"promoted": list(done.promoted), "skipped": skipped}


def _expand(values: Values, actor: Actor) -> Values:
    done = adjustments.expand(
        values["training_class"], values["seats"], actor=actor, reason=values.get("reason", "")
    )  # fmt: skip
    return _told(done)


def _cancel(values: Values, actor: Actor) -> Values:
    confirmed = values.get("confirmed")
    return _told(
        adjustments.cancel(values["training_class"], actor=actor, reason=values["reason"], confirmed=confirmed)
    )


def _told(done: adjustments.Adjusted) -> Values:
    made = done.adjustment
    return {"id": made.id, "version": made.version, "state": made.state.value, "people": done.people,
            "promoted": done.promoted}  # fmt: skip


def _request_expansion(values: Values, actor: Actor) -> Any:
    return adjustments.request_expansion(
        values["training_class"], values["seats"], actor=actor, reason=values["reason"]
    )  # fmt: skip


def _request_cancellation(values: Values, actor: Actor) -> Any:
    return adjustments.request_cancellation(values["training_class"], actor=actor, reason=values["reason"])


def _decide(values: Values, actor: Actor) -> Values:
    done = adjustments.decide(
        values["id"], approve=values["approve"], actor=actor, reason=values.get("reason", ""),
        confirmed=values.get("confirmed"),
    )  # fmt: skip
    return _told(done)


def _reassign(values: Values, actor: Actor) -> Values:
    done = reassignment.reassign(values["enrollments"], values["target"], actor=actor, reason=values["reason"])
    refused = [{"enrollment": number, "problems": _problems(why)} for number, why in done.refused.items()]
    return {"done": done.done, "refused": refused}


def _simulate(values: Values, actor: Actor) -> Values:
    found = simulate(values["training_class"], values["seats"], actor=actor)
    told = found.told
    return {
        "drawn": found.drawn, "enrolled": found.counts.live, "admitted": found.counts.admitted,
        "undecided": found.counts.undecided, "waiting": told.waiting, "out_before": told.out_before,
        "out_after": told.out_after, "right_to_round_two": told.right_to_round_two, "promoted": list(told.promoted),
        "regions": [{"region": r.region, "waiting": r.waiting, "without_seat": r.without_seat} for r in told.regions],
        "others": list(found.others),
    }  # fmt: skip


def _problems(found: Any) -> list[Values]:
    return [{"code": p.code, "message": sentence(p), "field": p.field} for p in found]


COMMANDS = (
    Command("screening/freeze", "Freeze the candidate list of a class", ("freeze", "Screening"), WhichClassShape,
            _freeze, 201),
    Command("screening/draw", "Draw a frozen class, once", ("draw", "Screening"), WhichClassShape, _draw),
    Command("screening/promote", "Fill free seats from the reserve list", ("promote", "Enrollment"), WhichClassShape,
            _promote),
    Command("class-adjustment/expand", "Give a class more seats", ("expand", "TrainingClass"), ExpandShape, _expand),
    Command("class-adjustment/cancel", "Cancel a class", ("cancel", "TrainingClass"), CancelShape, _cancel),
    Command("class-adjustment/request-expansion", "Ask the bureau for more seats", ("request", "ClassAdjustment"),
            RequestExpansionShape, _request_expansion, 201),
    Command("class-adjustment/request-cancellation", "Ask the bureau to cancel a class",
            ("request", "ClassAdjustment"), RequestCancellationShape, _request_cancellation, 201),
    Command("class-adjustment/decide", "Grant or refuse a request", ("decide", "ClassAdjustment"), DecideShape,
            _decide),
    Command("class-adjustment/simulate", "Work out what a number of seats would mean", ("read", "ClassAdjustment"),
            SimulateShape, _simulate),
    Command("enrollment/reassign", "Move admitted teachers into another class", ("reassign", "Enrollment"),
            ReassignShape, _reassign),
)  # fmt: skip
