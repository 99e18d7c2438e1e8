"""A whole year, walked by clicking: from the calendar to the last step a teacher reads (PRG-1 to ENR-19).

The clock of the demo is moved with the buttons of its bar. Only the teachers' records are there beforehand, and the
institution's region grant.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from app.domain.clock import today
from tests.browser.test_draws import cast_of
from tests.support.browser import PHONE
from tests.support.databases import ROOT, Databases
from tests.support.declarations import PLAN
from tests.support.enrolling import add_teachers
from tests.support.live import Live
from tests.support.walking import Person

TITLE, SECOND = "整本书阅读教学研修", "群文阅读教学研修"
A, B, C = f"{TITLE} #1", f"{TITLE} #2", f"{SECOND} #1"
ZHANG, LI, WANG = "张明华", "李红梅", "王志强"
T1, T2, T3, T4 = (f"某教师{number}" for number in range(100, 104))
REASONS = {"school": "本周有公开课", "cancel": "场地停用", "declined": "与学员专业不符", "adjust": "报告厅只容三人"}


@pytest.fixture(scope="module")
def live(databases: Databases) -> Iterator[Live]:
    """A platform of its own in demo mode, with more teachers at the school."""
    with Live(databases, DEMO="true") as server:
        with server.app.app_context():
            add_teachers(cast_of(), 4)
        yield server


@pytest.fixture
def people(page_as: Callable[..., Any]) -> dict[str, Person]:
    """Everybody of the journey, signed in that morning."""
    phone = {"size": PHONE, "has_touch": True, "is_mobile": True}
    staff = {
        "province": "provincial_admin", "bureau": "county_admin", "institution": "institution_admin",
        "school": "school_admin",
    }  # fmt: skip
    teachers = {ZHANG: "teacher", T1: "t100"}
    return {name: Person(page_as(username)) for name, username in staff.items()} | {
        name: Person(page_as(username, **phone), phone=True) for name, username in teachers.items()
    }


def jump(people: dict[str, Person], stop: str) -> None:
    """Let the province move the clock to the next stop."""
    province = people["province"]
    province.click(province.page.locator(".demo-clock").get_by_role("button", name=f"跳到：{stop}"))
    expect(province.page.locator("#messages")).to_contain_text(stop)


@pytest.mark.req(
    "PRG-1", "PRG-2", "PRG-3", "PRG-4", "PRG-5", "PRG-8", "ENR-1", "ENR-2", "ENR-4", "ENR-5", "ENR-6", "ENR-7", "ENR-8",
    "ENR-9", "ENR-10", "ENR-11", "ENR-13", "ENR-16", "ENR-17", "ENR-19",
)  # fmt: skip
def test_a_year_from_the_calendar_to_the_last_step(live: Live, people: dict[str, Person], tmp_path: Path) -> None:
    set_the_calendar(people["province"])
    jump(people, "申报")
    declare(people["institution"], tmp_path)
    copy_the_declaration(people["institution"], tmp_path)
    jump(people, "审核")
    review(people["bureau"])
    jump(people, "第一轮报名")
    choose_on_a_phone(people)
    enroll_for_others(people["school"])
    decide(people)
    jump(people, "办班调整")
    adjust(people["bureau"])
    see_the_cancelled_class(people[ZHANG])
    jump(people, "筛选")
    out = draw(people["institution"], tmp_path)
    declined = confirm_and_decline(people["institution"], out)
    jump(people, "二轮补报")
    first_come_first_served(people, declined)
    read_every_step(people[ZHANG])


# --- the calendar and the programmes


def set_the_calendar(province: Person) -> None:
    """The province opens a year whose windows are copied; the review begins some days after declaring does."""
    tomorrow = today() + timedelta(days=1)
    province.menu("年度日程")
    province.link("新增培训年度")
    province.fill(first=f"{tomorrow}")
    province.press("填入")
    review_opens = f"{tomorrow + timedelta(days=3)}T08:00"
    province.fill(starts_on=f"{today()}", ends_on=f"{today() + timedelta(days=364)}", opens_review=review_opens)
    province.page.get_by_label("设为当前年度").check()
    province.press("保存")
    province.reads("已保存", "一轮报名", "二轮补报")


def declare(institution: Person, folder: Path) -> None:
    """The institution declares two classes and a plan; the page tells at once which bureau reviews them."""
    institution.menu("项目申报")
    institution.link("申报项目")
    page = institution.page
    page.wait_for_load_state("networkidle")  # the tree of regions and the parts that repeat
    institution.fill(
        title=TITLE, credit_hours="24", goals="会教整本书", contents="阅读策略", lecturers__0__name="方晓华"
    )
    page.locator(".region-tree li label").first.click()
    expect(page.locator("[data-routed]")).to_contain_text("西湖区教育局")
    fill_class(institution, 0, seats=2, day=120)
    page.click("[data-add-row=class]")
    fill_class(institution, 1, seats=4, day=130)
    hand_in(institution, folder)


def fill_class(institution: Person, number: int, *, seats: int, day: int) -> None:
    """Fill in a class of two days, `day` days from now."""
    first = today() + timedelta(days=day)
    values = {"starts_on": f"{first}", "ends_on": f"{first + timedelta(days=1)}", "planned_seats": f"{seats}"}
    institution.fill(**{f"classes__{number}__{name}": text for name, text in (values | {"place": "报告厅"}).items()})


def hand_in(institution: Person, folder: Path) -> None:
    """Choose the plan file and hand the declaration in."""
    plan = folder / "方案.pdf"
    plan.write_bytes(PLAN.content)
    institution.page.set_input_files("#plan_file", plan)
    institution.press("提交审核")
    institution.confirm()
    institution.reads("待审核", "西湖区教育局")


def copy_the_declaration(institution: Person, folder: Path) -> None:
    """A second programme begins as a copy of the first; it has one class."""
    institution.press("复制为新草稿")
    page = institution.page
    page.wait_for_load_state("networkidle")
    institution.click(page.locator("[data-class] .class-head [data-remove-row]").last)
    institution.fill(title=SECOND)
    fill_class(institution, 0, seats=3, day=140)
    page.locator("#batch").select_option(index=1)
    hand_in(institution, folder)


def review(bureau: Person) -> None:
    """The bureau adjusts the second class and approves both, the second with a checkpoint; then the other programme."""
    bureau.waiting("待审核项目")
    bureau.link(TITLE)
    page = bureau.page
    page.get_by_text("调整申报内容").click()
    adjustment = page.locator("details.adjust")
    adjustment.locator("input[name$=planned_seats]").nth(1).fill("3")
    adjustment.locator("input[name=reason]").fill(REASONS["adjust"])
    bureau.press("保存调整")
    bureau.reads(REASONS["adjust"])
    for approve in page.locator("input[name$=-decision][value=approve]").all():
        approve.check()
    page.locator("select[name$=checkpoint]").nth(1).select_option(value="county")
    bureau.press("提交审核意见")
    bureau.reads("审核通过")
    bureau.menu("待审核项目")
    bureau.choose(SECOND)
    bureau.press("审核通过")
    bureau.confirm("1")
    bureau.reads("没有待审核的项目")


# --- round one


def choose_on_a_phone(people: dict[str, Person]) -> None:
    """Two teachers choose on their phones; one takes a class and gives it back."""
    zhang = people[ZHANG]
    zhang.menu("选课目录")
    for name in (A, B, C):
        enroll(zhang, name)
    zhang.click(card(zhang, B).get_by_role("button", name="退选"))
    zhang.confirm(B)
    expect(zhang.page.locator("body")).to_contain_text("已退选，学时已释放。")
    people[T1].menu("选课目录")
    enroll(people[T1], C)


def card(person: Person, name: str) -> Any:
    """The card of a class in the catalogue."""
    return person.page.locator("[data-class]", has_text=name)


def enroll(person: Person, name: str) -> None:
    """Tap the button of a class."""
    person.click(card(person, name).get_by_role("button", name="报名"))
    expect(card(person, name)).to_contain_text("待学校审核")


def enroll_for_others(school: Person) -> None:
    """The school enrolls those who asked for it."""
    for name, teachers in ((A, (LI, WANG, T2, T3)), (B, (T2, T4))):
        school.menu("代教师报名")
        school.link(name)
        school.choose(*teachers)
        school.press("报名")
        school.reads(f"已代报 {len(teachers)} 人")


def decide(people: dict[str, Person]) -> None:
    """The school rejects one with a reason and approves the others; the bureau approves at its checkpoint."""
    school, bureau = people["school"], people["bureau"]
    school.menu("审核本校报名")
    refuse(school, T3, REASONS["school"])
    school.reads("已退回 1 项")
    approve_all(school, 8)
    bureau.menu("审核报名")
    approve_all(bureau, 2)


def refuse(reviewer: Person, name: str, reason: str) -> None:
    """Refuse one, with a reason."""
    reviewer.choose(name)
    panel = reviewer.page.locator("[data-review-reject]")
    panel.locator("summary").click()
    panel.locator("#reason").fill(reason)
    panel.locator("button").click()


def approve_all(reviewer: Person, count: int) -> None:
    """Approve everybody on the list."""
    reviewer.tick(reviewer.page.locator("[data-check-all]"))
    reviewer.click(reviewer.page.locator("[data-review-key=a]"))
    reviewer.reads(f"已同意 {count} 项")


# --- after round one


def adjust(bureau: Person) -> None:
    """The bureau looks at the numbers, gives one class a seat more and cancels another."""
    bureau.menu("班期调整")
    bureau.link(A)
    bureau.reads("若名额为 3 个")
    bureau.press("扩班")
    bureau.confirm("2")
    bureau.reads("已扩至 3 个名额")
    bureau.menu("班期调整")
    bureau.link(C)
    bureau.fill(cancel__reason=REASONS["cancel"])
    bureau.press("取消办班")
    bureau.confirm("2")
    bureau.reads("已通知 2 名教师")


def see_the_cancelled_class(zhang: Person) -> None:
    """Whose class was cancelled reads why, and what else is open."""
    zhang.menu("我的报名")
    lost = zhang.page.locator(".own-card", has_text=C)
    expect(lost).to_contain_text("班级取消")
    expect(lost).to_contain_text(REASONS["cancel"])
    expect(lost.locator(".own-alikes")).to_contain_text(B)


def draw(institution: Person, folder: Path) -> str:
    """The institution freezes and draws; browser and script work it out again. Returns who was not drawn."""
    institution.waiting("待冻结并筛选的班期")
    institution.link(A)
    institution.press("冻结名单")
    institution.confirm("4", "3")
    institution.reads("待筛选")
    institution.press("立即筛选")
    institution.confirm("3", "4", "1")
    institution.reads("已筛选")
    out = institution.page.locator("main tbody tr", has_text="未中签").locator("td[data-label=教师]").inner_text()
    institution.link("核验筛选")
    verdict = institution.page.locator("[data-verify-verdict]")
    expect(verdict).to_have_attribute("data-tone", "good")
    kept = institution.download("公布的文件", folder)
    done = subprocess.run([sys.executable, ROOT / "tools/verify_draw.py", kept], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    return out.strip()


def confirm_and_decline(institution: Person, out: str) -> str:
    """One who was drawn is declined: the reserve moves up at once, and is confirmed. Returns who was declined."""
    declined = next(name for name in (LI, WANG, T2) if name != out)
    only(institution, A)
    refuse(institution, declined, REASONS["declined"])
    institution.reads("复核不通过 1 项", out)
    confirm_all(institution, 3)
    only(institution, B)
    refuse(institution, T2, REASONS["declined"])
    institution.reads("复核不通过 1 项")
    confirm_all(institution, 1)
    return declined


def only(institution: Person, name: str) -> None:
    """Show who waits in one class."""
    institution.menu("复核报名")
    choices = institution.page.locator("#filter-class option", has_text=name)
    institution.page.locator("#filter-class").select_option(choices.get_attribute("value"))
    institution.press("查询")
    expect(institution.page.locator(".chip")).to_contain_text(name)


def confirm_all(institution: Person, count: int) -> None:
    """Confirm everybody on the list."""
    institution.tick(institution.page.locator("[data-check-all]"))
    institution.click(institution.page.locator("[data-review-key=a]"))
    institution.reads(f"复核通过 {count} 项")


# --- round two


def first_come_first_served(people: dict[str, Person], declined: str) -> None:
    """Three want the two seats that are left: two have them, the last is told that the class is full."""
    first, late, school = people[ZHANG], people[T1], people["school"]
    for person in (first, late):
        person.menu("我的报名")
        person.link("查看尚有名额")
    enroll(first, B)
    school.menu("代教师报名")
    school.link(B)
    school.choose(declined)
    school.press("报名")
    school.reads("已代报 1 人")
    late.click(card(late, B).get_by_role("button", name="报名"))
    expect(card(late, B)).to_contain_text("3 个名额已全部报满")
    school.menu("审核本校报名")
    approve_all(school, 2)
    people["bureau"].menu("审核报名")
    approve_all(people["bureau"], 2)
    only(people["institution"], B)
    confirm_all(people["institution"], 2)


def read_every_step(zhang: Person) -> None:
    """The teacher reads what became of it, with day, organisation and reason of every step."""
    zhang.menu("我的报名")
    second = zhang.page.locator(".own-card", has_text="二轮补报")
    expect(second).to_contain_text(B)
    second.get_by_role("link", name="全部进程").click()
    lines = zhang.page.locator(".time-line li")
    expect(lines).to_have_count(4)
    zhang.reads("报名", "文三路小学", "西湖区教育局", "西溪教师进修学校", "复核通过")
    zhang.menu("我的报名")
    lost = zhang.page.locator(".own-card", has_text=C)
    lost.get_by_role("link", name="全部进程").click()
    expect(lines).to_have_count(3)
    zhang.reads("班级取消", REASONS["cancel"], "西湖区教育局")
