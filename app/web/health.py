"""Is the process alive, and can it serve: for supervisors and load balancers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db

log = structlog.get_logger("health")
blueprint = Blueprint("health", __name__)
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
RETRY_SECONDS = 3


@blueprint.get("/healthz")
def healthz() -> Any:
    """Answer as long as the process lives."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> Any:
    """Say which parts work and what is missing.

    503 without a database that answers and is migrated, as nothing can be served then; 200 with `degraded` when only
    the job queue or the instance folder is away: pages go on, background work waits.
    """
    missing = {part: reason for part, check in PARTS.items() if (reason := check())}
    status = "unavailable" if "database" in missing else "degraded" if missing else "ok"
    standing = {part: missing.get(part, "ok") for part in PARTS}
    standing["mail"] = "ok" if current_app.config["SETTINGS"].SMTP_URL else "not configured: no mail is sent"
    answer = jsonify(status=status, kind=db.engine.dialect.name, **standing)
    if status == "unavailable":
        return answer, 503, {"Retry-After": str(RETRY_SECONDS)}
    return answer


def _database() -> str:
    """Return why the database cannot serve, empty when it can."""
    try:
        found = set(db.session.scalars(text("SELECT version_num FROM alembic_version")))
    except SQLAlchemyError as error:
        db.session.rollback()
        log.error("database is not ready", error=str(error))
        return "does not answer, or has no tables yet: see DATABASE_URL, then run `flask db upgrade`"
    return "" if found == _heads() else "is not at the version of this code: run `flask db upgrade`"


@lru_cache(maxsize=1)
def _heads() -> frozenset[str]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return frozenset(ScriptDirectory.from_config(config).get_heads())


def _queue() -> str:
    try:
        current_app.extensions["jobs"].waiting()
    except Exception as error:  # noqa: BLE001 - any queue driver's error
        log.warning("queue is not ready", error=str(error))
        return "cannot be reached: see REDIS_URL; background jobs wait until it is back"
    return ""


def _storage() -> str:
    try:
        with tempfile.TemporaryFile(dir=current_app.config["SETTINGS"].instance) as file:
            file.write(b"-")
            file.flush()
    except OSError as error:
        return f"cannot be written ({error.strerror}): see INSTANCE_DIR; uploads and exports fail until then"
    return ""


PARTS: dict[str, Callable[[], str]] = {"database": _database, "queue": _queue, "storage": _storage}
