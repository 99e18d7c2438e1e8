"""Jobs through Redis, with real processes, and what happens while it is away."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.databases import ROOT, Database, Databases, run_python
from tests.support.server import free_port

pytestmark = [
    pytest.mark.req("R3", "DEL-12"),
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="the system has no redis-server"),
]
SECONDS = 60.0
HEAD = """
from run import app
from sqlalchemy import select
from app.extensions import db
from app.models import Account, BackgroundJob
from app.security.people import actor_of
from app.services import demo, jobs
"""
START = """
with app.app_context():
    account = db.session.scalars(select(Account).where(Account.username == "province")).one()
    arguments = {"view": "SchoolView", "filters": {}, "order": None, "descending": False, "language": "zh"}
    arguments["address"] = None
    print(jobs.start("export_list", "Schools", arguments, actor=actor_of(account)).id)
"""
STATE = """
with app.app_context():
    job = db.session.get(BackgroundJob, %d)
    print(job.state.value, job.message, job.result_path)
"""
READY = "print(app.test_client().get('/readyz').get_json())"


class Redis:
    """A server of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", str(self.port), "--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        self.process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(20)


def eventually(what: Callable[[], bool]) -> bool:
    """Whether `what()` becomes true in time."""
    deadline = time.monotonic() + SECONDS
    while not (answer := what()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


@dataclass(frozen=True)
class OnRedis(Database):
    """A database whose jobs go through Redis."""

    redis_url: str = ""

    @property
    def settings(self) -> dict[str, str]:
        return super().settings | {"REDIS_URL": self.redis_url}


def test_a_job_runs_through_redis_and_one_started_without_it_is_done_when_it_is_back(
    databases: Databases, redis: Redis
) -> None:
    made = databases.fresh("sqlite", "province")
    database = OnRedis(made.kind, made.url, made.folder, redis.url)
    worker = subprocess.Popen(
        [sys.executable, "-m", "app.jobs.worker"], cwd=ROOT, env=database.environment, stderr=subprocess.DEVNULL
    )
    try:
        done = _start(database)
        assert eventually(lambda: _state(database, done)[0] == "done"), _state(database, done)
        assert (database.folder / "exports" / _state(database, done)[2]).is_file()
        assert not (database.folder / "queue.db").exists()
        redis.stop()
        ready = run_python(HEAD + READY, database)
        assert "'status': 'degraded'" in ready
        assert "'queue': 'cannot be reached: see REDIS_URL" in ready
        waiting = _start(database)
        assert _state(database, waiting)[0] == "queued"
        redis.start()
        assert eventually(lambda: _state(database, waiting)[0] == "done"), _state(database, waiting)
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
        databases.drop(made)


def _start(database: Database) -> int:
    return int(run_python(HEAD + START, database).split()[-1])


def _state(database: Database, job_id: int) -> list[str]:
    return run_python(HEAD + STATE % job_id, database).split()[-3:]
