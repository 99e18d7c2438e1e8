"""Random actors, clocks and orders on the whole machine of enrollment, compared with a plain model (R6)."""

from __future__ import annotations

import hashlib
import os
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from app.domain.errors import DomainError
from app.domain.states import Kind, machine
from app.domain.terms import ClassState
from app.extensions import db
from app.models import ClassAdjustment, Enrollment, Screening, ScreeningCandidate, TrainingClass, Transition
from app.services import adjustments, reassignment, reserve, screening
from app.web.actors import current_vault
from tests.support.year_machine import CLASSES, TEACHERS, Enrolling, begun, some
from tests.support.year_model import CAP, ROUNDS, SECOND, Asked, Class

# `LONG_RUN=1` walks more than 10,000 steps on each database.
EXAMPLES, STEPS = (300, 50) if os.environ.get("LONG_RUN") else (4, 40)
MOVES = {(m.source.value, m.action, m.target.value) for m in machine(Kind.ENROLLMENT).moves}
DECISIONS = {(m.source.value, m.action, m.target.value) for m in machine(Kind.CLASS_ADJUSTMENT).moves}
REASON = "报名人数变化"
a_class = st.integers(0, len(CLASSES) - 1)


def may(expected: object) -> Any:
    """Expect an act to be done, or to be refused."""
    return nullcontext() if expected else pytest.raises(DomainError)


