"""Chapter ten: what has been adjusted in the batch whose round one is over, by the platform's verbs (ENR-7).

A class expanded, one cancelled, requests of both kinds that wait for the bureau, and teachers who were reassigned.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, time, timedelta

from sqlalchemy import select

from app.domain.clock import SHANGHAI, frozen
from app.domain.terms import ClassState, EnrollmentState
from app.extensions import db
from app.models import Account, Enrollment, Institution, Screening, TrainingClass
from app.security.actor import Actor
from app.security.people import actor_of
from app.services import adjustments
from app.services.adjustments import limit_of
from app.services.class_facts import counts_of
from app.services.demo.cast import DEMO_INSTITUTION
from app.services.demo.enrolling import DIGITS, NUMBER_LENGTH
from app.services.demo.making import Making
from app.services.demo.terms import Standing, terms
from app.services.reassignment import reassign, targets_for

EVENING = time(17)  # of the day before the day of loading: after the draws of enrolling.py
MOVED = 2  # teachers who are reassigned
BUREAU, HOUSE = "hangzhou", "institution"
REASONS = {
    "expanded": "报名踊跃，场地与师资允许，同意扩班。",
    "more": "报名人数远超计划，另一间报告厅可用，申请扩班。",
    "cancelled": "报名人数过少，无法分组研讨，取消办班。",
    "fewer": "授课专家临时有省级任务，本期无法开班，申请取消。",
    "moved": "本人参加省里的赛课，时间冲突，调整到同批次其他班。",
}


def load(making: Making) -> None:
    """Expand, cancel, ask, move."""
    _Adjusting(making).play()


class _Adjusting:
    """The own institution's classes of that batch, and what is done about them, each class once."""

    def __init__(self, making: Making) -> None:
        self.making, self.dice = making, making.dice("adjusting")
        batch = next(term.batch_id for term in terms(making) if term.standing is Standing.ADJUSTING)
        wanted = select(TrainingClass).join(Institution).where(
            Institution.code == DEMO_INSTITUTION, TrainingClass.batch_id == batch,
            TrainingClass.state == ClassState.OFFERED, TrainingClass.id.not_in(select(Screening.training_class_id)),
        )  # fmt: skip
        rows = db.session.scalars(wanted.order_by(TrainingClass.id)).all()
        self.counts = counts_of([row.id for row in rows])
        open_ones = [row for row in rows if self.counts[row.id].live and not self.counts[row.id].admitted]
        self.by_demand = deque(sorted(open_ones, key=lambda row: self.counts[row.id].live / row.seats))
        self.confirmed = [row for row in rows if self.counts[row.id].admitted]

    def play(self) -> None:
        """Let it happen on the evening before the day of loading."""
        with frozen(datetime.combine(self.making.day - timedelta(days=1), EVENING, SHANGHAI)):
            for row in self.confirmed:
                self._move(row)
            bureau, house = _acting(BUREAU), _acting(HOUSE)
            for row in self._most_wanted():
                adjustments.expand(row.id, limit_of(row), actor=bureau, reason=REASONS["expanded"])
            for row in self._least_wanted():
                adjustments.cancel(row.id, actor=bureau, reason=REASONS["cancelled"])
            for row in self._most_wanted():
                adjustments.request_expansion(row.id, limit_of(row), actor=house, reason=REASONS["more"])
            for row in self._least_wanted() or self.confirmed[:1]:
                adjustments.request_cancellation(row.id, actor=house, reason=REASONS["fewer"])

    def _most_wanted(self) -> list[TrainingClass]:
        """Take the class most people want for each of its seats; none when all have been dealt with."""
        return [self.by_demand.pop()] if self.by_demand else []

    def _least_wanted(self) -> list[TrainingClass]:
        """Take the class fewest people want."""
        return [self.by_demand.popleft()] if self.by_demand else []

    def _move(self, row: TrainingClass) -> None:
        """Move some of the admitted into the first class of the batch that takes them."""
        bureau = _acting(BUREAU)
        admitted = select(Enrollment.id).where(
            Enrollment.training_class_id == row.id, Enrollment.state == EnrollmentState.ADMITTED
        )  # fmt: skip
        keys = list(db.session.scalars(admitted.order_by(Enrollment.id)))
        for target, free in targets_for(row, actor=bureau):
            moved = reassign(keys[: min(MOVED, free)], target.id, actor=bureau, reason=REASONS["moved"])
            for made in db.session.scalars(select(Enrollment).where(Enrollment.id.in_(moved.done))):
                made.number = "".join(self.dice.choices(DIGITS, k=NUMBER_LENGTH))
            if moved.done:
                return


def _acting(username: str) -> Actor:
    return actor_of(db.session.scalars(select(Account).where(Account.username == username)).one())
