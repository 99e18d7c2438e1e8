"""A person before the platform: opens entries of the menu, presses what has words on it, confirms, reads the answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


class Person:
    """Somebody who only clicks; `phone` when the menu has to be pulled out first."""

    def __init__(self, page: Page, *, phone: bool = False) -> None:
        self.page, self.phone = page, phone
        page.goto("/")

    def menu(self, label: str) -> None:
        """Open an entry of the menu."""
        if self.phone:
            self.click(self.page.locator(".topbar [data-bs-target='#sidebar']"))
        self.click(self.page.locator("#sidebar").get_by_role("link", name=label, exact=True))
        expect(self.page.locator("h1")).to_contain_text(label)

    def waiting(self, label: str) -> None:
        """Follow a card of what waits for me, from the workbench."""
        self.click(self.page.locator("#sidebar a.brand"))
        self.click(self.page.locator(".wait-card", has_text=label))

    def link(self, name: str) -> None:
        """Follow a link of the page."""
        self.click(self.page.locator("main").get_by_role("link", name=name).first)

    def press(self, name: str, within: Locator | None = None) -> None:
        """Press a button of the page."""
        self.click((within or self.page.locator("main")).get_by_role("button", name=name, exact=True).first)

    def confirm(self, *told: str) -> None:
        """Answer the question the page asks, which tells these words."""
        for words in told:
            expect(self.page.locator("#confirm-text")).to_contain_text(words)
        self.click(self.page.locator("#confirm-ok"))

    def click(self, what: Locator) -> None:
        """Click once the scripts are there, and wait for those of the page it may lead to."""
        self._there(what).click()
        self.page.wait_for_load_state()

    def _there(self, what: Locator) -> Locator:
        """Return `what` once it is there and with it the scripts of its page."""
        what.wait_for()
        self.page.wait_for_load_state()
        return what

    def reads(self, *told: str) -> None:
        """See these words on the page."""
        for words in told:
            expect(self.page.locator("main")).to_contain_text(words)

    def row(self, name: str) -> Locator:
        """Return the row of a table that tells of `name`."""
        return self.page.locator("main tbody tr", has_text=name)

    def choose(self, *names: str) -> None:
        """Tick the rows of these names."""
        for name in names:
            self.tick(self.row(name).get_by_role("checkbox"))

    def tick(self, box: Locator) -> None:
        """Tick a box."""
        self._there(box).check()

    def fill(self, **values: str) -> None:
        """Fill controls by their id; `__` stands for `-`."""
        for name, value in values.items():
            self.page.fill(f"#{name.replace('__', '-')}", value)

    def download(self, name: str, into: Path) -> Path:
        """Follow a link that gives a file; return where it was kept."""
        with self.page.expect_download() as started:
            self.page.locator("main").get_by_role("link", name=name).first.click()
        kept = into / started.value.suggested_filename
        started.value.save_as(kept)
        return kept
