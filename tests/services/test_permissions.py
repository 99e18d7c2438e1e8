"""Restoring the roles, and that a change is felt at once everywhere."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.terms import RoleName
from app.models import Permission, PermissionView, Role, SecurityStamp, ViewMenu
from app.security.permissions import permissions_of_roles
from app.security.roles import CATALOGUE, permissions_of
from app.services.permissions import restore_roles
from tests.world import World

pytestmark = pytest.mark.req("ACC-12")


def role(db: Any, name: RoleName) -> Role:
    return db.session.scalar(select(Role).where(Role.name == name.value))


def held(db: Any, name: RoleName) -> frozenset[tuple[str, str]]:
    return permissions_of_roles(frozenset({role(db, name).id}))


def stamp(db: Any) -> int:
    return int(db.session.scalar(select(SecurityStamp.number)))


def view_of(db: Any, verb: str, resource: str) -> PermissionView:
    wanted = select(PermissionView).join(Permission).join(ViewMenu)
    return db.session.scalar(wanted.where(Permission.name == f"can_{verb}", ViewMenu.name == resource))


def test_every_role_holds_what_the_code_says_and_nothing_else(db: Any, world: World) -> None:
    for name in RoleName:
        assert held(db, name) == permissions_of(name), name


def test_restoring_gives_back_takes_away_and_forgets_what_the_code_no_longer_knows(db: Any, world: World) -> None:
    county, teacher = role(db, RoleName.COUNTY_ADMIN), role(db, RoleName.TEACHER)
    county.permissions = []
    teacher.permissions.append(view_of(db, "delete", "School"))
    unknown = PermissionView(permission=Permission(name="can_fly"), view_menu=ViewMenu(name="Moon"))
    teacher.permissions.append(unknown)
    db.session.commit()
    assert ("delete", "School") in held(db, RoleName.TEACHER)
    restore_roles()
    assert held(db, RoleName.COUNTY_ADMIN) == permissions_of(RoleName.COUNTY_ADMIN)
    assert held(db, RoleName.TEACHER) == permissions_of(RoleName.TEACHER)
    assert view_of(db, "fly", "Moon") is None


def test_restoring_twice_changes_nothing_and_keeps_roles_somebody_added(db: Any, world: World) -> None:
    own = Role(name="our own role", permissions=[view_of(db, "read", "School")])
    db.session.add(own)
    db.session.commit()
    before = stamp(db)
    roles, permissions = restore_roles()
    assert stamp(db) == before
    assert roles == len(RoleName)
    assert permissions == sum(len(verbs) for verbs in CATALOGUE.values())
    assert db.session.scalar(select(func.count()).select_from(PermissionView)) == permissions
    assert permissions_of_roles(frozenset({own.id})) == {("read", "School")}


def test_a_change_of_a_role_moves_the_stamp_and_is_felt_at_once(db: Any, world: World) -> None:
    assert ("create", "School") in world.actor("county_admin").permissions
    before, county = stamp(db), role(db, RoleName.COUNTY_ADMIN)
    county.permissions.remove(view_of(db, "create", "School"))
    db.session.commit()
    assert stamp(db) > before
    assert ("create", "School") not in world.actor("county_admin").permissions
    assert ("edit", "School") in world.actor("county_admin").permissions


def test_while_nothing_changes_permissions_cost_one_small_query(db: Any, world: World, count_queries: Any) -> None:
    ids = frozenset({role(db, RoleName.COUNTY_ADMIN).id})
    permissions_of_roles(ids)
    with count_queries() as sent:
        assert permissions_of_roles(ids) == permissions_of(RoleName.COUNTY_ADMIN)
    assert len(sent) == 1, str(sent)


def test_each_row_of_the_tables_names_verbs_that_exist() -> None:
    for name in RoleName:
        for verb, resource in permissions_of(name):
            assert verb in CATALOGUE[resource], (name, verb, resource)
