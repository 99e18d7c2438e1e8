"""The calendar as pages: everybody reads it, the province sets it on one screen, the top bar tells the phase."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.clock import local
from app.domain.terms import WindowKind
from app.services import calendar
from app.views.help import help_of
from app.views.home import QUICK_LINKS
from app.views.menu import MENU
from tests.services.test_calendar import START, new_batches, opened, own_year, spans
from tests.support.training import new_class
from tests.world import World

LogIn = Callable[[str], FlaskClient]
pytestmark = pytest.mark.req("PRG-1")


def typed(**changed: Any) -> dict[str, str]:
    """The fields of the form as a browser sends them."""
    form = {"name": "第一批"}
    for kind, (opens, closes) in spans(**changed).items():
        for part, moment in (("opens", opens), ("closes", closes)):
            form[f"{part}_{kind.value}"] = f"{moment:%Y-%m-%dT%H:%M}" if moment else ""
    return form


def test_the_province_sets_a_batch_on_one_screen(db: Any, login_as: LogIn, world: World) -> None:
    client = login_as("provincial_admin")
    answer = client.post(f"/calendar/new?year={own_year().id}", data=typed())
    (batch,) = new_batches(world)
    assert answer.location == f"/calendar/?batch={batch.id}"
    page = client.get(f"/calendar/edit/{batch.id}").text
    assert 'value="2026-03-02T08:00"' in page
    changed = typed(review=(6, 16)) | {"version": str(batch.version)}
    assert client.post(f"/calendar/edit/{batch.id}", data=changed).status_code == 302
    assert 'value="2026-03-08T08:00"' in client.get(f"/calendar/edit/{batch.id}").text


def test_a_year_and_its_first_batch_come_together(db: Any, login_as: LogIn, world: World) -> None:
    year = {"year": "2027", "year_name": "2027年度", "starts_on": "2027-01-01", "ends_on": "2027-12-31"}
    assert login_as("provincial_admin").post("/calendar/new", data=typed() | year).status_code == 302
    assert [str(batch) for batch in new_batches(world)] == ["2027年度 第一批"]


def test_what_is_wrong_stands_beside_its_window_and_nothing_typed_is_lost(
    db: Any, login_as: LogIn, world: World
) -> None:
    form = typed(adjustment=(25, 26), second_adjustment=(60, 50), round_two_school=None)
    answer = login_as("provincial_admin").post(f"/calendar/new?year={own_year().id}", data=form)
    assert answer.status_code == 422
    for field in ("opens_adjustment", "closes_second_adjustment", "opens_round_two_school"):
        assert f'id="{field}-error"' in answer.text
    for value in (form["opens_adjustment"], form["closes_second_adjustment"]):
        assert f'value="{value}"' in answer.text
    assert new_batches(world) == []


def test_another_batch_is_copied_to_a_day_without_saving(db: Any, login_as: LogIn, world: World) -> None:
    batch = opened(world)
    page = login_as("provincial_admin").get(f"/calendar/new?year={own_year().id}&copy={batch.id}&first=2026-08-03").text
    assert 'name="opens_declaration" type="datetime-local" value="2026-08-03T08:00"' in page
    assert new_batches(world) == [batch]


@pytest.mark.parametrize("username", ["teacher", "school_admin", "institution_admin", "non_teacher"])
def test_everybody_reads_it_and_sees_the_phase(
    db: Any, login_as: LogIn, world: World, clock: Any, username: str
) -> None:
    opened(world)
    clock.set(START + timedelta(days=27))
    client = login_as(username)
    for path in ("/calendar/", "/"):
        page = client.get(path).text
        assert 'aria-current="step"' in page
        assert 'class="phase"' in page
    assert "/calendar/edit" not in client.get("/calendar/").text
    own = WindowKind.ROUND_ONE_SCHOOL if username == "school_admin" else WindowKind.ROUND_ONE
    days = "还剩 6 天" if own is WindowKind.ROUND_ONE_SCHOOL else "还剩 3 天"
    assert days in page


def test_the_first_page_tells_the_reader_what_to_do_in_each_step(
    db: Any, login_as: LogIn, world: World, clock: Any
) -> None:
    opened(world)
    clock.set(START + timedelta(days=21))
    assert "在选课目录中选班报名" in login_as("teacher").get("/").text
    assert "审核本校教师的报名" in login_as("school_admin").get("/").text


@pytest.mark.req("PUB-2")
@pytest.mark.parametrize("endpoint", sorted({entry.endpoint for entry in QUICK_LINKS}))
def test_every_quick_link_leads_to_a_page(app: Any, endpoint: str) -> None:
    assert endpoint in app.view_functions


@pytest.mark.req("PUB-2", "TCH-5")
def test_the_table_of_teachers_is_one_click_from_home(login_as: Any, world: World) -> None:
    assert 'href="/teachers/grid/' in login_as("school_admin").get("/").text


def test_no_calendar_yet_says_so(login_as: LogIn, world: World) -> None:
    own_year()
    assert "/calendar/new" in login_as("provincial_admin").get("/calendar/").text
    assert login_as("teacher").get("/calendar/").status_code == 200


@pytest.mark.req("PUB-5")
def test_every_page_of_the_menu_has_its_line_of_help() -> None:
    silent = [entry.endpoint for _group, _icon, entries in MENU for entry in entries if help_of(entry.endpoint) is None]
    assert not silent, f"say in app/views/help.py who uses it, when, in which step: {silent}"


@pytest.mark.req("PUB-5")
def test_where_several_batches_are_under_way_the_line_and_the_chip_name_the_batch(
    db: Any, login_as: LogIn, world: World, clock: Any
) -> None:
    first, actor = opened(world), world.actor("provincial_admin")
    clock.set(START + timedelta(days=27))
    client = login_as("teacher")
    page = client.get("/catalogue/").text
    assert "<span>第一轮报名：" in page
    assert 'class="phase-name">第一轮报名' in page
    later = {kind: (a and a + timedelta(days=5), b and b + timedelta(days=5)) for kind, (a, b) in spans().items()}
    second = calendar.open_batch(first.training_year, "第二批", later, actor=actor)
    page = client.get("/catalogue/").text
    assert "<span>第一批第一轮报名：" in page
    assert 'class="phase-name">第一批第一轮报名' in page
    row = new_class(world, "另一批的班期", batch=second)
    line = client.get(f"/catalogue/{row.id}").text
    assert f"<span>第二批第一轮报名：{local(later[WindowKind.ROUND_ONE][0]):%Y-%m-%d}" in line


@pytest.mark.req("PUB-5")
def test_between_the_rounds_the_line_tells_the_second(db: Any, login_as: LogIn, world: World, clock: Any) -> None:
    opened(world)
    second = spans()[WindowKind.ROUND_TWO][0]
    assert second is not None
    clock.set(second - timedelta(hours=1))
    assert f"<span>二轮补报：{local(second):%Y-%m-%d}" in login_as("teacher").get("/catalogue/").text
    assert "<span>二轮学校审核：" in login_as("school_admin").get("/school-inbox/").text
