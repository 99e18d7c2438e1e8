"""The teacher list beside Django's admin (B7), and its last page beside its first (B8)."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from typing import Any

from flask import Flask, url_for

from benchmarks.bench import Bench
from benchmarks.load import Request, again_and_again, once, press
from benchmarks.measure import Series, in_turns, seconds_of
from benchmarks.peers.django_peer import django_admin
from benchmarks.registry import Result, benchmark
from tests.support.queries import count_queries

CLIENTS = 4
READERS = {"city": "hangzhou", "province": "province"}
MOST_QUERIES, MOST_BYTES = 8, 100 * 1024
TURNS = 12  # requests that a page is timed with


def list_url(app: Flask) -> str:
    """Return the address of the teacher list."""
    with app.test_request_context():
        return str(url_for("TeacherView.list"))


def page_faults(bench: Bench, app: Flask, url: str, username: str) -> tuple[list[str], dict[str, Any]]:
    """Return what is too much on one page (queries, bytes), and the numbers."""
    name, _, value = bench.cookie(app, username).partition("=")
    client = app.test_client()
    client.set_cookie(name, value)
    client.get(url)
    with count_queries() as sent:
        page = client.get(url)
    assert page.status_code == 200, page.status_code
    numbers = {"queries": len(sent), "bytes": len(page.data)}
    wrong = [f"{len(sent)} queries, not {MOST_QUERIES} at most"] if len(sent) > MOST_QUERIES else []
    wrong += [f"{len(page.data)} bytes, not {MOST_BYTES} at most"] if len(page.data) > MOST_BYTES else []
    return wrong, numbers


def _against_django(bench: Bench, reader: str) -> Result:
    username = READERS[reader]
    with bench.app(bench.province) as app:
        url, cookie = list_url(app), bench.cookie(app, username)
        wrong, numbers = page_faults(bench, app, url, username)
    with bench.copy("django") as copy, bench.serving(bench.province) as ours, django_admin(copy) as theirs:
        path = "/admin/django_admin/teacher/"
        rows = _rows_of(theirs.port, path, theirs.cookies[username], rb'class="action-select"')
        wrong += [] if rows == 25 else [f"Django shows {rows} rows, not 25"]
        sides = {
            "ours": _rate(bench, ours.port, url, cookie),
            "django": _rate(bench, theirs.port, path, theirs.cookies[username]),
        }
        for warm_up in sides.values():
            warm_up()
        found = in_turns(sides, bench.rounds)
    return _compared(found, "ours", "django", wrong, numbers)


def _rate(bench: Bench, port: int, path: str, cookie: str) -> Callable[[], float]:
    requests = again_and_again(path, cookie)
    return lambda: press(port, requests, clients=CLIENTS, seconds=bench.seconds).rate(200)


def _rows_of(port: int, path: str, cookie: str, mark: bytes) -> int:
    return len(re.findall(mark, once(port, Request(path, headers={"Cookie": cookie}))[1]))


def _compared(found: dict[str, Series], side: str, other: str, wrong: list[str], notes: dict[str, Any]) -> Result:
    """Return one side beside the other, medians and spreads."""
    value, control = found[side].median, found[other].median
    spread = {name: series.spread for name, series in found.items()}
    return Result(value, control, value / control, spread, wrong, notes)


@benchmark("B7-city", "Teacher list of a city bureau ÷ Django admin", bar="≥ 2.0", unit="requests/s")
def list_of_a_city(bench: Bench) -> Result:
    """Ask for the first page as a city bureau, whose subtree is searched."""
    return _against_django(bench, "city")


@benchmark("B7-province", "Teacher list of the province ÷ Django admin", bar="≥ 2.0", unit="requests/s")
def list_of_the_province(bench: Bench) -> Result:
    """Ask for the first page as the province, who sees every row."""
    return _against_django(bench, "province")


@benchmark("B8", "Last page of the teacher list ÷ first page", bar="≤ 1.5", unit="ms")
def last_page(bench: Bench) -> Result:
    """Time the province's last page beside its first."""
    with bench.app(bench.province) as app:
        url, cookie = list_url(app), bench.cookie(app, "province")
    last = f"{url}?page=999999999"
    with bench.serving(bench.province, workers=1) as ours:
        sides = {"last": _page_time(ours.port, last, cookie), "first": _page_time(ours.port, url, cookie)}
        for warm_up in sides.values():
            warm_up()
        found = in_turns(sides, bench.rounds)
    return _compared(found, "last", "first", [], {})


def _page_time(port: int, path: str, cookie: str) -> Callable[[], float]:
    """Return what gives the median time of a page in milliseconds."""
    request = Request(path, headers={"Cookie": cookie})

    def ask() -> None:
        status, _body = once(port, request)
        assert status == 200, status

    return lambda: statistics.median(seconds_of(ask) for _ in range(TURNS)) * 1000
