"""The generic verbs: what they ask for, what they leave behind, and that a refusal leaves nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.errors import Conflict, Invalid, NotPermitted, NotVisible
from app.domain.terms import AuditAction, RegionLevel, SchoolKind
from app.models import AuditEntry, Bureau, Region, School, Subject, Teacher
from app.security.actor import Actor
from app.services import records
from app.services.parameters import set_parameter
from tests.world import World


def school_values(world: World, **changes: Any) -> dict[str, Any]:
    """What a form about a new school at home hands over."""
    values = {"code": "330106009", "name": "新建小学", "region": world.region["xihu"], "kind": SchoolKind.PRIMARY}
    return {**values, "stages": [world.stage], **changes}


def counted(db: Any, model: type[Any]) -> int:
    return int(db.session.scalar(select(func.count()).select_from(model)))


def entries(db: Any, entity: str) -> list[AuditEntry]:
    """The audit of `entity` that the test itself wrote, oldest first."""
    wanted = select(AuditEntry).where(AuditEntry.entity == entity, AuditEntry.row_id.is_not(None))
    return list(db.session.scalars(wanted.order_by(AuditEntry.id)))


# --- create


@pytest.mark.req("ORG-5", "OPS-2")
def test_creating_stores_the_row_and_tells_the_audit_who_did_it(db: Any, world: World) -> None:
    actor = replace(world.actor("county_admin"), address="10.1.2.3", request_id="r1")
    made = records.create(School, school_values(world), actor=actor)
    db.session.expire_all()
    assert db.session.get(School, made.id).stages == [world.stage]
    (entry,) = entries(db, "School")
    assert (entry.action, entry.row_id, entry.subject) == (AuditAction.CREATE, made.id, "新建小学")
    assert (entry.account_id, entry.address, entry.request_id) == (actor.account_id, "10.1.2.3", "r1")
    assert entry.region_path == world.region["xihu"].path
    assert entry.after["code"] == "330106009"


@pytest.mark.req("ACC-12")
def test_creating_needs_the_permission(db: Any, world: World) -> None:
    with pytest.raises(NotPermitted):
        records.create(School, school_values(world), actor=world.actor("school_admin"))
    assert counted(db, School) == 2


@pytest.mark.req("ORG-6")
def test_a_row_cannot_be_created_outside_the_own_subtree(db: Any, world: World) -> None:
    foreign = school_values(world, region=world.region["qingyuan"])
    with pytest.raises(NotPermitted):
        records.create(School, foreign, actor=world.actor("county_admin"))
    assert counted(db, School) == 2
    assert entries(db, "School") == []


@pytest.mark.req("ORG-6")
def test_a_row_cannot_point_to_a_row_out_of_scope(db: Any, world: World) -> None:
    values = school_values(world, merged_into=world.school["qingyuan"])
    with pytest.raises(Invalid) as refused:
        records.create(School, values, actor=world.actor("county_admin"))
    assert [(p.code, p.field) for p in refused.value.problems] == [("choice_not_visible", "merged_into")]
    assert counted(db, School) == 2


@pytest.mark.req("TCH-2", "ORG-5")
def test_a_school_in_a_province_is_refused_beside_its_field(world: World) -> None:
    values = school_values(world, region=world.region["province"])
    with pytest.raises(Invalid) as refused:
        records.create(School, values, actor=world.actor("provincial_admin"))
    assert refused.value.problems[0].field == "region"


@pytest.mark.req("TCH-2")
def test_a_code_that_is_taken_is_a_conflict_naming_the_field_and_leaves_nothing(db: Any, world: World) -> None:
    values = school_values(world, code=world.school["xihu"].code)
    db.session.commit()
    with pytest.raises(Conflict) as refused:
        records.create(School, values, actor=world.actor("county_admin"))
    assert (refused.value.code, refused.value.problems[0].field) == ("duplicate", "code")
    assert counted(db, School) == 2
    assert entries(db, "School") == []


# --- update


@pytest.mark.req("OPS-2")
def test_the_audit_of_a_change_holds_only_what_changed(db: Any, world: World) -> None:
    key = world.school["xihu"].id
    records.update(School, key, {"name": "文二路小学", "code": "330106001"}, actor=world.actor("county_admin"))
    (entry,) = entries(db, "School")
    assert entry.action is AuditAction.UPDATE
    assert (entry.before, entry.after) == ({"name": "文三路小学"}, {"name": "文二路小学"})


@pytest.mark.req("OPS-3")
def test_the_audit_never_holds_a_protected_value(db: Any, world: World) -> None:
    teacher = world.teacher["zhang"]
    records.update(Teacher, teacher.id, {"mobile": "19911112222"}, actor=world.actor("school_admin"))
    records.delete(Teacher, world.teacher["li"].id, actor=world.actor("school_admin"))
    told = str([(entry.before, entry.after) for entry in entries(db, "Teacher")])
    assert "19911112222" not in told
    assert "1990000" not in told
    assert str(world.teacher["zhang"].national_id_key) not in told
    assert "mobile" in told


@pytest.mark.req("ORG-6")
def test_a_row_out_of_scope_cannot_be_changed_or_deleted(db: Any, world: World) -> None:
    foreign, actor = world.school["qingyuan"], world.actor("county_admin")
    for act in (
        lambda: records.update(School, foreign.id, {"name": "改名"}, actor=actor),
        lambda: records.delete(School, foreign.id, actor=actor),
    ):
        with pytest.raises(NotVisible):
            act()
    assert db.session.scalar(select(School.name).where(School.id == foreign.id)) == "濛洲街道小学"


@pytest.mark.req("ORG-6")
def test_a_row_cannot_be_moved_out_of_the_own_subtree(db: Any, world: World) -> None:
    key, actor = world.school["xihu"].id, world.actor("county_admin")
    with pytest.raises(NotPermitted):
        records.update(School, key, {"region": world.region["qingyuan"]}, actor=actor)
    db.session.expire_all()
    assert world.school["xihu"].region is world.region["xihu"]


@pytest.mark.req("ORG-6", "TCH-1")
def test_a_teacher_cannot_be_given_to_a_school_out_of_scope(db: Any, world: World) -> None:
    values = {"school": world.school["qingyuan"], "name": "改名"}
    with pytest.raises(Invalid) as refused:
        records.update(Teacher, world.teacher["li"].id, values, actor=world.actor("school_admin"))
    assert refused.value.problems[0].field == "school"
    db.session.expire_all()
    assert (world.teacher["li"].name, world.teacher["li"].school) == ("李红梅", world.school["xihu"])


@pytest.mark.req("ACC-9")
def test_a_form_opened_on_an_older_version_overwrites_nothing(db: Any, world: World) -> None:
    key, actor = world.school["xihu"].id, world.actor("county_admin")
    opened = world.school["xihu"].version
    records.update(School, key, {"address": "文三路 1 号"}, actor=actor, expected_version=opened)
    with pytest.raises(Conflict) as refused:
        records.update(School, key, {"address": "文三路 2 号"}, actor=actor, expected_version=opened)
    assert refused.value.code == "changed_meanwhile"
    assert db.session.scalar(select(School.address).where(School.id == key)) == "文三路 1 号"
    assert len(entries(db, "School")) == 1


@pytest.mark.req("ACC-12")
def test_reading_is_not_changing(world: World) -> None:
    reviewer = world.actor("bureau_reviewer")
    with pytest.raises(NotPermitted):
        records.update(School, world.school["xihu"].id, {"name": "改名"}, actor=reviewer)
    with pytest.raises(NotPermitted):
        records.delete(School, world.school["xihu"].id, actor=reviewer)


@pytest.mark.req("TCH-3")
def test_a_teacher_does_not_change_the_own_record_past_the_school(world: World) -> None:
    eager = world.actor("teacher")
    eager = replace(eager, permissions=eager.permissions | {("edit", "Teacher")})
    with pytest.raises(NotPermitted):
        records.update(Teacher, world.teacher["zhang"].id, {"name": "改名"}, actor=eager)


# --- delete


@pytest.mark.req("OPS-2", "TCH-1")
def test_deleting_removes_the_row_and_keeps_its_values_in_the_audit(db: Any, world: World) -> None:
    unused = Subject(code="S99", name="书法")
    db.session.add(unused)
    db.session.commit()
    key = unused.id
    records.delete(Subject, key, actor=world.actor("provincial_admin"), reason="重复")
    assert db.session.get(Subject, key) is None
    (entry,) = entries(db, "Subject")
    assert (entry.action, entry.row_id, entry.reason) == (AuditAction.DELETE, key, "重复")
    assert entry.before["name"] == "书法"


@pytest.mark.req("TCH-1")
def test_what_others_refer_to_is_not_deleted(db: Any, world: World) -> None:
    key = world.subject.id
    with pytest.raises(Conflict) as refused:
        records.delete(Subject, key, actor=world.actor("provincial_admin"))
    assert refused.value.code == "in_use"
    assert counted(db, Subject) == 1
    assert entries(db, "Subject") == []


@pytest.mark.req("ORG-2")
def test_a_bureau_with_schools_institutions_and_bureaus_below_stays_and_every_reason_is_named(
    db: Any, world: World
) -> None:
    with pytest.raises(Conflict) as refused:
        records.delete(Bureau, world.bureau["lishui"].id, actor=world.actor("provincial_admin"))
    told = " ".join(str(problem.text) for problem in refused.value.problems)
    assert [p.code for p in refused.value.problems] == [*["bureau_in_use"] * 3, "organisation_has_accounts"]
    assert all(word in told for word in ("schools", "institutions", "lower bureaus"))
    assert counted(db, Bureau) == 5


@pytest.mark.req("ORG-2")
def test_a_bureau_without_anything_below_goes(db: Any, world: World) -> None:
    empty = Region(
        code="330105", name="拱墅区", level=RegionLevel.COUNTY, parent=world.region["hangzhou"],
        path=f"{world.region['hangzhou'].path}330105/",
    )  # fmt: skip
    db.session.add(Bureau(code="B330105", name="拱墅区教育局", region=empty))
    db.session.commit()
    key = db.session.scalar(select(Bureau.id).where(Bureau.code == "B330105"))
    records.delete(Bureau, key, actor=world.actor("provincial_admin"))
    assert counted(db, Bureau) == 5


@pytest.mark.req("ORG-2", "P29")
def test_a_city_keeps_its_counties_bureaus_only_while_the_province_allows_it(world: World) -> None:
    key, city = world.bureau["xihu"].id, world.actor("city_admin")
    records.update(Bureau, key, {"contact_name": "陆老师"}, actor=city)
    set_parameter("bureau_may_maintain_below", "no", actor=world.actor("provincial_admin"))
    with pytest.raises(Invalid) as refused:
        records.update(Bureau, key, {"contact_name": "方老师"}, actor=city)
    assert refused.value.code == "province_maintains"
    records.update(Bureau, key, {"contact_name": "林老师"}, actor=world.actor("provincial_admin"))


@pytest.mark.req("ORG-2")
def test_a_county_changes_neither_its_own_bureau_nor_the_city(world: World) -> None:
    county = world.actor("county_admin")
    with pytest.raises(NotPermitted):
        records.update(Bureau, world.bureau["xihu"].id, {"name": "改名"}, actor=county)
    with pytest.raises(NotVisible):
        records.update(Bureau, world.bureau["hangzhou"].id, {"name": "改名"}, actor=county)


@pytest.mark.req("ORG-6")
def test_a_visitor_writes_nothing(world: World) -> None:
    visitor = Actor.anonymous()
    with pytest.raises(NotPermitted):
        records.create(School, school_values(world), actor=visitor)
    with pytest.raises(NotPermitted):
        records.update(School, world.school["xihu"].id, {"name": "改名"}, actor=visitor)
    with pytest.raises(NotPermitted):
        records.delete(School, world.school["xihu"].id, actor=visitor)
