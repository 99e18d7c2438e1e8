"""Adjusting classes by clicking: numbers first, then expanding, requests, moving people, cancelling (ENR-7, ENR-17)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from app.domain.terms import EnrollmentState
from app.extensions import db
from app.models import TrainingClass
from tests.browser.test_draws import cast_of
from tests.support.drawing import overfull
from tests.support.enrolling import add_class, add_enrollment, add_teachers
from tests.support.walking import Person

pytestmark = pytest.mark.req("ENR-7", "ENR-17")
TITLE = "西湖区语文教学研修"
FULL, CROWD, SMALL, OTHER = (f"{TITLE} #{10 + number}" for number in (20, 30, 40, 50))
PLAN, CANDIDATES, MANY = 6, 12, 26  # more than 25 enrolled: the institution may not cancel alone (P1)


@pytest.fixture(autouse=True)
def _classes(live: Any) -> None:
    """An over-full class, a crowded one, one with two admitted teachers, and one with a single seat left."""
    with live.app.app_context():
        world = cast_of()
        overfull(world, seats=PLAN, candidates=CANDIDATES, number=20, first=200)
        overfull(world, seats=40, candidates=MANY, number=30, first=300)
        small, _other = add_class(world, 40), add_class(world, 50, seats=1)
        for teacher in add_teachers(world, 2, first=400):
            add_enrollment(world, teacher, small, EnrollmentState.ADMITTED, holds_seat=True)
        small.taken = 2
        db.session.commit()


@pytest.fixture
def bureau(page_as: Callable[..., Any]) -> Person:
    """The reviewing bureau."""
    return Person(page_as("county_admin"))


@pytest.fixture
def institution(page_as: Callable[..., Any]) -> Person:
    """The institution whose classes they are."""
    return Person(page_as("institution_admin"))


def opened(person: Person, name: str) -> Person:
    """Open the page on which a class is adjusted."""
    person.menu("班期调整")
    person.link(name)
    return person


def tile(person: Person, heading: str, words: str) -> Any:
    """A number of the section under a heading."""
    section = person.page.locator("section", has=person.page.get_by_role("heading", name=heading))
    return section.locator(".number-tiles li", has_text=words).locator("strong")


def test_the_numbers_of_a_seat_more_then_the_limit_then_the_expansion(bureau: Person, axe: Any) -> None:
    page = opened(bureau, FULL).page
    page.fill("#simulate-seats", "8")
    bureau.press("试算")
    expect(tile(bureau, "若名额为 8 个", "目前没有名额")).to_have_text(f"{CANDIDATES - PLAN}")
    expect(tile(bureau, "若名额为 8 个", "届时没有名额")).to_have_text(f"{CANDIDATES - 8}")
    expect(page.locator("table", has_text="西湖区").first).to_contain_text(f"{CANDIDATES}")
    axe(page)
    bureau.fill(seats="10", expand__reason="报名踊跃")
    bureau.press("扩班")
    bureau.confirm(f"{PLAN}", "9")
    expect(page.locator("[data-error-summary]")).to_contain_text("最多 9 个名额")
    page.watch.allow("422")  # type: ignore[attr-defined]
    expect(page.locator("#seats")).to_have_value("10")
    expect(page.locator("#expand-reason")).to_have_value("报名踊跃")
    bureau.fill(seats="9")
    bureau.press("扩班")
    bureau.confirm()
    bureau.reads("已扩至 9 个名额", "6 → 9", "报名踊跃")


def test_a_request_is_refused_with_a_reason_and_another_is_granted(
    live: Any, bureau: Person, institution: Person, axe: Any
) -> None:
    opened(institution, CROWD).fill(ask__reason="场地停用")
    institution.press("向教育局申请取消办班")
    institution.reads("申请已提交")
    opened(institution, FULL).fill(seats="8", expand__reason="报名踊跃")
    institution.press("向教育局申请扩班")
    institution.reads("申请已提交")

    bureau.waiting("待审批的班期申请")
    bureau.link(CROWD)
    page = bureau.page
    bureau.reads("场地停用")
    bureau.press("不同意")
    expect(page.locator("[data-error-summary]")).to_contain_text("请填写原因")
    page.watch.allow("422")  # type: ignore[attr-defined]
    page.locator(".card-request input[name=reason]").fill("请先联系其他场地")
    bureau.press("不同意")
    bureau.reads("请先联系其他场地")
    expect(page.locator(".card-request")).to_have_count(0)
    opened(bureau, FULL).press("同意")
    bureau.confirm("8", "6")
    bureau.reads("已同意并执行", "6 → 8")
    axe(page)
    opened(institution, CROWD).reads("请先联系其他场地")
    with live.app.app_context():
        rows = db.session.query(TrainingClass).filter(TrainingClass.number.in_((30, 40)))
        assert {row.number: (row.state.value, row.seats) for row in rows} == {
            30: ("offered", 8), 40: ("offered", 40),
        }  # fmt: skip


@pytest.mark.req("ENR-4")
def test_two_are_moved_as_far_as_seats_go_and_cancelling_asks_twice(bureau: Person) -> None:
    page = opened(bureau, SMALL).page
    page.locator("[data-check-all]").check()
    target = page.locator("#target option", has_text=OTHER).get_attribute("value")
    page.select_option("#target", target)
    bureau.fill(move__reason="两班合并")
    bureau.press("调配到其他班期")
    bureau.confirm("2")
    told = page.locator("#messages")
    expect(told).to_contain_text("已调配 1 人")
    expect(told).to_contain_text("某教师401")
    expect(told).to_contain_text("已满")

    bureau.fill(cancel__reason="人数不足")
    bureau.press("取消办班")
    bureau.confirm("1")
    expect(page.locator("[data-error-summary]")).to_contain_text("1")
    page.watch.allow("409")  # type: ignore[attr-defined]
    expect(page.locator("#cancel-reason")).to_have_value("人数不足")
    bureau.press("取消办班")
    bureau.confirm("1")
    bureau.reads("本班已取消，已通知 1 名教师", "已取消")
