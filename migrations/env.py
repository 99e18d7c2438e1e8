"""Runs the one chain of migrations on the application's database; `flask db …` calls it."""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app

from app.entities.base import UtcDateTime
from app.extensions import db


def render_item(kind: str, item: Any, _autogen: Any) -> str | bool:
    """Write our column types as plain ones, so that a migration never depends on today's code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Upgrade or downgrade in one transaction where the database can."""
    options = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # Rebuilding a table drops the old one; its children must not be asked then. Said to the driver itself:
            # inside a transaction SQLite would ignore it.
            _foreign_keys(connection, "OFF")
        context.configure(connection=connection, target_metadata=db.metadata, render_item=render_item, **options)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        if sqlite:
            _foreign_keys(connection, "ON")


def _foreign_keys(connection: Any, state: str) -> None:
    connection.connection.driver_connection.execute(f"PRAGMA foreign_keys = {state}")


run()
