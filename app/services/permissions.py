"""Roles and what they may do: restored to their reviewed defaults, changed on the screen, added (ACC-12)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import delete, func, select

from app.domain.errors import Conflict, Invalid, Problems, problem
from app.domain.names import normalise_text
from app.domain.terms import AuditAction, RoleName
from app.domain.text import N_
from app.extensions import db
from app.models import Permission, PermissionChange, PermissionView, Role, SecurityStamp, ViewMenu
from app.security.actor import Actor
from app.security.permissions import PREFIX
from app.security.roles import CATALOGUE, EVERYBODY, permissions_of
from app.security.scope import fetch_visible
from app.services import audit
from app.services.unit import transaction

N = TypeVar("N", Permission, ViewMenu, Role)
Pair = tuple[str, str]
ALWAYS: frozenset[Pair] = frozenset((verb, resource) for resource, verbs in EVERYBODY.items() for verb in verbs)
LONGEST_NAME = 40


def restore_roles(*, keep_changes: bool = False, actor: Actor | None = None) -> tuple[int, int]:
    """Make the stored roles hold what the code says; return how many roles and permissions there are.

    With `keep_changes` what somebody decided on the screen stays. Permissions that the code no longer knows are
    removed; roles that somebody added are left alone. `actor` is who presses the button; the platform itself has none.
    """
    if actor is not None:
        actor.require("edit", "Role")
    with transaction():
        if db.session.scalar(select(SecurityStamp)) is None:
            db.session.add(SecurityStamp(number=1))
        if not keep_changes:
            db.session.execute(delete(PermissionChange))
        known = _permissions()
        for name in RoleName:
            _restore(_named(Role, name.value), known)
        if actor is not None:
            audit.record(AuditAction.PERMISSION, Role(name="*"), actor=actor, after={"restored": "all"})
    return len(RoleName), len(known)


def _restore(role: Role, known: dict[Pair, PermissionView]) -> None:
    pairs = set(permissions_of(RoleName(role.name)))
    for change in db.session.scalars(select(PermissionChange).where(PermissionChange.role_id == role.id)):
        pair = (change.verb, change.resource)
        (pairs.add if change.held else pairs.discard)(pair)
    _hold(role, pairs & set(known), known)


def _hold(role: Role, pairs: Iterable[Pair], known: dict[Pair, PermissionView]) -> None:
    wanted = {known[pair] for pair in pairs}
    if set(role.permissions) != wanted:
        role.permissions = sorted(wanted, key=lambda held: held.id or 0)


def _permissions() -> dict[Pair, PermissionView]:
    """Return every (verb, resource) of the catalogue as its row, made when missing; the rest is deleted."""
    stored = _stored()
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


def _stored() -> dict[Pair, PermissionView]:
    return {pair_of(row): row for row in db.session.scalars(select(PermissionView))}


def pair_of(row: PermissionView) -> Pair:
    """Return verb and resource of a stored permission."""
    return row.permission.name.removeprefix(PREFIX), row.view_menu.name


def _named(model: type[N], name: str) -> N:
    row = db.session.scalar(select(model).where(model.name == name))
    if row is None:
        row = model(name=name)
        db.session.add(row)
        db.session.flush()
    return row


# --- by hand


def default_of(role: Role) -> frozenset[Pair] | None:
    """Return what the code gives `role`; None for a role that somebody added."""
    return permissions_of(RoleName(role.name)) if role.name in RoleName._value2member_map_ else None


def held_by(role: Role) -> frozenset[Pair]:
    """Return what `role` holds now."""
    return frozenset(pair_of(row) for row in role.permissions)


def why_fixed(role: Role, actor: Actor) -> Problems:
    """Return why the actor may not change `role`; nothing when it may."""
    problems = Problems()
    if role.name == RoleName.SYSTEM_ADMIN.value:
        problems.add("role_fixed", N_("The system administrator holds every permission, so that nobody is locked out."))
    elif role.name in actor.roles:
        problems.add("role_own", N_("You hold this role yourself; somebody else has to change it."))
    return problems


def set_permissions(key: Any, pairs: Iterable[Pair], *, actor: Actor) -> Role:
    """Let a role hold exactly `pairs`, and what everybody holds; in force with the next request of its holders.

    Raises NotVisible, NotPermitted, Conflict for a role that is fixed, Invalid for a permission that does not exist.
    """
    actor.require("edit", "Role")
    with transaction():
        role = fetch_visible(Role, key, actor=actor)
        why_fixed(role, actor).raise_if_any(Conflict)
        wanted, known, before = frozenset(pairs) | ALWAYS, _stored(), held_by(role)
        if not wanted <= set(known):
            raise Invalid(problem("permission_unknown", N_("A permission you chose does not exist (any more).")))
        _hold(role, wanted, known)
        _note_changes(role, wanted)
        changed = {"given": _written(wanted - before), "taken": _written(before - wanted)}
        audit.record(AuditAction.PERMISSION, role, actor=actor, after=changed)
    return role


def _note_changes(role: Role, wanted: frozenset[Pair]) -> None:
    default = default_of(role)
    db.session.execute(delete(PermissionChange).where(PermissionChange.role_id == role.id))
    for verb, resource in sorted(wanted ^ default) if default is not None else ():
        held = (verb, resource) in wanted
        db.session.add(PermissionChange(role_id=role.id, verb=verb, resource=resource, held=held))


def _written(pairs: Iterable[Pair]) -> list[str]:
    return sorted(f"{resource}.{verb}" for verb, resource in pairs)


def restore_role(key: Any, *, actor: Actor) -> Role:
    """Bring one role back to what the code gives it. Raises like `set_permissions`; an added role has no default."""
    default = default_of(fetch_visible(Role, key, actor=actor))
    if default is None:
        raise Conflict(problem("role_added", N_("This role was added here; the platform has no default for it.")))
    return set_permissions(key, default & set(_stored()), actor=actor)


def add_role(name: str, *, actor: Actor, like: Role | None = None) -> Role:
    """Add a role of one's own, with what everybody holds, or with what `like` holds. Raises Invalid, Conflict."""
    actor.require("create", "Role")
    clean = normalise_text(name)
    problems = Problems()
    if not 1 < len(clean) <= LONGEST_NAME:
        problems.add(
            "role_name", N_("Give the role a name of 2 to %(most)d characters."), field="name", most=LONGEST_NAME
        )
    if clean.lower() in {role.value for role in RoleName}:
        problems.add("role_name_taken", N_("A role of the platform has this name; choose another."), field="name")
    problems.raise_if_any()
    with transaction():
        known = _stored()
        role = Role(name=clean)
        db.session.add(role)
        db.session.flush()
        _hold(role, (held_by(like) if like is not None else ALWAYS) & set(known), known)
        audit.record(AuditAction.CREATE, role, actor=actor, after={"permissions": len(role.permissions)})
    return role


def delete_role(key: Any, *, actor: Actor) -> None:
    """Delete a role somebody added and nobody holds. Raises Conflict naming what stands in the way."""
    actor.require("delete", "Role")
    with transaction():
        role = fetch_visible(Role, key, actor=actor)
        problems = Problems()
        if default_of(role) is not None:
            problems.add("role_built_in", N_("The platform needs this role; restore its defaults instead."))
        count = count_holders(role)
        if count:
            text = N_("%(count)d accounts hold this role; give them another one first.")
            problems.add("role_held", text, count=count)
        problems.raise_if_any(Conflict)
        audit.record(AuditAction.DELETE, role, actor=actor)
        db.session.delete(role)


def count_holders(role: Role) -> int:
    """Return how many accounts hold `role`."""
    return counts_of_holders().get(role.id, 0)


def counts_of_holders() -> dict[int, int]:
    """Return how many accounts hold each role, by the role's key, in one query."""
    holders = Role.user.property.secondary
    rows = db.session.execute(select(holders.c.role_id, func.count()).group_by(holders.c.role_id))
    return {int(role_id): int(count) for role_id, count in rows}
