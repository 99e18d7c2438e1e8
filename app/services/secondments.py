"""Secondments begin and end by themselves, on their days (TCH-7, 交流轮岗). The worker asks every few minutes."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from app.domain.clock import today
from app.domain.errors import DomainError
from app.domain.state_shapes import Action
from app.domain.terms import TransferKind, TransferState
from app.extensions import db
from app.models import Transfer
from app.security.actor import Actor
from app.services import transfer_notices as notices
from app.services.transfer_decisions import SCHOOLS, begin_if_due, send_back
from app.services.transfer_effects import held
from app.services.transitions import move
from app.services.unit import transaction

SECONDMENT = Transfer.kind == TransferKind.SECONDMENT


def settle_due() -> tuple[int, int]:
    """Send back whose last day has passed, then begin what is due today; return how many of each.

    Each is a transaction of its own and may be repeated: what was done is no longer due.
    """
    actor = Actor.platform()
    ended = sum(_end(key, actor) for key in _keys(_over()))
    begun = sum(_begin(key, actor) for key in _keys(_due()))
    return ended, begun


def _over() -> ColumnElement[bool]:
    running = (Transfer.state == TransferState.COMPLETED) & Transfer.ended_on.is_(None)
    return SECONDMENT & running & (Transfer.ends_on < today())


def _due() -> ColumnElement[bool]:
    agreed = (Transfer.state == TransferState.RELEASED) & Transfer.agreed_at.is_not(None)
    return SECONDMENT & agreed & (Transfer.starts_on <= today())


def _keys(condition: ColumnElement[bool]) -> list[int]:
    return list(db.session.scalars(select(Transfer.id).where(condition).order_by(Transfer.id)))


def _fetched(key: int, condition: ColumnElement[bool]) -> Transfer | None:
    wanted = select(Transfer).where(Transfer.id == key, condition).options(*SCHOOLS)
    found: Transfer | None = db.session.scalar(wanted.execution_options(populate_existing=True))
    return found


def _end(key: int, actor: Actor) -> bool:
    with transaction():
        transfer = _fetched(key, _over())
        if transfer is None:
            return False
        held(transfer)
        send_back(transfer, actor=actor)
    return True


def _begin(key: int, actor: Actor) -> bool:
    """Begin a secondment; one that cannot begin any more is taken back, and both schools are told why."""
    try:
        with transaction():
            transfer = _fetched(key, _due())
            if transfer is None:
                return False
            held(transfer)
            return begin_if_due(transfer, actor=actor)
    except DomainError as error:
        _give_up(key, error, actor)
        return False


def _give_up(key: int, error: DomainError, actor: Actor) -> None:
    with transaction():
        transfer = _fetched(key, _due())
        if transfer is None:
            return
        why = error.problems[0].text
        move(transfer, Action.TAKE_BACK, actor=actor, reason=str(why))
        notices.stuck(transfer, why, actor=actor)
