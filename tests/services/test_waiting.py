"""What waits for somebody, and the numbers of one's own part (PUB-2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.domain.clock import now, today
from app.domain.terms import AccountStatus, MessageKind
from app.domain.text import N_, Text
from app.services import audiences, notifications, overview
from app.services.waiting import waiting_for
from tests.world import World

pytestmark = pytest.mark.req("PUB-2")


def counts(world: World, username: str) -> dict[str, int]:
    return {item.endpoint: item.count for item in waiting_for(world.actor(username))}


def test_only_what_is_left_to_do_and_only_ones_own(db: Any, world: World) -> None:
    everybody = audiences.in_region(world.region["xihu"].path)
    notifications.notify(everybody, MessageKind.TASK, Text(N_("Saved: %(thing)s"), {"thing": "一"}))
    notifications.notify(everybody, MessageKind.SYSTEM, Text(N_("Saved: %(thing)s"), {"thing": "二"}))
    assert counts(world, "teacher") == {"InboxMessageView.list": 1}
    assert counts(world, "qingyuan_teacher") == {}


@pytest.mark.req("ORG-6")
def test_locked_accounts_wait_for_who_may_unlock_them(db: Any, world: World) -> None:
    world.account["teacher"].status = AccountStatus.LOCKED
    db.session.flush()
    assert counts(world, "school_admin") == {"AccountView.list": 1, "SchoolInboxPage.index": 1}
    assert counts(world, "qingyuan_school") == {"SchoolInboxPage.index": 1}
    assert counts(world, "school_inquirer") == {}


def test_what_ends_first_comes_first(db: Any, world: World) -> None:
    world.grant["xihu"].valid_to = today() + timedelta(days=20)
    world.account["institution_operator"].status = AccountStatus.LOCKED
    db.session.flush()
    found = waiting_for(world.actor("institution_admin"))
    assert [item.endpoint for item in found][:2] == ["GrantPage.index", "AccountView.list"]
    assert {item.endpoint for item in found[2:]} == {
        "DeclarationPage.index",
        "ScreeningPage.index",
        "InstitutionInboxPage.index",
    }
    assert found[0].deadline is not None
    waiting = {"DeclarationPage.index": 1, "ScreeningPage.index": 1}  # the cast has a draft and a frozen list
    assert counts(world, "qingyuan_institution") == waiting


@pytest.mark.req("ORG-6")
def test_numbers_are_of_the_own_part(db: Any, world: World) -> None:
    for school, staff in zip(world.school.values(), (3, 2), strict=True):
        school.staff_count = staff
    db.session.flush()
    assert overview.schools_by_region(world.actor("provincial_admin")) == [("杭州市", 1, 3), ("丽水市", 1, 2)]
    assert overview.schools_by_region(world.actor("city_admin")) == [("西湖区", 1, 3)]
    assert overview.schools_by_region(world.actor("county_admin")) == []
    assert overview.teachers_on_record(world.actor("county_admin")) == 3
    assert overview.teachers_on_record(world.actor("school_admin")) == 3
    assert overview.teachers_by_subject(world.actor("school_admin")) == [("语文", 3)]
    assert overview.teachers_by_subject(world.actor("institution_admin")) == []


@pytest.mark.req("TCH-12")
def test_deleted_teachers_are_no_number_of_the_system_administrator(db: Any, world: World) -> None:
    for name in ("zhou", "li"):
        world.teacher[name].deleted_at = now()
    world.school["xihu"].staff_count = 2
    db.session.flush()
    assert overview.teachers_on_record(world.actor("system_admin")) == 4
    assert overview.teachers_by_subject(world.actor("system_admin")) == [("语文", 4)]


@pytest.mark.parametrize("username", ["provincial_admin", "school_admin", "teacher", "institution_admin"])
def test_the_first_page_asks_little(login_as: Any, world: World, count_queries: Any, username: str) -> None:
    client = login_as(username)
    client.get("/")
    with count_queries() as sent:
        assert client.get("/").status_code == 200
    assert len(sent) <= 26, str(sent)
