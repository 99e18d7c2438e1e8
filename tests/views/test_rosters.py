"""Rosters and sign-in sheets: on the screen, on paper, as workbooks (DEL-12)."""

from __future__ import annotations

from datetime import date, time
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from app.domain.terms import AuditAction, EnrollmentState, RoleName
from app.models import AuditEntry, ClassSession, Enrollment, Role, TrainingClass
from app.services import permissions
from tests.support.enrolling import add_class, add_enrollment, add_teachers
from tests.world import World, national_id

pytestmark = pytest.mark.req("DEL-12")
INSTITUTION = "institution_admin"
S = EnrollmentState


@pytest.fixture
def full(db: Any, world: World) -> TrainingClass:
    """A class of two half days; three take part, one of them called like a formula, and one waits."""
    row = add_class(world, seats=10)
    people = add_teachers(world, 4, first=700)
    people[0].name = "=1+1"
    for person in people[:3]:
        add_enrollment(world, person, row, S.ADMITTED, holds_seat=True)
    add_enrollment(world, people[3], row, S.AWAITING_INSTITUTION)
    row.taken = 3
    for begins, ends in ((time(8, 30), time(11, 30)), (time(13, 30), time(16, 30))):
        db.session.add(
            ClassSession(training_class=row, day=row.starts_on, starts_at=begins, ends_at=ends, topic="备课")
        )
    db.session.commit()
    return row


def people_of(row: TrainingClass, db: Any, state: EnrollmentState = S.ADMITTED) -> list[Enrollment]:
    wanted = select(Enrollment).where(Enrollment.training_class_id == row.id, Enrollment.state == state)
    return list(db.session.scalars(wanted))


def sheet(answer: Any, number: int = 0) -> Any:
    assert answer.status_code == 200
    return load_workbook(BytesIO(answer.data)).worksheets[number]


def words(page: Any) -> list[list[Any]]:
    return [list(row) for row in page.iter_rows(values_only=True)]


def test_the_roster_of_a_class_holds_who_takes_part_and_nobody_else(
    db: Any, world: World, login_as: Any, full: TrainingClass
) -> None:
    page = login_as(INSTITUTION).get(f"/rosters/list/?training_class={full.id}").text
    assert all(one.teacher.name in page for one in people_of(full, db))
    assert people_of(full, db, S.AWAITING_INSTITUTION)[0].teacher.name not in page
    assert f"/rosters/{full.id}/sign-in" in page


def test_the_workbook_is_ready_to_print(db: Any, login_as: Any, full: TrainingClass) -> None:
    columns = "teacher.name,school,teacher.national_id,enrolled_at"
    answer = login_as(INSTITUTION).get("/rosters/export", query_string={"training_class": full.id, "cols": columns})
    page = sheet(answer)
    lines = words(page)
    assert full.title in lines[0][0]
    assert full.place in lines[1][0]
    assert "人数：3" in lines[1][0]
    assert lines[2][0] == "序号"
    assert set(lines[2][1:]) == {"姓名", "学校", "身份证号", "报名时间"}
    assert [line[0] for line in lines[3:]] == [1, 2, 3]
    assert (page.freeze_panes, page.print_title_rows, page.page_setup.fitToHeight) == ("C4", "$1:$3", 0)
    assert max(dimension.width for dimension in page.column_dimensions.values()) >= 16
    formula = next(cell for row in page.iter_rows() for cell in row if cell.value == "=1+1")
    assert formula.data_type == "s"


@pytest.mark.req("OPS-3")
def test_numbers_are_masked_unless_the_role_may_see_them(
    db: Any, world: World, login_as: Any, full: TrainingClass
) -> None:
    query = {"training_class": full.id, "cols": "teacher.name,teacher.mobile"}
    masked = str(words(sheet(login_as(INSTITUTION).get("/rosters/export", query_string=query))))
    mobiles = [one.teacher.mobile for one in people_of(full, db)]
    assert all(mobiles)
    assert not [number for number in mobiles if number in masked]
    role = db.session.scalars(select(Role).where(Role.name == RoleName.INSTITUTION_ADMIN.value)).one()
    held = {*permissions.held_by(role), ("reveal", "Enrollment")}
    permissions.set_permissions(role.id, held, actor=world.actor("system_admin"))
    whole = str(words(sheet(login_as(INSTITUTION).get("/rosters/export", query_string=query))))
    assert all(number in whole for number in mobiles)


@pytest.mark.req("OPS-2")
@pytest.mark.parametrize("route", ["export?training_class={}", "{}/sign-in.xlsx"])
def test_what_is_taken_out_is_written_down(db: Any, login_as: Any, full: TrainingClass, route: str) -> None:
    assert login_as(INSTITUTION).get("/rosters/" + route.format(full.id)).status_code == 200
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.EXPORT)).one()
    assert entry.entity == "Enrollment"
    assert entry.after["rows"] == 3
    assert entry.after["filters"] == {"training_class": str(full.id)}


def test_the_sign_in_sheet_has_a_column_for_each_half_day(login_as: Any, full: TrainingClass) -> None:
    client = login_as(INSTITUTION)
    heads = [f"{full.starts_on:%m-%d} 上午", f"{full.starts_on:%m-%d} 下午"]
    page = sheet(client.get(f"/rosters/{full.id}/sign-in.xlsx"))
    lines = words(page)
    assert lines[2] == ["序号", "姓名", "学校", *heads]
    assert len(lines) == 3 + 3
    assert all(cell.border.left.style for cell in page[4])
    shown = client.get(f"/rosters/{full.id}/sign-in").text
    assert all(head in shown for head in heads)


