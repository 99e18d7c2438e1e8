"""Writing many rows of an entity in the transaction of the caller: what an import has planned (TCH-6, ORG-5).

The same permission, scope, rules and audit as `records`, asked for once for all rows where that is possible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from app.domain.errors import NotPermitted, Problem, problem
from app.domain.terms import AuditAction
from app.domain.text import N_
from app.extensions import db
from app.models import AuditEntry
from app.security.actor import Actor
from app.security.scope import manageable_clause
from app.services import audit
from app.services.records import problems_of
from app.services.unit import changed_meanwhile


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row to be written: its place in the file, the stored row it changes (None: a new one), its values."""

    number: int
    row_id: int | None
    version: int | None
    values: Mapping[str, Any]


Refused = tuple[Wanted, Problem]


def write_many(
    model: type[Any], wanted: Sequence[Wanted], *, key: str, actor: Actor, reason: str, loads: Sequence[str] = ()
) -> list[Refused]:
    """Write `wanted`; return those that could not be, each with why: changed or taken meanwhile, or against a rule.

    `key` is the unique column, `loads` the collections to load together. Raises NotPermitted, then nothing is written.
    """
    new = [each for each in wanted if each.row_id is None]
    old = [each for each in wanted if each.row_id is not None]
    options = [selectinload(getattr(model, name)) for name in loads]
    return [
        *_change(model, old, options, actor=actor, reason=reason),
        *_create(model, new, key, actor=actor, reason=reason),
    ]


def _change(
    model: type[Any], wanted: Sequence[Wanted], options: Sequence[Any], *, actor: Actor, reason: str
) -> list[Refused]:
    if not wanted:
        return []
    actor.require("edit", model.__name__)
    keys = [each.row_id for each in wanted]
    rows = db.session.scalars(
        select(model)
        .where(model.id.in_(keys), manageable_clause(model, actor))
        .options(*options)
        .execution_options(populate_existing=True)
    )
    found = {row.id: row for row in rows}
    refused: list[Refused] = []
    with db.session.no_autoflush:
        for each in wanted:
            row = found.get(each.row_id)
            if row is None or row.version != each.version:
                refused.append((each, changed_meanwhile()))
                continue
            refused += _change_one(row, each, actor, reason)
    db.session.flush()
    _require_manageable(model, keys, len(found), actor)
    return refused


def _change_one(row: Any, wanted: Wanted, actor: Actor, reason: str) -> list[Refused]:
    before = audit.snapshot(row)
    old = {name: getattr(row, name) for name in wanted.values}
    _fill(row, wanted.values)
    wrong = problems_of(row, actor=actor)
    if wrong:
        _fill(row, {name: list(value) if isinstance(value, list) else value for name, value in old.items()})
        return [(wanted, wrong[0])]
    after = audit.snapshot(row)
    audit.record(AuditAction.IMPORT, row, actor=actor, before=before, after=after, reason=reason)
    return []


def _create(model: type[Any], wanted: Sequence[Wanted], key: str, *, actor: Actor, reason: str) -> list[Refused]:
    if not wanted:
        return []
    actor.require("create", model.__name__)
    column = getattr(model, key)
    taken = set(db.session.scalars(select(column).where(column.in_([each.values[key] for each in wanted]))))
    refused: list[Refused] = []
    rows = []
    with db.session.no_autoflush:
        for each in wanted:
            row = model()
            _fill(row, each.values)
            wrong = _taken() if each.values[key] in taken else problems_of(row, actor=actor)
            if wrong:
                refused.append((each, wrong[0]))
            else:
                rows.append(row)
    db.session.add_all(rows)
    db.session.flush()
    _require_manageable(model, [row.id for row in rows], len(rows), actor)
    _record_created(model, rows, actor, reason)
    return refused


def _fill(row: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _taken() -> list[Problem]:
    return [problem("taken_meanwhile", N_("Somebody else has added this record meanwhile. Import the file again."))]


def _require_manageable(model: type[Any], keys: Sequence[Any], count: int, actor: Actor) -> None:
    """Raise NotPermitted when a row now stands where the actor may not manage it."""
    inside = select(func.count()).select_from(model).where(model.id.in_(keys), manageable_clause(model, actor))
    if (db.session.scalar(inside) or 0) < count:
        raise NotPermitted


def _record_created(model: type[Any], rows: Sequence[Any], actor: Actor, reason: str) -> None:
    """Write one audit entry for all rows added together: their values are those of the rows themselves."""
    if not rows:
        return
    db.session.add(
        AuditEntry(
            account_id=actor.account_id, region_path=actor.region_path, action=AuditAction.IMPORT,
            entity=model.__name__, subject=reason[:200], after={"created": [row.id for row in rows]},
            reason=reason[:200], address=actor.address, request_id=actor.request_id,
        )
    )  # fmt: skip
