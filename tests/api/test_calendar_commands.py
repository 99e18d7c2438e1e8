"""The calendar as commands: set as a whole, refused with every reason, never overwritten (PRG-1, OPS-6)."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.clock import local
from app.models import Batch, TrainingYear
from tests.world import World

pytestmark = pytest.mark.req("PRG-1", "OPS-6")
BASE = "/api/v1/commands/batch"
ROUND_ONE = {
    "round_one": {"opens_at": "2026-05-01T08:00:00", "closes_at": "2026-05-10T17:00:00"},
    "round_one_school": {"opens_at": "2026-05-01T08:00:00", "closes_at": "2026-05-12T09:00:00+00:00"},
}


@pytest.fixture
def post(login_as: Any, world: World) -> Any:
    """`post(username, verb, **values)` → status and JSON."""

    def send(username: str, verb: str, **values: Any) -> tuple[int, Any]:
        answer = login_as(username).post(f"{BASE}/{verb}", json=values)
        return answer.status_code, answer.json

    return send


def test_a_moment_without_an_offset_is_shanghai_time(post: Any, world: World, db: Any) -> None:
    status, made = post(
        "provincial_admin", "open", name="第二批", windows=ROUND_ONE, training_year=world.year.id
    )  # fmt: skip
    assert status == 201
    batch = db.session.get(Batch, made["id"])
    closes = {window.kind.value: f"{local(window.closes_at):%m-%d %H:%M}" for window in batch.windows}
    assert (batch.sequence, closes) == (2, {"round_one": "05-10 17:00", "round_one_school": "05-12 17:00"})


def test_every_contradiction_is_told_and_nothing_is_written(post: Any, world: World, db: Any) -> None:
    only = {"round_one": {"opens_at": "2026-05-10T08:00:00", "closes_at": "2026-05-01T08:00:00"}}
    year = {"year": 2030, "name": "2030年度", "starts_on": "2030-12-31", "ends_on": "2030-01-01"}
    status, told = post("provincial_admin", "open", name="第二批", windows=only, new_year=year)
    found = {(p["field"], p["code"]) for p in told["problems"]}
    missing, backwards = ("round_one_school", "window_missing"), ("round_one", "window_backwards")
    assert (status, found) == (422, {("ends_on", "ends_before_start"), backwards, missing})
    assert db.session.query(TrainingYear).count() == 1
    assert post("provincial_admin", "open", name="第二批", windows=only)[1]["problems"][0]["field"] == "training_year"


def test_only_the_province_sets_it_and_an_old_version_overwrites_nothing(post: Any, world: World) -> None:
    told = {"id": world.batch.id, "expected_version": 1, "name": "春季", "windows": ROUND_ONE}
    assert post("city_admin", "set", **told)[0] == 403
    assert post("provincial_admin", "set", **told | {"id": 987_654})[0] == 404
    assert post("provincial_admin", "set", **told)[0] == 200
    assert post("provincial_admin", "set", **told)[0] == 409


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59", "2026-13-01T00:00:00", 5, None])
@pytest.mark.req("S3")
def test_moments_that_cannot_be_are_told(post: Any, world: World, moment: Any) -> None:
    windows = {"declaration": {"opens_at": moment, "closes_at": "2026-05-10T17:00:00"}}
    assert post("provincial_admin", "open", name="批", windows=windows, training_year=world.year.id)[0] == 422
