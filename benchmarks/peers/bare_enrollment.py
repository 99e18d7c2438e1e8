"""The limit of W1: the same questions and the same writing in Flask and a driver, nothing else, `…:app`.

It sends one statement for each that the platform sends (a test counts both): who has signed in, with roles and stamp;
the class within scope; the teacher; whom the class is aimed at; what is held; then in the turn to write what is held
once more, and the seat with enrollment and ledger. Windows, parameters and bureaus it remembers under the stamp, as the
platform does. It leaves out what sends nothing: form token, clash of days, reasons in words, headers, log.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from flask import Flask, request, session
from psycopg.rows import dict_row

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]
URL = os.environ["DATABASE_URL"].replace("postgresql+psycopg", "postgresql")
SQLITE = URL.startswith("sqlite")
LIVE = "('awaiting_school', 'awaiting_bureau', 'awaiting_institution', 'admitted')"
ROLES = "group_concat(role_id)" if SQLITE else "string_agg(role_id::text, ',')"
WHO = f"""SELECT a.active, a.status, a.session_version, a.must_change_password, t.id AS teacher_id, t.school_id,
(SELECT {ROLES} FROM ab_user_role WHERE user_id = a.id) AS roles,
(SELECT number FROM security_stamp ORDER BY id LIMIT 1) AS stamp FROM ab_user a
LEFT JOIN teacher t ON t.account_id = a.id WHERE a.id = %s"""
CLASS = f"""SELECT c.*, (SELECT count(*) FROM enrollment e WHERE e.training_class_id = c.id AND e.state IN {LIVE}),
(SELECT count(*) FROM enrollment e WHERE e.training_class_id = c.id AND e.state = 'awaiting_institution'
AND NOT e.holds_seat) AS waiting FROM training_class c WHERE c.id = %s AND (c.programme_id IN (
SELECT p.programme_id FROM programme_region p JOIN region t ON t.id = p.region_id WHERE EXISTS (SELECT 1 FROM region h
WHERE h.id IN (SELECT region_id FROM school WHERE id = %s) AND h.path LIKE t.path || '%%'))
OR c.id IN (SELECT training_class_id FROM enrollment WHERE teacher_id = %s))"""
PERSON = """SELECT t.id, t.status, t.stage_id, t.post_category_id, t.school_id, s.name AS school, r.path,
EXISTS (SELECT 1 FROM enrollment e WHERE e.teacher_id = t.id AND e.batch_id = %s AND (e.state IN ('declined',
'not_drawn') OR e.state = 'class_cancelled' AND EXISTS (SELECT 1 FROM transition x WHERE x.entity = 'Enrollment'
AND x.row_id = e.id AND x.to_state = 'class_cancelled'
AND x.from_state IN ('awaiting_bureau', 'awaiting_institution', 'admitted')))) AS failed,
EXISTS (SELECT 1 FROM enrollment e, training_class c WHERE e.teacher_id = t.id
AND c.id = e.training_class_id AND e.state = 'admitted' AND c.state IN ('completed', 'credited')
AND c.kind IN ('elective', 'provincial') AND NOT EXISTS (SELECT 1 FROM evaluation v WHERE v.enrollment_id = e.id))
AS owing FROM teacher t LEFT JOIN school s ON s.id = t.school_id LEFT JOIN region r ON r.id = s.region_id
WHERE t.id = %s AND t.deleted_at IS NULL"""
AIMED = """SELECT 'region' AS name, r.path, 0 AS key FROM programme_region p JOIN region r ON r.id = p.region_id
WHERE p.programme_id = %s UNION ALL SELECT 'stage', '', stage_id FROM programme_stage WHERE programme_id = %s
UNION ALL SELECT 'post', '', post_category_id FROM programme_post_category WHERE programme_id = %s"""
HELD = f"""SELECT e.training_class_id, e.credit_hours, e.batch_id, c.title, c.number, c.starts_on, c.ends_on, c.kind
FROM enrollment e JOIN training_class c ON c.id = e.training_class_id WHERE e.teacher_id = %s AND e.state IN {LIVE}
AND (c.state NOT IN ('completed', 'credited') OR e.batch_id = %s)"""
WINDOWS = "SELECT kind, opens_at, closes_at FROM batch_window WHERE batch_id = %s"
SET = "SELECT name, value FROM parameter_value WHERE training_year_id IS NULL OR training_year_id = %s"
BUREAUS = """SELECT b.id FROM bureau b JOIN region r ON r.id = b.region_id WHERE %s LIKE r.path || '%%'
ORDER BY length(r.path) DESC"""
MAY = """SELECT 1 FROM ab_permission_view_role h JOIN ab_permission_view v ON v.id = h.permission_view_id
JOIN ab_permission p ON p.id = v.permission_id JOIN ab_view_menu m ON m.id = v.view_menu_id
WHERE p.name = 'can_enroll' AND m.name = 'Enrollment' AND ',' || %s || ',' LIKE '%%,' || h.role_id || ',%%'"""
LOCK = "SELECT pg_advisory_xact_lock(7001, %s)"
TAKE = """UPDATE training_class SET taken = taken + 1, updated_at = %s WHERE id = %s AND state = 'offered'
AND taken < seats RETURNING id"""
COLUMNS = """(number, teacher_id, training_class_id, training_year_id, batch_id, round_kind, state, origin,
credit_hours, school_id, bureau_id, enrolled_at, moved_at, review_deadline, holds_seat, created_at, updated_at,
version)"""
VALUES = "SELECT %s, %s, %s, %s, %s, 'round_two', 'awaiting_school', 'self', %s, %s, %s, %s, %s, %s, true, %s, %s, 1"
LEDGER = """INSERT INTO transition (entity, row_id, action, to_state, party, account_id, organisation, created_at,
updated_at, version) SELECT 'Enrollment', {0}, 'enroll', 'awaiting_school', 'teacher', %s, %s, %s, %s, 1"""
PG_TYPES = (
    "text", "int", "int", "int", "int", "int", "int", "int", "timestamptz", "timestamptz", "timestamptz",
    "timestamptz", "timestamptz",
)  # fmt: skip
connection: Any = None
kept: dict[Any, Any] = {}
sent: list[str] = []  # filled for the test that counts


def database() -> Any:
    """Return this process's connection."""
    global connection
    if connection is None and SQLITE:
        connection = sqlite3.connect(URL.removeprefix("sqlite:///"), isolation_level=None, timeout=20)
        connection.row_factory = sqlite3.Row
        for setting in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL"):
            connection.execute(f"PRAGMA {setting}")
    elif connection is None:
        connection = psycopg.connect(URL, autocommit=True, row_factory=dict_row)
    return connection


