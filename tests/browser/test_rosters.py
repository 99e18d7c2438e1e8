"""An institution takes the roster of a class out: on the screen, as a workbook, on paper (DEL-12)."""

from __future__ import annotations

from typing import Any

import pytest
from openpyxl import load_workbook

from app.domain.terms import EnrollmentState
from app.extensions import db
from tests.browser.test_draws import cast_of
from tests.support import browser as chromium
from tests.support.enrolling import add_class, add_enrollment, add_teachers

pytestmark = pytest.mark.req("DEL-12")
PEOPLE, UNBROKEN = 3, "Professional" * 7


@pytest.fixture
def class_id(live: Any) -> int:
    """A class with people who take part, and a title without any place to break."""
    with live.app.app_context():
        cast = cast_of()
        row = add_class(cast, seats=10)
        for person in add_teachers(cast, PEOPLE, first=800):
            add_enrollment(cast, person, row, EnrollmentState.ADMITTED, holds_seat=True)
        row.taken, row.title = PEOPLE, UNBROKEN
        db.session.commit()
        return int(row.id)


def test_from_the_class_to_the_workbook_and_onto_paper(
    live: Any, page_as: Any, class_id: int, axe: Any, tmp_path: Any
) -> None:
    page = page_as("institution_admin")
    page.goto(f"/trainingclassview/show/{class_id}")
    page.locator(f".page-actions a[href='/rosters/list/?training_class={class_id}']").click()
    page.wait_for_url("**/rosters/list/**")
    assert page.locator("tbody tr").count() == PEOPLE
    axe(page)
    page.locator(".list-tools .dropdown-toggle").last.click()
    page.locator("input[name=cols][value='number']").check()
    page.locator("input[name=cols][value='teacher.title']").uncheck()
    page.locator(".list-menu-save .btn-primary:visible").click()
    heads = page.locator("thead th").all_inner_texts()
    assert "报名编号" in " ".join(heads)
    with page.expect_download() as download:
        page.locator(".page-actions .btn-primary").click()
    file = tmp_path / "roster.xlsx"
    download.value.save_as(file)
    sheet = load_workbook(file).active
    assert sheet.max_row == 3 + PEOPLE
    labels = [cell.value for cell in sheet[3]]
    assert "报名编号" in labels
    assert "职称" not in labels

    page.locator(".page-actions a[href$='/sign-in']").click()
    page.wait_for_url("**/sign-in")
    axe(page)
    page.emulate_media(media="print")
    assert page.locator(".paper-sheet").is_visible()
    assert not page.locator(".sidebar, .topbar, .page-header, .demo-clock").locator("visible=true").count()


@pytest.mark.parametrize(
    "path", ["/trainingclassview/show/{}", "/rosters/list/?training_class={}", "/rosters/{}/print"]
)
def test_a_title_that_cannot_be_broken_makes_no_page_wider_than_a_phone(
    live: Any, page_as: Any, class_id: int, path: str
) -> None:
    page = page_as("institution_admin", size=chromium.PHONE)
    page.goto(path.format(class_id))
    assert UNBROKEN in page.locator("h1").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= chromium.PHONE[0]
