"""Asking for a transfer: first what it does, in numbers, then exactly that (TCH-7, P16).

Who decides comes from where the one who asks stands beside the two schools (`app/domain/transfers.py`). What is decided
later stands in `transfer_decisions.py`, carrying out in `transfer_effects.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from app.domain.clock import now, today
from app.domain.errors import Conflict, Invalid, Problem, problem
from app.domain.state_shapes import Action
from app.domain.terms import OrganisationStatus, TransferKind, TransferState
from app.domain.text import N_
from app.domain.transfers import Case, Side, Way, refusals, sides_of, way_of
from app.extensions import db
from app.models import School, Teacher, TrainingYear, Transfer
from app.security.actor import Actor
from app.security.crypto import Vault
from app.services import transfer_notices as notices
from app.services.parameters import policy_of
from app.services.transfer_effects import Consequences, carry_out, consequences
from app.services.transfer_search import open_of, person, schools_named
from app.services.transitions import begun, move
from app.services.unit import transaction

K = TransferKind
BEGUN_BY = {
    K.TRANSFER_IN: Action.TRANSFER_IN,
    K.TRANSFER_OUT: Action.TRANSFER_OUT,
    K.SECONDMENT: Action.SECOND,
    K.LEAVE: Action.LEAVE,
    K.RETIRE: Action.LEAVE,
}
CONFLICTS = frozenset({"open_already", "wrong_status", "same_school", "target_closed"})


@dataclass(frozen=True, slots=True)
class TransferOrder:
    """What is asked for. `who` comes from the search, or is the number of a record one keeps; `to_school` is the code
    or the whole name of a school, empty for the pool and, for a school that takes somebody in, for itself."""

    kind: TransferKind
    who: str
    to_school: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """What an order does: `way` says whether somebody else has to agree. `problems` refuse it. `schools` are those to
    choose from where several have the name that was typed. `mark` stands for all of it."""

    order: TransferOrder
    teacher: Teacher
    from_school: School | None
    to_school: School | None
    way: Way
    effects: Consequences
    problems: tuple[Problem, ...]
    schools: tuple[School, ...] = field(default=())
    mark: str = ""


def plan(order: TransferOrder, *, actor: Actor, vault: Vault) -> TransferPlan:
    """Return what the order does; writes nothing. Raises NotPermitted, NotVisible for a person one has not found."""
    actor.require("transfer", "Transfer")
    teacher, _kept = person(order.who, actor=actor, vault=vault)
    schools, wrong = _target(order, actor)
    target = schools[0] if len(schools) == 1 else None
    case = _case(order, teacher, target, actor)
    named = wrong or []
    problems = [*named, *(p for p in refusals(case) if not (named and p.field == "to_school"))]
    effects = consequences(teacher, target, order.kind)
    made = TransferPlan(
        order, teacher, teacher.school, target, way_of(case), effects, tuple(problems),
        tuple(schools) if len(schools) > 1 else (),
    )  # fmt: skip
    return _marked(made)


def start(order: TransferOrder, *, actor: Actor, vault: Vault, mark: str | None = None) -> Transfer:
    """Ask for a transfer, or carry it out where nobody else has to agree; return it.

    Raises Invalid with everything to mend, Conflict when the person is not free, or something differs from the plan
    with this `mark`.
    """
    actor.require("transfer", "Transfer")
    with transaction():
        _hold(person(order.who, actor=actor, vault=vault)[0])
        made = plan(order, actor=actor, vault=vault)
        _agreed(made, mark)
        transfer = _insert(made, actor)
        if made.way is Way.AT_ONCE:
            complete(transfer, actor=actor)
        else:
            notices.asked(transfer, made.way, actor=actor)
    return transfer


def complete(transfer: Transfer, *, actor: Actor) -> None:
    """Carry out what nobody has to agree to any more, in the running transaction."""
    values = {"completed_on": today(), "agreed_at": transfer.agreed_at or now()}
    move(transfer, Action.COMPLETE, actor=actor, reason=None, values=values)
    carry_out(transfer, actor=actor)
    notices.completed(transfer, actor=actor)


def sides(actor: Actor, from_school: School | None, to_school: School | None) -> frozenset[Side]:
    """Return where the actor stands beside the two schools."""
    return sides_of(
        everything=actor.everything,
        school=actor.school_id,
        subtree=actor.region_path,
        from_school=(from_school.id, from_school.region.path) if from_school else None,
        to_school=(to_school.id, to_school.region.path) if to_school else None,
    )


def _hold(teacher: Teacher) -> None:
    """Hold the record until the end of the transaction, so that of two who ask at the same moment one waits."""
    db.session.execute(select(Teacher.id).where(Teacher.id == teacher.id).with_for_update())


def _target(order: TransferOrder, actor: Actor) -> tuple[list[School], list[Problem]]:
    """Return the schools that the order may mean, and what is wrong with how it names one."""
    if not order.to_school:
        own = actor.school_id if order.kind is K.TRANSFER_IN else None
        school = db.session.get(School, own) if own else None
        return ([school] if school else []), []
    found = schools_named(order.to_school)
    if not found:
        text = N_("No school in operation has this code or this whole name; write it as the school itself does.")
        return [], [problem("school_unknown", text, field="to_school")]
    if len(found) > 1:
        text = N_("%(count)d schools have this name; choose one, or give its code.")
        return found, [problem("school_ambiguous", text, field="to_school", count=len(found))]
    return found, []


def _case(order: TransferOrder, teacher: Teacher, target: School | None, actor: Actor) -> Case:
    return Case(
        kind=order.kind,
        status=teacher.status,
        sides=sides(actor, teacher.school, target),
        from_school=teacher.school_id,
        to_school=target.id if target else None,
        today=today(),
        to_active=target is None or target.status is OrganisationStatus.ACTIVE,
        open_already=bool(open_of([teacher.id])),
        needs_release=_needs_release(),
        starts_on=order.starts_on,
        ends_on=order.ends_on,
        reason=order.reason,
    )


def _needs_release() -> bool:
    """Return parameter P16 as it stands in the current training year."""
    current = db.session.scalar(select(TrainingYear.id).where(TrainingYear.is_current.is_(True)))
    return policy_of(current).transfer_needs_release


def _marked(made: TransferPlan) -> TransferPlan:
    parts = [made.teacher.id, made.teacher.version, made.way.name, made.order.kind.value]
    parts += [school.id for school in (made.from_school, made.to_school) if school]
    parts += [f"{label}:{count}" for label, count in made.effects.following]
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]
    return TransferPlan(
        made.order, made.teacher, made.from_school, made.to_school, made.way, made.effects, made.problems,
        made.schools, digest,
    )  # fmt: skip


def _agreed(made: TransferPlan, mark: str | None) -> None:
    if made.problems:
        raise (Conflict if {p.code for p in made.problems} <= CONFLICTS else Invalid)(made.problems)
    if mark is not None and mark != made.mark:
        text = N_("Something has changed since the numbers were shown; look at the new ones and confirm again.")
        raise Conflict(problem("numbers_changed", text))


def _insert(made: TransferPlan, actor: Actor) -> Transfer:
    released = made.way in (Way.AWAITS_ACCEPTANCE, Way.ON_THE_DAY)
    transfer = Transfer(
        teacher=made.teacher,
        kind=made.order.kind,
        state=TransferState.RELEASED if released else TransferState.REQUESTED,
        from_school=made.from_school,
        to_school=made.to_school,
        starts_on=made.order.starts_on,
        ends_on=made.order.ends_on,
        reason=(made.order.reason or "").strip() or None,
        agreed_at=now() if made.way is Way.ON_THE_DAY else None,
    )
    db.session.add(transfer)
    begun(transfer, BEGUN_BY[made.order.kind], actor=actor, reason=transfer.reason)
    return transfer
