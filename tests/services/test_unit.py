"""Transactions: whole or not at all, one inside another, and many processes writing at once on either database."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, text
from sqlalchemy.exc import OperationalError

from app.domain.errors import Conflict, Invalid, problem
from app.extensions import db
from app.models import SecurityStamp, Subject
from app.services.unit import transaction
from tests.support.databases import ROOT, Database

WRITERS, ROUNDS = 4, 12
# Each writer reads before it writes: what a deferred transaction would be refused for.
WRITER = f"""
import sys
from run import app
from sqlalchemy import select, text
from app.extensions import db
from app.models import SecurityStamp
from app.services.unit import transaction
with app.app_context():
    sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
    for _ in range({ROUNDS}):
        db.session.scalar(select(SecurityStamp.number).where(SecurityStamp.id == 77))
        with transaction():
            row = db.session.get(SecurityStamp, 77, populate_existing=True, with_for_update=True)
            row.number += 1
        db.session.remove()
"""


def names(session: Any) -> set[str]:
    """The subjects there are."""
    return set(session.scalars(select(Subject.code)))


def refusal() -> Invalid:
    """Any reason."""
    return Invalid(problem("no", "No."))


def subject(code: str) -> Subject:
    """A row to write."""
    return Subject(code=code, name=code, position=1)


@pytest.mark.req("W7")
def test_processes_that_read_and_then_write_lose_nothing(fresh_database: Database, fresh_app: Flask) -> None:
    with fresh_app.app_context(), transaction():
        db.session.add(SecurityStamp(id=77, number=0))
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER], cwd=ROOT, env=fresh_database.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(WRITERS)
    ]  # fmt: skip
    for one in writers:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"
    for one in writers:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [one.communicate()[1] for one in writers]
    assert [one.returncode for one in writers] == [0] * WRITERS, told
    with fresh_app.app_context():
        assert db.session.get(SecurityStamp, 77).number == WRITERS * ROUNDS


@pytest.mark.database("sqlite")
def test_a_reader_that_writes_later_is_not_refused_for_what_it_has_read(
    fresh_database: Database, fresh_app: Flask
) -> None:
    with fresh_app.app_context():
        assert names(db.session) == set()  # a reading transaction begins
        with db.engine.connect() as other:
            other.execute(insert(Subject).values(code="A", name="A", position=1))
            other.commit()
        with transaction():
            assert names(db.session) == {"A"}
            db.session.add(subject("B"))
        assert names(db.session) == {"A", "B"}
        assert os.path.exists(f"{fresh_database.file}-writers")


@pytest.mark.database("sqlite")
def test_reading_waits_for_no_writer(fresh_app: Flask) -> None:
    with fresh_app.app_context(), transaction():
        db.session.add(subject("A"))
        db.session.flush()
        with db.engine.connect() as other:
            assert set(other.scalars(select(Subject.code))) == set()


@pytest.mark.database("sqlite")
def test_the_right_to_write_is_held_from_the_start(fresh_app: Flask) -> None:
    with fresh_app.app_context(), transaction(), db.engine.connect() as other:
        other.exec_driver_sql("PRAGMA busy_timeout = 0")
        with pytest.raises(OperationalError, match="locked"):
            other.execute(insert(Subject).values(code="A", name="A", position=1))


@pytest.mark.database("sqlite")
def test_a_second_session_of_the_writing_thread_is_told_at_once(fresh_app: Flask) -> None:
    with fresh_app.app_context(), transaction():
        with fresh_app.app_context(), pytest.raises(RuntimeError, match="another session"), transaction():
            raise AssertionError("two writers in one thread")
        db.session.add(subject("A"))
    with fresh_app.app_context():
        assert names(db.session) == {"A"}
        with transaction():  # and the refused one has left nothing behind
            db.session.add(subject("B"))
        assert names(db.session) == {"A", "B"}


def test_what_was_written_before_the_block_belongs_to_it(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        db.session.add(subject("A"))
        db.session.flush()
        with pytest.raises(Invalid), transaction():
            db.session.add(subject("B"))
            raise refusal()
        assert names(db.session) == set()


def test_a_part_commits_with_the_whole(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        with transaction():
            db.session.add(subject("A"))
            with transaction():
                db.session.add(subject("B"))
            with pytest.raises(Conflict), transaction():
                db.session.add(subject("C"))
                db.session.flush()
                db.session.add(subject("A"))
        db.session.rollback()
        assert names(db.session) == {"A", "B"}


def test_a_part_that_went_well_is_undone_with_the_whole(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        with pytest.raises(Invalid), transaction():
            with transaction():
                db.session.add(subject("B"))
            raise refusal()
        assert names(db.session) == set()


def plans() -> int | None:
    """How many statements the driver keeps prepared on this connection; SQLite has nothing like it."""
    if db.engine.dialect.name != "postgresql":
        return None
    return db.session.scalar(text("SELECT count(*) FROM pg_prepared_statements"))


@pytest.mark.req("W6")
def test_what_only_read_keeps_its_prepared_statements(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        for _ in range(12):
            names(db.session)
            db.session.rollback()
        assert plans() != 0


@pytest.mark.parametrize("wanted", ["add", "core", "part"])
def test_what_was_written_and_not_committed_is_gone(fresh_app: Flask, wanted: str) -> None:
    with fresh_app.app_context():
        before = names(db.session)
        if wanted == "add":
            db.session.add(subject("gone"))
            db.session.flush()
        elif wanted == "core":
            db.session.execute(insert(Subject).values(code="gone", name="gone"))
        else:
            with db.session.begin_nested():
                db.session.add(subject("gone"))
        assert "gone" in names(db.session)
        db.session.rollback()
        assert names(db.session) == before
        with transaction():
            db.session.add(subject("stays"))
        names(db.session)
        db.session.remove()
        assert names(db.session) == before | {"stays"}
