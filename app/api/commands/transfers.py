"""Commands on transfers (TCH-7): find somebody, ask, decide one or many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, validate

from app.api.commands.base import Command, Values
from app.api.commands.organisations import key
from app.api.input import Text
from app.domain.terms import TransferKind
from app.domain.transfers import LONGEST_REASON, STARTABLE
from app.security.actor import Actor
from app.services import transfer_decisions as decisions
from app.services import transfers
from app.services.outcomes import BulkOutcome
from app.services.transfer_search import Found, search
from app.services.transfers import TransferOrder, TransferPlan
from app.web.actors import current_vault
from app.web.errors import as_json
from app.web.i18n import translate

MAY = ("transfer", "Transfer")
MANY = validate.Length(1, 200)


class FindShape(Schema):
    """A whole name, a whole ID number or a teacher number; each look is counted and recorded."""

    text = Text(required=True, validate=validate.Length(1, 60))


class StartShape(Schema):
    """What is asked for; `who` is the one `transfer/find` gave, or the number of a teacher one keeps.

    `to_school`: its code or whole name, left out for the pool, and for a school that takes somebody in itself.
    """

    kind = fields.Enum(TransferKind, by_value=True, required=True, validate=validate.OneOf(STARTABLE))
    who = Text(required=True, validate=validate.Length(1, 100))
    to_school = Text(allow_none=True, validate=validate.Length(max=100))
    starts_on = fields.Date(allow_none=True)
    ends_on = fields.Date(allow_none=True)
    reason = Text(allow_none=True, validate=validate.Length(max=LONGEST_REASON))
    dry_run = fields.Boolean()


class ManyShape(Schema):
    """Which rows, and why; a refusal needs its reason."""

    ids = fields.List(key(), required=True, validate=MANY)
    reason = Text(allow_none=True, validate=validate.Length(max=LONGEST_REASON))


def find_teacher(values: Values, actor: Actor) -> Values:
    """Tell whom a name or number means, and what can be asked for."""
    hits = search(values["text"], actor=actor, vault=current_vault())
    return {"found": [_told_person(found) for found in hits.found], "more": hits.more}


def _told_person(found: Found) -> Values:
    return {
        "who": found.who,
        "name": found.name,
        "national_id": found.masked_id,
        "status": found.status.value,
        "school": found.school,
        "region": found.region,
        "kinds": [kind.value for kind in found.kinds],
        "under_way": found.open_transfer,
    }


def start_transfer(values: Values, actor: Actor) -> Any:
    """Ask for a transfer, or with `dry_run` tell what asking would do."""
    wanted = ("kind", "who", "to_school", "starts_on", "ends_on", "reason")
    order = TransferOrder(**{name: values[name] for name in wanted if name in values})
    if values.get("dry_run"):
        return _told_plan(transfers.plan(order, actor=actor, vault=current_vault()))
    return transfers.start(order, actor=actor, vault=current_vault())


def _told_plan(made: TransferPlan) -> Values:
    return {
        "way": made.way.name.lower(),
        "following": [{"name": translate(label), "count": count} for label, count in made.effects.following],
        "rights_end": made.effects.rights_end,
        "sign_in_ends": made.effects.sign_in_ends,
        "problems": [as_json(problem) for problem in made.problems],
    }


def told_outcome(outcome: BulkOutcome) -> Values:
    """Return what became of each row."""
    refused = [{"id": one, "problems": [as_json(p) for p in found]} for one, found in outcome.refused.items()]
    return {"done": list(outcome.done), "refused": refused}


def refuse_transfers(values: Values, actor: Actor) -> Values:
    """Refuse transfers."""
    return told_outcome(decisions.refuse(values["ids"], values.get("reason"), actor=actor))


def accept_transfers(values: Values, actor: Actor) -> Values:
    """Take in whom other schools send."""
    return told_outcome(decisions.accept(values["ids"], actor=actor))


def _with_reason(verb: Callable[..., BulkOutcome]) -> Callable[[Values, Actor], Values]:
    def run(values: Values, actor: Actor) -> Values:
        return told_outcome(verb(values["ids"], actor=actor, reason=values.get("reason")))

    return run


COMMANDS = (
    Command("transfer/find", "Find whom a transfer is about", MAY, FindShape, find_teacher),
    Command("transfer/start", "Ask for a transfer, or carry it out", MAY, StartShape, start_transfer),
    Command("transfer/release", "Release teachers other schools ask for", MAY, ManyShape,
            _with_reason(decisions.release)),
    Command("transfer/accept", "Take in teachers other schools send", MAY, ManyShape, accept_transfers),
    Command("transfer/refuse", "Refuse transfers, with a reason", MAY, ManyShape, refuse_transfers),
    Command("transfer/take-back", "Take own requests back", MAY, ManyShape, _with_reason(decisions.take_back)),
    Command("transfer/end-secondment", "End secondments before their last day", MAY, ManyShape,
            _with_reason(decisions.end_secondment)),
)  # fmt: skip