def ask(sql: str, *values: Any) -> list[Any]:
    """Return the rows of a statement."""
    sent.append(sql) if app.testing else None
    sql = sql.replace("%%", "%").replace("%s", "?") if SQLITE else sql
    cursor = database().execute(sql, values)
    return cursor.fetchall() if cursor.description else []


@contextmanager
def writing() -> Any:
    """Make one transaction of the block."""
    if not SQLITE:
        with database().transaction():
            yield
        return
    database().execute("BEGIN IMMEDIATE")
    yield
    database().execute("COMMIT")


def remembered(stamp: int, sql: str, *values: Any) -> list[Any]:
    """Return what a statement gave when the stamp moved last."""
    if kept.get("stamp") != stamp:
        kept.clear()
        kept["stamp"] = stamp
    if (sql, values) not in kept:
        kept[sql, values] = ask(sql, *values)
    return kept[sql, values]


@app.get("/readyz")
def ready() -> Any:
    """Say that it runs."""
    return {}


@app.post("/enroll")
def enroll() -> Any:
    """Enroll who has signed in, or say why not."""
    class_id = request.get_json()["training_class"]
    [who] = ask(WHO, session["_user_id"])
    if not who["active"] or who["must_change_password"] or not remembered(who["stamp"], MAY, who["roles"]):
        return {"code": "forbidden"}, 403
    chosen = ask(CLASS, class_id, who["school_id"], who["teacher_id"])
    if not chosen:
        return {"code": "absent"}, 404
    [chosen], [person] = chosen, ask(PERSON, chosen[0]["batch_id"], who["teacher_id"])
    aimed, held = ask(AIMED, *[chosen["programme_id"]] * 3), ask(HELD, person["id"], chosen["batch_id"])
    windows = remembered(who["stamp"], WINDOWS, chosen["batch_id"])
    rules = {row["name"]: row["value"] for row in remembered(who["stamp"], SET, chosen["training_year_id"])}
    bureau = remembered(who["stamp"], BUREAUS, person["path"])[0]["id"]
    if not _welcome(person, chosen, aimed, held, windows, rules):
        return {"code": "refused"}, 422
    now = datetime.now(UTC)
    with writing():
        if not SQLITE:
            ask(LOCK, person["id"])
        if any(row["training_class_id"] == class_id for row in ask(HELD, person["id"], chosen["batch_id"])):
            return {"already": True}
        key = _insert(person, chosen, bureau, str(now), str(now + timedelta(hours=24)))
    return ({"id": key}, 201) if key else ({"code": "full"}, 409)


def _welcome(person: Any, chosen: Any, aimed: Any, held: Any, windows: Any, rules: Any) -> bool:
    hours = sum(row["credit_hours"] for row in held if row["batch_id"] == chosen["batch_id"])
    paths, stages, posts = (
        [row["path"] or row["key"] for row in aimed if row["name"] == name] for name in ("region", "stage", "post")
    )
    return (
        bool(windows)
        and chosen["taken"] + chosen["waiting"] < chosen["seats"]
        and any(person["path"].startswith(path) for path in paths)
        and (not stages or person["stage_id"] in stages)
        and (not posts or person["post_category_id"] in posts)
        and (not person["owing"] or rules.get("evaluation_required_to_enroll") == "no")
        and (person["failed"] or rules.get("round_two_open_to") == "everyone")
        and hours + chosen["credit_hours"] <= int(rules.get("hours_cap", 90))
    )


def _insert(person: Any, chosen: Any, bureau: int, now: str, until: str) -> int | None:
    row = (
        secrets.token_hex(6).upper(), person["id"], chosen["id"], chosen["training_year_id"], chosen["batch_id"],
        chosen["credit_hours"], person["school_id"], bureau, now, now, until, now, now,
    )  # fmt: skip
    line = (session["_user_id"], person["school"], now, now)
    if not SQLITE:
        found = ask(AT_ONCE, now, chosen["id"], *row, *line)
        return found[0]["row_id"] if found else None
    if not ask(TAKE, now, chosen["id"]):
        return None
    key = ask(f"INSERT INTO enrollment {COLUMNS} {VALUES} RETURNING id", *row)[0]["id"]
    ask(LEDGER.format("%s"), key, *line)
    return int(key)


def _typed(sql: str, *types: str) -> str:
    return sql.replace("%s", "%s::{}").format(*types)


AT_ONCE = (
    f"WITH place AS ({_typed(TAKE, 'timestamptz', 'int')}), "
    f"made AS (INSERT INTO enrollment {COLUMNS} {_typed(VALUES, *PG_TYPES)} FROM place RETURNING id) "
    + _typed(LEDGER.format("made.id"), "int", "text", "timestamptz", "timestamptz")
    + " FROM made RETURNING row_id"
)
