"""Importing the region tree: every wrong line told and nothing written; adding, renaming, moving; nothing deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.domain.errors import Invalid
from app.domain.terms import AuditAction
from app.models import AuditEntry, Region
from app.services.regions import import_regions, read_rows
from tests.world import World

pytestmark = pytest.mark.req("ORG-1")

HEAD = "code,name,level,parent_code\n"
TREE = HEAD + "330000,浙江省,province,\n330100,杭州市,city,330000\n330106,西湖区,county,330100\n"
REST = "331100,丽水市,city,330000\n331126,庆元县,county,331100\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "regions.csv"


def imported(file: Path, text: str, **options: Any) -> Any:
    file.write_text(text, encoding="utf-8")
    return import_regions(read_rows(file), **options)


def tree(db: Any) -> dict[str, tuple[str, str]]:
    """Code → name and path."""
    return {region.code: (region.name, region.path) for region in db.session.scalars(select(Region))}


def test_the_platforms_own_table_fills_an_empty_tree(db: Any) -> None:
    changes = import_regions(read_rows())
    assert (len(changes.added), changes.unchanged) == (102, 0)
    assert tree(db)["331126"] == ("庆元县", "/330000/331100/331126/")
    assert import_regions(read_rows()).changed == 0


def test_adding_renaming_and_moving_keep_the_keys(db: Any, world: World, file: Path) -> None:
    key = world.region["qingyuan"].id
    text = (
        TREE.replace("西湖区", "西湖新区")
        + "331100,丽水市,city,330000\n331126,庆元县,county,330100\n330199,钱江区,county,330100\n"
    )
    changes = imported(file, text)
    assert (changes.added, changes.renamed, changes.moved) == (("330199",), ("330106",), ("331126",))
    assert tree(db)["331126"] == ("庆元县", "/330000/330100/331126/")
    assert tree(db)["330199"] == ("钱江区", "/330000/330100/330199/")
    assert db.session.scalar(select(Region.id).where(Region.code == "331126")) == key
    told = set(db.session.execute(select(AuditEntry.action, AuditEntry.subject).where(AuditEntry.entity == "Region")))
    assert told == {
        (AuditAction.CREATE, "钱江区"), (AuditAction.UPDATE, "西湖新区"), (AuditAction.UPDATE, "庆元县"),
    }  # fmt: skip


def test_what_lies_below_a_moved_city_moves_with_it_though_the_file_leaves_it_out(
    db: Any, world: World, file: Path
) -> None:
    changes = imported(file, HEAD + "330000,浙江省,province,\n")
    assert changes.left_out == ("330100", "330106", "331100", "331126")
    assert len(tree(db)) == 5


def test_a_dry_run_tells_and_writes_nothing(db: Any, world: World, file: Path) -> None:
    before = tree(db)
    assert imported(file, TREE.replace("西湖区", "西湖新区") + REST, dry_run=True).renamed == ("330106",)
    assert tree(db) == before


def test_every_wrong_line_is_told_and_nothing_is_written(db: Any, world: World, file: Path) -> None:
    before = tree(db)
    wrong = TREE + REST + (
        "3301,短码,county,330100\n"
        "330198,孤儿,county,339900\n"
        "330106,再来,county,330100\n"
        "330197,乡镇,town,330100\n"
        "332000,圈甲,city,332100\n"
        "332100,圈乙,city,332000\n"
        "330196,,county,330100\n"
        "330195,新区,county,330100\n"
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        imported(file, wrong)
    told = {(problem.text.params.get("line"), problem.code) for problem in refused.value.problems}
    assert told == {
        (4, "region_twice"), (9, "region_twice"), (7, "region_code"), (8, "region_orphan"), (10, "region_level"),
        (11, "region_circle"), (12, "region_circle"), (13, "region_name"),
    }  # fmt: skip
    assert [p.text.params["line"] for p in refused.value.problems] == sorted(line for line, _ in told)
    assert tree(db) == before


def test_a_region_does_not_change_its_level(db: Any, world: World, file: Path) -> None:
    with pytest.raises(Invalid) as refused:
        imported(file, TREE + "331126,庆元市,city,330000\n")
    assert {problem.code for problem in refused.value.problems} == {"region_level_fixed"}
    assert tree(db)["331126"][0] == "庆元县"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "columns_missing"),
        ("编码,名称\n330000,浙江省\n".encode(), "columns_missing"),
        (b"PK\x03\x04\x00\x00", "not_csv"),
        (b"\xff\xfe\x00\x00", "not_csv"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_to_do(db: Any, file: Path, content: bytes, code: str) -> None:
    file.write_bytes(content)
    with pytest.raises(Invalid) as refused:
        read_rows(file)
    assert refused.value.code == code


def test_a_table_saved_by_a_spreadsheet_in_chinese_is_read(db: Any, world: World, file: Path) -> None:
    file.write_bytes((TREE + REST).replace("杭州市", "杭州新市").encode("gb18030"))
    assert import_regions(read_rows(file)).renamed == ("330100",)


def test_the_command_tells_lines_and_numbers(app: Flask, db: Any, world: World, file: Path) -> None:
    run = app.test_cli_runner().invoke
    file.write_text(TREE + "3301,短码,county,330100\n", encoding="utf-8")
    refused = run(args=["regions", "import", str(file)])
    assert refused.exit_code == 1
    assert "line 5:" in refused.output
    assert "3301" in refused.output
    file.write_text(TREE.replace("西湖区", "西湖新区"), encoding="utf-8")
    dry = run(args=["regions", "import", "--dry-run", str(file)])
    assert "renamed: 1 (330106)" in dry.output
    assert tree(db)["330106"][0] == "西湖区"
    done = run(args=["regions", "import", str(file)])
    assert (done.exit_code, "not in the file, kept: 2" in done.output) == (0, True)
    assert tree(db)["330106"][0] == "西湖新区"
    assert run(args=["regions", "import", "nowhere.csv"]).exit_code == 2
