"""Enrolling and withdrawing (ENR-1 to ENR-4, ENR-11, ENR-14 to ENR-16). See docs/seats.md.

A refusal is found by reading alone and writes nothing. An enrollment that is accepted asks the rules again once it is
the teacher's turn, then takes its place in one statement. The same request again answers with the enrollment there is.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.domain.calendar import school_window, window_of
from app.domain.clock import now
from app.domain.errors import Conflict, Invalid, NotPermitted, NotVisible, Problem, problem
from app.domain.states import Action, Party
from app.domain.terms import EnrollmentOrigin, EnrollmentState, RoundKind
from app.domain.text import N_
from app.extensions import db
from app.models import Enrollment, Teacher
from app.security.actor import Actor
from app.security.scope import fetch_visible, visible_clause
from app.services import seats
from app.services.enrollment_facts import Case, again, case_within, live
from app.services.enrollment_notices import tell_proxy
from app.services.enrollment_standing import standings
from app.services.routing import checkpoint_bureau, nearest_bureau
from app.services.transitions import move
from app.services.unit import transaction

DIGITS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that looks like something else
NUMBER_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of it: the enrollment's key, whether it was there before, and what one should know (ENR-14)."""

    enrollment_id: int
    already: bool
    warnings: tuple[Problem, ...] = ()


def enroll(teacher_id: int, class_id: int, *, actor: Actor) -> Enrolled:
    """Enroll a teacher in a class: oneself, or by proxy for a teacher of one's school (ENR-16).

    Raises Invalid with every reason (ENR-14), Conflict when the last seat went to somebody else, NotVisible for a class
    or teacher out of scope, NotPermitted.
    """
    origin = _origin(teacher_id, actor)
    case = case_of(teacher_id, class_id, actor=actor)
    known = _already(case)
    if known is None:
        _raise(case.refusals)  # by reading alone: who is refused waits for nobody and writes nothing
        with transaction():
            seats.lock_teachers([teacher_id])
            case = again(case)
            known = _already(case) or _insert(case, origin, actor)
    return known


def withdraw(enrollment_id: int, *, actor: Actor) -> None:
    """Withdraw an enrollment: one's own, or one the school had entered as proxy (ENR-4). A seat is free at once.

    Raises NotVisible, NotPermitted, or Conflict with every reason: the window is closed, the list frozen, the bureau or
    the institution has decided.
    """
    actor.require("withdraw", "Enrollment")
    with transaction():
        row = fetch_visible(Enrollment, enrollment_id, actor=actor)
        if not may_withdraw(row, actor):
            raise NotPermitted
        seats.lock_classes([row.training_class_id])
        db.session.refresh(row)
        move(row, Action.WITHDRAW, actor=actor, facts=standings([row.id])[row.id].facts)


def may_withdraw(row: Enrollment, actor: Actor) -> bool:
    """Tell whether it is the actor's to withdraw, whatever state it is in."""
    if actor.everything or row.teacher_id == actor.teacher_id:
        return True
    return row.origin is EnrollmentOrigin.PROXY and actor.school_id is not None and row.school_id == actor.school_id


def case_of(teacher_id: int, class_id: int, *, actor: Actor) -> Case:
    """Return what the rules need to judge one enrollment. Raises NotVisible when teacher or class are not there."""
    found = case_within(teacher_id, class_id, actor=actor)
    if found is None:
        raise NotVisible
    return found


def _origin(teacher_id: int, actor: Actor) -> EnrollmentOrigin:
    """Return on whose behalf the actor enrolls this teacher; raise when the actor may not."""
    if actor.teacher_id == teacher_id and actor.may("enroll", "Enrollment"):
        return EnrollmentOrigin.SELF
    actor.require("proxy", "Enrollment")
    mine = select(Teacher.id).where(Teacher.id == teacher_id, visible_clause(Teacher, actor))
    if not actor.everything:
        mine = mine.where(Teacher.school_id == actor.school_id)
    if db.session.scalar(mine) is None:
        raise NotVisible
    return EnrollmentOrigin.PROXY


