"""The one queue: a SQLite file in the instance folder, or Redis when REDIS_URL is set.

It carries nothing but the numbers of jobs; their rows in the database say everything else. A number that is lost or
comes twice does no harm: the worker puts waiting jobs in again, and a job is claimed once (docs/architecture.md).
"""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

from flask import Flask
from huey import Huey, RedisHuey, SqliteHuey
from redis import ConnectionPool

NAME = "jobs"
FILE = "queue.db"
WAIT = 5.0  # seconds for a busy or silent queue before it counts as away


class JobQueue:
    """The queue of one application; made on first use, so that each process has its own connection."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.stopping = threading.Event()

    @cached_property
    def huey(self) -> Huey:
        """Return the queue. Raises OSError or the driver's error when it cannot be reached."""
        settings = self._app.config["SETTINGS"]
        if settings.REDIS_URL:
            pool = ConnectionPool.from_url(settings.REDIS_URL, socket_connect_timeout=WAIT, socket_timeout=WAIT)
            return RedisHuey(NAME, connection_pool=pool, results=False)
        return SqliteHuey(NAME, filename=str(settings.instance / FILE), results=False, timeout=WAIT, fsync=True)

    @cached_property
    def _task(self) -> Any:
        return self.huey.task(name="run_job")(self._run)

    def _run(self, job_id: int) -> None:
        from app.jobs.runner import run

        with self._app.app_context():
            run(job_id, stopping=self.stopping.is_set)

    def put(self, job_id: int) -> None:
        """Hand a job over to the worker. Raises OSError or the driver's error when the queue is away."""
        self._task(job_id)

    def waiting(self) -> int:
        """Return how many numbers lie in the queue."""
        return int(self.huey.pending_count())

    def ready(self) -> Huey:
        """Return the queue with its task known: what a consumer needs."""
        assert self._task is not None
        return self.huey


def init_app(app: Flask) -> None:
    """Give `app` its queue; services reach it as `current_app.extensions["jobs"]`."""
    app.extensions["jobs"] = JobQueue(app)
