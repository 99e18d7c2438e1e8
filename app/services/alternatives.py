"""Care for those whose enrollment failed: open classes like the lost one, and the right to round two (ENR-13)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, exists, func, select

from app.domain.clock import now
from app.domain.policy import Policy
from app.domain.terms import EnrollmentState, RoundKind, RoundTwoOpenTo, WindowKind
from app.domain.text import N_
from app.extensions import db
from app.models import BatchWindow, Enrollment, TrainingClass
from app.security.actor import Actor
from app.services.catalogue import LOADS, Entry, Reader, entries_of, offered
from app.services.enrollment_facts import gives_right, live, live_count
from app.services.lookalikes import nearest
from app.services.parameters import policy_of
from app.services.waiting import Waiting, waits

FAILED = (EnrollmentState.CLASS_CANCELLED, EnrollmentState.NOT_DRAWN, EnrollmentState.DECLINED)


def look_alikes(lost: Sequence[TrainingClass], reader: Reader, *, most: int = 3) -> dict[int, list[Entry]]:
    """Return class id → the open classes most like it, for each class of `lost`: a few queries for all of them.

    Open means: offered to the reader in this batch, with a seat left, and not chosen already.
    """
    if not lost or reader.actor.teacher_id is None:
        return {}
    chosen = nearest(lost, _open_classes(reader), most)
    wanted = list(dict.fromkeys(one for classes in chosen.values() for one in classes))
    told = {entry.row.id: entry for entry in entries_of(wanted, reader)}
    return {key: [told[one.id] for one in classes] for key, classes in chosen.items()}


def _open_classes(reader: Reader) -> Select[tuple[TrainingClass]]:
    held = exists().where(
        Enrollment.training_class_id == TrainingClass.id, Enrollment.teacher_id == reader.actor.teacher_id, live()
    )
    return offered(reader).where(TrainingClass.seats > live_count(), ~held)


def has_right_to_round_two(reader: Reader) -> bool:
    """Tell whether the teacher may take a seat left over in round two (ENR-11, P4)."""
    if reader.candidate is None:
        return False
    return _open_to_everyone(reader.occasion.policy) or reader.candidate.failed_at_institution


def is_round_two(reader: Reader) -> bool:
    """Tell whether round two is open now."""
    return reader.occasion.round_kind is RoundKind.ROUND_TWO


def failed_classes(reader: Reader) -> Sequence[TrainingClass]:
    """Return the classes of this batch the teacher had enrolled in and lost, the latest first."""
    lost = (
        select(TrainingClass)
        .join(Enrollment, Enrollment.training_class_id == TrainingClass.id)
        .where(Enrollment.teacher_id == reader.actor.teacher_id, Enrollment.state.in_(FAILED))
        .where(Enrollment.batch_id == (reader.batch.id if reader.batch else None))
        .options(*LOADS)
        .order_by(Enrollment.moved_at.desc())
    )
    return list(dict.fromkeys(db.session.scalars(lost)))


@waits("enroll", "Enrollment")
def second_chances(actor: Actor) -> Waiting | None:
    """Classes the teacher has lost while a round two is open to who lost them (ENR-11, P4)."""
    if actor.teacher_id is None:
        return None
    at = now()
    wanted = (
        select(Enrollment.training_year_id, func.count(), func.count().filter(gives_right()), BatchWindow.closes_at)
        .join(BatchWindow, BatchWindow.batch_id == Enrollment.batch_id)
        .where(Enrollment.teacher_id == actor.teacher_id, Enrollment.state.in_(FAILED))
        .where(BatchWindow.kind == WindowKind.ROUND_TWO, BatchWindow.opens_at <= at, BatchWindow.closes_at >= at)
        .group_by(Enrollment.training_year_id, BatchWindow.closes_at)
    )
    found = [
        (lost if _open_to_everyone(policy_of(year)) else with_right, until)
        for year, lost, with_right, until in db.session.execute(wanted)
    ]
    text = N_("Classes lost to you: choose again in round two")
    until = min((until for count, until in found if count), default=None)
    return Waiting(text, "ti-refresh-dot", sum(count for count, _ in found), "CataloguePage.round_two", deadline=until)


def _open_to_everyone(policy: Policy) -> bool:
    return policy.round_two_open_to is RoundTwoOpenTo.EVERYONE
