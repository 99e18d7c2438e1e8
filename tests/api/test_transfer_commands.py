"""Commands on transfers and change requests: the same verbs as the pages, as JSON (OPS-6)."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.terms import ChangeRequestState, TransferState
from app.models import ChangeRequest, Transfer
from tests.world import World, national_id

pytestmark = pytest.mark.req("OPS-6")


@pytest.mark.req("TCH-7", "ORG-6")
def test_a_transfer_from_finding_to_release(send: Any, world: World, db: Any) -> None:
    status, told = send("school_admin", "transfer/find", text=national_id(4))
    [found] = told["found"]
    assert (status, found["name"], found["kinds"], found["under_way"]) == (200, "陈小燕", ["transfer_in"], False)
    assert set(found) == {"who", "name", "national_id", "status", "school", "region", "kinds", "under_way"}
    order = {"kind": "transfer_in", "who": found["who"], "reason": "随迁"}
    plan = send("school_admin", "transfer/start", **order, dry_run=True)[1]
    assert (plan["way"], plan["problems"], len(plan["following"])) == ("awaits_release", [], 1)
    status, made = send("school_admin", "transfer/start", **order)
    assert status == 200
    assert send("school_admin", "transfer/start", **order)[0] == 409
    assert send("school_admin", "transfer/start", **{**order, "who": str(world.teacher["chen"].id)})[0] == 404
    assert send("teacher", "transfer/find", text="陈小燕")[0] == 403
    assert send("school_admin", "transfer/release", ids=[made["id"]])[1]["refused"][0]["problems"][0]["code"] == (
        "not_your_turn"
    )
    assert send("qingyuan_school", "transfer/release", ids=[made["id"]])[1] == {"done": [made["id"]], "refused": []}
    assert db.session.get(Transfer, made["id"]).state is TransferState.COMPLETED
    assert send("county_admin", "transfer/release", ids=[10**6])[0] == 404


@pytest.mark.req("TCH-7")
def test_sending_refusing_seconding_and_returning(send: Any, world: World, db: Any) -> None:
    li, wang = world.teacher["li"], world.teacher["wang"]
    out = send("school_admin", "transfer/start", kind="transfer_out", who=str(li.id), to_school="331126001")[1]["id"]
    assert send("qingyuan_school", "transfer/refuse", ids=[out])[1]["refused"][0]["problems"][0]["field"] == "reason"
    assert send("qingyuan_school", "transfer/refuse", ids=[out], reason="无编制")[1]["done"] == [out]
    days = {"starts_on": "2020-01-01", "ends_on": "2099-01-01"}
    second = {"kind": "secondment", "who": str(wang.id), "to_school": "331126001", **days}
    made = send("school_admin", "transfer/start", **second)[1]["id"]
    assert send("school_admin", "transfer/take-back", ids=[made])[1]["done"] == [made]
    again = send("school_admin", "transfer/start", **second)[1]["id"]
    assert send("qingyuan_school", "transfer/accept", ids=[again])[1]["done"] == [again]
    assert send("qingyuan_school", "transfer/end-secondment", ids=[again])[1]["done"] == [again]
    status, told = send("school_admin", "transfer/start", kind="new", who=str(li.id))
    assert (status, told["problems"][0]["field"]) == (422, "kind")


@pytest.mark.req("TCH-3", "P20")
def test_the_own_record_and_its_requests(send: Any, world: World, db: Any) -> None:
    assert send("teacher", "my-record/update", changes={"mobile": "13800138000"})[1]["changed"] == ["mobile"]
    status, told = send("teacher", "my-record/update", changes={"name": "张明"})
    assert (status, told["problems"][0]["code"]) == (422, "ask_for_it")
    status, made = send("teacher", "change-request/file", changes={"name": "张明"}, note="更名")
    assert status == 201
    assert send("teacher", "change-request/approve", ids=[made["id"]])[0] == 403
    assert send("qingyuan_school", "change-request/approve", ids=[made["id"]])[0] == 404
    assert send("school_admin", "change-request/approve", ids=[made["id"]])[1]["done"] == [made["id"]]
    second = send("teacher", "change-request/file", changes={"email": "a@b.cn"})[1]["id"]
    assert send("school_admin", "change-request/refuse", ids=[second], reason="不详")[1]["done"] == [second]
    assert db.session.get(ChangeRequest, second).state is ChangeRequestState.REFUSED
    assert send("school_admin", "my-record/update", changes={"mobile": "13800138000"})[0] == 403
