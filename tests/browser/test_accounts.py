"""Accounts in a real browser: live password rules, acts on many, slips on paper, two tabs (ACC-4 to ACC-9)."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.terms import AccountStatus
from app.extensions import db
from app.models import Account, School
from tests.world import PASSWORD


@pytest.mark.req("ACC-4")
def test_the_rules_say_while_one_types_what_is_missing(page_as: Any) -> None:
    page = page_as("teacher")
    page.goto("/account/password")
    page.fill("#new", "zhangminghua")
    page.wait_for_selector('[data-rule="password_name"][data-state="missing"]')
    assert page.locator('[data-rule="password_short"]').get_attribute("data-state") == "met"
    page.fill("#new", "Nebel-Lampe-73")
    page.wait_for_selector('[data-rule="password_name"][data-state="met"]')
    assert page.locator('[data-state="missing"]').count() == 0


@pytest.mark.req("ACC-6")
def test_acts_on_many_accounts_tell_their_number_first(live: Any, page_as: Any) -> None:
    page = page_as("county_admin")
    page.goto("/accountview/list/")
    for name in ("school_inquirer", "school_training_admin"):
        page.locator("tr", has=page.get_by_role("link", name=name, exact=True)).locator("[data-check-row]").check()
    page.locator("[data-bulk-bar] button[value=disable]").click()
    assert "2" in page.locator("#confirm-text").inner_text()
    with page.expect_navigation():
        page.click("#confirm-ok")
    with live.app.app_context():
        kept_out = db.session.query(Account).filter_by(status=AccountStatus.DISABLED)
        assert {account.username for account in kept_out} == {"school_inquirer", "school_training_admin"}


@pytest.mark.req("ACC-6", "ACC-9")
def test_a_disabled_account_is_out_with_its_next_click(page_as: Any) -> None:
    theirs, mine = page_as("school_inquirer"), page_as("county_admin")
    theirs.goto("/account/")
    assert "/login" not in theirs.url
    mine.goto("/accountview/list/?username=school_inquirer")
    with mine.expect_navigation():
        mine.locator("a.row-link").click()
    mine.locator("form[action*='/action/disable/'] button").click()
    with mine.expect_navigation():
        mine.click("#confirm-ok")
    theirs.goto("/account/")
    assert "/login" in theirs.url


@pytest.mark.req("ACC-5")
def test_slips_are_made_and_stand_alone_on_paper(page_as: Any) -> None:
    page = page_as("school_admin")
    page.goto("/account-batches/")
    page.locator("form[action='/account-batches/teachers'].post-button button").click()
    with page.expect_navigation():
        page.click("#confirm-ok")
    page.goto("/first-passwords/")
    with page.expect_navigation():
        page.locator("td form[action='/first-passwords/slips'] button").first.click()
    slips = page.locator(".slip").count()
    assert slips >= 2
    page.emulate_media(media="print")
    assert not page.locator(".sidebar").is_visible()
    assert not page.locator(".no-print").is_visible()
    assert page.locator(".slip").first.is_visible()


@pytest.mark.req("ACC-9")
def test_two_tabs_save_each_its_own_record(live: Any, page_as: Any) -> None:
    one = page_as("provincial_admin")
    two = one.context.new_page()
    with live.app.app_context():
        here, there = (school.id for school in db.session.query(School).order_by(School.code))
    one.goto(f"/schoolview/edit/{here}")
    two.goto(f"{live.url}/schoolview/edit/{there}")
    one.fill("#contact_name", "甲")
    two.fill("#contact_name", "乙")
    for tab in (one, two):
        with tab.expect_navigation():
            tab.click("form.record-form button.btn-primary")
    with live.app.app_context():
        kept = [db.session.get(School, key).contact_name for key in (here, there)]
    assert kept == ["甲", "乙"]


@pytest.mark.req("ACC-9")
def test_a_tab_does_not_send_its_form_for_whoever_signed_in_elsewhere(live: Any, page_as: Any) -> None:
    one = page_as("school_admin")
    one.goto("/account/")
    one.fill("#nickname", "小王")
    two = one.context.new_page()
    two.goto(f"{live.url}/account/")
    two.locator(".person-button").click()
    with two.expect_navigation():
        two.locator(".person-menu form button").click()
    two.fill("#username", "school_inquirer")
    two.fill("#password", PASSWORD)
    with two.expect_navigation():
        two.click("main form button.btn-primary")
    one.click("form.own-form button.btn-primary")
    one.wait_for_selector("#confirm-dialog[open]")
    assert one.input_value("#nickname") == "小王"
    with live.app.app_context():
        assert not db.session.query(Account).filter(Account.nickname.is_not(None)).count()


@pytest.mark.req("ACC-12")
def test_the_matrix_is_changed_marked_and_restored(page_as: Any) -> None:
    page = page_as("security_admin")
    page.goto("/roleview/list/")
    with page.expect_navigation():  # until its scripts are there to ask
        page.get_by_role("link", name="县级管理员").click()
    page.locator("input[value='purge:Teacher']").check()
    page.locator("form.role-matrix button.btn-primary").click()
    with page.expect_navigation():
        page.click("#confirm-ok")
    assert page.locator(".role-given input").get_attribute("value") == "purge:Teacher"
    page.locator("form[action*='/restore/'] button").click()
    with page.expect_navigation():
        page.click("#confirm-ok")
    assert page.locator(".role-given").count() == 0


@pytest.mark.req("ACC-7", "ACC-12", "ACC-6")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_accounts_are_accessible(live: Any, page_as: Any, page: Any, axe: Any, theme: str) -> None:
    page.context.add_cookies([{"name": "theme", "value": theme, "url": live.url}])
    page.goto("/recover/")
    axe(page)
    mine = page_as("system_admin")
    mine.context.add_cookies([{"name": "theme", "value": theme, "url": live.url}])
    role = 6
    for path in (
        "/roleview/list/", f"/roleview/show/{role}", "/roleview/add", "/accountview/list/", "/accountview/add",
        "/account-batches/", "/first-passwords/", "/account/", "/account/password", "/account/tokens",
    ):  # fmt: skip
        mine.goto(path)
        axe(mine)
