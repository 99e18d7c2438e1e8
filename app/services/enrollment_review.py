"""Deciding about enrollments, one or many at a time: school, bureau at the checkpoint, institution (ENR-5, 6, 10).

Every verb takes the keys of any number of rows. A row out of scope is NotVisible and one that is not the actor's to
decide NotPermitted, for the whole act; a row whose state or deadline forbids it is refused by itself with its reasons,
and the others are done. All of it is one transaction, with its ledger and its messages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import false, or_, select, true

from app.domain.clock import now
from app.domain.errors import DomainError, Invalid, NotPermitted, NotVisible, Problem, problem
from app.domain.states import Action, Fact, Kind, Party, machine, next_state
from app.domain.terms import EnrollmentState, RoundKind
from app.domain.text import N_
from app.extensions import db
from app.models import Enrollment, TrainingClass
from app.security.actor import Actor
from app.security.rules.programmes import bureaus_of
from app.security.scope import visible_clause
from app.services import seats
from app.services.enrollment_facts import cases
from app.services.enrollment_standing import Standing, standings
from app.services.outcomes import BulkOutcome
from app.services.transitions import move_many
from app.services.unit import transaction

VERBS = {
    **dict.fromkeys((Action.APPROVE, Action.REJECT, Action.UNDO), "review"),
    **dict.fromkeys((Action.CONFIRM, Action.DECLINE), "confirm"),
}
NOT_DRAWN = ("not_drawn_yet", N_("This class has more candidates than seats; freeze the list and draw first."))


def approve(ids: Sequence[int], *, actor: Actor) -> BulkOutcome:
    """Approve for the school, or for the bureau where the class has a checkpoint; each goes on by itself."""
    return _decide(ids, Action.APPROVE, actor)


def reject(ids: Sequence[int], reason: str, *, actor: Actor) -> BulkOutcome:
    """Reject for the school or the bureau; the teacher reads the reason. Raises Invalid without one."""
    return _decide(ids, Action.REJECT, actor, reason)


def undo(ids: Sequence[int], *, actor: Actor) -> BulkOutcome:
    """Take back the school's own review, until the next reviewer acted or the list is frozen (ENR-5, P22)."""
    return _decide(ids, Action.UNDO, actor)


def confirm(ids: Sequence[int], *, actor: Actor) -> BulkOutcome:
    """Admit for the institution. Who holds no seat yet gets one, if the class is not over-full."""
    return _decide(ids, Action.CONFIRM, actor)


def decline(ids: Sequence[int], reason: str, *, actor: Actor) -> BulkOutcome:
    """Decline for the institution; the teacher reads the reason. Raises Invalid without one."""
    return _decide(ids, Action.DECLINE, actor, reason)


