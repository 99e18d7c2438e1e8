"""Whom a transfer concerns is told, in the transaction that moves it (TCH-7, PUB-3)."""

from __future__ import annotations

from sqlalchemy import select

from app.domain.terms import MessageKind, TransferKind
from app.domain.text import N_, Text
from app.domain.transfers import Way
from app.extensions import db
from app.models import Account, School, Transfer, Transition
from app.security.actor import Actor
from app.services import audiences
from app.services.audiences import Audience
from app.services.notifications import notify

MAY = ("transfer", "Transfer")
PAGE = "TransferView.show"


def asked(transfer: Transfer, way: Way, *, actor: Actor) -> None:
    """Tell who has to agree; where both have, tell both on which day it begins."""
    if way is Way.ON_THE_DAY:
        agreed(transfer, actor=actor)
        return
    if way is Way.AWAITS_RELEASE:
        text, school = N_("%(to)s asks to take in %(name)s. Release the person, or refuse."), transfer.from_school
    elif transfer.kind is TransferKind.SECONDMENT:
        text, school = N_("%(from)s offers %(name)s on secondment, %(first)s to %(last)s. Agree, or refuse."), None
    else:
        text, school = N_("%(from)s sends you %(name)s. Take the person in, or refuse."), None
    _tell(_staff(school or transfer.to_school), MessageKind.TASK, text, transfer, actor)


def agreed(transfer: Transfer, *, actor: Actor) -> None:
    """Tell everybody that a secondment is agreed and when it begins."""
    text = N_("%(name)s goes on secondment to %(to)s, %(first)s to %(last)s; both schools have agreed.")
    _tell(_all(transfer), MessageKind.SYSTEM, text, transfer, actor)


def completed(transfer: Transfer, *, actor: Actor) -> None:
    """Tell both schools, the person and who asked what has become of it."""
    _tell(_all(transfer), MessageKind.SYSTEM, _outcome(transfer), transfer, actor)


def _outcome(transfer: Transfer) -> str:
    if transfer.kind is TransferKind.SECONDMENT:
        return N_("%(name)s is on secondment from %(from)s to %(to)s, until %(last)s.")
    if transfer.kind is TransferKind.RETIRE:
        return N_("%(name)s of %(from)s has retired.")
    if transfer.kind is TransferKind.LEAVE:
        return N_("%(name)s of %(from)s has left.")
    if transfer.to_school is None:
        return N_("%(name)s has left %(from)s and is unattached.")
    if transfer.from_school is None:
        return N_("%(name)s was taken in by %(to)s.")
    return N_("%(name)s has come from %(from)s to %(to)s.")


def refused(transfer: Transfer, reason: str, *, actor: Actor) -> None:
    """Tell who asked, both schools and the person why it was refused."""
    text = N_("%(name)s: the transfer from %(from)s to %(to)s was refused: %(reason)s")
    _tell(_all(transfer), MessageKind.SYSTEM, text, transfer, actor, reason=reason)


def taken_back(transfer: Transfer, *, actor: Actor) -> None:
    """Tell both schools that the request is gone."""
    text = N_("%(name)s: the transfer from %(from)s to %(to)s was taken back.")
    _tell(_staff(transfer.from_school) | _staff(transfer.to_school), MessageKind.SYSTEM, text, transfer, actor)


def returned(transfer: Transfer, *, actor: Actor) -> None:
    """Tell both schools and the person that the secondment is over."""
    text = N_("%(name)s is back at %(from)s; the secondment to %(to)s is over.")
    _tell(_all(transfer), MessageKind.SYSTEM, text, transfer, actor)


def stuck(transfer: Transfer, why: Text, *, actor: Actor) -> None:
    """Tell both schools why a secondment could not begin on its day, and was taken back."""
    text = N_("%(name)s: the secondment to %(to)s could not begin: %(reason)s")
    _tell(_all(transfer), MessageKind.SYSTEM, text, transfer, actor, reason=why)


def _tell(
    audience: Audience, kind: MessageKind, text: str, transfer: Transfer, actor: Actor, reason: str | Text = ""
) -> None:
    params = {
        "name": transfer.teacher.name,
        "from": transfer.from_school.name if transfer.from_school else Text(N_("the pool")),
        "to": transfer.to_school.name if transfer.to_school else Text(N_("the pool")),
        "first": transfer.starts_on.isoformat() if transfer.starts_on else "",
        "last": transfer.ends_on.isoformat() if transfer.ends_on else "",
        "reason": reason,
    }
    used = {name: value for name, value in params.items() if f"%({name})s" in text}
    others = Account.id.is_distinct_from(actor.account_id)
    notify(audience & others, kind, Text(text, used), endpoint=PAGE, pk=transfer.id)


def _all(transfer: Transfer) -> Audience:
    both = _staff(transfer.from_school) | _staff(transfer.to_school)
    return both | audiences.teachers([transfer.teacher_id]) | audiences.accounts(_who_asked(transfer))


def _staff(school: School | None) -> Audience:
    return audiences.school_staff([school.id] if school else [], may=MAY)


def _who_asked(transfer: Transfer) -> list[int]:
    asked_by = select(Transition.account_id).where(
        Transition.entity == "Transfer", Transition.row_id == transfer.id, Transition.from_state.is_(None)
    )
    return [key for key in db.session.scalars(asked_by) if key is not None]
