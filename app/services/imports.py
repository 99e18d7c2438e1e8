"""Imports of workbooks: uploading, keeping the plan, applying exactly that, discarding it (TCH-6).

The plan lies in sealed blocks. Applying marks a block in the transaction that writes its rows, so that an import that
was stopped or killed goes on where it was, and ends as one that ran through.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from flask import current_app
from sqlalchemy import Select, Update, delete, or_, select, update

from app.domain.clock import now
from app.domain.errors import Conflict, NotVisible, Problem, problem
from app.domain.imports import WRITTEN, Leftover, RowPlan, problem_to_json
from app.domain.terms import ImportState, JobState
from app.domain.text import N_
from app.extensions import db
from app.models import BackgroundJob, ImportBatch, ImportBlock
from app.security.actor import Actor
from app.security.crypto import Vault, vault
from app.security.scope import fetch_visible
from app.services import jobs
from app.services.import_rows import has_plan, rows_in, sealed_rows, to_write
from app.services.unit import transaction

FOLDER = "imports"  # inside the instance folder: uploads until they are planned
PLAN, APPLY = "import_plan", "import_apply"  # the kinds of job
KEPT = timedelta(days=30)  # how long the plan of an import stays readable
LOST = timedelta(hours=1)  # how old an upload is that no import will ever name
PIECE = 1 << 20  # bytes copied at once
OPEN = (JobState.QUEUED, JobState.RUNNING)
RESUMABLE = (ImportState.PLANNED, ImportState.APPLYING)
UNFINISHED = (ImportState.PLANNING, *RESUMABLE)


def folder() -> Path:
    """Return the folder of uploads, made when it is missing."""
    path: Path = current_app.config["SETTINGS"].instance / FOLDER
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def upload(
    kind: str, resource: str, file: IO[bytes], *, file_name: str, title: str, language: str, actor: Actor
) -> ImportBatch:
    """Keep an uploaded workbook and begin to plan its import; `resource` is what the rows are.

    Raises NotPermitted, or Conflict while the actor has too many open jobs; nothing is left of an upload that could
    not be begun. The file is not looked into here.
    """
    actor.require("import", resource)
    actor.require("create", ImportBatch.__name__)
    jobs.refuse_too_many(actor)
    _forget_old()
    path = folder() / f"{secrets.token_hex(16)}.xlsx"
    try:
        batch = _taken(file, path, kind, file_name, actor)
        _begin(batch.id, PLAN, title, language, actor)
    except BaseException:
        _leave_nothing(path)
        raise
    return batch


def _taken(file: IO[bytes], path: Path, kind: str, file_name: str, actor: Actor) -> ImportBatch:
    digest, size = _keep(file, path)
    with transaction():
        batch = ImportBatch(
            account_id=actor.account_id, kind=kind, file_name=Path(file_name).name[-200:] or "?", sha256=digest,
            size=size, file_path=path.name,
        )  # fmt: skip
        db.session.add(batch)
    return batch


def _leave_nothing(path: Path) -> None:
    path.unlink(missing_ok=True)  # first: it holds personal data in the clear
    db.session.rollback()
    with transaction():
        db.session.execute(delete(ImportBatch).where(ImportBatch.file_path == path.name))


def _keep(file: IO[bytes], path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    path.touch(mode=0o600)
    with open(path, "wb") as kept:
        while piece := file.read(PIECE):
            kept.write(piece)
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def _begin(batch_id: int, job_kind: str, title: str, language: str, actor: Actor) -> None:
    arguments = {"batch": batch_id, "language": language, "address": actor.address}
    job = jobs.start(job_kind, title, arguments, actor=actor)
    with transaction():
        db.session.execute(update(ImportBatch).where(ImportBatch.id == batch_id).values(job_id=job.id))
    db.session.expire_all()


def own_batch(key: Any, *, actor: Actor) -> ImportBatch:
    """Return an import of the actor's own. Raises NotVisible for anybody else's, even to who sees every row."""
    batch = fetch_visible(ImportBatch, key, actor=actor)
    if batch.account_id != actor.account_id:
        raise NotVisible
    return batch


def is_busy(batch: ImportBatch) -> bool:
    """Tell whether a job works on the import, or waits to."""
    return batch.job is not None and batch.job.state in OPEN


def is_stopped(batch: ImportBatch) -> bool:
    """Tell whether planning ended early and can be begun again."""
    return batch.state is ImportState.PLANNING and not is_busy(batch) and bool(batch.file_path)


def can_apply(batch: ImportBatch) -> bool:
    """Tell whether there is something left to apply, its plan is still kept, and nobody is at it."""
    return batch.state in RESUMABLE and not is_busy(batch) and to_write(batch) > 0 and has_plan(batch.id)


def start_applying(key: Any, resource: str, *, title: str, language: str, actor: Actor) -> ImportBatch:
    """Begin to apply the plan, or go on with it. Raises NotVisible, NotPermitted, or Conflict when it cannot be."""
    batch = own_batch(key, actor=actor)
    actor.require("import", resource)
    if batch.state in RESUMABLE:
        _refuse_without_plan(batch.id)
    if not can_apply(batch):
        raise Conflict(problem("import_not_ready", N_("This import cannot be applied now. Reload the page.")))
    jobs.refuse_too_many(actor)
    with transaction():
        if not _move(batch.id, RESUMABLE, ImportState.APPLYING):
            raise Conflict(problem("import_not_ready", N_("This import cannot be applied now. Reload the page.")))
    _begin(batch.id, APPLY, title, language, actor)
    return batch


def restart_planning(key: Any, resource: str, *, title: str, language: str, actor: Actor) -> ImportBatch:
    """Plan again what was stopped while planning. Raises NotVisible, NotPermitted or Conflict."""
    batch = own_batch(key, actor=actor)
    actor.require("import", resource)
    if not is_stopped(batch):
        raise Conflict(problem("import_not_stopped", N_("This import was not stopped. Reload the page.")))
    _begin(batch.id, PLAN, title, language, actor)
    return batch


def discard(key: Any, *, actor: Actor) -> ImportBatch:
    """Give up an import: the file and the plan go, rows already written stay. Raises NotVisible or Conflict."""
    batch = own_batch(key, actor=actor)
    if is_busy(batch):
        raise Conflict(problem("import_busy", N_("Stop the running work first.")))
    with transaction():
        if not _move(batch.id, UNFINISHED, ImportState.CANCELLED):
            raise Conflict(problem("import_over", N_("This import is over already.")))
        db.session.execute(delete(ImportBlock).where(ImportBlock.batch_id == batch.id))
    forget_file(batch)
    return batch


# --- what the worker writes while planning


def begin_plan(batch: ImportBatch) -> None:
    """Remove what an earlier, interrupted planning has left."""
    with transaction():
        db.session.execute(delete(ImportBlock).where(ImportBlock.batch_id == batch.id))


def add_blocks(batch_id: int, number: int, parts: Sequence[Sequence[RowPlan]]) -> None:
    """Keep the plan of some rows as blocks, from `number` on; each is applied by itself."""
    blocks = [
        ImportBlock(
            batch_id=batch_id, number=at, counts=dict(Counter(plan.outcome.value for plan in plans)),
            sealed=sealed_rows(plans), unwritten=[],
        )
        for at, plans in enumerate(parts, number)
    ]  # fmt: skip
    with transaction():  # short: nothing is packed or sealed in it
        db.session.add_all(blocks)


def finish_plan(batch_id: int, *, header: dict[str, Any], notes: Sequence[Problem]) -> None:
    """Count the rows by result and mark the plan as ready."""
    counts: Counter[str] = Counter()
    for part in db.session.scalars(select(ImportBlock.counts).where(ImportBlock.batch_id == batch_id)):
        counts.update(part)
    with transaction():
        _move(
            batch_id, (ImportState.PLANNING,), ImportState.PLANNED, header=header, counts=dict(counts),
            total=counts.total(), notes=[problem_to_json(each) for each in notes],
        )  # fmt: skip


def refuse(batch_id: int, problems: Sequence[Problem]) -> None:
    """Mark the file as refused, with every reason; nothing of it is kept."""
    with transaction():
        db.session.execute(delete(ImportBlock).where(ImportBlock.batch_id == batch_id))
        said = [problem_to_json(each) for each in problems]
        _move(batch_id, (ImportState.PLANNING,), ImportState.FAILED, problems=said)


def forget_file(batch: ImportBatch) -> None:
    """Remove the upload: it holds personal data in the clear."""
    if batch.file_path:
        (folder() / Path(batch.file_path).name).unlink(missing_ok=True)
        with transaction():
            db.session.execute(update(ImportBatch).where(ImportBatch.id == batch.id).values(file_path=None))


# --- applying


def open_blocks(batch_id: int) -> list[int]:
    """Return the keys of the blocks not yet applied, in order."""
    wanted = select(ImportBlock.id).where(ImportBlock.batch_id == batch_id, ImportBlock.applied_at.is_(None))
    return list(db.session.scalars(wanted.order_by(ImportBlock.number)))


@dataclass(frozen=True, slots=True)
class ReadyBlock:
    """A block opened: its key, the rows of the file it is about, and those to be written, as the target takes them."""

    key: int
    numbers: range
    rows: list[Any]


def sealed_blocks(keys: Sequence[int]) -> list[tuple[int, bytes]]:
    """Return the sealed rows of blocks, with the key of each."""
    wanted = select(ImportBlock.id, ImportBlock.sealed).where(ImportBlock.id.in_(keys)).order_by(ImportBlock.number)
    return [(row.id, row.sealed) for row in db.session.execute(wanted)]


def opened(
    blocks: Sequence[tuple[int, bytes]], made_ready: Callable[[list[RowPlan], Vault], list[Any]], data_key: str
) -> list[ReadyBlock]:
    """Return blocks with the rows that are to be written, made ready: it takes time, and no database."""
    key = vault(data_key)
    plans = [(block_id, rows_in(sealed, key)) for block_id, sealed in blocks]
    return [
        ReadyBlock(
            block_id, range(rows[0].number, rows[-1].number + 1),
            made_ready([row for row in rows if row.outcome in WRITTEN], key),
        )
        for block_id, rows in plans
    ]  # fmt: skip


def apply_blocks(batch_id: int, blocks: Sequence[ReadyBlock], write: Callable[[list[Any]], list[Leftover]]) -> None:
    """Write the rows of blocks and mark these, in the running transaction.

    The first statement writes: two workers never apply the same block; one that was applied before is passed over.
    """
    mine = _marked(blocks)
    rows = [row for block in mine for row in block.rows]
    left = write(rows) if rows else []
    _tell_unwritten(mine, left)
    done = len(rows) - len(left)
    _quietly(update(ImportBatch).where(ImportBatch.id == batch_id).values(written=ImportBatch.written + done))


def _marked(blocks: Sequence[ReadyBlock]) -> list[ReadyBlock]:
    """Mark blocks as applied; return those that were not before."""
    keys = [block.key for block in blocks]
    mark = update(ImportBlock).where(ImportBlock.id.in_(keys), ImportBlock.applied_at.is_(None))
    marked = set(_quietly(mark.values(applied_at=now()).returning(ImportBlock.id)).scalars())
    return [block for block in blocks if block.key in marked]


def _tell_unwritten(blocks: Sequence[ReadyBlock], left: Sequence[Leftover]) -> None:
    for block in blocks if left else ():
        here = [each for each in left if each.number in block.numbers]
        said = [[each.number, each.title, problem_to_json(each.problem)] for each in here]
        _quietly(update(ImportBlock).where(ImportBlock.id == block.key).values(unwritten=said))


def _quietly(statement: Update) -> Any:
    """Execute without looking for the rows in the session: nothing there is read afterwards."""
    return db.session.execute(statement, execution_options={"synchronize_session": False})


def finish_applying(batch_id: int) -> None:
    """Mark the import as applied. Raises Conflict when its plan is gone, so that nothing of it could be written."""
    with transaction():
        _refuse_without_plan(batch_id)
        _move(batch_id, (ImportState.APPLYING,), ImportState.APPLIED, applied_at=now())


def _refuse_without_plan(batch_id: int) -> None:
    if not has_plan(batch_id):
        gone = N_("The plan of this import is no longer kept, so nothing more was written. Upload the file again.")
        raise Conflict(problem("plan_gone", gone))


# --- clearing away


def _forget_old() -> None:
    """Remove plans and uploads nobody needs any more. What was still open ends, and tells why on its page."""
    with transaction():
        for batch in db.session.scalars(_old().where(ImportBatch.state.in_(UNFINISHED))).all():
            _expire(batch)
        keys = _old().with_only_columns(ImportBatch.id)
        db.session.execute(delete(ImportBlock).where(ImportBlock.batch_id.in_(keys)))
    for batch in db.session.scalars(_old().where(ImportBatch.file_path.is_not(None))).all():
        forget_file(batch)
    _sweep()


def _old() -> Select[tuple[ImportBatch]]:
    """Select the imports whose time is over and at which no job is."""
    busy = select(BackgroundJob.id).where(BackgroundJob.state.in_(OPEN))
    idle = or_(ImportBatch.job_id.is_(None), ImportBatch.job_id.not_in(busy))
    return select(ImportBatch).where(ImportBatch.created_at < now() - KEPT, idle)


def _expire(batch: ImportBatch) -> None:
    text = N_("This import was not finished within %(days)d days, so its file and its plan were removed; rows already "
              "written stay. Upload the file again.")  # fmt: skip
    why = problem("import_expired", text, days=KEPT.days)
    _move(batch.id, UNFINISHED, ImportState.CANCELLED, notes=[problem_to_json(why), *batch.notes])


def _sweep() -> None:
    """Remove uploads no import names: the process that kept them was ended before it could say so."""
    named = set(db.session.scalars(select(ImportBatch.file_path).where(ImportBatch.file_path.is_not(None))))
    for path in folder().iterdir():
        with suppress(FileNotFoundError):  # another process sweeps as well
            if path.name not in named and path.stat().st_mtime < (now() - LOST).timestamp():
                path.unlink()


def _move(batch_id: int, origin: tuple[ImportState, ...], target: ImportState, **changes: Any) -> bool:
    still = update(ImportBatch).where(ImportBatch.id == batch_id, ImportBatch.state.in_(origin))
    done = _quietly(still.values({"state": target, **changes}))
    db.session.expire_all()
    return bool(done.rowcount)
