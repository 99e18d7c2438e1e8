"""Who keeps which organisations, their administrators, and what may not be deleted (ORG-2, ORG-3, ORG-5)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.errors import Conflict, Invalid, NotPermitted, NotVisible
from app.domain.terms import OrganisationStatus, RoleName, SchoolKind
from app.models import Account, AuditEntry, Bureau, Institution, Region, RegionGrant, School, Teacher
from app.services import organisations, records
from app.services.organisations import create_organisation, set_suspended
from app.services.parameters import set_parameter
from app.services.sign_in import sign_in
from app.web.actors import current_vault
from tests.world import World


def place(region: Region, **changes: Any) -> dict[str, Any]:
    """What a form about a new organisation hands over."""
    return {"code": "X1", "name": "新机构", "region": region, "contact_name": "钱主任", **changes}


def county(db: Any, world: World) -> Region:
    """A further county of Hangzhou, without a bureau."""
    made = Region(
        code="330110", name="余杭区", level="county", parent=world.region["hangzhou"], path="/330000/330100/330110/"
    )
    db.session.add(made)
    db.session.commit()
    return made


# --- ORG-2


@pytest.mark.req("ORG-2")
def test_a_city_keeps_the_bureaus_below_while_the_province_allows_it(db: Any, world: World) -> None:
    region, city = county(db, world), world.actor("city_admin")
    made = records.create(Bureau, place(region), actor=city)
    records.update(Bureau, made.id, {"name": "余杭区教育局"}, actor=city)
    set_parameter("bureau_may_maintain_below", "no", actor=world.actor("provincial_admin"))
    for act in (
        lambda: records.update(Bureau, made.id, {"name": "余杭"}, actor=city),
        lambda: records.delete(Bureau, made.id, actor=city),
        lambda: records.create(Bureau, place(region, code="X2"), actor=city),
    ):
        with pytest.raises((Invalid, Conflict)) as refused:
            act()
        assert "province_maintains" in {problem.code for problem in refused.value.problems}
    records.delete(Bureau, made.id, actor=world.actor("provincial_admin"))


@pytest.mark.req("ORG-2")
def test_nobody_keeps_bureaus_beside_or_above(db: Any, world: World) -> None:
    region = county(db, world)
    with pytest.raises(NotPermitted):
        records.create(Bureau, place(region), actor=world.actor("lishui_city"))
    with pytest.raises(NotPermitted):
        records.create(Bureau, place(region), actor=world.actor("county_admin"))
    with pytest.raises(NotPermitted):
        records.update(Bureau, world.bureau["hangzhou"].id, {"name": "x"}, actor=world.actor("city_admin"))
    with pytest.raises(NotVisible):
        records.update(Bureau, world.bureau["qingyuan"].id, {"name": "x"}, actor=world.actor("city_admin"))


@pytest.mark.req("ORG-2")
def test_a_bureau_with_something_below_it_stays_and_everything_in_the_way_is_told(db: Any, world: World) -> None:
    with pytest.raises(Conflict) as refused:
        records.delete(Bureau, world.bureau["hangzhou"].id, actor=world.actor("provincial_admin"))
    told = [problem.code for problem in refused.value.problems]
    assert (told.count("bureau_in_use"), told.count("organisation_has_accounts")) == (3, 1)
    assert db.session.scalar(select(func.count()).select_from(Bureau)) == 5


@pytest.mark.req("ORG-1", "ORG-2")
def test_codes_and_regions_are_given_once(db: Any, world: World) -> None:
    province, region = world.actor("provincial_admin"), county(db, world)
    with pytest.raises(Conflict) as code:
        records.create(Bureau, place(region, code="B330106"), actor=province)
    assert code.value.problems[0].field == "code"
    with pytest.raises(Conflict) as taken:
        records.create(Bureau, place(world.region["xihu"]), actor=province)
    assert taken.value.problems[0].field == "region_id"


# --- ORG-3


@pytest.mark.req("ORG-3", "ACC-6")
@pytest.mark.parametrize(
    ("username", "where"), [("provincial_admin", "qingyuan"), ("city_admin", "xihu"), ("county_admin", "xihu")]
)
def test_each_level_makes_institutions_with_their_administrator_in_its_subtree(
    db: Any, world: World, username: str, where: str
) -> None:
    vault = current_vault()
    made = create_organisation(
        Institution, place(world.region[where]), actor=world.actor(username), vault=vault, administrator="newplace"
    )
    assert made.account is not None
    account = sign_in("newplace", made.password or "", vault=vault)
    assert account.institution is made.organisation
    assert ([role.name for role in account.roles], account.must_change_password) == (["institution_admin"], True)


@pytest.mark.req("ORG-3", "ORG-6")
def test_no_institution_is_made_beside_the_subtree(db: Any, world: World) -> None:
    with pytest.raises(NotPermitted):
        create_organisation(
            Institution, place(world.region["qingyuan"]), actor=world.actor("city_admin"), vault=current_vault()
        )


@pytest.mark.req("ORG-3")
def test_institution_and_account_come_together_or_not_at_all(db: Any, world: World) -> None:
    with pytest.raises(Invalid) as refused:
        create_organisation(
            Institution, place(world.region["xihu"]), actor=world.actor("county_admin"), vault=current_vault(),
            administrator="school_admin",
        )  # fmt: skip
    assert [(p.code, p.field) for p in refused.value.problems] == [("name_taken", "administrator")]
    assert db.session.scalar(select(Institution).where(Institution.code == "X1")) is None
    assert db.session.scalar(select(AuditEntry).where(AuditEntry.entity == "Institution")) is None


@pytest.mark.req("ORG-3")
@pytest.mark.parametrize(
    ("model", "where", "role"),
    [
        (Bureau, "hangzhou", RoleName.CITY_ADMIN), (Bureau, "xihu", RoleName.COUNTY_ADMIN),
        (Bureau, "province", RoleName.PROVINCIAL_ADMIN), (Institution, "xihu", RoleName.INSTITUTION_ADMIN),
    ],
)  # fmt: skip
def test_the_administrator_gets_the_role_of_the_place(
    world: World, model: type[Any], where: str, role: RoleName
) -> None:
    rows = world.bureau if model is Bureau else world.institution
    assert organisations.administrator_role(rows[where]) is role


@pytest.mark.req("ORG-3", "ORG-4")
def test_many_are_suspended_at_once_keeping_grants_or_none_is(db: Any, world: World) -> None:
    both = [row.id for row in world.institution.values()]
    with pytest.raises(NotVisible):
        set_suspended(Institution, both, True, actor=world.actor("county_admin"))
    province = world.actor("provincial_admin")
    assert set_suspended(Institution, both, True, actor=province, reason="年检") == 2
    assert {row.status for row in db.session.scalars(select(Institution))} == {OrganisationStatus.SUSPENDED}
    assert set(db.session.scalars(select(RegionGrant.revoked_at))) == {None}
    assert set_suspended(Institution, both, True, actor=province) == 0
    assert set_suspended(Institution, both, False, actor=province) == 2
    records.update(Institution, both[0], {"status": OrganisationStatus.CLOSED}, actor=province)
    with pytest.raises(Conflict):
        set_suspended(Institution, both, True, actor=province)
    assert db.session.get(Institution, both[1]).status is OrganisationStatus.ACTIVE


@pytest.mark.req("ORG-5")
@pytest.mark.parametrize(
    ("model", "name", "codes"),
    [
        (Institution, "xihu", {"organisation_has_accounts", "institution_in_use"}),
        (School, "xihu", {"organisation_has_accounts", "school_has_teachers"}),
    ],
)
def test_what_is_in_use_is_not_deleted(db: Any, world: World, model: type[Any], name: str, codes: set[str]) -> None:
    row = world.rows()[model][name]
    with pytest.raises(Conflict) as refused:
        records.delete(model, row.id, actor=world.actor("provincial_admin"))
    assert {problem.code for problem in refused.value.problems} == codes


@pytest.mark.req("ORG-5")
def test_merging_is_no_status_one_types(world: World) -> None:
    province = world.actor("provincial_admin")
    for model, row in ((School, world.school["xihu"]), (Institution, world.institution["xihu"])):
        with pytest.raises(Invalid):
            records.update(model, row.id, {"status": OrganisationStatus.MERGED}, actor=province)


# --- ORG-6: keys are looked at like rows


@pytest.mark.req("ORG-6")
@pytest.mark.parametrize("username", ["county_admin", "city_admin"])
def test_no_key_column_points_out_of_scope(db: Any, world: World, username: str) -> None:
    actor = world.actor(username)
    foreign = {
        School: (world.school["xihu"], {"merged_into_id": world.school["qingyuan"].id}),
        Teacher: (world.teacher["zhang"], {"school_id": world.school["qingyuan"].id}),
    }
    for model, (row, values) in foreign.items():
        with pytest.raises(Invalid) as refused:
            records.update(model, row.id, values, actor=actor)
        assert [(p.code, p.field) for p in refused.value.problems] == [("choice_not_visible", next(iter(values)))]
    with pytest.raises(Invalid):
        records.create(
            School, {"code": "9", "name": "x", "kind": SchoolKind.PRIMARY, "region_id": 999_999}, actor=actor
        )


@pytest.mark.req("ORG-6")
def test_key_columns_within_scope_are_taken_and_unchanged_ones_are_not_asked_again(db: Any, world: World) -> None:
    actor = world.actor("county_admin")
    made = records.create(
        School,
        {"code": "330106009", "name": "新", "kind": SchoolKind.PRIMARY, "region_id": world.region["xihu"].id},
        actor=actor,
    )
    assert made.region is world.region["xihu"]
    account = db.session.scalar(select(Account.id).where(Account.username == "teacher"))
    records.update(Teacher, world.teacher["zhang"].id, {"account_id": account, "office_phone": "1"}, actor=actor)
