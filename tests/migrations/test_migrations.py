"""Migrations lead from nothing to the tables of the code and back, on both databases."""

from __future__ import annotations

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from config import database_uri, load_settings
from tests.support.databases import ROOT, Database, run_flask


def tables_and_columns(database: Database) -> dict[str, list[str]]:
    """Table → its columns with type and nullability, and its index names, as the database tells them."""
    engine = create_engine(database_uri(load_settings(dict(database.settings))))
    try:
        inspector = inspect(engine)
        return {
            table: [f"{c['name']} {c['type']} {c['nullable']}" for c in inspector.get_columns(table)]
            + sorted(str(index["name"]) for index in inspector.get_indexes(table))
            for table in inspector.get_table_names()
        }
    finally:
        engine.dispose()


@pytest.mark.req("R9", "OPS-4")
def test_up_down_and_up_again_gives_the_same_tables(empty_database: Database) -> None:
    run_flask(empty_database, "db", "upgrade")
    first = tables_and_columns(empty_database)
    assert "ab_user" in first

    run_flask(empty_database, "db", "downgrade", "base")
    assert set(tables_and_columns(empty_database)) <= {"alembic_version"}

    run_flask(empty_database, "db", "upgrade")
    assert tables_and_columns(empty_database) == first


@pytest.mark.req("OPS-4")
def test_the_tables_of_the_code_need_no_further_migration(fresh_database: Database) -> None:
    assert "No new upgrade operations detected" in run_flask(fresh_database, "db", "check")


@pytest.mark.req("OPS-4")
def test_permissions_are_brought_up_to_date_any_number_of_times(fresh_database: Database) -> None:
    run_flask(fresh_database, "sync-security")


def test_migrations_form_one_line() -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(ROOT / "migrations"))
    assert len(ScriptDirectory.from_config(configuration).get_heads()) == 1