def test_a_long_class_is_signed_on_several_sheets(db: Any, login_as: Any, full: TrainingClass) -> None:
    for day in range(2, 12):
        db.session.add(ClassSession(
            training_class=full, day=date(2027, 5, day), starts_at=time(9), ends_at=time(11), topic="研讨"
        ))  # fmt: skip
    db.session.commit()
    answer = login_as(INSTITUTION).get(f"/rosters/{full.id}/sign-in.xlsx")
    first, second = sheet(answer), sheet(answer, 1)
    assert first.max_column + second.max_column == 2 * 3 + 12
    assert words(first)[3][:3] == words(second)[3][:3]


def test_the_page_to_print_shows_the_columns_that_were_chosen(login_as: Any, full: TrainingClass) -> None:
    page = login_as(INSTITUTION).get(f"/rosters/{full.id}/print?cols=teacher.name,number").text
    assert "报名编号" in page
    assert "职称" not in page
    assert "人数：3" in page


def test_rosters_of_several_classes_are_one_list_that_names_them(
    db: Any, world: World, login_as: Any, full: TrainingClass
) -> None:
    other = add_class(world, 11)
    add_enrollment(world, add_teachers(world, 1, first=750)[0], other, S.ADMITTED, holds_seat=True)
    db.session.commit()
    client = login_as(INSTITUTION)
    assert str(full) in client.get("/rosters/list/").text
    lines = words(sheet(client.get("/rosters/export")))
    assert "班期" in lines[1]
    assert all(str(one) in str(lines) for one in (full, other))


def test_a_class_nobody_takes_part_in_says_what_comes_first(db: Any, world: World, login_as: Any) -> None:
    empty = add_class(world, seats=5)
    db.session.commit()
    client = login_as(INSTITUTION)
    for page in (f"/rosters/list/?training_class={empty.id}", f"/rosters/{empty.id}/sign-in"):
        assert "复核通过后" in client.get(page).text


@pytest.mark.req("ORG-6")
def test_a_class_of_another_institution_is_not_there(world: World, login_as: Any) -> None:
    other = world.training_class["qingyuan"]
    client = login_as(INSTITUTION)
    for path in (f"list/?training_class={other.id}", f"{other.id}/print", f"{other.id}/sign-in"):
        assert client.get(f"/rosters/{path}").status_code == 404


@pytest.mark.req("ORG-6")
def test_a_teacher_has_no_rosters(login_as: Any, full: TrainingClass) -> None:
    client = login_as("teacher")
    assert client.get(f"/rosters/list/?training_class={full.id}").status_code in (302, 403)
    assert "/rosters/" not in client.get("/").text


@pytest.mark.parametrize("order", ["teacher.name", "-school.name", "enrolled_at"])
def test_a_roster_is_sorted_by_what_stands_in_other_tables(
    db: Any, login_as: Any, full: TrainingClass, order: str
) -> None:
    page = login_as(INSTITUTION).get(f"/rosters/list/?training_class={full.id}&order={order}")
    assert page.status_code == 200
    assert all(one.teacher.name in page.text for one in people_of(full, db))


def test_the_page_of_a_class_leads_to_its_roster(db: Any, login_as: Any, full: TrainingClass) -> None:
    client = login_as(INSTITUTION)
    page = client.get(f"/trainingclassview/show/{full.id}").text
    assert f"/rosters/list/?training_class={full.id}" in page
    assert "备课" in page
    tab = client.get(f"/trainingclassview/show/{full.id}?tab=roster").text
    assert all(one.teacher.teacher_number in tab for one in people_of(full, db))


@pytest.mark.req("OPS-3", "TCH-4")
def test_an_id_number_typed_as_a_filter_leaves_the_address(world: World, login_as: Any) -> None:
    answer = login_as("county_admin").get("/enrollmentview/list/", query_string={"who": national_id(1)})
    assert answer.status_code == 302
    assert national_id(1) not in answer.location


def test_the_rosters_of_many_classes_stand_in_one_workbook(
    db: Any, world: World, login_as: Any, full: TrainingClass
) -> None:
    other = add_class(world, 11)
    person = add_teachers(world, 1, first=760)[0]
    add_enrollment(world, person, other, S.ADMITTED, holds_seat=True)
    db.session.commit()
    client = login_as(INSTITUTION)
    for action, columns in (("rosters", 8), ("sign_in_sheets", 5)):
        answer = client.post(
            "/trainingclassview/action_post", data={"action": action, "rowid": [str(full.id), str(other.id)]}
        )
        book = load_workbook(BytesIO(answer.data))
        assert len(book.sheetnames) == 2
        first, second = book.worksheets
        assert (first.max_column, first.max_row, second.max_row) == (columns, 6, 4)
        assert person.name in str(words(second))
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.EXPORT)).all()
    assert {entry.after["filters"]["training_class"] for entry in entries} == {f"{full.id},{other.id}"}
    assert [entry.after["rows"] for entry in entries] == [4, 4]


@pytest.mark.req("ORG-6")
@pytest.mark.parametrize("action", ["rosters", "sign_in_sheets"])
def test_nobody_takes_out_people_of_classes_that_are_not_theirs(world: World, login_as: Any, action: str) -> None:
    order = {"action": action, "rowid": str(world.training_class["qingyuan"].id)}
    assert login_as(INSTITUTION).post("/trainingclassview/action_post", data=order).status_code == 404
    own = {"action": action, "rowid": str(world.training_class["xihu"].id)}
    assert login_as("teacher").post("/trainingclassview/action_post", data=own).status_code == 403
