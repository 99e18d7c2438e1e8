"""A teacher's own record: what the teacher changes without asking (TCH-3, P20)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from app.domain.choices import Choices
from app.domain.errors import Conflict, Invalid, NotVisible, problem
from app.domain.identity import parse_national_id
from app.domain.teachers import Cleaned, clean
from app.domain.terms import RowKind
from app.domain.text import N_
from app.extensions import db
from app.models import Teacher
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.scope import fetch_visible
from app.services.parameters import policy_of
from app.services.teacher_bulk import write_rows
from app.services.teacher_lists import as_given, reference_choices
from app.services.teacher_rows import STORED, PlannedRow
from app.services.unit import changed_meanwhile, transaction


def own_record(actor: Actor) -> Teacher:
    """Return the record of the teacher who asks. Raises NotVisible for who is no teacher."""
    if actor.teacher_id is None:
        raise NotVisible
    return fetch_visible(Teacher, actor.teacher_id, actor=actor)


def own_fields() -> tuple[str, ...]:
    """Return the fields teachers change without asking: parameter P20."""
    return tuple(str(name) for name in policy_of().teacher_editable_fields)


def save_own(
    given: Mapping[str, Any], *, actor: Actor, vault: Vault, expected_version: int | None = None
) -> tuple[str, ...]:
    """Change fields of one's own record; return the names of those that changed.

    Raises Invalid with every problem, also for a field that has to be asked for, and Conflict when somebody changed
    the record meanwhile.
    """
    actor.require("file", "ChangeRequest")
    with transaction():
        row = held(own_record(actor).id)
        if expected_version is not None and row.version != expected_version:
            raise Conflict(changed_meanwhile())
        text = N_("This field is changed by a request to your school.")
        foreign = [problem("ask_for_it", text, field=name) for name in given if name not in own_fields()]
        before = stored_values(row, vault)
        answer = checked({name: given[name] for name in given if name in own_fields()}, before)
        if foreign or answer.problems:
            raise Invalid([*foreign, *answer.problems])
        if answer.values:
            write(row, answer.values, before, actor=in_the_name_of(actor), vault=vault)
    return tuple(answer.values)


def held(key: int) -> Teacher:
    """Return a record, read afresh and held until the end of the transaction."""
    wanted = select(Teacher).where(Teacher.id == key, Teacher.deleted_at.is_(None)).with_for_update(of=Teacher)
    row: Teacher | None = db.session.scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotVisible
    return row


def stored_values(row: Teacher, vault: Vault) -> dict[str, Any]:
    """Return what a record holds, by column, as `clean` compares it."""
    before = {name: getattr(row, name) for name in STORED}
    if row.national_id_sealed:
        before["national_id"] = parse_national_id(vault.open(row.national_id_sealed))
    return before


def checked(given: Mapping[str, Any], before: Mapping[str, Any]) -> Cleaned:
    """Return the checked values of some fields of a record, by column, or what is wrong with them."""
    return clean(as_given(given), {**reference_choices(), "school": Choices([])}, before=before)


def write(
    row: Teacher,
    values: dict[str, Any],
    before: Mapping[str, Any],
    *,
    actor: Actor,
    vault: Vault,
    reason: str | None = None,
) -> None:
    """Write checked values into a record that is held, with audit, account and search index in step."""
    planned = PlannedRow(1, RowKind.CHANGED, values, [], row.id, row.version, before)
    done = write_rows([planned], actor=actor, vault=vault, reason=reason, each_in_audit=True)
    if done.refused:
        raise Conflict([refusal for _line, refusal in done.refused])
    db.session.refresh(row)


def in_the_name_of(actor: Actor) -> Actor:
    """Return who may write the record for its teacher: the platform, and the audit names the teacher.

    Nobody keeps one's own record; what a teacher may change in it, parameter P20 says and `save_own` has asked.
    """
    return replace(
        Actor.platform(),
        account_id=actor.account_id,
        name=actor.name,
        address=actor.address,
        request_id=actor.request_id,
    )
