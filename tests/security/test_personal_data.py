"""Personal data stays where it belongs: crawled for every role, in logs, and in the files of the database (S14–S16)."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from zipfile import BadZipFile, ZipFile

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.domain.errors import problem
from app.domain.imports import RowPlan
from app.domain.terms import AuditAction, ImportOutcome, ImportState, RoleName
from app.domain.text import N_
from app.extensions import db as database
from app.models import AuditEntry, BackgroundJob, ImportBatch, Teacher
from app.security.roles import permissions_of
from app.services import imports, teachers
from app.web.actors import current_vault
from tests.support.databases import Database
from tests.support.server import Server
from tests.support.sessions import cookie_of
from tests.views.test_doors import path_of, rules
from tests.web.test_every_route import addresses
from tests.world import World, build, national_id

LIST = "/teacherview/list/"
EXPORTS = {
    "ImportBatchView.errors",
    "TeacherView.export",
    "DeletedTeacherView.export",
    "RosterView.export",
    "TransferPage.export",
}

TAKES_OUT = {"export", "errors"}  # routes that send rows as a workbook


def secrets_of(world: World, *, but: str = "") -> dict[str, str]:
    """Every whole ID and mobile number of the world's teachers, and whose it is."""
    numbered = enumerate(world.teacher.items(), 1)
    found = [(name, national_id(n), row.mobile) for n, (name, row) in numbered if name != but]
    return {secret: name for name, number, mobile in found for secret in (number, mobile)}


def content(answer: Any) -> str:
    """The text of an answer, or of everything in the workbook it is."""
    try:
        with ZipFile(BytesIO(answer.data)) as book:
            return "".join(book.read(name).decode(errors="replace") for name in book.namelist())
    except BadZipFile:
        return str(answer.data.decode(errors="replace"))


def crawled(app: Flask, client: Any, world: World) -> Iterator[tuple[str, str]]:
    """Every page, file and API answer that is read, rows at home among them; lists with all their columns."""
    for rule, path in addresses(app, world):
        yield path, content(client.get(path))
        if rule.endpoint.startswith("TeacherView.") and "pk" not in rule.arguments:
            columns = "name,national_id,mobile,office_phone,email,birth_date"
            yield f"{path}?cols", content(client.get(path, query_string={"cols": columns}))


@pytest.mark.req("S14", "OPS-3")
@pytest.mark.in_turn
@pytest.mark.parametrize("role", [r for r in RoleName if ("reveal", "Teacher") not in permissions_of(r)])
def test_who_may_not_see_a_number_meets_none_anywhere(app: Flask, login_as: Any, world: World, role: RoleName) -> None:
    client = login_as(role.value)
    secrets = secrets_of(world, but="zhang" if role is RoleName.TEACHER else "")
    found = {(path, secrets[s]) for path, text in crawled(app, client, world) for s in secrets if s in text}
    assert not found


@pytest.mark.req("S14", "OPS-3")
@pytest.mark.parametrize("username", ["system_admin", "city_admin", "school_admin"])
def test_who_may_see_numbers_meets_them_only_where_it_is_recorded(
    app: Flask, db: Any, login_as: Any, world: World, username: str
) -> None:
    client, secrets = login_as(username), secrets_of(world)
    found = {path for path, text in crawled(app, client, world) for secret in secrets if secret in text}
    recorded = {rule.rule for rule in rules(app) if rule.endpoint in EXPORTS}
    assert {path.partition("?")[0] for path in found} <= recorded


@pytest.mark.req("S14")
@pytest.mark.database("sqlite")
def test_no_log_holds_a_number_however_it_was_sent(fresh_app: Flask, fresh_database: Database) -> None:
    with fresh_app.app_context():
        world = build()
        database.session.commit()
        secrets, row = secrets_of(world), world.teacher["li"]
        number, mobile, shown = national_id(2), row.mobile, f"/teacherview/show/{row.id}"
        cookie = "=".join(cookie_of(fresh_app, "school_admin"))
    typed = [urlencode({"name": text, "q": text, "cols": "name,mobile"}) for text in (number, mobile)]
    pages = (LIST, "/teachers/grid/", "/teachers/statistics/", "/search/", "/search/suggest", "/teacherview/export")
    with Server(fresh_database) as server:
        for path in [shown, *(f"{page}?{query}" for page in pages for query in typed)]:
            with urlopen(Request(server.url + path, headers={"Cookie": cookie})) as answer:
                assert answer.status == 200
        with pytest.raises(HTTPError):
            urlopen(Request(f"{server.url}/login/?username={number}", f"username={number}".encode()))
        log = server.log_text()
    assert log.count(LIST) >= 2
    assert not [secret for secret in secrets if secret in log]


