"""The draw (B13): the rule alone for 10,000 and for 390,000 candidates, and the whole press through the database."""

from __future__ import annotations

import hashlib
import statistics
from datetime import date
from typing import Any

from sqlalchemy import insert

from app.domain import screening as rules
from app.domain.clock import now
from app.domain.teacher_numbers import make_teacher_number
from app.domain.terms import EnrollmentState, Gender, RoundKind, TeacherStatus
from app.extensions import db
from app.models import Enrollment, Teacher, TrainingClass
from app.services.screening import draw, freeze
from app.web.actors import current_vault
from benchmarks.bench import Bench
from benchmarks.measure import seconds_of
from benchmarks.registry import Result, benchmark
from tests.support.enrolling import add_class
from tests.support.queries import count_queries
from tests.world import World, build

MANY, EVERYBODY = 10_000, 390_000
SHARE = 0.4  # of the candidates get a seat


def _numbers(count: int) -> list[str]:
    return [f"E{number:011d}" for number in range(count)]


def _rule(bench: Bench, count: int) -> list[float]:
    """Return how long ordering `count` candidates takes, in seconds, each round with another seed."""
    numbers, seats = _numbers(count), int(count * SHARE)
    seeds = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(bench.rounds)]
    return [seconds_of(lambda seed=seed: rules.draw(seed, numbers, seats)) for seed in seeds]


@benchmark("B13-390k", "Draw of 390,000 candidates, the rule", bar="≤ 3", unit="s", kinds=("sqlite",))
def draw_of_everybody(bench: Bench) -> Result:
    """Order every teacher of the province."""
    found = _rule(bench, EVERYBODY)
    return Result(statistics.median(found), spread={"rule": [min(found), max(found)]})


@benchmark("B13-10k", "Draw of 10,000 candidates, the rule; beside it the whole press", bar="≤ 0.2", unit="s")
def draw_of_many(bench: Bench) -> Result:
    """Order 10,000 candidates; then freeze and draw as many in the database, and count what it left."""
    found = _rule(bench, MANY)
    with bench.empty("draw") as database, bench.app(database):
        world = build()
        row = add_class(world, seats=int(MANY * SHARE))
        _candidates(world, row)
        actor, vault = world.actor("institution_admin"), current_vault()
        frozen = seconds_of(lambda: freeze(row.id, actor=actor, vault=vault))
        with count_queries() as sent:
            whole = seconds_of(lambda: draw(row.id, actor=actor, vault=vault))
        wrong = bench.untrue(_truth(row.id))
    notes = {"freeze_s": round(frozen, 3), "whole_press_s": round(whole, 3), "statements": len(sent)}
    return Result(statistics.median(found), spread={"rule": [min(found), max(found)]}, truth=wrong, notes=notes)


def _truth(class_id: int) -> dict[str, tuple[str, Any]]:
    seats, here = int(MANY * SHARE), f"training_class_id = {class_id}"
    out = f"SELECT id FROM enrollment WHERE {here} AND state = 'not_drawn'"
    return {
        "seats taken": (f"SELECT taken FROM training_class WHERE id = {class_id}", seats),
        "seats held": (f"SELECT count(*) FROM enrollment WHERE {here} AND holds_seat", seats),
        "not drawn": (f"SELECT count(*) FROM ({out}) AS gone", MANY - seats),
        "ledger": (f"SELECT count(*) FROM transition WHERE action = 'draw_out' AND row_id IN ({out})", MANY - seats),
        "places": ("SELECT count(DISTINCT place_in_order) FROM screening_candidate WHERE drawn IS NOT NULL", MANY),
    }


def _candidates(world: World, row: TrainingClass) -> None:
    """Insert the teachers and their enrollments."""
    moment, school = now(), world.school["xihu"].id
    stamps = {"created_at": moment, "updated_at": moment, "version": 1}
    teachers = [
        {
            "teacher_number": make_teacher_number(province="33", year=2020, running=number), "name": f"候选{number}",
            "name_initials": "hx", "gender": Gender.FEMALE, "birth_date": date(1980, 1, 1),
            "national_id_sealed": b"-", "national_id_key": f"draw{number}", "national_id_tail": "0000",
            "school_id": school, "status": TeacherStatus.EMPLOYED, **stamps,
        }
        for number in range(1, MANY + 1)
    ]  # fmt: skip
    keys = db.session.scalars(insert(Teacher).returning(Teacher.id), teachers).all()
    enrollments = [
        {
            "number": number, "teacher_id": key, "training_class_id": row.id, "batch_id": row.batch_id,
            "training_year_id": row.training_year_id, "round_kind": RoundKind.ROUND_ONE, "school_id": school,
            "state": EnrollmentState.AWAITING_INSTITUTION, "credit_hours": row.credit_hours, **stamps,
        }
        for key, number in zip(keys, _numbers(MANY), strict=True)
    ]  # fmt: skip
    db.session.execute(insert(Enrollment), enrollments)
    db.session.commit()
