"""The inboxes: whose rows, the deadline first, the filters, who of a subject would be away (ENR-5, ENR-6, ENR-10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.domain.absences import Absence
from app.domain.clock import SHANGHAI, now
from app.domain.errors import NotPermitted
from app.domain.state_shapes import Party
from app.domain.terms import AccountStatus, EnrollmentState, OrganisationStatus, RoundKind
from app.models import Subject
from app.services import enrollment_review as review
from app.services.inboxes import WAITS_FOR, Asked, ids_of, inbox
from app.services.waiting import waiting_for
from tests.support.training import FIRST_DAY, new_class, new_classes, new_enrollment
from tests.world import World

pytestmark = pytest.mark.usefixtures("clock")
S = EnrollmentState
DECIDERS = {Party.SCHOOL: "school_admin", Party.BUREAU: "city_admin", Party.INSTITUTION: "institution_admin"}


def shown(world: World, party: Party, username: str | None = None, **asked: Any) -> list[int]:
    found = inbox(Asked(**asked), party, actor=world.actor(username or DECIDERS[party]))
    return [item.row.id for item in found.rows]


@pytest.mark.req("ENR-5", "ENR-6", "ENR-10", "ORG-6")
def test_each_sees_what_waits_for_them_and_nothing_of_the_others(db: Any, world: World) -> None:
    row = new_class(world)
    here = {"checkpoint_bureau_id": world.bureau["hangzhou"].id}
    at_school = new_enrollment(world, world.teacher["zhang"], row)
    at_bureau = new_enrollment(world, world.teacher["li"], row, S.AWAITING_BUREAU, **here)
    at_institution = new_enrollment(world, world.teacher["wang"], row, S.AWAITING_INSTITUTION)
    assert shown(world, Party.SCHOOL) == [world.enrollment["xihu"].id, at_school.id]
    assert shown(world, Party.BUREAU) == [at_bureau.id]
    assert shown(world, Party.INSTITUTION) == [world.enrollment["xihu_screened"].id, at_institution.id]
    assert shown(world, Party.SCHOOL, "qingyuan_school") == [world.enrollment["qingyuan"].id]
    assert shown(world, Party.BUREAU, "lishui_city") == []
    assert shown(world, Party.BUREAU, "county_admin") == []
    with pytest.raises(NotPermitted):
        shown(world, Party.SCHOOL, "county_admin")
    with pytest.raises(NotPermitted):
        shown(world, Party.INSTITUTION, "school_admin")


@pytest.mark.req("ENR-6", "PUB-2")
def test_what_a_bureau_can_review_no_more_comes_to_the_next_superior_that_can(db: Any, world: World) -> None:
    here = {"checkpoint_bureau_id": world.bureau["xihu"].id}
    row = new_enrollment(world, world.teacher["li"], new_class(world), S.AWAITING_BUREAU, **here)
    there = {"checkpoint_bureau_id": world.bureau["qingyuan"].id}
    new_enrollment(world, world.teacher["chen"], new_class(world, "别处"), S.AWAITING_BUREAU, **there)

    def seen(username: str) -> tuple[list[int], int, int]:
        actor = world.actor(username)
        mine = [item for item in waiting_for(actor) if item.endpoint == "BureauInboxPage.index"]
        found = shown(world, Party.BUREAU, username)
        assert ids_of(Asked(), Party.BUREAU, actor=actor, most=9) == found
        return found, inbox(Asked(), Party.BUREAU, actor=actor).waiting, sum(item.count for item in mine)

    one, none = ([row.id], 1, 1), ([], 0, 0)
    assert [seen(n) for n in ("county_admin", "city_admin", "provincial_admin")] == [one, none, none]
    world.account["county_admin"].status = AccountStatus.DISABLED
    db.session.commit()
    assert [seen(n) for n in ("city_admin", "provincial_admin")] == [one, none]
    world.bureau["hangzhou"].status = OrganisationStatus.SUSPENDED
    db.session.commit()
    assert seen("provincial_admin") == one
    assert review.approve([row.id], actor=world.actor("provincial_admin")).done == (row.id,)


@pytest.mark.req("ENR-5", "PUB-2")
def test_the_nearest_deadline_comes_first_and_stands_on_the_workbench(db: Any, world: World) -> None:
    soon = now() + timedelta(hours=5)
    later = new_enrollment(world, world.teacher["li"], new_class(world, "早班", starts_on=FIRST_DAY))
    urgent = new_enrollment(
        world, world.teacher["li"], new_class(world, "补报班", starts_on=FIRST_DAY + timedelta(days=60)),
        round_kind=RoundKind.ROUND_TWO, review_deadline=soon,
    )  # fmt: skip
    found = inbox(Asked(), Party.SCHOOL, actor=world.actor("school_admin")).rows
    assert [item.row.id for item in found] == [urgent.id, world.enrollment["xihu"].id, later.id]
    assert [item.deadline for item in found] == [soon, *[datetime(2026, 3, 15, 17, tzinfo=SHANGHAI)] * 2]
    (mine,) = (item for item in waiting_for(world.actor("school_admin")) if item.endpoint == "SchoolInboxPage.index")
    assert (mine.count, mine.deadline) == (3, soon)
    endpoints = {item.endpoint for item in waiting_for(world.actor("institution_admin"))}
    assert "InstitutionInboxPage.index" in endpoints


@pytest.mark.req("ENR-5")
def test_filters_by_class_teacher_subject_and_state(db: Any, world: World) -> None:
    maths = Subject(code="S02", name="数学", position=2)
    world.teacher["li"].subject = maths
    row = new_class(world)
    one = new_enrollment(world, world.teacher["li"], row)
    over = new_enrollment(world, world.teacher["wang"], row, S.SCHOOL_REJECTED)
    assert shown(world, Party.SCHOOL, class_id=row.id) == [one.id]
    assert shown(world, Party.SCHOOL, words="红梅") == [one.id]
    assert shown(world, Party.SCHOOL, words=world.teacher["li"].teacher_number) == [one.id]
    assert shown(world, Party.SCHOOL, subject_id=maths.id) == [one.id]
    assert shown(world, Party.SCHOOL, decided=True, state=S.SCHOOL_REJECTED) == [over.id]
    assert over.id in shown(world, Party.SCHOOL, decided=True)
    assert shown(world, Party.SCHOOL, words="无此人") == []
    found = inbox(Asked(), Party.SCHOOL, actor=world.actor("school_admin"))
    assert (row.id, str(row), 1) in found.classes
    assert (maths.id, "数学", 1) in found.subjects
    assert (found.waiting, found.decided) == (2, 2)
    assert ids_of(Asked(class_id=row.id), Party.SCHOOL, actor=world.actor("school_admin"), most=9) == [one.id]


@pytest.mark.req("ENR-5")
def test_too_many_of_one_subject_on_the_same_days_is_warned_of(db: Any, world: World) -> None:
    row = new_class(world, starts_on=FIRST_DAY)
    near = new_class(world, "同期", starts_on=FIRST_DAY)
    apart = new_class(world, "另期", starts_on=FIRST_DAY + timedelta(days=30))
    one = new_enrollment(world, world.teacher["zhang"], row)
    new_enrollment(world, world.teacher["li"], near, S.ADMITTED)
    new_enrollment(world, world.teacher["wang"], near)
    alone = new_enrollment(world, world.teacher["zhang"], apart)
    found = {item.row.id: item for item in inbox(Asked(), Party.SCHOOL, actor=world.actor("school_admin")).rows}
    assert (found[one.id].absence, found[one.id].too_many) == (Absence(1, 1, 3), True)
    assert (found[alone.id].absence, found[alone.id].too_many) == (Absence(0, 0, 3), False)


@pytest.mark.req("B10")
@pytest.mark.parametrize("party", DECIDERS)
def test_a_long_inbox_costs_the_queries_of_a_short_one(db: Any, world: World, count_queries: Any, party: Party) -> None:
    actor = world.actor(DECIDERS[party])
    state, here = WAITS_FOR[party], {"checkpoint_bureau_id": world.bureau["hangzhou"].id}

    def cost(classes: int) -> int:
        for row in new_classes(world, classes):
            new_enrollment(world, world.teacher["li"], row, state, **here)
        db.session.commit()
        db.session.expire_all()
        with count_queries() as sent:
            found = inbox(Asked(size=200), party, actor=actor)
            told = [(str(i.row), str(i.row.training_class.institution), str(i.row.teacher.subject)) for i in found.rows]
        assert len(told) == found.count
        return len(sent)

    cost(1)  # reads what is remembered from then on
    few = cost(3)
    assert cost(27) == few
