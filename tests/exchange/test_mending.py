"""The error workbook: every row that was not taken, for who may import, recorded, a long one by the worker."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from app.domain.terms import AuditAction, ImportState, JobState
from app.models import AuditEntry, BackgroundJob, ImportBatch, Teacher
from app.services import jobs
from app.views import imports as pages
from tests.exchange.conftest import Importing
from tests.world import World, national_id

pytestmark = pytest.mark.req("TCH-6")

HEAD = ["姓名", "身份证号", "手机", "学校", "学段", "学科"]
NEW = ["单小芳", national_id(77), "13911112222", "文三路小学", "小学", "语文"]


@pytest.fixture
def teachers(world: World, queue: Any) -> Importing:
    """The school of the world imports its own teachers."""
    return Importing(world.actor("school_admin"), "teachers", "Teacher", queue)


@pytest.fixture
def left(teachers: Importing, world: World, db: Any) -> ImportBatch:
    """An import without faults, none of whose rows were written: others changed and entered the same meanwhile."""
    batch = teachers.plan([HEAD, ["张改名", national_id(1), None, *NEW[3:]], NEW])
    db.session.get_one(Teacher, world.teacher["zhang"].id).name = "别人改的"
    db.session.commit()
    teachers.apply(teachers.plan([HEAD, ["单芳", *NEW[1:]]]))
    return teachers.apply(batch)


def cells(data: bytes) -> list[tuple[Any, ...]]:
    return list(load_workbook(BytesIO(data)).active.iter_rows(values_only=True))


def exports_of(db: Any) -> list[AuditEntry]:
    db.session.expire_all()
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.EXPORT)))


def test_rows_that_could_not_be_written_stand_in_the_error_workbook(login_as: Any, left: ImportBatch) -> None:
    client = login_as("school_admin")
    address = f"/imports/errors/{left.id}"
    assert (left.state, left.written) == (ImportState.APPLIED, 0)
    assert address in client.get(f"/imports/show/{left.id}").text
    head, changed, new = cells(client.get(address).data)
    assert list(head[:6]) == HEAD
    assert changed[0] == "张改名"
    assert list(new[:6]) == NEW
    assert [row[7] for row in (changed, new)] == [2, 3]
    assert "单小芳" in new[6]


def test_the_page_tells_the_first_rows_that_were_not_written_and_how_many_more(
    login_as: Any, left: ImportBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LEFT_SHOWN", 1)
    page = login_as("school_admin").get(f"/imports/show/{left.id}").text
    assert "还有 1 行" in page


@pytest.mark.req("OPS-2", "S16")
def test_the_error_workbook_is_recorded_as_an_export(login_as: Any, db: Any, left: ImportBatch) -> None:
    login_as("school_admin").get(f"/imports/errors/{left.id}")
    (entry,) = exports_of(db)
    assert (entry.entity, entry.after["rows"], entry.after["filters"]) == ("Teacher", 2, {"import": left.id})
    assert entry.after["columns"] == HEAD
    assert entry.address


@pytest.mark.req("ORG-6", "OPS-3")
def test_who_may_not_import_such_rows_gets_no_error_workbook(login_as: Any, db: Any, left: ImportBatch) -> None:
    db.session.execute(update(ImportBatch).where(ImportBatch.id == left.id).values(kind="schools"))
    db.session.commit()
    client = login_as("school_admin")  # a school never imports schools
    assert client.get(f"/imports/errors/{left.id}").status_code == 403
    assert f"/imports/errors/{left.id}" not in client.get(f"/imports/show/{left.id}").text
    assert exports_of(db) == []


@pytest.mark.req("DEL-12", "OPS-2", "S16")
def test_a_long_error_workbook_is_written_in_the_background(
    login_as: Any, db: Any, app: Any, teachers: Importing, left: ImportBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "AT_ONCE", 1)
    client = login_as("school_admin")
    answer = client.get(f"/imports/errors/{left.id}")
    job_id = teachers.queue[-1]
    assert (answer.status_code, answer.location.endswith(f"/{job_id}")) == (302, True)
    assert exports_of(db) == []
    teachers.work(left.id)
    job = db.session.get_one(BackgroundJob, job_id)
    assert (job.state, job.done, job.total) == (JobState.DONE, 2, 2)
    folder = app.config["SETTINGS"].instance / jobs.EXPORTS
    assert [row[7] for row in cells((folder / job.result_path).read_bytes())[1:]] == [2, 3]
    assert job.result_name.endswith(".xlsx")
    assert [entry.after["rows"] for entry in exports_of(db)] == [2]
