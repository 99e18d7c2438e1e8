"""The secretary's hour in Chromium: paste, errors, undo, fill, save, conflicts, keyboard alone, a phone (TCH-5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import func, select, update

from app.domain.identity import check_character
from app.extensions import db
from app.models import Subject, Teacher
from tests.support import browser as chromium
from tests.world import PASSWORD

pytestmark = pytest.mark.req("TCH-5")

PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const options = { clipboardData: data, bubbles: true, cancelable: true };
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", options));
}"""
COPY = """() => {
  const data = new DataTransfer();
  const options = { clipboardData: data, bubbles: true, cancelable: true };
  document.activeElement.dispatchEvent(new ClipboardEvent("copy", options));
  return data.getData("text/plain");
}"""
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许", "一二三四五六七八九十"


def new_id(number: int) -> str:
    """An invented ID number of nobody in the world."""
    body = f"3301061990{number // 28 % 12 + 1:02d}{number % 28 + 1:02d}{number:03d}"
    return body + check_character(body)


def person(number: int) -> str:
    return SURNAMES[number // 10] + GIVEN[number % 10] + "明"


@pytest.fixture
def grid(live: Any, page_as: Callable[..., Page]) -> Callable[..., Page]:
    """`grid(username)` opens the grid, ready for the keyboard."""

    def open_grid(username: str = "school_admin", **options: Any) -> Page:
        page = page_as(username, **options)
        page.goto("/teachers/grid/")
        page.wait_for_selector("[data-teacher-grid][data-ready]")
        if not options:
            expect(page.locator(".tabulator-cell.is-active")).to_be_visible()
        return page

    with live.app.app_context():
        db.session.add(Subject(code="S02", name="数学", position=2))
        db.session.commit()
    return open_grid


def cell(page: Page, row: int, name: str) -> Locator:
    """The cell of the `row`-th row as people count."""
    return page.locator(f'.tabulator-row[data-index="{row - 1}"] [tabulator-field="{name}"]')


def counts(page: Page) -> Locator:
    return page.locator("[data-grid-counts]")


def stored(live: Any, name: str) -> Teacher | None:
    with live.app.app_context():
        row: Teacher | None = db.session.scalar(select(Teacher).where(Teacher.name == name))
        assert row is None or row.subject is not None
        return row


def test_two_hundred_new_teachers_are_pasted_mended_taken_back_and_saved(
    live: Any, grid: Callable[..., Page], axe: Callable[[Page], None]
) -> None:
    page = grid()
    lines = []
    for number in range(200):
        subject = "雨文" if number == 150 else "语文"
        lines.append(
            f'"{person(number)[:2]}\n{person(number)[2:]}"\t{new_id(number)}\t\t\t"1390000{number:04d}"\t小学\t\t{subject}'
        )
    page.keyboard.press("Control+End")
    page.keyboard.press("Home")
    assert page.locator(".tabulator-tableholder").evaluate("holder => holder.scrollLeft") == 0
    page.evaluate(PASTE, "\r\n".join(lines) + "\r\n")
    expect(counts(page)).to_have_text("改了 200 行，1 处有误")
    expect(page.locator("[data-grid-errors] li")).to_have_count(1)
    axe(page)
    page.keyboard.press("Control+z")
    expect(counts(page)).to_have_text("没有改动")
    expect(page.locator("[data-teacher-grid] [role=grid]")).to_have_attribute("aria-rowcount", "5")
    page.keyboard.press("Control+y")
    expect(counts(page)).to_have_text("改了 200 行，1 处有误")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-grid-why]")).not_to_be_empty()  # the first error has the focus
    page.watch.allow("422")  # type: ignore[attr-defined]
    assert stored(live, person(0)) is None
    page.keyboard.type("语文")
    page.keyboard.press("Enter")
    expect(counts(page)).to_have_text("改了 200 行")
    page.keyboard.press("Control+s")
    expect(counts(page)).to_have_text("没有改动")
    with live.app.app_context():
        assert db.session.scalar(select(func.count()).where(Teacher.name.in_(map(person, range(200))))) == 200


