"""Moving states: the only writer of a state column (PRG-7, ENR-19).

`move` takes one row, `move_many` any number of rows in one statement for each state they come from. Both ask the state
table, the actor's party and permission, and write the ledger. They belong into the transaction of the verb that calls
them; the scope of the rows is that verb's to check. The UPDATE asks for the state it was decided on, so that of two
people who decide at the same moment one wins and the other is told what happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, inspect, literal, select, update
from sqlalchemy import insert as insert_into
from sqlalchemy.orm.attributes import set_committed_value

from app.domain.clock import now
from app.domain.errors import Conflict, NotPermitted, Problem, problem
from app.domain.states import Action, Fact, Move, Party, allowed, machine, next_state
from app.domain.text import N_, LabelledEnum
from app.extensions import db
from app.models import Bureau, Institution, School, Transition
from app.security.actor import Actor
from app.security.moves import STATEFUL, Stateful, parties_of
from app.services.unit import changed_meanwhile

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Moved:
    """What listeners are told, inside the transaction: rows of `model` went from `source` to `target`."""

    model: type[Any]
    action: Action
    source: LabelledEnum
    target: LabelledEnum
    row_ids: Sequence[int]
    actor: Actor
    reason: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


Listener = Callable[[Moved], None]
_listeners: defaultdict[tuple[type[Any], Action | None], list[Listener]] = defaultdict(list)


def on_move(model: type[Any], *actions: Action) -> Callable[[Listener], Listener]:
    """Register a listener for moves of `model`: of these actions, or of all when none is named.

    It runs in the mover's transaction, once for each act and each state the rows came from, however many they are.
    """

    def register(listener: Listener) -> Listener:
        for action in actions or (None,):
            _listeners[model, action].append(listener)
        return listener

    return register


def move(
    row: Any,
    action: Action,
    *,
    actor: Actor,
    reason: str | None = None,
    facts: Collection[Fact] = (),
    details: dict[str, Any] | None = None,
    values: dict[str, Any] | None = None,
) -> Transition:
    """Move `row` by `action` and return the ledger's line; `values` are further columns set by the same UPDATE.

    Raises Conflict when state or facts forbid it or somebody was faster, NotPermitted when it is not the actor's to do,
    Invalid without a needed reason.
    """
    db.session.flush()
    stateful = STATEFUL[type(row)]
    source = getattr(row, stateful.column)
    reason = _trimmed(reason)
    chosen = _chosen(stateful, source, action, actor, facts, reason)
    _write(row, stateful, chosen, values or {})
    entry = Transition(row_id=row.id, **_entry(type(row), chosen, actor, reason, details))
    db.session.add(entry)
    db.session.flush()
    _tell(Moved(type(row), action, chosen.source, chosen.target, (row.id,), actor, reason, details or {}))
    return entry


def move_many(
    model: type[Any],
    condition: ColumnElement[bool],
    action: Action,
    *,
    actor: Actor,
    reason: str | None = None,
    facts: Collection[Fact] = (),
    values: dict[str, Any] | None = None,
) -> int:
    """Move every row of `model` that meets `condition` and from whose state `action` leads on; return how many.

    The other rows stay. A draw or a cancellation of any size is two statements for each state the rows come from. Rows
    held by the session are not refreshed: expire what is still needed.
    """
    db.session.flush()
    stateful = STATEFUL[model]
    reason = _trimmed(reason)
    column = getattr(model, stateful.column)
    count = 0
    for source in db.session.scalars(select(column).where(condition).distinct()).all():
        if not any(m.action is action and m.open_under(facts) for m in allowed(stateful.kind, source)):
            continue
        chosen = _chosen(stateful, source, action, actor, facts, reason)
        moved = _write_many(
            model, stateful, condition, chosen, _entry(model, chosen, actor, reason, None), values or {}
        )
        count += len(moved)
        if moved:
            _tell(Moved(model, action, chosen.source, chosen.target, moved, actor, reason))
    return count


def begun(
    row: Any, action: Action, *, actor: Actor, reason: str | None = None, details: dict[str, Any] | None = None
) -> Transition:
    """Write the first line of a new row's ledger: it was declared, enrolled, requested."""
    db.session.flush()
    stateful = STATEFUL[type(row)]
    entry = Transition(
        entity=type(row).__name__, row_id=row.id, action=action, to_state=getattr(row, stateful.column).value,
        party=_first_party(actor, tuple(Party)), account_id=actor.account_id, organisation=organisation_of(actor),
        reason=_trimmed(reason), details=details,
    )  # fmt: skip
    db.session.add(entry)
    return entry


