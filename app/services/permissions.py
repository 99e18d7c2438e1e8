"""Restoring the roles to their reviewed defaults (ACC-12)."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import select

from app.domain.terms import RoleName
from app.extensions import db
from app.models import Permission, PermissionView, Role, SecurityStamp, ViewMenu
from app.security.permissions import PREFIX
from app.security.roles import CATALOGUE, permissions_of
from app.services.unit import transaction

N = TypeVar("N", Permission, ViewMenu, Role)


def restore_roles() -> tuple[int, int]:
    """Make the stored roles hold exactly what the code says; return how many roles and permissions there are.

    Permissions that the code no longer knows are removed; roles that somebody added are left alone.
    """
    with transaction():
        if db.session.scalar(select(SecurityStamp)) is None:
            db.session.add(SecurityStamp(number=1))
        known = _permissions()
        for name in RoleName:
            role = _named(Role, name.value)
            wanted = {known[pair] for pair in permissions_of(name)}
            if set(role.permissions) != wanted:
                role.permissions = sorted(wanted, key=lambda held: held.id or 0)
    return len(RoleName), len(known)


def _permissions() -> dict[tuple[str, str], PermissionView]:
    """Return every (verb, resource) of the catalogue as its row, made when missing; the rest is deleted."""
    stored = {
        (p.permission.name.removeprefix(PREFIX), p.view_menu.name): p
        for p in db.session.scalars(select(PermissionView))
    }
    wanted = [(verb, resource) for resource, verbs in CATALOGUE.items() for verb in verbs]
    for pair in set(stored) - set(wanted):
        db.session.delete(stored.pop(pair))
    for verb, resource in wanted:
        if (verb, resource) not in stored:
            made = PermissionView(permission=_named(Permission, PREFIX + verb), view_menu=_named(ViewMenu, resource))
            db.session.add(made)
            stored[verb, resource] = made
    db.session.flush()
    return stored


def _named(model: type[N], name: str) -> N:
    row = db.session.scalar(select(model).where(model.name == name))
    if row is None:
        row = model(name=name)
        db.session.add(row)
        db.session.flush()
    return row
