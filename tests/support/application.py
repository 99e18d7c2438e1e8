"""Applications for tests."""

from __future__ import annotations

from flask import Flask

from app import create_app
from app.extensions import db
from tests.support.databases import Database, Databases
from tests.support.transactions import RequestClient


def make_app(database: Database) -> Flask:
    """Return an application on `database` that takes forms without a token (the fixture `csrf` asks for it again)."""
    made = create_app(dict(database.settings))
    made.config["WTF_CSRF_ENABLED"] = False
    made.test_client_class = RequestClient
    return made


def dispose(made: Flask) -> None:
    """Close the connections of an application."""
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


class Applications:
    """The applications that the tests of a process share, each on a database of its own, made when it is asked for."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._made: dict[tuple[str, str], Database] = {}
        self._apps: dict[Database, Flask] = {}

    def database(self, kind: str, holding: str) -> Database:
        """Return the shared database of `kind` that holds `holding`."""
        wanted = (kind, holding)
        if wanted not in self._made:
            self._made[wanted] = self._databases.fresh(kind, holding)
        return self._made[wanted]

    def on(self, database: Database) -> Flask:
        """Return the application on a shared database."""
        if database not in self._apps:
            self._apps[database] = make_app(database)
        return self._apps[database]

    def close(self) -> None:
        """Close all of them and remove their databases."""
        for app in self._apps.values():
            dispose(app)
        for database in self._made.values():
            self._databases.drop(database)
