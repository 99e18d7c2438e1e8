"""Tokens of the API: issued at sign-in, listed and revoked by their owner (OPS-6).

They stand in the framework's table of API keys, so that each can be listed and revoked; signed tokens could not. The
framework's own check costs a slow password hash and a write for every request, which guards weak secrets; ours are 256
random bits, so one keyed hash in a unique index is as strong. `key_hash` binds the token to the account's session
version: a changed or reset password ends every token at once, a disabled account is refused when it is loaded.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from app.domain.clock import now
from app.domain.errors import NotVisible
from app.domain.terms import AuditAction
from app.extensions import db
from app.models import Account, ApiKey
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.scope import select_visible
from app.services import audit
from app.services.unit import transaction

HOURS = 8
DAYS = (30, 90, 365)  # what a person may choose for a token made on the page
BYTES = 32
SHOWN = 8  # characters of a token by which its owner knows it again


def issue(account: Account, name: str, *, vault: Vault, actor: Actor, days: int | None = None) -> tuple[str, ApiKey]:
    """Return a new token, readable this once, and its row; it is good for some hours unless `days` are chosen."""
    good = timedelta(days=days) if days in DAYS else timedelta(hours=HOURS)
    token = secrets.token_urlsafe(BYTES)
    with transaction():
        row = ApiKey(
            name=name,
            key_prefix=token[:SHOWN],
            lookup_hash=vault.key(token),
            key_hash=_binding(token, account.session_version, vault),
            user_id=account.id,
            active=True,
            created_on=_stored(now()),
            expires_on=_stored(now() + good),
        )
        db.session.add(row)
        db.session.flush()
        audit.record(AuditAction.CREATE, row, actor=actor)
    return token, row


def account_of_token(token: str, *, vault: Vault) -> int | None:
    """Return the id of the account a token belongs to; None for an unknown, revoked, expired or outlived one."""
    wanted = (
        select(ApiKey.user_id, ApiKey.key_hash, Account.session_version)
        .join(Account, Account.id == ApiKey.user_id)
        .where(ApiKey.lookup_hash == vault.key(token), ApiKey.active.is_(True), ApiKey.expires_on > _stored(now()))
    )
    found = db.session.execute(wanted).one_or_none()
    if found is None:
        return None
    account_id, key_hash, version = found
    return int(account_id) if hmac.compare_digest(key_hash, _binding(token, version, vault)) else None


def own_tokens(*, actor: Actor) -> list[ApiKey]:
    """Return the actor's tokens that may still be used, the newest first."""
    wanted = select_visible(ApiKey, actor).where(ApiKey.active.is_(True), ApiKey.expires_on > _stored(now()))
    return list(db.session.scalars(wanted.order_by(ApiKey.id.desc())))


def revoke(number: str, *, actor: Actor) -> None:
    """End one of the actor's tokens. Raises NotVisible for anybody else's, as for one that never was."""
    with transaction():
        row = db.session.scalar(select_visible(ApiKey, actor).where(ApiKey.uuid == number, ApiKey.active.is_(True)))
        if row is None:
            raise NotVisible
        row.active, row.revoked_on = False, _stored(now())
        audit.record(AuditAction.DELETE, row, actor=actor)


def _binding(token: str, session_version: int, vault: Vault) -> str:
    return vault.key(f"{token}/{session_version}")


def _stored(moment: datetime) -> datetime:
    """The framework's columns hold moments without a zone; ours in them are UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None)
