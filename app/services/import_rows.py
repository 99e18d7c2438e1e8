"""The rows of an import as its plan keeps them, sealed in blocks: sealing, and reading them page by page (TCH-6)."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from flask import current_app
from sqlalchemy import Function, Integer, select

from app.domain.errors import Problem
from app.domain.imports import WRITTEN, RowPlan, problem_from_json
from app.domain.terms import ImportOutcome, ImportState
from app.extensions import db
from app.models import ImportBatch, ImportBlock
from app.security.crypto import Vault, vault


def sealed_rows(plans: Sequence[RowPlan]) -> bytes:
    """Return rows packed and sealed, as a block keeps them."""
    text = json.dumps([plan.to_json() for plan in plans], ensure_ascii=False, separators=(",", ":"))
    return platform_vault().seal(base64.b64encode(zlib.compress(text.encode(), 3)).decode())


def rows_in(sealed: bytes, key: Vault) -> list[RowPlan]:
    """Return the rows that `sealed_rows` sealed."""
    said = json.loads(zlib.decompress(base64.b64decode(key.open(sealed))))
    return [RowPlan.from_json(each) for each in said]


def platform_vault() -> Vault:
    """Return what seals the values of this installation."""
    return vault(current_app.config["SETTINGS"].DATA_KEY)


def to_write(batch: ImportBatch) -> int:
    """Return how many rows the plan adds or changes."""
    return sum(batch.counts.get(outcome.value, 0) for outcome in WRITTEN)


def _plans_of(block: ImportBlock) -> list[RowPlan]:
    return rows_in(block.sealed, platform_vault())


def planned_rows(
    batch: ImportBatch, outcomes: frozenset[ImportOutcome], *, offset: int = 0, limit: int | None = None
) -> Iterator[RowPlan]:
    """Yield the rows with one of `outcomes`, `limit` of them from `offset` on; only the blocks needed are opened."""
    heads = db.session.execute(
        select(ImportBlock.id, ImportBlock.counts).where(ImportBlock.batch_id == batch.id).order_by(ImportBlock.number)
    ).all()
    sizes = [(block_id, sum(counts.get(outcome.value, 0) for outcome in outcomes)) for block_id, counts in heads]
    for block_id, part in _parts(sizes, offset, limit):
        plans = _plans_of(db.session.get_one(ImportBlock, block_id))
        yield from [plan for plan in plans if plan.outcome in outcomes][part]


def leftovers(batch: ImportBatch, *, offset: int = 0, limit: int | None = None) -> Iterator[list[Any]]:
    """Yield [row number, title, problem as JSON] of planned rows that were not written, `limit` from `offset` on."""
    for block_id, part in _parts(_left_by_block(batch), offset, limit):
        yield from db.session.scalars(select(ImportBlock.unwritten).where(ImportBlock.id == block_id)).one()[part]


def left_count(batch: ImportBatch) -> int:
    """Return how many planned rows were not written."""
    return sum(size for _, size in _left_by_block(batch))


def left_plans(batch: ImportBatch) -> Iterator[tuple[RowPlan, Problem]]:
    """Yield every planned row that was not written, with the reason."""
    for block_id, _ in _left_by_block(batch):
        block = db.session.get_one(ImportBlock, block_id)
        plans = {plan.number: plan for plan in _plans_of(block)}
        yield from ((plans[number], problem_from_json(said)) for number, _title, said in block.unwritten)


def _left_by_block(batch: ImportBatch) -> list[tuple[int, int]]:
    """Return the key of each block with rows not written, and how many these are."""
    if batch.state is ImportState.PLANNED or batch.written >= to_write(batch):
        return []  # nothing to look for: each block is a page of sealed rows to be passed over
    # Not by `func`, where sqlalchemy_utils has registered one of this name that spoils the cache of statements.
    size = Function("json_array_length", ImportBlock.unwritten, type_=Integer())
    wanted = select(ImportBlock.id, size).where(ImportBlock.batch_id == batch.id, size > 0)
    return [(row[0], row[1]) for row in db.session.execute(wanted.order_by(ImportBlock.number))]


def _parts(sizes: Sequence[tuple[int, int]], offset: int, limit: int | None) -> Iterator[tuple[int, slice]]:
    """Yield the blocks in which `limit` rows (or all) from `offset` on lie, each with the part of its rows."""
    left = sum(size for _, size in sizes) if limit is None else limit
    for block_id, size in sizes:
        here = min(size - offset, left)
        if here > 0:
            yield block_id, slice(offset, offset + here)
            left -= here
        offset = max(0, offset - size)


def has_plan(batch_id: int) -> bool:
    """Tell whether the rows of the plan can still be read."""
    return db.session.scalar(select(ImportBlock.id).where(ImportBlock.batch_id == batch_id).limit(1)) is not None
