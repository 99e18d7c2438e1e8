"""Changes of the record that a teacher asks for and the school decides (TCH-3, 信息变更申请)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.domain import change_requests as rules
from app.domain.choices import Choice
from app.domain.errors import Conflict, Invalid, Problem, problem
from app.domain.state_shapes import Action
from app.domain.teachers import REFERENCES
from app.domain.terms import ChangeRequestState, MessageKind
from app.domain.text import N_, Text
from app.extensions import db
from app.models import ChangeRequest, Teacher
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.scope import fetch_manageable, visible_clause
from app.services import audiences
from app.services.notifications import notify
from app.services.outcomes import BulkOutcome, one_by_one
from app.services.own_record import checked, held, own_fields, own_record, stored_values, write
from app.services.teacher_lists import LISTS, reference_choices
from app.services.transitions import begun, move
from app.services.unit import transaction
from app.services.waiting import Waiting, count_of, waits

MAY_DECIDE = ("decide", "ChangeRequest")
FILED = ChangeRequest.state == ChangeRequestState.FILED


def file(given: Mapping[str, Any], note: str | None, *, actor: Actor, vault: Vault) -> ChangeRequest:
    """Ask the school to change fields of one's own record; what is as it was is left out.

    Raises Invalid with every problem of every field, and when nothing would change.
    """
    actor.require("file", "ChangeRequest")
    with transaction():
        row = held(own_record(actor).id)
        before = stored_values(row, vault)
        known = {name: value for name, value in given.items() if name in rules.FIELDS}
        answer = checked(known, before)
        changes = rules.changes_of(before, answer.values)
        _refuse(row, [*changes, *(name for name in given if name not in known)], note, answer.problems)
        request = _insert(row, changes, answer.values, note, vault)
        begun(request, Action.FILE, actor=actor, reason=request.note)
        text = N_("%(name)s asks for changes of the record (%(count)d fields).")
        staff = audiences.school_staff([request.school_id], may=MAY_DECIDE)
        _tell(request, staff, MessageKind.TASK, Text(text, {"name": row.name, "count": len(changes)}))
    return request


def _refuse(row: Teacher, asked: Sequence[str], note: str | None, wrong: Sequence[Problem]) -> None:
    waiting = {name for one in filed_by(row.id) for name in one.changes}
    has_school = row.school_id is not None
    problems = [*wrong, *rules.refusals(asked, own=own_fields(), waiting=waiting, has_school=has_school, note=note)]
    if not problems and not asked:
        text = N_("Nothing differs from the record; change a field first.")
        problems.append(problem("nothing_changes", text))
    if problems:
        raise Invalid(problems)


def _insert(
    row: Teacher, changes: dict[str, Any], values: Mapping[str, Any], note: str | None, vault: Vault
) -> ChangeRequest:
    identity = values.get("national_id")
    request = ChangeRequest(
        teacher=row,
        school_id=row.school_id,
        changes=changes,
        national_id_sealed=vault.seal(identity.number) if identity is not None else None,
        note=(note or "").strip() or None,
    )
    db.session.add(request)
    db.session.flush()
    return request


def filed_by(teacher_id: int) -> list[ChangeRequest]:
    """Return the requests of a teacher that nobody has decided yet."""
    return list(db.session.scalars(select(ChangeRequest).where(ChangeRequest.teacher_id == teacher_id, FILED)))


def requests_of(teacher_id: int, most: int = 20) -> list[ChangeRequest]:
    """Return the newest requests of a teacher; who may see them the caller has asked."""
    wanted = select(ChangeRequest).where(ChangeRequest.teacher_id == teacher_id)
    return list(db.session.scalars(wanted.order_by(ChangeRequest.id.desc()).limit(most)))


# --- deciding


def approve(keys: Iterable[int], *, actor: Actor, vault: Vault, anyway: bool = False) -> BulkOutcome:
    """Bring requests into the records; those whose record has changed since only with `anyway`. Raises NotVisible."""
    actor.require(*MAY_DECIDE)

    def act(key: int) -> None:
        request = _fetch(key, actor)
        row = held(request.teacher_id)
        before = stored_values(row, vault)
        changed = rules.stale(request.changes, before)
        if changed and not anyway and request.state is ChangeRequestState.FILED:
            raise Conflict(_stale(row))
        move(request, Action.APPROVE, actor=actor)
        answer = checked(_given(request, vault), before)
        if answer.problems:
            raise Invalid(answer.problems)
        if answer.values:
            write(row, answer.values, before, actor=actor, vault=vault, reason=request.note)
        text = N_("Your school has made the changes you asked for.")
        _tell(request, audiences.teachers([row.id]), MessageKind.SYSTEM, Text(text))

    return one_by_one(keys, act)


def refuse(keys: Iterable[int], reason: str | None, *, actor: Actor) -> BulkOutcome:
    """Refuse requests, with a reason their teachers will read. Raises NotVisible."""
    actor.require(*MAY_DECIDE)

    def act(key: int) -> None:
        request = _fetch(key, actor)
        move(request, Action.REFUSE, actor=actor, reason=reason)
        text = Text(N_("Your school has refused the changes you asked for: %(reason)s"), {"reason": reason})
        _tell(request, audiences.teachers([request.teacher_id]), MessageKind.SYSTEM, text)

    return one_by_one(keys, act)


def is_stale(request: ChangeRequest) -> bool:
    """Tell whether the record has changed since the request was made, in a field it is about."""
    if request.state is not ChangeRequestState.FILED:
        return False
    return bool(rules.stale(request.changes, _columns(request.teacher)))


def _columns(row: Teacher) -> dict[str, Any]:
    names = [*(REFERENCES.get(name, name) for name in rules.FIELDS if name != "national_id"), "national_id_tail"]
    return {name: getattr(row, name) for name in names}


def _stale(row: Teacher) -> Problem:
    text = N_(
        "The record of %(name)s has changed since; compare with the present values, then decide this one by itself."
    )
    return problem("record_changed", text, name=row.name)


def _fetch(key: int, actor: Actor) -> ChangeRequest:
    return fetch_manageable(ChangeRequest, key, actor=actor)


def _given(request: ChangeRequest, vault: Vault) -> dict[str, Any]:
    """Return what was asked for as the check of a record takes it."""
    lists = reference_choices()
    given: dict[str, Any] = {}
    for name, change in request.changes.items():
        value = rules.unpacked(name, change["new"])
        if name == "national_id" and request.national_id_sealed:
            value = vault.open(request.national_id_sealed)
        elif name in LISTS and value is not None:
            value = lists[name].by_key.get(value) or Choice(value, "", "?", in_use=False)
        given[name] = value
    return given


def _tell(request: ChangeRequest, audience: audiences.Audience, kind: MessageKind, text: Text) -> None:
    notify(audience, kind, text, endpoint="ChangeRequestView.show", pk=request.id)


@waits(*MAY_DECIDE)
def requests_to_decide(actor: Actor) -> Waiting | None:
    """Changes teachers of the own school ask for."""
    if actor.school_id is None:
        return None
    count = count_of(
        ChangeRequest, visible_clause(ChangeRequest, actor), FILED, ChangeRequest.school_id == actor.school_id
    )
    label = N_("Change requests of teachers")
    return Waiting(label, "ti-pencil-question", count, "ChangeRequestView.list", {"state": "filed"})
