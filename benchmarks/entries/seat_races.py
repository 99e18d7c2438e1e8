"""Processes that press for the same seats: none too many, and nobody starves (W3, W4, W7)."""

from __future__ import annotations

import itertools

from sqlalchemy import text

from app.extensions import db
from benchmarks.bench import Bench
from benchmarks.field import Field, prepare
from benchmarks.measure import in_turns
from benchmarks.registry import Result, benchmark
from tests.support.databases import Database
from tests.support.race import Crew

RACES, SEATS, CLIENTS = 200, (1, 30, 400), (2, 8, 32, 64)
MORE = 40  # teachers more than seats in each race
OVERSOLD = """
    SELECT coalesce(sum(extra), 0) FROM (SELECT count(*) - c.seats AS extra FROM training_class c
    JOIN enrollment e ON e.training_class_id = c.id WHERE c.id IN ({}) GROUP BY c.id, c.seats
    HAVING count(*) > c.seats) AS over_full"""
UNEVEN = """
    SELECT count(*) FROM training_class c WHERE c.id IN ({}) AND c.taken <>
    (SELECT count(*) FROM enrollment e WHERE e.training_class_id = c.id)"""


def _count(sql: str, keys: list[int]) -> int:
    return int(db.session.scalar(text(sql.format(", ".join(map(str, keys))))) or 0)


@benchmark("W3", "Seats oversold in 200 races; the control looks before it inserts", bar="= 0", unit="seats")
def oversold(bench: Bench) -> Result:
    """Race for 1, 30 and 400 seats with 2 to 64 processes; then let the control race for the same."""
    cases = list(itertools.islice(itertools.cycle(itertools.product(CLIENTS, SEATS)), RACES))
    controls = [(clients, seats) for clients in CLIENTS[1:] for seats in (1, 30)]
    with bench.copy("races") as database:
        field = _field(bench, database, [seats for _, seats in cases + controls])
        ours, theirs = field.class_ids[:RACES], field.class_ids[RACES:]
        wrong = _races(database, field, list(zip(cases, ours, strict=True)), "ours")
        _races(database, field, list(zip(controls, theirs, strict=True)), "control")
        with bench.app(database):
            too_many, by_control, uneven = _count(OVERSOLD, ours), _count(OVERSOLD, theirs), _count(UNEVEN, ours)
    if uneven:
        wrong.append(f"{uneven} classes count their seats wrongly")
    if not by_control:
        wrong.append("the control does not oversell: the races prove nothing")
    return Result(too_many, by_control, truth=wrong, notes={"races": RACES, "controls": len(controls)})


def _field(bench: Bench, database: Database, seats: list[int]) -> Field:
    with bench.app(database) as app:
        return prepare(app, teachers=max(seats) + MORE, classes=len(seats), seats=seats)


def _races(database: Database, field: Field, races: list[tuple[tuple[int, int], int]], how: str) -> list[str]:
    """Run the races, those with as many processes together; return what was answered wrongly."""
    wrong = []
    for clients, group in itertools.groupby(sorted(races), key=lambda race: race[0][0]):
        with Crew(database, clients) as crew:
            for (_clients, seats), class_id in group:
                answers = crew.race(class_id, field.teacher_ids[: seats + MORE], how).answers
                if how == "ours" and answers != {"accepted": seats, "full": MORE}:
                    wrong.append(f"{seats} seats, {clients} processes: {dict(answers)}")
    return wrong


@benchmark(
    "W4", "A hot class: 64 processes ÷ 4 processes", bar="≥ 0.6", unit="seats/s", kinds=("postgresql",)
)  # fmt: skip
def hot_class(bench: Bench) -> Result:
    """Let 4 and 64 processes enroll as many teachers in a class of their own, in turns."""
    per_race, rounds = 640, bench.rounds + 1
    with bench.copy("hot") as database:
        with bench.app(database) as app:
            field = prepare(app, teachers=per_race, classes=2 * rounds)
        classes = iter(field.class_ids)
        with Crew(database, 64) as many, Crew(database, 4) as few:

            def rate(crew: Crew) -> float:
                ran = crew.race(next(classes), field.teacher_ids)
                return ran.answers["accepted"] / ran.seconds

            for crew in (many, few):
                rate(crew)
            found = in_turns({"many": lambda: rate(many), "few": lambda: rate(few)}, bench.rounds)
        with bench.app(database):
            wrong = _count(UNEVEN, field.class_ids)
    value, control = found["many"].median, found["few"].median
    truth = [f"{wrong} classes count their seats wrongly"] if wrong else []
    return Result(value, control, value / control, {n: s.spread for n, s in found.items()}, truth)


@benchmark("W7", "Sixteen writers: the worst wait for a seat", bar="≤ 250", unit="ms", kinds=("sqlite",))
def worst_wait(bench: Bench) -> Result:
    """Let sixteen processes enroll, with the turn of writers and with SQLite's own lock only, in turns.

    Lock errors are told among the untrue; the notes give the throughput of both.
    """
    per_race, rounds = 320, bench.rounds + 1
    with bench.copy("writers") as database:
        with bench.app(database) as app:
            field = prepare(app, teachers=per_race, classes=2 * rounds)
        classes = iter(field.class_ids)
        errors: dict[str, int] = {}
        rates: dict[str, list[float]] = {"turns": [], "plain": []}
        with Crew(database, 16) as turns, Crew(database, 16, plain=True) as plain:

            def wait(name: str, crew: Crew) -> float:
                ran = crew.race(next(classes), field.teacher_ids)
                errors[name] = errors.get(name, 0) + sum(ran.answers.values()) - ran.answers["accepted"]
                rates[name].append(ran.answers["accepted"] / ran.seconds)
                return max(ran.times) * 1000

            sides = {"turns": lambda: wait("turns", turns), "plain": lambda: wait("plain", plain)}
            for warm_up in sides.values():
                warm_up()
            rates = {"turns": [], "plain": []}
            found = in_turns(sides, bench.rounds)
    truth = [f"{errors['turns']} refused or broken"] if errors["turns"] else []
    kept = sorted(ours / theirs for ours, theirs in zip(rates["turns"], rates["plain"], strict=True))
    if kept[len(kept) // 2] < LEAST_KEPT:
        truth.append(f"throughput ÷ plain is {kept[len(kept) // 2]:.2f}, less than {LEAST_KEPT}")
    notes = {"throughput ÷ plain": [round(k, 2) for k in kept], "errors": errors, "rates": rates}
    spread = {name: series.spread for name, series in found.items()}
    return Result(found["turns"].median, found["plain"].median, spread=spread, truth=truth, notes=notes)


LEAST_KEPT = 0.8
