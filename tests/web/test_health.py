"""What supervisors and load balancers are told, and what the log says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.support.databases import ROOT, Database

pytestmark = pytest.mark.req("OPS-4")
LOGGED = """
from run import app
app.config["WTF_CSRF_ENABLED"] = False
client = app.test_client()
client.post("/login/", data={"username": "330106198001010019", "password": "Secret-Word-1"})
print(client.get("/no-such-page").headers["X-Request-Id"])
"""


class QueueAway:
    """A queue nobody reaches."""

    def waiting(self) -> int:
        raise OSError("connection refused")


def ready(client: Any) -> tuple[int, dict[str, str]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.get_json()


def test_a_whole_installation_is_ready(client: Any, app: Flask) -> None:
    status, told = ready(client)
    assert (status, told["status"]) == (200, "ok")
    assert {told[part] for part in ("database", "queue", "storage")} == {"ok"}
    assert told["mail"].startswith("not configured")
    assert client.get("/healthz").status_code == 200


@pytest.mark.req("R2")
@pytest.mark.parametrize("statement", ["DELETE FROM alembic_version", "UPDATE alembic_version SET version_num = 'old'"])
def test_a_database_that_is_not_migrated_is_not_ready(client: Any, db: Any, statement: str) -> None:
    db.session.execute(text(statement))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "unavailable")
    assert "flask db upgrade" in answer.get_json()["database"]
    assert answer.headers["Retry-After"]
    assert client.get("/healthz").status_code == 200


@pytest.mark.req("R3")
def test_without_the_queue_pages_go_on_and_it_is_said(client: Any, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "jobs", QueueAway())
    status, told = ready(client)
    assert (status, told["status"]) == (200, "degraded")
    assert "REDIS_URL" in told["queue"]
    assert "connection refused" not in str(told)
    assert client.get("/login/").status_code == 200


@pytest.mark.req("R3")
def test_a_folder_that_cannot_be_written_is_said(
    client: Any, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.config["SETTINGS"], "INSTANCE_DIR", str(tmp_path / "gone"))
    status, told = ready(client)
    assert (status, told["status"]) == (200, "degraded")
    assert "INSTANCE_DIR" in told["storage"]


@pytest.mark.req("S14")
def test_the_log_is_one_json_line_an_event_with_the_requests_number_and_no_secret(fresh_database: Database) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOGGED],
        cwd=ROOT, env=fresh_database.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    events = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    requests = [event for event in events if event["event"] == "request"]
    assert [(event["method"], event["path"], event["status"]) for event in requests] == [
        ("POST", "/login/", requests[0]["status"]),
        ("GET", "/no-such-page", 404),
    ]
    assert requests[1]["id"] == done.stdout.split()[-1]
    assert "Secret-Word-1" not in done.stderr
    assert "330106198001010019" not in done.stderr
