"""The background worker: `python -m app.jobs.worker`.

One process per installation does one job at a time; a lock in the instance folder keeps a second one out, so that
whatever is marked running when a worker starts was left behind by a crash. TERM and INT end it within seconds: a job
in hand goes back into the queue (docs/architecture.md).
"""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import time
from pathlib import Path
from typing import IO, Any

import structlog
from flask import Flask
from huey.consumer import Consumer

from app.jobs import mail
from app.jobs.beside import employ_helper
from app.jobs.queue import JobQueue
from app.services import deadlines, jobs
from app.services.secondments import settle_due

log = structlog.get_logger("worker")
TICK = 0.2  # seconds between looks at the signals
ROUND = 15.0  # seconds between looks at the queue
MINUTE = 60.0  # seconds between looks at the deadlines of enrollments
LONGEST_PAUSE = 1.0  # seconds between looks for a new job while there is none
GRACE = 8.0  # seconds a job may take to notice that the worker ends
NICE = 10  # lower priority than the web processes: a job in hand must not slow who enrolls (W10)
COLLECTED = (20_000, 20, 20)  # objects made between two collections; collections of each age before an older one
LOCK_WAIT = 10.0  # seconds a worker that is just ending may still hold the lock


class Worker:
    """Runs a consumer until asked to end."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.queue: JobQueue = app.extensions["jobs"]
        self.asked_to_end = False

    def run(self) -> None:
        """Take up what a crash left, then work until TERM or INT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_end)
        with self.app.app_context():
            jobs.fail_abandoned()
        consumer = self._consumer()
        log.info("worker ready", pid=os.getpid())
        next_round = next_minute = 0.0
        while not self.asked_to_end:
            if consumer is None:
                consumer = self._consumer()
            if time.monotonic() >= next_round:
                self._look_after(consumer)
                next_round = time.monotonic() + ROUND
            if time.monotonic() >= next_minute:
                self._keep_deadlines()
                next_minute = time.monotonic() + MINUTE
            time.sleep(TICK)
        self._end(consumer)

    def _consumer(self) -> Consumer | None:
        """Start the consumer; None while the queue cannot be reached, which is tried again."""
        try:
            consumer = Consumer(
                self.queue.ready(), workers=1, worker_type="thread", periodic=False,
                max_delay=LONGEST_PAUSE, shutdown_timeout=GRACE,
            )  # fmt: skip
            consumer.start()
        except Exception as error:  # noqa: BLE001 - any driver's error; the queue comes back by itself
            log.error("queue cannot be reached; trying again", error=str(error))
            time.sleep(LONGEST_PAUSE)
            return None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_end)  # the consumer has set its own
        return consumer

    def _look_after(self, consumer: Consumer | None) -> None:
        """Put lost jobs into the queue again, start a dead thread again, send the mail, begin and end secondments."""
        if consumer is None:
            return
        try:
            consumer.check_worker_health()
            if self.queue.waiting() == 0:
                with self.app.app_context():
                    jobs.enqueue_waiting()
            with self.app.app_context():
                mail.send_due(lambda: self.asked_to_end)
                settle_due()
        except Exception as error:  # noqa: BLE001 - database or queue away; the next round tries again
            log.error("queue or database cannot be reached; trying again", error=str(error))

    def _keep_deadlines(self) -> None:
        """Do what is due. Here, not in the queue: an import of half an hour must not hold a seat back."""
        try:
            with self.app.app_context():
                deadlines.run()
        except Exception as error:  # noqa: BLE001 - database away; the next minute makes it good
            log.error("deadlines could not be kept; trying again", error=str(error))

    def _end(self, consumer: Consumer | None) -> None:
        self.queue.stopping.set()
        if consumer is not None:
            consumer.stop(graceful=True)
        log.info("worker ended")

    def _ask_to_end(self, _number: int, _frame: Any) -> None:
        self.asked_to_end = True


def hold_lock(folder: Path) -> IO[str]:
    """Return the locked file that makes this the only worker. Raises SystemExit when another one stays."""
    file = open(folder / "worker.lock", "a", encoding="ascii")  # noqa: SIM115 - held until the process ends
    deadline = time.monotonic() + LOCK_WAIT
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise SystemExit(f"Another worker runs already in {folder}; stop it first.") from None
            time.sleep(TICK)
        else:
            return file


def settle_memory() -> None:
    """Let the collector pass over what stays until the process ends, and come by less often.

    A job makes hundreds of objects a row; looking through the whole application each time took a sixth of an import.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)


def main() -> None:
    """Make the application once and work until asked to end."""
    from app import create_app

    os.nice(NICE)
    app = create_app()
    settle_memory()
    employ_helper(app)  # first of all: it must not share threads, connections or the lock
    lock = hold_lock(app.config["SETTINGS"].instance)
    with lock:
        Worker(app).run()


if __name__ == "__main__":
    main()
