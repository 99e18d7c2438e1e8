"""Is the process alive, and can it serve: for supervisors and load balancers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify
from sqlalchemy import text

from app.extensions import db

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Any:
    """Answer as long as the process lives."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> Any:
    """Answer 200 when the database answers and is migrated; otherwise the error handler says 503."""
    version = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    return jsonify(status="ok", database=db.engine.dialect.name, migration=version)
