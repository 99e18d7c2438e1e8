"""Importing teachers: a result per row, messy files understood, applied exactly, exports imported back (TCH-6)."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from sqlalchemy import delete, func, select

from app.domain.identity import check_character
from app.domain.terms import (
    AuditAction,
    Gender,
    ImportOutcome,
    ImportState,
    OrganisationStatus,
    RoleName,
    TeacherStatus,
)
from app.exchange import rows as rows_module
from app.exchange.lookups import Lookups
from app.exchange.sheets import sheet_named
from app.exchange.templates import write_template
from app.jobs.beside import HELPER, Helper
from app.models import AuditEntry, PostCategory, School, Teacher
from app.services import import_rows
from app.web.actors import current_vault
from tests.exchange.conftest import Importing
from tests.support.queries import count_queries
from tests.world import World, national_id

pytestmark = pytest.mark.req("TCH-6")

O = ImportOutcome  # noqa: E741
HEAD = ["姓名", "身份证号", "学校", "学段", "学科"]
HERE = ["文三路小学", "小学", "语文"]


def new_id(number: int, born: str = "19850615") -> str:
    """An invented ID number of nobody in the world."""
    body = f"331126{born}{number:03d}"
    return body + check_character(body)


@pytest.fixture
def school(world: World, queue: Any) -> Importing:
    """The school of the world imports its own teachers."""
    return Importing(world.actor("school_admin"), "teachers", "Teacher", queue)


def outcomes(importing: Importing, batch: Any) -> dict[int, ImportOutcome]:
    return {plan.number: plan.outcome for plan in importing.rows(batch)}


def stored(db: Any, identity: str) -> Teacher | None:
    db.session.expire_all()
    return db.session.scalars(
        select(Teacher).where(Teacher.national_id_key == current_vault().key(identity))
    ).one_or_none()


def codes(importing: Importing, batch: Any) -> dict[int, dict[str | None, str]]:
    return {plan.number: {p.field: p.code for p in plan.problems} for plan in importing.rows(batch) if plan.problems}


def test_each_row_gets_its_result_and_applying_does_exactly_that(school: Importing, world: World, db: Any) -> None:
    zhang, li, chen = world.teacher["zhang"], world.teacher["li"], world.teacher["chen"]
    rows = [
        ["单小芳", new_id(2), *HERE],
        ["张明花", national_id(1), *HERE],
        [li.name, national_id(2), *HERE],
        ["单小芳", new_id(2), *HERE],
        [chen.name, national_id(4), *HERE],
        ["李3", "330106", "文三路小学", "小学", "炼金"],
    ]
    batch = school.plan([HEAD, *rows])
    assert outcomes(school, batch) == {2: O.NEW, 3: O.CHANGED, 4: O.SAME, 5: O.DUPLICATE, 6: O.ELSEWHERE, 7: O.ERROR}
    assert codes(school, batch)[7] == {
        "national_id": "id_length",
        "name": "name_characters",
        "subject": "choice_unknown",
    }
    assert [(c.field, c.before, c.after) for p in school.rows(batch, O.CHANGED) for c in p.changes] == [
        ("name", zhang.name, "张明花")
    ]
    assert stored(db, new_id(2)) is None
    batch = school.apply(batch)
    assert (batch.state, batch.written) == (ImportState.APPLIED, 2)
    added = stored(db, new_id(2))
    assert added is not None
    assert (added.name, added.school.name, added.gender, added.birth_date, added.status) == (
        "单小芳", "文三路小学", Gender.FEMALE, date(1985, 6, 15), TeacherStatus.EMPLOYED,
    )  # fmt: skip
    assert stored(db, national_id(1)).name == "张明花"
    assert stored(db, national_id(4)).school.name == "濛洲街道小学"


MESSY_HEAD = [
    " 身份证号码*",
    "备注",
    "教师姓名(必填)",
    "出 生 日 期",
    "联系手机",
    "任教学科",
    "性 别",
    "任教学段:",
    "办公电话",
]


@pytest.mark.parametrize(
    ("name", "identity", "born", "mobile", "phone"),
    [
        (
            "单 小 芳",
            "３３１１２６１９８５０６１５００２４",
            "1985年6月15日",
            "１３９ ０００１ １１１１",
            "0571－87000000转801",
        ),
        ("　单小芳", " 331126 19850615 0024 ", 31213, 13900011111.0, "（0571）87000000"),
        ("单小芳\n", "'331126198506150024", "1985/6/15 0:00:00", "+86 139-0001-1111", "87000000"),
        ("单小芳", "331126198506150024", "19850615", "13900011111 ", None),
        ("单小芳", "331126198506150024", "1985.06.15", None, 87000000),
    ],
)
def test_what_people_really_send_is_understood(
    school: Importing, db: Any, name: str, identity: str, born: Any, mobile: Any, phone: Any
) -> None:
    identity = identity.replace("0024", new_id(2)[-4:]).replace("００２４", new_id(2)[-4:])
    batch = school.plan(
        [["2026年教师名册"], [], MESSY_HEAD, [identity, "无", name, born, mobile, "语文 ", "女 ", "小学", phone]]
    )
    assert outcomes(school, batch) == {4: O.NEW}, codes(school, batch)
    school.apply(batch)
    row = stored(db, new_id(2))
    assert row is not None
    assert (row.name, row.birth_date, row.gender, row.subject.name) == (
        "单小芳",
        date(1985, 6, 15),
        Gender.FEMALE,
        "语文",
    )
    assert row.mobile in (None, "13900011111")


def test_a_small_x_is_a_capital_one(school: Importing, db: Any) -> None:
    identity = next(each for each in map(new_id, range(100)) if each.endswith("X"))
    school.apply(school.plan([HEAD, ["单小芳", identity.lower(), *HERE]]))
    assert stored(db, identity) is not None


@pytest.mark.parametrize("typed", [3.3112619850615e17, "3.31126E+17", 331126198506150024, "331126198506150000"])
def test_a_number_that_lost_digits_is_refused_and_never_guessed(school: Importing, typed: Any) -> None:
    batch = school.plan([HEAD, ["单小芳", typed, *HERE]])
    (plan,) = school.rows(batch)
    assert plan.outcome is O.ERROR
    assert {p.field for p in plan.problems} == {"national_id"}
    assert plan.problems[0].code in ("number_rounded", "id_rounded")


@pytest.mark.req("OPS-3")
def test_a_masked_number_means_unchanged(school: Importing, world: World, db: Any) -> None:
    zhang = world.teacher["zhang"]
    tail = zhang.national_id_tail
    head = ["师训号", "姓名", "身份证号", "手机"]
    number = zhang.teacher_number
    masks = [f"**************{tail}", f"330***********{tail}"]
    for mask in masks:
        assert outcomes(school, school.plan([head, [number, zhang.name, mask, None]])) == {2: O.SAME}
    changed = school.apply(school.plan([head, [number, "张改名", masks[0], None]]))
    assert changed.written == 1
    assert stored(db, national_id(1)).name == "张改名"
    wrong = school.plan([head, [number, "张改名", "**************0000", None]])
    assert codes(school, wrong) == {2: {"national_id": "masked"}}
    alone = school.plan([head, [None, "张改名", masks[0], None]])
    assert codes(school, alone)[2]["national_id"] == "masked"


@pytest.mark.req("OPS-3", "S14")
def test_the_page_of_an_import_shows_no_whole_number_and_the_database_keeps_none(
    school: Importing, world: World, db: Any
) -> None:
    zhang = world.teacher["zhang"]
    head = ["师训号", "身份证号", "手机", "性别", "出生日期"]
    batch = school.plan([head, [zhang.teacher_number, new_id(2), "13911112222", "女", "1985-06-15"]])
    (plan,) = school.rows(batch, O.CHANGED)
    shown = str(plan.changes) + plan.title
    assert new_id(2) not in shown
    assert "13911112222" not in shown
    assert new_id(2)[-4:] in shown
    school.apply(batch)
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.entity == "Teacher")).all()
    assert new_id(2) not in str([(e.before, e.after, e.subject, e.reason) for e in entries])


def test_a_school_imports_without_naming_itself_and_a_county_says_which(
    school: Importing, world: World, db: Any
) -> None:
    head = ["姓名", "身份证号", "学段", "学科"]
    assert outcomes(school, school.plan([head, ["单小芳", new_id(2), "小学", "语文"]])) == {2: O.NEW}
    db.session.add(
        School(code="330106999", name="文三路小学", region=world.region["xihu"], kind=world.school["xihu"].kind)
    )
    db.session.commit()
    county = Importing(world.actor("county_admin"), "teachers", "Teacher", school.queue)
    assert codes(county, county.plan([HEAD, ["单小芳", new_id(2), *HERE]])) == {2: {"school": "choice_ambiguous"}}
    rows = [
        ["姓名", "身份证号", "学校", "学校代码", "学段", "学科"],
        ["单小芳", new_id(2), "文三路小学", "330106999", "小学", "语文"],
    ]
    county.apply(county.plan(rows))
    assert stored(db, new_id(2)).school.code == "330106999"
    assert outcomes(county, county.plan([HEAD, ["张明华", national_id(1), *HERE]])) == {2: O.SAME}
    wrong = county.plan([rows[0], ["单小芳", new_id(3), "", "330106000", "小学", "语文"]])
    assert codes(county, wrong) == {2: {"school_code": "choice_unknown"}}


def test_school_and_status_change_by_a_transfer_only(school: Importing, world: World) -> None:
    county = Importing(world.actor("provincial_admin"), "teachers", "Teacher", school.queue)
    batch = county.plan([["身份证号", "学校", "状态"], [national_id(1), "濛洲街道小学", "退休"]])
    assert codes(county, batch) == {2: {"school": "school_by_transfer", "status": "status_by_transfer"}}


def test_a_cell_merged_over_several_rows_counts_for_each_of_them(school: Importing, world: World, db: Any) -> None:
    book = Workbook()
    sheet = book.active
    lines = [
        ["姓名", "身份证号", "学校", "学段", "学科"],
        [],
        *([f"陈{name}", new_id(n)] for n, name in enumerate("一二三四", 1)),
    ]
    for number, line in enumerate(lines, 1):
        for at, value in enumerate(line, 1):
            sheet.cell(number, at, value)
    for at, value in zip("CDE", HERE, strict=True):
        sheet[f"{at}3"] = value
        sheet.merge_cells(f"{at}3:{at}5")
        sheet.merge_cells(f"{at}1:{at}2")
    out = BytesIO()
    book.save(out)
    batch = school.plan(out.getvalue())
    assert outcomes(school, batch) == {3: O.NEW, 4: O.NEW, 5: O.NEW, 6: O.ERROR}
    school.apply(batch)
    assert {stored(db, new_id(n)).school_id for n in range(1, 4)} == {world.school["xihu"].id}  # type: ignore[union-attr]
    assert stored(db, new_id(4)) is None


def test_a_cell_is_emptied_by_a_word_and_never_by_being_empty(school: Importing, world: World, db: Any) -> None:
    head = ["身份证号", "手机", "邮箱", "姓名"]
    world.teacher["zhang"].email = "zhang@example.com"
    db.session.commit()
    batch = school.apply(school.plan([head, [national_id(1), None, "清空", ""]]))
    row = stored(db, national_id(1))
    assert batch.written == 1
    assert (row.email, row.name) == (None, "张明华")
    assert codes(school, school.plan([head, [national_id(1), None, None, "清空"]])) == {2: {"name": "missing"}}


def test_whoever_was_changed_or_entered_meanwhile_is_told_and_not_overwritten(
    school: Importing, world: World, db: Any
) -> None:
    batch = school.plan(
        [HEAD, ["张三改", national_id(1), *HERE], ["单小芳", new_id(2), *HERE], ["仇小明", new_id(3), *HERE]]
    )
    db.session.get_one(Teacher, world.teacher["zhang"].id).name = "别人改的"
    db.session.commit()
    other = school.plan([HEAD, ["单芳", new_id(2), *HERE]])
    school.apply(other)
    batch = school.apply(batch)
    assert (batch.state, batch.written) == (ImportState.APPLIED, 1)
    assert [number for number, _title, _problem in import_rows.leftovers(batch)] == [2, 3]
    assert stored(db, national_id(1)).name == "别人改的"
    assert stored(db, new_id(2)).name == "单芳"


@pytest.mark.req("TCH-6", "TCH-2")
def test_one_number_is_not_given_to_two_people_of_a_file(school: Importing, world: World) -> None:
    numbers = [world.teacher[name].teacher_number for name in ("zhang", "li")]
    head = ["师训号", *HEAD]
    batch = school.plan([head, *([number, "张三", new_id(41, "19800101"), *HERE] for number in numbers)])
    (first,), (second,) = school.rows(batch, O.CHANGED), school.rows(batch, O.DUPLICATE)
    assert (first.number, second.number, [each.code for each in second.problems]) == (2, 3, ["twice"])
    assert school.apply(batch).written == 1


@pytest.mark.req("TCH-6", "R7")
def test_a_row_the_database_refuses_is_left_over_and_stops_nobody(school: Importing, world: World, db: Any) -> None:
    db.session.add(PostCategory(code="P7", name="临时岗"))
    db.session.commit()
    posts = [None, "临时岗", None, None]
    rows = [["单小芳", new_id(n + 2), *HERE, post] for n, post in enumerate(posts)]
    batch = school.plan([[*HEAD, "岗位类别"], *rows])
    db.session.execute(delete(PostCategory).where(PostCategory.code == "P7"))
    db.session.commit()
    batch = school.apply(batch)
    assert (batch.state, batch.written) == (ImportState.APPLIED, 3)
    assert [(number, why[0]) for number, _title, why in import_rows.leftovers(batch)] == [(3, "choice_gone")]
    assert stored(db, new_id(5)).name == "单小芳"


@pytest.mark.req("TCH-6", "ORG-5")
def test_nobody_is_added_to_a_school_closed_since_the_plan(school: Importing, world: World, db: Any) -> None:
    batch = school.plan([HEAD, ["单小芳", new_id(2), *HERE]])
    world.school["xihu"].status = OrganisationStatus.CLOSED
    db.session.commit()
    batch = school.apply(batch)
    assert [(number, why[0]) for number, _title, why in import_rows.leftovers(batch)] == [(2, "choice_not_in_use")]


@pytest.mark.req("OPS-2")
def test_the_audit_names_the_import(school: Importing, world: World, db: Any) -> None:
    batch = school.apply(school.plan([HEAD, ["张改名", national_id(1), *HERE], ["单小芳", new_id(2), *HERE]]))
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.entity == "Teacher")).all()
    assert [(e.before, e.after) for e in entries if e.action is AuditAction.UPDATE] == [
        ({"name": "张明华"}, {"name": "张改名"})
    ]
    (made,) = [e.after for e in entries if e.action is AuditAction.IMPORT]
    assert made == {"rows": 1, "teachers": [stored(db, new_id(2)).id]}
    assert all(str(batch.id) in (e.reason or "") for e in entries)


@pytest.mark.req("B1")
def test_the_helper_of_the_worker_makes_the_rows_ready(
    school: Importing, app: Flask, world: World, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_module, "BLOCK", 2)
    helper = Helper()
    monkeypatch.setitem(app.extensions, HELPER, helper)
    changed = [world.teacher["zhang"].name, national_id(1), *HERE]
    batch = school.plan(
        [[*HEAD, "手机"], [*changed, "13900000001"], *(["单小芳", new_id(n), *HERE, None] for n in range(5))]
    )
    batch = school.apply(batch)
    helper.end()
    assert (batch.state, batch.written) == (ImportState.APPLIED, 6)
    assert [stored(db, new_id(n)).name_initials for n in range(5)] == ["sxf"] * 5  # type: ignore[union-attr]
    assert stored(db, national_id(1)).mobile == "13900000001"  # type: ignore[union-attr]


@pytest.mark.req("B4")
def test_one_bad_row_in_a_hundred_is_listed_once_with_row_column_and_reason(school: Importing) -> None:
    rows = [
        [f"教师{'甲乙丙丁戊己庚辛壬癸'[n % 10]}", new_id(n % 1000, f"19{60 + n // 1000}0101"), *HERE]
        for n in range(1500)
    ]
    bad = {}
    for at, (column, value, code) in enumerate([
        ("name", "李3", "name_characters"), ("national_id", "33112619850615", "id_length"),
        ("stage", "大学", "choice_unknown"),
    ] * 5):  # fmt: skip
        number = at * 100 + 50
        rows[number][["name", "national_id", "school", "stage", "subject"].index(column)] = value
        bad[number + 2] = {column: code}
    batch = school.plan([HEAD, *rows])
    assert batch.counts == {"new": 1485, "error": 15}
    assert codes(school, batch) == bad


def test_planning_a_block_asks_the_database_a_few_times_whatever_its_rows(school: Importing) -> None:
    def statements(count: int) -> int:
        table = [HEAD, *(["单小芳", new_id(n), *HERE] for n in range(count))]
        with count_queries() as sent:
            assert school.plan(table).counts == {"new": count}
        return len(sent)

    assert statements(100) == statements(3)


def test_the_template_offers_the_lists_and_the_schools_of_the_scope(school: Importing, world: World) -> None:
    file = BytesIO()
    with force_locale("zh"):
        from flask_babel import gettext

        write_template(sheet_named("teachers"), file, Lookups(school.actor, gettext))
    book = load_workbook(file)
    titles = [cell.value for cell in book.worksheets[0][1]]
    assert titles[:4] == ["师训号", "姓名*", "身份证号*", "性别"]
    offered = [cell.value for row in book["lists"] for cell in row]
    assert {"男", "女", "文三路小学", "小学", "语文"} <= set(offered)
    assert "濛洲街道小学" not in offered
    assert outcomes(school, school.plan(file.getvalue())) == {}


def test_a_closed_school_is_not_offered(school: Importing, world: World, db: Any) -> None:
    db.session.get_one(School, world.school["xihu"].id).status = OrganisationStatus.SUSPENDED
    db.session.commit()
    file = BytesIO()
    write_template(sheet_named("teachers"), file, Lookups(school.actor, str))
    assert "文三路小学" not in [cell.value for row in load_workbook(file)["lists"] for cell in row]


NAMES = st.text("王李张刘陈杨赵黄周吴徐孙", min_size=2, max_size=4)
PEOPLE = st.lists(
    st.tuples(
        NAMES, st.integers(0, 8), st.sampled_from(["小学", "小 学", "大学"]), st.sampled_from(["语文", "炼金"]),
        st.sampled_from(["", "13900001111", "139"]),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(people=PEOPLE)
def test_what_is_planned_is_what_is_applied_and_importing_again_changes_nothing(
    school: Importing, db: Any, people: list[tuple[str, int, str, str, str]]
) -> None:
    head = ["姓名", "身份证号", "学段", "学科", "手机"]
    table = [head, *([name, new_id(n), stage, subject, mobile] for name, n, stage, subject, mobile in people)]
    before = db.session.scalar(select(func.count()).select_from(Teacher))
    batch = school.plan(table)
    plans = school.rows(batch)
    assert len(plans) == len(people)
    counts = batch.counts
    if import_rows.to_write(batch):
        batch = school.apply(batch)
        assert batch.written == import_rows.to_write(batch)
    assert db.session.scalar(select(func.count()).select_from(Teacher)) == before + counts.get("new", 0)
    again = outcomes(school, school.plan(table))
    for plan in plans:
        written = plan.outcome in (O.NEW, O.CHANGED, O.SAME)
        assert again[plan.number] is (O.SAME if written else plan.outcome)


@pytest.mark.req("ORG-6")
@pytest.mark.parametrize("role", [RoleName.TEACHER, RoleName.INSTITUTION_ADMIN, RoleName.SCHOOL_TRAINING_ADMIN])
def test_others_upload_nothing(school: Importing, world: World, role: RoleName) -> None:
    from app.domain.errors import NotPermitted

    with pytest.raises(NotPermitted):
        Importing(world.actor(role.value), "teachers", "Teacher", school.queue).plan([HEAD])
