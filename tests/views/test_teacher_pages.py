"""The list, page and form of teachers, saved filters, deleted records (TCH-1, TCH-2, TCH-4, TCH-12, OPS-3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from app.domain.terms import AuditAction, TeacherStatus
from app.models import AuditEntry, SavedFilter, Teacher
from app.web.actors import current_vault
from tests.world import World, national_id

LIST = "/teacherview/list/"
EVERYBODY = ["张明华", "李红梅", "王志强", "陈小燕", "吴建国", "周自由"]


def listed(page: str) -> set[str]:
    """The names in the one table of a page."""
    body = page.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in page else ""
    return {name for name in EVERYBODY if name in body}


def audited(db: Any, action: AuditAction) -> list[AuditEntry]:
    wanted = select(AuditEntry).where(AuditEntry.entity == "Teacher", AuditEntry.action == action)
    return list(db.session.scalars(wanted.order_by(AuditEntry.id)))


# --- finding


@pytest.mark.req("TCH-4")
@pytest.mark.parametrize(
    ("typed", "found"),
    [("红", {"李红梅"}), ("lhm", {"李红梅"}), ("李红", {"李红梅"}), ("没有", set()), ("zm", {"张明华"})],
)
def test_a_part_of_a_name_or_its_initials_find_people(login_as: Any, world: World, typed: str, found: set[str]) -> None:
    assert listed(login_as("county_admin").get(LIST, query_string={"name": typed}).text) == found


@pytest.mark.req("TCH-4", "S14")
def test_a_full_id_finds_its_person_and_leaves_the_address_at_once(login_as: Any, world: World) -> None:
    number = national_id(2)
    assert world.teacher["li"].national_id_key == current_vault().key(number)
    answer = login_as("school_admin").get(LIST, query_string={"name": number}, follow_redirects=True)
    assert listed(answer.text) == {"李红梅"}
    assert answer.history[0].status_code == 302
    assert number not in answer.request.url
    assert number not in answer.text
    tail = login_as("school_admin").get(LIST, query_string={"name": number[-4:]})
    assert "李红梅" in listed(tail.text)


@pytest.mark.req("TCH-4")
def test_filters_hold_together(login_as: Any, world: World) -> None:
    client, school = login_as("provincial_admin"), world.school["xihu"]
    asked = {"school": school.id, "status": "employed", "gender": "female", "subject": world.subject.id}
    assert listed(client.get(LIST, query_string=asked).text) == {"李红梅"}
    assert listed(client.get(LIST, query_string={**asked, "subject": 999999}).text) == set()
    assert listed(client.get(LIST, query_string={"region": world.region["lishui"].id}).text) == {"陈小燕", "吴建国"}
    grades = {"stage": world.stage.id, "grade": "", "school": "x", "region": "9" * 40}
    assert listed(client.get(LIST, query_string=grades).text) == set(EVERYBODY)


@pytest.mark.req("TCH-4", "B12")
def test_schools_are_chosen_by_searching_never_from_a_long_choice(login_as: Any, world: World) -> None:
    client = login_as("provincial_admin")
    assert client.get(LIST).text.count("<option") < 250
    found = client.get("/teacherview/options/school?q=濛洲").json
    assert [row["text"] for row in found["results"]] == ["濛洲街道小学"]
    assert login_as("county_admin").get("/teacherview/options/school?q=濛洲").json["results"] == []


# --- arranging


@pytest.mark.req("TCH-4")
def test_columns_are_chosen_and_remembered(login_as: Any, world: World) -> None:
    client = login_as("school_admin")
    head = client.get(LIST, query_string={"cols": ["name", "birth_date"]}).text.split("<thead>")[1].split("</thead>")[0]
    assert "出生日期" in head
    assert "职称" not in head
    again = client.get(LIST).text.split("<thead>")[1].split("</thead>")[0]
    assert "出生日期" in again
    standard = client.get(LIST, query_string={"cols": "standard"})
    assert "职称" in standard.text.split("<thead>")[1].split("</thead>")[0]
    assert "职称" in client.get(LIST).text.split("<thead>")[1].split("</thead>")[0]


@pytest.mark.req("TCH-4")
def test_a_filter_is_saved_used_replaced_and_deleted(db: Any, login_as: Any, world: World) -> None:
    client = login_as("school_admin")
    for query in ("?gender=female", "?gender=male"):
        answer = client.post("/saved-filters/save", data={"list": "TeacherView", "name": "女教师", "query": query})
        assert answer.location.endswith(LIST + query)
    page = client.get(LIST).text
    assert 'href="?gender=male">女教师' in page
    assert "女教师" not in login_as("school_inquirer").get(LIST).text
    wanted = select(SavedFilter).where(SavedFilter.name == "女教师")
    saved = db.session.scalars(wanted).one()
    assert login_as("county_admin").post(f"/saved-filters/delete/{saved.id}").status_code == 404
    client.post(f"/saved-filters/delete/{saved.id}?next={LIST}")
    assert db.session.scalar(select(func.count()).select_from(wanted.subquery())) == 0


@pytest.mark.req("TCH-4")
@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        ({"list": "TeacherView", "name": "", "query": "?gender=male"}, 302, "请填写不超过50个字的名称"),
        ({"list": "TeacherView", "name": "甲", "query": "https://example.com"}, 302, "请先设置筛选"),
        ({"list": "AccountView", "name": "甲", "query": "?x=1"}, 404, ""),
        ({"list": "Nothing", "name": "甲", "query": "?x=1"}, 404, ""),
    ],
)
def test_what_is_no_filter_is_not_saved(
    login_as: Any, world: World, sent: dict[str, str], status: int, told: str
) -> None:
    client = login_as("school_inquirer")
    assert client.post("/saved-filters/save", data=sent).status_code == status
    assert told in client.get(LIST).text


@pytest.mark.req("TCH-4", "B7", "B10")
def test_the_list_takes_as_few_queries_for_many_people_as_for_few(
    db: Any, login_as: Any, world: World, count_queries: Callable[[], Any]
) -> None:
    client = login_as("city_admin")
    client.get(LIST)
    with count_queries() as few:
        client.get(LIST)
    db.session.add_all(
        Teacher(teacher_number=f"T{n}", name="甲乙", gender="male", school=world.school["xihu"], stage=world.stage)
        for n in range(40)
    )
    db.session.commit()
    with count_queries() as many:
        page = client.get(LIST)
    assert len(many) == len(few) <= 9, str(many)
    assert len(page.data) < 100 * 1024


# --- the page and its protected numbers


@pytest.mark.req("OPS-3", "S14", "S16")
def test_numbers_are_masked_and_a_look_at_them_is_recorded(db: Any, login_as: Any, world: World) -> None:
    row, client = world.teacher["li"], login_as("school_admin")
    url = f"/teacherview/show/{row.id}"
    page = client.get(url).text
    assert row.mobile not in page
    assert f"{'*' * 14}{row.national_id_tail}" in page
    answer = client.post(f"/teacherview/reveal/{row.id}", data={"field": "national_id"})
    assert answer.json == {"value": national_id(2)}
    assert client.post(f"/teacherview/reveal/{row.id}", data={"field": "mobile"}).json == {"value": row.mobile}
    first, second = audited(db, AuditAction.REVEAL)
    assert first.account_id == world.account["school_admin"].id
    assert (first.row_id, first.after, second.after) == (row.id, {"fields": ["national_id"]}, {"fields": ["mobile"]})
    assert first.address
    assert first.created_at
    assert "查看敏感信息" in client.get(url).text


@pytest.mark.req("OPS-3", "S14")
@pytest.mark.parametrize(
    ("who", "status"),
    [("school_inquirer", 403), ("bureau_reviewer", 403), ("qingyuan_school", 404), ("institution_admin", 403)],
)
def test_who_may_not_does_not_see_a_number(db: Any, login_as: Any, world: World, who: str, status: int) -> None:
    client, row = login_as(who), world.teacher["li"]
    answer = client.post(f"/teacherview/reveal/{row.id}", data={"field": "national_id"})
    assert answer.status_code == status
    assert "data-reveal" not in client.get(f"/teacherview/show/{row.id}").text
    assert audited(db, AuditAction.REVEAL) == []


@pytest.mark.req("OPS-3")
def test_a_teacher_sees_the_own_numbers_and_no_others(login_as: Any, world: World) -> None:
    client = login_as("teacher")
    own = client.post(f"/teacherview/reveal/{world.teacher['zhang'].id}", data={"field": "national_id"})
    assert own.json == {"value": national_id(1)}
    assert client.get(f"/teacherview/show/{world.teacher['li'].id}").status_code == 404


# --- the form


def filled(**changes: Any) -> dict[str, Any]:
    return {"name": "赵一曼", "national_id": national_id(77), "gender": "", "birth_date": "", **changes}


@pytest.mark.req("TCH-1", "TCH-2")
def test_a_new_teacher_gets_number_gender_and_birth_date_from_what_is_known(
    db: Any, login_as: Any, world: World
) -> None:
    client = login_as("school_admin")
    page = client.get("/teacherview/add").text
    own = world.school["xihu"].id
    assert re.search(rf'<option[^>]*selected[^>]*value="{own}"|<option[^>]*value="{own}"[^>]*selected', page)
    data = filled(
        school=world.school["xihu"].id, stage=world.stage.id, subject=world.subject.id, mobile="138 1234-5678"
    )
    answer = client.post("/teacherview/add", data=data)
    assert answer.status_code == 302
    row = db.session.scalars(select(Teacher).where(Teacher.name == "赵一曼")).one()
    assert answer.location.endswith(f"/teacherview/show/{row.id}")
    assert (row.mobile, row.status, row.name_initials) == ("13812345678", TeacherStatus.EMPLOYED, "zym")
    assert row.birth_date is not None
    assert re.fullmatch(r"[0-9]{14}", row.teacher_number)


@pytest.mark.req("TCH-2")
def test_every_field_says_what_is_wrong_and_keeps_what_was_typed(db: Any, login_as: Any, world: World) -> None:
    data = filled(name="1", national_id="330106199001011234", mobile="123", email="x@", office_phone="zero", school="")
    answer = login_as("school_admin").post("/teacherview/add", data=data)
    assert answer.status_code == 422
    wrong = {"name", "national_id", "mobile", "email", "office_phone", "school", "stage", "subject"}
    assert {name for name in wrong if f'id="{name}-error"' in answer.text} == wrong
    assert all(f'value="{data[name]}"' in answer.text for name in ("name", "mobile", "email", "office_phone"))
    assert db.session.scalar(select(func.count(Teacher.id))) == len(world.teacher)
    summary = answer.text.partition("data-error-summary")[2].partition("</ul>")[0]
    order = ["name", "national_id", "school", "stage", "subject", "mobile", "office_phone", "email"]
    assert re.findall(r'href="#(\w+)"', summary) == order


@pytest.mark.req("ACC-6")
def test_from_a_teacher_one_goes_to_the_account_if_one_may_look_after_it(db: Any, login_as: Any, world: World) -> None:
    staff = [row for row in world.teacher.values() if row.school_id == world.school["xihu"].id]
    with_one = next(row for row in staff if row.account_id)
    without = next(row for row in staff if not row.account_id)
    link = f'href="/accountview/show/{with_one.account_id}"'
    school = login_as("school_admin")
    assert link in school.get(f"/teacherview/show/{with_one.id}").text
    assert school.get(f"/accountview/show/{with_one.account_id}").status_code == 200
    assert "/accountview/show/" not in school.get(f"/teacherview/show/{without.id}").text.partition("<main")[2]
    assert link not in login_as("school_inquirer").get(f"/teacherview/show/{with_one.id}").text


@pytest.mark.req("TCH-1", "TCH-2", "OPS-3")
def test_editing_keeps_the_numbers_that_are_not_typed_again(db: Any, login_as: Any, world: World) -> None:
    row, client = world.teacher["li"], login_as("school_admin")
    key, mobile = row.national_id_key, row.mobile
    page = client.get(f"/teacherview/edit/{row.id}").text
    assert mobile not in page
    assert 'name="school"' not in page  # a teacher changes school by a transfer
    masked = re.search(r'name="mobile"[^>]*value="([^"]+)"', page)
    assert masked is not None
    data = {
        "name": "李红眉", "national_id": "", "gender": "female", "birth_date": row.birth_date.isoformat(),
        "stage": row.stage_id, "subject": row.subject_id, "mobile": masked[1], "version": row.version,
    }  # fmt: skip
    assert client.post(f"/teacherview/edit/{row.id}", data=data).status_code == 302
    assert (row.name, row.national_id_key, row.mobile) == ("李红眉", key, mobile)
    stale = client.post(f"/teacherview/edit/{row.id}", data={**data, "name": "李红美"})
    assert stale.status_code == 409
    assert row.name == "李红眉"
    said = re.findall(r'id="(\w+)-error"[^>]*>(?:<[^>]*>)*([^<]*现为[^<]*)<', stale.text)
    assert [(name, text.strip()) for name, text in said] == [("name", "档案中现为：李红眉")]
    now = re.search(r'name="version" value="(\d+)"', stale.text)
    assert now is not None
    mine = {**data, "name": "李红美", "version": now[1]}
    assert client.post(f"/teacherview/edit/{row.id}", data=mine).status_code == 302
    assert row.name == "李红美"


@pytest.mark.req("TCH-2", "ACC-12")
def test_who_only_reads_has_no_form(login_as: Any, world: World) -> None:
    client, row = login_as("school_inquirer"), world.teacher["li"]
    assert client.get(f"/teacherview/edit/{row.id}").status_code == 403
    assert client.get("/teacherview/add").status_code == 403
    assert login_as("teacher").get(f"/teacherview/edit/{world.teacher['zhang'].id}").status_code == 403


# --- deleted records


@pytest.mark.req("TCH-12")
def test_a_deleted_record_leaves_the_lists_and_a_bureau_brings_it_back(db: Any, login_as: Any, world: World) -> None:
    row, school, bureau = world.teacher["li"], login_as("school_admin"), login_as("county_admin")
    school.post(f"/teacherview/delete/{row.id}", data={"reason": "重复"})
    assert "李红梅" not in school.get(LIST).text
    assert school.get(f"/teacherview/show/{row.id}").status_code == 404
    assert school.get("/deleted-teachers/list/").status_code == 403
    assert listed(bureau.get("/deleted-teachers/list/").text) == {"李红梅"}
    assert listed(login_as("qingyuan_county").get("/deleted-teachers/list/").text) == set()
    foreign = login_as("qingyuan_county").post(
        "/deleted-teachers/action_post", data={"action": "restore", "rowid": row.id}
    )
    assert foreign.status_code == 404
    bureau.post("/deleted-teachers/action_post", data={"action": "restore", "rowid": row.id})
    assert "李红梅" in school.get(LIST).text
    assert [entry.reason for entry in audited(db, AuditAction.DELETE)] == ["重复"]


@pytest.mark.req("TCH-12")
def test_only_the_system_administrator_removes_a_record_for_good(db: Any, login_as: Any, world: World) -> None:
    row = world.teacher["li"]
    login_as("school_admin").post(f"/teacherview/delete/{row.id}")
    purge = {"action": "purge", "rowid": row.id}
    assert login_as("county_admin").post("/deleted-teachers/action_post", data=purge).status_code == 403
    key = row.id
    assert login_as("system_admin").post("/deleted-teachers/action_post", data=purge).status_code == 302
    assert db.session.get(Teacher, key) is None
    assert [entry.row_id for entry in audited(db, AuditAction.PURGE)] == [key]


# --- the export of the list


@pytest.mark.req("OPS-3", "S14", "S16", "TCH-4")
def test_an_export_holds_whole_numbers_only_for_who_may_see_them(db: Any, login_as: Any, world: World) -> None:
    client = login_as("school_admin")
    answer = client.get("/teacherview/export", query_string={"cols": ["name", "national_id", "mobile"], "name": "李红"})
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert ["李红梅", national_id(2), world.teacher["li"].mobile] in [row[:3] for row in rows]
    (entry,) = audited(db, AuditAction.EXPORT)
    assert entry.account_id == world.account["school_admin"].id
    assert entry.address
    assert (entry.after["rows"], entry.after["columns"]) == (1, ["name", "national_id", "mobile"])
    assert login_as("school_inquirer").get("/teacherview/export").status_code == 403


@pytest.mark.req("TCH-6")
def test_the_template_is_named_in_the_language_of_the_page(login_as: Any, world: World) -> None:
    answer = login_as("school_admin").get("/imports/template/teachers")
    assert unquote(answer.headers["Content-Disposition"]).endswith("教师-模板.xlsx")
