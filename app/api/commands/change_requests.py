"""Commands on one's own record and on the changes teachers ask for (TCH-3)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from app.api.commands.base import Command, Values
from app.api.commands.organisations import key
from app.api.commands.transfers import MANY, ManyShape, told_outcome
from app.api.input import Text
from app.domain.change_requests import LONGEST_NOTE
from app.security.actor import Actor
from app.services import change_requests, own_record
from app.web.actors import current_vault

MAY_FILE, MAY_DECIDE = ("file", "ChangeRequest"), ("decide", "ChangeRequest")
FIELD = Text(allow_none=True, validate=validate.Length(max=160))


class FieldsShape(Schema):
    """Fields of the record as people write them: names or codes of the lists, days as 1980-01-05."""

    name = FIELD
    gender = FIELD
    national_id = FIELD
    birth_date = FIELD
    stage = FIELD
    grade = FIELD
    subject = FIELD
    post_category = FIELD
    title = FIELD
    mobile = FIELD
    office_phone = FIELD
    email = FIELD


class SaveShape(Schema):
    """What changes at once, in the version that was read."""

    changes = fields.Nested(FieldsShape, required=True)
    expected_version = key()


class RequestShape(Schema):
    """What the school is asked to change, and why."""

    changes = fields.Nested(FieldsShape, required=True)
    note = Text(allow_none=True, validate=validate.Length(max=LONGEST_NOTE))


class ApproveShape(Schema):
    """Which requests; `anyway`: also where the record has changed since."""

    ids = fields.List(key(), required=True, validate=MANY)
    anyway = fields.Boolean()


def save_own(values: Values, actor: Actor) -> Values:
    """Change what a teacher may change without asking."""
    changed = own_record.save_own(
        values["changes"], actor=actor, vault=current_vault(), expected_version=values.get("expected_version")
    )
    return {"changed": list(changed), "version": own_record.own_record(actor).version}


def file_request(values: Values, actor: Actor) -> Any:
    """Ask the school for changes."""
    return change_requests.file(values["changes"], values.get("note"), actor=actor, vault=current_vault())


def approve_requests(values: Values, actor: Actor) -> Values:
    """Bring requests into the records."""
    anyway = values.get("anyway", False)
    return told_outcome(change_requests.approve(values["ids"], actor=actor, vault=current_vault(), anyway=anyway))


def refuse_requests(values: Values, actor: Actor) -> Values:
    """Refuse requests."""
    return told_outcome(change_requests.refuse(values["ids"], values.get("reason"), actor=actor))


COMMANDS = (
    Command("my-record/update", "Change fields of one's own record", MAY_FILE, SaveShape, save_own),
    Command(
        "change-request/file", "Ask the school for changes of one's record", MAY_FILE, RequestShape, file_request, 201
    ),
    Command("change-request/approve", "Approve change requests", MAY_DECIDE, ApproveShape, approve_requests),
    Command("change-request/refuse", "Refuse change requests, with a reason", MAY_DECIDE, ManyShape, refuse_requests),
)
