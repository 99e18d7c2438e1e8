"""Commands on teachers' records: the same verbs as the pages, as JSON (OPS-6)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.domain.terms import AuditAction
from app.models import AuditEntry, Teacher
from tests.world import World, national_id

pytestmark = pytest.mark.req("OPS-6")


def told(answer: Any) -> set[str]:
    return {problem["field"] for problem in answer["problems"]}


@pytest.mark.req("TCH-1", "TCH-2")
def test_a_record_is_created_once_and_changed_in_the_version_that_was_read(send: Any, world: World, db: Any) -> None:
    values = {
        "name": "赵一曼", "national_id": national_id(77), "school": world.school["xihu"].name,
        "stage": world.stage.name, "subject": world.subject.name,
    }  # fmt: skip
    status, made = send("school_admin", "teacher/create", values=values)
    assert status == 201
    assert send("school_admin", "teacher/create", values=values)[0] == 409
    status, wrong = send("school_admin", "teacher/create", values={"name": "1", "mobile": "5"})
    assert status == 422
    assert told(wrong) == {"name", "mobile", "national_id", "school", "stage", "subject"}
    change = {"id": made["id"], "expected_version": made["version"], "changes": {"mobile": "138 0013 8000"}}
    assert send("school_inquirer", "teacher/update", **change)[0] == 403
    assert send("qingyuan_school", "teacher/update", **change)[0] == 404
    assert send("school_admin", "teacher/update", **change)[0] == 200
    assert send("school_admin", "teacher/update", **{**change, "changes": {"mobile": "13800138001"}})[0] == 409
    assert db.session.get(Teacher, made["id"]).mobile == "13800138000"


@pytest.mark.req("TCH-12")
def test_a_record_is_deleted_restored_and_removed_for_good(send: Any, world: World, db: Any) -> None:
    key, version = world.teacher["li"].id, world.teacher["li"].version
    assert send("school_admin", "teacher/delete", id=key, expected_version=version + 1)[0] == 409
    assert send("school_admin", "teacher/delete", id=key, expected_version=version, reason="重复")[0] == 200
    assert send("school_admin", "teacher/restore", id=key)[0] == 403
    assert send("qingyuan_county", "teacher/restore", id=key)[0] == 404
    status, back = send("county_admin", "teacher/restore", id=key)
    assert status == 200
    assert send("system_admin", "teacher/purge", id=key)[0] == 404  # it has to be deleted first
    assert send("school_admin", "teacher/delete", id=key, expected_version=back["version"])[0] == 200
    assert send("county_admin", "teacher/purge", id=key)[0] == 403
    assert send("system_admin", "teacher/purge", id=key) == (200, {"id": key})
    assert db.session.get(Teacher, key) is None


@pytest.mark.req("TCH-5")
def test_a_field_is_set_on_many_or_on_none(send: Any, world: World, db: Any) -> None:
    ours = [world.teacher[name].id for name in ("zhang", "li")]
    assert send("school_admin", "teacher/set-field", ids=ours, field="office_phone", value="0571-87000000") == (
        200,
        {"changed": 2},
    )
    mixed = [*ours, world.teacher["chen"].id]
    assert send("school_admin", "teacher/set-field", ids=mixed, field="office_phone", value="0571-87000001")[0] == 404
    assert send("school_admin", "teacher/set-field", ids=ours, field="office_phone", value="x")[0] == 422
    assert send("school_admin", "teacher/set-field", ids=ours, field="mobile", value="13800138000")[0] == 422
    assert {world.teacher[name].office_phone for name in ("zhang", "li")} == {"0571-87000000"}


@pytest.mark.req("OPS-3", "S16")
def test_protected_numbers_are_told_to_who_may_see_them_and_recorded(send: Any, world: World, db: Any) -> None:
    row = world.teacher["li"]
    status, shown = send("school_admin", "teacher/reveal", id=row.id, fields=["national_id", "mobile"])
    assert (status, shown) == (200, {"national_id": national_id(2), "mobile": row.mobile})
    for who, refused in (("school_inquirer", 403), ("bureau_reviewer", 403), ("qingyuan_school", 404)):
        assert send(who, "teacher/reveal", id=row.id, fields=["national_id"])[0] == refused
    own = world.teacher["zhang"].id
    assert send("teacher", "teacher/reveal", id=own, fields=["mobile"])[1] == {"mobile": world.teacher["zhang"].mobile}
    found = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == AuditAction.REVEAL).order_by(AuditEntry.id)
    )
    assert [(entry.row_id, entry.after["fields"]) for entry in found] == [
        (row.id, ["national_id", "mobile"]),
        (own, ["mobile"]),
    ]
