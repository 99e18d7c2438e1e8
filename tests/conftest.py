"""Fixtures for every test; docs/testing.md tells how to use them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from app.domain.clock import FrozenClock, frozen
from tests.support.databases import KINDS, Database, Databases, held_by, run_folder
from tests.support.queries import Statements
from tests.support.queries import count_queries as _count_queries
from tests.support.requirements import refuse_unknown

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from tests.support.application import Applications
    from tests.world import World

# No deadline: a slow machine is no failure. On the build machine the same examples every time.
settings.register_profile("local", deadline=None)
settings.register_profile("build", deadline=None, derandomize=True)
settings.load_profile("build" if os.environ.get("CI") else "local")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=[*KINDS, "both"], default="both", help="the database tests run on (default: both)"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "database(kind): run on this kind only, sqlite or postgresql")
    config.addinivalue_line("markers", "in_turn: its cases run on one of the databases each, in turn")
    if not hasattr(config, "workerinput"):
        folder = run_folder()
        folder.__enter__()
        config.add_cleanup(lambda: folder.__exit__(None, None, None))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    refuse_unknown(items)
    if config.getoption("--database") == "both" and not os.environ.get("LONG_RUN"):
        items[:] = each_in_turn(items)


def each_in_turn(items: list[pytest.Item]) -> list[pytest.Item]:
    """Leave out what runs on the other database: cases of a long walk (its roles) share the kinds out among them."""
    cases: dict[Any, list[str]] = {}  # of a test, without its database
    kept = []
    for item in items:
        kind = getattr(item, "callspec", None) and item.callspec.params.get("database_kind")  # type: ignore[attr-defined]
        if kind and item.get_closest_marker("in_turn"):
            known, case = cases.setdefault(item.function, []), item.name.replace(kind, "")  # type: ignore[attr-defined]
            known += [] if case in known else [case]
            if KINDS[known.index(case) % len(KINDS)] != kind:
                continue
        kept.append(item)
    return kept


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whatever touches a database once on each kind."""
    if "database_kind" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--database")
        only = metafunc.definition.get_closest_marker("database")
        kinds = [kind for kind in KINDS if chosen in (kind, "both") and (only is None or kind in only.args)]
        metafunc.parametrize("database_kind", kinds, scope="session")


# --- databases and the application


@pytest.fixture(scope="session")
def databases() -> Databases:
    """Makes databases; tests ask for `database`, `fresh_database` or `empty_database` instead."""
    return Databases()


@pytest.fixture(scope="session")
def applications(databases: Databases) -> Iterator[Applications]:
    """The applications the rolled-back tests of this process share; tests ask for `app`."""
    from tests.support.application import Applications

    with closing(Applications(databases)) as made:
        yield made


@pytest.fixture
def database(applications: Applications, database_kind: str, request: pytest.FixtureRequest) -> Database:
    """The database of `app`; `.kind` is sqlite or postgresql. It holds the cast where the test asks for `world`,
    the demo where it asks for `province`, else roles and permissions only.
    """
    return applications.database(database_kind, held_by(request.fixturenames))


@pytest.fixture
def fresh_database(databases: Databases, database_kind: str) -> Iterator[Database]:
    """A migrated database of the test's own, for real commits: threads, processes, races."""
    made = databases.fresh(database_kind)
    yield made
    databases.drop(made)


@pytest.fixture
def empty_database(databases: Databases, database_kind: str) -> Iterator[Database]:
    """A database without tables, for migrations."""
    made = databases.empty(database_kind)
    yield made
    databases.drop(made)


@pytest.fixture
def app(applications: Applications, database: Database) -> Flask:
    """The application on `database`. Without `db`, `client` or `world` nothing is rolled back: ask for one of them."""
    return applications.on(database)


@pytest.fixture
def fresh_app(fresh_database: Database) -> Iterator[Flask]:
    """The application on `fresh_database`: what it commits stays, for as long as the test runs."""
    from tests.support.application import dispose, make_app

    made = make_app(fresh_database)
    yield made
    dispose(made)


@pytest.fixture
def db(app: Flask) -> Iterator[Any]:
    """The `db` extension in an application context; what the test and its requests commit is undone afterwards."""
    from app.extensions import db as extension
    from tests.support.transactions import rolled_back

    with rolled_back(app):
        yield extension


@pytest.fixture
def client(app: Flask, db: Any) -> FlaskClient:
    """A visitor nobody has signed in."""
    return app.test_client()


@pytest.fixture
def csrf(app: Flask) -> Iterator[None]:
    """Ask every form for its token, as outside the tests."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def world(db: Any, database: Database) -> World:
    """The fixed cast of `tests/world.py`."""
    from tests.world import recall

    return recall(database.told)


@pytest.fixture
def province(db: Any, database: Database) -> dict[str, int]:
    """A tiny demo province; returns what was counted when it was loaded."""
    return dict(database.told)


@pytest.fixture
def login_as(app: Flask, db: Any) -> Callable[[str], FlaskClient]:
    """`login_as(username)` returns a client of its own, signed in as that account."""
    from tests.support.sessions import sign_in

    def login(username: str) -> FlaskClient:
        client = app.test_client()
        sign_in(client, username)
        return client

    return login


# --- time and statements


@pytest.fixture
def clock() -> Iterator[FrozenClock]:
    """The one clock, standing on Monday 2026-03-02 09:00 in Shanghai; `clock.set(...)`, `clock.move(...)`."""
    from tests.world import MORNING

    with frozen(MORNING) as stopped:
        yield stopped


@pytest.fixture
def count_queries() -> Callable[[], AbstractContextManager[Statements]]:
    """`with count_queries() as sent:` collects the statements of the block: `len(sent) <= 8, str(sent)`."""
    return _count_queries
