"""Classes that could stand in for one that was cancelled or had no place left (ENR-13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Profile:
    """What is compared of a class; empty subjects mean every subject."""

    class_id: int
    programme_id: int
    institution_id: int
    credit_hours: int
    starts_on: date
    subject_ids: frozenset[int] = frozenset()


def most_alike(lost: Profile, others: Iterable[Profile], most: int) -> list[int]:
    """Return the keys of the classes most like `lost`, the closest first, `lost` itself left out.

    The same programme comes first, then a shared subject, then the same institution; nearest dates decide the rest.
    """
    ranked = sorted((one for one in others if one.class_id != lost.class_id), key=lambda one: _distance(lost, one))
    return [one.class_id for one in ranked[:most]]


def _distance(lost: Profile, other: Profile) -> tuple[bool, bool, bool, int, int, int]:
    shared = bool(lost.subject_ids & other.subject_ids) or lost.subject_ids == other.subject_ids
    return (
        other.programme_id != lost.programme_id,
        not shared,
        other.institution_id != lost.institution_id,
        abs(other.credit_hours - lost.credit_hours),
        abs((other.starts_on - lost.starts_on).days),
        other.class_id,
    )
