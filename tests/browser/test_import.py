"""A secretary imports a file with errors: plan, error workbook, mended, imported; on a phone too (TCH-6)."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.domain.identity import check_character
from app.domain.terms import JobState
from app.extensions import db
from app.jobs.runner import run
from app.models import BackgroundJob, Teacher
from tests.support import browser as chromium
from tests.support.workbooks import workbook
from tests.world import national_id

pytestmark = pytest.mark.req("TCH-6")

HEAD = ["姓名", "身份证号", "学段", "学科", "手机"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def new_id(number: int) -> str:
    """An invented ID number of nobody in the world."""
    body = f"33112619850615{number:03d}"
    return body + check_character(body)


ROWS = [
    ["单小芳", new_id(2), "小学", "语文", "139 0000 1111"],
    ["张改名", national_id(1), "小学", "语文", ""],
    ["李红梅", national_id(2), "小学", "语文", ""],
    ["仇 小 明", new_id(3)[:-1] + "Q", "小学", "语文", "12345"],
    ["单小芳", new_id(2), "小学", "语文", ""],
    ["陈小燕", national_id(4), "小学", "语文", ""],
]


@pytest.fixture
def work(live: Any) -> Callable[[], None]:
    """`work()` does what waits for the worker, of which a test server has none."""

    def do() -> None:
        with live.app.app_context():
            waiting = select(BackgroundJob.id).where(BackgroundJob.state == JobState.QUEUED)
            for number in db.session.scalars(waiting).all():
                run(number, stopping=lambda: False)

    return do


def upload(page: Page, data: bytes, name: str = "教师名单.xlsx") -> None:
    page.locator("#file").set_input_files({"name": name, "mimeType": XLSX, "buffer": data})
    page.get_by_role("button", name="上传并检查").click()


def watched(page: Page, work: Callable[[], None]) -> None:
    """Wait for the page that watches the work, then let it be done."""
    expect(page.locator("progress, [role=progressbar]").first).to_be_visible()
    work()


def planned(page: Page, work: Callable[[], None]) -> None:
    """Wait until the page that watches the check shows the plan by itself."""
    watched(page, work)
    expect(page.get_by_role("navigation", name="各结果行数")).to_be_visible(timeout=20_000)


def applied(page: Page, work: Callable[[], None], rows: int) -> None:
    """Agree to the plan and wait until `rows` rows are written."""
    page.reload()  # a download leaves the page in the midst of going away; the question before sending is a script's
    page.get_by_role("button", name="确认导入").click()
    page.get_by_role("dialog").get_by_role("button", name="确认导入").click()
    watched(page, work)
    expect(page.get_by_text(f"已写入 {rows} 行")).to_be_visible(timeout=20_000)


def saved(page: Page, name: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    return Path(download.value.path()).read_bytes()


def test_import_with_errors_mended_and_imported(
    live: Any, page_as: Callable[..., Page], work: Callable[[], None], axe: Callable[[Page], None]
) -> None:
    page = page_as("school_admin")
    page.goto("/teacherview/list/")
    page.get_by_role("link", name="导入", exact=True).click()
    axe(page)
    titles = [cell.value for cell in load_workbook(BytesIO(saved(page, "下载模板"))).worksheets[0][1]]
    assert titles[:3] == ["师训号", "姓名*", "身份证号*"]
    assert "出生年月" not in titles

    upload(page, workbook([HEAD, *ROWS]))
    planned(page, work)
    for words in ("新增", "更新", "无变化", "文件内重复", "属于其他学校", "错误"):
        expect(page.get_by_role("link", name=words).first).to_be_visible()
    expect(page.locator("main")).to_contain_text("张明华")
    expect(page.locator("main")).not_to_contain_text(new_id(2))
    axe(page)
    page.get_by_role("link", name="错误").last.click()
    expect(page.locator("main")).to_contain_text("手机")

    book = load_workbook(BytesIO(saved(page, "下载错误清单")))
    sheet = book.active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ["仇 小 明", "单小芳", "陈小燕"]
    assert "身份证号" in sheet.cell(2, len(HEAD) + 1).value
    sheet["B2"], sheet["E2"] = new_id(3), "13900002222"
    sheet.delete_rows(3, 2)
    mended = BytesIO()
    book.save(mended)

    applied(page, work, 2)
    expect(page.locator(".alert-success")).to_contain_text("另有 3 行未导入")
    page.get_by_role("link", name="再导入一个文件").click()
    upload(page, mended.getvalue(), "改好的.xlsx")
    planned(page, work)
    applied(page, work, 1)
    page.get_by_role("link", name="查看列表").click()
    expect(page.locator("main")).to_contain_text("仇小明")
    with live.app.app_context():
        names = set(db.session.scalars(select(Teacher.name)))
    assert {"单小芳", "张改名", "仇小明"} <= names


def test_a_file_that_is_none_is_told_on_the_form(page_as: Callable[..., Page]) -> None:
    page = page_as("school_admin")
    page.goto("/imports/upload/teachers")
    upload(page, "姓名,身份证号\n".encode(), "名单.xlsx")
    expect(page.get_by_role("alert")).to_contain_text(".xlsx", timeout=20_000)
    expect(page.locator("#file")).to_be_visible()
    page.watch.allow("422")  # type: ignore[attr-defined]


def test_the_plan_reads_well_on_a_phone(
    page_as: Callable[..., Page], work: Callable[[], None], axe: Callable[[Page], None]
) -> None:
    page = page_as("school_admin", size=chromium.PHONE)
    page.goto("/imports/upload/teachers")
    upload(page, workbook([HEAD, *ROWS]))
    planned(page, work)
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
