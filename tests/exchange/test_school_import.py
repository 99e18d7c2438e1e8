"""Importing schools: a plan per row, applied exactly, by the rules and within the scope (ORG-5)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import select

from app.domain.errors import Conflict, NotPermitted
from app.domain.terms import AuditAction, ImportOutcome, ImportState, JobState, Ownership, SchoolKind
from app.exchange import applying
from app.exchange import rows as rows_module
from app.exchange.errors_book import write_errors
from app.exchange.lookups import Lookups
from app.exchange.sheets import sheet_named
from app.exchange.templates import write_template
from app.models import AuditEntry, BackgroundJob, ImportBlock, School
from app.services import import_rows, imports, jobs, unit
from tests.exchange.conftest import Importing
from tests.support.workbooks import HOSTILE, parts, sheet_xml, workbook, zipped
from tests.world import World

pytestmark = pytest.mark.req("ORG-5", "TCH-6")

HEAD = ["代码", "名称", "地区", "学校类型", "学段", "办学性质"]
NEW = ["330106777", "求是小学", "330106", "小学", "小学", "公办"]
O = ImportOutcome  # noqa: E741


def outcomes(importing: Importing, batch: Any) -> dict[int, ImportOutcome]:
    return {plan.number: plan.outcome for plan in importing.rows(batch)}


def school(db: Any, code: str) -> School | None:
    db.session.expire_all()
    return db.session.scalars(select(School).where(School.code == code)).one_or_none()


def title_of(name: str) -> str:
    """The Chinese title of a column."""
    from app.exchange.sheets import in_every_language

    return in_every_language(sheet_named("schools").column(name).title)[0]


@pytest.fixture(autouse=True)
def head(db: Any) -> None:
    HEAD[:] = [title_of(name) for name in ("code", "name", "region", "kind", "stages", "ownership")]


@pytest.fixture
def words(db: Any) -> list[str]:
    """A new school as a clerk of this platform writes it."""
    from flask_babel import force_locale, gettext

    with force_locale("zh"):
        return [*NEW[:3], gettext(SchoolKind.PRIMARY.label), "小学", gettext(Ownership.PUBLIC.label)]


def test_each_row_gets_its_result_and_applying_does_exactly_that(
    schools: Importing, world: World, db: Any, words: list[str]
) -> None:
    own, foreign = world.school["xihu"], world.school["qingyuan"]
    same = [own.code, own.name, "浙江省/杭州市/西湖区"]
    changed, abroad = [own.code, "文三街小学"], [foreign.code, "x"]
    batch = schools.plan([HEAD, words, changed, abroad, words, ["1", "", "331126"], same])
    assert batch.state is ImportState.PLANNED
    assert outcomes(schools, batch) == {
        2: O.NEW, 3: O.CHANGED, 4: O.ELSEWHERE, 5: O.DUPLICATE, 6: O.ERROR, 7: O.DUPLICATE,
    }  # fmt: skip
    assert school(db, NEW[0]) is None
    batch = schools.apply(batch)
    assert (batch.state, batch.written) == (ImportState.APPLIED, 2)
    added = school(db, NEW[0])
    assert added is not None
    assert (added.name, added.region.code, added.kind, [s.name for s in added.stages]) == (
        "求是小学", "330106", SchoolKind.PRIMARY, ["小学"],
    )  # fmt: skip
    assert school(db, own.code).name == "文三街小学"
    assert school(db, foreign.code).name == "濛洲街道小学"


def test_a_row_with_errors_names_every_cell_and_what_to_mend(schools: Importing) -> None:
    batch = schools.plan([HEAD, [3.30106e17, "x" * 101, "庆元县", "大学", "幼儿", "公办"], [None, "无代码"]])
    first, second = schools.rows(batch, O.ERROR)
    assert {each.field for each in first.problems} >= {"code", "name", "region", "kind", "stages"}
    assert {each.field for each in second.problems} >= {"code", "region", "kind"}


@pytest.mark.req("B4")
def test_every_bad_row_is_listed_once_with_its_row_and_column(schools: Importing, words: list[str]) -> None:
    rows = [[f"330106{n:04d}", *words[1:]] for n in range(400)]
    bad = set(range(7, 400, 100))
    for n in bad:
        rows[n][2] = "不存在的县"
    batch = schools.plan([HEAD, *rows])
    found = schools.rows(batch, O.ERROR)
    assert [plan.number for plan in found] == [n + 2 for n in sorted(bad)]
    assert {(each.field, each.code) for plan in found for each in plan.problems} == {("region", "unknown_choice")}
    assert batch.counts == {"new": 400 - len(bad), "error": len(bad)}


def test_titles_are_found_below_a_merged_title_in_any_order_and_spelling(
    schools: Importing, world: World, words: list[str]
) -> None:
    rows = [["学校名册(2026年)"], [], ["备注", "名 称:", "CODE*", "所在地区", " 学校类型 (必填)", "隐藏列"],
            ["无", words[1], words[0], "西湖区", words[3], "x"], [], [None, "  ", None]]  # fmt: skip
    batch = schools.plan(rows)
    assert outcomes(schools, batch) == {4: O.NEW}, [p.problems for p in schools.rows(batch)]
    assert "备注" in str(batch.notes)


def test_a_file_without_the_key_column_is_refused_with_the_names(schools: Importing) -> None:
    batch = schools.plan([["名称", "地址"], ["x", "y"]])
    assert batch.state is ImportState.FAILED
    assert title_of("code") in str(batch.problems)
    assert imports.folder().joinpath("x").parent.exists()
    assert not list(imports.folder().iterdir())


@pytest.mark.req("S12")
@pytest.mark.parametrize("name", ["bomb", "sparse_corner", "entities", "truncated", "macro", "csv"])
def test_a_hostile_file_ends_as_a_refused_import_and_the_worker_goes_on(
    schools: Importing, db: Any, name: str, words: list[str]
) -> None:
    batch = schools.plan(HOSTILE[name][1]())
    assert batch.state is ImportState.FAILED
    assert len(batch.problems) == 1
    assert db.session.get(BackgroundJob, batch.job_id).state is JobState.DONE
    assert schools.plan([HEAD, words]).state is ImportState.PLANNED


def test_a_formula_is_refused_by_its_address(schools: Importing, words: list[str]) -> None:
    batch = schools.plan([HEAD, [words[0], ("f", 'CONCATENATE("a","b")', "ab"), *words[2:]]])
    (plan,) = schools.rows(batch, O.ERROR)
    assert [(each.field, each.text.params["address"]) for each in plan.problems] == [("name", "B2")]


def test_the_plan_is_sealed_and_the_upload_is_gone(schools: Importing, db: Any, words: list[str]) -> None:
    batch = schools.plan([HEAD, words])
    stored = db.session.scalars(select(ImportBlock.sealed).where(ImportBlock.batch_id == batch.id)).one()
    assert "求是".encode() not in stored
    assert not list(imports.folder().iterdir())
    assert batch.file_path is None


def test_a_row_changed_since_it_was_planned_is_reported_and_not_overwritten(
    schools: Importing, world: World, db: Any, words: list[str]
) -> None:
    own = world.school["xihu"]
    batch = schools.plan([HEAD, [own.code, "新名"], words])
    db.session.get_one(School, own.id).name = "别人改的"
    db.session.add(School(code=words[0], name="别人加的", region=world.region["xihu"], kind=SchoolKind.PRIMARY))
    db.session.commit()
    batch = schools.apply(batch)
    assert (batch.state, batch.written) == (ImportState.APPLIED, 0)
    assert [number for number, _, _ in import_rows.leftovers(batch)] == [2, 3]
    assert [number for number, _, _ in import_rows.leftovers(batch, offset=1, limit=1)] == [3]
    assert school(db, own.code).name == "别人改的"
    assert school(db, words[0]).name == "别人加的"


@pytest.mark.req("OPS-2")
def test_every_change_is_in_the_audit_with_its_import(
    schools: Importing, world: World, db: Any, words: list[str]
) -> None:
    batch = schools.apply(schools.plan([HEAD, [world.school["xihu"].code, "新名"], words]))
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.IMPORT)).all()
    assert [(e.row_id, e.before, e.after) for e in entries if e.row_id] == [
        (world.school["xihu"].id, {"name": "文三路小学"}, {"name": "新名"})
    ]
    assert {e.after["created"][0] for e in entries if not e.row_id} == {school(db, words[0]).id}
    assert all(str(batch.id) in (e.reason or "") for e in entries)


@pytest.mark.req("R7")
def test_an_import_stopped_at_any_block_goes_on_and_ends_as_one_that_ran_through(
    schools: Importing, db: Any, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setattr(rows_module, "BLOCK", 1)
    monkeypatch.setattr(applying, "TOGETHER", 2)
    batch = schools.plan([HEAD, *([f"3301069{n:03d}", f"第{n}小学", *words[2:]] for n in range(10))])
    imports.start_applying(batch.id, "School", title="apply", language="zh", actor=schools.actor)
    asked: list[int] = []
    batch = schools.work(batch.id, lambda: bool(asked.append(1)) or len(asked) > 2)
    assert 0 < batch.written < 10
    assert db.session.get(BackgroundJob, batch.job_id).state is JobState.QUEUED
    jobs.enqueue_waiting()
    batch = schools.work(batch.id)
    assert (batch.state, batch.written) == (ImportState.APPLIED, 10)
    assert len(db.session.scalars(select(School).where(School.code.startswith("3301069"))).all()) == 10


@pytest.mark.req("W10")
@pytest.mark.parametrize(("waiting", "transactions"), [(True, 6), (False, 3)])
def test_blocks_share_a_transaction_only_while_nobody_waits_to_write(
    schools: Importing, monkeypatch: pytest.MonkeyPatch, words: list[str], waiting: bool, transactions: int
) -> None:
    monkeypatch.setattr(rows_module, "BLOCK", 1)
    for name, value in {"TOGETHER": 3, "CALM": 1, "LONGEST": 60.0, "others_wait": lambda: waiting}.items():
        monkeypatch.setattr(applying, name, value)
    begun: list[int] = []
    monkeypatch.setattr(applying, "transaction", lambda: begun.append(1) or unit.transaction())
    batch = schools.apply(schools.plan([HEAD, *([f"3301069{n:03d}", f"第{n}小学", *words[2:]] for n in range(6))]))
    assert (batch.written, len(begun)) == (6, transactions)


def test_planning_that_was_stopped_begins_anew(schools: Importing, db: Any, words: list[str]) -> None:
    imports.upload("schools", "School", BytesIO(workbook([HEAD, words])), file_name="a.xlsx", title="t", language="zh",
                   actor=schools.actor)  # fmt: skip
    asked: list[int] = []
    job_id = schools.queue[0]
    batch_id = db.session.get_one(BackgroundJob, job_id).arguments["batch"]
    schools.work(batch_id, lambda: bool(asked.append(1)) or len(asked) > 1)
    jobs.enqueue_waiting()
    batch = schools.work(batch_id)
    assert (batch.state, batch.counts) == (ImportState.PLANNED, {"new": 1})


def test_a_discarded_import_leaves_nothing_and_cannot_be_applied(schools: Importing, db: Any, words: list[str]) -> None:
    batch = schools.plan([HEAD, words])
    imports.discard(batch.id, actor=schools.actor)
    assert db.session.scalars(select(ImportBlock).where(ImportBlock.batch_id == batch.id)).all() == []
    with pytest.raises(Conflict):
        imports.start_applying(batch.id, "School", title="t", language="zh", actor=schools.actor)


@pytest.mark.req("ORG-6")
def test_who_may_not_import_uploads_nothing(schools: Importing, world: World) -> None:
    with pytest.raises(NotPermitted):
        Importing(world.actor("school_admin"), "schools", "School", schools.queue).plan([HEAD])


def test_the_template_offers_the_choices_of_the_scope_and_its_example_is_passed_over(
    schools: Importing, world: World
) -> None:
    file = BytesIO()
    write_template(sheet_named("schools"), file, Lookups(schools.actor, str))
    book = load_workbook(file)
    sheet = book.worksheets[0]
    assert sheet.freeze_panes == "A2"
    assert book["lists"].sheet_state == "hidden"
    assert "浙江省/杭州市/西湖区" in [cell.value for cell in book["lists"]["C"]]
    assert "庆元县" not in str([cell.value for row in book["lists"] for cell in row])
    assert len(sheet.data_validations.dataValidation) >= 3
    assert sheet["A1"].comment is not None
    assert (
        sheet.column_dimensions["A"].number_format == "@"
        if hasattr(sheet.column_dimensions["A"], "number_format")
        else True
    )


def test_the_error_workbook_can_be_mended_and_imported(schools: Importing, words: list[str]) -> None:
    batch = schools.plan([HEAD, [*words[:2], "不存在", *words[3:]]])
    file = BytesIO()
    assert write_errors(schools.rows(batch, O.ERROR), batch.header, file, title="学校", translate=str) == 1
    book = load_workbook(file)
    sheet = book.active
    assert sheet["C2"].fill.start_color.rgb.endswith("FECDCA")
    assert not sheet["B2"].fill.start_color.rgb.endswith("FECDCA")
    sheet["C2"] = "330106"
    mended = BytesIO()
    book.save(mended)
    assert schools.plan(mended.getvalue()).counts == {"new": 1}


TEXTS = st.text("小学校abcXYZ 0123456789-()", min_size=1, max_size=20).filter(str.strip)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_planned_is_what_is_applied_and_importing_again_changes_nothing(
    schools: Importing, world: World, db: Any, words: list[str], data: st.DataObject
) -> None:
    rows = data.draw(
        st.lists(
            st.tuples(st.integers(0, 5), TEXTS, st.sampled_from(["330106", "西湖区", "331126"]), st.sampled_from(
                [words[3], "大学"])), max_size=8)
    )  # fmt: skip
    table = [HEAD, *([f"33010688{n}", name, region, kind, "", words[5]] for n, name, region, kind in rows)]
    batch = schools.plan(table)
    if not rows:
        assert batch.state is ImportState.FAILED
        return
    plans = schools.rows(batch)
    assert len(plans) == len(rows)
    wanted = {p.title.split(" ")[0]: p for p in plans if p.outcome in (O.NEW, O.CHANGED)}
    if wanted:
        batch = schools.apply(batch)
        assert batch.written == len(wanted)
    again = schools.plan(table)
    second = {p.number: p.outcome for p in schools.rows(again)}
    for plan in plans:
        expected = O.SAME if plan.outcome in (O.NEW, O.CHANGED, O.SAME) else plan.outcome
        assert second[plan.number] is expected


def test_prefixed_and_odd_dialects_are_read(schools: Importing, words: list[str]) -> None:
    xml = sheet_xml([HEAD, words]).replace('r="1"', 'spans="1:6" r="1"')
    assert schools.plan(zipped(parts({"Sheet 1": xml}))).counts == {"new": 1}
