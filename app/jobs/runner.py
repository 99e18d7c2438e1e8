"""Doing one job: claim it, become its owner, run its function, write down how it ended."""

from __future__ import annotations

import errno
import time
import traceback
from collections.abc import Callable

import structlog
from flask import current_app

from app.domain.errors import DomainError
from app.domain.text import N_, Text
from app.jobs.registry import Run, kind_named
from app.models import BackgroundJob
from app.security.people import signed_in
from app.services import jobs

PROGRESS_EVERY = 1.0  # seconds; who has stopped a job waits no longer

log = structlog.get_logger("jobs")


class WorkerEnding(Exception):
    """The worker has been asked to end; the job goes back into the queue."""


def run(job_id: int, *, stopping: Callable[[], bool]) -> None:
    """Do the job if it still waits: a number that comes twice, or whose job was stopped, is passed over."""
    job = None if stopping() else jobs.claim(job_id)
    if job is None:
        return
    log.info("job started", job=job_id, kind=job.kind)
    try:
        _work(job, stopping)
    except WorkerEnding:
        jobs.give_back(job_id)
    except jobs.JobCancelled:
        jobs.end_cancelled(job_id)
    except DomainError as error:
        jobs.fail(job_id, [problem.text for problem in error.problems])
    except Exception as error:  # noqa: BLE001 - whatever a job raises, its owner must learn that it ended
        log.error("job failed", job=job_id, error=traceback.format_exc())
        jobs.fail(job_id, [_explained(error)])
    log.info("job ended", job=job_id)


def _work(job: BackgroundJob, stopping: Callable[[], bool]) -> None:
    job_id, account_id, arguments = job.id, job.account_id, dict(job.arguments)
    function, person = kind_named(job.kind), signed_in(account_id)
    if function is None:
        return jobs.fail(job_id, [Text(N_("The platform no longer knows this kind of job; start it from its page."))])
    if person is None:
        return jobs.fail(job_id, [Text(N_("The account that started this job may not act any more."))])

    told = -PROGRESS_EVERY

    def progress(done: int, total: int) -> None:
        nonlocal told
        if stopping():
            raise WorkerEnding
        if done >= total or time.monotonic() - told >= PROGRESS_EVERY:  # each time is a synced write
            jobs.progress(job_id, done, total)
            told = time.monotonic()

    folder = current_app.config["SETTINGS"].instance / jobs.EXPORTS
    folder.mkdir(parents=True, exist_ok=True)
    result = function(Run(job_id, person.actor(address=arguments.get("address")), arguments, folder, progress))
    return jobs.finish(job_id, name=result.name if result else None, path=result.path if result else None)


def _explained(error: Exception) -> Text:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Text(N_("The disk is full. Tell the administrator; then start the job again."))
    if isinstance(error, OSError) and error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return Text(N_("The result could not be written to the disk. Tell the administrator; then start it again."))
    return Text(N_("The job ended with an error, which was recorded. Start it again; if it fails again, tell the "
                   "administrator the number of the job."))  # fmt: skip
