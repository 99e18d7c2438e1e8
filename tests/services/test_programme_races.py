"""Two who judge the same programme at the same moment, with real commits (PRG-5, PRG-7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask

from app.domain.clock import SHANGHAI, frozen
from app.domain.errors import DomainError
from app.domain.states import Action
from app.extensions import db
from app.models import Programme
from app.services import declarations, programme_review, programmes
from app.services.programme_review import Decision
from app.services.unit import transaction
from tests.support.declarations import PLAN, typed, typed_class
from tests.world import build

JANUARY = datetime(2026, 1, 12, 9, 0, tzinfo=SHANGHAI)
PATIENCE = 0.5  # seconds the first waits for the second, who must not be able to go on
Act = Callable[[], Any]


class Race:
    """A programme of two classes that wait, and everybody who acts on it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            world = build()
            self.institution, self.bureau = world.actor("institution_admin"), world.actor("county_admin")
            given = typed(world, classes=[typed_class(), typed_class(sessions=[])])
            row = declarations.declare(given, actor=self.institution, upload=PLAN)
            programmes.submit(row.id, actor=self.institution)
            self.key, (self.first, self.second) = row.id, [one.id for one in row.classes]
            db.session.remove()

    def decide(self, class_id: int, action: Action) -> Programme:
        """Decide about one class, after the page was read."""
        assert len(db.session.get_one(Programme, self.key).classes) == 2
        return programme_review.review(self.key, {class_id: Decision(action, "时间冲突")}, actor=self.bureau)

    def run(self, first: Act, second: Act) -> list[str]:
        """Let the second begin while the first has acted and not ended; return what each was answered."""
        acted, over, answers = Event(), Event(), ["", ""]

        def slow() -> Any:
            with transaction():
                first()
                acted.set()
                over.wait(PATIENCE)

        def late() -> Any:
            acted.wait(60)
            second()

        def act(number: int, what: Act) -> None:
            with self.app.app_context():
                try:
                    what()
                    answers[number] = "done"
                except DomainError as refused:
                    answers[number] = refused.problems[0].code
                finally:
                    (acted if number == 0 else over).set()

        threads = [Thread(target=act, args=(0, slow)), Thread(target=act, args=(1, late))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def states(self) -> tuple[str, set[str]]:
        """The state of the programme and those of its classes."""
        with self.app.app_context():
            row = db.session.get_one(Programme, self.key)
            return row.state.value, {one.state.value for one in row.classes}


@pytest.fixture
def race(fresh_app: Flask) -> Iterator[Race]:
    """The race, in the middle of the windows for declaring and reviewing."""
    with frozen(JANUARY):
        yield Race(fresh_app)


@pytest.mark.req("PRG-5")
def test_of_two_who_review_at_the_same_moment_the_second_lets_the_programme_follow(race: Race) -> None:
    refuse = partial(race.decide, race.first, Action.REFUSE)
    approve = partial(race.decide, race.second, Action.APPROVE)
    assert race.run(refuse, approve) == ["done", "done"]
    assert race.states() == ("approved", {"offered", "refused"})


@pytest.mark.req("PRG-7")
def test_nothing_is_taken_back_while_its_review_begins(race: Race) -> None:
    approve = partial(race.decide, race.first, Action.APPROVE)
    take_back = partial(programmes.take_back, race.key, actor=race.institution)
    assert race.run(approve, take_back) == ["done", "review_begun"]
    assert race.states() == ("submitted", {"offered", "pending"})
