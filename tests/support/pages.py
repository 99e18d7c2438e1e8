"""Every page the platform has, with somebody who may open it, and what must hold on each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from werkzeug.routing import Rule

from app.domain.terms import RoleName
from tests.support.browser import DESKTOP, PHONE
from tests.support.sessions import sign_in
from tests.views.doors import COMMON, RECORDS
from tests.views.test_doors import path_of, rules, screen_of
from tools.i18n import PO

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.live import Live

# Whoever opens a page first in this order is the one who visits it: the first three reach nearly all of them.
FIRST = (RoleName.PROVINCIAL_ADMIN, RoleName.SYSTEM_ADMIN, RoleName.SECURITY_ADMIN)
READERS = (None, *FIRST, *(role for role in RoleName if role not in FIRST))
AT_HOME = {"AccountView": "school_admin", "TeacherView": "li"}  # the row at home that is not called `xihu`
NOT_PAGES = re.compile(r"Api\.|static$|^assets\.|^health\.|^session\.|\.(options|export)$")
# What answers with something else, or only along the way of a journey that has a test of its own.
ELSEWHERE = {
    "ImportBatchView.errors": "a file, once there is one",
    "JobView.result": "a file, once there is one",
    "ProxyPage.open": "leads on from a printed form",
    "PublicPage.draw": "a draw, once there is one: test_draws.py",
    "PublicPage.file": "a file",
    "RecoveryPage.link": "leads on from a letter",
    "RecoveryPage.password": "a step of the recovery",
    "RecoveryPage.person": "a step of the recovery",
    "TransferPage.ask": "leads on from a search: test_transfers.py",
}
# What an address asks for where it is no row: (argument, view).
WORDS = {("name", "ImportBatchView"): "teachers", ("kind", "TransferPage"): "transfer_in"}
# Staff sit at a desk, teachers hold a phone; one theme each.
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"size": DESKTOP},
    "dark": {"size": PHONE, "has_touch": True, "is_mobile": True},
}
MOST_OPTIONS = 250  # B12
OUTSIDE = {"SignInView.login", "RecoveryPage.index"}  # nobody has signed in: no menu, nothing above the page
LOOK = """(english) => {
  const faults = [], seen = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.data.trim();
    if (english.includes(text) && node.parentElement.closest("script, style, kbd, code") === null) seen.add(text);
  }
  if (seen.size) faults.push("English: " + [...seen].join(" · "));
  const wide = document.scrollingElement.scrollWidth - innerWidth;
  if (wide > 0) faults.push(`wider than the screen by ${wide} pixels`);
  const heads = document.querySelectorAll("h1").length;
  if (heads !== 1) faults.push(`${heads} headings of the first level`);
  const options = document.querySelectorAll("option").length;
  if (options > MOST) faults.push(`${options} options`);
  if (!document.title.includes(" · ")) faults.push(`title: ${document.title}`);
  if (document.documentElement.lang !== "zh-CN") faults.push(`language: ${document.documentElement.lang}`);
  return faults;
}""".replace("MOST", str(MOST_OPTIONS))


@dataclass(frozen=True)
class Visit:
    """A page and who opens it; a visitor when `username` is None."""

    endpoint: str
    path: str
    username: str | None


def visits(live: Live) -> list[Visit]:
    """Return every page once. Raises AssertionError for a route nobody opens that is not named `ELSEWHERE`."""
    clients = {reader: live.app.test_client() for reader in READERS}
    with live.app.app_context():
        for reader, client in clients.items():
            if reader:
                sign_in(client, reader.value)
        routes = [(rule, _address(rule, live.ids)) for rule in _read(live)]
    found = [(rule.endpoint, path, _who(clients, path)) for rule, path in routes]
    closed = [path for endpoint, path, who in found if who is None and endpoint not in ELSEWHERE]
    assert not closed, f"nobody opens {closed}: the row to open is missing in the tests' world"
    return [Visit(endpoint, path, who[0]) for endpoint, path, who in found if who and who[1]]


def _read(live: Live) -> Iterator[Rule]:
    return (
        rule for rule in rules(live.app) if "GET" in (rule.methods or ()) and not NOT_PAGES.search(rule.endpoint)
    )  # fmt: skip


def _address(rule: Rule, ids: dict[type[Any], dict[str, int]]) -> str:
    screen = screen_of(rule.endpoint)
    named = ids[RECORDS[screen][0]] if screen in RECORDS else {}
    assert screen is None or screen in RECORDS or screen in COMMON
    view = rule.endpoint.partition(".")[0]
    words = {name: WORDS[name, view] for name in rule.arguments if (name, view) in WORDS}
    built = rule.build(words) if words else None
    if built is not None:
        return built[1]
    return path_of(rule, named.get(AT_HOME.get(screen or "", "xihu"), 1))


def _who(clients: dict[RoleName | None, Any], path: str) -> tuple[str | None, bool] | None:
    """Return who opens `path`, and whether it is a whole page; None when nobody does."""
    for reader, client in clients.items():
        answer = client.get(path)
        if answer.status_code == 200:
            return reader and reader.value, answer.mimetype == "text/html" and "<main" in answer.text
    return None


def _differs(message: Any) -> bool:
    plain = isinstance(message.id, str) and message.id and message.id not in set(RoleName)
    return bool(plain and message.string and message.id != message.string)


@cache
def english() -> list[str]:
    """Return the texts that read otherwise in Chinese, but for those that are names of accounts in the world."""
    from babel.messages.pofile import read_po

    with open(PO, "rb") as file:
        return [m.id for m in read_po(file) if _differs(m)]


def faults(page: Page, visit: Visit) -> list[str]:
    """Return what is wrong with the look of the page as it stands, besides what axe finds."""
    found: list[str] = page.evaluate(LOOK, english())
    if visit.endpoint not in OUTSIDE:
        inside = visit.path != "/"
        found += ["no breadcrumb"] if inside and not page.locator("nav.crumbs li").count() else []
        found += ["no help line"] if not page.locator(".help-line").count() else []
    return found
