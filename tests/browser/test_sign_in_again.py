"""Signing in again in place, with the picture question (ACC-8, ACC-9)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from app.extensions import db
from app.models import Captcha, ParameterValue
from tests.support.accounts import VAULT
from tests.world import PASSWORD


@pytest.mark.req("ACC-8", "ACC-9")
def test_the_picture_is_answered_without_leaving_the_page(live: Any, page_as: Any) -> None:
    with live.app.app_context():
        db.session.add(ParameterValue(name="captcha", value="always"))
        db.session.commit()
    page = page_as("county_admin")
    page.goto("/account/password")
    page.context.clear_cookies()
    page.fill("#old", PASSWORD)
    page.fill("#new", "Gruen-9182-Wald")
    page.fill("#repeat", "Gruen-9182-Wald")
    page.click("main form button.btn-primary")
    page.wait_for_selector("#sign-in-dialog[open]")
    page.context.clear_cookies()  # as when another request begins a session too: the token in the page counts no more
    page.fill("#again-password", PASSWORD)
    page.click("#sign-in-dialog [type=submit]")
    page.wait_for_selector("#sign-in-dialog img[src^='data:image/png']")
    answer_all_with("KKKK", page.input_value("#sign-in-dialog [name=captcha_token]"), live)
    page.fill("#again-password", PASSWORD)
    page.fill("#again-captcha", "kkkk")
    with page.expect_navigation():
        page.click("#sign-in-dialog [type=submit]")
    assert page.locator("#sign-in-dialog[open]").count() == 0
    assert "/login" not in page.url
    page.watch.allow("400")
    page.watch.allow("401")  # the page checks the typed password while the session is over
    page.watch.allow("422")


def answer_all_with(answer: str, token: str, live: Any) -> None:
    """Make `answer` the right one to the question of `token`."""
    with live.app.app_context():
        key = VAULT.key(f"captcha/{token}/{answer}")
        changed = db.session.execute(update(Captcha).where(Captcha.token == token).values(answer_key=key))
        assert changed.rowcount == 1
        db.session.commit()
