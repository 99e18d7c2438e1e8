"""Imports of workbooks: uploading, keeping the plan, applying exactly that, discarding it (TCH-6).

The plan lies in sealed blocks. Applying marks a block in the transaction that writes its rows, so that an import that
was stopped or killed goes on where it was, and ends as one that ran through.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from flask import current_app
from sqlalchemy import Update, delete, func, select, update

from app.domain.clock import now
from app.domain.errors import Conflict, NotVisible, Problem, problem
from app.domain.imports import WRITTEN, Leftover, RowPlan, problem_to_json
from app.domain.terms import ImportOutcome, ImportState, JobState
from app.domain.text import N_
from app.extensions import db
from app.models import BackgroundJob, ImportBatch, ImportBlock
from app.security.actor import Actor
from app.security.crypto import Vault, vault
from app.security.scope import fetch_visible
from app.services import jobs
from app.services.unit import transaction

FOLDER = "imports"  # inside the instance folder: uploads until they are planned
PLAN, APPLY = "import_plan", "import_apply"  # the kinds of job
KEPT = timedelta(days=30)  # how long the plan of an import stays readable
PIECE = 1 << 20  # bytes copied at once
OPEN = (JobState.QUEUED, JobState.RUNNING)
RESUMABLE = (ImportState.PLANNED, ImportState.APPLYING)


def folder() -> Path:
    """Return the folder of uploads, made when it is missing."""
    path: Path = current_app.config["SETTINGS"].instance / FOLDER
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def upload(
    kind: str, resource: str, file: IO[bytes], *, file_name: str, title: str, language: str, actor: Actor
) -> ImportBatch:
    """Keep an uploaded workbook and begin to plan its import; `resource` is what the rows are.

    Raises NotPermitted. The file is not looked into here.
    """
    actor.require("import", resource)
    actor.require("create", ImportBatch.__name__)
    _forget_old()
    path = folder() / f"{secrets.token_hex(16)}.xlsx"
    digest, size = _keep(file, path)
    with transaction():
        batch = ImportBatch(
            account_id=actor.account_id, kind=kind, file_name=Path(file_name).name[-200:] or "?", sha256=digest,
            size=size, file_path=path.name,
        )  # fmt: skip
        db.session.add(batch)
    _begin(batch.id, PLAN, title, language, actor)
    return batch


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
    """Tell whether there is something left to apply and nobody at it."""
    return batch.state in RESUMABLE and not is_busy(batch) and to_write(batch) > 0


def to_write(batch: ImportBatch) -> int:
    """Return how many rows the plan adds or changes."""
    return sum(batch.counts.get(outcome.value, 0) for outcome in WRITTEN)


def start_applying(key: Any, resource: str, *, title: str, language: str, actor: Actor) -> ImportBatch:
    """Begin to apply the plan, or go on with it. Raises NotVisible, NotPermitted, or Conflict when it cannot be."""
    batch = own_batch(key, actor=actor)
    actor.require("import", resource)
    if not can_apply(batch):
        raise Conflict(problem("import_not_ready", N_("This import cannot be applied now. Reload the page.")))
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
        if not _move(batch.id, (ImportState.PLANNING, *RESUMABLE), ImportState.CANCELLED):
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
            sealed=_sealed(plans), unwritten=[],
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
    plans = [(block_id, _rows_in(sealed, key)) for block_id, sealed in blocks]
    return [
        ReadyBlock(
            block_id, range(rows[0].number, rows[-1].number + 1),
            made_ready([row for row in rows if row.outcome in WRITTEN], key),
        )
        for block_id, rows in plans
    ]  # fmt: skip


def apply_blocks(batch_id: int, blocks: Sequence[ReadyBlock], write: Callable[[list[Any]], list[Leftover]]) -> int:
    """Write the rows of blocks and mark these, in the running transaction; return how many rows were written.

    The first statement writes: two workers never apply the same block; one that was applied before is passed over.
    """
    mine = _marked(blocks)
    rows = [row for block in mine for row in block.rows]
    left = write(rows) if rows else []
    _tell_unwritten(mine, left)
    done = len(rows) - len(left)
    _quietly(update(ImportBatch).where(ImportBatch.id == batch_id).values(written=ImportBatch.written + done))
    return done


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
    """Mark the import as applied."""
    with transaction():
        _move(batch_id, (ImportState.APPLYING,), ImportState.APPLIED, applied_at=now())


# --- reading the plan


def plans_of(block: ImportBlock) -> list[RowPlan]:
    """Return the rows of a block."""
    return _rows_in(block.sealed, platform_vault())


def planned_rows(
    batch: ImportBatch, outcomes: frozenset[ImportOutcome], *, offset: int = 0, limit: int | None = None
) -> Iterator[RowPlan]:
    """Yield the rows with one of `outcomes`, `limit` of them from `offset` on; only the blocks needed are opened."""
    heads = db.session.execute(
        select(ImportBlock.id, ImportBlock.counts).where(ImportBlock.batch_id == batch.id).order_by(ImportBlock.number)
    ).all()
    left = sum(batch.counts.values()) if limit is None else limit
    for block_id, counts in heads:
        here = sum(counts.get(outcome.value, 0) for outcome in outcomes)
        if offset >= here or left <= 0:
            offset -= min(offset, here)
            continue
        rows = [plan for plan in plans_of(db.session.get_one(ImportBlock, block_id)) if plan.outcome in outcomes]
        yield from rows[offset : offset + left]
        left -= len(rows[offset : offset + left])
        offset = 0


def leftovers(batch: ImportBatch) -> Iterator[list[Any]]:
    """Yield [row number, title, problem as JSON] of every planned row that was not written."""
    wanted = select(ImportBlock.unwritten).where(ImportBlock.batch_id == batch.id).order_by(ImportBlock.number)
    for left in db.session.scalars(wanted):
        yield from left


def has_plan(batch: ImportBatch) -> bool:
    """Tell whether the rows of the plan can still be read."""
    return bool(db.session.scalar(select(func.count()).where(ImportBlock.batch_id == batch.id)))


# --- small helpers


def _sealed(plans: Sequence[RowPlan]) -> bytes:
    text = json.dumps([plan.to_json() for plan in plans], ensure_ascii=False, separators=(",", ":"))
    return platform_vault().seal(base64.b64encode(zlib.compress(text.encode(), 3)).decode())


def _rows_in(sealed: bytes, key: Vault) -> list[RowPlan]:
    said = json.loads(zlib.decompress(base64.b64decode(key.open(sealed))))
    return [RowPlan.from_json(each) for each in said]


def platform_vault() -> Vault:
    """Return what seals the values of this installation."""
    return vault(current_app.config["SETTINGS"].DATA_KEY)


def _forget_old() -> None:
    """Remove plans and uploads nobody needs any more."""
    old = select(ImportBatch.id).where(ImportBatch.created_at < now() - KEPT)
    with transaction():
        db.session.execute(delete(ImportBlock).where(ImportBlock.batch_id.in_(old)))
    busy = select(BackgroundJob.id).where(BackgroundJob.state.in_(OPEN))
    stale = select(ImportBatch).where(ImportBatch.id.in_(old), ImportBatch.file_path.is_not(None))
    for batch in db.session.scalars(stale.where(ImportBatch.job_id.not_in(busy))).all():
        forget_file(batch)


def _move(batch_id: int, origin: tuple[ImportState, ...], target: ImportState, **changes: Any) -> bool:
    still = update(ImportBatch).where(ImportBatch.id == batch_id, ImportBatch.state.in_(origin))
    done = _quietly(still.values({"state": target, **changes}))
    db.session.expire_all()
    return bool(done.rowcount)
