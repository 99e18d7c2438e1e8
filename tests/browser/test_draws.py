"""An institution freezes and draws, anybody checks it in the browser (ENR-8, ENR-9, ENR-18)."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Account, Bureau, Programme, School, Stage, Subject
from tests.support import browser as chromium
from tests.support.drawing import overfull
from tests.world import BUREAUS, SCHOOLS

pytestmark = pytest.mark.req("ENR-8", "ENR-9")
SEATS, CANDIDATES = 5, 12


@pytest.fixture
def class_id(live: Any) -> int:
    """An over-full class; the windows of the cast are long over by the real clock."""
    with live.app.app_context():
        row, _ = overfull(cast_of(), seats=SEATS, candidates=CANDIDATES)
        return int(row.id)


def cast_of() -> Any:
    """What `overfull` needs of the cast, from the running platform's database."""

    def first(model: type[Any], column: Any, value: str) -> Any:
        return db.session.scalar(select(model).where(column == value))

    return SimpleNamespace(
        programme={"xihu": first(Programme, Programme.number, "2026XIHU")},
        school={"xihu": first(School, School.name, SCHOOLS["xihu"])},
        bureau={"xihu": first(Bureau, Bureau.name, BUREAUS["xihu"])},
        account={"teacher": first(Account, Account.username, "teacher")},
        stage=db.session.scalar(select(Stage)), subject=db.session.scalar(select(Subject)),
    )  # fmt: skip


def test_freeze_draw_and_check(live: Any, page_as: Any, page: Any, class_id: int, axe: Any, tmp_path: Path) -> None:
    institution = page_as("institution_admin")
    institution.goto("/draws/?show=ready")
    institution.locator("tbody .row-link").click()
    axe(institution)
    institution.locator("form[action$='/freeze'] button").click()
    assert str(CANDIDATES) in institution.locator("#confirm-text").inner_text()
    institution.locator("#confirm-ok").click()
    institution.wait_for_selector("form[action$='/draw'] button")
    axe(institution)

    page.goto(f"/public/draws/{class_id}")
    page.wait_for_selector("[data-verify-verdict][data-tone=waiting]")

    institution.locator("form[action$='/draw'] button").click()
    told = institution.locator("#confirm-text").inner_text()
    assert all(str(number) in told for number in (SEATS, CANDIDATES, CANDIDATES - SEATS))
    institution.locator("#confirm-ok").click()
    institution.wait_for_selector("tr.cut")
    assert institution.locator("tbody tr").count() == CANDIDATES
    axe(institution)

    page.reload()
    page.wait_for_selector("[data-verify-verdict][data-tone=good]")
    assert page.locator(".verify-right").count() == 7
    axe(page)
    published = page.request.get(f"/public/draws/{class_id}/file").json()
    page.fill("#own-number", published["order"][SEATS])
    page.locator("[data-verify-find] button").click()
    assert str(SEATS + 1) in page.locator("[data-verify-place]").inner_text()

    forged = tmp_path / "forged.json"
    order = published["order"]
    order[0], order[SEATS] = order[SEATS], order[0]
    forged.write_text(json.dumps(published | {"order": order, "drawn": order[:SEATS]}), encoding="utf-8")
    page.locator("[data-verify-file]").set_input_files(forged)
    page.wait_for_selector("[data-verify-verdict][data-tone=bad]")
    assert page.locator(".verify-wrong").count() == 2
    forged.write_text("[]", encoding="utf-8")
    page.locator("[data-verify-file]").set_input_files(forged)
    page.wait_for_selector("[data-verify-steps]:empty", state="attached")
    assert page.locator("[data-verify-verdict]").get_attribute("data-tone") == "bad"


@pytest.mark.req("ENR-18", "ENR-7", "ENR-17")
def test_pages_are_accessible_on_a_phone_and_wide(live: Any, page_as: Any, phone: Any, class_id: int, axe: Any) -> None:
    phone.goto("/public/rounds")
    axe(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") <= chromium.PHONE[0]
    bureau = page_as("county_admin")
    for address in ("/adjustments/", f"/adjustments/class/{class_id}?seats=7", "/draws/"):
        bureau.goto(address)
        axe(bureau)
    small = page_as("county_admin", size=chromium.PHONE)
    small.goto(f"/adjustments/class/{class_id}")
    axe(small)
    assert small.evaluate("document.documentElement.scrollWidth") <= chromium.PHONE[0]
