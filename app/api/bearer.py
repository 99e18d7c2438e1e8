"""Tokens in the `Authorization` header."""

from __future__ import annotations

from flask import Request, g

from app.models import Account
from app.security.people import active_account
from app.services.tokens import account_of_token
from app.web.actors import current_vault

SCHEME = "bearer "


def load_by_token(request: Request) -> Account | None:
    """Return the account whose token the request carries; only the API takes tokens, and only there is it noted."""
    given = request.headers.get("Authorization", "")
    if not request.path.startswith("/api/") or not given.lower().startswith(SCHEME):
        return None
    account_id = account_of_token(given[len(SCHEME) :].strip(), vault=current_vault())
    account = active_account(account_id) if account_id is not None else None
    g.by_token = account is not None
    return account
