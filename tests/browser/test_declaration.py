"""A declaration in the browser: typed, refused by the form, mended, handed in, refused, handed in again, approved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from app.domain.clock import now
from app.extensions import db
from app.models import BatchWindow, Programme
from tests.support.declarations import PLAN


@pytest.fixture(autouse=True)
def open_windows(live: Any) -> None:
    """Declaring and reviewing are open for the real clock of the server."""
    with live.app.app_context():
        open_now = {"opens_at": now() - timedelta(days=1), "closes_at": now() + timedelta(days=1)}
        db.session.execute(
            update(BatchWindow).where(BatchWindow.kind.in_(["declaration", "review"])).values(**open_now)
        )
        db.session.commit()


@pytest.fixture
def plan(tmp_path: Path) -> str:
    """A training plan on the disk of the person at the browser."""
    path = tmp_path / "方案.pdf"
    path.write_bytes(PLAN.content)
    return str(path)


def fill(page: Any, **values: str) -> None:
    """Fill controls by their id, `_` standing for `-`."""
    for name, value in values.items():
        page.fill(f"#{name.replace('__', '-')}", value)


def send(page: Any, value: str) -> None:
    """Press the button of the declaration form and confirm."""
    page.click(f"button[name=do][value={value}]")
    if value == "submit":
        with page.expect_navigation():
            page.click("#confirm-ok")


@pytest.mark.req("PRG-2", "PRG-3", "PRG-4", "PRG-5", "PRG-7")
def test_declare_refuse_mend_approve(page_as: Any, live: Any, plan: str, axe: Any) -> None:
    page = page_as("institution_admin")
    page.goto("/declarations/new")
    fill(
        page,
        title="小学语文整本书阅读研修",
        credit_hours="24",
        goals="会教整本书",
        contents="阅读策略",
        lecturers__0__name="方晓华",
    )
    page.locator(".region-tree li label").first.click()
    page.locator("[data-routed]", has_text="西湖区教育局").wait_for()
    fill(page, classes__0__starts_on="2026-05-12", classes__0__ends_on="2026-05-10", classes__0__planned_seats="40")
    fill(page, classes__0__place="进修学校")
    page.click("[data-add-row=session]")
    fill(page, classes__0__sessions__0__day="2026-05-12", classes__0__sessions__0__starts_at="08:30")
    fill(page, classes__0__sessions__0__ends_at="11:30", classes__0__sessions__0__topic="导读课")
    for _ in range(3):
        page.click("[data-add-row=class]")
    assert page.locator("[data-add-row=class]").is_disabled()
    for _ in range(2):
        page.locator("[data-class] .class-head [data-remove-row]").last.click()
    fill(page, classes__1__starts_on="2026-06-01", classes__1__ends_on="2026-06-02", classes__1__planned_seats="30")
    fill(page, classes__1__place="实验小学")
    page.set_input_files("#plan_file", plan)
    walk(page, axe)

    send(page, "submit")
    page.watch.allow("422")
    assert "第 1 期 · 结束日期" in page.inner_text("[data-error-summary]")
    assert page.evaluate("document.activeElement.hasAttribute('data-error-summary')")
    assert "方案.pdf" in page.inner_text(".kept-file")
    page.click("[data-error-summary] a[href='#classes-0-ends_on']")
    assert page.evaluate("document.activeElement.id") == "classes-0-ends_on"
    walk(page, axe)
    fill(page, classes__0__ends_on="2026-05-13")
    send(page, "submit")
    assert "待审核" in page.inner_text(".help-line")
    axe(page)
    address = page.url.removeprefix(live.url)

    bureau = page_as("county_admin")
    decide(bureau, axe)
    page.goto(address)
    mend(page, axe)
    listen(bureau, "/reviews/")
    bureau.keyboard.press("j")
    bureau.keyboard.press("a")
    with bureau.expect_navigation():
        bureau.click("#confirm-ok")
    with live.app.app_context():
        row = db.session.scalar(select(Programme).where(Programme.title == "小学语文整本书阅读研修"))
        assert (row.state, [one.state for one in row.classes], row.classes[1].planned_seats) == (
            "approved", ["offered", "offered"], 25,
        )  # fmt: skip


def listen(page: Any, path: str | None = None) -> None:
    """Open a page, or stay on it, until its scripts hear the keyboard."""
    if path:
        page.goto(path)
    page.wait_for_load_state("networkidle")


def walk(page: Any, axe: Any) -> None:
    """Look for barriers where the bar of buttons lies at its own place and covers nothing."""
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    axe(page)


def decide(bureau: Any, axe: Any) -> None:
    """The bureau approves the first class and refuses the second, by keyboard; a refusal needs a reason."""
    listen(bureau, "/reviews/")
    bureau.keyboard.press("j")
    with bureau.expect_navigation():
        bureau.keyboard.press("Enter")
    listen(bureau)
    bureau.keyboard.press("j")
    bureau.keyboard.press("a")
    bureau.keyboard.press("j")
    bureau.keyboard.press("r")
    assert bureau.evaluate("document.activeElement.tagName") == "TEXTAREA"
    with bureau.expect_navigation():
        bureau.click("text=提交审核意见")
    bureau.watch.allow("422")
    walk(bureau, axe)
    bureau.locator("textarea[name$=-reason]").last.fill("人数过多，请分期")
    with bureau.expect_navigation():
        bureau.click("text=提交审核意见")
    assert "人数过多，请分期" in bureau.inner_text(".time-line")


def mend(page: Any, axe: Any) -> None:
    """The institution changes the refused class alone and hands it in again."""
    assert "人数过多，请分期" in page.inner_text(".time-line")
    page.click("main a:has-text('修改')")
    assert page.locator("[data-class]").count() == 1
    fill(page, classes__0__planned_seats="25")
    walk(page, axe)
    send(page, "submit")
    assert "待审核" in page.inner_text(".help-line")


@pytest.mark.req("PRG-2", "ACC-9")
def test_the_form_fits_a_phone(page_as: Any, axe: Any) -> None:
    page = page_as("institution_admin", size=(360, 740))
    page.goto("/declarations/new")
    page.click("[data-add-row=session]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    axe(page)


@pytest.mark.req("PRG-2")
def test_a_further_row_begins_with_what_rarely_differs(page_as: Any) -> None:
    page = page_as("institution_admin")
    page.goto("/declarations/new")
    page.wait_for_load_state("networkidle")
    values = {"starts_on": "2026-05-11", "place": "报告厅", "planned_seats": "40", "fee": "120"}
    fill(page, **{f"classes__0__{name}": value for name, value in values.items()})
    session = page.locator("[data-into='classes-0-sessions']")
    session.click()
    assert page.input_value("#classes-0-sessions-0-day") == "2026-05-11"
    fill(page, classes__0__sessions__0__day="2026-05-12", classes__0__sessions__0__topic="开班")
    session.click()
    assert page.input_value("#classes-0-sessions-1-day") == "2026-05-12"
    assert page.input_value("#classes-0-sessions-1-topic") == ""
    page.click("[data-add-row=class]")
    kept = [page.input_value(f"#classes-1-{name}") for name in values]
    assert kept == ["", "报告厅", "40", "120"]
