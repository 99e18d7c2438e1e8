"""Exports: at once when short, through the worker when long; files and jobs are their owner's alone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from app.domain.terms import AuditAction, JobState
from app.extensions import db as extension
from app.jobs.runner import run
from app.models import AuditEntry, BackgroundJob, School
from app.services import jobs
from app.views.fab import export
from tests.support.databases import ROOT, Database
from tests.support.sessions import sign_in
from tests.world import World, build

LogIn = Callable[[str], FlaskClient]
pytestmark = pytest.mark.req("DEL-12")


def cells(data: bytes) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in load_workbook(BytesIO(data)).active.iter_rows(min_row=3)]


class Numbers(list[int]):
    """A queue nobody reads."""

    put = list.append


@pytest.fixture
def queue(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Numbers:
    made = Numbers()
    monkeypatch.setitem(app.extensions, "jobs", made)
    return made


@pytest.fixture
def long_list(monkeypatch: pytest.MonkeyPatch, queue: Numbers) -> Numbers:
    """Every list counts as long."""
    monkeypatch.setattr(export, "AT_ONCE", 0)
    return queue


def only_job(username: str, world: World) -> BackgroundJob:
    extension.session.expire_all()
    mine = BackgroundJob.account_id == world.account[username].id
    return extension.session.scalars(select(BackgroundJob).where(mine, BackgroundJob.kind == export.KIND)).one()


@pytest.mark.req("ORG-6")
def test_a_short_export_holds_the_visible_rows_and_no_others(login_as: LogIn, world: World) -> None:
    answer = login_as("county_admin").get("/schoolview/export")
    assert answer.status_code == 200
    assert answer.mimetype == export.XLSX
    text = str(cells(answer.data))
    assert world.school["xihu"].name in text
    assert world.school["qingyuan"].name not in text


def test_an_export_follows_the_filters_of_the_screen(login_as: LogIn, world: World) -> None:
    found = login_as("provincial_admin").get("/schoolview/export", query_string={"name": "濛洲"})
    rows = cells(found.data)
    assert len(rows) == 1
    assert world.school["qingyuan"].name in rows[0]


@pytest.mark.parametrize("entity", ["account", "bureau", "institution", "regiongrant", "school", "teacher", "subject"])
def test_every_exportable_screen_sends_a_workbook(login_as: LogIn, world: World, entity: str) -> None:
    answer = login_as("system_admin").get(f"/{entity}view/export")
    assert answer.status_code == 200
    sheet = load_workbook(BytesIO(answer.data)).active
    assert all(cell.value for cell in sheet[2])
    assert sheet.max_row > 2


@pytest.mark.req("TCH-1", "OPS-3")
def test_an_export_of_teachers_holds_no_full_national_id(login_as: LogIn, world: World) -> None:
    text = str(cells(login_as("county_admin").get("/teacherview/export").data))
    assert world.teacher["zhang"].teacher_number in text
    assert re.search(r"\d{17}[\dX]", text) is None


def test_a_formula_in_the_data_stays_text(login_as: LogIn, world: World, db: Any) -> None:
    world.school["xihu"].name = "=1+1"
    db.session.commit()
    sheet = load_workbook(BytesIO(login_as("county_admin").get("/schoolview/export").data)).active
    found = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert [cell.data_type for cell in found] == ["s"]


@pytest.mark.req("OPS-2")
def test_an_export_is_written_into_the_audit(login_as: LogIn, world: World, db: Any) -> None:
    login_as("county_admin").get("/schoolview/export", query_string={"name": "文三"})
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.EXPORT)).one()
    assert (entry.entity, entry.account_id) == ("School", world.account["county_admin"].id)
    assert entry.after["rows"] == 1
    assert entry.after["filters"] == {"name": "文三"}
    assert entry.address


@pytest.mark.req("ORG-6")
def test_who_may_not_export_gets_nothing(login_as: LogIn, world: World) -> None:
    answer = login_as("bureau_reviewer").get("/schoolview/export")
    assert answer.status_code != 200
    assert answer.mimetype != export.XLSX


def test_a_long_export_becomes_a_job_whose_file_its_owner_fetches(
    login_as: LogIn, world: World, long_list: Numbers, db: Any
) -> None:
    client = login_as("county_admin")
    answer = client.get("/schoolview/export")
    job = only_job("county_admin", world)
    assert answer.status_code == 302
    assert answer.location.endswith(f"/jobs/show/{job.id}")
    assert long_list == [job.id]
    run(job.id, stopping=lambda: False)
    standing = client.get(f"/jobs/status/{job.id}").json
    assert (standing["state"], standing["done"], standing["total"]) == ("done", 1, 1)
    file = client.get(standing["result"]["url"])
    assert file.mimetype == export.XLSX
    assert world.school["xihu"].name in str(cells(file.data))
    assert world.school["qingyuan"].name not in str(cells(file.data))


@pytest.mark.req("ORG-6")
@pytest.mark.parametrize("username", ["qingyuan_county", "provincial_admin", "system_admin"])
def test_the_job_and_its_file_are_hidden_from_everybody_else(
    login_as: LogIn, world: World, long_list: Numbers, username: str
) -> None:
    login_as("county_admin").get("/schoolview/export")
    job = only_job("county_admin", world)
    run(job.id, stopping=lambda: False)
    other = login_as(username)
    for page in ("show", "status", "result"):
        assert other.get(f"/jobs/{page}/{job.id}").status_code == 404
    assert other.post(f"/jobs/cancel/{job.id}").status_code == 404
    assert f"/jobs/show/{job.id}" not in other.get("/jobs/list/").text


def test_the_page_offers_to_stop_a_waiting_job_and_stopping_works(
    login_as: LogIn, world: World, long_list: Numbers
) -> None:
    client = login_as("county_admin")
    client.get("/schoolview/export")
    job = only_job("county_admin", world)
    page = client.get(f"/jobs/show/{job.id}").text
    assert f"/jobs/status/{job.id}" in page
    assert f"/jobs/cancel/{job.id}" in page
    assert client.get(f"/jobs/cancel/{job.id}").status_code == 405
    client.post(f"/jobs/cancel/{job.id}")
    assert only_job("county_admin", world).state is JobState.CANCELLED
    assert f"/jobs/cancel/{job.id}" not in client.get(f"/jobs/show/{job.id}").text
    assert client.get(f"/jobs/result/{job.id}").status_code == 409


def test_a_right_taken_away_before_the_worker_comes_is_respected(
    login_as: LogIn, world: World, long_list: Numbers, db: Any
) -> None:
    login_as("county_admin").get("/schoolview/export")
    job = only_job("county_admin", world)
    world.account["county_admin"].roles = world.account["bureau_reviewer"].roles
    db.session.commit()
    run(job.id, stopping=lambda: False)
    job = only_job("county_admin", world)
    assert job.state is JobState.FAILED
    assert job.result_path is None


def test_a_failed_job_shows_its_reasons(login_as: LogIn, world: World, long_list: Numbers) -> None:
    client = login_as("county_admin")
    client.get("/schoolview/export")
    job = only_job("county_admin", world)
    jobs.claim(job.id)
    jobs.fail_abandoned()
    standing = client.get(f"/jobs/status/{job.id}").json
    assert standing["state"] == "failed"
    assert len(standing["problems"]) == 1
    assert standing["result"] is None


# --- a worker in a process of its own


@pytest.fixture
def worker(fresh_database: Database) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    made: list[subprocess.Popen[bytes]] = []
    log = open(fresh_database.folder / "worker.log", "ab")  # noqa: SIM115 - closed below

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "app.jobs.worker"]
        made.append(subprocess.Popen(command, cwd=ROOT, env=fresh_database.environment, stdout=log, stderr=log))
        return made[-1]

    yield start
    for process in made:
        if process.poll() is None:
            process.kill()
        process.wait(20)
    log.close()


def wait_for(condition: Callable[[], bool], folder: Path, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, (folder / "worker.log").read_text()[-4000:]
        time.sleep(0.2)


def test_a_real_worker_takes_up_waiting_jobs_and_ends_cleanly(
    fresh_app: Flask, fresh_database: Database, worker: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One job the queue has lost, one a crash left running, one put in while the worker runs."""
    monkeypatch.setattr(export, "AT_ONCE", 0)
    client = fresh_app.test_client()
    with fresh_app.app_context():
        world = build()
        extension.session.commit()
        school = extension.session.scalar(select(School.name).where(School.id == world.school["xihu"].id))
        sign_in(client, "county_admin")
        arguments = {"view": "SchoolView", "filters": {}, "order": "", "descending": False, "language": "zh"}
        actor = world.actor("county_admin")
        lost = BackgroundJob(account_id=actor.account_id, kind=export.KIND, title="lost", arguments=arguments)
        left = BackgroundJob(
            account_id=actor.account_id, kind=export.KIND, title="left", arguments={}, state=JobState.RUNNING
        )
        extension.session.add_all([lost, left])
        extension.session.commit()
        lost_id, left_id = lost.id, left.id
        extension.session.remove()
    process = worker()

    def state(job_id: int) -> str:
        return str(client.get(f"/jobs/status/{job_id}").json["state"])

    wait_for(lambda: state(lost_id) == "done", fresh_database.folder)
    assert state(left_id) == "failed"
    asked = client.get("/schoolview/export")
    job_id = int(asked.location.rsplit("/", 1)[1])
    wait_for(lambda: state(job_id) == "done", fresh_database.folder)
    assert school in str(cells(client.get(f"/jobs/result/{job_id}").data))
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert process.wait(12) == 0
    assert time.monotonic() - began < 10


def test_a_second_worker_is_refused_with_a_sentence(fresh_database: Database) -> None:
    code = (
        "import app.jobs.worker as w, pathlib, os; w.LOCK_WAIT = 0.5\n"
        "folder = pathlib.Path(os.environ['INSTANCE_DIR']); first = w.hold_lock(folder); w.hold_lock(folder)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **fresh_database.environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Another worker runs already" in done.stderr
