"""My record, and the school's list of change requests, as pages (TCH-3)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.terms import ChangeRequestState
from app.models import ChangeRequest
from tests.world import World, national_id

pytestmark = pytest.mark.req("TCH-3")

PAGE = "/my-record/"


def asked(db: Any, world: World) -> ChangeRequest:
    """The newest request of the teacher at home."""
    wanted = select(ChangeRequest).where(ChangeRequest.teacher_id == world.teacher["zhang"].id)
    found: ChangeRequest = db.session.scalars(wanted.order_by(ChangeRequest.id.desc())).first()
    return found


@pytest.mark.req("P20", "OPS-3")
def test_the_page_shows_the_own_record_with_a_masked_id_and_saves_what_is_free(
    db: Any, login_as: Any, world: World
) -> None:
    client = login_as("teacher")
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "张明华" in page.text
    assert national_id(1) not in page.text
    assert 'name="mobile"' in page.text
    version = world.teacher["zhang"].version
    form = {"mobile": "13800138000", "office_phone": "", "subject": str(world.subject.id), "version": str(version)}
    assert client.post(f"{PAGE}save", data=form).status_code == 302
    assert world.teacher["zhang"].mobile == "13800138000"
    late = client.post(f"{PAGE}save", data={**form, "mobile": "13900139000"})
    assert late.status_code == 409
    assert "13900139000" in late.text
    assert "档案中现为：13800138000" in late.text
    now = re.search(r'name="version" value="(\d+)"', late.text)
    assert now is not None
    again = client.post(f"{PAGE}save", data={**form, "mobile": "13900139000", "version": now[1]})
    assert again.status_code == 302
    assert world.teacher["zhang"].mobile == "13900139000"


@pytest.mark.req("TCH-3")
def test_what_is_asked_for_ends_with_the_reason(login_as: Any, world: World) -> None:
    form = login_as("teacher").get(PAGE).text.partition('/my-record/ask"')[2].partition("</form>")[0]
    names = re.findall(r'<(?:input|select)[^>]* name="(\w+)"', form)
    assert names.index("birth_date") < names.index("stage") < names.index("note")
    assert names[-1] == "note"


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(db: Any, login_as: Any, world: World) -> None:
    client = login_as("teacher")
    page = client.post(f"{PAGE}save", data={"mobile": "12345", "office_phone": "0571-87000000", "subject": ""})
    assert page.status_code == 422
    assert 'value="12345"' in page.text
    assert 'id="mobile-error"' in page.text
    page = client.post(f"{PAGE}ask", data={"name": "张明", "national_id": "123", "note": "改名"})
    assert page.status_code == 422
    assert 'value="张明"' in page.text
    assert "改名" in page.text


def test_a_request_is_sent_seen_by_both_and_decided_in_the_list(
    db: Any, login_as: Any, world: World, count_queries: Any
) -> None:
    client, school = login_as("teacher"), login_as("school_admin")
    form = {"name": "张明", "gender": "male", "birth_date": "1980-01-01", "stage": str(world.stage.id), "note": "更名"}
    assert client.post(f"{PAGE}ask", data=form).status_code == 302
    request = asked(db, world)
    assert list(request.changes) == ["name"]
    assert "张明" in client.get(PAGE).text
    listed = school.get("/changerequestview/list/?state=filed")
    assert listed.status_code == 200
    assert "张明华" in listed.text
    assert "<strong>张明</strong>" in listed.text
    assert "张明华" in school.get("/changerequestview/list/?name=张明").text
    assert "<strong>张明</strong>" not in school.get("/changerequestview/list/?name=王").text
    shown = school.get(f"/changerequestview/show/{request.id}").text
    assert 'data-label="变更前"' in shown
    with count_queries() as sent:
        school.get("/changerequestview/list/")
    assert len(sent) <= 25, str(sent)
    sent_now = {"action": "approve", "rowid": str(request.id), "next": "/changerequestview/list/?state=filed"}
    done = school.post("/changerequestview/action_post", data=sent_now)
    assert done.location.endswith("?state=filed")
    assert (asked(db, world).state, world.teacher["zhang"].name) == (ChangeRequestState.APPROVED, "张明")


def test_a_stale_request_is_marked_and_decided_on_its_own_page(db: Any, login_as: Any, world: World) -> None:
    client, school = login_as("teacher"), login_as("school_admin")
    form = {"name": "张明", "gender": "male", "birth_date": "1980-01-01", "stage": str(world.stage.id)}
    client.post(f"{PAGE}ask", data=form)
    request = asked(db, world)
    world.teacher["zhang"].name = "张华"
    db.session.commit()
    assert "ti-alert-triangle" in school.get("/changerequestview/list/?state=filed").text
    many = {"action": "approve", "rowid": str(request.id)}
    school.post("/changerequestview/action_post", data=many)
    assert asked(db, world).state is ChangeRequestState.FILED
    page = school.get(f"/changerequestview/show/{request.id}")
    assert "张华" in page.text
    school.post(f"/changerequestview/action/approve/{request.id}", data={"anyway": "yes"})
    assert (asked(db, world).state, world.teacher["zhang"].name) == (ChangeRequestState.APPROVED, "张明")


def test_a_refusal_reaches_the_teacher_with_its_reason(db: Any, login_as: Any, world: World) -> None:
    client, school = login_as("teacher"), login_as("school_admin")
    form = {"name": "张明", "gender": "male", "birth_date": "1980-01-01", "stage": str(world.stage.id)}
    client.post(f"{PAGE}ask", data=form)
    request = asked(db, world)
    school.post(f"/changerequestview/action/refuse/{request.id}", data={"reason": "请附户口本"})
    assert asked(db, world).state is ChangeRequestState.REFUSED
    assert "请附户口本" in client.get(PAGE).text


@pytest.mark.req("ORG-6")
def test_only_teachers_have_a_record_of_their_own(login_as: Any, world: World) -> None:
    assert login_as("school_admin").get(PAGE).status_code == 403
    assert login_as("system_admin").get(PAGE).location == "/"
    assert "/my-record/" not in login_as("county_admin").get("/").text
    assert "/my-record/" in login_as("teacher").get("/").text
