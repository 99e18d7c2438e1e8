"""From the account in the database to the actor it is: for requests and for background jobs alike."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload, selectinload

from app.domain.terms import RoleName
from app.extensions import db
from app.models import Account, Bureau
from app.security.actor import Actor
from app.security.permissions import permissions_of_roles


@cache
def _account() -> Any:
    """Return the statement, made once: every request asks for it."""
    return (
        select(Account)
        .where(Account.id == bindparam("key"))
        .options(
            selectinload(Account.roles),
            joinedload(Account.bureau).joinedload(Bureau.region),
            joinedload(Account.institution),
            joinedload(Account.school),
            joinedload(Account.teacher),
        )
    )


def active_account(account_id: Any) -> Account | None:
    """Return an account with all its actor needs, or None when it may not act any more."""
    account: Account | None = db.session.scalar(_account(), {"key": int(account_id)})
    return account if account is not None and account.is_active else None


def actor_of(account: Account, *, address: str | None = None, request_id: str | None = None) -> Actor:
    """Return the actor an account is."""
    region = account.bureau.region if account.bureau else None
    roles = frozenset(role.name for role in account.roles)
    return Actor(
        account_id=account.id,
        name=account.name,
        roles=roles,
        permissions=permissions_of_roles(frozenset(role.id for role in account.roles)),
        region_path=region.path if region else None,
        region_level=region.level if region else None,
        bureau_id=account.bureau_id,
        institution_id=account.institution_id,
        school_id=account.school_id,
        teacher_id=account.teacher.id if account.teacher else None,
        teacher_school_id=account.teacher.school_id if account.teacher else None,
        everything=RoleName.SYSTEM_ADMIN.value in roles,
        address=address,
        request_id=request_id,
    )
