"""A real server and a real Chromium; docs/testing.md tells how to use them.

The server runs on SQLite, in processes of its own; what differs between the databases is tested below the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import browser as chromium
from tests.support.databases import Databases

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.support.live import Live

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def live_server(databases: Databases) -> Iterator[Live]:
    """The platform with the world of `tests/world.py`, started once for this process."""
    from tests.support.live import Live

    with Live(databases) as server:
        yield server


@pytest.fixture
def live(live_server: Live) -> Live:
    """The running platform, its database as it was at the start: `live.url`, `live.world`, `live.database`."""
    live_server.reset()
    return live_server


@pytest.fixture
def live_url(live: Live) -> str:
    """The address of the running platform."""
    return live.url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once for this process."""
    with chromium.launched() as started:
        yield started


@pytest.fixture
def page(browser: Browser, live: Live) -> Iterator[Page]:
    """A page nobody has signed in on, 1440 wide. Errors and requests to other hosts fail the test."""
    with chromium.opened(browser, live.url) as opened:
        yield opened


@pytest.fixture
def phone(browser: Browser, live: Live) -> Iterator[Page]:
    """The same on a phone, 360 wide, with touch."""
    with chromium.opened(browser, live.url, chromium.PHONE, has_touch=True, is_mobile=True) as opened:
        yield opened


@pytest.fixture
def page_as(browser: Browser, live: Live, request: pytest.FixtureRequest) -> Callable[..., Page]:
    """`page_as(username)` opens a further page, signed in as that account; `size=chromium.PHONE` for a phone.

    `page_as(None)` opens one for a visitor.
    """

    def open_page(username: str | None, **options: Any) -> Page:
        context = chromium.opened(browser, live.url, **options)
        opened = context.__enter__()
        request.addfinalizer(lambda: context.__exit__(None, None, None))
        if username:
            opened.context.add_cookies([live.cookie_for(username)])
        return opened

    return open_page


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """`axe(page)` fails with every accessibility violation of the page as it stands."""

    def check(page: Page, **options: Any) -> None:
        found = chromium.axe(page, **options)
        assert not found, f"{page.url}\n" + "\n".join(found)

    return check
