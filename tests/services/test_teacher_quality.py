"""The board of data quality: each fault is found, in scope, and its figure is the number of rows behind it (TCH-9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.clock import now
from app.domain.errors import NotPermitted, NotVisible
from app.domain.states import Action
from app.domain.terms import AgeBand, Gender, TeacherIssue, TeacherStatus
from app.models import PostCategory, ProfessionalTitle, Subject, Teacher, Transition
from app.security.scope import visible_clause
from app.services.teacher_issues import age_clause, born_by, issue_clause, read_ids
from app.services.teacher_quality import board_of_region, board_of_school
from app.web.actors import current_vault
from tests.world import World

pytestmark = pytest.mark.req("TCH-9")
I = TeacherIssue  # noqa: E741
FAULTS: dict[TeacherIssue, dict[str, Any]] = {
    I.NO_ID: {"national_id_key": None, "national_id_sealed": None, "id_birth_date": None, "id_gender": None},
    I.NO_BIRTH_DATE: {"birth_date": None},
    I.NO_MOBILE: {"mobile": None},
    I.NO_STAGE: {"stage": None},
    I.NO_SUBJECT: {"subject": None},
    I.BIRTH_DATE_DIFFERS: {"birth_date": date(1980, 1, 2)},
    I.GENDER_DIFFERS: {"gender": Gender.MALE},
    I.SHARED_MOBILE: {"mobile": "19900000004"},
}


@pytest.fixture
def complete(db: Any, world: World) -> World:
    """The world with nothing missing."""
    post, title = PostCategory(code="P1", name="专任教师"), ProfessionalTitle(code="T1", name="一级教师")
    for row in world.teacher.values():
        row.post_category, row.title = post, title
    world.subject.stages = [world.stage]
    for school in world.school.values():
        school.stages = [world.stage]
    db.session.commit()
    return world


def found(db: Any, world: World, issue: TeacherIssue, who: str = "provincial_admin") -> set[str]:
    actor = world.actor(who)
    wanted = select(Teacher.name).where(visible_clause(Teacher, actor), issue_clause(issue, actor))
    return set(db.session.scalars(wanted))


@pytest.mark.parametrize("issue", FAULTS)
def test_each_fault_is_found_and_counted_where_it_is(db: Any, complete: World, issue: TeacherIssue) -> None:
    row = complete.teacher["li"]
    for name, value in FAULTS[issue].items():
        setattr(row, name, value)
    db.session.commit()
    # 陈小燕 of another county has the number that 李红梅 shares.
    both = {"李红梅", "陈小燕"} if issue is I.SHARED_MOBILE else {"李红梅"}
    assert found(db, complete, issue) == both
    assert found(db, complete, issue, "school_admin") == {"李红梅"}
    assert found(db, complete, issue, "qingyuan_school") == both - {"李红梅"}
    board = board_of_region(complete.region["province"], actor=complete.actor("provincial_admin"))
    assert {line.name: line.faults[issue] for line in board.lines if line.faults[issue]} == (
        {"杭州市": 1, "丽水市": 1} if issue is I.SHARED_MOBILE else {"杭州市": 1}
    )
    assert found(db, complete, I.MISSING) == ({"李红梅"} if issue.value.startswith("no_") else set())


def test_a_complete_school_has_no_figures(db: Any, complete: World) -> None:
    _school, board = board_of_school(complete.school["xihu"].id, actor=complete.actor("school_admin"))
    assert (board.total().teachers, sum(board.total().faults.values()), board.subjects) == (3, 0, [])


def test_who_has_left_or_is_deleted_is_not_asked_for_anything(db: Any, complete: World) -> None:
    complete.teacher["li"].mobile = complete.teacher["wang"].mobile = None
    complete.teacher["li"].status = TeacherStatus.LEFT
    complete.teacher["wang"].deleted_at = complete.teacher["wang"].created_at
    db.session.commit()
    assert found(db, complete, I.NO_MOBILE) == set()


def test_a_subject_nobody_teaches_is_told_per_school(db: Any, complete: World) -> None:
    music = Subject(code="S09", name="音乐", stages=[complete.stage])
    db.session.add_all([music, Subject(code="S10", name="德语"), Subject(code="S11", name="旧", in_use=False)])
    complete.teacher["chen"].subject = music
    db.session.commit()
    school, board = board_of_school(complete.school["xihu"].id, actor=complete.actor("county_admin"))
    assert [subject.name for subject in board.subjects] == ["音乐"]
    assert board.lines[0].untaught == 1
    complete.teacher["chen"].status = TeacherStatus.LEFT  # who has left teaches nobody
    db.session.commit()
    province = board_of_region(complete.region["province"], actor=complete.actor("provincial_admin"))
    assert {line.name: line.untaught for line in province.lines} == {"杭州市": 1, "丽水市": 1}
    assert school.name == "文三路小学"


def test_the_pool_is_told_after_a_year(db: Any, complete: World, clock: Any) -> None:
    row = complete.teacher["zhou"]
    row.created_at = now() - timedelta(days=300)
    db.session.commit()
    assert found(db, complete, I.UNATTACHED_LONG) == set()
    clock.move(timedelta(days=70))
    assert found(db, complete, I.UNATTACHED_LONG) == {"周自由"}
    board = board_of_region(complete.region["province"], actor=complete.actor("provincial_admin"))
    assert board.unattached == 1
    moved = {"action": Action.TRANSFER_OUT, "to_state": TeacherStatus.UNATTACHED.value}
    db.session.add(Transition(entity="Teacher", row_id=row.id, **moved))  # into the pool only now
    db.session.commit()
    assert found(db, complete, I.UNATTACHED_LONG) == set()


@pytest.mark.req("TCH-9", "TCH-12")
@pytest.mark.parametrize("who", ["provincial_admin", "system_admin"])
def test_deleted_records_are_counted_for_nobody(db: Any, complete: World, who: str) -> None:
    for name in ("li", "wang", "chen"):
        complete.teacher[name].mobile = "13900000000"
    for name in ("li", "zhou"):
        row = complete.teacher[name]
        row.subject, row.created_at, row.deleted_at = None, now() - timedelta(days=400), now()
    db.session.commit()
    board = board_of_region(complete.region["province"], actor=complete.actor(who))
    assert board.total().faults[I.NO_SUBJECT] == 0
    assert board.total().faults[I.SHARED_MOBILE] == 2
    assert board.unattached == 0


@pytest.mark.req("ORG-6", "S1")
def test_a_board_outside_ones_scope_is_not_there(complete: World) -> None:
    with pytest.raises(NotVisible):
        board_of_region(complete.region["lishui"], actor=complete.actor("city_admin"))
    with pytest.raises(NotVisible):
        board_of_region(complete.region["province"], actor=complete.actor("city_admin"))
    with pytest.raises(NotVisible):
        board_of_region(complete.region["xihu"], actor=complete.actor("school_admin"))
    with pytest.raises(NotVisible):
        board_of_school(complete.school["qingyuan"].id, actor=complete.actor("school_admin"))
    with pytest.raises(NotPermitted):
        board_of_school(complete.school["xihu"].id, actor=complete.actor("teacher"))


@pytest.mark.req("B10")
def test_a_board_takes_the_same_few_queries_for_any_number_of_rows(
    db: Any, complete: World, count_queries: Callable[[], Any]
) -> None:
    actor, region = complete.actor("provincial_admin"), complete.region["province"]
    board_of_region(region, actor=actor)  # reads what is remembered from then on
    with count_queries() as few:
        board_of_region(region, actor=actor)
    db.session.add_all(
        Teacher(teacher_number=f"T{n}", name="甲乙", gender="male", school=complete.school["xihu"]) for n in range(30)
    )
    db.session.commit()
    _ = region.path
    with count_queries() as many:
        board = board_of_region(region, actor=actor)
    assert len(many) == len(few) <= 6, str(many)
    assert board.total().faults[I.NO_SUBJECT] == 30


def test_facts_of_older_id_numbers_are_read_once(db: Any, complete: World) -> None:
    row = complete.teacher["li"]
    row.id_birth_date = row.id_gender = None
    db.session.commit()
    assert read_ids(current_vault()) == 1
    db.session.expire_all()
    assert (row.id_birth_date, row.id_gender) == (date(1980, 1, 1), "female")
    assert read_ids(current_vault()) == 0


@pytest.mark.req("TCH-11")
def test_ages_are_counted_in_whole_years(db: Any, world: World, clock: Any) -> None:
    row = world.teacher["li"]
    for born, band in (
        (date(1996, 3, 2), AgeBand.FROM_30),  # thirty today
        (date(1996, 3, 3), AgeBand.UNDER_30),
        (date(1971, 3, 2), AgeBand.FROM_55),
        (date(1971, 3, 3), AgeBand.FROM_50),
        (None, AgeBand.UNKNOWN),
    ):
        row.birth_date = born
        db.session.commit()
        bands = [
            b for b in AgeBand if db.session.scalar(select(func.count()).where(Teacher.id == row.id, age_clause(b)))
        ]
        assert bands == [band]


@pytest.mark.req("TCH-11")
def test_who_is_born_on_the_last_of_february_ages_on_it() -> None:
    assert born_by(30, date(2024, 2, 29)) == date(1994, 2, 28)
    assert born_by(30, date(2026, 3, 2)) == date(1996, 3, 2)