@dataclass
class _Act:
    """One act on many rows, while it is made."""

    action: Action
    actor: Actor
    reason: str | None
    open: dict[int, Standing]
    moment: datetime = field(default_factory=now)
    refused: dict[int, tuple[Problem, ...]] = field(default_factory=dict)
    values: defaultdict[int, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    done: list[int] = field(default_factory=list)

    def refuse(self, key: int, *why: Problem) -> None:
        """Leave a row out."""
        del self.open[key]
        self.refused[key] = why

    def judge(self, rule: Callable[[Standing, _Act], Iterable[Problem]]) -> None:
        """Leave out every row that `rule` has something against."""
        for key, standing in list(self.open.items()):
            why = tuple(rule(standing, self))
            if why:
                self.refuse(key, *why)


def _decide(ids: Sequence[int], action: Action, actor: Actor, reason: str | None = None) -> BulkOutcome:
    actor.require(VERBS[action], "Enrollment")
    _require_reason(action, reason)
    with transaction():
        act = _Act(action, actor, reason, _held(ids, action, actor))
        for rule in (_table, _school_deadline, _before_the_draw):
            act.judge(rule)
        _SPECIAL.get(action, _move)(act)
    return BulkOutcome(tuple(sorted(act.done)), act.refused)


def _require_reason(action: Action, reason: str | None) -> None:
    moves = (m for m in machine(Kind.ENROLLMENT).moves if m.action is action)
    if any(m.needs_reason for m in moves) and not (reason or "").strip():
        raise Invalid(
            problem("reason_missing", N_("Give the reason; the people concerned will read it."), field="reason")
        )


# --- the rows


def _held(ids: Sequence[int], action: Action, actor: Actor) -> dict[int, Standing]:
    """Hold teachers, classes and rows, in this order, and return where the rows stand.

    Raises NotVisible when one is out of scope, NotPermitted when one is not the actor's to decide.
    """
    wanted = set(ids)
    mine = or_(false(), *_concern(action, actor)).label("mine")
    seen = db.session.execute(
        select(Enrollment.id, Enrollment.teacher_id, Enrollment.training_class_id, mine)
        .join(TrainingClass, TrainingClass.id == Enrollment.training_class_id)
        .where(Enrollment.id.in_(wanted), visible_clause(Enrollment, actor))
    ).all()
    if len(seen) != len(wanted):
        raise NotVisible
    if not all(row.mine for row in seen):
        raise NotPermitted
    if action is Action.UNDO:
        seats.lock_teachers(row.teacher_id for row in seen)
    seats.lock_classes(row.training_class_id for row in seen)
    return standings(wanted, locked=True)


def _concern(action: Action, actor: Actor) -> list[Any]:
    """Return whose rows the actor decides about by this action: those of the school, the checkpoint, the classes."""
    if actor.everything:
        return [true()]
    parties = {party for m in machine(Kind.ENROLLMENT).moves if m.action is action for party in m.by}
    found: list[Any] = []
    if Party.SCHOOL in parties and actor.school_id is not None:
        found.append(Enrollment.school_id == actor.school_id)
    if Party.BUREAU in parties and actor.bureau_id is not None:
        found.append(Enrollment.checkpoint_bureau_id.in_(bureaus_of(actor)))
    if Party.INSTITUTION in parties and actor.institution_id is not None:
        found.append(TrainingClass.institution_id == actor.institution_id)
    return found


# --- the rules


def _table(standing: Standing, act: _Act) -> Iterable[Problem]:
    """Ask the state table, as it stands for the actor's own party."""
    parties = [party for party in act.actor.parties if party is not Party.TEACHER]
    try:
        next_state(
            Kind.ENROLLMENT, standing.row.state, act.action, facts=standing.facts, reason=act.reason or "—",
            by=None if act.actor.everything else next(iter(parties), None),
        )  # fmt: skip
    except DomainError as refusal:
        return refusal.problems
    return ()


def _school_deadline(standing: Standing, act: _Act) -> Iterable[Problem]:
    """After its deadline the school decides nothing any more; what it left waiting ends by itself."""
    waits = standing.row.state is EnrollmentState.AWAITING_SCHOOL
    if waits and standing.late and standing.deadline is not None:
        text = N_(
            "The school's deadline was %(moment)s; what waited then is over. Round two may be open to the teacher."
        )
        yield problem("school_deadline_passed", text, moment=standing.deadline)


def _before_the_draw(standing: Standing, act: _Act) -> Iterable[Problem]:
    """The institution decides when the round is over, and between freeze and draw about nobody."""
    row = standing.row
    if act.action not in (Action.CONFIRM, Action.DECLINE):
        return
    if row.undrawn:
        yield problem("not_drawn_yet", N_("The candidate list of this class is frozen; draw first."))
    if act.action is Action.CONFIRM and row.round_kind is RoundKind.ROUND_ONE and not standing.round_over:
        text = N_("Others may still enroll and be approved in round one; admit after the school deadline.")
        yield problem("round_not_over", text)


# --- each action's own


def _approve(act: _Act) -> None:
    """Once seats are given away, whoever goes on to the institution needs one: a late approval may find it full.

    Where a draw has to come first, nobody passes it by: a late approval makes one candidate more.
    """
    for key, standing in act.open.items():
        if standing.row.state is EnrollmentState.AWAITING_BUREAU:
            act.values[key]["bureau_approved_at"] = act.moment
    late = {key: s.row.training_class_id for key, s in act.open.items() if _needs_seat_now(s)}
    over_full = _over_full(late.values())
    _seat(act, [key for key, class_id in late.items() if class_id not in over_full])
    _move(act)


def _needs_seat_now(standing: Standing) -> bool:
    row = standing.row
    to_bureau = row.state is EnrollmentState.AWAITING_SCHOOL and Fact.CHECKPOINT in standing.facts
    return not row.holds_seat and not to_bureau and (standing.round_two or row.taken > 0)


def _over_full(class_ids: Iterable[int]) -> set[int]:
    """Let those who wait without a seat have theirs; return the classes with too few, which have to be drawn first."""
    return {class_id for class_id in sorted(set(class_ids)) if not seats.settle(class_id)}


def _seat(act: _Act, keys: Sequence[int]) -> None:
    """Give seats to these rows as far as they go, in the order of enrolling; refuse the rest. Classes are held."""
    wanting: defaultdict[int, list[int]] = defaultdict(list)
    for key in sorted(keys):
        wanting[act.open[key].row.training_class_id].append(key)
    for class_id, waiting in sorted(wanting.items()):
        total, left = act.open[waiting[0]].row.seats, seats.left(class_id)
        for key in waiting[left:]:
            act.refuse(key, problem("full", N_("All %(seats)d seats are taken."), seats=total))
        taken = waiting[:left]
        if taken and seats.take(class_id, len(taken)):
            for key in taken:
                act.values[key]["holds_seat"] = True


def _undo(act: _Act) -> None:
    """Let the rows wait for the school again; a rejection that is undone has to fit beside what was done since.

    Of one teacher's rejections one after the other is judged, so that together they keep the caps.
    """
    for key, standing in act.open.items():
        act.values[key] |= {"review_deadline": _deadline_again(standing, act.moment), "reminded_at": None}
    rest, act.open = act.open, {}
    while rest:
        revived: set[int] = set()
        for key, standing in list(rest.items()):
            rejected = standing.row.state is EnrollmentState.SCHOOL_REJECTED
            if rejected and standing.row.teacher_id in revived:
                continue
            revived |= {standing.row.teacher_id} if rejected else set()
            act.open[key] = rest.pop(key)
        _revive(act)
        _move(act)


def _deadline_again(standing: Standing, moment: datetime) -> datetime | None:
    """Return the deadline of what is undone: in round one the round's, later as long as any review of round two."""
    first = standing.row.round_kind is RoundKind.ROUND_ONE
    if first and not standing.late and standing.row.review_deadline is None:
        return None
    return moment + timedelta(hours=standing.policy.school_review_hours_round_two)


def _revive(act: _Act) -> None:
    revived = {k: s for k, s in act.open.items() if s.row.state is EnrollmentState.SCHOOL_REJECTED}
    by_batch: defaultdict[int | None, list[int]] = defaultdict(list)
    for key, standing in revived.items():
        by_batch[standing.row.batch_id].append(key)
    for batch_id, keys in by_batch.items():
        rows = [revived[key].row for key in keys]
        found = cases({row.teacher_id for row in rows}, {row.training_class_id for row in rows}, batch_id)
        for key, row in zip(keys, rows, strict=True):
            case = found.get((row.teacher_id, row.training_class_id))
            why = case.refusals_to_return if case else NotVisible().problems
            if why:
                act.refuse(key, *why)
    second = [k for k in revived if k in act.open and revived[k].row.round_kind is RoundKind.ROUND_TWO]
    _seat(act, second)


def _confirm(act: _Act) -> None:
    """Classes that were not over-full give their seats now, to all who wait; those that were have to be drawn."""
    over_full = _over_full(s.row.training_class_id for s in act.open.values() if not s.row.holds_seat)
    for key, standing in list(act.open.items()):
        if not standing.row.holds_seat and standing.row.training_class_id in over_full:
            act.refuse(key, problem(*NOT_DRAWN))
    _move(act)


def _move(act: _Act) -> None:
    """Move what is left, in as few statements as states, facts and values allow."""
    groups: defaultdict[Any, list[int]] = defaultdict(list)
    for key, standing in act.open.items():
        groups[standing.row.state, standing.facts, tuple(sorted(act.values[key].items()))].append(key)
    for (_state, facts, values), keys in groups.items():
        here = Enrollment.id.in_(keys)
        move_many(Enrollment, here, act.action, actor=act.actor, reason=act.reason, facts=facts, values=dict(values))
        act.done += keys
    act.open = {}


_SPECIAL: Mapping[Action, Callable[[_Act], None]] = {
    Action.APPROVE: _approve,
    Action.UNDO: _undo,
    Action.CONFIRM: _confirm,
}
