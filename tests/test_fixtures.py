"""The ground other tests stand on: roll-back, isolation of requests, the clock, counted statements."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app.models import SecurityStamp
from tests.support.databases import Database, run_python
from tests.support.queries import Statements


def stamps(db: Any) -> int:
    """How many rows the table these tests write to has."""
    return db.session.scalar(select(func.count()).select_from(SecurityStamp))


@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_commits_is_gone_in_the_next(db: Any, turn: int) -> None:
    before = stamps(db)
    db.session.add(SecurityStamp(number=7_000))
    db.session.commit()
    assert stamps(db) == before + 1
    assert db.session.scalar(select(func.count()).where(SecurityStamp.number == 7_000)) == 1, (
        f"left over in turn {turn}"
    )


def test_a_rolled_back_part_leaves_what_was_committed_before(db: Any) -> None:
    before = stamps(db)
    db.session.add(SecurityStamp(number=7_001))
    db.session.commit()
    db.session.add(SecurityStamp(number=7_002))
    db.session.rollback()
    assert stamps(db) == before + 1


def test_a_refused_statement_does_not_break_the_transaction(db: Any) -> None:
    db.session.add(SecurityStamp(id=900_001, number=1))
    db.session.commit()
    db.session.execute(text("SELECT 1"))
    with pytest.raises(IntegrityError):
        db.session.execute(SecurityStamp.__table__.insert().values(id=900_001, number=2))
    db.session.rollback()
    assert db.session.get(SecurityStamp, 900_001).number == 1


def test_requests_share_the_database_but_no_context_with_the_test(app: Flask, client: FlaskClient, db: Any) -> None:
    seen: list[tuple[bool, int]] = []

    def note() -> None:
        seen.append((hasattr(g, "of_the_test"), stamps(db)))

    g.of_the_test = True
    db.session.add(SecurityStamp(number=7_003))
    db.session.flush()
    expected = stamps(db)
    functions = app.before_request_funcs.setdefault(None, [])
    functions.insert(0, note)
    try:
        client.get("/")
    finally:
        functions.remove(note)
    assert seen == [(False, expected)]


def test_a_database_of_its_own_keeps_what_another_process_commits(fresh_database: Database, fresh_app: Flask) -> None:
    run_python(
        "from run import app\nfrom app.extensions import db\nfrom app.models import SecurityStamp\n"
        "with app.app_context():\n    db.session.add(SecurityStamp(number=7_004)); db.session.commit()",
        fresh_database,
    )
    from app.extensions import db

    with fresh_app.app_context():
        assert db.session.scalar(select(func.count()).where(SecurityStamp.number == 7_004)) == 1


def test_statements_are_counted_and_transactions_are_not(
    db: Any, count_queries: Callable[[], AbstractContextManager[Statements]]
) -> None:
    with count_queries() as sent:
        db.session.execute(text("SELECT 1"))
        db.session.add(SecurityStamp(number=7_005))
        db.session.commit()
    assert len(sent) == 2, str(sent)