@pytest.mark.req("S14", "S15", "OPS-3")
@pytest.mark.database("sqlite")
def test_an_id_number_typed_into_a_search_stands_in_no_address_and_no_audit(
    app: Flask, db: Any, login_as: Any, client: Any, world: World
) -> None:
    number, admin = national_id(1), login_as("system_admin")
    pages = [rule.rule for rule in rules(app) if not rule.arguments and "GET" in (rule.methods or ())]
    pages = [page for page in pages if page.startswith(("/teacher", "/deleted-teachers", "/enrollment", "/transfer"))]
    for page in pages:
        typed = dict.fromkeys(("name", "who", "q"), f" {number.lower()} ")
        last = admin.get(page, query_string=typed, follow_redirects=True)
        assert number not in f"{last.request.url}{last.headers.get('Location', '')}", page
    assert len(pages) > 12
    assert not [entry.id for entry in db.session.scalars(select(AuditEntry)) if number in f"{entry.after}"]
    assert not [job.id for job in db.session.scalars(select(BackgroundJob)) if number in f"{job.arguments}"]
    assert world.teacher["zhang"].name in admin.get("/teacherview/list/", query_string={"name": number},
                                                    follow_redirects=True).text  # fmt: skip
    assert "id%3A" not in client.get(f"/teacherview/list/?name={number}").location  # a visitor learns no index


@pytest.fixture
def faulty_import(db: Any, world: World) -> ImportBatch:
    """An import of the system administrator's with a row to be mended."""
    batch = ImportBatch(
        account_id=world.account["system_admin"].id, kind="schools", file_name="a.xlsx", sha256="0" * 64, size=1,
        state=ImportState.PLANNED, header={"titles": ["代码"], "fields": {"code": 0}}, counts={"error": 1}, total=1,
    )  # fmt: skip
    db.session.add(batch)
    db.session.commit()
    wrong = problem("missing", N_("This is needed; fill it in."), field="code")
    imports.add_blocks(batch.id, 0, [[RowPlan(2, ImportOutcome.ERROR, "", problems=[wrong], raw=["x"])]])
    return batch


@pytest.mark.req("S16", "OPS-2")
def test_every_export_says_who_took_what_how_many_when_and_from_where(
    app: Flask, db: Any, login_as: Any, world: World, faulty_import: ImportBatch
) -> None:
    client, key = login_as("system_admin"), faulty_import.id
    missing, met = [], set()
    for rule in rules(app):
        if rule.endpoint.rpartition(".")[2] not in TAKES_OUT or "GET" not in (rule.methods or ()):
            continue
        before = db.session.scalar(select(func.max(AuditEntry.id))) or 0
        answer = client.get(path_of(rule, key if rule.endpoint == "ImportBatchView.errors" else 1))
        if answer.status_code != 200:
            continue
        met.add(rule.endpoint.rpartition(".")[2])
        wanted = select(AuditEntry).where(AuditEntry.id > before, AuditEntry.action == AuditAction.EXPORT)
        entry = db.session.scalars(wanted).one_or_none()
        told = entry is not None and entry.account_id and entry.address and entry.created_at and entry.entity
        if not told or "rows" not in (entry.after or {}):
            missing.append(rule.rule)
    assert not missing
    assert met == TAKES_OUT


@pytest.mark.req("S15", "OPS-3")
@pytest.mark.database("sqlite")
def test_no_file_of_the_database_holds_an_id_number(fresh_app: Flask, fresh_database: Database) -> None:
    with fresh_app.app_context():
        world = build()
        database.session.commit()
        actor, vault = world.actor("school_admin"), current_vault()
        values = {"name": "赵一曼", "national_id": national_id(77), "school": world.school["xihu"]}
        made = teachers.create_teacher(
            {**values, "school": world.school["xihu"].name, "stage": world.stage.name, "subject": world.subject.name},
            actor=actor, vault=vault,
        )  # fmt: skip
        teachers.update_teacher(made.id, {"national_id": national_id(79)}, actor=actor, vault=vault)
        teachers.reveal(made.id, actor=actor, vault=vault)
        people = len(world.teacher)
        assert database.session.scalar(select(func.count(Teacher.id))) == people + 1
        files = list(fresh_database.file.parent.glob(f"{fresh_database.file.name}*"))
        stored = b"".join(file.read_bytes() for file in files)
    assert "赵一曼".encode() in stored
    assert not [n for n in [*range(1, people + 1), 77, 79] if national_id(n).encode() in stored]
