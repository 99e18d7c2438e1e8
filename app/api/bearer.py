"""Tokens in the `Authorization` header."""

from __future__ import annotations

from flask import Request, g

from app.security.people import SignedIn, signed_in
from app.services.tokens import account_of_token
from app.web.actors import current_vault

SCHEME = "bearer "


def load_by_token(request: Request) -> SignedIn | None:
    """Return whose token the request carries; only the API takes tokens, and only there is it noted."""
    given = request.headers.get("Authorization", "")
    if not request.path.startswith("/api/") or not given.lower().startswith(SCHEME):
        return None
    account_id = account_of_token(given[len(SCHEME) :].strip(), vault=current_vault())
    found = signed_in(account_id) if account_id is not None else None
    g.by_token = found is not None
    return found
