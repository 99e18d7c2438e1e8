"""The pages of transfers: find, ask, confirm, decide many, the pool, a person's way (TCH-7)."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from app.domain.terms import AuditAction, SchoolKind, TeacherStatus, TransferState
from app.models import AuditEntry, School, Transfer
from app.web.actors import current_vault
from tests.world import World, national_id

pytestmark = pytest.mark.req("TCH-7")

LIST = "/transferview/list/"


def handle(page: Any) -> str:
    """What names the person found, as the first button of the page carries it."""
    found = re.search(r"who=([0-9a-f-]+)", page.text)
    assert found, page.text[-3000:]
    return found.group(1)


def confirmed(client: Any, page: Any) -> Any:
    """Send the confirmation of a plan as it stands on the page."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    return client.post("/transfers/now", data=fields)


def newest(db: Any) -> Transfer:
    found: Transfer = db.session.scalars(select(Transfer).order_by(Transfer.id.desc())).first()
    return found


def asked_in(client: Any, name: str) -> Any:
    """Ask for somebody of another school, up to the confirmation."""
    who = handle(client.post("/transfers/find", data={"q": name}))
    page = client.post("/transfers/ask/transfer_in", data={"who": who, "reason": "随迁"})
    assert page.status_code == 200
    return confirmed(client, page)


@pytest.mark.req("ORG-6", "OPS-3")
def test_of_somebody_elsewhere_no_more_is_shown_than_may_be(login_as: Any, world: World) -> None:
    page = login_as("school_admin").post("/transfers/find", data={"q": national_id(4)})
    assert "陈小燕" in page.text
    assert "濛洲街道小学" in page.text
    assert world.teacher["chen"].teacher_number not in page.text
    assert world.teacher["chen"].mobile not in page.text
    assert page.text.count(national_id(4)) == 1  # as it was typed, in the field
    assert login_as("school_admin").post("/transfers/find", data={"q": " "}).status_code == 422


def test_from_finding_to_the_release_by_the_other_school(db: Any, login_as: Any, world: World) -> None:
    school, other = login_as("school_admin"), login_as("qingyuan_school")
    asked_in(school, "陈小燕")
    transfer = newest(db)
    assert (transfer.state, transfer.reason) == (TransferState.REQUESTED, "随迁")
    page = other.get(f"{LIST}?part=to_release")
    assert "陈小燕" in page.text
    assert 'value="release"' in page.text
    sent = {"action": "release", "rowid": str(transfer.id), "next": f"{LIST}?part=to_release"}
    assert other.post("/transferview/action_post", data=sent).location.endswith("part=to_release")
    assert newest(db).state is TransferState.COMPLETED
    assert world.teacher["chen"].school_id == world.school["xihu"].id
    shown = school.get(f"/transferview/show/{transfer.id}")
    assert shown.text.count("time-dot") == 3
    assert "陈小燕" in school.get(f"/transfers/teacher/{world.teacher['chen'].id}").text
    assert login_as("qingyuan_teacher").get(f"/transferview/show/{transfer.id}").status_code == 200


@pytest.mark.parametrize("side", ["school_admin", "qingyuan_school"])
def test_the_search_leads_to_a_transfer_under_way(db: Any, login_as: Any, world: World, side: str) -> None:
    asked_in(login_as("school_admin"), national_id(4))
    page = login_as(side).post("/transfers/find", data={"q": national_id(4)}).text.partition("<main")[2]
    assert f'href="/transferview/show/{newest(db).id}">查看该调动' in page


def test_refusing_many_needs_a_reason_and_says_so_for_each(db: Any, login_as: Any, world: World) -> None:
    school, other = login_as("school_admin"), login_as("qingyuan_school")
    for name in ("陈小燕", "吴建国"):
        asked_in(school, name)
    keys = list(db.session.scalars(select(Transfer.id).where(Transfer.state == TransferState.REQUESTED)))
    sent = {"action": "refuse", "rowid": [str(key) for key in keys]}
    page = other.post("/transferview/action_post", data=sent, follow_redirects=True)
    assert page.text.count("alert-danger") >= 1
    other.post("/transferview/action_post", data={**sent, "reason": "毕业班在岗"})
    states = db.session.scalars(select(Transfer.state).where(Transfer.id.in_(keys))).all()
    assert set(states) == {TransferState.REFUSED}


def test_what_is_missing_is_told_beside_the_field_and_a_name_of_several_schools_is_asked_back(
    db: Any, login_as: Any, world: World
) -> None:
    client, li = login_as("school_admin"), world.teacher["li"]
    url = "/transfers/ask/secondment"
    page = client.post(url, data={"who": str(li.id), "to_school": "没有这所学校", "reason": "支教"})
    assert page.status_code == 422
    assert 'id="to_school-error"' in page.text
    assert 'id="starts_on-error"' in page.text
    assert 'value="支教"' in page.text
    twin = School(code="330106002", name="濛洲街道小学", region=world.region["xihu"], kind=SchoolKind.PRIMARY)
    db.session.add(twin)
    db.session.commit()
    days = {"starts_on": "2027-01-01", "ends_on": "2027-06-30"}
    page = client.post(url, data={"who": str(li.id), "to_school": "濛洲街道小学", **days})
    assert (page.status_code, page.text.count('name="chosen"')) == (422, 2)
    page = client.post(url, data={"who": str(li.id), "to_school": "濛洲街道小学", "chosen": "331126001", **days})
    assert page.status_code == 200
    confirmed(client, page)
    assert (newest(db).to_school_id, newest(db).state) == (world.school["qingyuan"].id, TransferState.RELEASED)


