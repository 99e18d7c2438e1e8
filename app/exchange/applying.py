"""The job that applies the plan of an import, block by block (TCH-6). Run again after any end, it goes on."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import chain, islice
from typing import Any

from flask import current_app
from flask_babel import force_locale, gettext

from app.domain.text import N_, Text
from app.exchange.lookups import Lookups
from app.exchange.sheets import Sheet, sheet_named
from app.extensions import db
from app.jobs.beside import ahead, helper_of
from app.jobs.registry import Result, Run, job
from app.security.actor import Actor
from app.services import imports
from app.services.unit import transaction
from app.sqlite import checkpoint, others_wait

TOGETHER = 4  # blocks in one transaction, at most: a commit of many takes long as well
CHECKPOINT = 12  # blocks after which the database file takes over what was written
Ready = tuple[int, list[Any]]  # the key of a block, its rows as the target takes them
LABEL = N_("Import %(number)d: %(file)s")


@job(imports.APPLY)
def apply_import(run: Run) -> Result | None:
    """Write what was planned and is not written yet, then mark the import as applied."""
    batch = imports.own_batch(run.arguments["batch"], actor=run.actor)
    sheet = sheet_named(batch.kind)
    run.actor.require("import", sheet.resource)
    batch_id, total = batch.id, batch.total
    with force_locale(run.arguments["language"]):
        reason = Text(LABEL, {"number": batch.id, "file": batch.file_name}).rendered(gettext)[:200]
        blocks = imports.open_blocks(batch_id)
        db.session.rollback()
        with closing(_made_ready(blocks, sheet)) as all_ready:
            taken_over = 0
            for done in _applied(all_ready, sheet, run.actor, reason):
                run.progress(total * done // len(blocks), total)
                if done - taken_over >= CHECKPOINT:
                    checkpoint(db.engine)
                    taken_over = done
    imports.finish_applying(batch_id)
    return None


def _applied(all_ready: Iterator[Ready], sheet: Sheet, actor: Actor, reason: str) -> Iterator[int]:
    """Write the blocks, several in one transaction while nobody else waits to write; yield how many are done."""
    done = 0
    for first in all_ready:
        with transaction():
            for block_id, ready in chain([first], _while_nobody_waits(all_ready)):
                target = sheet.target(sheet, Lookups(actor, gettext))
                imports.apply_block(block_id, ready, partial(target.write, reason=reason))
                done += 1
        yield done


def _while_nobody_waits(all_ready: Iterator[Ready]) -> Iterator[Ready]:
    for _ in range(TOGETHER - 1):
        if others_wait():
            return
        yield from islice(all_ready, 1)


def _made_ready(blocks: Sequence[int], sheet: Sheet) -> Generator[Ready, None, None]:
    """Yield the key of each block with its rows, worked out ahead by the worker's helper."""
    data_key = current_app.config["SETTINGS"].DATA_KEY
    work_out = partial(imports.opened, made_ready=sheet.target.made_ready, data_key=data_key)
    with closing(ahead(helper_of(current_app), work_out, map(imports.sealed_block, blocks))) as found:
        yield from zip(blocks, found, strict=True)
