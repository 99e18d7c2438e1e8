"""Transfers: who may ask for what, whether somebody else has to agree, and every reason against it (TCH-7, P16).

Standard library only: the service gathers the facts of a case, asks here, and carries out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from app.domain.errors import Problem, Problems
from app.domain.terms import TeacherStatus, TransferKind, TransferState
from app.domain.text import N_

K, S = TransferKind, TeacherStatus
LONGEST_REASON = 200


class Side(Enum):
    """Where the one who acts stands beside the two schools of a transfer."""

    RELEASING = auto()
    RECEIVING = auto()
    ABOVE_FROM = auto()
    ABOVE_TO = auto()


class Way(Enum):
    """What follows upon asking."""

    AT_ONCE = auto()
    AWAITS_RELEASE = auto()
    AWAITS_ACCEPTANCE = auto()
    ON_THE_DAY = auto()


Sides = Collection[Side]
ABOVE_BOTH = frozenset({Side.ABOVE_FROM, Side.ABOVE_TO})
GIVING, TAKING = frozenset({Side.RELEASING, Side.ABOVE_FROM}), frozenset({Side.RECEIVING, Side.ABOVE_TO})
LEAVING = frozenset({K.LEAVE, K.RETIRE})
STARTABLE = (K.TRANSFER_IN, K.TRANSFER_OUT, K.SECONDMENT, K.LEAVE, K.RETIRE)
# Whose record each kind of transfer begins with.
BEGINS_WITH = {
    K.TRANSFER_IN: frozenset({S.EMPLOYED, S.UNATTACHED, S.LEFT}),
    **dict.fromkeys((K.TRANSFER_OUT, K.SECONDMENT, K.LEAVE, K.RETIRE), frozenset({S.EMPLOYED})),
}


@dataclass(frozen=True, slots=True)
class Case:
    """What is known when somebody asks for a transfer.

    `sides` are those of the one who asks; `needs_release` is parameter P16. `from_school` and `to_school` are keys,
    None for the pool or for nowhere; `to_active` says whether the school that receives is in operation.
    """

    kind: TransferKind
    status: TeacherStatus
    sides: frozenset[Side]
    from_school: int | None
    to_school: int | None
    today: date
    to_active: bool = True
    open_already: bool = False
    needs_release: bool = True
    starts_on: date | None = None
    ends_on: date | None = None
    reason: str | None = None


def possible_kinds(status: TeacherStatus, *, kept: bool, may_receive: bool) -> tuple[TransferKind, ...]:
    """Return what can be asked for of somebody: `kept`: the record is one's own to keep; `may_receive`: one has, or
    keeps, a school the person could come to."""
    found = []
    for kind in STARTABLE:
        fits = status in BEGINS_WITH[kind]
        if fits and ((kind is K.TRANSFER_IN and may_receive and not kept) or (kind is not K.TRANSFER_IN and kept)):
            found.append(kind)
    return tuple(found)


def refusals(case: Case) -> list[Problem]:
    """Return every reason for which the transfer cannot be asked for."""
    found = Problems()
    _side_fits(case, found)
    _person_is_free(case, found)
    _school_fits(case, found)
    _dates_fit(case, found)
    if case.reason and len(case.reason) > LONGEST_REASON:
        text = N_("The reason may have %(most)d characters; shorten it.")
        found.add("reason_too_long", text, field="reason", most=LONGEST_REASON)
    return found.found


def _side_fits(case: Case, found: Problems) -> None:
    wanted = TAKING if case.kind is K.TRANSFER_IN else GIVING
    if wanted.isdisjoint(case.sides):
        text = (
            N_("Only the school that receives, or a bureau above it, can ask for this person.")
            if case.kind is K.TRANSFER_IN
            else N_("Only the person's school, or a bureau above it, can begin this.")
        )
        found.add("not_your_side", text, field="kind")


def _person_is_free(case: Case, found: Problems) -> None:
    if case.status not in BEGINS_WITH[case.kind]:
        text = N_("This person is “%(status)s” at present, so “%(kind)s” is not possible.")
        if case.status is S.SECONDED:
            text = N_("This person is on secondment; end the secondment first.")
        found.add("wrong_status", text, field="kind", status=case.status, kind=case.kind)
    if case.open_already:
        text = N_("A transfer of this person is under way already; it has to be settled or taken back first.")
        found.add("open_already", text)


def _school_fits(case: Case, found: Problems) -> None:
    needs_school = case.kind in (K.TRANSFER_IN, K.SECONDMENT)
    if needs_school and case.to_school is None:
        found.add("no_target", N_("Say which school receives the person."), field="to_school")
    if case.to_school is not None and case.kind in LEAVING:
        found.add("no_target_wanted", N_("Who leaves or retires goes to no school."), field="to_school")
    if case.to_school is not None and case.to_school == case.from_school:
        found.add("same_school", N_("The person is at this school already; choose another."), field="to_school")
    if case.to_school is not None and not case.to_active:
        found.add("target_closed", N_("This school is not in operation; choose another."), field="to_school")


def _dates_fit(case: Case, found: Problems) -> None:
    if case.kind is not K.SECONDMENT:
        if case.starts_on or case.ends_on:
            found.add("dates_unwanted", N_("Only a secondment has dates."), field="starts_on")
        return
    first, last = case.starts_on, case.ends_on
    if first is None:
        found.add("no_first_day", N_("Say on which day the secondment begins."), field="starts_on")
    if last is None:
        found.add("no_last_day", N_("Say on which day the secondment ends."), field="ends_on")
    if first is None or last is None:
        return
    if last < first:
        found.add("ends_before_start", N_("The last day must not come before the first."), field="ends_on")
    elif last < case.today:
        found.add("over_already", N_("The last day is over; give a day that is still to come."), field="ends_on")


def way_of(case: Case) -> Way:
    """Return what follows when a case without refusals is asked for."""
    if case.kind is K.TRANSFER_IN:
        return Way.AT_ONCE if not release_needed(case) else Way.AWAITS_RELEASE
    if case.to_school is None:
        return Way.AT_ONCE
    if TAKING.isdisjoint(case.sides):
        return Way.AWAITS_ACCEPTANCE
    return Way.ON_THE_DAY if case.starts_on is not None and case.starts_on > case.today else Way.AT_ONCE


def release_needed(case: Case) -> bool:
    """Tell whether the school the person comes from has to confirm first: never out of the pool (P16)."""
    return case.from_school is not None and case.needs_release and GIVING.isdisjoint(case.sides)


# --- deciding


def may_release(sides: Sides, *, from_active: bool = True) -> bool:
    """Tell whether one may let the person go: the school, the bureau above both, or, for a school that is no longer
    in operation, the bureau above it."""
    return Side.RELEASING in sides or set(sides) >= ABOVE_BOTH or (not from_active and Side.ABOVE_FROM in sides)


def may_accept(sides: Sides) -> bool:
    """Tell whether one may take in whom another school sends: the school that receives, or the bureau above both."""
    return Side.RECEIVING in sides or set(sides) >= ABOVE_BOTH


def may_take_back(kind: TransferKind, sides: Sides) -> bool:
    """Tell whether one may take the request back: the side that made it."""
    return not (TAKING if kind is K.TRANSFER_IN else GIVING).isdisjoint(sides)


def may_end_secondment(sides: Sides) -> bool:
    """Tell whether one may end a secondment before its last day: either school, or a bureau above either."""
    return bool(set(sides))


def may_refuse(state: TransferState, sides: Sides, *, from_active: bool = True) -> bool:
    """Tell whether one may say no: whose turn it is in `state`."""
    if state is TransferState.REQUESTED:
        return may_release(sides, from_active=from_active)
    return state is TransferState.RELEASED and may_accept(sides)


# --- days


def begins(state: TransferState, agreed: bool, starts_on: date | None, today: date) -> bool:
    """Tell whether an agreed secondment begins today, or should have begun."""
    return state is TransferState.RELEASED and agreed and starts_on is not None and starts_on <= today


def is_over(ends_on: date | None, today: date) -> bool:
    """Tell whether the last day has passed."""
    return ends_on is not None and ends_on < today


def sides_of(
    *,
    everything: bool,
    school: int | None,
    subtree: str | None,
    from_school: tuple[int, str] | None,
    to_school: tuple[int, str] | None,
) -> frozenset[Side]:
    """Return where somebody stands who has `school` and keeps the `subtree` of a bureau; the two schools are given as
    key and region path. Who sees every row stands everywhere."""
    return frozenset(_sides(everything, school, subtree, from_school, to_school))


def _sides(
    everything: bool,
    school: int | None,
    subtree: str | None,
    from_school: tuple[int, str] | None,
    to_school: tuple[int, str] | None,
) -> Iterable[Side]:
    places = ((from_school, Side.RELEASING, Side.ABOVE_FROM), (to_school, Side.RECEIVING, Side.ABOVE_TO))
    for place, own, above in places:
        if place is None:
            continue
        key, path = place
        if school == key or everything:
            yield own
        if everything or (subtree is not None and path.startswith(subtree)):
            yield above
