"""Background jobs: starting, watching, stopping and ending them (DEL-12).

A job's row is the truth; the queue only carries its number. A job belongs to the account that started it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import func, select, update

from app.domain.clock import now
from app.domain.errors import Conflict, NotVisible, problem
from app.domain.terms import JobState
from app.domain.text import N_, Text
from app.extensions import db
from app.models import BackgroundJob
from app.security.actor import Actor
from app.security.scope import fetch_visible
from app.services.unit import transaction

log = structlog.get_logger("jobs")
OPEN = (JobState.QUEUED, JobState.RUNNING)
MOST_OPEN = 10  # jobs of one account that wait or run
EXPORTS = "exports"  # the folder of results inside the instance folder
TITLE = 200  # characters


class JobCancelled(Exception):
    """The owner has stopped the job; raised inside its function by `progress`."""


def start(kind: str, title: str, arguments: dict[str, Any], *, actor: Actor) -> BackgroundJob:
    """Write down a job of the actor's and hand it to the worker once that is committed.

    `arguments` are JSON. Raises NotPermitted, or Conflict while the actor has too many open jobs. A queue that is
    away is no error: the job stays queued and the worker finds it.
    """
    actor.require("read", "BackgroundJob")
    with transaction():
        refuse_too_many(actor)
        job = BackgroundJob(account_id=actor.account_id, kind=kind, title=title[:TITLE], arguments=arguments)
        db.session.add(job)
    _enqueue(job.id)
    return job


def refuse_too_many(actor: Actor) -> None:
    """Raise Conflict while the actor has too many open jobs; for verbs that keep something before they start one."""
    mine = select(func.count()).where(BackgroundJob.account_id == actor.account_id, BackgroundJob.state.in_(OPEN))
    if (db.session.scalar(mine) or 0) >= MOST_OPEN:
        why = N_("You have %(limit)d jobs that are not finished. Wait for one of them, or stop one.")
        raise Conflict(problem("too_many_jobs", why, limit=MOST_OPEN))


def _enqueue(job_id: int) -> None:
    try:
        current_app.extensions["jobs"].put(job_id)
    except Exception as error:  # noqa: BLE001 - any queue driver's error; the worker looks for waiting jobs
        log.warning("queue cannot be reached; the job waits", job=job_id, error=str(error))


def own_job(job_id: Any, *, actor: Actor) -> BackgroundJob:
    """Return a job of the actor's own. Raises NotVisible for anybody else's, even to who sees every row."""
    job = fetch_visible(BackgroundJob, job_id, actor=actor)
    if job.account_id != actor.account_id:
        raise NotVisible
    return job


def result_file(job: BackgroundJob, instance: Path) -> Path:
    """Return where the file of a finished job lies. Raises Conflict when there is none (any more)."""
    path = instance / EXPORTS / Path(job.result_path or "-").name
    if job.state is not JobState.DONE or not path.is_file():
        raise Conflict(problem("no_result", N_("There is no file to download. Start the export again.")))
    return path


def cancel(job_id: Any, *, actor: Actor) -> BackgroundJob:
    """Stop a job: a waiting one at once, a running one after the rows in hand. Raises NotVisible or Conflict."""
    with transaction():
        job = own_job(job_id, actor=actor)
        waiting = _move(job.id, (JobState.QUEUED,), JobState.CANCELLED, finished_at=now(), cancel_requested=True)
        running = waiting or _change(job.id, (JobState.RUNNING,), cancel_requested=True)
        if not running:
            raise Conflict(problem("job_has_ended", N_("The job has ended already.")))
    db.session.refresh(job)
    return job


def claim(job_id: int) -> BackgroundJob | None:
    """Mark a waiting job as running and return it; None when it does not wait (any more)."""
    with transaction():
        claimed = _move(job_id, (JobState.QUEUED,), JobState.RUNNING, started_at=now(), done=0, message=None)
    return db.session.get(BackgroundJob, job_id, populate_existing=True) if claimed else None


def progress(job_id: int, done: int, total: int) -> None:
    """Write down how many of `total` rows are done. Raises JobCancelled when the owner has stopped the job."""
    with transaction():
        _change(job_id, (JobState.RUNNING,), done=done, total=total)
    if db.session.scalar(select(BackgroundJob.cancel_requested).where(BackgroundJob.id == job_id)):
        raise JobCancelled


def finish(job_id: int, *, name: str | None = None, path: str | None = None) -> None:
    """End a job well; `name` and `path` tell of its file, if it made one."""
    with transaction():
        _move(job_id, (JobState.RUNNING,), JobState.DONE, finished_at=now(), result_name=name, result_path=path)


def fail(job_id: int, reasons: Iterable[Text]) -> None:
    """End a job with the reasons its owner will read."""
    db.session.rollback()
    with transaction():
        _move(job_id, (JobState.RUNNING,), JobState.FAILED, finished_at=now(), message=_written(reasons))


def end_cancelled(job_id: int) -> None:
    """End a job its owner has stopped."""
    db.session.rollback()
    with transaction():
        _move(job_id, (JobState.RUNNING,), JobState.CANCELLED, finished_at=now())


def give_back(job_id: int) -> None:
    """Let a job wait again, because the worker ends; the next worker begins it anew."""
    db.session.rollback()
    with transaction():
        _move(job_id, (JobState.RUNNING,), JobState.QUEUED, started_at=None, done=0)


def fail_abandoned() -> int:
    """Fail the jobs a crashed worker left running; return how many. To be called while no worker runs.

    They are not begun again: whatever killed the worker (memory, say) may have been the job, and would kill it for
    ever. A worker that is stopped gives its job back instead.
    """
    why = Text(N_("The worker was ended in the middle of this job, so there is no result. Start it again."))
    changes = {"finished_at": now(), "message": _written([why])}
    with transaction():
        left = update(BackgroundJob).where(BackgroundJob.state == JobState.RUNNING)
        ended = db.session.execute(left.values(state=JobState.FAILED, **changes))
    return int(ended.rowcount)


def enqueue_waiting() -> int:
    """Put the waiting jobs into the queue again, oldest first; return how many. A number too many does no harm."""
    waiting = select(BackgroundJob.id).where(BackgroundJob.state == JobState.QUEUED).order_by(BackgroundJob.id)
    found = list(db.session.scalars(waiting))
    db.session.rollback()
    for job_id in found:
        _enqueue(job_id)
    return len(found)


def reasons_of(job: BackgroundJob) -> list[Text]:
    """Return the reasons a job failed for, to be translated when shown."""
    return [Text(msgid, params) for msgid, params in json.loads(job.message)] if job.message else []


def _written(reasons: Iterable[Text]) -> str:
    return json.dumps([[text.msgid, text.params] for text in reasons], ensure_ascii=False, default=str)


def _move(job_id: int, origin: tuple[JobState, ...], target: JobState, **changes: Any) -> bool:
    return _change(job_id, origin, state=target, **changes)


def _change(job_id: int, origin: tuple[JobState, ...], **changes: Any) -> bool:
    """Change a job that is still in one of the states `origin`, in one statement; tell whether it was."""
    still = update(BackgroundJob).where(BackgroundJob.id == job_id, BackgroundJob.state.in_(origin))
    done = db.session.execute(still.values(changes).execution_options(synchronize_session=False))
    return bool(done.rowcount)