def may_move(row: Any, action: Action, *, actor: Actor, facts: Collection[Fact] = ()) -> bool:
    """Tell whether a button for `action` belongs on the page of `row`; scope is the caller's to check."""
    stateful = STATEFUL[type(row)]
    moves = allowed(stateful.kind, getattr(row, stateful.column), facts=facts)
    return any(m.action is action and _permitted(stateful, m, type(row).__name__, actor) for m in moves)


def history(row: Any) -> Sequence[Transition]:
    """Return the ledger of `row`, the oldest first."""
    return history_of(type(row), [row.id]).get(row.id, ())


def history_of(model: type[Any], row_ids: Sequence[int]) -> dict[int, list[Transition]]:
    """Return row id → its ledger, the oldest first, for many rows in one query."""
    found: defaultdict[int, list[Transition]] = defaultdict(list)
    wanted = select(Transition).where(Transition.entity == model.__name__, Transition.row_id.in_(row_ids))
    for entry in db.session.scalars(wanted.order_by(Transition.id)):
        found[entry.row_id].append(entry)
    return dict(found)


def state_labels(entry: Transition) -> tuple[LabelledEnum | None, LabelledEnum]:
    """Return the two states of a ledger line as words people read."""
    stateful = next(s for model, s in STATEFUL.items() if model.__name__ == entry.entity)
    words = machine(stateful.kind).states
    return (words(entry.from_state) if entry.from_state else None), words(entry.to_state)


# --- deciding


def _chosen(
    stateful: Stateful, source: Any, action: Action, actor: Actor, facts: Collection[Fact], reason: str | None
) -> Move:
    """Return the move, after everything that could forbid it was asked."""
    candidates = [m for m in allowed(stateful.kind, source, facts=facts) if m.action is action]
    by = _first_party(actor, candidates[0].by) if candidates else None
    if candidates and (by is None or not _permitted(stateful, candidates[0], _resource(stateful), actor)):
        raise NotPermitted
    next_state(stateful.kind, source, action, facts=facts, reason=reason, by=by)
    return candidates[0]


def _resource(stateful: Stateful) -> str:
    return next(model.__name__ for model, known in STATEFUL.items() if known is stateful)


def _permitted(stateful: Stateful, chosen: Move, resource: str, actor: Actor) -> bool:
    if _first_party(actor, chosen.by) is None:
        return False
    needed = stateful.needs(chosen.action, resource)
    return actor.may(*needed) if needed else Party.SYSTEM in chosen.by and actor.everything


def _first_party(actor: Actor, parties: Sequence[Party]) -> Party | None:
    own = parties_of(actor)
    return next((party for party in parties if party in own), None)


def organisation_of(actor: Actor) -> str:
    """Return the name of the organisation the actor stands for at this moment, empty for the platform."""
    places = (
        (Bureau, actor.bureau_id), (Institution, actor.institution_id), (School, actor.school_id),
        (School, actor.teacher_school_id),
    )  # fmt: skip
    place = next((db.session.get(model, key) for model, key in places if key is not None), None)
    return str(place) if place is not None else ""


def _trimmed(reason: str | None) -> str | None:
    return (reason or "").strip()[:LONGEST_REASON] or None


# --- writing


