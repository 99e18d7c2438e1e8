"""The job that applies the plan of an import, block by block (TCH-6). Run again after any end, it goes on."""

from __future__ import annotations

import time
from functools import partial

from flask_babel import force_locale, gettext

from app.domain.text import N_, Text
from app.exchange.lookups import Lookups
from app.exchange.sheets import sheet_named
from app.extensions import db
from app.jobs.registry import Result, Run, job
from app.services import imports

PAUSE = 0.005  # seconds between blocks, beside reading and sealing the next: in them others write (W10)
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
        for number, block_id in enumerate(blocks, 1):
            db.session.rollback()
            target = sheet.target(sheet, Lookups(run.actor, gettext))
            imports.apply_block(block_id, target.prepare, partial(target.write, reason=reason))
            run.progress(total * number // len(blocks), total)
            time.sleep(PAUSE)
    imports.finish_applying(batch_id)
    return None
