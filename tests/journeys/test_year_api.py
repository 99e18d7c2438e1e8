"""A whole year by API alone: every step of the flow is a command, every fact a resource (OPS-6, PRG-1 to ENR-19)."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.domain.clock import SHANGHAI, FrozenClock
from app.models import LoginName
from app.security.passwords import hash_password
from tests.support.databases import ROOT
from tests.support.declarations import PLAN
from tests.support.enrolling import add_teachers
from tests.world import PASSWORD, WINDOWS, World

BASE = "/api/v1"
PROVINCE, BUREAU, INSTITUTION, SCHOOL = "provincial_admin", "county_admin", "institution_admin", "school_admin"
STRANGER = "qingyuan_institution"
YEAR = 2027
T = [f"t{number}" for number in range(100, 108)]


def at(month: int, day: int, hour: int = 9) -> datetime:
    """A moment of the year that is walked."""
    return datetime(YEAR, month, day, hour, tzinfo=SHANGHAI)


class Callers:
    """Everybody's programs: each signs in with a password and sends its token."""

    def __init__(self, app: Flask, clock: FrozenClock) -> None:
        self._app, self._clock = app, clock
        self._tokens: dict[tuple[str, datetime], str] = {}

    def _headers(self, username: str) -> dict[str, str]:
        """Return the header with a token of today: they end after eight hours."""
        known = (username, self._clock.moment)
        if known not in self._tokens:
            given = {"username": username, "password": PASSWORD}
            answer = self._app.test_client().post(f"{BASE}/session", json=given)
            assert answer.status_code == 201, answer.text
            self._tokens[known] = answer.json["token"]
        return {"Authorization": f"Bearer {self._tokens[known]}"}

    def __call__(self, username: str, command: str, status: int = 200, /, **values: Any) -> Any:
        """Run a command; fail unless it answers with `status`."""
        client = self._app.test_client()
        answer = client.post(f"{BASE}/commands/{command}", json=values, headers=self._headers(username))
        assert answer.status_code == status, f"{username} {command}: {answer.status_code} {answer.text}"
        return answer.json

    def rows(self, username: str, resource: str, **asked: Any) -> list[dict[str, Any]]:
        """Return the rows of a resource that are asked for."""
        client = self._app.test_client()
        answer = client.get(f"{BASE}/{resource}/", query_string=asked, headers=self._headers(username))
        assert answer.status_code == 200, answer.text
        return list(answer.json["result"])

    def reasons(self, username: str, command: str, status: int, /, **values: Any) -> list[str]:
        """Run a command that is refused; return the codes of all reasons."""
        told = self(username, command, status, **values)
        assert all(problem["message"] for problem in told["problems"])
        return [problem["code"] for problem in told["problems"]]


@pytest.fixture
def call(app: Flask, db: Any, world: World, clock: FrozenClock) -> Callers:
    """The programs of the cast and of eight more teachers of the school."""
    for teacher in add_teachers(world, len(T)):
        teacher.account.password = hash_password(PASSWORD)
        db.session.add(LoginName(name=teacher.account.username.upper(), account_id=teacher.account_id))
    db.session.commit()
    clock.set(at(1, 2) - timedelta(days=30))
    return Callers(app, clock)


@pytest.mark.req(
    "OPS-6", "PRG-1", "PRG-2", "PRG-3", "PRG-4", "PRG-5", "ENR-2", "ENR-4", "ENR-5", "ENR-6", "ENR-7", "ENR-8", "ENR-9",
    "ENR-10", "ENR-11", "ENR-13", "ENR-14", "ENR-16", "ENR-17", "ENR-18", "ENR-19", "W12",
)  # fmt: skip
def test_a_year_from_the_calendar_to_the_last_step(
    call: Callers, world: World, clock: FrozenClock, client: Any, tmp_path: Path
) -> None:
    batch = set_the_calendar(call)
    clock.set(at(1, 10))
    many = declare(call, world, batch, "整本书阅读教学研修", [2, 4])
    few = declare(call, world, batch, "群文阅读教学研修", [20])
    clock.set(at(2, 1))
    (a, b), (c,) = review(call, many, few)
    clock.set(at(3, 1))
    choose(call, world, a, b, c)
    decide(call, a)
    clock.set(at(3, 17))
    adjust(call, a, c)
    clock.set(at(3, 23))
    drawn, out = draw(call, client, a, tmp_path)
    confirm_and_decline(call, a, b, drawn, out)
    clock.set(at(3, 26))
    first_come_first_served(call, b, c)
    read_every_step(call, b, c)


