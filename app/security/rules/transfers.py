"""Transfers, and the changes teachers ask for."""

from __future__ import annotations

from sqlalchemy import false, or_

from app.models import ChangeRequest, Transfer
from app.security.actor import Actor
from app.security.rules.subtree import Clause, schools_of
from app.security.scope import manages, sees


@sees(Transfer)
def _transfer(actor: Actor) -> Clause:
    """Both schools, the bureaus above each of them, and the teacher; who may act on it, `domain/transfers.py` says."""
    seen: list[Clause] = [false()]
    if actor.region_path is not None:
        seen += [Transfer.from_school_id.in_(schools_of(actor)), Transfer.to_school_id.in_(schools_of(actor))]
    if actor.school_id is not None:
        seen += [Transfer.from_school_id == actor.school_id, Transfer.to_school_id == actor.school_id]
    if actor.teacher_id is not None:
        seen.append(Transfer.teacher_id == actor.teacher_id)
    return or_(*seen)


@sees(ChangeRequest)
def _change_request(actor: Actor) -> Clause:
    """Those one's school decides or has decided, those below one's bureau, one's own."""
    seen: list[Clause] = [false()]
    if actor.region_path is not None:
        seen.append(ChangeRequest.school_id.in_(schools_of(actor)))
    if actor.school_id is not None:
        seen.append(ChangeRequest.school_id == actor.school_id)
    if actor.teacher_id is not None:
        seen.append(ChangeRequest.teacher_id == actor.teacher_id)
    return or_(*seen)


@manages(ChangeRequest)
def _decided_by_the_school(actor: Actor) -> Clause:
    """The school decides; bureaus and the teacher look on."""
    return ChangeRequest.school_id == actor.school_id if actor.school_id is not None else false()