@pytest.mark.req("ACC-9")
def test_what_two_people_changed_is_shown_side_by_side(
    live: Any, grid: Callable[..., Page], axe: Callable[[Page], None]
) -> None:
    mine, theirs = grid("school_admin"), grid("county_admin")
    write(cell(theirs, 2, "subject"), "数学")
    theirs.keyboard.press("Control+s")
    expect(counts(theirs)).to_have_text("没有改动")
    write(cell(mine, 2, "office_phone"), "0571 87000000")
    write(cell(mine, 3, "subject"), "sx")
    mine.keyboard.press("Control+s")
    expect(counts(mine)).to_have_text("改了 1 行，1 行与他人的修改冲突")
    panel = mine.locator("[data-grid-conflicts]")
    expect(panel.locator("tbody tr")).to_have_count(2)
    expect(panel.get_by_label("数学")).to_be_checked()
    axe(mine)
    panel.get_by_role("button", name="按此选择").click()
    expect(counts(mine)).to_have_text("改了 1 行")
    mine.click("[data-do=save]")
    expect(counts(mine)).to_have_text("没有改动")
    with live.app.app_context():
        changed = select(Teacher.office_phone, Subject.name).join(Teacher.subject).where(Teacher.name == "李红梅")
        assert db.session.execute(changed).one() == ("0571-87000000", "数学")


def write(target: Locator, text: str) -> None:
    """Go to a cell with the mouse and write over it."""
    target.click()
    target.page.keyboard.type(text)
    target.page.keyboard.press("Enter")


def test_the_keyboard_alone_fills_copies_finds_and_saves(live: Any, grid: Callable[..., Page]) -> None:
    page = grid()
    keys = page.keyboard
    for _ in range(7):
        keys.press("Tab")
    keys.type("sx")  # the first letters of 数学
    keys.press("Enter")
    expect(cell(page, 1, "subject")).to_have_text("数学")
    keys.press("ArrowUp")
    keys.press("Shift+ArrowDown")
    keys.press("Shift+ArrowDown")
    keys.press("Control+d")
    expect(counts(page)).to_have_text("改了 3 行")
    assert page.evaluate(COPY) == "数学\r\n数学\r\n数学"
    keys.press("Control+z")
    expect(counts(page)).to_have_text("改了 1 行")
    keys.press("F2")
    keys.press("Escape")
    keys.press("Delete")
    expect(page.locator("[data-grid-errors] li")).to_have_count(3)
    keys.press("Control+z")
    keys.press("Control+f")
    keys.type("王志强")
    keys.press("Enter")
    keys.press("Escape")
    expect(page.locator("[data-grid-place]")).to_contain_text("第 3 行 王志强")
    keys.press("F1")
    expect(page.get_by_role("heading", name="表格快捷键")).to_be_visible()
    keys.press("Escape")
    keys.press("Escape")
    expect(page.locator("[data-do=save]")).to_be_focused()
    keys.press("Enter")
    expect(counts(page)).to_have_text("没有改动")


def test_the_handle_fills_down_and_a_field_is_set_for_many(grid: Callable[..., Page]) -> None:
    page = grid()
    write(cell(page, 1, "subject"), "数学")
    source = cell(page, 1, "subject")
    source.click()
    expect(source).to_have_class(re.compile("has-handle"))
    box = source.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] - 4)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 2.5 * box["height"], steps=5)
    page.mouse.up()
    expect(counts(page)).to_have_text("改了 3 行")
    page.keyboard.press("Control+a")
    page.click("[data-do=bulk]")
    expect(page.locator("[data-bulk-rows]")).to_have_text("将设置 3 行；可用 Ctrl+Z 撤销。")
    page.select_option("#bulk-field", "office_phone")
    page.fill("[data-bulk-value] input", "0571-87000000")
    page.click("[data-grid-bulk] [name=ok]")
    expect(cell(page, 3, "office_phone")).to_have_text("0571-87000000")
    page.keyboard.press("Control+z")
    expect(cell(page, 3, "office_phone")).to_have_text("")
    expect(counts(page)).to_have_text("改了 3 行")


def test_numbers_are_masked_and_typed_whole_and_school_stays(grid: Callable[..., Page]) -> None:
    page = grid()
    cell(page, 1, "mobile").click()
    page.keyboard.press("F2")
    expect(page.locator("[data-grid-input]")).to_have_value("")
    page.keyboard.press("Enter")
    expect(counts(page)).to_have_text("没有改动")
    page.keyboard.type("12345")
    page.keyboard.press("Enter")
    expect(page.locator("[data-grid-errors]")).to_contain_text("手机号")
    cell(page, 1, "school").click()
    page.keyboard.type("某校")
    expect(page.locator("#toasts")).to_contain_text("调动")


