"""Importing declarations: rows of one title are a programme, judged by the rules of the form (PRG-8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from flask_babel import force_locale, gettext
from openpyxl import load_workbook
from sqlalchemy import func, select

from app.domain.clock import SHANGHAI
from app.domain.errors import NotPermitted
from app.domain.terms import ImportOutcome, ProgrammeState
from app.exchange import rows as rows_module
from app.exchange.lookups import Lookups
from app.exchange.sheets import sheet_named
from app.exchange.templates import write_template
from app.models import Programme, RegionGrant
from app.services import grants, import_rows, imports
from tests.exchange.conftest import Importing
from tests.support.workbooks import workbook
from tests.world import World

pytestmark = pytest.mark.req("PRG-2", "PRG-8")
O = ImportOutcome  # noqa: E741

HEAD = ["项目名称", "学时", "招生区域", "培训目标", "培训内容", "授课教师", "学段", "开班日期", "结业日期", "培训地点",
        "名额", "费用", "课程表"]  # fmt: skip
UPPER = [
    "小学语文整本书阅读研修",
    24,
    "西湖区",
    "会教整本书",
    "阅读策略\n课例研讨",
    "方晓华/进修学校/特级教师;梅知远",
    "小学",
]
LESSONS = "2026-05-11 08:30-11:30 导读课/方晓华/报告厅\n2026-05-12 13:30~16:30 推进课/梅知远"
FIRST = ["2026年5月11日", "2026/5/13", "进修学校", 40, "300", LESSONS]
SECOND = ["2026-06-01", "2026-06-02", "进修学校", "50", None, None]
NOTHING = [None] * len(UPPER)


@pytest.fixture(autouse=True)
def january(clock: Any) -> None:
    """Declaring is open."""
    clock.set(datetime(2026, 1, 12, 9, 0, tzinfo=SHANGHAI))


@pytest.fixture
def sheet(world: World, queue: Any) -> Importing:
    """The institution at home imports its declarations."""
    return Importing(world.actor("institution_admin"), "programmes", "Programme", queue)


def rows(*given: Sequence[Any]) -> list[Sequence[Any]]:
    """A workbook's rows below the header."""
    return [HEAD, *given]


def outcomes(sheet: Importing, batch: Any) -> list[ImportOutcome]:
    """What becomes of each row."""
    return [plan.outcome for plan in sheet.rows(batch)]


def faults(sheet: Importing, batch: Any) -> list[set[tuple[str | None, str]]]:
    """Column and code of every problem, by row."""
    return [{(found.field, found.code) for found in plan.problems} for plan in sheet.rows(batch)]


def imported(db: Any) -> list[Programme]:
    """The programmes the world did not have."""
    db.session.expire_all()
    return list(db.session.scalars(select(Programme).where(Programme.state == ProgrammeState.DRAFT)))


@pytest.mark.parametrize("named", [True, False])
def test_a_programme_is_never_cut_by_the_blocks_an_import_is_applied_in(
    db: Any, sheet: Importing, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    monkeypatch.setattr(rows_module, "BLOCK", 1)
    monkeypatch.setattr(rows_module, "PLANNED", 1)
    again = [UPPER[0], *NOTHING[1:]] if named else NOTHING
    batch = sheet.plan(
        rows([*UPPER, *FIRST], [*again, *SECOND], ["另一个项目", *UPPER[1:], *FIRST], [*NOTHING, *SECOND])
    )
    assert outcomes(sheet, batch) == [O.NEW] * 4
    sheet.apply(batch)
    assert [len(each.classes) for each in imported(db)] == [2, 2]


def test_rows_of_one_title_become_a_programme_with_its_classes(db: Any, sheet: Importing, world: World) -> None:
    batch = sheet.plan(rows([*UPPER, *FIRST], [*NOTHING, *SECOND], ["另一个项目", *UPPER[1:], *SECOND]))
    assert outcomes(sheet, batch) == [O.NEW] * 3, faults(sheet, batch)
    sheet.apply(batch)
    first, second = imported(db)
    assert (first.title, first.credit_hours, first.contents) == (UPPER[0], 24, "阅读策略\n课例研讨")
    assert first.institution == world.institution["xihu"]
    assert [region.name for region in first.target_regions] == ["西湖区"]
    assert [(one.name, one.workplace, one.position) for one in first.lecturers] == [
        ("方晓华", "进修学校", "特级教师"), ("梅知远", "", None),
    ]  # fmt: skip
    assert [(one.number, one.planned_seats, one.fee) for one in first.classes] == [(1, 40, 300), (2, 50, 0)]
    assert [(s.topic, s.place, s.lecturer.name) for s in first.classes[0].sessions] == [
        ("导读课", "报告厅", "方晓华"), ("推进课", None, "梅知远"),
    ]  # fmt: skip
    assert (second.title, len(second.classes), second.plan_files) == ("另一个项目", 1, [])


def test_the_same_file_again_declares_nothing_twice(db: Any, sheet: Importing) -> None:
    sheet.apply(sheet.plan(rows([*UPPER, *FIRST])))
    batch = sheet.plan(rows([*UPPER, *FIRST]))
    assert outcomes(sheet, batch) == [O.DUPLICATE]
    assert faults(sheet, batch) == [{("title", "declared_already")}]
    assert len(imported(db)) == 1


def test_every_fault_is_named_at_its_row_and_column(db: Any, sheet: Importing) -> None:
    late = ["2026-06-03", "2026-06-02", "", 0, "-1", "2026-06-03 11:30-08:30 夜课"]
    batch = sheet.plan(rows([*UPPER, *FIRST], [*NOTHING, *late]))
    assert outcomes(sheet, batch) == [O.ERROR, O.ERROR]
    assert faults(sheet, batch) == [
        {("title", "programme_faulty")},
        {("ends_on", "ends_before_start"), ("place", "missing"), ("planned_seats", "seats_out_of_range"),
         ("fee", "fee_out_of_range"), ("sessions", "session_backwards"), ("sessions", "session_outside_class")},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"招生区域": "庆元县"}, ("regions", "region_not_granted")),
        ({"招生区域": "西游县"}, ("regions", "unknown_choice")),
        ({"授课教师": None}, ("lecturers", "no_lecturer")),
        ({"学时": 0}, ("credit_hours", "hours_out_of_range")),
        ({"培训目标": None}, ("goals", "missing")),
        ({"学段": "大学"}, ("stages", "unknown_choice")),
        ({"开班日期": "下周"}, ("starts_on", "no_day")),
        ({"课程表": "上午导读课"}, ("sessions", "no_session")),
        ({"课程表": "2026-05-11 08:30-11:30 一;2026-05-11 10:00-12:00 二"}, ("sessions", "sessions_overlap")),
        ({"名额": -3}, ("planned_seats", "seats_out_of_range")),
        ({"项目名称": "长" * 101}, ("title", "too_long")),
    ],
)
def test_what_the_form_refuses_the_sheet_refuses(
    sheet: Importing, changes: dict[str, Any], found: tuple[str, str]
) -> None:
    row = [changes.get(title, value) for title, value in zip(HEAD, [*UPPER, *FIRST], strict=True)]
    batch = sheet.plan(rows(row))
    assert outcomes(sheet, batch) == [O.ERROR]
    assert found in faults(sheet, batch)[0]


