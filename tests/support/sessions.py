"""Signing an account in without typing a password, for tests that are not about signing in."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from app.domain.clock import now
from app.extensions import db
from app.models import Account


def session_of(username: str) -> dict[str, Any]:
    """Return what the session of a signed-in account holds. Raises AssertionError when there is no such account."""
    account = db.session.scalar(select(Account).where(Account.username == username))
    assert account is not None, f"no account {username!r}; `world` makes the cast"
    seen = int(now().timestamp())
    return {"_user_id": str(account.id), "_fresh": True, "sv": account.session_version, "seen": seen}


def sign_in(client: FlaskClient, username: str) -> None:
    """Give `client` the session of an account."""
    content = session_of(username)
    with client.session_transaction() as session:
        session.update(content)


def cookie_of(app: Flask, username: str) -> tuple[str, str]:
    """Return name and value of the cookie a browser holds after signing in."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return app.config["SESSION_COOKIE_NAME"], str(serializer.dumps(session_of(username)))


def writing_headers(app: Flask, username: str) -> dict[str, str]:
    """Return the headers of a browser that has signed in and sends a form: its cookie and the form token."""
    kept = secrets.token_hex(20)
    content = session_of(username) | {"csrf_token": kept}
    cookie = app.session_interface.get_signing_serializer(app).dumps(content)  # type: ignore[attr-defined]
    token = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(kept)
    return {"Cookie": f"{app.config['SESSION_COOKIE_NAME']}={cookie}", "X-CSRFToken": str(token)}
