"""A stranger's first hour: `make run`, every printed account signs in, TERM ends it all, a second start keeps the data.

It is `make run` itself that is tried, on an empty database in a folder of its own; what installing would do is done.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.databases import ROOT, Database
from tests.support.server import free_port

INSTALLED = (".venv/run.stamp", "app/static/vendor/.stamp", "app/translations/zh/LC_MESSAGES/messages.mo")
SECONDS = 180.0
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
ENTRY = re.compile(r'class="menu-item" href="([^"]+)"')


def processes_of(folder: Path) -> list[str]:
    """The processes that run on `folder`, by their command lines."""
    mark, found = f"INSTANCE_DIR={folder}".encode(), []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (place / "environ").read_bytes().split(b"\0"):
                found.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # another user's, or over by now
    return found


@contextmanager
def make_run(database: Database) -> Iterator[tuple[str, str]]:
    """Type `make run`; gives the address and what was printed. At the end TERM to make, and nothing may be left."""
    port, printed = free_port(), database.folder / "printed"
    environment = database.environment | {"PORT": str(port), "ENVIRONMENT": "development"}
    command = ["make", "--no-print-directory", *(part for stamp in INSTALLED for part in ("-o", stamp)), "run"]
    with open(printed, "wb") as out:
        made = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        until_ready(made, port, printed)
        yield f"http://127.0.0.1:{port}", printed.read_text(encoding="utf-8")
        made.send_signal(signal.SIGTERM)
        made.wait(60)
    finally:
        if made.poll() is None:
            os.killpg(made.pid, signal.SIGKILL)
    assert processes_of(database.folder) == []
    assert "stopped" in printed.read_text(encoding="utf-8")


def until_ready(made: subprocess.Popen[bytes], port: int, printed: Path) -> None:
    """Wait until the platform answers. Raises AssertionError with what was printed when it ends before."""
    deadline = time.monotonic() + SECONDS
    while True:
        waiting = made.poll() is None and time.monotonic() < deadline
        assert waiting, printed.read_text(encoding="utf-8")
        try:
            if requests.get(f"http://127.0.0.1:{port}/readyz", timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)


def printed_accounts(database: Database) -> list[dict[str, str]]:
    """What `flask demo accounts --json` prints."""
    command = [sys.executable, "-m", "flask", "--app", "run:app", "demo", "accounts", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=database.environment, capture_output=True, check=True)
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return rows


class Person:
    """Somebody with a browser that keeps cookies and fills in forms."""

    def __init__(self, url: str) -> None:
        self.url, self.session = url, requests.Session()

    def get(self, path: str) -> Any:
        return self.session.get(self.url + path, timeout=60)

    def post(self, path: str, **values: str) -> Any:
        """Open the form, fill it in, send it."""
        token = TOKEN.search(self.get(path).text)
        assert token is not None
        return self.session.post(self.url + path, data={"csrf_token": token.group(1), **values}, timeout=60)


@pytest.mark.database("sqlite")
@pytest.mark.req("ACC-1", "ACC-4", "OPS-4")
def test_the_two_commands_of_the_readme_hold_what_it_promises(empty_database: Database) -> None:
    with make_run(empty_database) as (url, printed):
        accounts = printed_accounts(empty_database)
        assert len(accounts) > 15
        opened: set[str] = set()
        for account in accounts:
            assert account["username"] in printed
            opened |= signs_in_and_opens_the_menu(url, account, opened)
        assert len(opened) > 20
        assert len(processes_of(empty_database.folder)) >= 4  # make or its shell, supervisor, web, worker
        keeper = Person(url)
        keeper.post("/login/", username="province", password="Demo-2026")
        assert keeper.post("/subjectview/add", code="ZZ1", name="茶艺", in_use="y").status_code == 200
    with make_run(empty_database) as (url, _printed):
        again = Person(url)
        again.post("/login/", username="province", password="Demo-2026")
        assert "茶艺" in again.get("/subjectview/list/?name=ZZ1").text


def signs_in_and_opens_the_menu(url: str, account: dict[str, str], opened: set[str]) -> set[str]:
    """Sign in and open what of the menu nobody has opened yet; return it.

    Who has a first password gets no further than changing it.
    """
    person = Person(url)
    home = person.post("/login/", username=account["username"], password=account["password"])
    entries = ENTRY.findall(home.text)
    if account["role"].endswith("first-sign-in"):
        assert home.url.endswith("/account/password")
        assert person.get("/schoolview/list/").url.endswith("/account/password")
    else:
        assert entries, account
        new = set(entries) - opened
        assert {path: person.get(path).status_code for path in new} == dict.fromkeys(new, 200)
        return new
    return set()
