"""Running the Django peer: its environment, its tables in a copy of the province, its server."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.bench import ROOT, environment, surroundings
from benchmarks.load import Request, once
from tests.support.databases import Database
from tests.support.server import free_port

PACKAGES = ("django==5.2.19", "gunicorn==27.0.1", "psycopg[binary]==3.3.9")
SETTINGS = "benchmarks.peers.django_admin.settings"
START_SECONDS = 30.0


@dataclass(frozen=True)
class DjangoAdmin:
    """A running admin: its port, and the Cookie header of each user."""

    port: int
    cookies: dict[str, str]


@contextmanager
def django_admin(database: Database, *, workers: int = 2) -> Iterator[DjangoAdmin]:
    """Serve Django's admin on `database`, a copy it adds its own tables to."""
    program = environment("django", *PACKAGES)
    settings = surroundings(DATABASE_URL=database.url, DJANGO_SETTINGS_MODULE=SETTINGS, PYTHONPATH=str(ROOT))
    prepare = [str(program("python")), "-m", "benchmarks.peers.django_admin.prepare"]
    done = subprocess.run(prepare, cwd=ROOT, env=settings, check=True, capture_output=True, text=True)
    cookies = {name: f"sessionid={key}" for name, key in json.loads(done.stdout.splitlines()[-1]).items()}
    port = free_port()
    options = ["-w", str(workers), "-b", f"127.0.0.1:{port}", "--no-control-socket"]
    serve = [str(program("python")), "-m", "gunicorn", *options, "benchmarks.peers.django_admin.wsgi:application"]
    with open(database.folder / "django.log", "wb") as log:
        process = subprocess.Popen(serve, cwd=ROOT, env=settings, stdout=log, stderr=log)
    try:
        _wait_for(port, process)
        yield DjangoAdmin(port, cookies)
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while once(port, Request("/admin/login/"))[0] != 200:
        waiting = process.poll() is None and time.monotonic() < deadline
        assert waiting, "Django did not start"
        time.sleep(0.2)
