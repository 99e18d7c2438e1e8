"""What a set of roles may do, remembered until somebody changes a role (ACC-12)."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.security.sqla.models import assoc_permissionview_role as held
from flask_appbuilder.security.sqla.models import assoc_user_role as members
from sqlalchemy import Select, select

from app.extensions import db
from app.models import Permission, PermissionView, Role, ViewMenu
from app.security.remembered import remembered

PREFIX = "can_"


def permissions_of_roles(role_ids: frozenset[int]) -> frozenset[tuple[str, str]]:
    """Return the (verb, resource) pairs of these roles."""
    return remembered(("permissions", role_ids), lambda: _read_permissions(role_ids))


def names_of_roles(role_ids: frozenset[int]) -> frozenset[str]:
    """Return the names of these roles."""
    return remembered(("roles", role_ids), lambda: _read_names(role_ids))


def _read_names(role_ids: frozenset[int]) -> frozenset[str]:
    return frozenset(db.session.scalars(select(Role.name).where(Role.id.in_(role_ids))))


def _read_permissions(role_ids: frozenset[int]) -> frozenset[tuple[str, str]]:
    wanted = (
        select(Permission.name, ViewMenu.name)
        .join(PermissionView, PermissionView.permission_id == Permission.id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .join(held, held.c.permission_view_id == PermissionView.id)
        .where(held.c.role_id.in_(role_ids), Permission.name.startswith(PREFIX, autoescape=True))
    )
    return frozenset((name.removeprefix(PREFIX), resource) for name, resource in db.session.execute(wanted))


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