# --- the calendar and the programmes


def set_the_calendar(call: Callers) -> int:
    """The province opens a year; a batch whose windows contradict each other is told so, window by window."""
    windows = {
        kind.value: {"opens_at": f"{at(*first, 8):%FT%T}", "closes_at": f"{at(*last, 17).isoformat()}"}
        for kind, first, last in WINDOWS
    }
    year = {
        "year": YEAR, "name": "2027年度", "starts_on": f"{YEAR}-01-01", "ends_on": f"{YEAR}-12-31", "is_current": True,
    }  # fmt: skip
    late = windows | {"round_one": {"opens_at": f"{YEAR}-01-20T08:00:00", "closes_at": f"{YEAR}-03-16T08:00:00"}}
    wrong = call.reasons(PROVINCE, "batch/open", 422, name="第一批", windows=late, new_year=year)
    assert {"window_overlap"} <= set(wrong)
    call(BUREAU, "batch/open", 403, name="第一批", windows=windows, new_year=year)
    made = call(PROVINCE, "batch/open", 201, name="第一批", windows=windows, new_year=year)
    told = {"id": made["id"], "expected_version": made["version"], "name": "2027年第一批", "windows": windows}
    call(PROVINCE, "batch/set", **told)
    assert call.reasons(PROVINCE, "batch/set", 409, **told) == ["changed_meanwhile"]
    assert len(call.rows("t100", "batch-window", batch=made["id"])) == len(WINDOWS)
    return int(made["id"])


def declare(call: Callers, world: World, batch: int, title: str, seats: list[int]) -> int:
    """The institution declares classes with a plan file and hands them in."""
    classes = [
        {"starts_on": f"{YEAR}-05-{11 + 7 * n}", "ends_on": f"{YEAR}-05-{12 + 7 * n}", "place": "报告厅",
         "planned_seats": count}
        for n, count in enumerate(seats)
    ]  # fmt: skip
    declaration = {
        "title": title, "kind": "elective", "batch": batch, "credit_hours": 24, "goals": "会教整本书",
        "contents": "阅读策略", "regions": [world.region["xihu"].id], "lecturers": [{"name": "方晓华"}],
        "classes": classes,
    }  # fmt: skip
    plan = {"name": PLAN.name, "content": b64encode(PLAN.content).decode()}
    made = call(INSTITUTION, "programme/declare", 201, declaration=declaration, plan_file=plan)
    call(STRANGER, "programme/submit", 404, id=made["id"])
    call(INSTITUTION, "programme/submit", id=made["id"])
    return int(made["id"])


def review(call: Callers, many: int, few: int) -> tuple[list[int], list[int]]:
    """The bureau adjusts one class, sets its checkpoint, and approves all; returns the keys of the classes."""
    classes = {
        key: sorted(row["id"] for row in call.rows(BUREAU, "training-class", programme=key)) for key in (many, few)
    }
    _, second = classes[many]
    changed = [{"training_class": second, "planned_seats": 3}]
    call(BUREAU, "programme/adjust", id=many, reason="报告厅只容三人", classes=changed)
    for key, checkpoint in ((many, "county"), (few, "none")):
        decisions = [
            {"training_class": one, "decision": "approve", "checkpoint": checkpoint if one == second else "none"}
            for one in classes[key]
        ]
        call(BUREAU, "programme/review", id=key, decisions=decisions)
    offered = call.rows("t100", "training-class", state="offered", programme=many)
    assert [row["seats"] for row in sorted(offered, key=lambda row: row["id"])] == [2, 3]
    return classes[many], classes[few]


