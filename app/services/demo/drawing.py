"""Draws of the demo's past: with the platform's own steps, so that anybody can work them out again (ENR-9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from app.domain import screening as rules
from app.models import Screening, ScreeningCandidate
from app.services.demo.ledger import stamps
from app.services.demo.making import Making, Row


def frozen(
    making: Making, keys: Mapping[Any, Iterator[int]], class_id: int, seats: int, numbers: Sequence[str],
    enrollments: Sequence[int], moment: datetime,
) -> tuple[str, list[Row]]:  # fmt: skip
    """Return the seed and the rows of a frozen list: the screening first, then its candidates in the order given."""
    seed = sha256(f"{making.seed}/{class_id}".encode()).hexdigest()
    key = next(keys[Screening])
    head = {
        "id": key, "training_class_id": class_id, "seats": seats, "candidate_count": len(numbers),
        "list_hash": rules.list_hash(numbers), "commitment": rules.commitment_of(seed),
        "seed_sealed": making.vault.seal(seed), "algorithm": str(rules.VERSION), "frozen_at": moment,
        "seed": None, "result_hash": None, "drawn_at": None, **stamps(moment),
    }  # fmt: skip
    lines = [
        {
            "id": next(keys[ScreeningCandidate]), "screening_id": key, "enrollment_id": enrollment,
            "enrollment_number": number, "order_hash": None, "place_in_order": None, "drawn": None, **stamps(moment),
        }
        for number, enrollment in zip(numbers, enrollments, strict=True)
    ]  # fmt: skip
    return seed, [head, *lines]


def draw(
    making: Making, keys: Mapping[Any, Iterator[int]], run: Any, numbers: Sequence[str], enrollments: Sequence[int],
    moment: datetime,
) -> tuple[list[Row], set[int]]:  # fmt: skip
    """Return the rows of a finished draw, and which of the candidates given have a seat."""
    seed, rows = frozen(making, keys, run.id, run.seats, numbers, enrollments, moment - timedelta(hours=6))
    by_number = {row["enrollment_number"]: row for row in rows[1:]}
    places = rules.draw(seed, numbers, run.seats)
    for place in places:
        changes = {"order_hash": place.key, "place_in_order": place.position, "drawn": place.drawn}
        by_number[place.number].update(changes, updated_at=moment, version=2)
    result = rules.result_hash(place.number for place in places)
    rows[0].update(seed=seed, result_hash=result, drawn_at=moment, updated_at=moment, version=2)
    return rows, {at for at, number in enumerate(numbers) if by_number[number]["drawn"]}
