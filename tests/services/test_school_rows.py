"""Teachers of a school counted while somebody else adds some (TCH-6, TCH-7, ORG-5)."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from app.domain.terms import Gender
from app.models import School, Teacher
from app.services import school_changes
from app.services.school_rows import recount
from app.services.unit import transaction
from tests.world import build

Act = Callable[[dict[str, Any]], None]
WAITS = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def count(keys: dict[str, Any]) -> None:
    with transaction():
        recount([keys["xihu"]])


def merge(keys: dict[str, Any]) -> None:
    actor, schools = keys["actor"], ([keys["qingyuan"]], keys["xihu"])
    mark = school_changes.plan_merge(*schools, actor=actor).mark
    school_changes.merge(*schools, mark=mark, actor=actor)


def waited(connection: Any, thread: Thread) -> bool:
    """Whether somebody comes to wait for what `connection` holds."""
    ends = time.monotonic() + 20
    while time.monotonic() < ends and thread.is_alive():
        if connection.scalar(WAITS):
            return True
        time.sleep(0.01)
    return False


@pytest.mark.database("postgresql")
@pytest.mark.req("TCH-6", "TCH-7", "ORG-5")
@pytest.mark.parametrize(("act", "in_all"), [(count, 4), (merge, 6)])
def test_teachers_that_somebody_is_adding_are_counted_once_they_are_there(
    fresh_app: Any, act: Act, in_all: int
) -> None:
    from app.extensions import db

    with fresh_app.app_context():
        world = build()
        keys = {name: school.id for name, school in world.school.items()} | {"actor": world.actor("provincial_admin")}
        db.session.commit()
        db.session.remove()

    def run() -> None:
        with fresh_app.app_context():
            act(keys)
            db.session.remove()

    teachers: Any = Teacher.__table__
    new = {"teacher_number": "T9", "name": "孙九", "gender": Gender.MALE, "school_id": keys["xihu"]}
    more = update(School.__table__).where(School.__table__.c.id == keys["xihu"])  # type: ignore[arg-type]
    other = Thread(target=run)
    with fresh_app.app_context(), db.engine.connect() as importing:
        importing.execute(insert(teachers), [new])
        importing.execute(more.values(staff_count=School.__table__.c.staff_count + 1))
        other.start()
        assert waited(importing, other)
        importing.commit()
        other.join()
        assert db.session.get_one(School, keys["xihu"]).staff_count == in_all
        db.session.remove()