def test_a_fifth_class_and_rows_that_disagree_or_stand_apart(sheet: Importing) -> None:
    batch = sheet.plan(rows([*UPPER, *FIRST], *[[*NOTHING, *SECOND]] * 4))
    assert outcomes(sheet, batch) == [O.ERROR] * 5
    assert ("title", "too_many_classes") in faults(sheet, batch)[0]
    other = [UPPER[0], 16, *UPPER[2:], *SECOND]
    batch = sheet.plan(rows([*UPPER, *FIRST], other))
    assert ("credit_hours", "differs") in faults(sheet, batch)[1]
    batch = sheet.plan(rows([*UPPER, *FIRST], ["另一个项目", *UPPER[1:], *SECOND], [*UPPER, *SECOND]))
    assert outcomes(sheet, batch) == [O.NEW, O.NEW, O.DUPLICATE]


@pytest.mark.req("ORG-4")
def test_a_grant_revoked_after_the_plan_leaves_the_programme_over_whole(
    db: Any, sheet: Importing, world: World
) -> None:
    batch = sheet.plan(rows([*UPPER, *FIRST], [*NOTHING, *SECOND]))
    mine = select(RegionGrant.id).where(RegionGrant.institution == world.institution["xihu"])
    for key in db.session.scalars(mine).all():
        grants.revoke(key, "办学资质到期", actor=world.actor("provincial_admin"))
    batch = sheet.apply(batch)
    assert imported(db) == []
    assert [why[0] for _row, _title, why in import_rows.leftovers(batch)] == ["region_not_granted"] * 2


def test_the_template_is_understood_and_its_example_passed_over(db: Any, sheet: Importing) -> None:
    file = BytesIO()
    with force_locale("zh"):
        write_template(sheet_named("programmes"), file, Lookups(sheet.actor, gettext))
    book = load_workbook(file)
    titles = [str(cell.value).rstrip("*") for cell in book.worksheets[0][1]]
    values = dict(zip(HEAD, [*UPPER, *FIRST], strict=True))
    example = [cell.value for cell in book.worksheets[0][2]]
    batch = sheet.plan([titles, example, [values.get(title) for title in titles]])
    assert batch.notes == []
    assert [plan.number for plan in sheet.rows(batch)] == [3]
    assert len(titles) == len(sheet_named("programmes").columns)


@pytest.mark.req("ORG-6")
@pytest.mark.parametrize("username", ["county_admin", "school_admin", "teacher"])
def test_only_institutions_import_declarations(world: World, username: str) -> None:
    with pytest.raises(NotPermitted):
        imports.upload(
            "programmes", "Programme", BytesIO(workbook(rows([*UPPER, *FIRST]))), file_name="x.xlsx", title="x",
            language="zh", actor=world.actor(username),
        )  # fmt: skip


def test_nothing_is_written_before_it_is_applied(db: Any, sheet: Importing) -> None:
    before = db.session.scalar(select(func.count()).select_from(Programme))
    sheet.plan(rows([*UPPER, *FIRST]))
    assert db.session.scalar(select(func.count()).select_from(Programme)) == before
