"""The audit reads as a clerk would write it: no codes, no numbers of rows (OPS-2)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.terms import AuditAction
from app.models import AuditEntry, BatchWindow, ParameterChange, RegionGrant
from app.services import audit
from tests.world import World

pytestmark = pytest.mark.req("OPS-2")


def told(client: Any, entry: AuditEntry) -> str:
    """Return the page of an entry as text, its tags and spaces away."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(f"/auditentryview/show/{entry.id}").text))


def entry_of(db: Any, world: World, row: Any, before: dict[str, Any] | None, after: dict[str, Any]) -> AuditEntry:
    audit.record(AuditAction.UPDATE, row, actor=world.actor("provincial_admin"), before=before, after=after)
    db.session.commit()
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()


def test_rows_terms_and_moments_are_told_in_words(login_as: Any, world: World, db: Any) -> None:
    grant: RegionGrant = world.grant["qingyuan"]
    entry = entry_of(db, world, grant, None, audit.snapshot(grant))
    text = told(login_as("provincial_admin"), entry)
    assert "地区授权" in text
    assert "培训机构 — 菇城教师进修学校" in text
    assert "_id" not in text


def test_what_the_reader_may_not_see_keeps_its_name_to_itself(login_as: Any, world: World, db: Any) -> None:
    entry = entry_of(db, world, world.school["xihu"], None, {"region_id": world.region["qingyuan"].id})
    entry.region_path = world.region["xihu"].path
    entry.after = {"institution_id": 1, "merged_into_id": world.school["qingyuan"].id}
    db.session.commit()
    assert world.school["qingyuan"].name not in told(login_as("county_admin"), entry)


def test_a_window_and_a_parameter_are_called_by_their_words(login_as: Any, world: World, db: Any) -> None:
    window = db.session.scalar(select(BatchWindow))
    opened = {"kind": "declaration", "opens_at": "2026-01-05T00:00:00Z"}
    first = entry_of(db, world, window, {"kind": "review"}, opened)
    idle = "session_idle_minutes"
    second = entry_of(db, world, ParameterChange(name=idle), {idle: 30}, {idle: 20})
    client = login_as("provincial_admin")
    text = told(client, first)
    assert "第一批 · 项目申报" in text
    assert "环节 项目审核 项目申报" in text
    assert "2026-01-05 08:00" in text
    assert idle not in told(client, second)
    assert "Programme declaration" not in client.get("/batchwindowview/list/").text
    assert "项目申报" in client.get(f"/batchwindowview/edit/{window.id}").text.partition("</title>")[0]


def test_a_new_row_of_a_list_begins_in_use(login_as: Any, world: World) -> None:
    page = login_as("provincial_admin").get("/subjectview/add").text
    switch = next(tag for tag in re.findall(r"<input[^>]*>", page) if 'id="in_use"' in tag)
    assert "checked" in switch
