"""Expanding and cancelling classes after a round, and moving people between classes (ENR-4, ENR-7, ENR-12, ENR-17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.errors import Conflict, Invalid, Problems, problem
from app.domain.policy import Policy
from app.domain.terms import ClassState, RoundKind
from app.domain.text import N_

ADJUSTABLE = frozenset({ClassState.OFFERED})
CANCELLABLE = frozenset({ClassState.OFFERED, ClassState.RUNNING})


def most_seats(original: int, policy: Policy) -> int:
    """Return how many seats a class of `original` planned seats may have, all expansions together (P6)."""
    return original + original * policy.expansion_limit // 100


@dataclass(frozen=True, slots=True)
class Expansion:
    """What is asked for: `wanted` seats in place of `seats`; `original` is the plan, `admitted` hold a seat already.

    `override` is the province's right to pass the limit, which needs a reason.
    """

    original: int
    seats: int
    wanted: int
    admitted: int
    override: bool = False
    reason: str = ""


def check_expansion(asked: Expansion, policy: Policy) -> None:
    """Raise `Invalid` with everything that is wrong with the new number of seats (ENR-7, P6)."""
    problems = Problems()
    limit = most_seats(asked.original, policy)
    if asked.wanted <= asked.seats:
        text = N_("The class has %(seats)d seats now; an expansion needs more.")
        problems.add("not_more_seats", text, field="seats", seats=asked.seats)
    if asked.wanted < asked.admitted:
        text = N_("%(admitted)d teachers are admitted; the class cannot have fewer seats.")
        problems.add("fewer_than_admitted", text, field="seats", admitted=asked.admitted)
    if asked.wanted > limit and not asked.override:
        text = N_("At most %(limit)d seats: the plan of %(original)d and %(percent)d %%; ask the province for more.")
        problems.add(
            "expansion_limit", text, field="seats", limit=limit, original=asked.original, percent=policy.expansion_limit
        )
    if asked.wanted > limit and asked.override and not asked.reason.strip():
        text = N_("More than the limit of %(limit)d seats: give the reason, it is kept and shown.")
        problems.add("override_reason", text, field="reason", limit=limit)
    problems.raise_if_any(Invalid)


def may_cancel_alone(live: int, round_kind: RoundKind, policy: Policy) -> bool:
    """Say whether the institution may cancel a class of `live` enrollments itself; above it asks the bureau (P1)."""
    return live <= policy.institution_cancel_limit(round_kind)


def check_cancels_alone(live: int, round_kind: RoundKind, policy: Policy) -> None:
    """Raise `Conflict` when the institution has to leave the cancellation to the bureau (P1)."""
    if not may_cancel_alone(live, round_kind, policy):
        text = N_(
            "%(live)d teachers are enrolled; alone you cancel a class with at most %(limit)d. File a request, the "
            "bureau decides."
        )
        raise Conflict(problem("cancel_limit", text, live=live, limit=policy.institution_cancel_limit(round_kind)))


def check_cancellation(state: ClassState, *, admitted: int, live: int, confirmed: int | None) -> None:
    """Raise `Conflict` unless the class can be cancelled and, once people are admitted, their number is confirmed.

    `confirmed` is the number of people the person who cancels was shown: another one now means the page is stale.
    """
    problems = Problems()
    if state not in CANCELLABLE:
        problems.add("not_cancellable", N_("A class in this state (%(state)s) cannot be cancelled."), state=state)
    elif admitted and confirmed is None:
        text = N_("%(admitted)d teachers are admitted already. Confirm a second time that they lose the class.")
        problems.add("confirm_admitted", text, field="confirmed", admitted=admitted)
    if confirmed is not None and confirmed != live:
        text = N_("This now touches %(live)d teachers, not %(confirmed)d. Look at the consequences again.")
        problems.add("consequence_changed", text, field="confirmed", live=live, confirmed=confirmed)
    problems.raise_if_any(Conflict)


@dataclass(frozen=True, slots=True)
class RegionShare:
    """What an adjustment means for one region: people waiting now, and how many are expected to be without a seat."""

    region: str
    waiting: int
    without_seat: float


@dataclass(frozen=True, slots=True)
class Consequence:
    """What would follow (ENR-17): who waits, who is drawn out before and after, and what the regions lose.

    Before the draw nobody knows who goes out: a region's share is the mean the draw gives. After it the reserve order
    says it exactly, and `promoted` names who moves up, by enrollment number.
    """

    waiting: int
    out_before: int
    out_after: int
    right_to_round_two: int
    promoted: tuple[str, ...]
    regions: tuple[RegionShare, ...]


def simulate_seats(waiting_by_region: Mapping[str, int], *, seats: int, wanted: int) -> Consequence:
    """Return what happens to those waiting when a class that is not drawn yet has `wanted` seats in place of `seats`.

    `waiting_by_region`: region name → candidates waiting for the institution. `wanted` 0 is a cancellation.
    """
    waiting = sum(waiting_by_region.values())
    before, after = max(waiting - seats, 0), max(waiting - wanted, 0)
    return Consequence(waiting, before, after, after, (), _shares(waiting_by_region, after))


def simulate_reserve(reserve: Mapping[str, str], *, more: int) -> Consequence:
    """Return who moves up when a drawn class gets `more` seats. `reserve`: number → region, in drawn order."""
    order = tuple(reserve)
    promoted, staying = order[: max(more, 0)], order[max(more, 0) :]
    left = Counter(reserve[number] for number in staying)
    out = sum(left.values())
    return Consequence(len(reserve), len(reserve), out, out, promoted, _shares(Counter(reserve.values()), out, left))


def _shares(waiting: Mapping[str, int], out: int, exact: Mapping[str, int] | None = None) -> tuple[RegionShare, ...]:
    total = sum(waiting.values())
    rows = [
        RegionShare(region, count, exact.get(region, 0) if exact is not None else round(count * out / total, 1))
        for region, count in waiting.items()
        if count
    ]
    return tuple(sorted(rows, key=lambda row: (-row.without_seat, row.region)))


@dataclass(frozen=True, slots=True)
class Target:
    """The class somebody shall be moved to: same institution's scope is the bureau's business, seats are ours."""

    state: ClassState
    seats: int
    taken: int
    same_batch: bool
    same_class: bool
    fits: bool


def check_reassignment(target: Target) -> None:
    """Raise `Conflict` with every reason why an admitted teacher cannot be moved to `target` (ENR-4)."""
    problems = Problems()
    if target.same_class:
        problems.add("same_class", N_("The teacher is in this class already; choose another one."), field="target")
    if target.state not in CANCELLABLE:
        text = N_("The other class takes nobody (%(state)s); choose one that is open.")
        problems.add("target_state", text, field="target", state=target.state)
    if not target.same_batch:
        problems.add(
            "other_batch", N_("The other class belongs to another batch; choose one of this batch."), field="target"
        )
    if not target.fits:
        text = N_("The other class is not for this teacher's region, stage or post; choose a fitting one.")
        problems.add("target_does_not_fit", text, field="target")
    if target.taken >= target.seats:
        text = N_("The other class is full (%(seats)d seats); choose another one, or expand it first.")
        problems.add("target_full", text, field="target", seats=target.seats)
    problems.raise_if_any(Conflict)
