"""Whatever is sent to the API, the platform answers with a reason and never with an error of its own (S3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.api.commands import COMMANDS
from app.api.documentation import describe
from tests.world import World

pytestmark = pytest.mark.req("S3", "OPS-6")

BASE = "/api/v1"
EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
WORDS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", "0", "-1", "1", "9" * 20, "1e400", "NaN", "\x00", "\ud800", "'; --", "%", "_", "📚" * 30, "中" * 300]
    ),
)
NUMBERS = st.one_of(st.integers(), st.sampled_from([0, -1, 1, 2**31, 2**63, 10**30]), st.floats(allow_nan=False))
LEAVES = st.one_of(
    st.none(), st.booleans(), NUMBERS, WORDS, st.sampled_from(["2026-01-01", "9999-99-99", "primary", "active"])
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=8
)


@pytest.fixture
def province(login_as: Any, world: World) -> Any:
    """A client who may do everything a province may."""
    return login_as("provincial_admin")


def bodies(name: str) -> st.SearchStrategy[Any]:
    """Bodies for a command: the names it knows with anything as values, and anything at all."""
    fields = COMMANDS[name].shape().fields
    known = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, ANYTHING))
    return st.one_of(known, st.dictionaries(WORDS, ANYTHING, max_size=3), ANYTHING)


def sane(status: int) -> bool:
    """Whether an answer is one the API is described with."""
    return status in {200, 201, 400, 403, 404, 405, 409, 415, 422, 429}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_no_body_breaks_a_command(province: Any, name: str) -> None:
    @EXAMPLES
    @given(body=bodies(name))
    def send(body: Any) -> None:
        answer = province.post(f"{BASE}/commands/{name}", json=body)
        assert sane(answer.status_code), (body, answer.status_code)
        if answer.status_code >= 400 and answer.is_json:
            assert answer.json["problems"], body

    send()


def resources(app: Flask) -> Iterator[str]:
    """The address of every resource that is described."""
    with app.test_request_context():
        paths = describe().to_dict()["paths"]
    yield from (path for path in sorted(paths) if path.endswith("/") and "get" in paths[path])


def test_no_question_breaks_a_resource(app: Flask, province: Any) -> None:
    places = list(resources(app))
    names = ["page", "size", "order", "name", "region", "school", "status", "day", "level", "valid_from", "x"]

    @settings(EXAMPLES, max_examples=200)
    @given(place=st.sampled_from(places), asked=st.dictionaries(st.sampled_from(names) | WORDS, WORDS, max_size=4))
    def ask(place: str, asked: dict[str, str]) -> None:
        question = {name.encode("utf-8", "replace"): value.encode("utf-8", "replace") for name, value in asked.items()}
        answer = province.get(place, query_string=question)
        assert sane(answer.status_code), (place, asked, answer.status_code)

    ask()


@pytest.mark.parametrize("key", ["0", "-1", "9" * 12, "9" * 40, "x", "%00", "1.5", "_info", "%F0%9F%93%9A"])
def test_no_key_breaks_a_resource(app: Flask, province: Any, key: str) -> None:
    answers = {place: province.get(place + key).status_code for place in resources(app)}
    assert {place: status for place, status in answers.items() if not sane(status)} == {}


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/xml", "multipart/form-data"])
@pytest.mark.parametrize("content", [b"", b"{", b"null", b"\xff\xfe", b"[" * 2000, b'{"a":' * 500])
def test_no_broken_content_breaks_a_command(province: Any, kind: str, content: bytes) -> None:
    for name in COMMANDS:
        answer = province.post(f"{BASE}/commands/{name}", data=content, content_type=kind)
        assert sane(answer.status_code), (name, answer.status_code)


@pytest.mark.req("OPS-6")
def test_every_entity_with_a_screen_is_described_for_reading(app: Flask) -> None:
    from app.api.resources import path_of
    from app.views.fab import RecordView

    with app.test_request_context():
        paths = describe().to_dict()["paths"]
    entities = {view.model.__name__ for view in app.appbuilder.baseviews if isinstance(view, RecordView)}
    assert {f"{BASE}/{path_of(name)}/" for name in entities} <= set(paths)
    assert {f"{BASE}/commands/{name}" for name in COMMANDS} <= set(paths)
