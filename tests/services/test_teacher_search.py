"""Finding people by a part of their name: the rows that reading every name would find, through the index (TCH-4)."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import select

from app.models import Teacher
from app.services.teacher_search import name_contains

LONGEST = 4


def parts_of(names: list[str], count: int) -> list[str]:
    """Parts of names of one to four characters, and as many of letters thrown together."""
    dice, letters = random.Random(9), "".join(names)
    lengths = [1 + number % LONGEST for number in range(count)]
    real = [dice.choice(names)[dice.randrange(2) :][:length] for length in lengths]
    return real + ["".join(dice.choices(letters, k=length)) for length in lengths]


@pytest.mark.req("TCH-4", "B9")
def test_any_part_of_a_name_finds_the_rows_like_would(db: Any, province: dict[str, int]) -> None:
    people = db.session.execute(select(Teacher.id, Teacher.name)).all()
    assert len(people) == province["Teacher"]
    found_some = 0
    for part in parts_of([name for _key, name in people], 100):
        wanted = {key for key, name in people if part in name}
        assert set(db.session.scalars(select(Teacher.id).where(name_contains(part)))) == wanted, part
        found_some += bool(wanted)
    assert 100 <= found_some < 200
