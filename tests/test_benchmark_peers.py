"""A peer is worth nothing when it does less: the limit of W1 sends as many statements as the platform."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from tests.support.enrolling import ROUND_TWO, add_class, add_teachers
from tests.support.queries import count_queries
from tests.support.sessions import session_of
from tests.world import build


@pytest.mark.req("W1")
def test_the_limit_of_enrolling_asks_and_writes_what_the_platform_does(
    fresh_app: Any, fresh_database: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.extensions import db
    from app.services import parameters

    for name, value in fresh_database.settings.items():
        monkeypatch.setenv(name, value)
    peer = importlib.reload(importlib.import_module("benchmarks.peers.bare_enrollment"))
    peer.app.testing = True
    clock.set(ROUND_TWO)
    with fresh_app.app_context():
        world = build()
        db.session.commit()
        admin = world.actor("provincial_admin")
        parameters.set_parameter("round_two_open_to", "everyone", actor=admin, training_year_id=world.year.id)
        classes = [add_class(world, number).id for number in (1, 2)]
        sessions = [session_of(one.account.username) for one in add_teachers(world, 2)]
        db.session.remove()
    sent = []
    for app, path, content in (
        (fresh_app, "/api/v1/commands/enrollment/enroll", sessions[0]),
        (peer.app, "/enroll", sessions[1]),
    ):
        client = app.test_client()
        with client.session_transaction() as session:
            session.update(content)
        assert client.post(path, json={"training_class": classes[0]}).status_code == 201
        peer.sent.clear()
        with count_queries() as statements:
            assert client.post(path, json={"training_class": classes[1]}).status_code == 201
        sent.append(list(peer.sent) or statements)
    peer.database().close()
    ours, theirs = sent
    assert len(ours) == len(theirs) == (9 if fresh_database.kind == "sqlite" else 8), f"{ours}\n{theirs}"
