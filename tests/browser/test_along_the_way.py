"""What is no address of its own: refusals, forms with faults, open menus and boxes; as sound as every page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.extensions import db
from app.models import Account
from tests.support import browser as chromium
from tests.support.pages import LOOKS, Visit, faults
from tests.world import PASSWORD


@pytest.fixture(params=LOOKS)
def sound_as(request: pytest.FixtureRequest, live: Any, page_as: Any) -> Callable[..., Any]:
    """`sound_as(username)` opens a page at a desk in the light or on a phone in the dark; `.sound()` looks at it."""
    theme = request.param

    def opened(username: str | None) -> Any:
        page = page_as(username, **LOOKS[theme])
        page.context.add_cookies([{"name": "theme", "value": theme, "url": live.url}])

        def sound() -> None:
            assert faults(page, Visit("SignInView.login", page.url, username)) + chromium.axe(page) == []

        page.sound, page.narrow = sound, theme == "dark"
        return page

    return opened


@pytest.mark.req("ACC-7", "ACC-8")
def test_the_door(sound_as: Any) -> None:
    page = sound_as(None)
    page.goto("/login/")
    page.fill("#username", "teacher")
    page.fill("#password", "wrong")
    with page.expect_navigation():
        page.click("main form button.btn-primary")
    page.sound()
    page.goto("/recover/")
    with page.expect_navigation():
        page.click("main form button.btn-primary")
    page.sound()
    page.watch.allow("the server responded with a status of 4")


@pytest.mark.req("ACC-4")
def test_the_forced_change(live: Any, sound_as: Any) -> None:
    with live.app.app_context():
        db.session.query(Account).filter_by(username="school_inquirer").update({"must_change_password": True})
        db.session.commit()
    page = sound_as("school_inquirer")
    page.goto("/schoolview/list/")
    assert page.url.endswith("/account/password")
    page.sound()
    page.locator("main form input[type=password]").nth(1).fill("abc")
    with page.expect_navigation():
        page.click("main form button.btn-primary")
    page.sound()
    page.watch.allow("the server responded with a status of 4")


@pytest.mark.req("ORG-6")
@pytest.mark.parametrize("path", ["/accountview/list/", "/schoolview/show/987654", "/nowhere"])
def test_refusals(sound_as: Any, path: str) -> None:
    page = sound_as("teacher")
    assert page.goto(path).status in (403, 404)
    page.sound()
    page.watch.allow("the server responded with a status of 40")


def test_a_form_with_faults_keeps_what_was_typed(sound_as: Any) -> None:
    page = sound_as("provincial_admin")
    page.goto("/schoolview/add")
    page.fill("#name", "新城小学")
    with page.expect_navigation():
        page.click("form.record-form button.btn-primary")
    assert page.input_value("#name") == "新城小学"
    page.sound()
    page.watch.allow("the server responded with a status of 422")


def test_open_boxes_menus_and_questions(sound_as: Any) -> None:
    page = sound_as("provincial_admin")
    page.goto("/schoolview/edit/1")
    page.wait_for_selector(".ts-wrapper")
    page.locator(".ts-control input").first.focus()
    page.wait_for_selector(".ts-dropdown .option")
    page.sound()
    page.goto("/schoolview/list/")
    page.locator("[data-check-row]").first.check()
    page.locator(".row-button[data-confirm]").first.click()
    page.wait_for_selector("#confirm-dialog[open]")
    page.sound()
    page.keyboard.press("Escape")
    page.locator("button.person-button").click()
    page.wait_for_selector(".person-menu.show")
    page.sound()
    page.keyboard.press("Escape")
    if page.narrow:
        page.locator(".topbar [data-bs-target='#sidebar']").click()
        page.wait_for_selector("#sidebar.show:not(.showing)")
        page.sound()


def test_an_empty_list_and_one_without_a_match(sound_as: Any) -> None:
    page = sound_as("provincial_admin")
    for path in ("/schoolview/list/?name=没有", "/search/?q=没有", "/search/?q=小学", "/first-passwords/"):
        page.goto(path)
        page.sound()


def test_signing_in_by_keyboard_alone(sound_as: Any) -> None:
    page = sound_as(None)
    page.goto("/login/")
    page.focus("#username")
    page.keyboard.type("provincial_admin")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
