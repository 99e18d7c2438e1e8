"""Who may make which move of a state: the permission each needs, and the party an actor is (docs/states.md).

A move of `app/domain/state_tables.py` names its parties; this table names the verb its role must hold. What is not
listed is nobody's to make by hand: only the platform itself makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.states import Action as Do
from app.domain.states import Kind, Party
from app.domain.terms import RoleName
from app.models import (
    ChangeRequest,
    ClassAdjustment,
    Enrollment,
    ExpertOpinion,
    Programme,
    Teacher,
    TrainingClass,
    Transfer,
)
from app.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Stateful:
    """An entity with states: its state table, the verb each action needs, and the column that holds the state.

    A verb is one on the entity itself, or on another as (verb, resource).
    """

    kind: Kind
    verbs: Mapping[Do, str | tuple[str, str]]
    column: str = "state"

    def needs(self, action: Do, resource: str) -> tuple[str, str] | None:
        """Return the permission `action` on `resource` needs; None: the platform's alone."""
        verb = self.verbs.get(action)
        return (verb, resource) if isinstance(verb, str) else verb


STATEFUL: dict[type[Any], Stateful] = {
    Programme: Stateful(
        Kind.PROGRAMME,
        {
            Do.SUBMIT: "submit",
            Do.TAKE_BACK: "submit",
            **dict.fromkeys((Do.APPROVE, Do.REJECT, Do.RETURN), "review"),
            Do.ADJUST: "adjust",
        },
    ),
    TrainingClass: Stateful(
        Kind.TRAINING_CLASS,
        {
            Do.SUBMIT: "submit",
            Do.TAKE_BACK: "submit",
            **dict.fromkeys((Do.APPROVE, Do.REFUSE, Do.RETURN), "review"),
            Do.ADJUST: "adjust",
            Do.OPEN_CLASS: "open",
            Do.COMPLETE_CLASS: "complete",
            Do.CREDIT: "credit",
            Do.CANCEL_CLASS: "cancel",
        },
    ),
    ExpertOpinion: Stateful(Kind.EXPERT_REVIEW, {Do.GIVE_OPINION: "give", Do.DECLINE_OPINION: "give"}),
    ClassAdjustment: Stateful(Kind.CLASS_ADJUSTMENT, {Do.APPROVE: "decide", Do.REJECT: "decide"}),
    Enrollment: Stateful(
        Kind.ENROLLMENT,
        {
            **dict.fromkeys((Do.APPROVE, Do.REJECT, Do.UNDO), "review"),
            Do.WITHDRAW: "withdraw",
            **dict.fromkeys((Do.CONFIRM, Do.DECLINE), "confirm"),
            Do.PROMOTE: "promote",
            Do.REASSIGN: "reassign",
            Do.CANCEL_CLASS: ("cancel", "TrainingClass"),
        },
    ),
    Transfer: Stateful(Kind.TRANSFER, dict.fromkeys((Do.RELEASE, Do.REFUSE, Do.COMPLETE, Do.TAKE_BACK), "transfer")),
    Teacher: Stateful(
        Kind.TEACHER,
        dict.fromkeys(
            (Do.TRANSFER_OUT, Do.TRANSFER_IN, Do.SECOND, Do.END_SECONDMENT, Do.LEAVE), ("transfer", "Transfer")
        ),
        column="status",
    ),
    ChangeRequest: Stateful(Kind.CHANGE_REQUEST, dict.fromkeys((Do.APPROVE, Do.REFUSE), "decide")),
}


def parties_of(actor: Actor) -> frozenset[Party]:
    """Return every party an actor may act as; a teacher may run a school too (ACC-1).

    The platform and the system administrator stand in for any party: what they do is in the ledger under their name.
    """
    if actor.everything:
        return frozenset(Party)
    stands = {
        Party.BUREAU: actor.bureau_id is not None,
        Party.INSTITUTION: actor.institution_id is not None,
        Party.SCHOOL: actor.school_id is not None,
        Party.TEACHER: actor.teacher_id is not None,
        Party.EXPERT: actor.has_role(RoleName.EXPERT_REVIEWER),
    }
    return frozenset(party for party, holds in stands.items() if holds)
