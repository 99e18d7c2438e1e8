"""The draw under pressure: 32 processes press at once, one is killed in the middle (ENR-8, R4)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.domain import screening as rules
from app.domain.clock import frozen
from app.domain.terms import EnrollmentState
from app.extensions import db
from app.models import Account, Enrollment, Screening, ScreeningCandidate, TrainingClass, Transition
from app.security.people import actor_of
from app.services.screening import draw, freeze
from app.web.actors import current_vault
from tests.support.databases import ROOT, Database
from tests.support.drawing import overfull
from tests.support.enrolling import AFTER_ROUND_ONE
from tests.world import build

PRESSES = 32
SEATS, CANDIDATES = 7, 25
# Becomes many processes that all wait for the same line; each presses once and says what it was answered.
PRESSER = """
import os, sys
from run import app
from sqlalchemy import select
from app.domain.errors import Conflict
from app.extensions import db
from app.models import Account
from app.services.screening import draw
from app.security.people import actor_of
from app.web.actors import current_vault
class_id, presses = int(sys.argv[1]), int(sys.argv[2])

def press(wait):
    with app.app_context():
        actor = actor_of(db.session.scalar(select(Account).where(Account.username == "institution_admin")))
        db.session.remove()
        os.write(1, b"ready\\n")
        wait()
        try:
            draw(class_id, actor=actor, vault=current_vault())
            return "drawn"
        except Conflict as refused:
            return refused.code

if presses == 1:
    sys.exit(press(sys.stdin.readline))
start, go = os.pipe()
for _ in range(presses):
    if os.fork() == 0:
        os.close(go)
        os.write(1, (press(lambda: os.read(start, 1)) + "\\n").encode())
        os._exit(0)
sys.stdin.readline()
os.close(go)
for _ in range(presses):
    os.wait()
"""
# Stops for good after the first enrollments have moved: in the middle of the draw.
STUCK = """
import signal
from app.services import screening
def stop(*_args, **_options):
    print("in the middle", flush=True)
    signal.pause()
screening.reserve.fill = stop
"""


@pytest.fixture
def ready(fresh_app: Flask) -> Iterator[int]:
    """A frozen class with more candidates than seats, committed for other processes to see."""
    with fresh_app.app_context(), frozen(AFTER_ROUND_ONE):
        world = build()
        row, _ = overfull(world, seats=SEATS, candidates=CANDIDATES)
        freeze(row.id, actor=world.actor("institution_admin"), vault=current_vault())
        class_id = row.id
        db.session.remove()
        yield class_id


@contextmanager
def pressing(database: Database, class_id: int, presses: int, before: str = "") -> Iterator[subprocess.Popen[str]]:
    """Run a process that presses; it is gone at the end."""
    command = [sys.executable, "-c", before + PRESSER, str(class_id), str(presses)]
    with subprocess.Popen(
        command, cwd=ROOT, env=database.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def say(process: subprocess.Popen[str], presses: int) -> None:
    """Wait until everybody is ready and let them go on."""
    assert process.stdout
    assert process.stdin
    for _ in range(presses):
        assert process.stdout.readline() == "ready\n", process.stderr and process.stderr.read()
    process.stdin.write("go\n")
    process.stdin.flush()


def whole(class_id: int) -> list[str]:
    """What is not as a whole draw leaves it; empty: everything is."""
    db.session.remove()
    found = db.session.scalar(select(Screening).where(Screening.training_class_id == class_id))
    lines = db.session.scalars(select(ScreeningCandidate).where(ScreeningCandidate.screening_id == found.id)).all()
    expected = rules.draw(found.seed or "", [line.enrollment_number for line in lines], SEATS)
    places = {place.number: (place.position, place.key, place.drawn) for place in expected}
    rows = db.session.scalars(select(Enrollment).where(Enrollment.training_class_id == class_id)).all()
    drawn = {place.number for place in expected if place.drawn}
    taken = db.session.scalar(select(TrainingClass.taken).where(TrainingClass.id == class_id))
    told = db.session.scalar(
        select(func.count()).select_from(Transition).where(
            Transition.action == "draw_out", Transition.row_id.in_([row.id for row in rows])
        )
    )  # fmt: skip
    checks = {
        "places": {x.enrollment_number: (x.place_in_order, x.order_hash, x.drawn) for x in lines} == places,
        "seats": {row.number for row in rows if row.holds_seat} == drawn and taken == SEATS,
        "states": {row.number for row in rows if row.state is EnrollmentState.AWAITING_INSTITUTION} == drawn,
        "ledger": told == CANDIDATES - SEATS,
        "published": found.drawn_at is not None and found.result_hash == rules.result_hash(p.number for p in expected),
    }
    return [name for name, right in checks.items() if not right]


def untouched(class_id: int) -> bool:
    """Whether the class stands as the freeze left it."""
    db.session.remove()
    found = db.session.scalar(select(Screening).where(Screening.training_class_id == class_id))
    states = set(db.session.scalars(select(Enrollment.state).where(Enrollment.training_class_id == class_id)))
    places = db.session.scalars(
        select(ScreeningCandidate.place_in_order).where(ScreeningCandidate.screening_id == found.id)
    ).all()
    taken = db.session.scalar(select(TrainingClass.taken).where(TrainingClass.id == class_id))
    no_trace = (found.seed, found.drawn_at, found.result_hash, taken) == (None, None, None, 0)
    return no_trace and states == {EnrollmentState.AWAITING_INSTITUTION} and set(places) == {None}


@pytest.mark.req("ENR-8", "R4")
def test_thirty_two_presses_at_once_are_one_draw(fresh_database: Database, ready: int) -> None:
    with pressing(fresh_database, ready, PRESSES) as process:
        say(process, PRESSES)
        out, error = process.communicate()
    answers = out.split()
    assert process.returncode == 0, error
    assert len(answers) == PRESSES, error
    assert sorted(set(answers)) == ["already_drawn", "drawn"]
    assert answers.count("drawn") == 1
    assert whole(ready) == []


@pytest.mark.req("ENR-8", "R1", "R4")
def test_a_process_killed_in_the_middle_leaves_no_draw_and_the_next_one_a_whole(
    fresh_database: Database, ready: int
) -> None:
    with pressing(fresh_database, ready, 1, STUCK) as process:
        say(process, 1)
        assert process.stdout
        assert process.stdout.readline() == "in the middle\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert untouched(ready)
    institution = db.session.scalar(select(Account).where(Account.username == "institution_admin"))
    draw(ready, actor=actor_of(institution), vault=current_vault())
    assert whole(ready) == []
