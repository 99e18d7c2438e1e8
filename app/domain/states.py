"""States: whose turn it is, and which move leads where.

The tables stand in `state_tables.py`; buttons, service checks, CHECK constraints, the diagrams of the manual and the
tests all read them through this module. Time is not a state: "round open" is computed from its window.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from app.domain.errors import Conflict, Invalid, NotPermitted, Problem, problem
from app.domain.state_shapes import Action, Fact, Kind, Machine, Move, Party
from app.domain.state_tables import MACHINES
from app.domain.text import N_, LabelledEnum

__all__ = [
    "Action", "Fact", "Kind", "Machine", "Move", "Party",
    "allowed", "diagram", "live_states", "machine", "next_state", "turn_of",
]  # fmt: skip


def machine(kind: Kind) -> Machine:
    """Return the state table of `kind`."""
    return MACHINES[kind]


def allowed(
    kind: Kind, state: str, *, facts: Collection[Fact] | None = None, by: Party | None = None
) -> tuple[Move, ...]:
    """Return the moves that leave `state`: all of the table, or only those open under `facts` and to `by`."""
    moves = machine(kind).from_state(machine(kind).states(state))
    return tuple(m for m in moves if (facts is None or m.open_under(facts)) and (by is None or by in m.by))


def live_states(kind: Kind) -> frozenset[LabelledEnum]:
    """Return the states that count (an enrollment's: those that hold hours and may hold a seat)."""
    return machine(kind).live


def turn_of(kind: Kind, state: str) -> Party | None:
    """Return who must act next in `state`, None when nobody has to (PUB-2)."""
    table = machine(kind)
    return table.turn.get(table.states(state))


def next_state(
    kind: Kind,
    state: str,
    action: str,
    *,
    facts: Collection[Fact] = (),
    reason: str | None = None,
    by: Party | None = None,
) -> LabelledEnum:
    """Return the state that `action` leads to.

    Raises `Conflict` when the state or a fact forbids it, `NotPermitted` when it is not the move of `by`, and `Invalid`
    when a reason is needed and `reason` is blank.
    """
    move = _choose(kind, state, action, facts)
    if by is not None and by not in move.by:
        raise NotPermitted(_not_your_move(move))
    if move.needs_reason and not (reason or "").strip():
        raise Invalid(
            problem("reason_missing", N_("Give the reason; the people concerned will read it."), field="reason")
        )
    return move.target


def _choose(kind: Kind, state: str, action: str, facts: Collection[Fact]) -> Move:
    """Return the one move open under `facts`, or raise `Conflict` with every reason."""
    table = machine(kind)
    candidates = table.from_state(table.states(state), Action(action))
    for move in candidates:
        if move.open_under(facts):
            return move
    raise Conflict(_barriers(candidates, facts) or _no_such_move(kind, table.states(state), Action(action)))


def _barriers(candidates: Iterable[Move], facts: Collection[Fact]) -> list[Problem]:
    barring = {fact for move in candidates for fact in move.bars.intersection(facts)}
    return [problem(fact.value, fact.label) for fact in Fact if fact in barring]


def _no_such_move(kind: Kind, state: LabelledEnum, action: Action) -> list[Problem]:
    text = N_("This %(thing)s is now “%(state)s”; “%(action)s” is not possible. Reload the page to see what is.")
    return [problem("wrong_state", text, field="state", thing=kind, state=state, action=action)]


def _not_your_move(move: Move) -> Problem:
    return problem("not_your_move", N_("“%(action)s” is for: %(party)s."), action=move.action, party=move.by[0])


def diagram(kind: Kind, label: Callable[[str], str] = str) -> str:
    """Return the Mermaid `stateDiagram-v2` of `kind`; `label` translates the texts of states, parties and actions."""
    table = machine(kind)
    lines = ["stateDiagram-v2"]
    lines += [f"    {state.value} : {label(state.label)}" for state in table.states]
    lines += [f"    [*] --> {state.value}" for state in table.initial]
    lines += [f"    {m.source.value} --> {m.target.value} : {_caption(m, label)}" for m in table.moves]
    lines += [f"    {state.value} --> [*]" for state in table.states if state in table.final]
    return "\n".join(lines) + "\n"


def _caption(move: Move, label: Callable[[str], str]) -> str:
    parties = " / ".join(label(party.label) for party in move.by)
    return f"{parties} — {label(move.action.label)}" + (" ✎" if move.needs_reason else "")