# --- round one


def choose(call: Callers, world: World, a: int, b: int, c: int) -> None:
    """Teachers enroll themselves and give back; the school enrolls one who is far away."""
    for username in T[:5]:
        made = call(username, "enrollment/enroll", 201, training_class=a)
        again = call(username, "enrollment/enroll", training_class=a)
        assert (again["id"], again["already"]) == (made["id"], True)
    for username in T[5:7]:
        call(username, "enrollment/enroll", 201, training_class=b)
        call(username, "enrollment/enroll", 201, training_class=c)
    made = call("teacher", "enrollment/enroll", 201, training_class=b)
    call("teacher", "enrollment/withdraw", id=made["id"])
    call("teacher", "enrollment/enroll", 201, training_class=c)
    call(SCHOOL, "enrollment/enroll", 201, training_class=c, teacher=world.teacher["li"].id)
    assert call.reasons(STRANGER, "enrollment/enroll", 403, training_class=c, teacher=world.teacher["li"].id)


def waiting(call: Callers, username: str, state: str, **asked: Any) -> list[dict[str, Any]]:
    """The enrollments in a state that somebody sees, of the year that is walked."""
    rows = call.rows(username, "enrollment", state=state, size=100, **asked)
    return [row for row in rows if row["enrolled_at"] > f"{YEAR}"]


def keys(rows: list[dict[str, Any]]) -> list[int]:
    """The numbers of rows."""
    return [row["id"] for row in rows]


def decide(call: Callers, a: int) -> None:
    """The school rejects one with a reason and approves the others; the bureau approves at its checkpoint."""
    mine = waiting(call, SCHOOL, "awaiting_school")
    assert len(mine) == 11
    rejected = next(row["id"] for row in mine if row["training_class"]["id"] == a)
    assert call.reasons(SCHOOL, "enrollment/reject", 422, ids=[rejected]) == ["missing"]
    call(SCHOOL, "enrollment/reject", ids=[rejected], reason="本周有公开课")
    others = [key for key in keys(mine) if key != rejected]
    assert call(SCHOOL, "enrollment/approve", ids=others) == {"done": others, "refused": {}}
    checked = keys(waiting(call, BUREAU, "awaiting_bureau"))
    assert call(BUREAU, "enrollment/approve", ids=checked)["done"] == checked
    assert len(checked) == 2


# --- after round one


def adjust(call: Callers, a: int, c: int) -> None:
    """The bureau works out what a seat more means, gives it, and cancels a class at the institution's request."""
    told = call(BUREAU, "class-adjustment/simulate", training_class=a, seats=3)
    assert (told["out_before"], told["out_after"]) == (2, 1)
    assert call.reasons(BUREAU, "class-adjustment/expand", 422, training_class=a, seats=4) == ["expansion_limit"]
    call(BUREAU, "class-adjustment/expand", training_class=a, seats=3)
    asked = call(INSTITUTION, "class-adjustment/request-cancellation", 201, training_class=c, reason="场地停用")
    assert call(BUREAU, "class-adjustment/simulate", training_class=c, seats=0)["right_to_round_two"] == 4
    done = call(BUREAU, "class-adjustment/decide", id=asked["id"], approve=True, confirmed=4)
    assert (done["state"], done["people"]) == ("approved", 4)
    told = [row["msgid"] for row in call.rows("teacher", "inbox-message")]
    assert any("场地停用" in words and "整本书阅读教学研修 #2" in words for words in told), told


