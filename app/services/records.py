"""Creating, changing and deleting any entity: the one way in for screens, API, imports and jobs.

Each verb asks for the permission, keeps to the scope of the row and of everything it points to, runs the entity's own
checks, writes the audit, and is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from app.domain.errors import Conflict, Invalid, NotPermitted, NotVisible, Problem, Problems
from app.domain.terms import AuditAction
from app.domain.text import N_
from app.extensions import db
from app.security.actor import Actor
from app.security.scope import fetch_manageable, fetch_visible, is_declared, is_manageable, is_visible
from app.services import audit
from app.services.unit import changed_meanwhile, transaction

M = TypeVar("M")
Check = Callable[[Any, Problems, Actor], None]
_checks: dict[type[Any], list[Check]] = {}
_delete_checks: dict[type[Any], list[Check]] = {}


def check(*models: type[Any]) -> Callable[[Check], Check]:
    """Register a rule that a created or changed row of `models` must satisfy: `rule(row, problems, actor)`."""
    return _register(_checks, models)


def check_delete(*models: type[Any]) -> Callable[[Check], Check]:
    """Register a rule that must hold before a row of `models` may be deleted."""
    return _register(_delete_checks, models)


def _register(book: dict[type[Any], list[Check]], models: tuple[type[Any], ...]) -> Callable[[Check], Check]:
    def register(rule: Check) -> Check:
        for model in models:
            book.setdefault(model, []).append(rule)
        return rule

    return register


def create(model: type[M], values: Mapping[str, Any], *, actor: Actor) -> M:
    """Create a row of `model`. Raises NotPermitted, Invalid (per field) or Conflict; then nothing is written."""
    actor.require("create", model.__name__)
    with transaction():
        row = model()
        _fill(row, values, actor)
        db.session.add(row)
        _run(_checks, row, actor)
        db.session.flush()
        if not is_manageable(row, actor=actor):
            raise NotPermitted
        audit.record(AuditAction.CREATE, row, actor=actor, after=audit.snapshot(row))
    return row


def update(
    model: type[M],
    key: Any,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    expected_version: int | None = None,
    reason: str | None = None,
) -> M:
    """Change a row. `expected_version` is the one the person saw: another in the database is a Conflict (ACC-9)."""
    actor.require("edit", model.__name__)
    with transaction():
        row = fetch_manageable(model, key, actor=actor)
        if expected_version is not None and row.version != expected_version:  # type: ignore[attr-defined]
            raise Conflict(changed_meanwhile())
        before = audit.snapshot(row)
        with db.session.no_autoflush:
            _fill(row, values, actor)
            _run(_checks, row, actor)
        db.session.flush()
        if not is_manageable(row, actor=actor):
            raise NotPermitted
        audit.record(AuditAction.UPDATE, row, actor=actor, before=before, after=audit.snapshot(row), reason=reason)
    return row


def delete(model: type[Any], key: Any, *, actor: Actor, reason: str | None = None) -> None:
    """Delete a row nothing refers to. Raises Conflict naming what stands in the way."""
    actor.require("delete", model.__name__)
    with transaction():
        row = fetch_manageable(model, key, actor=actor)
        _run(_delete_checks, row, actor)
        audit.record(AuditAction.DELETE, row, actor=actor, before=audit.snapshot(row), reason=reason)
        db.session.delete(row)
        db.session.flush()


def run_delete_checks(row: Any, actor: Actor) -> None:
    """Raise Conflict with every reason for which `row` must stay; for verbs that delete in their own way."""
    _run(_delete_checks, row, actor)


def problems_of(row: Any, *, actor: Actor) -> list[Problem]:
    """Return what the rules of its entity say against `row`, stored or not: what saving it would be refused for."""
    return _told(_checks, row, actor).found


def _run(book: dict[type[Any], list[Check]], row: Any, actor: Actor) -> None:
    _told(book, row, actor).raise_if_any(Conflict if book is _delete_checks else Invalid)


def _told(book: dict[type[Any], list[Check]], row: Any, actor: Actor) -> Problems:
    problems = Problems()
    with db.session.no_autoflush:
        for rule in book.get(type(row), ()):
            rule(row, problems, actor)
    return problems


def _fill(row: Any, values: Mapping[str, Any], actor: Actor) -> None:
    """Set `values` on `row`, after making sure that every row they point to is one the actor sees (ORG-6).

    A relation may be handed over as the row or as its key column: both are looked at.
    """
    problems = Problems()
    for name, value in values.items():
        if not _points_to_visible(row, name, value, actor):
            problems.add("choice_not_visible", N_("This choice does not exist or is outside your scope."), field=name)
    problems.raise_if_any()
    for name, value in values.items():
        setattr(row, name, value)


def _points_to_visible(row: Any, name: str, value: Any, actor: Actor) -> bool:
    mapper = inspect(type(row))
    if value is None:
        return True
    if name in mapper.relationships:
        return _all_visible(value, actor)
    target = _target_of(mapper, name)
    if target is None or getattr(row, name) == value:
        return True
    try:
        fetch_visible(target, value, actor=actor)
    except NotVisible:
        return False
    return True


def _target_of(mapper: Mapper[Any], name: str) -> type[Any] | None:
    """Return the entity with a scope that the key column `name` points to, None for any other attribute."""
    column = mapper.columns.get(name)
    tables = {key.column.table for key in column.foreign_keys} if column is not None else set()
    classes = [other.class_ for other in mapper.registry.mappers if other.local_table in tables]
    return next((found for found in classes if is_declared(found)), None)


def _all_visible(value: Any, actor: Actor) -> bool:
    rows = value if isinstance(value, list | tuple) else [value]
    return all(is_visible(row, actor=actor) for row in rows if row is not None and is_declared(type(row)))
