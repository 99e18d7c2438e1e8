"""The whole service, or one of its processes, is killed while teachers enroll: nothing is lost or doubled (R1)."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.clock import now
from app.domain.terms import WindowKind
from app.models import Enrollment, TrainingClass, Transition
from tests.support.enrolling import add_class, add_teachers
from tests.support.server import Server
from tests.support.sessions import writing_headers
from tests.world import build

TEACHERS, CLIENTS = 30, 6


@pytest.fixture
def doors(fresh_app: Any) -> Iterator[tuple[int, list[dict[str, str]]]]:
    """A class of round two, open at this moment, and the headers of those who press for it."""
    from app.extensions import db
    from app.services import parameters

    with fresh_app.app_context():
        world = build()
        for window in world.batch.windows:
            later = timedelta(days=20 * list(WindowKind).index(window.kind))
            window.opens_at, window.closes_at = now() + later, now() + later + timedelta(days=1)
            if window.kind is WindowKind.ROUND_TWO:
                window.opens_at, window.closes_at = now() - timedelta(days=1), now() + timedelta(days=1)
        db.session.commit()
        admin = world.actor("provincial_admin")
        parameters.set_parameter("round_two_open_to", "everyone", actor=admin, training_year_id=world.year.id)
        chosen = add_class(world, seats=TEACHERS).id
        names = [teacher.account.username for teacher in add_teachers(world, TEACHERS)]
        headers = [writing_headers(fresh_app, name) for name in names]
        db.session.remove()
        yield chosen, headers


def enroll(port: int, class_id: int, headers: dict[str, str]) -> tuple[int, Any]:
    """Send one request; status 0 stands for a connection that broke."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    sent = headers | {"Content-Type": "application/json"}
    try:
        connection.request("POST", "/api/v1/commands/enrollment/enroll", json.dumps({"training_class": class_id}), sent)
        got = connection.getresponse()
        return got.status, json.loads(got.read())
    except (OSError, http.client.HTTPException, ValueError):
        return 0, None
    finally:
        connection.close()


@pytest.mark.req("R1", "W12", "ENR-11")
@pytest.mark.parametrize("whole", [True, False], ids=["service", "worker"])
def test_whoever_was_told_yes_is_enrolled_once_and_the_same_request_again_says_so(
    doors: tuple[int, list[dict[str, str]]], fresh_database: Any, whole: bool
) -> None:
    class_id, headers = doors
    accepted: dict[int, int] = {}
    server, enough = Server(fresh_database, workers=2), Event()

    def press(number: int) -> None:
        status, told = enroll(server.port, class_id, headers[number])
        if status in (200, 201):
            accepted[number] = told["id"]
        if len(accepted) >= 5:
            enough.set()

    server.start()
    with ThreadPoolExecutor(CLIENTS) as pool:
        waiting = [pool.submit(press, number) for number in range(TEACHERS)]
        assert enough.wait(60)
        server.kill() if whole else server.kill_worker()
        for one in waiting:
            one.result()
    if whole:
        server.start()
    else:
        assert len(accepted) >= TEACHERS - 2 * CLIENTS  # the others were served on, and the lost process replaced
    again = [enroll(server.port, class_id, one) for one in headers]
    server.stop()
    assert {status for status, _told in again} <= {200, 201}
    assert all(
        again[number] == (200, told | {"id": key}) for number, key in accepted.items() for told in [again[number][1]]
    )
    assert len({told["id"] for _status, told in again}) == TEACHERS
    assert truth(class_id) == (TEACHERS, TEACHERS, TEACHERS)


def truth(class_id: int) -> tuple[int | None, ...]:
    """Return the seats held, the seats the class counts, and the first lines of the ledger."""
    from app.extensions import db

    mine = (Enrollment.training_class_id == class_id, Enrollment.holds_seat.is_(True))
    lines = select(func.count()).where(
        Transition.entity == "Enrollment", Transition.row_id.in_(select(Enrollment.id).where(*mine))
    )
    wanted = (
        select(func.count()).where(*mine), select(TrainingClass.taken).where(TrainingClass.id == class_id), lines,
    )  # fmt: skip
    return tuple(db.session.scalar(one) for one in wanted)
