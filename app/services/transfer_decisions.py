"""Deciding transfers: release, take in, refuse, take back, end a secondment; one or many at once (TCH-7, P16)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy.orm import joinedload

from app.domain.clock import now, today
from app.domain.errors import Conflict, NotPermitted, problem
from app.domain.state_shapes import Action
from app.domain.states import Kind, live_states
from app.domain.terms import AuditAction, OrganisationStatus, TeacherStatus, TransferKind, TransferState
from app.domain.text import N_
from app.domain.transfers import (
    Side,
    begins,
    may_accept,
    may_end_secondment,
    may_refuse,
    may_release,
    may_take_back,
)
from app.extensions import db
from app.models import School, Transfer
from app.security.actor import Actor
from app.security.scope import fetch_manageable
from app.services import audit
from app.services import transfer_notices as notices
from app.services.outcomes import BulkOutcome, one_by_one
from app.services.school_rows import recount
from app.services.transfer_effects import follow, held
from app.services.transfers import complete, sides
from app.services.transitions import move

Keys = Iterable[int]
SCHOOLS = (
    joinedload(Transfer.from_school).joinedload(School.region),
    joinedload(Transfer.to_school).joinedload(School.region),
)


def release(keys: Keys, *, actor: Actor, reason: str | None = None) -> BulkOutcome:
    """Let people go whom other schools have asked for: they come there at once. Raises NotVisible."""

    def act(transfer: Transfer, where: frozenset[Side]) -> None:
        _allow(may_release(where, from_active=_is_active(transfer.from_school)), transfer, TransferState.REQUESTED)
        move(transfer, Action.RELEASE, actor=actor, reason=reason)
        complete(transfer, actor=actor)

    return _each(keys, act, actor)


def accept(keys: Keys, *, actor: Actor) -> BulkOutcome:
    """Take in whom other schools send; a secondment begins on its first day. Raises NotVisible."""

    def act(transfer: Transfer, where: frozenset[Side]) -> None:
        _allow(may_accept(where), transfer, TransferState.RELEASED)
        if transfer.agreed_at is not None:
            text = N_("Both schools have agreed already; it begins on %(day)s.")
            raise Conflict(problem("agreed_already", text, day=transfer.starts_on))
        _agree(transfer, actor)

    return _each(keys, act, actor)


def refuse(keys: Keys, reason: str | None, *, actor: Actor) -> BulkOutcome:
    """Say no, with a reason the others will read; the person stays. Raises NotVisible."""

    def act(transfer: Transfer, where: frozenset[Side]) -> None:
        active = _is_active(transfer.from_school)
        _allow(may_refuse(transfer.state, where, from_active=active), transfer, *live_states(Kind.TRANSFER))
        move(transfer, Action.REFUSE, actor=actor, reason=reason)
        notices.refused(transfer, (reason or "").strip(), actor=actor)

    return _each(keys, act, actor)


def take_back(keys: Keys, *, actor: Actor, reason: str | None = None) -> BulkOutcome:
    """Take requests of one's own side back before they are carried out. Raises NotVisible."""

    def act(transfer: Transfer, where: frozenset[Side]) -> None:
        _allow(may_take_back(transfer.kind, where), transfer, *live_states(Kind.TRANSFER))
        move(transfer, Action.TAKE_BACK, actor=actor, reason=reason)
        notices.taken_back(transfer, actor=actor)

    return _each(keys, act, actor)


def end_secondment(keys: Keys, *, actor: Actor, reason: str | None = None) -> BulkOutcome:
    """Let people return to their schools before the last day of the secondment. Raises NotVisible."""

    def act(transfer: Transfer, where: frozenset[Side]) -> None:
        if not is_running(transfer):
            text = N_("This is no secondment that is running; reload the page.")
            raise Conflict(problem("no_secondment", text))
        if not may_end_secondment(where):
            raise NotPermitted
        send_back(transfer, actor=actor, reason=reason)

    return _each(keys, act, actor)


def possible(transfer: Transfer, *, actor: Actor) -> frozenset[str]:
    """Return the names of what the actor can do about a transfer now: for the buttons."""
    if not actor.may("transfer", "Transfer"):
        return frozenset()
    where = sides(actor, transfer.from_school, transfer.to_school)
    state, active, waits = transfer.state, _is_active(transfer.from_school), transfer.agreed_at is None
    open_now = state in live_states(Kind.TRANSFER)
    found = {
        "release": state is TransferState.REQUESTED and may_release(where, from_active=active),
        "accept": state is TransferState.RELEASED and waits and may_accept(where),
        "refuse": open_now and may_refuse(state, where, from_active=active),
        "take_back": open_now and may_take_back(transfer.kind, where),
        "end_secondment": is_running(transfer) and may_end_secondment(where),
    }
    return frozenset(name for name, can in found.items() if can)


def is_running(transfer: Transfer) -> bool:
    """Tell whether it is a secondment that has begun and is not over."""
    secondment = transfer.kind is TransferKind.SECONDMENT
    return secondment and transfer.state is TransferState.COMPLETED and transfer.ended_on is None


def send_back(transfer: Transfer, *, actor: Actor, reason: str | None = None) -> None:
    """Let the person return to the school the secondment began at, with what waits; in the running transaction."""
    teacher = held(transfer)
    home, left = transfer.from_school, teacher.school_id
    before = {"school_id": left, "status": teacher.status.value}
    transfer.ended_on = today()
    db.session.flush()
    if teacher.status is TeacherStatus.SECONDED and home is not None:
        details = {"transfer": transfer.id}
        move(teacher, Action.END_SECONDMENT, actor=actor, reason=reason, values={"school_id": home.id}, details=details)
        follow(teacher, home)
        recount([home.id, transfer.to_school_id, left])
        db.session.refresh(teacher)
    after = {"school_id": teacher.school_id, "status": teacher.status.value}
    audit.record(AuditAction.UPDATE, teacher, actor=actor, before=before, after=after, reason=reason)
    notices.returned(transfer, actor=actor)


def begin_if_due(transfer: Transfer, *, actor: Actor) -> bool:
    """Carry out an agreed secondment whose first day has come; return whether it has."""
    if not begins(transfer.state, transfer.agreed_at is not None, transfer.starts_on, today()):
        return False
    complete(transfer, actor=actor)
    return True


# --- small helpers


def _each(keys: Keys, act: Callable[[Transfer, frozenset[Side]], None], actor: Actor) -> BulkOutcome:
    actor.require("transfer", "Transfer")

    def one(key: int) -> None:
        held(_fetch(key, actor))
        transfer = _fetch(key, actor)  # as it stands once the record is held
        act(transfer, sides(actor, transfer.from_school, transfer.to_school))

    return one_by_one(keys, one)


def _fetch(key: Any, actor: Actor) -> Transfer:
    return fetch_manageable(Transfer, key, actor=actor, options=SCHOOLS)


def _allow(may: bool, transfer: Transfer, *states: str) -> None:
    """Refuse who is not on the right side; in another state the state table says what has happened meanwhile."""
    if transfer.state in states and not may:
        raise NotPermitted(problem("not_your_turn", N_("It is not your school's turn to decide this transfer.")))


def _agree(transfer: Transfer, actor: Actor) -> None:
    if transfer.starts_on is not None and transfer.starts_on > today():
        transfer.agreed_at = now()
        db.session.flush()
        notices.agreed(transfer, actor=actor)
    else:
        complete(transfer, actor=actor)


def _is_active(school: School | None) -> bool:
    return school is not None and school.status is OrganisationStatus.ACTIVE
