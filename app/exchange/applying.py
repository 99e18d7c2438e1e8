"""The job that applies the plan of an import, block by block (TCH-6). Run again after any end, it goes on."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from time import monotonic

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
from app.services.imports import ReadyBlock
from app.services.unit import transaction
from app.sqlite import checkpoint, others_wait

TOGETHER = 8  # blocks in one transaction, at most; made ready together, too
LONGEST = 0.15  # seconds a transaction of several blocks should take: who begins to wait in it waits for all of it
CALM = 16  # transactions of one block in which nobody waited, before there are longer ones
CHECKPOINT = 12  # blocks after which the database file takes over what was written
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
            for done in _applied(batch_id, all_ready, sheet, run.actor, reason):
                run.progress(total * done // len(blocks), total)
                if done - taken_over >= CHECKPOINT:
                    checkpoint(db.engine)
                    taken_over = done
    imports.finish_applying(batch_id)
    return None


@dataclass
class Pace:
    """How many blocks one transaction writes: several are faster, one lets others write sooner (B1, W10)."""

    blocks: int = 1
    calm: int = 0  # transactions since somebody waited

    def note(self, seconds: float, waited: bool) -> None:
        """Go on from a transaction that took so long, and in which somebody began to wait or nobody did."""
        self.calm = 0 if waited else self.calm + 1
        if self.calm < CALM:
            self.blocks = 1
        elif seconds > LONGEST:
            self.blocks = max(1, self.blocks // 2)
        elif seconds * 2 <= LONGEST:
            self.blocks = min(self.blocks * 2, TOGETHER)


def _applied(
    batch_id: int, all_ready: Iterator[list[ReadyBlock]], sheet: Sheet, actor: Actor, reason: str
) -> Iterator[int]:
    """Write the blocks, as many in a transaction as the pace allows; yield how many are done."""
    done, pace = 0, Pace()
    for group in all_ready:
        while group:
            some, group = group[: pace.blocks], group[pace.blocks :]
            with transaction():
                begun = monotonic()
                target = sheet.target(sheet, Lookups(actor, gettext))
                imports.apply_blocks(batch_id, some, partial(target.write, reason=reason))
                pace.note(monotonic() - begun, others_wait())
            done += len(some)
            yield done


def _made_ready(blocks: Sequence[int], sheet: Sheet) -> Generator[list[ReadyBlock], None, None]:
    """Yield the blocks, a group at a time, each worked out ahead by the worker's helper."""
    data_key = current_app.config["SETTINGS"].DATA_KEY
    work_out = partial(imports.opened, made_ready=sheet.target.made_ready, data_key=data_key)
    groups = (blocks[at : at + TOGETHER] for at in range(0, len(blocks), TOGETHER))
    yield from ahead(helper_of(current_app), work_out, map(imports.sealed_blocks, groups))