def _already(case: Case) -> Enrolled | None:
    """Return the live enrollment there is; sent twice, a request does its work once (W12)."""
    if case.offer.class_id not in {one.class_id for one in case.candidate.held}:
        return None
    mine = (Enrollment.teacher_id == case.about.person.id, Enrollment.training_class_id == case.offer.class_id)
    key = db.session.scalar(select(Enrollment.id).where(*mine, live()))
    return Enrolled(key, already=True) if key is not None else None


def _raise(reasons: Sequence[Problem]) -> None:
    if reasons:
        raise Invalid(reasons)


# --- writing


def _insert(case: Case, origin: EnrollmentOrigin, actor: Actor) -> Enrolled:
    _raise(case.refusals)
    second = case.occasion.round_kind is RoundKind.ROUND_TWO
    # Once round two is open nobody comes to wait without a seat where none does: none before, none now.
    if second and case.about.chosen.waiting and not seats.settle(case.offer.class_id):
        raise Conflict(problem("not_drawn_yet", N_("This class has to be drawn first; its seats are not free.")))
    key = seats.insert_enrollment(_columns(case, origin, actor), _line(case, origin, actor))
    if key is None:
        raise Conflict(problem("full", N_("The last seat has just been taken; choose another class.")))
    if origin is EnrollmentOrigin.PROXY:
        tell_proxy(key)
    return Enrolled(key, already=False, warnings=tuple(case.warnings))


def _columns(case: Case, origin: EnrollmentOrigin, actor: Actor) -> dict[str, Any]:
    """Return the columns of the new enrollment; school and bureau are those of today."""
    moment, round_kind = now(), case.occasion.round_kind
    chosen, person = case.about.chosen, case.about.person
    second = round_kind is RoundKind.ROUND_TWO
    return {
        "number": new_number(),
        "teacher_id": person.id,
        "training_class_id": chosen.id,
        "training_year_id": chosen.training_year_id,
        "batch_id": chosen.batch_id,
        "round_kind": round_kind,
        "state": EnrollmentState.AWAITING_SCHOOL,
        "origin": origin,
        "credit_hours": chosen.credit_hours,
        "school_id": person.school_id,
        "bureau_id": nearest_bureau(person.path),
        "checkpoint_bureau_id": checkpoint_bureau(chosen.checkpoint, person.path),
        "enrolled_at": moment,
        "moved_at": moment,
        "review_deadline": _review_deadline(case, moment) if second else None,
        "holds_seat": second,
        "proxy_account_id": actor.account_id if origin is EnrollmentOrigin.PROXY else None,
        **_stamps(moment),
    }


def _review_deadline(case: Case, moment: datetime) -> datetime:
    """Return until when the school has to review in round two: P5, and never past its window."""
    window = window_of(case.about.windows, school_window(RoundKind.ROUND_TWO))
    until = moment + timedelta(hours=case.occasion.policy.school_review_hours_round_two)
    return min(until, window.closes_at) if window is not None and window.closes_at > moment else until


def _line(case: Case, origin: EnrollmentOrigin, actor: Actor) -> dict[str, Any]:
    """Return the first line of the ledger, but for the row."""
    return {
        "entity": Enrollment.__name__,
        "action": Action.ENROLL,
        "from_state": None,
        "to_state": EnrollmentState.AWAITING_SCHOOL.value,
        "party": Party.SCHOOL if origin is EnrollmentOrigin.PROXY else Party.TEACHER,
        "account_id": actor.account_id,
        "organisation": "" if actor.everything else case.about.person.school,
        **_stamps(now()),
    }


def _stamps(moment: datetime) -> dict[str, Any]:
    return {"created_at": moment, "updated_at": moment, "version": 1}


def new_number() -> str:
    """Return the number a draw publishes: chance, nothing about the person (ENR-9)."""
    return "".join(secrets.choice(DIGITS) for _ in range(NUMBER_LENGTH))
