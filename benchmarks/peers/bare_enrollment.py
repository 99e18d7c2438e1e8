"""The limit of W1: the same questions and the same writing in forty lines of Flask and a driver, `…:app`.

It asks what a round-two enrollment has to ask, refuses with a code, and takes the seat in the same one statement.
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from flask import Flask, request, session

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]
URL = os.environ["DATABASE_URL"].replace("postgresql+psycopg", "postgresql")
LIVE = "('awaiting_school', 'awaiting_bureau', 'awaiting_institution', 'admitted')"
PERSON = """SELECT t.id, t.school_id, t.stage_id, t.post_category_id, t.status, r.path, a.active FROM ab_user a
JOIN teacher t ON t.account_id = a.id JOIN school s ON s.id = t.school_id JOIN region r ON r.id = s.region_id
WHERE a.id = %s"""
CLASS = f"""SELECT c.*, (SELECT count(*) FROM enrollment e WHERE e.training_class_id = c.id AND e.state IN {LIVE}),
(SELECT count(*) FROM enrollment e WHERE e.training_class_id = c.id AND e.state = 'awaiting_institution'
AND NOT e.holds_seat) AS waiting FROM training_class c WHERE c.id = %s"""
AIMED = """SELECT r.path FROM programme_region p JOIN region r ON r.id = p.region_id WHERE p.programme_id = %s"""
HELD = f"""SELECT e.training_class_id, e.credit_hours, e.batch_id, c.starts_on, c.ends_on, c.kind FROM enrollment e
JOIN training_class c ON c.id = e.training_class_id WHERE e.teacher_id = %s AND e.state IN {LIVE}"""
OWED = """SELECT c.title FROM enrollment e JOIN training_class c ON c.id = e.training_class_id WHERE e.teacher_id = %s
AND e.state = 'admitted' AND c.state IN ('completed', 'credited') AND c.kind IN ('elective', 'provincial')
AND NOT EXISTS (SELECT 1 FROM evaluation v WHERE v.enrollment_id = e.id)"""
WINDOWS = "SELECT kind, opens_at, closes_at FROM batch_window WHERE batch_id = %s"
SET = "SELECT name, value FROM parameter_value"
BUREAUS = """SELECT b.id FROM bureau b JOIN region r ON r.id = b.region_id WHERE %s LIKE r.path || '%%'
ORDER BY length(r.path) DESC"""
TAKE = """UPDATE training_class SET taken = taken + 1 WHERE id = %s AND state = 'offered' AND taken < seats
RETURNING id"""
COLUMNS = """(number, teacher_id, training_class_id, training_year_id, batch_id, round_kind, state, origin,
credit_hours, school_id, bureau_id, enrolled_at, moved_at, review_deadline, holds_seat, created_at, updated_at,
version)"""
VALUES = "SELECT %s, %s, %s, %s, %s, 'round_two', 'awaiting_school', 'self', %s, %s, %s, %s, %s, %s, true, %s, %s, 1"
LEDGER = """INSERT INTO transition (entity, row_id, action, to_state, party, account_id, organisation, created_at,
updated_at, version) SELECT 'Enrollment', {0}, 'enroll', 'awaiting_school', 'teacher', %s, '', %s, %s, 1"""
connection: Any = None


def database() -> Any:
    """Return this process's connection."""
    global connection
    if connection is None:
        connection = _sqlite() if URL.startswith("sqlite") else psycopg.connect(URL, autocommit=True)
    return connection


def _sqlite() -> Any:
    import sqlite3

    made = sqlite3.connect(URL.removeprefix("sqlite:///"), isolation_level=None, timeout=20)
    for setting in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL"):
        made.execute(f"PRAGMA {setting}")
    return made


def ask(sql: str, *values: Any) -> list[Any]:
    """Return the rows of a statement."""
    if URL.startswith("sqlite"):
        cursor = database().cursor()
        cursor.row_factory = __import__("sqlite3").Row
        return cursor.execute(sql.replace("%%", "%").replace("%s", "?"), values).fetchall()
    from psycopg.rows import dict_row

    return database().cursor(row_factory=dict_row).execute(sql, values).fetchall()


@app.get("/readyz")
def ready() -> Any:
    """Say that it runs."""
    return {}


@app.post("/enroll")
def enroll() -> Any:
    """Enroll who has signed in, or say why not."""
    class_id = request.get_json()["training_class"]
    [person], [chosen] = ask(PERSON, session["_user_id"]), ask(CLASS, class_id)
    aimed, held, owed = ask(AIMED, chosen["programme_id"]), ask(HELD, person["id"]), ask(OWED, person["id"])
    windows, _set = ask(WINDOWS, chosen["batch_id"]), ask(SET)
    bureau = ask(BUREAUS, person["path"])[0]["id"]
    hours = sum(row["credit_hours"] for row in held if row["batch_id"] == chosen["batch_id"])
    fits = any(person["path"].startswith(row["path"]) for row in aimed)
    if any(row["training_class_id"] == class_id for row in held):
        return {"already": True}
    if not windows or owed or not fits or hours + chosen["credit_hours"] > 90:
        return {"code": "refused"}, 422
    now = datetime.now(UTC)
    key = _insert(person, chosen, bureau, str(now), str(now + timedelta(hours=24)))
    return ({"id": key}, 201) if key else ({"code": "full"}, 409)


def _insert(person: Any, chosen: Any, bureau: int, now: str, until: str) -> int | None:
    row = (
        secrets.token_hex(6).upper(), person["id"], chosen["id"], chosen["training_year_id"], chosen["batch_id"],
        chosen["credit_hours"], person["school_id"], bureau, now, now, until, now, now,
    )  # fmt: skip
    line = (session["_user_id"], now, now)
    if not URL.startswith("sqlite"):
        typed = VALUES.replace("%s", "%s::{}").format(*PG_TYPES)
        both = (
            f"WITH place AS ({TAKE}), made AS (INSERT INTO enrollment {COLUMNS} {typed} FROM place RETURNING id) "
            + LEDGER.format("made.id").replace("%s", "%s::{}").format("int", "timestamptz", "timestamptz")
            + " FROM made RETURNING row_id"
        )
        found = ask(both, chosen["id"], *row, *line)
        return found[0]["row_id"] if found else None
    ask("BEGIN IMMEDIATE")
    taken = ask(TAKE, chosen["id"])
    key = ask(f"INSERT INTO enrollment {COLUMNS} {VALUES} RETURNING id", *row)[0]["id"] if taken else None
    if key:
        ask(LEDGER.format("?").replace("%s", "?"), key, *line)
    ask("COMMIT")
    return key


PG_TYPES = (
    "text", "int", "int", "int", "int", "int", "int", "int", "timestamptz", "timestamptz", "timestamptz",
    "timestamptz", "timestamptz",
)  # fmt: skip
