"""Many teachers at once: checked cell by cell, saved in one go, nobody overwritten (TCH-5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.clock import now
from app.domain.errors import Invalid, NotPermitted, NotVisible
from app.domain.identity import check_character
from app.domain.terms import AuditAction
from app.models import AuditEntry, Subject, Teacher
from app.services import teacher_grid
from app.services.teacher_grid import CheckedRow, Outcome, SentRow
from app.services.teachers import update_teacher
from app.web.actors import current_vault
from tests.world import World

pytestmark = pytest.mark.req("TCH-5")


def new_id(number: int, born: str = "19900203") -> str:
    """An invented ID number of nobody in the world."""
    body = f"330106{born}{number:03d}"
    return body + check_character(body)


def sent(row: Teacher, **values: str) -> SentRow:
    return SentRow(f"row-{row.id}", row.id, row.id, row.version, values)


def fresh(number: int, **values: str) -> SentRow:
    typed = {
        "name": "单小芳",
        "national_id": new_id(number),
        "school": "文三路小学",
        "stage": "小学",
        "subject": "语文",
    }
    return SentRow(f"new-{number}", 1000 + number, None, None, {**typed, **values})


def check(world: World, *rows: SentRow, by: str = "school_admin") -> list[CheckedRow]:
    return teacher_grid.check_rows(rows, actor=world.actor(by), vault=current_vault())


def save(world: World, *rows: SentRow, by: str = "school_admin", **options: Any) -> Outcome:
    return teacher_grid.save_rows(rows, actor=world.actor(by), vault=current_vault(), **options)


def codes(row: CheckedRow) -> dict[str, list[str]]:
    return {name: [problem.code for problem in found] for name, found in row.problems.items()}


@pytest.mark.req("TCH-12")
def test_deleted_records_are_not_opened(db: Any, world: World) -> None:
    world.teacher["li"].deleted_at = now()
    db.session.commit()
    opened = teacher_grid.open_rows([], [Teacher.id], actor=world.actor("system_admin"))
    assert opened.count == 5
    assert world.teacher["li"].id not in {row.id for row in opened.rows}


@pytest.fixture
def maths(db: Any, world: World) -> Subject:
    row = Subject(code="S02", name="数学", position=2)
    db.session.add(row)
    db.session.commit()
    return row


def test_every_wrong_cell_gets_its_reason_and_good_ones_the_text_that_will_be_stored(db: Any, world: World) -> None:
    li = world.teacher["li"]
    good, bad = check(
        world,
        sent(world.teacher["zhang"], birth_date="1980年1月1日", office_phone="0571 87000000"),
        sent(li, subject="雨文", mobile="123", name=""),
    )
    assert good.problems == {}
    assert good.shown == {"office_phone": "0571-87000000"}  # the day of birth is the stored one, written otherwise
    assert codes(bad) == {"subject": ["choice_unknown"], "mobile": ["mobile"], "name": ["missing"]}


def test_a_new_row_learns_birth_date_and_gender_from_the_id_number(db: Any, world: World) -> None:
    row = check(world, fresh(2))[0]
    assert row.problems == {}
    assert (row.shown["birth_date"].isoformat(), row.shown["gender"].value) == ("1990-02-03", "female")


def test_stars_are_not_a_number(db: Any, world: World) -> None:
    row = check(world, sent(world.teacher["li"], national_id="**************0023", mobile="199****0002"))[0]
    assert codes(row) == {"national_id": ["masked"], "mobile": ["masked"]}


def test_a_person_who_is_here_already_or_twice_in_the_grid_is_no_new_teacher(db: Any, world: World) -> None:
    first = fresh(2)
    present = fresh(3, national_id=check_of(world))
    again = SentRow("new-9", 1009, None, None, dict(first.values))
    rows = check(world, first, again, present)
    assert [codes(row) for row in rows] == [{}, {"national_id": ["twice"]}, {"national_id": ["person_present"]}]


@pytest.mark.req("TCH-5", "TCH-2")
def test_one_number_typed_for_two_people_is_told_at_the_second(db: Any, world: World) -> None:
    rows = check(world, *(sent(world.teacher[name], national_id=new_id(9)) for name in ("zhang", "li")))
    assert [codes(row).get("national_id") for row in rows] == [None, ["twice"]]


def check_of(world: World) -> str:
    sealed = world.teacher["li"].national_id_sealed
    assert sealed is not None
    return current_vault().open(sealed)


def test_all_rows_are_saved_together_each_with_its_audit_entry(db: Any, world: World, maths: Subject) -> None:
    zhang, li = world.teacher["zhang"], world.teacher["li"]
    done = save(world, sent(zhang, subject="数学"), sent(li, subject="S02", email="li@example.com"), fresh(2))
    db.session.expire_all()
    assert set(done.saved) == {f"row-{zhang.id}", f"row-{li.id}", "new-2"}
    assert (zhang.subject, li.subject, li.email) == (maths, maths, "li@example.com")
    assert db.session.get(Teacher, done.saved["new-2"]).name == "单小芳"
    wanted = select(AuditEntry.action, AuditEntry.row_id).where(AuditEntry.entity == "Teacher")
    assert set(db.session.execute(wanted)) == {
        (AuditAction.UPDATE, zhang.id), (AuditAction.UPDATE, li.id), (AuditAction.CREATE, done.saved["new-2"]),
    }  # fmt: skip


def test_nothing_is_saved_while_one_row_is_wrong_unless_asked(db: Any, world: World, maths: Subject) -> None:
    zhang, li = world.teacher["zhang"], world.teacher["li"]
    rows = (sent(zhang, subject="数学"), sent(li, subject="雨文"))
    done = save(world, *rows)
    db.session.expire_all()
    assert (done.saved, [row.sent.id for row in done.invalid]) == ({}, [li.id])
    assert zhang.subject.name == "语文"
    done = save(world, *rows, only_valid=True)
    db.session.expire_all()
    assert list(done.saved.values()) == [zhang.id]
    assert (zhang.subject, li.subject.name) == (maths, "语文")


def test_what_somebody_else_changed_is_told_and_never_overwritten(db: Any, world: World, maths: Subject) -> None:
    zhang, li = world.teacher["zhang"], world.teacher["li"]
    mine, other = sent(zhang, subject="数学"), sent(li, subject="数学")
    update_teacher(zhang.id, {"email": "z@example.com"}, actor=world.actor("county_admin"), vault=current_vault())
    done = save(world, mine, other)
    db.session.expire_all()
    assert [row.sent.id for row in done.conflicts] == [zhang.id]
    assert list(done.saved.values()) == [li.id]
    assert (zhang.subject.name, zhang.email) == ("语文", "z@example.com")


def test_a_row_overtaken_between_check_and_writing_is_checked_again(
    db: Any, world: World, maths: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    zhang, li = world.teacher["zhang"], world.teacher["li"]
    write, others = teacher_grid._write, ["z@example.com"]

    def overtaken(*given: Any) -> Any:
        if others:
            values = {"email": others.pop()}
            update_teacher(zhang.id, values, actor=world.actor("county_admin"), vault=current_vault())
        return write(*given)

    monkeypatch.setattr(teacher_grid, "_write", overtaken)
    done = save(world, sent(zhang, subject="数学"), sent(li, subject="数学"))
    assert [row.sent.id for row in done.conflicts] == [zhang.id]
    assert list(done.saved.values()) == [li.id]


@pytest.mark.req("ORG-6")
def test_a_row_of_another_school_is_absent_and_nothing_else_is_saved(db: Any, world: World) -> None:
    zhang = world.teacher["zhang"]
    with pytest.raises(NotVisible):
        save(world, sent(zhang, email="z@example.com"), sent(world.teacher["chen"], email="c@example.com"))
    db.session.expire_all()
    assert zhang.email is None


@pytest.mark.req("ORG-6")
def test_a_new_teacher_cannot_be_put_into_a_school_out_of_scope(db: Any, world: World) -> None:
    row = check(world, fresh(2, school="濛洲街道小学"))[0]
    assert codes(row) == {"school": ["choice_unknown"]}


@pytest.mark.parametrize("by", ["school_inquirer", "teacher", "institution_admin"])
def test_who_may_not_edit_may_not_check_either(db: Any, world: World, by: str) -> None:
    with pytest.raises(NotPermitted):
        check(world, sent(world.teacher["zhang"], email="z@example.com"), by=by)
    with pytest.raises(NotPermitted):
        teacher_grid.open_rows([], [Teacher.id], actor=world.actor(by))


def test_more_rows_than_the_grid_holds_are_refused(db: Any, world: World) -> None:
    with pytest.raises(Invalid, match="500"):
        check(world, *(fresh(number) for number in range(501)))


def test_school_and_status_of_a_teacher_stay(db: Any, world: World) -> None:
    found = check(world, sent(world.teacher["zhang"], status="离职/退休"))[0]
    assert codes(found) == {"status": ["status_by_transfer"]}


@pytest.mark.req("TCH-5", "B10")
def test_two_hundred_rows_are_checked_with_as_many_queries_as_two(
    db: Any, world: World, count_queries: Callable[[], Any]
) -> None:
    actor = world.actor("school_admin")
    for count in (2, 200):
        rows = [fresh(number) for number in range(count)]
        with count_queries() as asked:
            checked = teacher_grid.check_rows(rows, actor=actor, vault=current_vault())
        assert len(asked) <= 10, str(asked)
        assert all(not row.problems for row in checked)


def test_the_limit_of_opened_rows_is_told_with_the_whole_number(
    db: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher_grid, "MOST_ROWS", 2)
    opened = teacher_grid.open_rows([], [Teacher.id], actor=world.actor("school_admin"))
    assert (len(opened.rows), opened.count) == (2, 3)
    assert db.session.scalar(select(func.count()).select_from(Teacher)) > 3
