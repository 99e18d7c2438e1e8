"""Many processes press for few seats at once: never one too many, and a control that shows the race is real (W3)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.support.enrolling import ROUND_TWO, add_class, add_teachers
from tests.support.race import Crew
from tests.world import build

CLIENTS, TEACHERS = 8, 24

TRUTH = {
    "more live enrollments than seats": """
        SELECT count(*) FROM (
            SELECT c.id FROM training_class c JOIN enrollment e ON e.training_class_id = c.id
            WHERE e.state IN ('awaiting_school', 'awaiting_bureau', 'awaiting_institution', 'admitted')
            AND e.round_kind = 'round_two'
            GROUP BY c.id, c.seats HAVING count(*) > c.seats) AS too_many""",
    "counts that differ from the seats held": """
        SELECT count(*) FROM training_class c WHERE c.taken <>
            (SELECT count(*) FROM enrollment e WHERE e.training_class_id = c.id AND e.holds_seat)""",
    "enrollments without the first line of their ledger": """
        SELECT count(*) FROM enrollment e WHERE e.round_kind = 'round_two' AND 1 <>
            (SELECT count(*) FROM transition t WHERE t.entity = 'Enrollment' AND t.row_id = e.id)""",
}


@pytest.fixture
def cast(fresh_app: Any, clock: Any) -> Any:
    """A province with teachers who may use round two, in a database that keeps what is written."""
    from app.extensions import db
    from app.services import parameters

    with fresh_app.app_context():
        world = build()
        db.session.commit()
        admin = world.actor("provincial_admin")
        parameters.set_parameter("round_two_open_to", "everyone", actor=admin, training_year_id=world.year.id)
        parameters.set_parameter("hours_cap", "1000", actor=admin, training_year_id=world.year.id)
        yield world, [teacher.id for teacher in add_teachers(world, TEACHERS)]


def wrong() -> dict[str, int]:
    from app.extensions import db

    db.session.rollback()
    return {name: found for name, sql in TRUTH.items() if (found := db.session.scalar(text(sql)))}


@pytest.mark.req("W3", "ENR-11")
def test_never_one_seat_too_many_and_every_seat_is_given(cast: Any, fresh_database: Any) -> None:
    world, teachers = cast
    classes = {seats: add_class(world, seats, seats=seats).id for seats in (1, 5, 40)}
    with Crew(fresh_database, CLIENTS, ROUND_TWO) as crew:
        for seats, class_id in classes.items():
            answers = crew.race(class_id, teachers).answers
            given = min(seats, TEACHERS)
            assert answers == (
                {"accepted": given, "full": TEACHERS - given} if given < TEACHERS else {"accepted": given}
            )
    assert wrong() == {}


@pytest.mark.req("W12", "ENR-11")
def test_a_teacher_in_many_windows_at_once_gets_one_enrollment(cast: Any, fresh_database: Any) -> None:
    world, teachers = cast
    chosen = add_class(world).id
    with Crew(fresh_database, CLIENTS, ROUND_TWO) as crew:
        answers = crew.race(chosen, teachers[:1] * CLIENTS).answers
    assert answers == {"accepted": 1, "already": CLIENTS - 1}
    assert wrong() == {}


@pytest.mark.req("W3")
def test_the_control_that_looks_before_it_inserts_does_oversell(cast: Any, fresh_database: Any) -> None:
    """Whoever has seen a free seat takes it: the harness would notice a race that is lost."""
    world, teachers = cast
    chosen = add_class(world, seats=1).id
    with Crew(fresh_database, CLIENTS, ROUND_TWO) as crew:
        answers = crew.race(chosen, teachers[:CLIENTS], "held").answers
    assert answers == {"accepted": CLIENTS}
    assert "more live enrollments than seats" in wrong()
