"""Who sees which rows: one rule per model, and the only ways to ask (ORG-6). See docs/scope.md.

Without a rule the question is an error, never an answer. Rules stand in `rules.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Integer, Select, bindparam, inspect, select, true
from sqlalchemy.orm import object_session

from app.domain.errors import NotPermitted, NotVisible
from app.extensions import db, fetch
from app.security.actor import Actor

Rule = Callable[[Actor], ColumnElement[bool]]
M = TypeVar("M")
_sees: dict[type[Any], Rule] = {}
_manages: dict[type[Any], Rule] = {}


class UndeclaredScope(RuntimeError):
    """A model without a rule was asked for: write one in app/security/rules/."""


def sees(*models: type[Any]) -> Callable[[Rule], Rule]:
    """Register the rule that says which rows of `models` an actor sees."""

    def register(rule: Rule) -> Rule:
        _sees.update(dict.fromkeys(models, rule))
        return rule

    return register


def manages(*models: type[Any]) -> Callable[[Rule], Rule]:
    """Register the rule that says which of the visible rows an actor may change; without one: all of them."""

    def register(rule: Rule) -> Rule:
        _manages.update(dict.fromkeys(models, rule))
        return rule

    return register


def is_declared(model: type[Any]) -> bool:
    """Tell whether `model` has a rule."""
    return model in _sees


def visible_clause(model: type[Any], actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `model` that leaves the rows `actor` sees. Raises UndeclaredScope."""
    try:
        rule = _sees[model]
    except KeyError:
        raise UndeclaredScope(model.__name__) from None
    return true() if actor.everything else rule(actor)


def manageable_clause(model: type[Any], actor: Actor) -> ColumnElement[bool]:
    """Return the condition that leaves the rows `actor` may change: among the visible ones."""
    seen = visible_clause(model, actor)
    rule = _manages.get(model)
    return seen if rule is None or actor.everything else seen & rule(actor)


def select_visible(model: type[M], actor: Actor) -> Select[M]:
    """Return a SELECT of the rows `actor` sees."""
    return select(model).where(visible_clause(model, actor))


KEYS = ("account_id", "bureau_id", "institution_id", "school_id", "teacher_id", "teacher_school_id")
_parameters = {name: bindparam(f"actor_{name}", type_=Integer) for name in KEYS}


def fetch_columns(statement: Any, model: type[Any], parameters: dict[str, Any], *, actor: Actor) -> Any:
    """Return the result of a SELECT of columns, narrowed to the rows of `model` the actor sees.

    For the way that thousands press at once: the narrowed statement is made once for all actors who stand alike, with
    a parameter for each of the actor's keys. `statement` is a constant of its module.
    """
    held = tuple(name for name in KEYS if getattr(actor, name) is not None)
    plain: dict[str, Any] = dict.fromkeys(KEYS)
    alike = replace(actor, **plain, name="", address=None, request_id=None)
    own = {f"actor_{name}": getattr(actor, name) for name in held}
    narrowed = _narrowed(statement, cast(Any, model), alike, held)
    return fetch(narrowed, {**parameters, **own})


@lru_cache(maxsize=1024)
def _narrowed(statement: Any, model: Any, alike: Actor, held: tuple[str, ...]) -> Any:
    keys: dict[str, Any] = {name: _parameters[name] for name in held}
    return statement.where(visible_clause(model, replace(alike, **keys)))


def fetch_visible(model: type[M], key: Any, *, actor: Actor, options: tuple[Any, ...] = ()) -> M:
    """Return the row with this primary key. Raises NotVisible when it is absent or out of scope alike."""
    return _fetch(model, key, actor, options)


def fetch_manageable(model: type[M], key: Any, *, actor: Actor, options: tuple[Any, ...] = ()) -> M:
    """Return the row for changing it, read afresh: what was in memory may be older than the running transaction.

    Raises NotVisible (404) unseen, NotPermitted (403) seen but not the actor's.
    """
    row = _fetch(model, key, actor, options, populate_existing=True)
    if not is_manageable(row, actor=actor):
        raise NotPermitted
    return row


def _fetch(model: type[M], key: Any, actor: Actor, options: tuple[Any, ...], **execution: Any) -> M:
    wanted = select_visible(model, actor).where(_key(model) == _number(key)).options(*options)
    row: M | None = db.session.scalar(wanted.execution_options(**execution))
    if row is None:
        raise NotVisible
    return row


def is_visible(row: Any, *, actor: Actor) -> bool:
    """Tell whether `actor` sees this stored row."""
    return _holds(row, visible_clause(type(row), actor))


def is_manageable(row: Any, *, actor: Actor) -> bool:
    """Tell whether `actor` may change this stored row, or put a new one where this one stands."""
    return _holds(row, manageable_clause(type(row), actor))


def _holds(row: Any, clause: ColumnElement[bool]) -> bool:
    session = object_session(row) or db.session
    found = session.scalar(select(_key(type(row))).where(_key(type(row)) == row.id).where(clause))
    return found is not None


def _key(model: type[Any]) -> Any:
    return getattr(model, inspect(model).primary_key[0].key)


def _number(key: Any) -> int:
    try:
        number = int(key)
    except (TypeError, ValueError):
        raise NotVisible from None
    if not 0 <= number < 2**31:
        raise NotVisible
    return number
