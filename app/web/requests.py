"""The edge of every request: its number, session limits, the token of forms, headers, the log line."""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import urlencode

import structlog
from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask_login import current_user

from app.domain.clock import now
from app.domain.errors import NotPermitted, problem
from app.domain.text import N_
from app.extensions import csrf
from app.services.parameters import policy_of
from app.services.teacher_search import without_id
from app.web.actors import current_vault, forget_actor, mark_session, who_has_signed_in

log = structlog.get_logger("request")
REFRESH_SECONDS = 60
LONGEST_SESSION = 12 * 60 * 60  # seconds from signing in, however busy
OPEN = frozenset({"static", "appbuilder.static", "assets.file", "health.healthz", "health.readyz"})
WITHOUT_TOKEN = frozenset({"SessionApi.post"})  # signs in by password, and gives no cookie that could be abused
WHILE_CHANGING = frozenset(
    {
        "AccountPage.change_password",
        "AccountPage.check_password",
        "SignInView.logout",
        "session.alive",
        "session.language",
        "session.theme",
    }
)


def init_app(app: Flask) -> None:
    """Register what happens before and after every request."""
    app.before_request(_number)
    app.before_request(_check_session)
    app.before_request(_keep_numbers_out)
    app.before_request(_check_token)
    app.before_request(_force_password_change)
    app.after_request(_headers)
    app.after_request(_log)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """Return the nonce of this response's own scripts."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def _number() -> None:
    g.started = time.perf_counter()
    g.request_id = secrets.token_hex(8)


def _keep_numbers_out() -> Any:
    """Let no whole ID number stand in the address of a page: histories, logs and exports would keep it (OPS-3)."""
    if request.method != "GET" or not request.args or request.path.startswith("/api/"):
        return None
    given = list(request.args.items(multi=True))
    kept = [(name, _kept(value)) for name, value in given]
    return redirect(f"{request.path}?{urlencode(kept)}") if kept != given else None


def _kept(value: str) -> str:
    """Return a value of an address, for an ID number what stands for it; nothing for a visitor, who learns no index."""
    mark = without_id(value, current_vault())
    return value if mark is None else mark if who_has_signed_in() else ""


def _check_session() -> None:
    """End a session that lay idle or lasts too long; the form in the browser stays and asks to sign in again (ACC-9).

    A device that remembers its account begins a new session at once.
    """
    if request.endpoint in OPEN or not current_user.is_authenticated or g.get("by_token"):
        return
    seconds = int(now().timestamp())
    idle, lasted = seconds - session.get("seen", seconds), seconds - session.get("began", seconds)
    if idle > policy_of().session_idle_minutes * 60 or lasted > LONGEST_SESSION:
        session.clear()
        forget_actor()  # asked for again, the account comes from the remembering cookie or not at all
    person = who_has_signed_in()
    if person is not None and "sv" not in session:
        mark_session(person.session_version)
    elif person is not None and (idle > REFRESH_SECONDS or "began" not in session):
        session["seen"], session["began"] = seconds, session.get("began", seconds)


def _check_token() -> None:
    """Ask whoever writes for the form token; a program that signs every request with its own token needs none."""
    if g.get("by_token") or request.endpoint in WITHOUT_TOKEN:
        return
    if current_app.config["WTF_CSRF_ENABLED"] and request.method not in ("GET", "HEAD", "OPTIONS"):
        csrf.protect()


def _force_password_change() -> Any:
    """Let somebody with a first password do nothing but change it (ACC-4)."""
    if request.endpoint in OPEN or request.endpoint in WHILE_CHANGING:
        return None
    person = who_has_signed_in()
    if person is None or not person.must_change_password:
        return None
    if request.path.startswith("/api/"):
        raise NotPermitted(problem("must_change_password", N_("Sign in with a browser and change the first password.")))
    return redirect(url_for("AccountPage.change_password"))


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "geolocation=(), microphone=(), payment=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint not in OPEN:
        headers["Cache-Control"] = "no-store"
    if current_app.config["SETTINGS"].production:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    headers["X-Request-Id"] = str(g.get("request_id", ""))
    return response


def _policy() -> str:
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{csp_nonce()}'",
            "style-src 'self'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _account_id() -> int | None:
    return g.actor.account_id if "actor" in g else getattr(who_has_signed_in(), "id", None)


def _log(response: Response) -> Response:
    if request.endpoint not in OPEN:
        log.info(
            "request",
            id=g.get("request_id"),
            method=request.method,
            path=request.path,
            status=response.status_code,
            account=_account_id(),
            ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
        )
    return response
