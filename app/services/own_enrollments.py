"""A teacher's own enrollments, each with its steps and every move with date, organisation and reason (ENR-19)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import joinedload

from app.domain.clock import today
from app.domain.enrollment_steps import Line, Step, steps_of
from app.domain.terms import Checkpoint
from app.extensions import db
from app.models import Enrollment, Programme, Screening, TrainingClass, Transition
from app.security.actor import Actor
from app.security.scope import fetch_visible
from app.services.alternatives import FAILED, look_alikes
from app.services.catalogue import Entry, Reader, reader_of, withdrawable
from app.services.enrollment import may_withdraw
from app.services.enrollment_facts import LIVE, live
from app.services.transitions import history_of

SIZE = 20  # enrollments on a page


@dataclass(frozen=True)
class Told:
    """One enrollment, its steps and its ledger, the newest line first.

    `alternatives` stand there when it failed (ENR-13); `screened`: the class has a list or a draw anybody may check.
    """

    row: Enrollment
    steps: list[Step]
    ledger: list[Transition]
    alternatives: list[Entry] = field(default_factory=list)
    withdrawable: bool = False
    screened: bool = False

    @property
    def is_live(self) -> bool:
        """Whether it still waits or is admitted."""
        return self.row.state in LIVE

    @property
    def is_over(self) -> bool:
        """Whether the class it was for has ended."""
        return self.row.training_class.ends_on < today()


@dataclass(frozen=True)
class Own:
    """One page of a teacher's enrollments: live ones of classes to come, the others of these, then what is over."""

    reader: Reader
    told: list[Told]
    count: int
    live_count: int


CLASS_LOADS = joinedload(Enrollment.training_class).options(
    joinedload(TrainingClass.institution), joinedload(TrainingClass.programme).selectinload(Programme.subjects)
)
LOADS = (CLASS_LOADS, joinedload(Enrollment.checkpoint_bureau), joinedload(Enrollment.school))


def own_enrollments(*, actor: Actor, page: int = 1, size: int = SIZE) -> Own:
    """Return a page of the actor's own enrollments. Raises NotPermitted for who does not enroll."""
    actor.require("enroll", "Enrollment")
    mine = Enrollment.teacher_id == actor.teacher_id
    counts = select(func.count(), func.count().filter(live())).select_from(Enrollment).where(mine)
    count, live_count = db.session.execute(counts).one()
    order = case((TrainingClass.ends_on < today(), 2), (live(), 0), else_=1)
    wanted = select(Enrollment).join(Enrollment.training_class).where(mine).options(*LOADS)
    wanted = wanted.order_by(order, Enrollment.id.desc())
    last = max(1, -(-count // size))
    rows = db.session.scalars(wanted.limit(size).offset((min(page, last) - 1) * size)).all()
    reader = reader_of(actor)
    return Own(reader, told_of(rows, actor, reader), count, live_count)


def enrollment_told(key: Any, *, actor: Actor) -> Told:
    """Return one enrollment the actor sees, whoever enrolled. Raises NotVisible."""
    actor.require("read", "Enrollment")
    row = fetch_visible(Enrollment, key, actor=actor, options=(*LOADS, joinedload(Enrollment.teacher)))
    reader = reader_of(actor, row.batch_id) if row.teacher_id == actor.teacher_id else None
    screened = db.session.scalar(select(exists().where(Screening.training_class_id == row.training_class_id)))
    return replace(told_of([row], actor, reader)[0], screened=bool(screened))


def told_of(rows: Sequence[Enrollment], actor: Actor, reader: Reader | None = None) -> list[Told]:
    """Return the enrollments with steps and ledger; for the teacher reading their own also what could stand in."""
    ledgers = history_of(Enrollment, [row.id for row in rows])
    lost = [row.training_class for row in rows if row.state in FAILED and reader and _in_batch(row, reader)]
    others = look_alikes(lost, reader) if reader else {}
    open_ones = withdrawable([row for row in rows if may_withdraw(row, actor)], actor)
    return [
        Told(
            row,
            steps_of(row.state, checkpoint=_has_checkpoint(row), lines=_lines(ledgers.get(row.id, []))),
            ledgers.get(row.id, [])[::-1],
            others.get(row.training_class_id, []) if row.state in FAILED else [],
            row.id in open_ones,
        )
        for row in rows
    ]


def _in_batch(row: Enrollment, reader: Reader) -> bool:
    return reader.batch is not None and row.batch_id == reader.batch.id


def _has_checkpoint(row: Enrollment) -> bool:
    return row.checkpoint_bureau_id is not None or row.training_class.checkpoint is not Checkpoint.NONE


def _lines(ledger: Sequence[Transition]) -> list[Line]:
    return [Line(entry.from_state, entry.to_state, entry.created_at) for entry in ledger]