def test_an_ended_session_is_begun_anew_in_place_and_nothing_is_lost(live: Any, grid: Callable[..., Page]) -> None:
    page = grid()
    write(cell(page, 2, "office_phone"), "0571-87000000")
    expect(page.locator("[data-grid-state]")).to_be_empty()
    page.context.clear_cookies()
    write(cell(page, 2, "email"), "li@example.com")
    expect(page.locator("[data-grid-state]")).to_contain_text("尚未校验")
    page.watch.allow("400")  # type: ignore[attr-defined]
    page.keyboard.press("Control+s")
    page.fill("#again-username", "school_admin")
    page.fill("#again-password", PASSWORD)
    page.click("#sign-in-dialog [type=submit]")
    expect(counts(page)).to_have_text("没有改动")
    row = stored(live, "李红梅")
    assert row is not None
    assert (row.office_phone, row.email) == ("0571-87000000", "li@example.com")
    page.watch.allow("400")  # type: ignore[attr-defined]


def test_leaving_with_changes_asks(grid: Callable[..., Page]) -> None:
    page = grid()
    write(cell(page, 2, "office_phone"), "0571-87000000")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.click("text=返回列表")
    assert asked == ["beforeunload"]
    expect(counts(page)).to_have_text("改了 1 行")


def test_on_a_phone_one_teacher_at_a_time(live: Any, grid: Callable[..., Page], axe: Callable[[Page], None]) -> None:
    page = grid("school_admin", size=chromium.PHONE)
    axe(page)
    page.click("text=李红梅")
    page.fill("#row-email", "li")
    axe(page)
    page.click("[data-grid-row] .btn-primary")
    expect(counts(page)).to_have_text("改了 1 行，1 处有误")
    page.click("[data-do=error]")
    page.fill("#row-email", "li@example.com")
    page.click("[data-grid-row] .btn-primary")
    expect(counts(page)).to_have_text("改了 1 行")
    page.click("[data-do=save]")
    expect(counts(page)).to_have_text("没有改动")
    row = stored(live, "李红梅")
    assert row is not None
    assert row.email == "li@example.com"
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


def test_blocks_of_the_clipboard_are_read_as_a_spreadsheet_writes_them(grid: Callable[..., Page]) -> None:
    page = grid()
    read = """async text => {
      const script = document.querySelector("script[type=module]").src;
      const { parse, format } = await import(new URL("grid/clipboard.js", script).href);
      return [parse(text), format(parse(text))];
    }"""
    for text, rows, again in (
        ("", [], ""),
        ("甲", [["甲"]], "甲"),
        ("甲\t乙\r\n丙\t\r\n", [["甲", "乙"], ["丙", ""]], "甲\t乙\r\n丙\t"),
        ('"甲\n""乙"""\t丙\n', [['甲\n"乙"', "丙"]], '"甲\n""乙"""\t丙'),
        ('"甲\t乙\n', [['"甲', "乙"]], '"""甲"\t乙'),
        ("\t\n\t", [["", ""], ["", ""]], "\t\r\n\t"),
        ("甲\r\r乙", [["甲"], [""], ["乙"]], "甲\r\n\r\n乙"),
    ):
        assert page.evaluate(read, text) == [rows, again], repr(text)


def test_a_pasted_head_says_which_column_each_is(live: Any, grid: Callable[..., Page]) -> None:
    page = grid()
    cell(page, 1, "name").click()
    page.evaluate(PASTE, "学科\t办公电话\r\n数学\t0571-87000001\r\n数学\t0571-87000002")
    expect(cell(page, 2, "office_phone")).to_have_text("0571-87000002")
    expect(cell(page, 1, "subject")).to_have_text("数学")
    expect(cell(page, 1, "name")).to_have_text("张明华")


def test_five_hundred_rows_are_drawn_in_part_and_reached_at_once(live: Any, grid: Callable[..., Page]) -> None:
    with live.app.app_context():
        school = db.session.scalar(select(Teacher.school_id).where(Teacher.name == "李红梅"))
        rows = [
            Teacher(teacher_number=f"T{number:04d}", name=person(number % 200), gender="male", school_id=school)
            for number in range(500)
        ]
        db.session.add_all(rows)
        db.session.execute(update(Teacher).values(mobile=None))
        db.session.commit()
    page = grid()
    expect(page.locator("[role=grid]")).to_have_attribute("aria-rowcount", "502")
    assert page.locator(".tabulator-row").count() < 120
    page.keyboard.press("Control+End")
    expect(page.locator(".tabulator-cell.is-active")).to_have_attribute("aria-colindex", "16")
    expect(page.locator("[data-grid-more]")).to_contain_text("503")
