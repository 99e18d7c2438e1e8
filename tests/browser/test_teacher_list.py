"""The secretary's daily pages in Chromium: filter, save the filter, choose columns, mend a record, show a number."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.models import Teacher
from tests.world import national_id

LIST = "/teacherview/list/"


def names(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("tbody tr td:nth-child(3)").all_inner_texts()]


def save(page: Page) -> None:
    with page.expect_navigation():
        page.locator("form.record-form button.btn-primary").click()


@pytest.mark.req("TCH-4", "TCH-2", "OPS-3")
def test_a_secretary_finds_mends_and_looks_up_a_teacher(live: Any, page_as: Any) -> None:
    page = page_as("school_admin")
    page.goto(LIST)
    page.get_by_label("姓名、首字母或号码").fill("lhm")
    page.locator("label", has_text="更多条件").click()
    page.locator("#filter-gender").select_option(label="女")
    page.get_by_role("button", name="查询").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert names(page) == ["李红梅"]

    page.get_by_role("button", name="常用筛选").click()
    page.get_by_label("将当前筛选保存为").fill("女教师")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("已保存：女教师")).to_be_visible()
    with page.expect_navigation():  # until its scripts are there to open the menu
        page.get_by_role("link", name="清除全部").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="常用筛选").click()
    with page.expect_navigation():
        page.get_by_role("link", name="女教师").click()
    expect(page.locator("tbody tr")).to_have_count(1)

    page.get_by_role("button", name="列", exact=True).click()
    page.get_by_label("手机号", exact=True).check()
    page.get_by_role("button", name="显示所选列").click()
    expect(page.locator("thead")).to_contain_text("手机号")
    expect(page.locator("tbody")).to_contain_text("199****0002")

    page.get_by_role("link", name="编辑 李红梅").click()
    page.get_by_label("姓名").fill("李")
    page.get_by_label("手机号").fill("12345")
    save(page)
    page.watch.allow("422")  # type: ignore[attr-defined]
    expect(page.locator("[data-error-summary]")).to_be_focused()
    expect(page.locator("#name-error")).to_contain_text("2至50个字符")
    expect(page.locator("#mobile-error")).to_contain_text("11位")
    expect(page.get_by_label("手机号")).to_have_value("12345")
    page.get_by_label("姓名").fill("李红眉")
    page.get_by_label("手机号").fill("13800138000")
    save(page)

    expect(page.locator(".person-title")).to_have_text("李红眉")
    masked = page.locator("[data-protected=national_id]")
    expect(masked).to_have_text("*" * 14 + national_id(2)[-4:])
    page.locator("[data-reveal][data-field=national_id]").click()
    expect(masked).to_have_text(national_id(2))
    page.reload()
    expect(page.get_by_text("查看敏感信息")).to_be_visible()


@pytest.mark.req("TCH-9", "TCH-11")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (360, 740)])
def test_daily_pages_are_accessible_and_fit(live: Any, page_as: Any, axe: Any, theme: str, size: Any) -> None:
    page = page_as("school_admin", size=size)
    page.context.add_cookies([{"name": "theme", "value": theme, "url": live.url}])
    key = live.ids[Teacher]["li"]
    paths = (
        LIST,
        f"/teacherview/show/{key}",
        f"/teacherview/edit/{key}",
        "/teachers/quality/",
        "/teachers/statistics/",
    )
    for path in paths:
        page.goto(path)
        axe(page)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path


@pytest.mark.req("TCH-11")
def test_statistics_lead_from_a_chart_to_the_rows(live: Any, page_as: Any) -> None:
    page = page_as("city_admin")
    page.goto("/teachers/statistics/?by=gender")
    expect(page.locator(".chart-canvas canvas")).to_be_visible()
    expect(page.locator("figure tbody tr")).to_have_count(2)
    page.get_by_role("navigation", name="并列对比").get_by_role("link", name="年龄").click()
    expect(page.locator("figure thead")).to_contain_text("40—49岁")
    page.locator("figure tbody a.figure").first.click()
    expect(page).to_have_url(re.compile("gender="))
