"""A teacher goes from a county to another one, and keeps the own record on a phone (TCH-3, TCH-7)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Enrollment, Teacher
from tests.world import national_id

pytestmark = pytest.mark.req("TCH-7")


def school_of(live: Any, name: str) -> str:
    """The school a teacher of the cast belongs to now."""
    with live.app.app_context():
        teacher = db.session.scalars(select(Teacher).where(Teacher.name == name)).one()
        return teacher.school.name if teacher.school else ""


def test_a_transfer_between_two_schools_of_two_counties(live: Any, page_as: Any, axe: Any) -> None:
    ours, theirs, teacher = page_as("school_admin"), page_as("qingyuan_school"), page_as("qingyuan_teacher")
    ours.goto("/transfers/find")
    axe(ours)
    ours.fill("#q", national_id(4))
    ours.press("#q", "Enter")
    ours.wait_for_selector(".found-person")
    assert ours.locator(".found-person").inner_text().count("陈小燕") == 1
    axe(ours)
    ours.locator(".found-person a.btn-primary").click()
    ours.fill("[name=reason]", "随配偶调动")
    axe(ours)
    ours.locator(".record-form button[type=submit]").click()
    ours.wait_for_selector(".plan-list")
    assert "濛洲街道小学" in ours.locator(".plan-list").inner_text()
    axe(ours)
    ours.locator("form[action$='/transfers/now'] button.btn-primary").click()
    ours.wait_for_url("**/transferview/show/*")
    assert school_of(live, "陈小燕") == "濛洲街道小学"

    theirs.goto("/")
    theirs.locator(".wait-card[href*='part=to_release']").click()
    theirs.get_by_role("checkbox", name="陈小燕").click()
    axe(theirs)
    theirs.locator("[data-bulk-bar] button[value=release]").click()
    theirs.locator("dialog[open] button.btn-primary").click()
    theirs.wait_for_selector(".alert-success")
    assert school_of(live, "陈小燕") == "文三路小学"

    ours.reload()
    axe(ours)
    assert ours.locator(".time-line li").count() == 3
    teacher.goto("/my-record/")
    assert "文三路小学" in teacher.locator(".own-head").inner_text()
    with live.app.app_context():
        waiting = db.session.scalars(select(Enrollment).join(Teacher).where(Teacher.name == "陈小燕")).one()
        assert (waiting.school.name, waiting.bureau.name) == ("文三路小学", "西湖区教育局")


@pytest.mark.req("TCH-3", "P20")
def test_a_teacher_keeps_the_own_record_on_a_phone_and_the_school_decides_the_rest(
    live: Any, page_as: Any, axe: Any
) -> None:
    teacher, school = page_as("teacher", size=(360, 740)), page_as("school_admin")
    teacher.goto("/my-record/")
    teacher.wait_for_load_state("networkidle")
    axe(teacher)
    assert teacher.evaluate("document.documentElement.scrollWidth") <= 360
    teacher.fill("[name=mobile]", "13800138000")
    teacher.locator("form[action$='/my-record/save'] button[type=submit]").click()
    teacher.wait_for_selector(".alert-success")
    teacher.locator("details.fold > summary").click()
    teacher.fill("[name=name]", "张明")
    teacher.fill("[name=note]", "户口本更名")
    teacher.locator("form[action$='/my-record/ask'] button.btn-primary").click()
    teacher.wait_for_selector("#requests article")
    axe(teacher)

    school.goto("/changerequestview/list/?state=filed")
    assert "张明" in school.locator(".change-line").first.inner_text()
    school.locator("[data-check-row]").first.check()
    axe(school)
    school.locator("[data-bulk-bar] button[value=approve]").click()
    school.locator("dialog[open] button.btn-primary").click()
    school.wait_for_selector(".alert-success")
    with live.app.app_context():
        row = db.session.scalars(select(Teacher).where(Teacher.mobile == "13800138000")).one()
        assert row.name == "张明"


def test_the_pages_of_transfers_fit_a_phone_and_are_accessible(page_as: Any, axe: Any) -> None:
    page = page_as("provincial_admin", size=(360, 740))
    for path in ("/transferview/list/", "/transfers/find", "/transfers/pool", "/transfers/teacher/1",
                 "/transfers/ask/secondment?who=1", "/changerequestview/list/"):  # fmt: skip
        page.goto(path)
        page.wait_for_load_state("networkidle")
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
