"""How many of one subject would be away from a school on the same days (ENR-5, P33)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Away:
    """A teacher of a subject who is, or would be, in a class from the first to the last day; both count.

    `agreed`: the school has approved it already.
    """

    teacher_id: int
    subject_id: int | None
    starts_on: date
    ends_on: date
    agreed: bool


@dataclass(frozen=True, slots=True)
class Absence:
    """What approving one more would mean: those agreed, those who wait as well, and how many teach the subject."""

    agreed: int
    waiting: int
    colleagues: int

    @property
    def away(self) -> int:
        """How many would be away if everybody waiting were approved, the one asked about among them."""
        return self.agreed + self.waiting + 1


def absence_of(one: Away, others: Iterable[Away], colleagues: int) -> Absence:
    """Return who else of the subject is in a class on a day of `one`; a teacher in two classes counts once."""
    near = [
        other
        for other in others
        if other.teacher_id != one.teacher_id
        and other.subject_id == one.subject_id
        and other.starts_on <= one.ends_on
        and one.starts_on <= other.ends_on
    ]
    agreed = {other.teacher_id for other in near if other.agreed}
    waiting = {other.teacher_id for other in near} - agreed
    return Absence(len(agreed), len(waiting), colleagues)


def too_many(absence: Absence, share: int) -> bool:
    """Say whether more than `share` percent of the subject's teachers would be away; one may always go."""
    return absence.away > max(1, absence.colleagues * share // 100)