def _entry(
    model: type[Any], chosen: Move, actor: Actor, reason: str | None, details: dict[str, Any] | None
) -> dict[str, Any]:
    """Return the columns of a ledger line, but for the row's number."""
    return {
        "entity": model.__name__,
        "action": chosen.action,
        "from_state": chosen.source.value,
        "to_state": chosen.target.value,
        "party": _first_party(actor, chosen.by),
        "account_id": actor.account_id,
        "organisation": organisation_of(actor),
        "reason": reason,
        "details": details,
    }


def _changes(model: type[Any], stateful: Stateful, chosen: Move, values: dict[str, Any]) -> dict[str, Any]:
    moment = now()
    changes = {**values, stateful.column: chosen.target, "updated_at": moment}
    return {**changes, "moved_at": moment} if hasattr(model, "moved_at") else changes


def _write(row: Any, stateful: Stateful, chosen: Move, values: dict[str, Any]) -> None:
    """Write the new state where the old one still stands; the session's row learns it without being read again."""
    model = type(row)
    changes = _changes(model, stateful, chosen, values)
    column = getattr(model, stateful.column)
    statement = update(model).where(model.id == row.id, column == chosen.source, model.version == row.version)
    written = db.session.execute(
        statement.values(**changes, version=model.version + 1).execution_options(synchronize_session=False)
    )
    if written.rowcount != 1:
        raise Conflict(_overtaken(row, stateful))
    for name, value in {**changes, "version": row.version + 1}.items():
        set_committed_value(row, name, value)


def _write_many(
    model: type[Any],
    stateful: Stateful,
    condition: ColumnElement[bool],
    chosen: Move,
    entry: dict[str, Any],
    values: dict[str, Any],
) -> Sequence[int]:
    """Write state and ledger of every row that still stands at the source; return the rows."""
    column = getattr(model, stateful.column)
    here = (condition, column == chosen.source)
    changes = _changes(model, stateful, chosen, values)
    moving = update(model).where(*here).values(**changes, version=model.version + 1)
    if db.session.get_bind().dialect.name == "postgresql":
        moved = moving.returning(model.id).cte("moved")
        ledger = _ledger(entry, moved.c.id).returning(Transition.row_id)
        return tuple(db.session.scalars(ledger.add_cte(moved)))
    # SQLite has one writer: what the first statement copied is what the second finds.
    db.session.execute(_ledger(entry, model.id, *here))
    moving = moving.returning(model.id).execution_options(synchronize_session=False)
    return tuple(db.session.scalars(moving))


def _ledger(entry: dict[str, Any], row_id: Any, *where: Any) -> Any:
    """Return INSERT INTO transition … SELECT: the same line for every row."""
    moment = now()
    stated = {name: value for name, value in entry.items() if value is not None}
    line = {**stated, "created_at": moment, "updated_at": moment, "version": 1}
    columns = inspect(Transition).columns
    told = [literal(value, columns[name].type) for name, value in line.items()]
    return insert_into(Transition).from_select(["row_id", *line], select(row_id, *told).where(*where))


def _overtaken(row: Any, stateful: Stateful) -> Problem:
    """Return what happened to a row somebody else moved meanwhile: its state now, and who did it."""
    model = type(row)
    state = db.session.scalar(select(getattr(model, stateful.column)).where(model.id == row.id))
    last = db.session.scalar(
        select(Transition).where(Transition.entity == model.__name__, Transition.row_id == row.id)
        .order_by(Transition.id.desc()).limit(1)
    )  # fmt: skip
    if state is None or last is None:
        return changed_meanwhile()
    text = N_("%(who)s was faster: this %(thing)s is now “%(state)s”. Reload the page.")
    return problem(
        "decided_meanwhile", text, field="state", who=last.organisation or "—", thing=stateful.kind, state=state
    )


def _tell(event: Moved) -> None:
    for key in ((event.model, event.action), (event.model, None)):
        for listener in _listeners[key]:
            listener(event)
