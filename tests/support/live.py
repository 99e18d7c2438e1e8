"""The running platform for browser tests: a server, its database, and the way back to how it was."""

from __future__ import annotations

import shutil
from typing import Any

from app.extensions import db
from tests.support.application import dispose, make_app
from tests.support.databases import Databases, copy_sqlite
from tests.support.server import Server
from tests.support.sessions import cookie_of
from tests.world import build


class Live(Server):
    """A server with the world of `tests/world.py`; `reset()` brings its database back to the start.

    `ids[School]["xihu"]` is the key of a row of the world; `settings` are those of the server alone.
    """

    def __init__(self, databases: Databases, **settings: str) -> None:
        database = databases.fresh("sqlite")
        self.app = make_app(database)
        with self.app.app_context():
            rows = build().rows()
            db.session.commit()
            self.ids = {model: {name: row.id for name, row in named.items()} for model, named in rows.items()}
        self._start = database.folder / "start.db"
        copy_sqlite(database.file, self._start)
        super().__init__(database, **settings)

    def stop(self) -> None:
        """Stop the server and remove its database."""
        super().stop()
        dispose(self.app)
        shutil.rmtree(self.database.folder, ignore_errors=True)

    def reset(self) -> None:
        """Bring the database back to the start, while the server runs."""
        copy_sqlite(self._start, self.database.file)

    def cookie_for(self, username: str) -> dict[str, Any]:
        """Return the cookie that signs `username` in, as Playwright takes it."""
        with self.app.app_context():
            name, value = cookie_of(self.app, username)
        return {"name": name, "value": value, "url": self.url}
