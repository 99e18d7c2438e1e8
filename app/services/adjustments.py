"""Expanding and cancelling classes, by the bureau or at the institution's request (ENR-7, ENR-12, ENR-13).

Every act leaves a `ClassAdjustment`: what was asked for, by whom, who decided, how many people it touched. Cancelling
ends every live enrollment; hours and seats come free, and the people are shown what else is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.domain.adjustments import (
    ADJUSTABLE,
    Expansion,
    check_cancellation,
    check_cancels_alone,
    check_expansion,
    most_seats,
)
from app.domain.clock import local, now
from app.domain.errors import Conflict, Invalid, Problems, problem
from app.domain.states import Action
from app.domain.terms import (
    AdjustmentKind,
    AdjustmentState,
    AuditAction,
    MessageKind,
    WindowKind,
)
from app.domain.text import N_, Text
from app.extensions import db
from app.models import ClassAdjustment, Enrollment, TrainingClass
from app.security.actor import Actor
from app.security.scope import fetch_manageable
from app.services import audiences, audit, reserve
from app.services.class_facts import Counts, counts_of, locked_class, standing_of
from app.services.enrollment_facts import live
from app.services.lookalikes import titles_like
from app.services.notifications import notify
from app.services.parameters import policy_of
from app.services.transitions import begun, move, move_many
from app.services.unit import transaction

LONGEST_REASON = 500
PAGE = "AdjustmentPage.show"
TOLD = 3  # look-alikes named in a message


@dataclass(frozen=True)
class Adjusted:
    """What became of it: the adjustment, whom it touched, and who moved up from the reserve."""

    adjustment: ClassAdjustment
    people: int = 0
    promoted: int = 0


# --- expanding


def expand(class_id: int, seats: int, *, actor: Actor, reason: str = "") -> Adjusted:
    """Give a class more seats: at most the limit (P6), the province with a reason past it.

    A class that was drawn fills the new seats from its reserve. Raises Invalid or Conflict with every reason.
    """
    actor.require("expand", "TrainingClass")
    with transaction():
        row = locked_class(class_id, actor=actor)
        _check_expansion(row, seats, actor.may("override", "ClassAdjustment"), reason)
        return _expand(row, seats, _begun(row, AdjustmentKind.EXPAND, actor, reason, seats=seats), actor)


def limit_of(row: TrainingClass) -> int:
    """Return how many seats the class may have after all expansions together (P6)."""
    return most_seats(row.planned_seats, policy_of(row.training_year_id))


def _check_expansion(row: TrainingClass, seats: int, override: bool, reason: str) -> None:
    problems = Problems()
    if row.state not in ADJUSTABLE:
        text = N_("Only a class that is open for enrollment is expanded; this one is now “%(state)s”.")
        problems.add("not_adjustable", text, state=row.state)
    closes = standing_of(row.batch_id).ahead(WindowKind.ROUND_ONE)
    if closes is not None:
        text = N_("Round one enrollment ends on %(moment)s; expand the class after that.")
        problems.add("round_one_open", text, moment=local(closes).strftime("%Y-%m-%d %H:%M"))
    problems.raise_if_any(Conflict)
    asked = Expansion(row.planned_seats, row.seats, seats, row.taken, override, reason)
    check_expansion(asked, policy_of(row.training_year_id))


def _expand(row: TrainingClass, seats: int, made: ClassAdjustment, actor: Actor) -> Adjusted:
    before = audit.snapshot(row)
    row.seats = seats
    made.overridden = seats > limit_of(row)
    db.session.flush()
    audit.record(AuditAction.UPDATE, row, actor=actor, before=before, after=audit.snapshot(row), reason=made.reason)
    moved_up = reserve.fill(row.id, actor=Actor.platform()).promoted
    text = Text(N_("%(title)s was expanded from %(old)d to %(new)d seats."),
                {"title": str(row), "old": made.old_seats, "new": seats})  # fmt: skip
    staff = audiences.institution_staff([row.institution_id], may=("read", "TrainingClass"))
    notify(staff, MessageKind.SYSTEM, text, endpoint=PAGE, pk=row.id)
    return Adjusted(made, len(moved_up), len(moved_up))


# --- cancelling


def cancel(class_id: int, *, actor: Actor, reason: str, confirmed: int | None = None) -> Adjusted:
    """Cancel a class; every live enrollment ends with it (ENR-13).

    The institution does it alone up to the limit (P1). `confirmed` is the number of people that was shown: needed once
    somebody is admitted, and refused when it is no longer right.
    """
    actor.require("cancel", "TrainingClass")
    with transaction():
        row = locked_class(class_id, actor=actor)
        counts = counts_of([row.id])[row.id]
        need_reason(reason)
        if not _acts_for_bureau(actor):
            _check_alone(row, counts)
        check_cancellation(row.state, admitted=counts.admitted, live=counts.live, confirmed=confirmed)
        return _cancel(row, counts, _begun(row, AdjustmentKind.CANCEL, actor, reason), actor)


def _acts_for_bureau(actor: Actor) -> bool:
    return actor.bureau_id is not None or actor.everything


def _check_alone(row: TrainingClass, counts: Counts) -> None:
    standing = standing_of(row.batch_id)
    closes = standing.ahead(WindowKind.ROUND_ONE)
    if closes is not None:
        text = N_("Round one enrollment ends on %(moment)s. Until then file a request, the bureau decides.")
        moment = local(closes).strftime("%Y-%m-%d %H:%M")
        raise Conflict(problem("round_one_open", text, moment=moment))
    check_cancels_alone(counts.live, standing.round_kind, policy_of(row.training_year_id))


def need_reason(reason: str) -> None:
    """Raise Invalid without a reason."""
    if not reason.strip():
        text = N_("Give the reason; the people concerned will read it.")
        raise Invalid(problem("reason_missing", text, field="reason"))


def _cancel(row: TrainingClass, counts: Counts, made: ClassAdjustment, actor: Actor) -> Adjusted:
    reason = made.reason or ""
    touched = list(db.session.scalars(select(Enrollment.id).where(_live_in(row))))
    move(row, Action.CANCEL_CLASS, actor=actor, reason=reason, values={"cancelled_reason": reason})
    move_many(Enrollment, _live_in(row), Action.CANCEL_CLASS, actor=actor, reason=reason)
    _drop_requests(row, made, reason)
    audit.record(AuditAction.MOVE, row, actor=actor, after={"state": row.state.value, "people": counts.live},
                 reason=reason)  # fmt: skip
    _tell_cancelled(row, touched, reason)
    return Adjusted(made, counts.live)


def _drop_requests(row: TrainingClass, made: ClassAdjustment, reason: str) -> None:
    """Refuse whatever else was asked about a class that is no more."""
    others = (ClassAdjustment.training_class_id == row.id) & (ClassAdjustment.id != made.id)
    move_many(ClassAdjustment, others, Action.REJECT, actor=Actor.platform(), reason=reason)


def _live_in(row: TrainingClass) -> Any:
    return (Enrollment.training_class_id == row.id) & live()


def _tell_cancelled(row: TrainingClass, touched: Sequence[int], reason: str) -> None:
    """Tell teachers what else is open, their schools and the institution that the class is gone."""
    gone = Enrollment.id.in_(touched)
    others = titles_like(row, TOLD)
    values = {"title": str(row), "reason": reason, "others": "、".join(others)}
    text = N_("%(title)s was cancelled: %(reason)s. Your hours are free again. Also open: %(others)s.") if others else (
        N_("%(title)s was cancelled: %(reason)s. Your hours are free again.")
    )  # fmt: skip
    people = audiences.teachers(select(Enrollment.teacher_id).where(gone))
    notify(people, MessageKind.SYSTEM, Text(text, values), endpoint="LookalikePage.show", pk=row.id)
    schools = audiences.school_staff(
        select(Enrollment.school_id).where(gone, Enrollment.school_id.is_not(None)), may=("review", "Enrollment")
    )
    place = audiences.institution_staff([row.institution_id], may=("read", "TrainingClass"))
    plain = Text(N_("%(title)s was cancelled: %(reason)s."), values)
    notify(schools, MessageKind.SYSTEM, plain)
    notify(place, MessageKind.SYSTEM, plain, endpoint=PAGE, pk=row.id)


# --- requests


def request_expansion(class_id: int, seats: int, *, actor: Actor, reason: str) -> ClassAdjustment:
    """Ask the bureau for more seats. Raises Invalid or Conflict for what the bureau could not grant either."""
    actor.require("request", "ClassAdjustment")
    with transaction():
        row = locked_class(class_id, actor=actor)
        need_reason(reason)
        _none_open(row, AdjustmentKind.EXPAND)
        _check_expansion(row, seats, override=True, reason=reason)
        return _filed(row, AdjustmentKind.EXPAND, actor, reason, seats)


def request_cancellation(class_id: int, *, actor: Actor, reason: str) -> ClassAdjustment:
    """Ask the bureau to cancel a class that has more people than the institution may cancel alone (P1)."""
    actor.require("request", "ClassAdjustment")
    with transaction():
        row = locked_class(class_id, actor=actor)
        need_reason(reason)
        _none_open(row, AdjustmentKind.CANCEL)
        counts = counts_of([row.id])[row.id]
        check_cancellation(row.state, admitted=0, live=counts.live, confirmed=None)
        return _filed(row, AdjustmentKind.CANCEL, actor, reason, None)


def _none_open(row: TrainingClass, kind: AdjustmentKind) -> None:
    here = (ClassAdjustment.training_class_id == row.id, ClassAdjustment.kind == kind)
    waiting = select(ClassAdjustment.id).where(*here, ClassAdjustment.state == AdjustmentState.REQUESTED)
    if db.session.scalar(waiting.limit(1)) is not None:
        text = N_("A request of this kind waits for the bureau already.")
        raise Conflict(problem("requested_already", text))


def _filed(row: TrainingClass, kind: AdjustmentKind, actor: Actor, reason: str, seats: int | None) -> ClassAdjustment:
    made = _begun(row, kind, actor, reason, seats=seats, state=AdjustmentState.REQUESTED)
    text = Text(N_("%(place)s asks about %(title)s: %(kind)s. Please decide."),
                {"place": str(row.institution), "title": str(row), "kind": kind})  # fmt: skip
    bureau = [key for key in (row.programme.review_bureau_id,) if key is not None]
    staff = audiences.bureau_staff(bureau, may=("decide", "ClassAdjustment"))
    notify(staff, MessageKind.TASK, text, endpoint=PAGE, pk=row.id)
    return made


def decide(
    adjustment_id: int, *, approve: bool, actor: Actor, reason: str = "", confirmed: int | None = None
) -> Adjusted:
    """Grant or refuse a request; granting does at once what was asked for, under the rules of the bureau's own act.

    Refusing needs a reason. Raises Conflict when it was decided meanwhile.
    """
    actor.require("decide", "ClassAdjustment")
    with transaction():
        made = fetch_manageable(ClassAdjustment, adjustment_id, actor=actor)
        row = locked_class(made.training_class_id, actor=actor)
        db.session.refresh(made)
        values = {"decided_by_id": actor.account_id, "decided_at": now(), "decision_reason": reason.strip() or None}
        action = Action.APPROVE if approve else Action.REJECT
        move(made, action, actor=actor, reason=reason, values=values)
        done = _carry_out(made, row, actor, reason, confirmed) if approve else Adjusted(made)
        _tell_decided(made, row)
    return done


def _carry_out(made: ClassAdjustment, row: TrainingClass, actor: Actor, reason: str, confirmed: int | None) -> Adjusted:
    if made.kind is AdjustmentKind.EXPAND:
        actor.require("expand", "TrainingClass")
        seats = made.new_seats or 0
        _check_expansion(row, seats, actor.may("override", "ClassAdjustment"), reason)
        return _expand(row, seats, made, actor)
    actor.require("cancel", "TrainingClass")
    counts = counts_of([row.id])[row.id]
    check_cancellation(row.state, admitted=counts.admitted, live=counts.live, confirmed=confirmed)
    return _cancel(row, counts, made, actor)


def _tell_decided(made: ClassAdjustment, row: TrainingClass) -> None:
    text = Text(N_("Your request about %(title)s (%(kind)s): %(state)s. %(reason)s"),
                {"title": str(row), "kind": made.kind, "state": made.state,
                 "reason": made.decision_reason or ""})  # fmt: skip
    staff = audiences.institution_staff([row.institution_id], may=("request", "ClassAdjustment"))
    notify(staff, MessageKind.SYSTEM, text, endpoint=PAGE, pk=row.id)


def _begun(
    row: TrainingClass, kind: AdjustmentKind, actor: Actor, reason: str, *, seats: int | None = None,
    state: AdjustmentState = AdjustmentState.APPROVED,
) -> ClassAdjustment:  # fmt: skip
    """Write the adjustment and the first line of its ledger; the bureau's own act begins as approved."""
    at_once = state is AdjustmentState.APPROVED
    made = ClassAdjustment(
        training_class_id=row.id, kind=kind, state=state, old_seats=row.seats, new_seats=seats,
        live_count=counts_of([row.id])[row.id].live, reason=reason.strip()[:LONGEST_REASON] or None,
        requested_by_id=actor.account_id, decided_by_id=actor.account_id if at_once else None,
        decided_at=now() if at_once else None,
    )  # fmt: skip
    db.session.add(made)
    begun(made, Action.APPROVE if at_once else Action.FILE, actor=actor, reason=reason)
    return made