def draw(call: Callers, client: Any, a: int, folder: Path) -> tuple[list[int], int]:
    """Frozen, published, drawn once; script and numbers agree. Returns who was drawn, and who was not."""
    promised = call(INSTITUTION, "screening/freeze", 201, training_class=a)
    assert (promised["seats"], promised["candidates"], promised["seed"]) == (3, 4, None)
    done = call(INSTITUTION, "screening/draw", training_class=a)
    assert call.reasons(INSTITUTION, "screening/draw", 409, training_class=a) == ["already_drawn"]
    assert call.reasons(INSTITUTION, "screening/freeze", 409, training_class=a) == ["already_frozen"]
    file = client.get(f"/public/draws/{a}/file")
    published = file.json
    assert [published[name] for name in ("list_hash", "commitment")] == [promised["list_hash"], promised["commitment"]]
    assert (published["seed"], published["result_hash"]) == (done["seed"], done["result_hash"])
    kept = folder / "draw.json"
    kept.write_bytes(file.data)
    checked = subprocess.run([sys.executable, ROOT / "tools/verify_draw.py", kept], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    drawn = waiting(call, INSTITUTION, "awaiting_institution", training_class=a)
    [out] = waiting(call, INSTITUTION, "not_drawn", training_class=a)
    assert {row["number"] for row in drawn} == set(published["drawn"])
    assert out["number"] == published["order"][3]
    return keys(drawn), int(out["id"])


def confirm_and_decline(call: Callers, a: int, b: int, drawn: list[int], out: int) -> None:
    """One who was drawn is declined: the reserve moves up at once; then everybody is confirmed."""
    call(INSTITUTION, "enrollment/decline", ids=drawn[:1], reason="与学员专业不符")
    assert set(keys(waiting(call, INSTITUTION, "awaiting_institution", training_class=a))) == {*drawn[1:], out}
    assert call.reasons(INSTITUTION, "screening/promote", 409, training_class=a) == ["no_free_seat"]
    rest = keys(waiting(call, INSTITUTION, "awaiting_institution"))
    assert call(INSTITUTION, "enrollment/confirm", ids=rest)["done"] == rest
    assert len(waiting(call, INSTITUTION, "admitted", training_class=b)) == 2


# --- round two


def first_come_first_served(call: Callers, b: int, c: int) -> None:
    """One seat is left and two want it; who never lost a class has no right to it."""
    assert call.reasons("t107", "enrollment/enroll", 422, training_class=b) == ["no_right_to_round_two"]
    made = call("teacher", "enrollment/enroll", 201, training_class=b)
    assert call("teacher", "enrollment/enroll", training_class=b)["id"] == made["id"]
    [declined] = waiting(call, SCHOOL, "declined")
    late = {"training_class": b, "teacher": declined["teacher"]["id"]}
    assert call.reasons(SCHOOL, "enrollment/enroll", 422, **late) == ["full"]
    call(SCHOOL, "enrollment/approve", ids=[made["id"]])
    call(BUREAU, "enrollment/approve", ids=[made["id"]])
    call(INSTITUTION, "enrollment/confirm", ids=[made["id"]])


def read_every_step(call: Callers, b: int, c: int) -> None:
    """The teacher reads every move of every enrollment, with time, organisation and reason."""
    told = {}
    for row in call.rows("teacher", "enrollment", order="enrolled_at"):
        lines = call.rows("teacher", "transition", entity="Enrollment", row_id=row["id"], order="created_at")
        told[row["training_class"]["id"], row["state"]] = [(line["to_state"], line["organisation"]) for line in lines]
    school, bureau, institution = "文三路小学", "西湖区教育局", "西溪教师进修学校"
    assert told[b, "admitted"] == [
        ("awaiting_school", school), ("awaiting_bureau", school), ("awaiting_institution", bureau),
        ("admitted", institution),
    ]  # fmt: skip
    assert told[b, "withdrawn"] == [("awaiting_school", school), ("withdrawn", school)]
    assert told[c, "class_cancelled"] == [
        ("awaiting_school", school), ("awaiting_institution", school), ("class_cancelled", bureau),
    ]  # fmt: skip
