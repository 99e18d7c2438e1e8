"""The clock bar of a demo: one clock for every page and the worker, moved by the province alone (PRG-1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.domain import clock as clocks
from app.domain.clock import SHANGHAI, local, now, set_clock
from app.extensions import db
from app.models import AuditEntry, DemoClock
from tests.support.application import dispose
from tests.support.databases import Database
from tests.support.sessions import sign_in
from tests.support.transactions import RequestClient
from tests.world import build

pytestmark = pytest.mark.req("PRG-1")
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture
def demo_app(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An application in demo mode with the fixed cast; the true time is a Monday morning in March."""
    monkeypatch.setattr(clocks, "_system_time", lambda: MORNING)
    made = create_app({**fresh_database.settings, "DEMO": True})
    made.config["WTF_CSRF_ENABLED"] = False
    made.test_client_class = RequestClient
    with made.app_context():
        build()
        db.session.commit()
    yield made
    monkeypatch.undo()  # first: the true clock is what comes back
    set_clock(None)
    dispose(made)


def client_of(app: Flask, username: str) -> FlaskClient:
    """A client signed in as that account."""
    client = app.test_client()
    with app.app_context():
        sign_in(client, username)
    return client


def clock_in_the_database(app: Flask) -> datetime:
    """What a process that begins now reads, as the worker does before each job."""
    set_clock(None)
    with app.app_context():
        from app.services import demo_clock

        demo_clock.install()
        return local(now())


def test_the_province_walks_from_stop_to_stop_and_nobody_is_signed_out(demo_app: Flask) -> None:
    province, teacher = client_of(demo_app, "provincial_admin"), client_of(demo_app, "teacher")
    page = province.get("/").text
    assert "2026-03-02 09:00" in page
    assert "/demo-clock/jump" in page
    assert "/demo-clock/jump" not in teacher.get("/").text
    moved = []
    for stop in stops_ahead(demo_app):
        assert province.post("/demo-clock/jump", data={"to": stop}).status_code == 302
        moved.append(clock_in_the_database(demo_app))
        assert province.get("/").status_code == 200
        assert f"{moved[-1]:%Y-%m-%d %H:%M}" in teacher.get("/").text
    assert moved == sorted(set(moved))
    assert moved[-1] > MORNING + timedelta(days=3)
    province.post("/demo-clock/back")
    assert clock_in_the_database(demo_app) == MORNING
    assert province.get("/").status_code == teacher.get("/").status_code == 200


def stops_ahead(app: Flask) -> list[str]:
    """The stops of the batch that are still to come."""
    with app.app_context():
        from app.services.demo_clock import journey

        found = journey()
        assert found is not None
        return [halt.stop.value for halt in found.stops if halt.moment > now()]


def test_two_presses_jump_once(demo_app: Flask) -> None:
    province = client_of(demo_app, "provincial_admin")
    first = stops_ahead(demo_app)[0]
    province.post("/demo-clock/jump", data={"to": first})
    there = clock_in_the_database(demo_app)
    province.post("/demo-clock/jump", data={"to": first})
    assert clock_in_the_database(demo_app) == there


@pytest.mark.parametrize(("username", "status"), [("city_admin", 403), ("teacher", 403)])
@pytest.mark.parametrize("act", ["jump", "back"])
def test_only_who_sets_the_calendar_moves_it(demo_app: Flask, username: str, status: int, act: str) -> None:
    client = client_of(demo_app, username)
    answer = client.post(f"/demo-clock/{act}", data={"to": stops_ahead(demo_app)[0]})
    assert answer.status_code == status or answer.location.endswith("/")  # the framework sends strangers home
    assert clock_in_the_database(demo_app) == MORNING
    with demo_app.app_context():
        assert db.session.query(DemoClock).count() == 0


def test_each_jump_is_in_the_audit(demo_app: Flask) -> None:
    client_of(demo_app, "provincial_admin").post("/demo-clock/jump", data={"to": stops_ahead(demo_app)[0]})
    with demo_app.app_context():
        [entry] = db.session.query(AuditEntry).filter_by(entity="DemoClock").all()
        assert (entry.account.username, entry.before["seconds"]) == ("provincial_admin", 0)
        assert entry.after["seconds"] > 0


def test_without_demo_there_is_no_such_page(app: Flask, login_as: Any, world: Any) -> None:
    assert not [rule for rule in app.url_map.iter_rules() if "demo-clock" in rule.rule]
    client = login_as("provincial_admin")
    assert "demo-clock" not in client.get("/").text
    assert client.post("/demo-clock/jump", data={"to": "draw"}).status_code == 404
