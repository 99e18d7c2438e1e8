"""Background jobs belong to who starts them, are done once, and always end with a word to their owner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import Conflict, Invalid, NotPermitted, NotVisible, problem
from app.domain.terms import JobState
from app.jobs import registry
from app.jobs.registry import Result, Run
from app.jobs.runner import run
from app.models import BackgroundJob
from app.security.actor import Actor
from app.services import jobs
from tests.world import World

pytestmark = pytest.mark.req("DEL-12")


class Queue:
    """Notes what is put into it."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.away = False

    def put(self, job_id: int) -> None:
        if self.away:
            raise OSError("no queue")
        self.numbers.append(job_id)


@pytest.fixture
def queue(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Queue:
    made = Queue()
    monkeypatch.setitem(app.extensions, "jobs", made)
    return made


@pytest.fixture
def actor(world: World) -> Actor:
    return world.actor("county_admin")


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`kind(function)` makes it the function of jobs called "test"."""
    monkeypatch.setattr(registry, "_kinds", {})
    return lambda function: registry.job("test")(function)


def never() -> bool:
    return False


def started(actor: Actor) -> int:
    return jobs.start("test", "A test", {"a": 1}, actor=actor).id


def stored(db: Any, job_id: int) -> BackgroundJob:
    db.session.expire_all()
    return db.session.get(BackgroundJob, job_id)


def test_a_job_is_queued_after_it_is_stored(queue: Queue, actor: Actor, db: Any) -> None:
    job_id = started(actor)
    db.session.rollback()
    assert queue.numbers == [job_id]
    assert stored(db, job_id).state is JobState.QUEUED


def test_a_job_waits_while_the_queue_is_away_and_is_found_later(queue: Queue, actor: Actor, db: Any) -> None:
    queue.away = True
    job_id = started(actor)
    assert stored(db, job_id).state is JobState.QUEUED
    queue.away = False
    jobs.enqueue_waiting()
    assert job_id in queue.numbers


def test_the_worker_does_a_job_as_its_owner_and_once(queue: Queue, actor: Actor, db: Any, kind: Any) -> None:
    seen: list[Run] = []

    @kind
    def work(given: Run) -> Result:
        seen.append(given)
        given.progress(2, 5)
        return Result("a.xlsx", "1-a.xlsx")

    job_id = started(actor)
    run(job_id, stopping=never)
    run(job_id, stopping=never)
    assert [(given.actor.account_id, given.arguments) for given in seen] == [(actor.account_id, {"a": 1})]
    job = stored(db, job_id)
    assert (job.state, job.done, job.total, job.result_name) == (JobState.DONE, 2, 5, "a.xlsx")
    assert job.started_at is not None
    assert job.finished_at is not None


def test_the_reasons_of_a_refusal_reach_the_owner(queue: Queue, actor: Actor, db: Any, kind: Any) -> None:
    @kind
    def work(given: Run) -> None:
        raise Invalid([problem("a", "Row %(row)d is wrong.", row=3), problem("b", "So is the date.")])

    job_id = started(actor)
    run(job_id, stopping=never)
    job = stored(db, job_id)
    assert job.state is JobState.FAILED
    assert [str(text) for text in jobs.reasons_of(job)] == ["Row 3 is wrong.", "So is the date."]


@pytest.mark.parametrize(
    ("error", "said"), [(OSError(28, "No space left"), "disk is full"), (KeyError("secret"), "was recorded")]
)
def test_an_error_ends_the_job_with_a_sentence_not_a_trace(
    queue: Queue, actor: Actor, db: Any, kind: Any, error: Exception, said: str
) -> None:
    @kind
    def work(given: Run) -> None:
        raise error

    job_id = started(actor)
    run(job_id, stopping=never)
    job = stored(db, job_id)
    assert job.state is JobState.FAILED
    assert said in str(jobs.reasons_of(job)[0])
    assert "secret" not in job.message


def test_a_waiting_job_is_stopped_at_once_and_never_begun(queue: Queue, actor: Actor, db: Any, kind: Any) -> None:
    kind(lambda given: pytest.fail("a stopped job was begun"))
    job_id = started(actor)
    assert jobs.cancel(job_id, actor=actor).state is JobState.CANCELLED
    run(job_id, stopping=never)
    assert stored(db, job_id).state is JobState.CANCELLED
    with pytest.raises(Conflict):
        jobs.cancel(job_id, actor=actor)


def test_a_running_job_stops_at_its_next_progress(queue: Queue, actor: Actor, db: Any, kind: Any) -> None:
    @kind
    def work(given: Run) -> None:
        jobs.cancel(given.job_id, actor=actor)
        given.progress(1, 2)
        pytest.fail("the job went on")

    job_id = started(actor)
    run(job_id, stopping=never)
    assert stored(db, job_id).state is JobState.CANCELLED


def test_a_job_goes_back_into_the_queue_when_the_worker_ends(queue: Queue, actor: Actor, db: Any, kind: Any) -> None:
    ending: list[bool] = []

    @kind
    def work(given: Run) -> None:
        ending.append(True)
        given.progress(1, 2)

    job_id = started(actor)
    run(job_id, stopping=lambda: bool(ending))
    job = stored(db, job_id)
    assert (job.state, job.started_at, job.done) == (JobState.QUEUED, None, 0)


def test_a_job_left_by_a_crash_fails_and_says_why(queue: Queue, actor: Actor, db: Any) -> None:
    job_id, waiting = started(actor), started(actor)
    assert jobs.claim(job_id) is not None
    jobs.fail_abandoned()
    job = stored(db, job_id)
    assert job.state is JobState.FAILED
    assert "Start it again" in str(jobs.reasons_of(job)[0])
    assert stored(db, waiting).state is JobState.QUEUED


def test_the_job_of_an_account_that_was_disabled_is_not_done(
    queue: Queue, actor: Actor, db: Any, kind: Any, world: World
) -> None:
    kind(lambda given: pytest.fail("done for a disabled account"))
    job_id = started(actor)
    world.account["county_admin"].active = False
    db.session.commit()
    run(job_id, stopping=never)
    assert stored(db, job_id).state is JobState.FAILED


@pytest.mark.req("ORG-6")
@pytest.mark.parametrize("username", ["qingyuan_county", "provincial_admin", "system_admin"])
def test_nobody_else_sees_or_stops_a_job(queue: Queue, actor: Actor, world: World, username: str) -> None:
    job_id = started(actor)
    other = world.actor(username)
    with pytest.raises(NotVisible):
        jobs.own_job(job_id, actor=other)
    with pytest.raises(NotVisible):
        jobs.cancel(job_id, actor=other)


def test_who_has_not_signed_in_starts_nothing(queue: Queue, world: World) -> None:
    with pytest.raises(NotPermitted):
        started(Actor.anonymous())


def test_one_account_cannot_fill_the_queue(queue: Queue, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_OPEN", 2)
    still_open = started(actor)
    started(actor)
    with pytest.raises(Conflict):
        started(actor)
    jobs.cancel(still_open, actor=actor)
    assert started(actor)


def test_two_kinds_cannot_have_one_name(kind: Any) -> None:
    kind(lambda given: None)
    with pytest.raises(ValueError, match="test"):
        kind(lambda given: None)