class Year(Enrolling):
    """The whole year: draws, adjustments, and what always holds."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[int, Asked] = {}

    # --- the draw

    @precondition(begun)
    @rule(which=a_class)
    def freeze(self, which: int) -> None:
        """Freeze a list, or be refused: too early, enough seats, reviews under way, or frozen already."""
        class_id, chosen = self.classes[which]
        with may(self.model.freeze(chosen, self.clock.moment)):
            screening.freeze(class_id, actor=self.institution, vault=current_vault())

    @precondition(lambda self: any(chosen.frozen for _, chosen in self.classes))
    @rule(which=a_class)
    def draw(self, which: int) -> None:
        """Draw a frozen class once; the order follows from the published seed alone."""
        class_id, chosen = self.classes[which]
        allowed = chosen.undrawn and not chosen.cancelled
        with may(allowed):
            found = screening.draw(class_id, actor=self.institution, vault=current_vault())
        if allowed:
            numbers = self._numbers(chosen)
            seed = found.seed or ""
            by_hash = sorted(numbers, key=lambda number: hashlib.sha256(f"{seed}:{number}".encode()).hexdigest())
            self.model.draw(chosen, [numbers[number] for number in by_hash])

    def _numbers(self, chosen: Class) -> dict[str, Any]:
        """Return enrollment number → candidate."""
        keys = [key for key, row in self.stored.items() if row in (chosen.candidates or [])]
        told = db.session.execute(select(Enrollment.number, Enrollment.id).where(Enrollment.id.in_(keys)))
        return {number: self.stored[key] for number, key in told}

    @precondition(lambda self: any(chosen.order for _, chosen in self.classes))
    @rule(which=a_class)
    def promote(self, which: int) -> None:
        """Fill free seats from the reserve by hand: only whom a cap had kept from it is left for that."""
        class_id, chosen = self.classes[which]
        expected = self.model.move_up(chosen)
        with may(expected):
            done = reserve.promote(class_id, actor=self.institution)
        if expected:
            assert [self.stored[key] for key in done.promoted] == expected

    @precondition(lambda self: any(self._over_full(chosen) for _, chosen in self.classes))
    @rule()
    def every_over_full_class_is_drawn(self) -> None:
        """Do what institutions do on the day after the schools' deadline."""
        self.the_schools_are_done()
        for which, (_, chosen) in enumerate(self.classes):
            if self._over_full(chosen):
                self.freeze(which)
                self.draw(which)

    def _over_full(self, chosen: Class) -> bool:
        waiting = [row for row in self.model.rows if row.chosen is chosen and row.state == "awaiting_institution"]
        return not chosen.cancelled and not chosen.frozen and len(waiting) > chosen.seats

    # --- adjusting

    @precondition(begun)
    @rule(which=a_class, more=st.integers(0, 3), past_the_limit=st.booleans())
    def expand(self, which: int, more: int, past_the_limit: bool) -> None:
        """Give a class more seats, or be refused."""
        class_id, chosen = self.classes[which]
        wanted, actor = chosen.seats + more, self.province if past_the_limit else self.bureau
        with may(self.model.expand(chosen, wanted, self.clock.moment, past_the_limit=past_the_limit)):
            adjustments.expand(class_id, wanted, actor=actor, reason=REASON)

    @precondition(begun)
    @rule(which=st.integers(0, 12), alone=st.booleans())
    def cancel(self, which: int, alone: bool) -> None:
        """Cancel a class, now and then; the institution alone only after round one."""
        if which >= len(self.classes):
            return
        class_id, chosen = self.classes[which]
        allowed = not chosen.cancelled and (not alone or self.clock.moment >= ROUNDS[1][1] + SECOND)
        live = self._live(chosen)
        if allowed:
            self.model.cancel(chosen)
        with may(allowed):
            actor = self.institution if alone else self.bureau
            adjustments.cancel(class_id, actor=actor, reason=REASON, confirmed=live)

    def _live(self, chosen: Class) -> int:
        return sum(row.live for row in self.model.rows if row.chosen is chosen)

    @precondition(begun)
    @rule(which=a_class, more=st.none() | st.integers(0, 3))
    def ask(self, which: int, more: int | None) -> None:
        """Let the institution ask for seats or for the cancellation."""
        class_id, chosen = self.classes[which]
        seats = None if more is None else chosen.seats + more
        expected = self.model.ask(chosen, seats, self.clock.moment)
        with may(expected):
            if seats is None:
                made = adjustments.request_cancellation(class_id, actor=self.institution, reason=REASON)
            else:
                made = adjustments.request_expansion(class_id, seats, actor=self.institution, reason=REASON)
        if expected:
            self.asked[made.id] = expected

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 30), approve=st.booleans())
    def decide(self, which: int, approve: bool) -> None:
        """Let the bureau grant or refuse what was asked for."""
        key = sorted(self.asked)[which % len(self.asked)]
        asked = self.asked[key]
        live = self._live(asked.chosen) if asked.seats is None else None
        if approve:
            allowed = self.model.grant(asked, self.clock.moment)
        else:
            allowed = asked.state == "requested"
            asked.state = "rejected" if allowed else asked.state
        with may(allowed):
            adjustments.decide(key, approve=approve, actor=self.bureau, reason=REASON, confirmed=live)

    @precondition(lambda self: any(row.state == "admitted" for row in self.stored.values()))
    @rule(which=some, into=a_class)
    def reassign(self, which: set[int], into: int) -> None:
        """Move admitted teachers into another class; the others stay and are told why."""
        keys, (class_id, chosen) = self._keys(which), self.classes[into]
        if not keys:
            return
        moved = self.model.reassign([self.stored[key] for key in keys], chosen)
        outcome = reassignment.reassign(keys, class_id, actor=self.bureau, reason=REASON)
        left = {id(old) for old, _ in moved}
        assert set(outcome.refused) == {key for key in keys if id(self.stored[key]) not in left}
        self.stored |= dict(zip(outcome.done, (new for _, new in moved), strict=True))

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
            assert self._class(key).seats == chosen.seats
            assert (self._class(key).state is ClassState.CANCELLED) is chosen.cancelled
        live = [(row.teacher, id(row.chosen)) for row in self.stored.values() if row.live]
        assert len(live) == len(set(live))
        for who in range(TEACHERS):
            hours = sum(row.chosen.hours for row in self.stored.values() if row.teacher == who and row.live)
            assert hours <= CAP

    @invariant()
    def a_class_is_drawn_once_and_its_order_stays(self) -> None:
        if not hasattr(self, "stored"):
            return
        lists = {one.training_class_id: one for one in db.session.scalars(select(Screening))}
        for class_id, chosen in self.classes:
            found = lists.get(class_id)
            assert (found is not None, bool(found and found.drawn_at)) == (chosen.frozen, chosen.order is not None)
            if found is not None and chosen.order is not None:
                line = ScreeningCandidate
                placed = select(line.enrollment_id).where(line.screening_id == found.id).order_by(line.place_in_order)
                assert [self.stored[key] for key in db.session.scalars(placed)] == chosen.order

    @invariant()
    def requests_stand_where_they_were_decided(self) -> None:
        if not hasattr(self, "stored"):
            return
        found = db.session.execute(select(ClassAdjustment.id, ClassAdjustment.state))
        assert {key: state.value for key, state in found if key in self.asked} == {
            key: asked.state for key, asked in self.asked.items()
        }
        self._follow("ClassAdjustment", {key: asked.state for key, asked in self.asked.items()}, DECISIONS)

    @invariant()
    def every_row_came_to_its_state_by_the_table(self) -> None:
        if not hasattr(self, "stored"):
            return
        self._follow("Enrollment", {key: row.state for key, row in self.stored.items()}, MOVES)

    @staticmethod
    def _follow(entity: str, states: dict[int, str], moves: set[Any]) -> None:
        """Walk the ledger of rows from nothing to where they stand, by moves of the table alone."""
        here = (Transition.entity == entity, Transition.row_id.in_(states))
        lines = db.session.scalars(select(Transition).where(*here).order_by(Transition.id)).all()
        for key, state in states.items():
            at: str | None = None
            for line in (line for line in lines if line.row_id == key):
                assert line.from_state == at
                assert at is None or (line.from_state, line.action, line.to_state) in moves
                at = line.to_state
            assert at == state


@pytest.mark.req(
    "R6", "ENR-2", "ENR-4", "ENR-5", "ENR-6", "ENR-7", "ENR-8", "ENR-9", "ENR-10", "ENR-11", "ENR-13", "P2", "P5", "P6"
)
def test_the_platform_and_a_plain_model_never_differ(app: Any) -> None:
    made = type("YearHere", (Year,), {"app": app})
    limits = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(made, settings=limits)
