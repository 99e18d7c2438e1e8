"""What a set of roles may do, cached per process and thrown away when the stamp in the database moves (ACC-12)."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.security.sqla.models import assoc_permissionview_role as held
from flask_appbuilder.security.sqla.models import assoc_user_role as members
from sqlalchemy import Select, event, inspect, select, update
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import Permission, PermissionView, Role, SecurityStamp, ViewMenu

PREFIX = "can_"
_cache: dict[frozenset[int], frozenset[tuple[str, str]]] = {}
_cached_at: list[tuple[int, int]] = [(0, 0)]


def permissions_of_roles(role_ids: frozenset[int]) -> frozenset[tuple[str, str]]:
    """Return the (verb, resource) pairs of these roles: one small query when nothing has changed."""
    stamp = (id(db.engine), db.session.scalar(select(SecurityStamp.number)) or 0)
    if stamp != _cached_at[0]:
        _cache.clear()
        _cached_at[0] = stamp
    if role_ids not in _cache:
        _cache[role_ids] = _read(role_ids)
    return _cache[role_ids]


def _read(role_ids: frozenset[int]) -> frozenset[tuple[str, str]]:
    wanted = (
        select(Permission.name, ViewMenu.name)
        .join(PermissionView, PermissionView.permission_id == Permission.id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .join(held, held.c.permission_view_id == PermissionView.id)
        .where(held.c.role_id.in_(role_ids), Permission.name.startswith(PREFIX, autoescape=True))
    )
    return frozenset((name.removeprefix(PREFIX), resource) for name, resource in db.session.execute(wanted))


def _holds_other(row: Any) -> bool:
    if isinstance(row, Role):
        return bool(inspect(row).attrs.permissions.history.has_changes())
    return isinstance(row, PermissionView)


def accounts_with_role(*names: str) -> Select[Any]:
    """Return the ids of the accounts that have one of the roles."""
    return select(members.c.user_id).join(Role, Role.id == members.c.role_id).where(Role.name.in_(names))


def accounts_that_may(verb: str, resource: str) -> Select[Any]:
    """Return the ids of the accounts a role permits `verb` on `resource`."""
    return (
        select(members.c.user_id)
        .join(held, held.c.role_id == members.c.role_id)
        .join(PermissionView, PermissionView.id == held.c.permission_view_id)
        .join(Permission, Permission.id == PermissionView.permission_id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(Permission.name == PREFIX + verb, ViewMenu.name == resource)
    )


@event.listens_for(Session, "after_flush")
def _notice_changes(session: Session, _context: Any) -> None:
    """Move the stamp in the same transaction that changes what a role holds, whoever changes it.

    An account that gets a role touches the role as well, but nothing of what it holds.
    """
    made = any(isinstance(row, Role | PermissionView) for row in [*session.new, *session.deleted])
    if made or any(_holds_other(row) for row in session.dirty):
        session.execute(update(SecurityStamp).values(number=SecurityStamp.number + 1))
