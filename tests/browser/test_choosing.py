"""Choosing on a phone, deciding by keyboard, and what the teacher sees of it (ENR-1, ENR-5, ENR-10, ENR-19)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.domain.clock import now, today
from app.domain.terms import ClassState, EnrollmentState, WindowKind
from app.extensions import db
from app.models import BatchWindow, Enrollment, Teacher, TrainingClass
from tests.support.browser import PHONE

MOST_BYTES = 350 * 1024  # of the first load, compressed (B14)
ROUND_ONE = (WindowKind.ROUND_ONE, WindowKind.ROUND_ONE_SCHOOL)
S = EnrollmentState


def set_round_one(live: Any, opens: timedelta, closes: timedelta) -> None:
    """Let round one and its school deadline lie around the present moment."""
    with live.app.app_context():
        spans = {"opens_at": now() + opens, "closes_at": now() + closes}
        db.session.execute(update(BatchWindow).where(BatchWindow.kind.in_(ROUND_ONE)).values(**spans))
        db.session.commit()


@pytest.fixture(autouse=True)
def _round_one_is_open(live: Any) -> None:
    set_round_one(live, timedelta(days=-2), timedelta(days=2))
    with live.app.app_context():  # a class that nobody has chosen yet
        row = db.session.scalars(select(TrainingClass).where(TrainingClass.number == 2)).one()
        row.title, row.state = "班主任专业能力提升", ClassState.OFFERED
        row.starts_on = row.ends_on = today() + timedelta(days=60)  # the server's clock is the real one
        db.session.commit()


def states(live: Any) -> list[tuple[str, str, EnrollmentState]]:
    """(teacher, class, state) of every enrollment, in the order they were made."""
    with live.app.app_context():
        wanted = select(Teacher.name, TrainingClass.title, Enrollment.state).join_from(Enrollment, Teacher)
        joined = wanted.join(TrainingClass, TrainingClass.id == Enrollment.training_class_id).order_by(Enrollment.id)
        return [tuple(row) for row in db.session.execute(joined)]


def of_zhang(live: Any) -> list[EnrollmentState]:
    return [state for name, title, state in states(live) if name == "张明华" and title == "班主任专业能力提升"]


@pytest.mark.req("ENR-1", "ENR-4", "ENR-14")
def test_a_teacher_on_a_phone_finds_enrolls_withdraws_and_enrolls_again(live: Any, page_as: Any, axe: Any) -> None:
    page = page_as("teacher", size=PHONE, has_touch=True, is_mobile=True)
    page.goto("/catalogue/")
    page.fill("#quick-q", "班主任")
    page.press("#quick-q", "Enter")
    card = page.locator("[data-class]")
    assert card.count() == 1
    page.wait_for_load_state("networkidle")
    assert page.locator("#hours-gauge strong").inner_text() == "24 / 90"
    card.get_by_role("button", name="报名").tap()
    page.get_by_text("已报名，等待学校审核。").wait_for()
    assert page.locator("#hours-gauge strong").inner_text() == "48 / 90"
    assert "q=" in page.url  # in place
    axe(page)
    card.get_by_role("button", name="退选").tap()
    page.locator("#confirm-ok").tap()
    page.get_by_text("已退选，学时已释放。").wait_for()
    assert page.locator("#hours-gauge strong").inner_text() == "24 / 90"
    card.get_by_role("button", name="报名").tap()
    page.get_by_text("已报名，等待学校审核。").wait_for()
    assert of_zhang(live) == [S.WITHDRAWN, S.AWAITING_SCHOOL]


@pytest.mark.req("ENR-1")
def test_the_filter_sheet_opens_on_a_phone_and_chips_take_conditions_off(page_as: Any, axe: Any) -> None:
    page = page_as("teacher", size=PHONE, has_touch=True, is_mobile=True)
    page.goto("/catalogue/")
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="筛选条件").tap()
    sheet = page.locator("#filters")
    sheet.locator("#filter-place").fill("报告厅")
    axe(page)
    sheet.get_by_role("button", name="查询").tap()
    page.wait_for_url("**place=**")
    assert page.locator(".chip").count() == 1
    page.locator(".chip a").tap()
    page.wait_for_url("**/catalogue/?")
    assert page.locator(".chip").count() == 0


@pytest.mark.req("ENR-1")
def test_it_works_without_scripts(live: Any, page_as: Any) -> None:
    page = page_as("teacher", size=PHONE, java_script_enabled=False)
    page.goto("/catalogue/?q=班主任")
    page.get_by_role("button", name="报名").click()
    assert "已报名，等待学校审核。" in page.content()
    page.get_by_role("button", name="退选").click()
    assert of_zhang(live) == [S.WITHDRAWN]


@pytest.mark.req("ENR-5", "ENR-10", "ENR-19")
def test_a_school_decides_by_keyboard_the_institution_confirms_and_the_teacher_sees_every_step(
    live: Any, page_as: Any, axe: Any
) -> None:
    teacher = page_as("teacher")
    teacher.goto("/catalogue/?q=班主任")
    teacher.wait_for_load_state("networkidle")
    teacher.get_by_role("button", name="报名").click()
    teacher.get_by_text("已报名，等待学校审核。").wait_for()
    school = page_as("school_admin")
    school.goto("/school-inbox/")
    school.wait_for_load_state("networkidle")
    axe(school)
    assert school.locator("[data-review-row]").count() == 2
    school.keyboard.press("j")
    school.keyboard.press("j")
    school.keyboard.press("k")
    school.keyboard.press("r")  # the first one, with a reason
    school.keyboard.press("ArrowDown")
    axe(school)
    school.keyboard.press("Enter")
    school.get_by_text("已退回 1 项").wait_for()
    school.wait_for_load_state("networkidle")
    school.keyboard.press("u")
    school.get_by_text("已撤回 1 项的审核").wait_for()
    school.wait_for_load_state("networkidle")
    school.keyboard.press("j")
    school.keyboard.press("x")
    school.keyboard.press("j")
    school.keyboard.press("x")
    assert school.locator("[data-bulk-count]").inner_text() == "已选 2 项"
    school.keyboard.press("a")
    school.get_by_text("已同意 2 项").wait_for()
    set_round_one(live, timedelta(days=-9), timedelta(hours=-1))
    institution = page_as("institution_admin")
    institution.goto("/institution-inbox/?q=张明华")
    institution.wait_for_load_state("networkidle")
    axe(institution)
    institution.locator("[data-check-all]").check()
    institution.locator("[data-review-key=a]").click()
    institution.get_by_text("复核通过").first.wait_for()
    assert of_zhang(live) == [S.ADMITTED]
    teacher.goto("/my-enrollments/")
    teacher.wait_for_load_state("networkidle")
    axe(teacher)
    card = teacher.locator(".own-card", has_text="班主任专业能力提升")
    assert card.locator(".step-done").count() == 4
    card.get_by_role("link", name="全部进程").click()
    teacher.locator(".time-line").wait_for()
    for text in ("西溪教师进修学校", "文三路小学", "复核通过"):
        assert text in teacher.locator(".time-line").inner_text()
    axe(teacher)


@pytest.mark.req("ENR-16")
def test_a_school_enrolls_for_its_teachers_and_prints_a_form(live: Any, page_as: Any, axe: Any) -> None:
    page = page_as("school_admin")
    page.goto("/proxy/?q=班主任")
    axe(page)
    page.locator(".row-link").click()
    page.wait_for_load_state("networkidle")
    axe(page)
    for name in ("李红梅", "张明华"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="报名", exact=True).click()
    page.get_by_text("已代报 2 人").wait_for()
    assert of_zhang(live) == [S.AWAITING_SCHOOL]
    page.goto(page.url.replace("/enroll", "/form"))
    axe(page)
    assert page.locator(".paper-code img").is_visible()


@pytest.mark.parametrize(
    ("username", "path"),
    [("teacher", "/catalogue/"), ("teacher", "/catalogue/1"), ("teacher", "/catalogue/round-two"),
     ("teacher", "/my-enrollments/"), ("teacher", "/enrollments/1"), ("school_admin", "/school-inbox/"),
     ("school_admin", "/proxy/1"), ("institution_admin", "/institution-inbox/"), ("city_admin", "/bureau-inbox/")],
)  # fmt: skip
def test_on_a_phone_nothing_is_wider_than_the_screen(page_as: Any, axe: Any, username: str, path: str) -> None:
    page = page_as(username, size=PHONE)
    page.goto(path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    axe(page)


@pytest.mark.req("B14")
def test_the_first_load_of_the_catalogue_is_light(page_as: Any) -> None:
    page = page_as("teacher", size=PHONE)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto("/catalogue/")
    page.wait_for_load_state("networkidle")
    assert sum(sizes) <= MOST_BYTES, f"{sum(sizes) / 1024:.0f} KB in {len(sizes)} files"
