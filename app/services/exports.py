"""Taking data out of the platform: permitted, within scope, and written into the audit (OPS-2, OPS-3)."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, inspect

from app.domain.terms import AuditAction
from app.extensions import db
from app.models import AuditEntry
from app.security.actor import Actor
from app.security.scope import select_visible
from app.services.unit import transaction

CHUNK = 1000  # rows read at once
LIGHT_CHUNK = 4000  # rows of bare columns: each statement works out the scope again


def keys_to_export(
    model: type[Any], conditions: Sequence[ColumnElement[bool]], order: Sequence[Any], *, actor: Actor
) -> array[int]:
    """Return the keys of the visible rows that meet `conditions`, in order. Raises NotPermitted."""
    actor.require("export", model.__name__)
    key = inspect(model).primary_key[0]
    wanted = select_visible(model, actor).where(*conditions).order_by(*order).with_only_columns(key)
    return array("q", db.session.execute(wanted.execution_options(yield_per=CHUNK)).scalars())


def rows_of_keys(
    model: type[Any], keys: array[int], *, actor: Actor, columns: Sequence[Any] = (), options: tuple[Any, ...] = ()
) -> Iterator[list[Any]]:
    """Yield the rows of `keys` in order, a chunk at a time; rows deleted or moved away meanwhile are left out.

    With `columns` the rows hold those and `id` only: entities cost several times as much.
    """
    key = inspect(model).primary_key[0]
    size = LIGHT_CHUNK if columns else CHUNK
    for start in range(0, len(keys), size):
        part = keys[start : start + size]
        wanted = select_visible(model, actor).where(key.in_(part.tolist()))
        if columns:
            rows = db.session.execute(wanted.with_only_columns(key, *columns, maintain_column_froms=True))
            found = {row.id: row for row in rows}
        else:
            found = {row.id: row for row in db.session.scalars(wanted.options(*options))}
        yield [found[number] for number in part if number in found]


def record_export(model: type[Any], *, title: str, rows: int, details: dict[str, Any], actor: Actor) -> None:
    """Write into the audit that `rows` rows of `model` were taken out; `details` say which filters and columns."""
    with transaction():
        db.session.add(
            AuditEntry(
                account_id=actor.account_id,
                region_path=actor.region_path,
                action=AuditAction.EXPORT,
                entity=model.__name__,
                subject=title[:200],
                after={"rows": rows, **details},
                address=actor.address,
                request_id=actor.request_id,
            )
        )
