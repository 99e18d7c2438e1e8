"""Classes that could stand in for one that was cancelled or had no place left (ENR-13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Profile:
    """What is compared of a class; empty subjects or stages mean every one."""

    class_id: int
    programme_id: int
    institution_id: int
    credit_hours: int
    starts_on: date
    subject_ids: frozenset[int] = frozenset()
    stage_ids: frozenset[int] = frozenset()
    full: bool = False


def most_alike(lost: Profile, others: Iterable[Profile], most: int) -> list[int]:
    """Return the keys of the classes most like `lost`, the closest first, `lost` itself left out.

    A free seat comes first, then the same programme, a shared subject, a shared stage, the same institution; hours and
    dates decide the rest.
    """
    ranked = sorted((one for one in others if one.class_id != lost.class_id), key=lambda one: _distance(lost, one))
    return [one.class_id for one in ranked[:most]]


def _distance(lost: Profile, other: Profile) -> tuple[bool, bool, bool, bool, bool, int, int, int]:
    return (
        other.full,
        other.programme_id != lost.programme_id,
        not _shared(lost.subject_ids, other.subject_ids),
        not _shared(lost.stage_ids, other.stage_ids),
        other.institution_id != lost.institution_id,
        abs(other.credit_hours - lost.credit_hours),
        abs((other.starts_on - lost.starts_on).days),
        other.class_id,
    )


def _shared(one: frozenset[int], other: frozenset[int]) -> bool:
    return not one or not other or bool(one & other)
