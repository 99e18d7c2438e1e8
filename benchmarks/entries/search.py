"""Finding people by a part of their name (B9): the same rows as LIKE, and how much quicker than reading every name."""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select

from app.extensions import db
from app.models import Teacher
from app.services.teacher_search import name_contains
from benchmarks.bench import Bench
from benchmarks.measure import in_turns, seconds_of
from benchmarks.registry import Result, benchmark

QUERIES, TIMED, LONGEST = 10_000, 40, 4
MADE_UP = 0.2  # of the queries are letters thrown together, which mostly find nobody


def random_parts(names: Sequence[str], count: int, seed: int) -> list[str]:
    """Return parts of names of 1 to 4 characters, each length as often, some of them made up."""
    dice = random.Random(seed)
    letters = "".join(names)
    parts = []
    for number in range(count):
        length = 1 + number % LONGEST
        name = dice.choice(names)
        start = dice.randrange(max(len(name) - length, 0) + 1)
        made_up = dice.random() < MADE_UP
        parts.append("".join(dice.choices(letters, k=length)) if made_up else name[start : start + length])
    return parts


def _differing(people: Sequence[tuple[int, str]], parts: Sequence[str]) -> list[str]:
    """Return the parts whose rows are not those whose name contains them, worked out without the database."""
    having: dict[str, set[int]] = defaultdict(set)
    for key, name in people:
        for letter in name:
            having[letter].add(key)
    named = dict(people)
    wrong = []
    for part in dict.fromkeys(parts):
        rarest = min((having[letter] for letter in part), key=len)
        expected = {key for key in rarest if part in named[key]}
        found = set(db.session.scalars(select(Teacher.id).where(name_contains(part))))
        wrong += [part] if found != expected else []
    return wrong


def _counted(condition: Any) -> Select[Any]:
    return select(func.count()).select_from(Teacher).where(condition)


@benchmark(
    "B9", "Scan with LIKE ÷ search by a part of a name; 10,000 searches find the same rows", bar="≥ 20", unit="ms"
)
def search_by_name(bench: Bench) -> Result:
    """Compare the rows of 10,000 random searches, then time some of them both ways in turns."""
    with bench.app(bench.province):
        people = [(key, name) for key, name in db.session.execute(select(Teacher.id, Teacher.name))]
        names = [name for _key, name in people]
        wrong = _differing(people, random_parts(names, QUERIES, 1))
        timed = random_parts(names, TIMED, 2)
        sides = {
            "scan": lambda: _median([_counted(Teacher.name.like(f"%{part}%")) for part in timed]),
            "pairs": lambda: _median([_counted(name_contains(part)) for part in timed]),
        }
        found = in_turns(sides, bench.rounds)
    scan, pairs = found["scan"].median, found["pairs"].median
    spread = {name: series.spread for name, series in found.items()}
    return Result(scan, pairs, scan / pairs, spread, [f"other rows than LIKE: {part}" for part in wrong[:20]], {})


def _median(statements: Sequence[Select[Any]]) -> float:
    """Return the median time of the statements in milliseconds, as the database takes it: they are made beforehand."""
    connection = db.session.connection()
    ready = [str(one.compile(connection.engine, compile_kwargs={"literal_binds": True})) for one in statements]
    return statistics.median(seconds_of(lambda s=one: connection.exec_driver_sql(s).scalar()) for one in ready) * 1000