def test_a_second_click_is_told_what_happened(db: Any, login_as: Any, world: World) -> None:
    client = login_as("school_admin")
    who = handle(client.post("/transfers/find", data={"q": "陈小燕"}))
    page = client.post("/transfers/ask/transfer_in", data={"who": who})
    assert confirmed(client, page).location.startswith("/transferview/show/")
    again = confirmed(client, page)
    assert again.location.startswith("/transfers/ask/transfer_in")
    assert "alert-danger" in client.get(again.location).text


def test_a_bureau_chooses_a_school_of_its_area(db: Any, login_as: Any, world: World) -> None:
    client = login_as("county_admin")
    who = handle(client.post("/transfers/find", data={"q": "周自由"}))
    form = client.get(f"/transfers/ask/transfer_in?who={who}")
    assert "/teacherview/options/school" in form.text
    page = client.post("/transfers/ask/transfer_in", data={"who": who, "school": str(world.school["xihu"].id)})
    confirmed(client, page)
    assert world.teacher["zhou"].school_id == world.school["xihu"].id
    wrong = {"who": who, "school": str(world.school["qingyuan"].id)}
    assert client.post("/transfers/ask/transfer_in", data=wrong).status_code == 422


@pytest.mark.req("ORG-6")
def test_the_pool_shows_who_left_ones_own_schools_and_the_province_everybody(
    db: Any, login_as: Any, world: World, count_queries: Any
) -> None:
    client, li = login_as("school_admin"), world.teacher["li"]
    confirmed(client, client.post("/transfers/ask/transfer_out", data={"who": str(li.id), "to": "pool"}))
    assert li.status is TeacherStatus.UNATTACHED
    for username, seen in (("school_admin", 1), ("county_admin", 1), ("qingyuan_school", 0), ("lishui_city", 0)):
        assert login_as(username).get("/transfers/pool").text.count(">李红梅<") == seen, username
    province = login_as("provincial_admin")
    assert "周自由" in province.get("/transfers/pool").text
    assert "周自由" not in province.get("/transfers/pool?long=yes&name=红梅").text
    with count_queries() as sent:
        assert "李红梅" in client.get(f"/transfers/pool?name=红梅&subject={world.subject.code}").text
    assert len(sent) <= 22, str(sent)
    who = handle(client.get("/transfers/pool"))
    confirmed(client, client.post("/transfers/ask/transfer_in", data={"who": who}))
    assert li.school_id == world.school["xihu"].id


def exported_pool(client: Any, query: str = "") -> list[list[Any]]:
    """The lines of the workbook behind the button of the pool, its head first."""
    button = re.search(r'href="(/transfers/pool/export[^"]*)"', client.get(f"/transfers/pool{query}").text)
    assert button is not None
    answer = client.get(button[1].replace("&amp;", "&"))
    return CalamineWorkbook.from_filelike(BytesIO(answer.data)).get_sheet_by_index(0).to_python()[1:]


@pytest.fixture
def pool_of_two(login_as: Any, world: World) -> World:
    """李红梅 left 文三路小学 today; 周自由 was never at a school."""
    client = login_as("school_admin")
    data = {"who": str(world.teacher["li"].id), "to": "pool"}
    confirmed(client, client.post("/transfers/ask/transfer_out", data=data))
    return world


def test_the_pool_is_sorted_by_its_heads(login_as: Any, pool_of_two: World) -> None:
    client = login_as("provincial_admin")

    def order(asked: str) -> list[str]:
        return re.findall(r"(李红梅|周自由)</span>", client.get(f"/transfers/pool?order={asked}").text)

    up = order("name")
    assert sorted(up) == sorted(["李红梅", "周自由"])
    assert order("-name") == up[::-1]
    for column in ("since", "-since", "school", "-school"):  # what is not known stands last, either way
        assert order(column) == ["李红梅", "周自由"], column
    assert 'aria-sort="descending"' in client.get("/transfers/pool?order=-since").text


@pytest.mark.req("S16", "DEL-12", "OPS-3")
def test_the_pool_is_exported_as_shown_and_numbers_stay_within_scope(
    db: Any, login_as: Any, pool_of_two: World
) -> None:
    li = pool_of_two.teacher["li"]
    head, *lines = exported_pool(login_as("provincial_admin"), "?order=since")
    assert head[:4] == ["教师", "身份证号", "学科", "原学校"]
    assert [line[0] for line in lines] == ["李红梅", "周自由"]
    assert lines[0][1:4] == [current_vault().open(li.national_id_sealed), pool_of_two.subject.name, "文三路小学"]
    (entry,) = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.EXPORT))
    assert (entry.entity, entry.after["rows"]) == ("Teacher", 2)
    ((name, number, *_rest),) = exported_pool(login_as("school_admin"), "?name=红梅")[1:]  # no longer the school's
    assert (name, number) == ("李红梅", "*" * 14 + li.national_id_tail)
    assert login_as("school_inquirer").get("/transfers/pool/export").status_code == 403


def test_the_list_counts_its_parts_and_filters(login_as: Any, world: World, count_queries: Any) -> None:
    client = login_as("school_admin")
    asked_in(client, "陈小燕")
    page = client.get(f"{LIST}?part=under_way&direction=in&name=小燕")
    assert "陈小燕" in page.text
    assert "陈小燕" not in client.get(f"{LIST}?part=under_way&direction=out").text
    with count_queries() as sent:
        client.get(f"{LIST}?part=under_way")
    assert len(sent) <= 22, str(sent)
    assert client.get("/transfers/ask/nothing?who=1").status_code == 404
    for who in (world.teacher["wu"].id, "1-2-3", ""):
        assert client.get(f"/transfers/ask/transfer_in?who={who}").status_code == 404
