"""Restoring the roles, and that a change is felt at once everywhere."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from app import models
from app.domain.errors import Conflict, Invalid, NotPermitted
from app.domain.terms import AuditAction, RoleName
from app.models import AuditEntry, Permission, PermissionChange, PermissionView, Role, SecurityStamp, ViewMenu
from app.security import words
from app.security.permissions import permissions_of_roles
from app.security.roles import CATALOGUE, permissions_of
from app.services import accounts, permissions
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
    assert stamp(db) != before
    assert ("create", "School") not in world.actor("county_admin").permissions
    assert ("edit", "School") in world.actor("county_admin").permissions


def test_while_nothing_changes_permissions_cost_one_small_query(db: Any, world: World, count_queries: Any) -> None:
    ids = frozenset({role(db, RoleName.COUNTY_ADMIN).id})
    permissions_of_roles(ids)
    db.session.commit()
    with count_queries() as sent:
        assert permissions_of_roles(ids) == permissions_of(RoleName.COUNTY_ADMIN)
    assert len(sent) == 1, str(sent)


def test_each_row_of_the_tables_names_verbs_that_exist() -> None:
    for name in RoleName:
        for verb, resource in permissions_of(name):
            assert verb in CATALOGUE[resource], (name, verb, resource)


# --- changed by hand


def change(world: World, name: RoleName, *, give: set[Any] = frozenset(), take: set[Any] = frozenset()) -> Role:
    stored = Role.query.filter_by(name=name.value).one()
    pairs = (permissions.held_by(stored) | give) - take
    return permissions.set_permissions(stored.id, pairs, actor=world.actor("system_admin"))


GIVEN, TAKEN = ("purge", "Teacher"), ("create", "School")


def test_a_role_is_changed_by_hand_felt_at_once_and_recorded(db: Any, world: World) -> None:
    changed = change(world, RoleName.COUNTY_ADMIN, give={GIVEN}, take={TAKEN})
    actor = world.actor("county_admin")
    assert (actor.may(*GIVEN), actor.may(*TAKEN)) == (True, False)
    entry = AuditEntry.query.filter_by(action=AuditAction.PERMISSION).one()
    assert entry.after == {"given": ["Teacher.purge"], "taken": ["School.create"]}
    assert {(c.verb, c.resource, c.held) for c in PermissionChange.query} == {(*GIVEN, True), (*TAKEN, False)}
    permissions.restore_role(changed.id, actor=world.actor("system_admin"))
    assert held(db, RoleName.COUNTY_ADMIN) == permissions_of(RoleName.COUNTY_ADMIN)
    assert PermissionChange.query.count() == 0


def test_an_upgrade_keeps_changes_and_the_command_drops_them(db: Any, world: World, app: Any) -> None:
    change(world, RoleName.COUNTY_ADMIN, give={GIVEN}, take={TAKEN})
    restore_roles(keep_changes=True)
    assert GIVEN in held(db, RoleName.COUNTY_ADMIN)
    assert TAKEN not in held(db, RoleName.COUNTY_ADMIN)
    restore_roles()
    assert held(db, RoleName.COUNTY_ADMIN) == permissions_of(RoleName.COUNTY_ADMIN)
    restore_roles(keep_changes=True)
    assert held(db, RoleName.COUNTY_ADMIN) == permissions_of(RoleName.COUNTY_ADMIN)


@pytest.mark.req("ACC-13")
def test_nobody_locks_themselves_out_or_raises_themselves(world: World) -> None:
    with pytest.raises(Conflict):
        change(world, RoleName.SYSTEM_ADMIN, take={("edit", "Role")})
    own = Role.query.filter_by(name=RoleName.SECURITY_ADMIN.value).one()
    with pytest.raises(Conflict):
        permissions.set_permissions(own.id, {("reveal", "Teacher")}, actor=world.actor("security_admin"))
    teacher = Role.query.filter_by(name=RoleName.TEACHER.value).one()
    with pytest.raises(NotPermitted):
        permissions.set_permissions(teacher.id, set(), actor=world.actor("provincial_admin"))
    permissions.set_permissions(teacher.id, set(), actor=world.actor("security_admin"))
    assert world.actor("teacher").permissions == permissions.ALWAYS  # what everybody may do stays
    with pytest.raises(Invalid):
        permissions.set_permissions(teacher.id, {("fly", "Moon")}, actor=world.actor("security_admin"))


def test_a_role_of_ones_own_is_added_given_kept_and_deleted(db: Any, world: World) -> None:
    keeper = world.actor("security_admin")
    like = Role.query.filter_by(name=RoleName.SCHOOL_INQUIRER.value).one()
    own = permissions.add_role(" 教研组长 ", actor=keeper, like=like)
    assert permissions.held_by(own) == permissions.held_by(like)
    holder = world.account["school_inquirer"]
    accounts.update_account(holder.id, {"roles": ["教研组长"]}, actor=keeper)
    assert world.actor("school_inquirer").may("read", "Teacher")
    with pytest.raises(Invalid):
        accounts.update_account(world.account["school_training_admin"].id, {"roles": ["教研组长"]},
                                actor=world.actor("county_admin"))  # fmt: skip
    restore_roles()
    assert ("read", "Teacher") in permissions.held_by(own)
    with pytest.raises(Conflict):
        permissions.delete_role(own.id, actor=keeper)
    accounts.update_account(holder.id, {"roles": ["school_inquirer"]}, actor=keeper)
    db.session.expire_all()
    permissions.delete_role(own.id, actor=keeper)
    with pytest.raises(Conflict):
        permissions.delete_role(like.id, actor=keeper)
    for name in ("teacher", "x", "长" * 41):
        with pytest.raises(Invalid):
            permissions.add_role(name, actor=keeper)
    with pytest.raises(NotPermitted):
        permissions.add_role("另一个", actor=world.actor("county_admin"))


def test_giving_an_account_a_role_does_not_throw_the_caches_away(db: Any, world: World) -> None:
    before = stamp(db)
    accounts.update_account(
        world.account["school_inquirer"].id, {"roles": ["school_training_admin"]}, actor=world.actor("school_admin")
    )
    assert stamp(db) == before


def test_every_verb_and_resource_has_a_word_of_its_own() -> None:
    """A new verb or page in roles.py needs its word in app/security/words.py, or the matrix shows code."""
    verbs = {verb for held_verbs in CATALOGUE.values() for verb in held_verbs}
    assert verbs <= set(words.VERBS)
    assert [name for name in CATALOGUE if name not in words.RESOURCES and not hasattr(models, name)] == []
    assert sum(len(names) for names in words.by_chapter(CATALOGUE).values()) == len(CATALOGUE)


def test_the_screen_shows_the_matrix_and_changes_it(login_as: Any, db: Any, world: World) -> None:
    client, county = login_as("security_admin"), role(db, RoleName.COUNTY_ADMIN)
    assert "县级管理员" in client.get("/roleview/list/").text
    page = client.get(f"/roleview/show/{county.id}").text
    assert 'value="create:School" checked' in page
    assert "county_admin" in page  # who holds it
    values = [f"{verb}:{resource}" for verb, resource in permissions.held_by(county) if (verb, resource) != TAKEN]
    assert client.post(f"/roleview/save/{county.id}", data={"held": [*values, "purge:Teacher"]}).status_code == 302
    after = client.get(f"/roleview/show/{county.id}").text
    assert ("role-given" in after, "role-taken" in after) == (True, True)
    assert not world.actor("county_admin").may(*TAKEN)
    assert client.post(f"/roleview/restore/{county.id}").status_code == 302
    assert world.actor("county_admin").may(*TAKEN)
    own = role(db, RoleName.SECURITY_ADMIN)
    assert client.post(f"/roleview/save/{own.id}", data={}).status_code == 409
    assert client.post("/roleview/add", data={"name": "教研组长", "like": str(county.id)}).status_code == 302
    made = Role.query.filter_by(name="教研组长").one()
    assert client.post(f"/roleview/delete/{made.id}").status_code == 302
    assert client.post("/roleview/restore-all").status_code == 302
    assert Role.query.filter_by(name="教研组长").count() == 0


def test_who_only_reads_roles_is_offered_no_change(login_as: Any, db: Any, world: World) -> None:
    client, county = login_as("provincial_admin"), role(db, RoleName.COUNTY_ADMIN)
    page = client.get(f"/roleview/show/{county.id}").text
    assert 'value="create:School" checked disabled' in page
    assert client.post(f"/roleview/save/{county.id}", data={}).status_code == 403
