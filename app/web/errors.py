"""The only place where errors become a status, a page or JSON."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, g, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError

from app.domain.errors import DomainError, Problem, TooManyRequests
from app.extensions import db
from app.web.i18n import sentence

RETRY_SECONDS = 3
STALE_TOKEN = "stale_token"  # a page that is told this fetches a fresh form token and asks once more (client.js)


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(Exception, _unexpected)


def as_json(problem: Problem) -> dict[str, Any]:
    """Return a problem for machines: code, sentence, field, numbers."""
    return {"code": problem.code, "message": sentence(problem), "field": problem.field, "params": problem.text.params}


def wants_json() -> bool:
    """Tell whether the caller is a program."""
    return request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json"


def answer(status: int, reasons: list[str], problems: list[dict[str, Any]] | None = None) -> Any:
    """Return the error page, or JSON to a program, with the request's number."""
    number = g.get("request_id")
    if wants_json():
        return jsonify(
            problems=problems or [{"code": str(status), "message": r} for r in reasons], request_id=number
        ), status
    page = render_template(
        "errors/error.html", status=status, heading=heading(status), reasons=reasons, request_id=number,
        url_list=list_around() if status not in (403, 500) else None,
    )  # fmt: skip
    return page, status


def list_around() -> str | None:
    """Return the list the page belongs to, a step nearer than the home page; None where there is none, or it fails."""
    view = (request.endpoint or "").partition(".")[0]
    for route in ("list", "index"):
        name = f"{view}.{route}"
        if name in current_app.view_functions and name != request.endpoint:
            try:
                return url_for(name)
            except BuildError:
                return None
    return None


def heading(status: int) -> str:
    """Return what happened, in a few words."""
    headings = {
        400: _("The request could not be understood"),
        403: _("Your role does not allow this"),
        404: _("This page does not exist"),
        405: _("This cannot be done that way"),
        409: _("Somebody was faster"),
        413: _("The file is too large"),
        422: _("Please mend the input"),
        429: _("Too many attempts"),
        503: _("Busy for a moment"),
    }
    return headings.get(status, _("Something went wrong on our side"))


def _domain_error(error: DomainError) -> Any:
    db.session.rollback()
    response = answer(error.status, [sentence(p) for p in error.problems], [as_json(p) for p in error.problems])
    if isinstance(error, TooManyRequests):
        return (*response, {"Retry-After": str(error.retry_after)})
    return response


def _csrf_error(_error: CSRFError) -> Any:
    reason = _("The page was open too long or was opened elsewhere. Go back, reload it and send it again.")
    return answer(400, [reason], [{"code": STALE_TOKEN, "message": reason}])


def _http_error(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    hints = {
        403: _("Ask the administrator of your organisation if you need this."),
        404: _("This record does not exist or is outside your scope."),
        413: _("Choose a smaller file."),
    }
    return answer(error.code, [hints.get(error.code, _("Go back and try again."))])


def _database_away(error: OperationalError) -> Any:
    db.session.rollback()
    g.failure = error
    return (*answer(503, [_("The database does not answer. Your input was not saved; try again in a few seconds.")]),
            {"Retry-After": str(RETRY_SECONDS)})  # fmt: skip


def _unexpected(error: Exception) -> Any:
    db.session.rollback()
    g.failure = error
    current_app.logger.exception("unexpected error")
    return answer(500, [_("The error was recorded. Try again; if it stays, tell the administrator the number below.")])
