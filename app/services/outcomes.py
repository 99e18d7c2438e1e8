"""What became of each of many rows: those done, and for each of the others every reason why not (ENR-14)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from app.domain.errors import DomainError, NotVisible, Problem
from app.services.unit import transaction


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """The keys of the rows that were `done`, and key → reasons of those that were `refused`."""

    done: tuple[int, ...] = ()
    refused: Mapping[int, tuple[Problem, ...]] = field(default_factory=lambda: MappingProxyType({}))


def one_by_one(keys: Iterable[int], act: Callable[[int], None]) -> BulkOutcome:
    """Do `act` to each row, in one transaction; a row that is refused is left as it was and hinders no other.

    Raises NotVisible when one of them is absent or out of scope; then nothing is done at all (ORG-6).
    """
    done: list[int] = []
    refused: dict[int, tuple[Problem, ...]] = {}
    with transaction():
        for key in dict.fromkeys(keys):
            try:
                with transaction():
                    act(key)
                done.append(key)
            except NotVisible:
                raise
            except DomainError as error:
                refused[key] = error.problems
    return BulkOutcome(tuple(done), MappingProxyType(refused))
