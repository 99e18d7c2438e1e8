"""Region grants: where an institution may aim its programmes, and what a new set of check marks changes (ORG-4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from app.domain.errors import Problem, problem
from app.domain.regions import contains, covers, normalised
from app.domain.terms import GrantExtent, GrantState
from app.domain.text import N_


class AnyGrant(Protocol):
    """What the rules need of a grant; the stored one has it."""

    @property
    def valid_from(self) -> date:
        """The first day."""

    @property
    def valid_to(self) -> date | None:
        """The last day, None without end."""

    @property
    def revoked_at(self) -> datetime | None:
        """When it was revoked, None while it stands."""


def state_of(grant: AnyGrant, day: date) -> GrantState:
    """Return where `grant` stands on the Shanghai `day`; both its first and its last day are valid."""
    if grant.revoked_at is not None:
        return GrantState.REVOKED
    if day < grant.valid_from:
        return GrantState.UPCOMING
    if grant.valid_to is not None and day > grant.valid_to:
        return GrantState.EXPIRED
    return GrantState.VALID


def span_problem(valid_from: date, valid_to: date | None) -> Problem | None:
    """Return what is wrong with the dates of a grant, None when nothing is."""
    if valid_to is None or valid_to >= valid_from:
        return None
    return problem("grant_span", N_("The last day must not lie before the first day."), field="valid_to")


@dataclass(frozen=True, slots=True)
class GrantChange:
    """What the check marks ask for, as paths: to grant anew, to revoke, to leave as it is."""

    grant: tuple[str, ...]
    revoke: tuple[str, ...]
    keep: tuple[str, ...]


def change_of(held: Iterable[str], wanted: Iterable[str]) -> GrantChange:
    """Return how the nodes `held` become the nodes `wanted`; a superior swallows all below it.

    Marking a city revokes the grants of its counties, which the city's own takes the place of; unmarking it while some
    counties stay marked is the reverse.
    """
    before, after = set(held), set(normalised(wanted))
    return GrantChange(tuple(sorted(after - before)), tuple(sorted(before - after)), tuple(sorted(before & after)))


def extent_of(granted: Iterable[str], path: str) -> GrantExtent:
    """Return how much of the node at `path` the `granted` nodes cover; all its counties are still a part of a city."""
    nodes = tuple(granted)
    if covers(nodes, path):
        return GrantExtent.WHOLE
    return GrantExtent.PART if any(contains(path, node) for node in nodes) else GrantExtent.NONE
