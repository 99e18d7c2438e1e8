"""Merging and splitting schools: numbers first, then exactly those; everything goes along (ORG-5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.clock import now
from app.domain.errors import Conflict, Invalid, NotPermitted, NotVisible
from app.domain.terms import AuditAction, ClassState, Gender, OrganisationStatus, SchoolKind
from app.models import Account, AuditEntry, School, Stage, Teacher
from app.services import school_changes as changes
from app.services import school_following as following
from tests.world import World

pytestmark = pytest.mark.req("ORG-5")


@pytest.fixture
def second(db: Any, world: World) -> School:
    """A second school at home, with a stage and a teacher of its own."""
    stage = Stage(code="JUN", name="初中", position=2)
    made = School(
        code="330106002", name="学军中学", region=world.region["xihu"], kind=SchoolKind.JUNIOR_MIDDLE, stages=[stage]
    )
    db.session.add_all([made, stage])
    db.session.add(
        Teacher(
            teacher_number="T2", name="孙二", gender=Gender.MALE, birth_date=date(1980, 1, 1), school=made, stage=stage
        )
    )
    db.session.commit()
    return made


def at(db: Any, school: School, model: type[Any] = Teacher) -> int:
    """How many rows stand at a school."""
    return int(db.session.scalar(select(func.count()).select_from(model).where(model.school_id == school.id)))


def merged(world: World, source: School, target: School, username: str = "county_admin", **options: Any) -> Any:
    actor = world.actor(username)
    mark = changes.plan_merge([source.id], target.id, actor=actor).mark
    return changes.merge([source.id], target.id, **{"mark": mark, "actor": actor, **options})


def test_the_plan_of_a_merger_tells_the_numbers_and_writes_nothing(db: Any, world: World, second: School) -> None:
    plan = changes.plan_merge([world.school["xihu"].id], second.id, actor=world.actor("county_admin"))
    told = {part.label: part.count for part in plan.moving if part.count}
    assert told == {"Teachers": 3, "Accounts of the school": 5, "Enrollments not over yet": 2}
    assert (plan.teachers, [str(stage) for stage in plan.stages_added], plan.conflicts) == (3, ["小学"], ())
    assert (at(db, second), at(db, world.school["xihu"])) == (1, 3)


def test_a_merger_moves_teachers_and_accounts_and_closes_the_school_with_its_successor(
    db: Any, world: World, second: School
) -> None:
    source = world.school["xihu"]
    plan = merged(world, source, second, reason="布局调整")
    db.session.expire_all()
    assert (at(db, second), at(db, source), at(db, second, Account), at(db, source, Account)) == (4, 0, 5, 0)
    assert (source.status, source.merged_into) == (OrganisationStatus.MERGED, second)
    assert (second.staff_count, source.staff_count, len(second.stages)) == (4, 0, 2)
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.MERGE)).all()
    assert {(entry.row_id, entry.reason) for entry in entries} == {(source.id, "布局调整"), (second.id, "布局调整")}
    assert next(e for e in entries if e.row_id == second.id).after["moved"] == {
        "teacher": plan.teachers, "ab_user": 5, "enrollment": 2,
    }  # fmt: skip


def test_teachers_see_their_new_school_at_once(db: Any, world: World, second: School) -> None:
    merged(world, world.school["xihu"], second)
    db.session.expire_all()
    assert world.actor("teacher").teacher_school_id == second.id
    assert world.actor("school_admin").school_id == second.id


@pytest.mark.parametrize(("username", "error"), [("school_admin", NotPermitted), ("qingyuan_county", NotVisible)])
def test_only_bureaus_above_both_schools_merge(
    world: World, second: School, username: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        changes.plan_merge([world.school["xihu"].id], second.id, actor=world.actor(username))


def test_a_school_abroad_is_no_target(world: World, second: School) -> None:
    with pytest.raises(NotVisible):
        changes.plan_merge([second.id], world.school["qingyuan"].id, actor=world.actor("county_admin"))


def test_every_conflict_of_a_merger_is_told_at_once(db: Any, world: World, second: School) -> None:
    actor, gone = world.actor("county_admin"), world.school["xihu"]
    merged(world, gone, second)
    plan = changes.plan_merge([gone.id, second.id], gone.id, actor=actor)
    assert {problem.code for problem in plan.conflicts} == {"merge_into_itself", "target_not_active", "merged_before"}
    with pytest.raises(Conflict) as refused:
        changes.merge([gone.id, second.id], gone.id, mark=plan.mark, actor=actor)
    assert len(refused.value.problems) == 3
    assert {p.code for p in changes.plan_merge([], second.id, actor=actor).conflicts} == {"no_school"}


def test_numbers_that_have_changed_are_shown_again_instead_of_carried_out(
    db: Any, world: World, second: School
) -> None:
    actor, source = world.actor("county_admin"), world.school["xihu"]
    mark = changes.plan_merge([source.id], second.id, actor=actor).mark
    world.teacher["zhou"].school = source
    db.session.commit()
    with pytest.raises(Conflict) as refused:
        changes.merge([source.id], second.id, mark=mark, actor=actor)
    assert (refused.value.code, at(db, second), source.merged_into_id) == ("numbers_changed", 1, None)
    with pytest.raises(Invalid):
        merged(world, source, second, reason="长" * 201)


# --- split


VALUES = {"code": "330106008", "name": "文三路小学分校", "kind": SchoolKind.PRIMARY}


def test_splitting_moves_the_chosen_teachers_and_nobody_else(db: Any, world: World) -> None:
    actor, source = world.actor("county_admin"), world.school["xihu"]
    chosen = [world.teacher["li"].id, world.teacher["zhang"].id]
    plan = changes.plan_split(source.id, teacher_ids=chosen, actor=actor)
    assert (plan.teachers, plan.staying, plan.conflicts) == (2, 1, ())
    values = {**VALUES, "region": world.region["xihu"], "stages": [world.stage]}
    new = changes.split(source.id, values, teacher_ids=chosen, mark=plan.mark, reason="扩建", actor=actor)
    db.session.expire_all()
    assert (at(db, new), at(db, source), new.staff_count, source.staff_count) == (2, 1, 2, 1)
    assert at(db, source, Account) == 5  # the accounts of the school stay with it
    told = select(AuditEntry.row_id).where(AuditEntry.action == AuditAction.SPLIT)
    assert set(db.session.scalars(told)) == {new.id, source.id}


def test_a_teacher_who_keeps_the_school_takes_that_along(db: Any, world: World) -> None:
    actor, source = world.actor("county_admin"), world.school["xihu"]
    world.account["teacher"].school = source
    db.session.commit()
    chosen = [world.teacher["zhang"].id]
    plan = changes.plan_split(source.id, teacher_ids=chosen, actor=actor)
    assert plan.count(following.ACCOUNTS) == 1
    new = changes.split(
        source.id, {**VALUES, "region": world.region["xihu"]}, teacher_ids=chosen, mark=plan.mark, actor=actor
    )
    db.session.expire_all()
    assert world.account["teacher"].school_id == new.id


@pytest.mark.req("TCH-12")
def test_deleted_teachers_are_not_split_off_by_the_system_administrator_either(db: Any, world: World) -> None:
    world.teacher["li"].deleted_at = now()
    db.session.commit()
    source, actor = world.school["xihu"], world.actor("system_admin")
    plan = changes.plan_split(source.id, stage_ids=[world.stage.id], actor=actor)
    assert (plan.teachers, plan.staying) == (2, 0)


def test_splitting_by_stage(db: Any, world: World) -> None:
    plan = changes.plan_split(world.school["xihu"].id, stage_ids=[world.stage.id], actor=world.actor("county_admin"))
    assert (plan.teachers, plan.staying) == (3, 0)


def test_a_split_is_whole_or_not_at_all(db: Any, world: World) -> None:
    actor, source = world.actor("county_admin"), world.school["xihu"]
    chosen = [world.teacher["li"].id]
    mark = changes.plan_split(source.id, teacher_ids=chosen, actor=actor).mark
    taken = {**VALUES, "region": world.region["xihu"], "code": "330106001"}
    with pytest.raises(Conflict):
        changes.split(source.id, taken, teacher_ids=chosen, mark=mark, actor=actor)
    db.session.expire_all()
    assert at(db, source) == 3
    foreign = [world.teacher["chen"].id]
    plan = changes.plan_split(source.id, teacher_ids=foreign, actor=actor)
    assert {problem.code for problem in plan.conflicts} == {"teachers_gone", "no_teacher"}
    with pytest.raises(NotVisible):
        changes.plan_split(world.school["qingyuan"].id, teacher_ids=foreign, actor=actor)


# --- what further chapters add


def test_what_waits_goes_along_and_what_is_over_keeps_its_school(db: Any, world: World, second: School) -> None:
    source, waiting, over = world.school["xihu"], world.enrollment["xihu"], world.enrollment["xihu_screened"]
    over.training_class.state = ClassState.COMPLETED
    second.region = world.region["hangzhou"]
    db.session.commit()
    merged(world, source, second, "city_admin")
    db.session.expire_all()
    assert (waiting.school, waiting.bureau) == (second, world.bureau["hangzhou"])
    assert over.school is source


def test_in_a_split_the_enrollments_of_those_who_leave_go_along(db: Any, world: World) -> None:
    actor, source = world.actor("county_admin"), world.school["xihu"]
    chosen = [world.teacher["zhang"].id]
    plan = changes.plan_split(source.id, teacher_ids=chosen, actor=actor)
    new = changes.split(
        source.id, {**VALUES, "region": world.region["xihu"]}, teacher_ids=chosen, mark=plan.mark, actor=actor
    )
    db.session.expire_all()
    assert world.enrollment["xihu"].school_id == new.id
    assert world.enrollment["xihu_screened"].school is source


@pytest.fixture
def unattached_notes() -> Iterator[following.Follower]:
    """A chapter's rows that wait for a school: here, accounts under another column's name."""
    follower = following.moves_with_school(
        Teacher,
        "Waiting",
        teacher="id",
        waiting=lambda: Teacher.name == "李红梅",
        also=lambda school: {"email": school.code},
    )
    yield follower
    following._followers.remove(follower)


def test_a_chapter_adds_its_waiting_rows_with_what_belongs_to_them(
    db: Any, world: World, second: School, unattached_notes: following.Follower
) -> None:
    plan = changes.plan_merge([world.school["xihu"].id], second.id, actor=world.actor("county_admin"))
    assert plan.count(unattached_notes) == 1
    merged(world, world.school["xihu"], second)
    db.session.expire_all()
    assert (world.teacher["li"].email, world.teacher["wang"].email) == ("330106002", None)
