"""Enrolling through HTTP beside the least that could be done and beside the framework's usual way (W1, W2, W12)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator

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


@benchmark("W1", "Enrollment through HTTP ÷ forty lines of Flask and a driver, same SQL", bar="≥ 0.5", unit="seats/s")
def against_the_limit(bench: Bench) -> Result:
    """Press for seats of one class after the other, here and there, in turns."""
    return _beside(bench, "benchmarks.peers.bare_enrollment:app")


@benchmark("W2", "Enrollment through HTTP ÷ the framework's access check and the ORM", bar="≥ 2.0", unit="seats/s")
def against_the_usual_way(bench: Bench) -> Result:
    """Press for seats of one class after the other, here and there, in turns."""
    return _beside(bench, "benchmarks.peers.stock_enrollment:app")


def _beside(bench: Bench, application: str) -> Result:
    with bench.copy("enrolling") as ours, bench.copy("peer") as theirs:
        fields = {"ours": _field(bench, ours), "peer": _field(bench, theirs)}
        accepted = {"ours": 0, "peer": 0}
        with bench.serving(ours) as here, bench.serving(theirs, application=application) as there:
            sends = {
                "ours": _sender(OURS, fields["ours"], fields["ours"].headers),
                "peer": _sender(THEIRS, fields["peer"], fields["peer"].peer),
            }
            ports = {"ours": here.port, "peer": there.port}

            def rate(side: str) -> float:
                pressed = press(ports[side], sends[side], clients=CLIENTS, seconds=bench.seconds)
                accepted[side] += pressed.count(201)
                return pressed.count(201) / pressed.seconds

            for side in ports:
                rate(side)
            found = in_turns({side: lambda side=side: rate(side) for side in ports}, bench.rounds)
        wrong = _untrue(bench, ours, fields["ours"], accepted["ours"])
        wrong += _untrue(bench, theirs, fields["peer"], accepted["peer"])
    value, control = found["ours"].median, found["peer"].median
    spread = {name: series.spread for name, series in found.items()}
    return Result(value, control, value / control, spread, wrong, {"accepted": accepted})


def _field(bench: Bench, database: Database) -> Field:
    with bench.app(database) as app:
        return prepare(app, teachers=TEACHERS, classes=CLASSES)


def _sender(path: str, field: Field, headers: list[dict[str, str]]) -> Callable[[int], Iterator[Request]]:
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


@benchmark("W12", "The same request again: further rows, or other answers than 200", bar="= 0", unit="cases")
def again(bench: Bench) -> Result:
    """Let each teacher send one request five times, and count what is not as it should be."""
    with bench.copy("again") as database:
        field = _field(bench, database)
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
