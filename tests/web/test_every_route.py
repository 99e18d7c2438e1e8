"""What holds on every route whatsoever: headers (S6), cookies, and that reading changes nothing (S7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.support.queries import Statements
from tests.views.doors import OPEN
from tests.views.test_doors import path_of, rows_abroad, rules, screen_of
from tests.world import PASSWORD, World

READERS = [None, "system_admin", "county_admin", "school_admin", "teacher"]
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Reading leaves these behind on purpose: who took data out, the question of a picture, how often somebody asked.
TRACES = {"audit_entry", "captcha", "attempt", "background_job"}
WRITES = re.compile(r"^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)


def reading(app: Flask) -> Iterator[Rule]:
    """Every route that is read."""
    return (rule for rule in rules(app) if "GET" in (rule.methods or ()))


def keys_of(world: World) -> dict[str, Any]:
    """Screen → the row at home to read."""
    special = {"AccountView": "school_admin", "TeacherView": "li"}
    models = {view: type(row) for view, row in rows_abroad(world).items()}
    return {view: world.rows()[model].get(special.get(view, "xihu")) for view, model in models.items()}


def addresses(app: Flask, world: World) -> Iterator[tuple[Rule, str]]:
    """Every route that is read, with the address of a row at home where it takes one."""
    homes = keys_of(world)
    for rule in reading(app):
        row = homes.get(screen_of(rule.endpoint) or "")
        yield rule, path_of(rule, row.id if row is not None else 1)


def reader(client: Any, login_as: Any, username: str | None) -> Any:
    return login_as(username) if username else client


@pytest.mark.req("S6", "S5", "S3")
@pytest.mark.in_turn
@pytest.mark.parametrize("username", READERS)
def test_every_answer_carries_the_headers(
    app: Flask, client: Any, login_as: Any, world: World, username: str | None
) -> None:
    asking = reader(client, login_as, username)
    wrong = []
    for rule, path in addresses(app, world):
        answer = asking.get(path)
        headers = answer.headers
        policy = headers.get("Content-Security-Policy", "")
        scripts = next((part for part in policy.split("; ") if part.startswith("script-src ")), "")
        kept = headers.get("Cache-Control", "")
        faults = [name for name, value in HEADERS.items() if headers.get(name) != value]
        faults += ["script-src"] if "'nonce-" not in scripts or "unsafe" in policy or "*" in policy else []
        faults += [
            part for part in ("frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'") if part not in policy
        ]
        faults += ["no-store"] if rule.endpoint not in OPEN and "no-store" not in kept else []
        faults += ["X-Request-Id"] if not headers.get("X-Request-Id") else []
        faults += ["Strict-Transport-Security"] if "Strict-Transport-Security" in headers else []
        faults += ["fails"] if answer.status_code >= 500 else []
        wrong += [(path, answer.status_code, faults)] if faults else []
    assert not wrong


@pytest.mark.req("S6")
def test_production_adds_transport_security_on_every_answer(
    app: Flask, client: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.config["SETTINGS"], "ENVIRONMENT", "production")
    answers = [client.get(path).headers.get("Strict-Transport-Security", "") for _, path in addresses(app, world)]
    assert len(answers) > 50
    assert all("max-age=31536000" in answer for answer in answers)


@pytest.mark.req("S6")
def test_cookies_are_closed_to_scripts_and_to_other_sites(client: Any, world: World) -> None:
    answer = client.post("/login/", data={"username": "teacher", "password": PASSWORD, "remember_me": "y"})
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


@pytest.mark.req("S7")
@pytest.mark.in_turn
@pytest.mark.parametrize("username", READERS)
def test_reading_changes_nothing(
    app: Flask,
    client: Any,
    login_as: Any,
    world: World,
    username: str | None,
    count_queries: Callable[[], AbstractContextManager[Statements]],
) -> None:
    asking = reader(client, login_as, username)
    asking.get("/")  # what a session writes at its beginning
    wrong = []
    for _rule, path in addresses(app, world):
        with count_queries() as sent:
            asking.get(path)
        written = {found.group(1) for statement in sent if (found := WRITES.match(statement))}
        wrong += [(path, sorted(written - TRACES))] if written - TRACES else []
    assert not wrong


@pytest.mark.req("S7")
def test_what_changes_something_by_its_name_takes_no_get(app: Flask) -> None:
    changing = {"delete", "action_post", "save", "cancel", "revoke", "logout"}
    assert [rule.rule for rule in reading(app) if rule.endpoint.rpartition(".")[2] in changing] == []
    assert {rule.endpoint.rpartition(".")[2] for rule in rules(app)} >= changing
