"""Importing workbooks as the pages do: upload, look at the plan, apply exactly that (TCH-6, ORG-5)."""

from __future__ import annotations

import base64
import binascii
from io import BytesIO
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from app.api.commands.base import Command, Values
from app.api.input import MOST_NUMBER, Text
from app.domain.errors import Invalid, problem
from app.domain.imports import RowPlan, problem_from_json
from app.domain.terms import ImportOutcome
from app.domain.text import N_
from app.exchange.lookups import Lookups
from app.exchange.reading import refusal
from app.exchange.sheets import Target, sheet_named
from app.exchange.uploading import APPLYING, take
from app.models import ImportBatch
from app.security.actor import Actor
from app.services import import_rows, imports, jobs
from app.web.i18n import sentence

MOST_BYTES = 20 << 20  # of a workbook sent inside JSON; larger ones are uploaded on the page
MOST_ROWS = 1000  # of a plan told at once


class UploadShape(Schema):
    """The workbook as Base64, and which sheet it is."""

    sheet = Text(required=True, validate=validate.Length(1, 32))
    file_name = Text(required=True, validate=validate.Length(1, 200))
    content = fields.String(required=True, metadata={"format": "byte"})


class BatchShape(Schema):
    """Which import."""

    id = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_NUMBER - 1))


class PlanShape(BatchShape):
    """Which import, and which rows of its plan are told: those with one of `outcomes`, from `offset` on.

    Rows that were planned and not written are paged by themselves.
    """

    outcomes = fields.List(fields.Enum(ImportOutcome, by_value=True), validate=validate.Length(max=len(ImportOutcome)))
    offset = fields.Integer(strict=True, load_default=0, validate=validate.Range(0, MOST_NUMBER - 1))
    limit = fields.Integer(strict=True, load_default=100, validate=validate.Range(0, MOST_ROWS))
    not_written_offset = fields.Integer(strict=True, load_default=0, validate=validate.Range(0, MOST_NUMBER - 1))
    not_written_limit = fields.Integer(strict=True, load_default=100, validate=validate.Range(0, MOST_ROWS))


def upload(values: Values, actor: Actor) -> ImportBatch:
    """Take the workbook; the worker plans it."""
    content = values["content"]
    if len(content) > MOST_BYTES * 4 // 3 + 4:
        raise Invalid(refusal("too_big", megabytes=-(-len(content) * 3 // 4 // (1 << 20)), most=MOST_BYTES >> 20))
    try:
        data = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        text = N_("The content of the workbook has to be sent as Base64.")
        raise Invalid(problem("not_base64", text, field="content")) from None
    return take(sheet_named(values["sheet"]), BytesIO(data), values["file_name"], actor=actor)


def plan(values: Values, actor: Actor) -> Values:
    """Return where an import is, its counts, and some rows of its plan with their changes and problems."""
    batch = imports.own_batch(values["id"], actor=actor)
    outcomes = frozenset(values.get("outcomes") or ImportOutcome)
    rows = import_rows.planned_rows(batch, outcomes, offset=values["offset"], limit=values["limit"])
    sheet = sheet_named(batch.kind)
    target = sheet.target(sheet, Lookups(actor, _))
    left = import_rows.leftovers(batch, offset=values["not_written_offset"], limit=values["not_written_limit"])
    return {
        "id": batch.id,
        "state": batch.state.value,
        "busy": imports.is_busy(batch),
        "counts": batch.counts,
        "total": batch.total,
        "written": batch.written,
        "notes": [sentence(problem_from_json(each)) for each in batch.notes],
        "problems": [sentence(problem_from_json(each)) for each in batch.problems],
        "rows": [_told(row, target) for row in rows],
        "not_written_count": import_rows.left_count(batch),
        "not_written": [
            {"row": number, "title": title, "problem": sentence(problem_from_json(said))}
            for number, title, said in left
        ],
    }


def _told(row: RowPlan, target: Target) -> dict[str, Any]:
    return {
        "row": row.number,
        "outcome": row.outcome.value,
        "title": row.title,
        "changes": [{"field": each.field, "before": each.before, "after": each.after} for each in target.changes(row)],
        "problems": [{"field": p.field, "code": p.code, "message": sentence(p)} for p in row.problems],
    }


def apply(values: Values, actor: Actor) -> ImportBatch:
    """Begin to apply the plan, or go on with it."""
    batch = imports.own_batch(values["id"], actor=actor)
    title = _(APPLYING) % {"file": batch.file_name}
    resource = sheet_named(batch.kind).resource
    return imports.start_applying(batch.id, resource, title=title, language=str(get_locale()), actor=actor)


def stop(values: Values, actor: Actor) -> ImportBatch:
    """Stop the running work after the rows in hand."""
    batch = imports.own_batch(values["id"], actor=actor)
    jobs.cancel(batch.job_id, actor=actor)
    return batch


def discard(values: Values, actor: Actor) -> ImportBatch:
    """Give up an import; rows already written stay."""
    return imports.discard(values["id"], actor=actor)


READ = ("read", "ImportBatch")
COMMANDS = (
    Command("import/upload", "Upload a workbook and plan it", ("create", "ImportBatch"), UploadShape, upload, 201),
    Command("import/plan", "Read the plan of an import", READ, PlanShape, plan),
    Command("import/apply", "Apply exactly the plan, or go on", READ, BatchShape, apply),
    Command("import/stop", "Stop the running work", READ, BatchShape, stop),
    Command("import/discard", "Give up an import", READ, BatchShape, discard),
)
