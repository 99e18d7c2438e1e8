"""Commands on accounts (ACC-5, ACC-6). A reset tells the account only: first passwords are handed out on paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields, validate

from app.api.commands.base import Command, Values
from app.api.commands.organisations import key
from app.api.input import RowNumber, Text, resolve
from app.models import Account, Bureau, Institution, School
from app.security.actor import Actor
from app.security.scope import fetch_visible
from app.services import account_acts, account_batches, accounts
from app.web.actors import current_vault


class AccountChanges(Schema):
    """Whose it is, what it may do, where it stands."""

    last_name = Text(validate=validate.Length(1, 64))
    phone = Text(allow_none=True, validate=validate.Length(max=32))
    roles = fields.List(Text(validate=validate.Length(max=64)), required=True, validate=validate.Length(1, 20))
    bureau = RowNumber(Bureau, allow_none=True)
    institution = RowNumber(Institution, allow_none=True)
    school = RowNumber(School, allow_none=True)


class AccountShape(AccountChanges):
    """What an account is created with."""

    username = Text(required=True, validate=validate.Length(1, 64))
    last_name = Text(required=True, validate=validate.Length(1, 64))


class AccountChangeShape(Schema):
    """Which account, in the version that was read, and what of it changes; the roles are always told in full."""

    id = fields.Integer(required=True, strict=True)
    expected_version = fields.Integer(required=True, strict=True)
    changes = fields.Nested(AccountChanges(), required=True)


class OneAccountShape(Schema):
    """Which account."""

    id = fields.Integer(required=True, strict=True)


class TeachersShape(Schema):
    """For which teachers; those who have an account already are passed over."""

    ids = fields.List(key(), required=True, validate=validate.Length(1, account_batches.AT_ONCE))


class AccountBatchShape(Schema):
    """How many accounts were made, how many teachers got none, and the first of them with the reason."""

    made = fields.Integer(required=True)
    left_out = fields.Integer(required=True)
    examples = fields.List(fields.Dict(keys=fields.String(), values=fields.String()), required=True)


def create_account(values: Values, actor: Actor) -> Account:
    """Create an account with a first password."""
    return accounts.create_account(resolve(AccountShape(), values, actor=actor), actor=actor, vault=current_vault())


def update_account(values: Values, actor: Actor) -> Account:
    """Change name, phone, roles and organisation of an account."""
    changes = resolve(AccountChanges(), values["changes"], actor=actor)
    return accounts.update_account(values["id"], changes, actor=actor, expected_version=values["expected_version"])


def reset_password(values: Values, actor: Actor) -> Account:
    """Give an account a new first password."""
    account = fetch_visible(Account, values["id"], actor=actor)
    account_acts.reset_passwords([account.id], actor=actor, vault=current_vault())
    return account


def create_for_teachers(values: Values, actor: Actor) -> Values:
    """Make the accounts of teachers who have none; tell how many, and who could get none and why."""
    done = account_batches.create_teacher_accounts(values["ids"], actor=actor, vault=current_vault())
    told = [{"name": one.name, "teacher_number": one.number, "why": gettext(one.why)} for one in done.examples or []]
    return {"made": done.made, "left_out": done.left_out, "examples": told}


def _on_one(verb: Callable[..., Any]) -> Callable[[Values, Actor], Account]:
    def run(values: Values, actor: Actor) -> Account:
        account = fetch_visible(Account, values["id"], actor=actor)
        verb([account.id], actor=actor)
        return account

    return run


ON_ONE = (
    ("enable", "Let an account sign in", "edit", account_acts.enable),
    ("disable", "Keep an account out", "edit", account_acts.disable),
    ("unlock", "End the lock of an account", "unlock", account_acts.unlock),
    ("delete", "Delete an account", "delete", account_acts.delete),
)
COMMANDS = (
    Command("account/create", "Create an account", ("create", "Account"), AccountShape, create_account, 201),
    Command(
        "account/create-for-teachers",
        "Make the accounts of teachers who have none",
        ("create", "Account"),
        TeachersShape,
        create_for_teachers,
        answer=AccountBatchShape,
    ),
    Command("account/update", "Change an account", ("edit", "Account"), AccountChangeShape, update_account),
    Command("account/reset", "Give a new first password", ("reset", "Account"), OneAccountShape, reset_password),
    *(
        Command(f"account/{name}", summary, (verb, "Account"), OneAccountShape, _on_one(act))
        for name, summary, verb, act in ON_ONE
    ),
)
