"""The bureau administrator's daily page: granting regions to many institutions in few clicks (ORG-4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Institution, Region, RegionGrant

pytestmark = pytest.mark.req("ORG-4")

MOST_CLICKS = 15  # for five institutions; a minute has room for a click in four seconds


@pytest.fixture
def five(live: Any) -> list[str]:
    """Five institutions without a grant."""
    names = [f"进修学校{number}" for number in "一二三四五"]
    with live.app.app_context():
        region = db.session.scalar(select(Region).where(Region.code == "330100"))
        db.session.add_all(Institution(code=f"K{n}", name=name, region=region) for n, name in enumerate(names))
        db.session.commit()
    return names


@contextmanager
def counted_clicks(page: Any) -> Iterator[list[int]]:
    """Count what a hand does: every click on the pages of this tab."""
    clicks: list[int] = []
    page.expose_function("countClick", lambda: clicks.append(1))
    page.add_init_script("addEventListener('click', (event) => event.isTrusted && window.countClick(), true)")
    yield clicks


def granted(live: Any, *names: str) -> set[tuple[str, str]]:
    """Which institution holds which region, among those still standing."""
    with live.app.app_context():
        wanted = select(Institution.name, Region.name).join(RegionGrant, RegionGrant.institution_id == Institution.id)
        rows = wanted.join(Region, Region.id == RegionGrant.region_id).where(RegionGrant.revoked_at.is_(None))
        return {(name, region) for name, region in db.session.execute(rows) if name in names}


def test_five_institutions_are_granted_two_cities_with_few_clicks(live: Any, page_as: Any, five: list[str]) -> None:
    page = page_as("provincial_admin")
    with counted_clicks(page) as clicks:
        page.goto("/grants/")
        for name in five:
            page.get_by_role("checkbox", name=name).click()
        page.locator("[data-bulk-bar] button[value=grant]").click()
        page.wait_for_selector(".tree-ready")
        for city in ("杭州市", "丽水市"):
            page.get_by_role("treeitem", name=city, exact=True).locator(".tree-row input").first.click()
        page.locator("form[action$='/grants/confirm'] button.btn-primary").click()
        page.locator("form[action$='/grants/save'] button.btn-primary").click()
        page.wait_for_url("**/grants/")
    assert len(clicks) <= MOST_CLICKS, len(clicks)
    assert granted(live, *five) == {(name, city) for name in five for city in ("杭州市", "丽水市")}
    assert page.locator(".extent-whole").count() >= 10


def test_choosing_every_city_is_not_choosing_the_province_and_a_superior_swallows_what_lies_below(
    page_as: Any, five: list[str]
) -> None:
    page = page_as("provincial_admin")
    page.goto("/grants/choose")
    page.wait_for_selector(".tree-ready")
    node = {name: page.get_by_role("treeitem", name=name, exact=True).first for name in ("浙江省", "杭州市", "丽水市")}
    sent = "[...document.querySelectorAll('.tree-root input')].filter((one) => one.name && one.checked).length"
    for name in ("杭州市", "丽水市"):
        node[name].locator(".tree-row input").first.click()
    assert node["浙江省"].get_attribute("aria-checked") == "mixed"
    assert page.evaluate(sent) == 2
    node["浙江省"].locator(".tree-row input").first.click()
    assert node["丽水市"].get_attribute("aria-checked") == "true"
    assert page.evaluate(sent) == 1
    node["丽水市"].locator(".tree-row input").first.click()
    assert node["浙江省"].get_attribute("aria-checked") == "mixed"
    assert page.evaluate(sent) == 1


def test_the_keyboard_alone_grants_a_county(live: Any, page_as: Any, five: list[str]) -> None:
    page = page_as("provincial_admin")
    page.goto("/grants/choose")
    page.wait_for_selector(".tree-ready")
    page.fill("[data-pick-search]", five[0])
    page.press("[data-pick-search]", "Tab")
    page.keyboard.press("Enter")  # “Choose all shown”
    assert page.locator("[name=institution]:checked").count() == 1
    page.fill("[data-tree-search] input", "西湖")
    page.locator("[role=treeitem]", has_text="西湖区").last.focus()
    page.keyboard.press("Space")
    assert page.locator("[role=treeitem][aria-checked=mixed]").count() >= 1
    page.locator("form[action$='/grants/confirm'] button.btn-primary").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/grants/confirm")
    page.locator("form[action$='/grants/save'] button.btn-primary").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/grants/institution/*")
    assert len(granted(live, five[0])) == 1


def test_the_pages_of_grants_and_organisations_are_accessible(page_as: Any, axe: Any, five: list[str]) -> None:
    page = page_as("provincial_admin")
    for path in ("/grants/", "/grants/choose", "/grants/institution/1", "/institutionview/show/1", "/schoolview/list/",
                 "/schoolview/show/1?tab=teachers", "/school-changes/split/1", "/school-changes/merge?schools=1",
                 "/institutionview/add"):  # fmt: skip
        page.goto(path)
        page.wait_for_load_state("networkidle")
        axe(page)


def test_on_a_phone_nothing_is_wider_than_the_screen(page_as: Any, five: list[str]) -> None:
    page = page_as("provincial_admin", size=(360, 740))
    for path in ("/grants/", "/grants/choose", "/grants/institution/1", "/schoolview/show/1?tab=teachers",
                 "/school-changes/split/1"):  # fmt: skip
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_the_dates_offered_end_with_the_year(page_as: Any, five: list[str]) -> None:
    page = page_as("provincial_admin")
    page.goto("/grants/choose")
    first, last = (date.fromisoformat(page.input_value(f"[name={name}]")) for name in ("valid_from", "valid_to"))
    assert (last.month, last.day, last.year) == (12, 31, first.year)
