"""Rolling every test back, though services and the framework commit.

One connection holds an outer transaction; every session of the test, its own and those of its requests, joins it
through savepoints. `db.session` stays the same object, so whoever kept a reference to it is served as well.
"""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy.engine import Connection
from sqlalchemy.orm import sessionmaker
from werkzeug.test import TestResponse

from app.extensions import db


def _joined_sessions(connection: Connection) -> sessionmaker[Any]:
    """Return a factory of sessions like the application's own, bound to `connection`."""

    class JoinedSession(db.session.session_factory.class_):  # type: ignore[misc]
        def get_bind(self, *_args: Any, **_kwargs: Any) -> Connection:
            return connection

    options = db.session.session_factory.kw | {"bind": connection, "join_transaction_mode": "create_savepoint"}
    return sessionmaker(class_=JoinedSession, **options)


@contextmanager
def rolled_back(app: Flask) -> Iterator[None]:
    """Run the block in an application context; undo at its end whatever it wrote."""
    with app.app_context(), db.engine.connect() as connection:
        outer = connection.begin()
        registry = db.session.registry
        usual, registry.createfunc = registry.createfunc, _joined_sessions(connection)
        try:
            yield
        finally:
            db.session.remove()
            registry.createfunc = usual
            outer.rollback()


class RequestClient(FlaskClient):
    """A test client whose requests share nothing with the test but the database, as in production.

    What the test wrote is committed first (into its savepoint), so that the request sees it and the test reads afresh
    what the request wrote. Without this a request would run in the test's application context, and `flask.g` with the
    signed-in account would leak from one request into the next.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send the request from a clean context."""
        if has_app_context():
            db.session.commit()
        return contextvars.Context().run(super().open, *args, **kwargs)
