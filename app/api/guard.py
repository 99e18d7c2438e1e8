"""What every route of the API passes: somebody has signed in, and holds the permission."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flask import make_response, request
from flask_appbuilder.api import BaseApi
from flask_babel import gettext as _

from app.domain.errors import Invalid, Problem, problem
from app.domain.text import N_
from app.web.actors import current_actor
from app.web.errors import answer

ANSWERS = {
    "401": "Nobody has signed in, or the token is no longer good.",
    "403": "The role does not allow it.",
    "404": "Absent or outside the scope.",
    "409": "It clashes with what is stored.",
    "422": "Input to mend; every reason is listed.",
    "429": "Too many attempts; Retry-After says when to come back.",
}


class JsonApi(BaseApi):
    """The base of every API class: no exemption from the form token, errors in the house's shape."""

    csrf_exempt = False
    responses = {
        code: {
            "description": text,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problems"}}},
        }
        for code, text in ANSWERS.items()
    }

    def operation_helper(self, operations: Any = None, **options: Any) -> None:
        """Describe the routes; each but signing in asks for a token."""
        super().operation_helper(operations=operations, **options)
        for operation in operations.values():
            operation.setdefault("security", [{"bearer": []}])
            if operation["security"]:
                operation["security"] = [{"bearer": []}]
            answers = {code: {"$ref": f"#/components/responses/{code}"} for code in ANSWERS}
            operation["responses"] = {**operation.get("responses", {}), **answers}


def signed_in(route: Callable[..., Any]) -> Callable[..., Any]:
    """Answer 401 unless somebody has signed in by token or cookie."""

    @functools.wraps(route)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        return route(self, *args, **kwargs) if current_actor().signed_in else unauthorised()

    return guarded


def permitted(route: Callable[..., Any]) -> Callable[..., Any]:
    """Answer 401, or 403 without the permission that the class declares for the route."""

    @signed_in
    @functools.wraps(route)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        current_actor().require(self.method_permission_name[route.__name__], self.class_permission_name)
        return route(self, *args, **kwargs)

    return guarded


def unauthorised() -> Any:
    """Return 401 and how to sign in."""
    text = _("Sign in first: POST /api/v1/session gives a token.")
    response = make_response(answer(401, [text], [{"code": "not_signed_in", "message": text}]))
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def body() -> dict[str, Any]:
    """Return the JSON object of the request. Raises Invalid when there is none."""
    try:
        given = request.get_json(silent=True)
    except RecursionError:  # brackets in brackets in brackets
        given = None
    if not isinstance(given, dict):
        raise Invalid(problem("no_json", N_("Send a JSON object with Content-Type application/json.")))
    return given


def misfit(field: str, code: str) -> Problem:
    """Return the problem of a field that is missing, unknown or of the wrong kind."""
    if code == "missing":
        return problem(code, N_("Please fill this in."), field=field)
    if code == "unknown":
        return problem(code, N_("There is no such field; see the API documentation."), field=field)
    return problem(code, N_("This value does not fit; see the API documentation."), field=field)
