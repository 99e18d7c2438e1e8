"""Where the header of a sheet stands, one row high or two (TCH-6)."""

from __future__ import annotations

import pytest

from app.exchange.headers import find_header

pytestmark = pytest.mark.req("TCH-6")

NAMES = {"姓名": "name", "身份证号": "national_id", "手机号": "mobile", "办公电话": "office_phone", "学科": "subject"}


def places(*rows: list[str | None], first: int = 1) -> tuple[int, dict[str, int]]:
    header = find_header(list(enumerate(rows, first)), NAMES)
    assert header is not None
    return header.row, dict(header.places)


def test_groups_above_their_titles_are_one_header() -> None:
    upper, lower = ["序号", "姓名", "联系方式", None], [None, None, "手机号", "办公电话"]
    assert places(["花名册"], upper, lower, ["1", "张三", "139", "0571"]) == (
        3, {"name": 1, "mobile": 2, "office_phone": 3},
    )  # fmt: skip


def test_a_value_that_reads_like_a_title_makes_no_header() -> None:
    assert places(["姓名", "身份证号", None], ["张三", "3301", "学科"]) == (1, {"name": 0, "national_id": 1})


def test_a_line_above_a_whole_header_adds_nothing() -> None:
    assert places(["教师花名册", None], ["姓名", "身份证号"]) == (2, {"name": 0, "national_id": 1})


def test_rows_with_a_gap_between_them_are_no_header() -> None:
    rows = [(1, ["姓名", "身份证号", "联系方式"]), (3, [None, None, "手机号"])]
    header = find_header(rows, NAMES)
    assert header is not None
    assert (header.row, dict(header.places)) == (1, {"name": 0, "national_id": 1})
