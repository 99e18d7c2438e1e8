"""Enrolling through HTTP beside the least that could be done and beside the framework's usual way (W1, W2, W6, W12)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import text, update

from app.extensions import db
from app.models import TrainingClass
from benchmarks.bench import Bench
from benchmarks.field import Field, prepare
from benchmarks.load import Request, once, press
from benchmarks.measure import in_turns
from benchmarks.registry import Result, benchmark
from tests.support.databases import Database

TEACHERS, CLASSES, CLIENTS = 2000, 8, 4
OURS, THEIRS = "/api/v1/commands/enrollment/enroll", "/enroll"
LIVE = "SELECT count(*) FROM enrollment WHERE training_class_id IN ({})"
TAKEN = "SELECT sum(taken) FROM training_class WHERE id IN ({})"
LINES = (
    "SELECT count(*) FROM transition t JOIN enrollment e ON e.id = t.row_id AND t.entity = 'Enrollment' "
    "WHERE e.training_class_id IN ({})"
)


BARE, STOCK = "benchmarks.peers.bare_enrollment:app", "benchmarks.peers.stock_enrollment:app"
W1 = "Enrollment through HTTP ÷ Flask and a driver alone, the same statements"
W2 = "Enrollment through HTTP ÷ the framework's access check and the ORM"


@benchmark("W1", W1, bar="≥ 0.5", unit="seats/s")
def against_the_limit(bench: Bench) -> Result:
    """Press for seats of one class after the other, here and there, in turns."""
    return _beside(bench, BARE)


@benchmark("W1-memory", W1 + ", in memory", bar="≥ 0.5", unit="seats/s", memory=True)
def against_the_limit_in_memory(bench: Bench) -> Result:
    """Do the same where no disk hides what is computed."""
    return _beside(bench, BARE)


@benchmark("W2", W2, bar="≥ 2.0", unit="seats/s")
def against_the_usual_way(bench: Bench) -> Result:
    """Press for seats of one class after the other, here and there, in turns."""
    return _beside(bench, STOCK)


@benchmark("W2-memory", W2 + ", in memory", bar="≥ 3.5", unit="seats/s", memory=True)
def against_the_usual_way_in_memory(bench: Bench) -> Result:
    """Do the same where no disk hides what is computed."""
    return _beside(bench, STOCK)


def _beside(bench: Bench, application: str) -> Result:
    with bench.copy("enrolling") as ours, bench.copy("peer") as theirs:
        fields = {"ours": field_on(bench, ours), "peer": field_on(bench, theirs)}
        accepted, others = {"ours": 0, "peer": 0}, set[str]()
        with bench.serving(ours) as here, bench.serving(theirs, application=application) as there:
            sends = {
                "ours": sender(OURS, fields["ours"], fields["ours"].headers),
                "peer": sender(THEIRS, fields["peer"], fields["peer"].peer),
            }
            ports = {"ours": here.port, "peer": there.port}

            def rate(side: str) -> float:
                pressed = press(ports[side], sends[side], clients=CLIENTS, seconds=bench.seconds)
                accepted[side] += pressed.count(201)
                others.update(f"{side}: {status}" for status in pressed.statuses if status != 201)
                return pressed.count(201) / pressed.seconds

            for side in ports:
                rate(side)
            found = in_turns({side: lambda side=side: rate(side) for side in ports}, bench.rounds)
        # A stock application on SQLite breaks under many writers; that is its rate, not a lie.
        wrong = [f"other answers than 201, {told}" for told in sorted(others - {"peer: 500"})]
        wrong += _untrue(bench, ours, fields["ours"], accepted["ours"])
        wrong += _untrue(bench, theirs, fields["peer"], accepted["peer"])
    value, control = found["ours"].median, found["peer"].median
    spread = {name: series.spread for name, series in found.items()}
    return Result(value, control, value / control, spread, wrong, {"accepted": accepted, "others": sorted(others)})


def field_on(bench: Bench, database: Database) -> Field:
    """Open a field of classes and teachers on a database."""
    with bench.app(database) as app:
        return prepare(app, teachers=TEACHERS, classes=CLASSES)


def sender(path: str, field: Field, headers: list[dict[str, str]]) -> Callable[[int], Iterator[Request]]:
    """Return the requests of a client: its own teachers in turn, class after class, going on where it had stopped."""
    going = [_pairs(path, field, headers, number) for number in range(CLIENTS)]
    return lambda number: going[number]


def _pairs(path: str, field: Field, headers: list[dict[str, str]], number: int) -> Iterator[Request]:
    for class_id, teacher in itertools.product(field.class_ids, range(number, TEACHERS, CLIENTS)):
        body = json.dumps({"training_class": class_id}).encode()
        yield Request(path, "POST", headers[teacher], body)


def _untrue(bench: Bench, database: Database, field: Field, accepted: int) -> list[str]:
    """Return what SQL says otherwise. A broken connection may have committed: more rows than answers are no lie."""
    keys = ", ".join(map(str, field.class_ids))
    with bench.app(database):
        return bench.untrue({
            "enrollments": (LIVE.format(keys), accepted),
            "seats taken": (TAKEN.format(keys), accepted),
            "lines of the ledger": (LINES.format(keys), accepted),
        })  # fmt: skip


@benchmark(
    "W6", "“Full” answers a second ÷ accepted a second; bytes written by a refusal", bar="≥ 1.3", unit="answers/s"
)
def full(bench: Bench) -> Result:
    """Press for a class that is full and for one that is not, in turns; then count what refusals write."""
    with bench.copy("full") as database:
        field = field_on(bench, database)
        taken, free = field.class_ids[0], replace(field, class_ids=field.class_ids[1:])
        with bench.app(database):
            one = update(TrainingClass).where(TrainingClass.id == taken)
            db.session.execute(one.values(seats=1, planned_seats=1))
            db.session.commit()
        accepts = sender(OURS, free, field.headers)
        refuses = sender(OURS, replace(field, class_ids=[taken] * 100), field.headers)
        with bench.serving(database) as server:
            last = Request(OURS, "POST", field.headers[-1], json.dumps({"training_class": taken}).encode())
            assert once(server.port, last)[0] == 201  # and 200 from here on, among the others' 422
            sides = {
                "full": lambda: press(server.port, refuses, clients=CLIENTS, seconds=bench.seconds).rate(422, 200),
                "accepted": lambda: press(server.port, accepts, clients=CLIENTS, seconds=bench.seconds).rate(201),
            }
            for warm_up in sides.values():
                warm_up()
            found = in_turns(sides, bench.rounds)
            first = Request(OURS, "POST", field.headers[0], json.dumps({"training_class": taken}).encode())
            told = json.loads(once(server.port, first)[1])
            written = min(_written(bench, database, server.port, first) for _ in range(bench.rounds))
    wrong = [] if [one["code"] for one in told["problems"]] == ["full"] else [f"not refused as full: {told}"]
    wrong += [f"{REFUSALS} refusals wrote {written} bytes"] if written else []
    value, control = found["full"].median, found["accepted"].median
    spread = {name: series.spread for name, series in found.items()}
    return Result(value, control, value / control, spread, wrong, {"bytes_written_by_refusals": written})


REFUSALS = 50


def _written(bench: Bench, database: Database, port: int, refused: Request) -> int:
    """Return how many bytes of the write-ahead log came to be while a request was refused `REFUSALS` times.

    The least of several counts: PostgreSQL writes a few bytes of its own now and then.
    """
    with bench.app(database):
        before = _log(database)
        for _ in range(REFUSALS):
            once(port, refused)
        after = _log(database)
    if isinstance(before, int):
        return after - before
    return sum(a != b for a, b in itertools.zip_longest(before, after))


def _log(database: Database) -> Any:
    """Return the place of the log on PostgreSQL, its content on SQLite."""
    if database.kind == "postgresql":
        return int(db.session.scalar(text("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")) or 0)
    log = database.file.with_name(database.file.name + "-wal")
    return log.read_bytes() if log.exists() else b""


@benchmark("W12", "The same request again: further rows, or other answers than 200", bar="= 0", unit="cases")
def again(bench: Bench) -> Result:
    """Let each teacher send one request five times, and count what is not as it should be."""
    with bench.copy("again") as database:
        field = field_on(bench, database)
        wrong = 0
        with bench.serving(database) as server:
            for headers in field.headers[:100]:
                body = json.dumps({"training_class": field.class_ids[0]}).encode()
                sent = [once(server.port, Request(OURS, "POST", headers, body)) for _ in range(5)]
                answers = [(status, json.loads(told)) for status, told in sent]
                wrong += answers[0][0] != 201
                wrong += sum(a != (200, answers[0][1] | {"already": True}) for a in answers[1:])
        untrue = _untrue(bench, database, field, 100)
    return Result(wrong, truth=untrue)
