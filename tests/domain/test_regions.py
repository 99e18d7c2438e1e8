"""The region tree of the province, what grants cover, and which bureau reviews."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import regions, routing
from app.domain.errors import Invalid
from app.domain.regions import RegionRow
from app.domain.terms import Checkpoint, RegionLevel

ROWS = [
    RegionRow("330000", "浙江省", "province"),
    RegionRow("330100", "杭州市", "city", "330000"),
    RegionRow("330102", "上城区", "county", "330100"),
    RegionRow("330105", "拱墅区", "county", "330100"),
    RegionRow("331100", "丽水市", "city", "330000"),
    RegionRow("331126", "庆元县", "county", "331100"),
]
PATHS = regions.paths_of(ROWS)
PROVINCE, HANGZHOU, SHANGCHENG, GONGSHU, LISHUI, QINGYUAN = PATHS.values()
nodes = st.sampled_from(list(PATHS.values()))


def changed(of: str, /, **values: str) -> list[RegionRow]:
    return [dataclasses.replace(row, **values) if row.code == of else row for row in ROWS]


def codes(rows: list[RegionRow]) -> list[tuple[str | None, str]]:
    return [(p.field, p.code) for p in regions.region_problems(rows)]


@pytest.mark.req("ORG-1")
def test_a_path_names_all_superiors() -> None:
    assert SHANGCHENG == "/330000/330100/330102/"
    assert regions.codes_of(SHANGCHENG) == ("330000", "330100", "330102")
    assert regions.superior(SHANGCHENG) == HANGZHOU
    assert regions.superior(PROVINCE) is None
    assert regions.ancestors(SHANGCHENG) == (SHANGCHENG, HANGZHOU, PROVINCE)
    assert [regions.level_of(p) for p in regions.ancestors(SHANGCHENG)] == [
        RegionLevel.COUNTY,
        RegionLevel.CITY,
        RegionLevel.PROVINCE,
    ]


@pytest.mark.parametrize("path", ["", "/", "/330000/330100/330102/330103/"])
def test_no_level_is_guessed_for_an_impossible_path(path: str) -> None:
    with pytest.raises(ValueError, match="no region"):
        regions.level_of(path)


@pytest.mark.req("ORG-1")
@given(st.permutations(ROWS))
def test_the_order_of_the_list_does_not_matter(rows: list[RegionRow]) -> None:
    assert regions.paths_of(rows) == PATHS
    assert regions.in_order(rows)[0].code == "330000"
    seen: set[str] = {""}
    for row in regions.in_order(rows):
        assert row.parent_code in seen
        seen.add(row.code)


@pytest.mark.req("ORG-1")
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (ROWS, []),
        (changed("330102", code="33010"), [("33010", "region_code")]),
        (changed("330102", name=" "), [("330102", "region_name")]),
        (changed("330102", level="town"), [("330102", "region_level")]),
        (changed("330105", code="330102"), [("330102", "region_twice"), ("330102", "region_twice")]),
        (changed("330102", parent_code="339900"), [("330102", "region_orphan")]),
        (changed("330102", parent_code=""), [("330102", "region_orphan")]),
        (changed("330102", parent_code="330000"), [("330102", "region_depth")]),
        (changed("330102", parent_code="331126"), [("330102", "region_depth")]),
        (changed("330000", parent_code="330100"), [("330000", "region_root"), ("330100", "region_circle")]),
        (changed("331100", parent_code="331126"), [("331100", "region_circle"), ("331126", "region_circle")]),
        (ROWS[1:2], [("330100", "region_orphan"), (None, "region_roots")]),
        ([], [(None, "region_roots")]),
        ([*ROWS, RegionRow("340000", "安徽省", "province")], [(None, "region_roots")]),
    ],
)
def test_every_fault_of_a_list_is_named_at_its_row(rows: list[RegionRow], expected: list[tuple[str, str]]) -> None:
    found = codes(rows)
    assert [f for f in found if f in expected] == expected
    if not expected or expected[0][1] not in ("region_root", "region_circle"):
        assert found == expected


def test_a_faulty_list_yields_no_paths() -> None:
    with pytest.raises(Invalid) as refused:
        regions.paths_of(changed("331100", parent_code="331126"))
    assert "331100" in str(refused.value)


@pytest.mark.req("ORG-4")
def test_a_grant_covers_its_subtree_and_nothing_beside_it() -> None:
    assert regions.covers([HANGZHOU], SHANGCHENG)
    assert regions.covers([HANGZHOU], HANGZHOU)
    assert not regions.covers([SHANGCHENG], HANGZHOU)
    assert not regions.covers([HANGZHOU], QINGYUAN)
    assert not regions.covers([], QINGYUAN)
    assert not regions.covers([""], QINGYUAN)


@pytest.mark.req("PRG-2")
def test_target_regions_outside_the_grants_are_named() -> None:
    assert regions.uncovered([HANGZHOU], [SHANGCHENG, QINGYUAN, PROVINCE]) == [QINGYUAN, PROVINCE]
    assert regions.uncovered([SHANGCHENG, GONGSHU], [HANGZHOU]) == [HANGZHOU]


@pytest.mark.req("ORG-4")
@given(st.lists(nodes), nodes)
def test_a_superior_swallows_what_lies_below_and_coverage_stays_the_same(granted: list[str], asked: str) -> None:
    kept = regions.normalised(granted)
    assert regions.covers(kept, asked) is regions.covers(granted, asked)
    assert set(kept) <= set(granted)
    assert all(not regions.contains(a, b) for a in kept for b in kept if a != b)
    assert regions.normalised(kept) == kept


@given(st.lists(nodes, min_size=1))
def test_the_lowest_common_superior_contains_all_and_nothing_lower_does(paths: list[str]) -> None:
    common = regions.lowest_common(paths)
    assert common is not None
    assert all(regions.contains(common, path) for path in paths)
    lower = [node for node in PATHS.values() if node != common and regions.contains(common, node)]
    assert not any(all(regions.contains(node, path) for path in paths) for node in lower)


@pytest.mark.req("PRG-4")
@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([SHANGCHENG], SHANGCHENG),
        ([SHANGCHENG, GONGSHU], HANGZHOU),
        ([HANGZHOU, SHANGCHENG], HANGZHOU),
        ([SHANGCHENG, QINGYUAN], PROVINCE),
        ([PROVINCE], PROVINCE),
    ],
)
def test_the_reviewing_bureau_is_the_lowest_common_superior(targets: list[str], expected: str) -> None:
    assert routing.reviewing_region(targets, lambda path: True) == expected


@pytest.mark.req("PRG-4")
def test_a_bureau_without_an_account_passes_on_to_the_next_superior() -> None:
    assert routing.reviewing_region([SHANGCHENG], lambda path: path != SHANGCHENG) == HANGZHOU
    assert routing.reviewing_region([SHANGCHENG], lambda path: path == PROVINCE) == PROVINCE


@pytest.mark.req("PRG-4")
def test_without_targets_or_without_any_bureau_there_is_no_reviewer() -> None:
    with pytest.raises(Invalid, match="at least one"):
        routing.reviewing_region([], lambda path: True)
    with pytest.raises(Invalid, match="No bureau"):
        routing.reviewing_region([SHANGCHENG], lambda path: False)


@pytest.mark.req("ENR-6", "PRG-5")
@pytest.mark.parametrize(
    ("checkpoint", "school", "expected"),
    [
        (Checkpoint.NONE, SHANGCHENG, None),
        (Checkpoint.COUNTY, SHANGCHENG, SHANGCHENG),
        (Checkpoint.CITY, SHANGCHENG, HANGZHOU),
        (Checkpoint.PROVINCE, SHANGCHENG, PROVINCE),
        (Checkpoint.COUNTY, HANGZHOU, HANGZHOU),
        (Checkpoint.COUNTY, PROVINCE, PROVINCE),
    ],
)
def test_the_checkpoint_is_the_bureau_of_that_level_above_the_school(
    checkpoint: Checkpoint, school: str, expected: str | None
) -> None:
    assert routing.checkpoint_region(checkpoint, school, lambda path: True) == expected


@pytest.mark.req("ENR-6")
def test_a_checkpoint_bureau_without_an_account_passes_on_too() -> None:
    assert routing.checkpoint_region(Checkpoint.COUNTY, QINGYUAN, lambda path: path != QINGYUAN) == LISHUI
