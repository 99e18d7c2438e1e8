"""The job that applies the plan of an import, block by block (TCH-6). Run again after any end, it goes on."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from flask import current_app
from flask_babel import force_locale, gettext

from app.domain.text import N_, Text
from app.exchange.lookups import Lookups
from app.exchange.sheets import Sheet, sheet_named
from app.extensions import db
from app.jobs.beside import ahead, helper_of
from app.jobs.registry import Result, Run, job
from app.services import imports
from app.sqlite import checkpoint

CHECKPOINT = 8  # blocks after which the database file takes over what was written
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
            for number, (block_id, ready) in enumerate(all_ready, 1):
                target = sheet.target(sheet, Lookups(run.actor, gettext))
                imports.apply_block(block_id, ready, partial(target.write, reason=reason))
                run.progress(total * number // len(blocks), total)
                if number % CHECKPOINT == 0:
                    checkpoint(db.engine)
    imports.finish_applying(batch_id)
    return None


def _made_ready(blocks: Sequence[int], sheet: Sheet) -> Generator[tuple[int, list[Any]], None, None]:
    """Yield the key of each block with its rows, worked out ahead by the worker's helper."""
    sealed = map(imports.sealed_block, blocks)
    with closing(ahead(helper_of(current_app), imports.opened, sheet.target.made_ready, sealed)) as found:
        yield from zip(blocks, found, strict=True)
