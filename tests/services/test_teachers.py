"""The verbs on a teacher's record: what is filled in, what is refused and how, and what is left behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.errors import Conflict, DomainError, Invalid, NotPermitted, NotVisible
from app.domain.identity import check_character
from app.domain.teacher_numbers import is_teacher_number
from app.domain.terms import AccountStatus, AuditAction, Gender, RowKind, TeacherStatus
from app.models import AuditEntry, LoginName, School, Subject, Teacher, teacher_name_pair
from app.security.actor import Actor
from app.services import teachers
from app.services.sign_in import find_account
from app.services.teacher_bulk import apply_rows
from app.services.teacher_lists import lists_for
from app.services.teacher_rows import Planner
from app.web.actors import current_vault
from tests.world import World, national_id


def new_id(number: int, born: str = "19850615") -> str:
    """An invented ID number of nobody in the world."""
    body = f"331126{born}{number:03d}"
    return body + check_character(body)


def given(**changes: Any) -> dict[str, Any]:
    """What a form about a new teacher of the school at home hands over."""
    values = {"name": "单小芳", "national_id": new_id(2), "school": "文三路小学", "stage": "小学", "subject": "语文"}
    return {**values, "mobile": "13900001111", **changes}


def create(actor: Actor, **changes: Any) -> Teacher:
    return teachers.create_teacher(given(**changes), actor=actor, vault=current_vault())


def codes(error: DomainError) -> dict[str | None, str]:
    return {problem.field: problem.code for problem in error.problems}


def traces(db: Any, action: AuditAction) -> list[AuditEntry]:
    wanted = select(AuditEntry).where(AuditEntry.entity == "Teacher", AuditEntry.action == action)
    return list(db.session.scalars(wanted.order_by(AuditEntry.id)))


# --- create


@pytest.mark.req("TCH-1", "OPS-3")
def test_a_new_record_gets_number_initials_birth_date_and_gender_and_keeps_the_id_sealed(db: Any, world: World) -> None:
    before = world.school["xihu"].staff_count
    row = create(world.actor("school_admin"))
    assert (row.name_initials, row.gender, row.birth_date) == ("sxf", Gender.FEMALE, date(1985, 6, 15))
    assert row.status is TeacherStatus.EMPLOYED
    assert is_teacher_number(row.teacher_number)
    assert row.teacher_number.startswith("332026")
    assert current_vault().open(row.national_id_sealed or b"") == new_id(2)
    assert (row.national_id_key, row.national_id_tail) == (current_vault().key(new_id(2)), new_id(2)[-4:])
    assert world.school["xihu"].staff_count == before + 1
    (entry,) = traces(db, AuditAction.CREATE)
    assert (entry.row_id, entry.subject, entry.account_id) == (row.id, "单小芳", world.account["school_admin"].id)
    told = str(entry.after)
    assert new_id(2) not in told
    assert "13900001111" not in told


@pytest.mark.req("TCH-1")
def test_teacher_numbers_go_on_after_those_there_are_and_are_never_reused(db: Any, world: World) -> None:
    actor, system = world.actor("school_admin"), world.actor("system_admin")
    first = create(actor)
    assert int(first.teacher_number[6:13]) == len(world.teacher) + 1
    number = first.teacher_number
    teachers.soft_delete(first.id, actor=actor)
    teachers.hard_delete(first.id, actor=system)
    assert create(actor).teacher_number > number


@pytest.mark.req("TCH-2")
def test_every_problem_of_every_field_is_told_at_once_and_nothing_is_written(db: Any, world: World) -> None:
    with pytest.raises(Invalid) as refused:
        create(world.actor("school_admin"), name="李3", national_id="330106", mobile="12", subject="炼金", stage="")
    assert codes(refused.value) == {
        "name": "name_characters",
        "national_id": "id_length",
        "mobile": "mobile",
        "subject": "choice_unknown",
        "stage": "missing",
    }
    assert db.session.scalar(select(func.count()).select_from(Teacher)) == len(world.teacher)


@pytest.mark.req("ORG-6", "TCH-1")
def test_a_record_is_not_created_at_a_school_one_does_not_keep(world: World) -> None:
    for school in ("濛洲街道小学", world.school["qingyuan"]):
        with pytest.raises(Invalid) as refused:
            create(world.actor("school_admin"), school=school)
        assert codes(refused.value) == {"school": "choice_unknown"}


@pytest.mark.req("TCH-7", "ORG-6")
@pytest.mark.parametrize(
    ("number", "code", "told"),
    [(1, "person_present", "张明华"), (4, "person_elsewhere", "transfer"), (6, "person_elsewhere", "unattached")],
)
def test_a_person_there_is_already_is_said_where_without_telling_more(
    world: World, number: int, code: str, told: str
) -> None:
    with pytest.raises(Conflict) as refused:
        create(world.actor("school_admin"), national_id=national_id(number), birth_date="", gender="")
    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == (code, "national_id")
    assert told in str(problem.text)
    if code == "person_elsewhere":
        assert not any(text in str(problem.text) for text in ("陈小燕", "周自由", "濛洲", "庆元"))


@pytest.mark.req("TCH-12")
def test_a_deleted_person_is_restored_not_entered_again(db: Any, world: World) -> None:
    teachers.soft_delete(world.teacher["li"].id, actor=world.actor("school_admin"))
    with pytest.raises(Invalid) as refused:
        create(world.actor("school_admin"), national_id=national_id(2))
    assert refused.value.code == "person_deleted"


@pytest.mark.req("ACC-12")
def test_who_only_reads_creates_nothing(world: World) -> None:
    for username in ("school_inquirer", "teacher", "bureau_reviewer", "institution_admin"):
        with pytest.raises(NotPermitted):
            create(world.actor(username))


# --- update


def change(actor: Actor, row: Teacher, **values: Any) -> Teacher:
    return teachers.update_teacher(row.id, values, actor=actor, vault=current_vault())


@pytest.mark.req("TCH-1", "OPS-2")
def test_a_change_is_checked_kept_and_told_in_the_audit(db: Any, world: World) -> None:
    row = change(world.actor("school_admin"), world.teacher["li"], name="区 小红", office_phone="0571 8765 4321")
    assert (row.name, row.name_initials, row.office_phone) == ("区小红", "oxh", "0571-87654321")
    (entry,) = traces(db, AuditAction.UPDATE)
    assert entry.before == {"name": "李红梅", "office_phone": None}
    assert entry.after == {"name": "区小红", "office_phone": "0571-87654321"}


@pytest.mark.req("TCH-1")
def test_birth_date_and_gender_have_to_agree_with_the_sealed_id(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        change(world.actor("school_admin"), world.teacher["li"], birth_date="1979年1月1日", gender="男")
    assert codes(refused.value) == {"birth_date": "birth_date_differs", "gender": "gender_differs"}


@pytest.mark.req("ACC-2", "TCH-1")
def test_the_account_signs_in_with_the_new_id_and_shows_the_new_name(db: Any, world: World) -> None:
    vault = current_vault()
    row = change(
        world.actor("school_admin"),
        world.teacher["zhang"],
        national_id=new_id(3),
        birth_date="",
        gender="",
        name="章明华",
    )
    assert row.birth_date == date(1985, 6, 15)
    assert find_account(new_id(3).lower(), vault) is world.account["teacher"]
    assert find_account(national_id(1), vault) is None
    db.session.expire_all()
    assert world.account["teacher"].name == "章明华"


@pytest.mark.req("TCH-7")
def test_school_status_and_number_do_not_change_by_editing(world: World) -> None:
    other = world.teacher["wang"].teacher_number
    with pytest.raises(Invalid) as refused:
        change(world.actor("provincial_admin"), world.teacher["li"], school="濛洲街道小学", status="自由人",
               teacher_number=other)  # fmt: skip
    assert set(codes(refused.value)) == {"school", "status", "teacher_number"}


@pytest.mark.req("TCH-6")
def test_giving_back_what_is_stored_even_masked_changes_nothing(db: Any, world: World) -> None:
    row = world.teacher["li"]
    same = {"name": "李红梅", "national_id": f"330***********{row.national_id_tail}", "mobile": "199****0002",
            "school": "文三路小学", "status": "在职", "teacher_number": row.teacher_number}  # fmt: skip
    change(world.actor("school_admin"), row, **same)
    change(world.actor("school_admin"), row, **{**same, "national_id": national_id(2), "mobile": "19900000002"})
    assert traces(db, AuditAction.UPDATE) == []
    with pytest.raises(Invalid) as refused:
        change(world.actor("school_admin"), row, national_id="330***********9999", mobile="188****0000")
    assert codes(refused.value) == {"national_id": "masked", "mobile": "masked"}


@pytest.mark.req("ACC-9")
def test_a_form_opened_on_an_older_version_overwrites_nothing(world: World) -> None:
    actor, row = world.actor("school_admin"), world.teacher["li"]
    seen = row.version
    change(actor, row, email="li@example.com")
    with pytest.raises(Conflict) as refused:
        teachers.update_teacher(row.id, {"email": "x@example.com"}, actor=actor, vault=current_vault(),
                                expected_version=seen)  # fmt: skip
    assert refused.value.code == "changed_meanwhile"


@pytest.mark.req("ORG-6")
def test_a_record_out_of_scope_is_neither_changed_deleted_nor_revealed(world: World) -> None:
    actor, vault, key = world.actor("county_admin"), current_vault(), world.teacher["chen"].id
    for act in (
        lambda: teachers.update_teacher(key, {"email": None}, actor=actor, vault=vault),
        lambda: teachers.set_field([world.teacher["li"].id, key], "subject", "语文", actor=actor, vault=vault),
        lambda: teachers.soft_delete(key, actor=actor),
        lambda: teachers.reveal(key, actor=actor, vault=vault),
    ):
        with pytest.raises(NotVisible):
            act()


# --- many


@pytest.mark.req("TCH-5")
def test_a_field_is_set_on_many_records_at_once_or_on_none(db: Any, world: World) -> None:
    db.session.add(Subject(code="S02", name="数学", position=2))
    db.session.commit()
    keys, actor = [world.teacher[name].id for name in ("zhang", "li", "wang")], world.actor("school_admin")
    assert teachers.set_field(keys, "subject", "数学", actor=actor, vault=current_vault()) == 3
    assert {row.subject.name for row in db.session.scalars(select(Teacher).where(Teacher.id.in_(keys)))} == {"数学"}
    assert len(traces(db, AuditAction.UPDATE)) == 3
    with pytest.raises(Invalid) as refused:
        teachers.set_field(keys, "subject", "炼金", actor=actor, vault=current_vault())
    assert [str(p.text).split(":")[0] for p in refused.value.problems] == ["张明华", "李红梅", "王志强"]
    with pytest.raises(Invalid):
        teachers.set_field(keys, "national_id", national_id(9), actor=actor, vault=current_vault())


@pytest.mark.req("TCH-6", "TCH-1")
def test_rows_are_planned_without_writing_and_applied_as_planned(db: Any, world: World, count_queries: Any) -> None:
    actor, vault = world.actor("school_admin"), current_vault()
    rows = [
        (n + 2, given(name=f"新老师{'甲乙丙丁'[n]}", national_id=new_id(n + 10), mobile=None)) for n in range(4)
    ] + [
        (6, {"national_id": national_id(2), "email": "li@example.com"}),
        (7, {"national_id": national_id(3), "name": "王志强"}),
        (8, {"national_id": national_id(2), "email": "twice@example.com"}),
        (9, {"national_id": national_id(4), "name": "陈小燕"}),
        (10, given(national_id=new_id(99), mobile="1")),
    ]  # fmt: skip
    planned = Planner(actor, vault, lists_for(actor)).plan(rows)
    K = RowKind  # noqa: N806
    assert [row.kind for row in planned] == [*[K.NEW] * 4, K.CHANGED, K.SAME, K.DUPLICATE, K.ELSEWHERE, K.ERROR]
    assert db.session.scalar(select(func.count()).select_from(Teacher)) == len(world.teacher)
    with count_queries() as sent:
        done = apply_rows(planned, actor=actor, vault=vault)
    assert (sorted(done.created), sorted(done.changed), done.refused) == ([2, 3, 4, 5], [6], [])
    assert len(sent) <= 20, str(sent)
    again = Planner(actor, vault, lists_for(actor)).plan(rows)
    assert [row.kind for row in again] == [*[K.SAME] * 6, K.DUPLICATE, K.ELSEWHERE, K.ERROR]
    assert db.session.get(School, world.school["xihu"].id).staff_count == 7
    assert traces(db, AuditAction.IMPORT)[0].after["rows"] == 4


@pytest.mark.req("TCH-6", "ACC-9")
def test_what_changed_since_the_plan_is_left_out_and_told(db: Any, world: World) -> None:
    actor, vault = world.actor("school_admin"), current_vault()
    rows = [(1, given()), (2, {"id": world.teacher["li"].id, "email": "late@example.com"})]
    planned = Planner(actor, vault, lists_for(actor)).plan(rows)
    create(actor)
    change(actor, world.teacher["li"], email="early@example.com")
    done = apply_rows(planned, actor=actor, vault=vault)
    assert [(line, problem.code) for line, problem in done.refused] == [(1, "person_present"), (2, "changed_meanwhile")]
    assert not done.created
    assert not done.changed


# --- delete and restore


@pytest.mark.req("TCH-12")
def test_a_deleted_record_is_in_no_list_its_account_is_out_and_a_bureau_restores_it(db: Any, world: World) -> None:
    school, bureau, row = world.actor("school_admin"), world.actor("county_admin"), world.teacher["zhang"]
    teachers.soft_delete(row.id, actor=school, reason="录入重复")
    with pytest.raises(NotVisible):
        change(school, row, email=None)
    db.session.expire_all()
    assert world.account["teacher"].status is AccountStatus.DISABLED
    assert world.school["xihu"].staff_count == 2
    (entry,) = traces(db, AuditAction.DELETE)
    assert (entry.row_id, entry.reason) == (row.id, "录入重复")
    with pytest.raises(NotPermitted):
        teachers.restore_teacher(row.id, actor=school)
    with pytest.raises(NotVisible):
        teachers.restore_teacher(row.id, actor=world.actor("qingyuan_county"))
    assert teachers.restore_teacher(row.id, actor=bureau).deleted_at is None
    assert world.school["xihu"].staff_count == 3
    assert len(traces(db, AuditAction.RESTORE)) == 1


@pytest.mark.req("TCH-12", "OPS-2")
def test_only_the_system_administrator_deletes_for_good_and_only_what_was_deleted(db: Any, world: World) -> None:
    system, key = world.actor("system_admin"), world.teacher["li"].id
    number = world.teacher["li"].teacher_number
    with pytest.raises(NotVisible):
        teachers.hard_delete(key, actor=system)
    teachers.soft_delete(key, actor=world.actor("school_admin"))
    for username in ("provincial_admin", "county_admin", "school_admin"):
        with pytest.raises(NotPermitted):
            teachers.hard_delete(key, actor=world.actor(username))
    teachers.hard_delete(key, actor=system, reason="测试数据")
    assert db.session.get(Teacher, key) is None
    assert not db.session.scalar(select(func.count()).where(teacher_name_pair.c.teacher_id == key))
    assert not db.session.scalar(select(func.count()).where(LoginName.name == number))
    (entry,) = traces(db, AuditAction.PURGE)
    assert (entry.row_id, entry.reason) == (key, "测试数据")


@pytest.mark.req("TCH-12")
def test_a_record_with_training_is_never_deleted_for_good(db: Any, world: World) -> None:
    key = world.enrollment["xihu"].teacher_id
    teachers.soft_delete(key, actor=world.actor("school_admin"))
    with pytest.raises(Conflict, match="training"):
        teachers.hard_delete(key, actor=world.actor("system_admin"))
    db.session.expire_all()
    assert db.session.get(Teacher, key).deleted_at is not None


# --- protected values


@pytest.mark.req("OPS-3", "S16")
def test_a_reveal_needs_the_permission_and_is_written_down(db: Any, world: World) -> None:
    vault, row = current_vault(), world.teacher["li"]
    actor = replace(world.actor("school_admin"), address="10.0.0.9")
    shown = teachers.reveal(row.id, actor=actor, vault=vault)
    assert shown == {"national_id": national_id(2), "mobile": "19900000002"}
    (entry,) = traces(db, AuditAction.REVEAL)
    assert (entry.row_id, entry.account_id, entry.address) == (row.id, actor.account_id, "10.0.0.9")
    assert entry.created_at is not None
    with pytest.raises(NotPermitted):
        teachers.reveal(row.id, actor=world.actor("school_inquirer"), vault=vault)
    assert teachers.reveal(world.teacher["zhang"].id, actor=world.actor("teacher"), vault=vault)["mobile"]
    assert len(traces(db, AuditAction.REVEAL)) == 2
