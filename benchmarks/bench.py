"""What a benchmark works with: the demo province on one kind of database, servers, sessions, truth.

Everything lies under `build/bench`: the prepared databases (made once for each size and version of the schema, copied
for every benchmark that writes) and the environments of the peers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy import text

from app import create_app
from app.extensions import db
from tests.support.databases import PREPARE, Database, PostgresServer, copy_sqlite, failure_of
from tests.support.server import Server
from tests.support.sessions import cookie_of

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "bench"
MEMORY = Path("/dev/shm") / f"bench-{os.getuid()}"
DURABLE = ("fsync = on", "synchronous_commit = on", "full_page_writes = on")


class DurableServer(PostgresServer):
    """A PostgreSQL server that keeps what it has accepted, as in production."""

    def start(self) -> str:
        """Start the server unless it runs; return its address."""
        address = super().start()
        with psycopg.connect(address, autocommit=True) as connection:
            for setting in DURABLE:
                connection.execute(sql.SQL("ALTER SYSTEM SET " + setting))
            connection.execute("SELECT pg_reload_conf()")
        return address


@dataclass
class Bench:
    """One kind of database at one size. `rounds` says how often each side is measured, `seconds` how long.

    `base` is the disk, or memory where processors are compared and no disk may hide them.
    """

    kind: str
    size: str
    rounds: int
    seconds: float
    postgres: DurableServer
    base: Path = FOLDER

    @cached_property
    def folder(self) -> Path:
        """The folder of this kind and size."""
        path = self.base / self.kind / self.size
        path.mkdir(parents=True, exist_ok=True)
        return path

    @cached_property
    def province(self) -> Database:
        """The demo province, never written to by a benchmark; made when it is missing or of another schema."""
        database = self._named("province")
        stamp = database.folder / "made.txt"
        if not stamp.exists() or stamp.read_text() != self._version():
            stamp.unlink(missing_ok=True)
            self._empty(database)
            self._flask(database, ["demo", "load", "--size", self.size])
            stamp.write_text(self._version())
        return database

    def _version(self) -> str:
        """Return what a prepared database depends on: the schema and the code and lists of the demo."""
        parts = [*(ROOT / "migrations/versions").glob("*.py"), *(ROOT / "app/services/demo").glob("*.py")]
        return "\n".join(f"{part.name} {part.stat().st_size}" for part in sorted([*parts, ROOT / "app/data/demo.toml"]))

    def _named(self, name: str) -> Database:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        if self.kind == "sqlite":
            return Database("sqlite", f"sqlite:///{folder}/app.db", folder)
        address = self.postgres.start().replace("/postgres?", f"/{self._pg_name(folder)}?")
        return Database("postgresql", address, folder)

    def _pg_name(self, folder: Path) -> str:
        return f"{self.size}_{folder.name}"

    def _administer(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.postgres.start(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _empty(self, database: Database) -> None:
        self.drop(database)
        database.folder.mkdir(exist_ok=True)
        if self.kind == "postgresql":
            self._administer("CREATE DATABASE {}", self._pg_name(database.folder))
        failure = failure_of(PREPARE, database)
        assert not failure, failure

    def drop(self, database: Database) -> None:
        """Remove a database and its folder."""
        if self.kind == "postgresql":
            self._administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", self._pg_name(database.folder))
        shutil.rmtree(database.folder, ignore_errors=True)

    @staticmethod
    def _flask(database: Database, arguments: list[str]) -> None:
        command = [sys.executable, "-m", "flask", "--app", "run:app", *arguments]
        subprocess.run(command, cwd=ROOT, env=database.environment, check=True, stdout=subprocess.DEVNULL)

    @contextmanager
    def copy(self, name: str) -> Iterator[Database]:
        """Give a copy of the province that may be written to; it goes afterwards."""
        source, target = self.province, self._named(name)
        self.drop(target)
        target.folder.mkdir(exist_ok=True)
        if self.kind == "sqlite":
            copy_sqlite(source.file, target.file)
        else:
            names = self._pg_name(target.folder), self._pg_name(source.folder)
            self._administer("CREATE DATABASE {} TEMPLATE {}", *names)
        try:
            yield target
        finally:
            self.drop(target)

    @contextmanager
    def empty(self, name: str) -> Iterator[Database]:
        """Give a migrated database without data; it goes afterwards."""
        database = self._named(name)
        self._empty(database)
        try:
            yield database
        finally:
            self.drop(database)

    @contextmanager
    def serving(
        self, database: Database, *, workers: int = 2, application: str = "run:app", **settings: str
    ) -> Iterator[Server]:
        """Run the platform on `database`."""
        quiet = {"LOG_LEVEL": "WARNING"}
        with Server(database, workers=workers, application=application, **quiet, **settings) as server:
            yield server

    @contextmanager
    def app(self, database: Database) -> Iterator[Flask]:
        """Give the application on `database` in this process, inside its context."""
        made = create_app(dict(database.settings) | {"LOG_LEVEL": "WARNING"})
        with made.app_context():
            try:
                yield made
            finally:
                db.session.remove()
                db.engine.dispose()

    def cookie(self, app: Flask, username: str) -> str:
        """Return the Cookie header of somebody who has signed in."""
        name, value = cookie_of(app, username)
        return f"{name}={value}"

    def untrue(self, checks: dict[str, tuple[str, Any]]) -> list[str]:
        """Return which checks fail; each is a name → (SQL for one number, the number it must give)."""
        wrong = []
        for name, (statement, wanted) in checks.items():
            found = db.session.scalar(text(statement))
            if found != wanted:
                wrong.append(f"{name}: {found}, not {wanted}")
        return wrong


def environment(name: str, *packages: str) -> Callable[[str], Path]:
    """Make a virtual environment of a peer's own under build/ when it is missing; return how to name its programs."""
    folder = FOLDER / "environments" / name
    stamp = folder / "packages.txt"
    wanted = "\n".join(packages)
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        quiet = ["--quiet", "--disable-pip-version-check"]
        subprocess.run([str(folder / "bin/python"), "-m", "pip", "install", *quiet, *packages], check=True)
        stamp.write_text(wanted)
    return lambda program: folder / "bin" / program


def surroundings(**settings: str) -> dict[str, str]:
    """Return the environment of a peer's process."""
    return os.environ | settings
