"""How imports end when nobody goes on with them: plans that are too old, uploads that could not be begun (TCH-6)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from app.domain.clock import now
from app.domain.errors import Conflict
from app.domain.terms import ImportState, JobState
from app.models import BackgroundJob, ImportBatch, ImportBlock, School
from app.services import imports, jobs
from tests.exchange.conftest import Importing
from tests.support.workbooks import workbook
from tests.world import World

pytestmark = pytest.mark.req("TCH-6")

ROWS = [["代码", "名称"], ["330106001", "新名"]]


@pytest.fixture
def rows(world: World) -> Sequence[Sequence[str]]:
    """A workbook that gives a school another name."""
    return [["代码", "名称"], [world.school["xihu"].code, "新名"]]


def let_grow_old(db: Any, batch: ImportBatch) -> None:
    created = now() - imports.KEPT - timedelta(hours=1)
    db.session.execute(update(ImportBatch).where(ImportBatch.id == batch.id).values(created_at=created))
    db.session.commit()
    db.session.expire_all()


def somebody_uploads(world: World) -> None:
    """An upload of somebody else's: it clears away what is old."""
    imports.upload(
        "schools", "School", BytesIO(workbook(ROWS)), file_name="b.xlsx", title="t", language="zh",
        actor=world.actor("provincial_admin"),
    )  # fmt: skip


def name_of(db: Any, world: World) -> str:
    db.session.expire_all()
    return str(db.session.get_one(School, world.school["xihu"].id).name)


def blocks_of(db: Any, batch: ImportBatch) -> int:
    return int(db.session.scalar(select(func.count()).where(ImportBlock.batch_id == batch.id)))


@pytest.mark.parametrize("state", [ImportState.PLANNING, ImportState.PLANNED, ImportState.APPLYING])
def test_an_import_left_for_too_long_ends_with_a_note_and_cannot_be_applied(
    schools: Importing, world: World, db: Any, login_as: Any, rows: Any, state: ImportState
) -> None:
    batch = schools.plan(rows)
    db.session.execute(update(ImportBatch).where(ImportBatch.id == batch.id).values(state=state))
    let_grow_old(db, batch)
    somebody_uploads(world)
    batch = db.session.get_one(ImportBatch, batch.id, populate_existing=True)
    assert (batch.state, batch.notes[0][0], blocks_of(db, batch)) == (ImportState.CANCELLED, "import_expired", 0)
    assert not imports.can_apply(batch)
    with pytest.raises(Conflict):
        imports.start_applying(batch.id, "School", title="t", language="zh", actor=schools.actor)
    assert "30 天" in login_as("county_admin").get(f"/imports/show/{batch.id}").text


def test_an_old_import_a_job_works_on_is_left_alone(schools: Importing, world: World, db: Any, rows: Any) -> None:
    batch = schools.plan(rows)
    imports.start_applying(batch.id, "School", title="apply", language="zh", actor=schools.actor)
    let_grow_old(db, batch)
    somebody_uploads(world)
    assert blocks_of(db, batch) == 1
    batch = schools.work(batch.id)
    assert (batch.state, batch.written, name_of(db, world)) == (ImportState.APPLIED, 1, "新名")


def test_applying_without_a_plan_fails_and_is_never_called_applied(
    schools: Importing, db: Any, world: World, rows: Any
) -> None:
    batch = schools.plan(rows)
    imports.start_applying(batch.id, "School", title="apply", language="zh", actor=schools.actor)
    db.session.execute(delete(ImportBlock).where(ImportBlock.batch_id == batch.id))
    db.session.commit()
    batch = schools.work(batch.id)
    assert (batch.state, batch.job.state) == (ImportState.APPLYING, JobState.FAILED)
    assert not imports.can_apply(batch)
    with pytest.raises(Conflict) as refused:
        imports.start_applying(batch.id, "School", title="apply", language="zh", actor=schools.actor)
    assert [each.code for each in refused.value.problems] == ["plan_gone"]
    assert name_of(db, world) != "新名"


def test_an_import_whose_last_block_is_written_can_still_be_ended(schools: Importing, db: Any, rows: Any) -> None:
    batch = schools.apply(schools.plan(rows))
    db.session.execute(update(ImportBatch).where(ImportBatch.id == batch.id).values(state=ImportState.APPLYING))
    db.session.commit()
    batch = schools.apply(db.session.get_one(ImportBatch, batch.id, populate_existing=True))
    assert (batch.state, batch.written) == (ImportState.APPLIED, 1)


@pytest.mark.req("OPS-3", "DEL-12")
def test_who_has_too_many_jobs_leaves_no_upload_behind(
    schools: Importing, db: Any, world: World, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_OPEN", 0)
    before = db.session.scalar(select(func.count(ImportBatch.id)))
    with pytest.raises(Conflict):
        schools.plan(rows)
    assert list(imports.folder().iterdir()) == []
    assert db.session.scalar(select(func.count(ImportBatch.id))) == before


@pytest.mark.req("OPS-3")
@pytest.mark.parametrize("broken", ["_keep", "_begin"])
def test_an_upload_that_cannot_be_begun_leaves_nothing_behind(
    schools: Importing, db: Any, rows: Any, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    right = getattr(imports, broken)

    def fail(*given: Any) -> None:
        if broken == "_keep":
            right(*given)
        raise OSError("no space left on device")

    monkeypatch.setattr(imports, broken, fail)
    before = db.session.scalar(select(func.count(ImportBatch.id)))
    with pytest.raises(OSError, match="no space"):
        schools.plan(rows)
    assert list(imports.folder().iterdir()) == []
    assert db.session.scalar(select(func.count(ImportBatch.id))) == before


@pytest.mark.req("OPS-3")
def test_uploads_nobody_will_plan_are_swept(schools: Importing, world: World, db: Any, rows: Any) -> None:
    imports.upload("schools", "School", BytesIO(workbook(rows)), file_name="a.xlsx", title="t", language="zh",
                   actor=schools.actor)  # fmt: skip
    old = db.session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc()).limit(1)).one()
    db.session.execute(update(ImportBatch).where(ImportBatch.id == old.id).values(job_id=None))
    db.session.execute(delete(BackgroundJob).where(BackgroundJob.id.in_(schools.queue)))
    let_grow_old(db, old)
    lost, fresh = imports.folder() / "lost.xlsx", imports.folder() / "fresh.xlsx"
    for file, age in ((lost, imports.LOST * 2), (fresh, imports.LOST / 2)):
        file.touch()
        os.utime(file, ((now() - age).timestamp(),) * 2)
    own = imports.folder() / str(old.file_path)
    somebody_uploads(world)
    assert (lost.exists(), fresh.exists(), own.exists()) == (False, True, False)
    somebody_uploads(world)
    waiting = db.session.scalars(select(ImportBatch.file_path).where(ImportBatch.file_path.is_not(None))).all()
    assert {path.name for path in imports.folder().iterdir()} == {"fresh.xlsx", *waiting}
    assert len(waiting) == 2
