"""Reminding holds no class, so it waits for nobody who may hold one: a deadlock needs two who wait (ENR-5, R4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from app.domain.clock import SHANGHAI
from app.services import deadlines
from tests.support.databases import Database
from tests.support.enrolling import add_class, add_enrollment, add_teachers
from tests.world import build


@pytest.mark.req("ENR-5", "R4")
@pytest.mark.database("postgresql")  # SQLite has one writer
def test_a_reminder_passes_over_what_a_review_has_in_hand_and_tells_of_it_later(
    fresh_app: Flask, fresh_database: Database, clock: Any
) -> None:
    from app.extensions import db

    with fresh_app.app_context():
        world = build()
        db.session.execute(text("UPDATE enrollment SET state = 'withdrawn'"))
        db.session.commit()
        chosen = add_class(world)
        rows = [add_enrollment(world, teacher, chosen) for teacher in add_teachers(world, 3)]
        year, held = world.year.id, rows[1].id
        clock.set(datetime(2026, 3, 15, 9, tzinfo=SHANGHAI))
        with create_engine(fresh_database.url).begin() as reviewing:
            reviewing.execute(text("SELECT id FROM enrollment WHERE id = :id FOR NO KEY UPDATE"), {"id": held})
            db.session.execute(text("SET lock_timeout = '2s'"))
            db.session.commit()
            assert deadlines.remind(year) == 1
        db.session.expire_all()
        assert [row.reminded_at is None for row in rows] == [False, True, False]
        clock.move(deadlines.PAUSE)
        assert deadlines.remind(year) == 1
        db.session.expire_all()
        assert rows[1].reminded_at == clock.moment
