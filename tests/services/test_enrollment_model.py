"""Random actors, clocks and orders on the whole machine of enrollment, compared with a plain model (R6)."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from app.domain.clock import FrozenClock, frozen
from app.domain.errors import DomainError
from app.domain.states import Action, Kind, machine
from app.domain.terms import Checkpoint, ClassState, EnrollmentState
from app.extensions import db
from app.models import Enrollment, TrainingClass, Transition
from app.security.actor import Actor
from app.services import deadlines, enrollment
from app.services import enrollment_review as review
from app.services.transitions import move, move_many
from tests.support.enrolling import acting, add_class, add_teachers
from tests.support.transactions import rolled_back
from tests.support.year_model import CAP, ROUNDS, SCHOOL_ENDS, SECOND, Class, Model, Row
from tests.world import build

# `LONG_RUN=1` walks more than 10,000 steps on each database.
EXAMPLES, STEPS = (300, 50) if os.environ.get("LONG_RUN") else (5, 30)
TEACHERS, CLASSES = 5, ((1, 45, False), (2, 30, True), (3, 24, False), (40, 45, True))
MOMENTS = sorted(
    {
        edge + late
        for opens, closes in ROUNDS.values()
        for edge, late in ((opens, -SECOND), (opens, 0 * SECOND), (closes, 0 * SECOND), (closes, SECOND))
    }
    | {ends + late for ends in SCHOOL_ENDS.values() for late in (0 * SECOND, SECOND)}
)
MOVES = {(m.source.value, m.action, m.target.value) for m in machine(Kind.ENROLLMENT).moves}
one = st.integers(0, TEACHERS - 1)
some = st.sets(st.integers(0, 30), min_size=1, max_size=6)


class Year(RuleBasedStateMachine):
    """The platform and the model, side by side."""

    app: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[Callable[..., Any]] = []
        time = frozen(ROUNDS[1][0])
        self.clock: FrozenClock = time.__enter__()
        self.ends.append(time.__exit__)
        room = rolled_back(self.app)
        room.__enter__()
        self.ends.append(room.__exit__)

    def teardown(self) -> None:
        for end in reversed(self.ends):
            end(None, None, None)

    @initialize()
    def people(self) -> None:
        world = build()
        for row in world.enrollment.values():  # the cast's own are out of the way
            row.state = EnrollmentState.WITHDRAWN
        db.session.commit()
        self.model, self.stored = Model(), dict[int, Row]()
        self.classes: list[tuple[int, Class]] = []
        for number, (seats, hours, checked) in enumerate(CLASSES):
            checkpoint = Checkpoint.CITY if checked else Checkpoint.NONE
            made = add_class(world, number, seats=seats, credit_hours=hours, checkpoint=checkpoint)
            self.classes.append((made.id, Class(seats, hours, checked)))
        teachers = add_teachers(world, TEACHERS)
        self.teachers = [(teacher.id, acting(world, teacher)) for teacher in teachers]
        self.school, self.bureau = world.actor("school_admin"), world.actor("city_admin")
        self.institution = world.actor("institution_admin")
        self.reviewers = {"school": self.school, "bureau": self.bureau}

    # --- time

    @rule(step=st.integers(1, 3))
    def later(self, step: int) -> None:
        """Go to one of the next edges of the year."""
        coming = [moment for moment in MOMENTS if moment > self.clock.moment]
        if coming:
            self.clock.set(coming[min(step, len(coming)) - 1])

    @rule(seconds=st.sampled_from([1, 3600, 24 * 3600, 24 * 3600 + 1]))
    def a_while(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.move(seconds * SECOND)

    @rule()
    def deadlines_come(self) -> None:
        """Let the clock do its work; a second run finds nothing."""
        assert deadlines.run().ended == self.model.time_out(self.clock.moment)
        assert deadlines.run().ended == 0

    # --- teachers

    @rule(who=one, which=st.integers(0, len(CLASSES) - 1))
    def enroll(self, who: int, which: int) -> None:
        """Enroll, or be refused."""
        (teacher_id, actor), (class_id, chosen) = self.teachers[who], self.classes[which]
        expected = self.model.enroll(who, chosen, self.clock.moment)
        if expected is None:
            with pytest.raises(DomainError):
                enrollment.enroll(teacher_id, class_id, actor=actor)
            return
        done = enrollment.enroll(teacher_id, class_id, actor=actor)
        assert done.already is (done.enrollment_id in self.stored)
        assert self.stored.setdefault(done.enrollment_id, expected) is expected

    @rule(which=st.integers(0, 30))
    def withdraw(self, which: int) -> None:
        """Withdraw, or be refused."""
        if not self.stored:
            return
        key = sorted(self.stored)[which % len(self.stored)]
        row = self.stored[key]
        expected = self.model.withdraw(row, self.clock.moment)
        with nullcontext() if expected else pytest.raises(DomainError):
            enrollment.withdraw(key, actor=self.teachers[row.teacher][1])

    # --- reviewers

    def _compare(self, which: set[int], verb: Callable[..., review.BulkOutcome], act: Callable[..., list[Row]]) -> None:
        keys = sorted({sorted(self.stored)[n % len(self.stored)] for n in which}) if self.stored else []
        if not keys:
            return
        self.model.look()
        rows = [self.stored[key] for key in keys]
        expected = act(rows)
        outcome = verb(keys)
        assert {id(self.stored[key]) for key in outcome.done} == {id(row) for row in expected}, outcome.refused
        assert set(outcome.refused) == set(keys) - set(outcome.done)

    @rule(which=some, party=st.sampled_from(["school", "bureau"]))
    def approve(self, which: set[int], party: str) -> None:
        """Approve some."""
        if party == "bureau":
            which = self._checked(which)
        actor = self.reviewers[party]
        self._compare(
            which,
            lambda keys: review.approve(keys, actor=actor),
            lambda rows: self.model.approve(rows, party, self.clock.moment),
        )

    @rule(which=some, party=st.sampled_from(["school", "bureau"]))
    def reject(self, which: set[int], party: str) -> None:
        """Reject some."""
        if party == "bureau":
            which = self._checked(which)
        actor = self.reviewers[party]
        self._compare(
            which,
            lambda keys: review.reject(keys, "理由", actor=actor),
            lambda rows: self.model.reject(rows, party, self.clock.moment),
        )

    def _checked(self, which: set[int]) -> set[int]:
        """Return those at a checkpoint: the others are none of the bureau's business."""
        keys = sorted(self.stored)
        return {n for n in which if keys and self.stored[keys[n % len(keys)]].chosen.checked}

    @rule(which=some)
    def undo(self, which: set[int]) -> None:
        """Take some reviews back."""
        self._compare(
            which,
            lambda keys: review.undo(keys, actor=self.school),
            lambda rows: self.model.undo(rows, self.clock.moment),
        )

    @rule(which=some)
    def confirm(self, which: set[int]) -> None:
        """Admit some."""
        self._compare(
            which,
            lambda keys: review.confirm(keys, actor=self.institution),
            lambda rows: self.model.confirm(rows, self.clock.moment),
        )

    @rule(which=some)
    def decline(self, which: set[int]) -> None:
        """Decline some."""
        self._compare(
            which,
            lambda keys: review.decline(keys, "理由", actor=self.institution),
            lambda rows: self.model.decline(rows),
        )

    @rule(which=st.integers(0, 12))
    def cancel(self, which: int) -> None:
        """Cancel a class, now and then."""
        if which >= len(self.classes) or self.classes[which][1].cancelled:
            return
        class_id, chosen = self.classes[which]
        self.model.cancel(chosen)
        platform: dict[str, Any] = {"actor": Actor.platform(), "reason": "报名人数不足"}
        row = db.session.get(TrainingClass, class_id, populate_existing=True)
        move(row, Action.CANCEL_CLASS, **platform)
        move_many(Enrollment, Enrollment.training_class_id == class_id, Action.CANCEL_CLASS, **platform)
        db.session.commit()

    # --- what always holds

    @invariant()
    def the_platform_agrees_with_the_model(self) -> None:
        if not hasattr(self, "stored"):
            return
        db.session.expire_all()
        found = db.session.execute(select(Enrollment.id, Enrollment.state, Enrollment.holds_seat)).all()
        told = {row.id: (row.state.value, row.holds_seat) for row in found if row.id in self.stored}
        assert told == {key: (row.state, row.seat) for key, row in self.stored.items()}
        assert [self._class(key).taken for key, _ in self.classes] == [self.model.taken(c) for _, c in self.classes]

    @staticmethod
    def _class(key: int) -> TrainingClass:
        row = db.session.get(TrainingClass, key)
        assert row is not None
        return row

    @invariant()
    def nothing_is_exceeded(self) -> None:
        if not hasattr(self, "stored"):
            return
        for key, chosen in self.classes:
            held = select(func.count()).where(Enrollment.training_class_id == key, Enrollment.holds_seat.is_(True))
            assert db.session.scalar(held) == self._class(key).taken <= chosen.seats
            assert (self._class(key).state is ClassState.CANCELLED) is chosen.cancelled
        live = [(row.teacher, id(row.chosen)) for row in self.stored.values() if row.live]
        assert len(live) == len(set(live))
        for who in range(TEACHERS):
            hours = sum(row.chosen.hours for row in self.stored.values() if row.teacher == who and row.live)
            assert hours <= CAP

    @invariant()
    def every_row_came_to_its_state_by_the_table(self) -> None:
        if not hasattr(self, "stored"):
            return
        lines = db.session.scalars(
            select(Transition).where(Transition.entity == "Enrollment", Transition.row_id.in_(self.stored))
            .order_by(Transition.id)
        ).all()  # fmt: skip
        for key, row in self.stored.items():
            state: str | None = None
            for line in (line for line in lines if line.row_id == key):
                assert line.from_state == state
                assert state is None or (line.from_state, line.action, line.to_state) in MOVES
                state = line.to_state
            assert state == row.state


@pytest.mark.req("R6", "ENR-2", "ENR-4", "ENR-5", "ENR-6", "ENR-10", "ENR-11", "P2", "P5")
def test_the_platform_and_a_plain_model_never_differ(app: Any) -> None:
    made = type("YearHere", (Year,), {"app": app})
    limits = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(made, settings=limits)
