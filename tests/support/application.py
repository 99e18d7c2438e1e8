"""Applications for tests."""

from __future__ import annotations

from flask import Flask

from app import create_app
from app.extensions import db
from tests.support.databases import Database
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
