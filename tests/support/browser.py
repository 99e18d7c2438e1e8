"""Chromium for tests: where it is, what a page may do, and how accessibility is judged."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE_OPTIONS = {
    "runOnly": AXE_TAGS,
    "resultTypes": ["violations"],
    "preload": False,
}  # no rule of ours reads style sheets
DESKTOP, PHONE = (1440, 900), (360, 740)  # staff, teachers
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the first opens pages fastest
TIMEOUT = 15_000  # milliseconds until an expected thing is given up


def executable() -> str | None:
    """Return the path of the machine's Chromium; None takes Playwright's own."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run Chromium for the block."""
    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(), args=["--no-sandbox", "--disable-dev-shm-usage", "--lang=zh-CN"]
        )
        try:
            yield browser
        finally:
            browser.close()


class Watch:
    """Notes what must not happen on a page: errors, and requests to another host."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.seen: list[str] = []
        self._host = urlsplit(base_url).netloc
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.seen.append(f"page error: {error}"))
        page.route("**/*", self._only_own_host)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.seen.append(f"console error: {message.text} ({message.location.get('url', '')})")

    def _only_own_host(self, route: Route, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("data", "blob", "about") or address.netloc == self._host:
            route.continue_()
        else:
            self.seen.append(f"request to another host: {request.url}")
            route.abort()

    def allow(self, part: str) -> None:
        """Forget what was seen so far that contains `part`: an error the test provoked on purpose."""
        self.seen = [line for line in self.seen if part not in line]


@contextmanager
def opened(browser: Browser, base_url: str, size: tuple[int, int] = DESKTOP, **options: Any) -> Iterator[Page]:
    """Open a page in a context of its own; at the end fail on anything `Watch` saw."""
    context = browser.new_context(
        base_url=base_url, locale="zh-CN", timezone_id="Asia/Shanghai",
        viewport={"width": size[0], "height": size[1]}, **options,
    )  # fmt: skip
    context.set_default_timeout(TIMEOUT)
    page = context.new_page()
    page.watch = Watch(page, base_url)  # type: ignore[attr-defined]
    try:
        yield page
    finally:
        context.close()
    assert not page.watch.seen, "\n".join(page.watch.seen)  # type: ignore[attr-defined]


def axe(page: Page, **options: Any) -> list[str]:
    """Return the accessibility violations of the page as it stands, one line each with the offending elements."""
    page.wait_for_load_state("load")  # what is measured before the styles are there has no size
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("options => axe.run(document, options)", {**AXE_OPTIONS, **options})
    return [
        f"{violation['id']}: {violation['help']} — {'; '.join(node['html'][:120] for node in violation['nodes'][:5])}"
        for violation in result["violations"]
    ]
