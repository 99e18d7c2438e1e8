"""The platform and the plain model side by side: time, teachers and reviewers (R6).

Draws and adjustments, and what always holds, stand in `tests/services/test_enrollment_model.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from app.domain.clock import FrozenClock, frozen
from app.domain.errors import DomainError
from app.domain.terms import Checkpoint, EnrollmentState
from app.extensions import db
from app.services import deadlines, enrollment
from app.services import enrollment_review as review
from tests.support.enrolling import acting, add_class, add_teachers
from tests.support.transactions import rolled_back
from tests.support.year_model import ROUNDS, SCHOOL_ENDS, SECOND, Class, Model, Row
from tests.world import build

TEACHERS, CLASSES = 5, ((1, 45, False), (2, 30, True), (3, 24, False), (40, 45, True))
MOMENTS = sorted(
    {
        edge + late
        for opens, closes in ROUNDS.values()
        for edge, late in ((opens, -SECOND), (opens, 0 * SECOND), (closes, 0 * SECOND), (closes, SECOND))
    }
    | {ends + late for ends in SCHOOL_ENDS.values() for late in (0 * SECOND, SECOND)}
)
ENDED_LATE = ("declined", "not_drawn", "class_cancelled")
one = st.integers(0, TEACHERS - 1)
some = st.sets(st.integers(0, 30), min_size=1, max_size=6)


def begun(machine: Any) -> bool:
    """Tell whether anybody has enrolled."""
    return bool(machine.stored)


class Enrolling(RuleBasedStateMachine):
    """The platform and the model, side by side."""

    app: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[Callable[..., Any]] = []
        time = frozen(ROUNDS[1][0])
        self.clock: FrozenClock = time.__enter__()
        self.ends.append(time.__exit__)
        self._enter(rolled_back(self.app))
        # The same walk shall draw the same people: seeds and numbers are counted, not secret.
        numbers, seeds = count(1), count(1)
        for place in ("enrollment", "reassignment"):
            self._enter(patch(f"app.services.{place}.new_number", lambda: f"N{next(numbers):09d}"))
        self._enter(patch("app.domain.screening.new_seed", lambda: f"{next(seeds):064x}"))

    def _enter(self, room: Any) -> None:
        room.__enter__()
        self.ends.append(room.__exit__)

    def teardown(self) -> None:
        for end in reversed(self.ends):
            end(None, None, None)

    @initialize(rushes=st.lists(st.integers(0, len(CLASSES) - 1), max_size=3, unique=True))
    def people(self, rushes: list[int]) -> None:
        """The tests' world with more classes and teachers; a year often begins with a rush."""
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
        self.institution, self.province = world.actor("institution_admin"), world.actor("provincial_admin")
        self.reviewers = {"school": self.school, "bureau": self.bureau}
        for which in rushes:
            self.a_rush(which)

    # --- time

    @precondition(begun)
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
        assert deadlines.run().ended == self.model.time_out(self.clock.moment, [chosen for _, chosen in self.classes])
        again = deadlines.run()
        assert (again.ended, again.moved_up) == (0, 0)

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

    @precondition(begun)
    @rule(which=st.integers(0, 30))
    def withdraw(self, which: int) -> None:
        """Withdraw, or be refused."""
        key = sorted(self.stored)[which % len(self.stored)]
        row = self.stored[key]
        expected = self.model.withdraw(row, self.clock.moment)
        with nullcontext() if expected else pytest.raises(DomainError):
            enrollment.withdraw(key, actor=self.teachers[row.teacher][1])

    # --- reviewers

    def _keys(self, which: set[int]) -> list[int]:
        return sorted({sorted(self.stored)[n % len(self.stored)] for n in which}) if self.stored else []

    def _of_one_class(self, which: set[int]) -> set[int]:
        """Once a class is drawn each act frees seats of one class: who moves up in which follows from its order."""
        keys = self._keys(which)
        if not keys or not any(chosen.order for _, chosen in self.classes):
            return which
        chosen = self.stored[keys[0]].chosen
        return {sorted(self.stored).index(key) for key in keys if self.stored[key].chosen is chosen}

    def _compare(self, which: set[int], verb: Callable[..., review.BulkOutcome], act: Callable[..., list[Row]]) -> None:
        keys = self._keys(which)
        if not keys:
            return
        self.model.look()
        rows = [self.stored[key] for key in keys]
        expected = act(rows)
        outcome = verb(keys)
        assert {id(self.stored[key]) for key in outcome.done} == {id(row) for row in expected}, outcome.refused
        assert set(outcome.refused) == set(keys) - set(outcome.done)

    @precondition(begun)
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

    @precondition(begun)
    @rule(which=some, party=st.sampled_from(["school", "bureau"]))
    def reject(self, which: set[int], party: str) -> None:
        """Reject some."""
        which = self._of_one_class(which)
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
        return {n for n in which if keys and self.stored[keys[n % len(keys)]].checked}

    @precondition(begun)
    @rule(which=some)
    def undo(self, which: set[int]) -> None:
        """Take some reviews back."""
        self._compare(
            which,
            lambda keys: review.undo(keys, actor=self.school),
            lambda rows: self.model.undo(rows, self.clock.moment),
        )

    @precondition(begun)
    @rule(which=some)
    def confirm(self, which: set[int]) -> None:
        """Admit some."""
        self._compare(
            which,
            lambda keys: review.confirm(keys, actor=self.institution),
            lambda rows: self.model.confirm(rows, self.clock.moment),
        )

    @precondition(begun)
    @rule(which=some)
    def decline(self, which: set[int]) -> None:
        """Decline some."""
        self._compare(
            self._of_one_class(which),
            lambda keys: review.decline(keys, "理由", actor=self.institution),
            lambda rows: self.model.decline(rows),
        )

    # --- what makes a year

    def a_rush(self, which: int) -> None:
        """Everybody wants the same class, and nobody objects."""
        for who in range(TEACHERS):
            self.enroll(who, which)
        everybody = set(range(len(self.stored)))
        if everybody:
            self.approve(everybody, "school")
            self.approve(everybody, "bureau")

    @precondition(begun)
    @rule()
    def the_schools_are_done(self) -> None:
        """Go to the moment from which on lists are frozen."""
        self.clock.set(max(self.clock.moment, SCHOOL_ENDS[1] + SECOND))

    @precondition(begun)
    @rule()
    def everybody_ready_is_confirmed(self) -> None:
        """Let the institution confirm whoever waits."""
        self.confirm(set(range(len(self.stored))))

    @precondition(lambda self: any(row.state in ENDED_LATE for row in self.stored.values()))
    @rule(which=st.integers(0, len(CLASSES) - 1))
    def round_two_opens(self, which: int) -> None:
        """Go to round two; everybody tries for the same class, and who has no right to it is refused."""
        self.clock.set(max(self.clock.moment, ROUNDS[2][0]))
        for who in range(TEACHERS):
            self.enroll(who, which)
