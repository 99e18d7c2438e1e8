"""What holds on every page: no query more for ten times the rows (B10), no huge choice (B12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.services import demo
from app.services.demo.making import Size
from app.web.actors import current_vault
from benchmarks.bench import Bench
from benchmarks.registry import Result, benchmark
from tests.support.queries import count_queries

SMALL, TEN_TIMES = (
    Size(schools=120, teachers=600, institutions=20),
    Size(schools=1_200, teachers=6_000, institutions=200),
)
READERS = ("admin", "province", "hangzhou", "school", "teacher", "institution")


def pages(app: Flask) -> Iterator[str]:
    """Every address that is read and takes no row."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments and "export" not in rule.endpoint:
            yield str(rule.rule)


def reader(bench: Bench, app: Flask, username: str) -> FlaskClient:
    """Return a client that has signed in as `username`."""
    name, _, value = bench.cookie(app, username).partition("=")
    client = app.test_client()
    client.set_cookie(name, value)
    return client


@benchmark("B10", "Largest difference of queries per page at N and 10 N rows", bar="= 0", unit="queries")
def queries_do_not_grow(bench: Bench) -> Result:
    """Read every page in two demos, one ten times the other, and compare the number of statements."""
    small, large = _queries(bench, "small-demo", SMALL), _queries(bench, "large-demo", TEN_TIMES)
    grown = {page: [small[page], large[page]] for page in small if large.get(page, 0) > small[page]}
    difference = max((after - before for before, after in grown.values()), default=0)
    return Result(value=difference, notes={"pages": len(small), "grown": grown})


def _queries(bench: Bench, name: str, size: Size) -> dict[str, int]:
    with bench.empty(name) as database, bench.app(database) as app:
        demo.load(demo.Making(size, 1, current_vault()))
        db.session.remove()
        return {f"{username} {page}": count for username in READERS for page, count in _counted(bench, app, username)}


def _counted(bench: Bench, app: Flask, username: str) -> Iterator[tuple[str, int]]:
    client = reader(bench, app, username)
    for page in pages(app):
        client.get(page)  # caches are filled
        with count_queries() as sent:
            answer = client.get(page)
        assert answer.status_code < 500, f"{username} {page}: {answer.status_code}"
        if answer.status_code == 200:
            yield page, len(sent)


@benchmark("B12", "Largest number of choices written into any page", bar="≤ 250", unit="options")
def largest_choice(bench: Bench) -> Result:
    """Read every page of the full province and count the options of its largest choice."""
    found: dict[str, int] = {}
    with bench.app(bench.province) as app:
        for username in READERS:
            client = reader(bench, app, username)
            found |= {f"{username} {page}": _options(client.get(page)) for page in pages(app)}
    page, most = max(found.items(), key=lambda item: item[1])
    return Result(value=most, notes={"page": page, "pages": len(found)})


def _options(answer: Any) -> int:
    """Return how many options the largest choice of a page has, 0 for what is no page."""
    assert answer.status_code < 500, f"{answer.request.path}: {answer.status_code}"
    if answer.mimetype != "text/html":
        return 0
    return max((choice.count("<option") for choice in answer.text.split("<select")), default=0)
