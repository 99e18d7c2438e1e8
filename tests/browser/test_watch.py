"""A page of the tests notices what must not happen on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.support import browser as chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HEAD = "<!doctype html><html lang='zh'><head><title>页</title><link rel='icon' href='data:,'></head><body>"
PAGES = {
    "/good": "<main><h1>好</h1></main>",
    "/console": "<script>console.error('broken')</script>",
    "/throws": "<script>setTimeout(() => { throw new Error('thrown') })</script>",
    "/abroad": "<img src='http://elsewhere.example/x.png' alt=''>",
    "/nameless": "<main><h1>好</h1><button></button></main>",
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = (HEAD + PAGES.get(self.path, "")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def visit(browser: Browser, site: str, path: str) -> None:
    with chromium.opened(browser, site) as page:
        page.goto(path)
        page.wait_for_load_state("networkidle")


def test_a_sound_page_passes(browser: Browser, site: str) -> None:
    visit(browser, site, "/good")


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/console", "broken"), ("/throws", "thrown"), ("/abroad", "request to another host: http://elsewhere.example")],
)
def test_errors_and_requests_abroad_fail_the_test(browser: Browser, site: str, path: str, reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        visit(browser, site, path)


def test_an_error_provoked_on_purpose_can_be_allowed(browser: Browser, site: str) -> None:
    with chromium.opened(browser, site) as page:
        page.goto("/console")
        page.watch.allow("broken")


def test_axe_names_what_is_not_accessible(browser: Browser, site: str, axe: Callable[[Page], None]) -> None:
    with chromium.opened(browser, site) as page:
        page.goto("/good")
        axe(page)
        page.goto("/nameless")
        with pytest.raises(AssertionError, match="button-name"):
            axe(page)
