"""A workbook of invented teachers, as a county sends it: text IDs, days as text, some rows wrong on purpose."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import xlsxwriter

from app.domain.identity import check_character

HEAD = (
    "姓名",
    "身份证号",
    "性别",
    "出生日期",
    "学校代码",
    "学段",
    "学科",
    "职称",
    "手机",
    "办公电话",
    "邮箱",
    "岗位类别",
)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂文辉建国红梅志燕英华慧巧美婷雅"
# What is wrong in every hundredth row, in turn: the column, what is typed there, the code of the problem.
FAULTS = (
    (0, "李3", "name", "name_characters"),
    (1, "33010619850615", "national_id", "id_length"),
    (4, "000000", "school_code", "choice_unknown"),
    (6, "炼金", "subject", "choice_unknown"),
    (8, "12345", "mobile", "mobile"),
)
EVERY = 100


def rows(count: int, schools: list[str], choices: dict[str, list[str]], *, faulty: bool) -> Iterator[list[str]]:
    """Yield `count` people at `schools` (codes); `choices` gives stage, subject, title and post by column."""
    dice = random.Random(count)
    for number in range(count):
        row = _person(number, dice, schools, choices)
        if faulty and number % EVERY == 0:
            at, typed, _field, _code = FAULTS[number // EVERY % len(FAULTS)]
            row[at] = typed
        yield row


def _person(number: int, dice: random.Random, schools: list[str], choices: dict[str, list[str]]) -> list[str]:
    day, order = divmod(number, 999)
    born = f"{1962 + day // 336 % 40}{1 + day // 28 % 12:02}{1 + day % 28:02}"
    body = f"{330300 + day // (336 * 40)}{born}{order:03}"
    name = dice.choice(SURNAMES) + dice.choice(GIVEN) + dice.choice(["", dice.choice(GIVEN)])
    return [
        name, body + check_character(body), "男" if order % 2 else "女", f"{born[:4]}-{born[4:6]}-{born[6:]}",
        dice.choice(schools), choices["stage"][0], dice.choice(choices["subject"]), dice.choice(choices["title"]),
        f"139{number:08}", f"0571-8{number % 10_000_000:07}", f"t{number}@example.com", dice.choice(choices["post"]),
    ]  # fmt: skip


def faults(count: int) -> list[tuple[int, str, str]]:
    """Return row number in the file, column and code of every wrong row."""
    return [(number + 2, *FAULTS[number // EVERY % len(FAULTS)][2:]) for number in range(0, count, EVERY)]


def write(path: Path, people: Iterator[list[str]]) -> None:
    """Write the workbook row by row."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        page = book.add_worksheet("教师")
        for line, cells in enumerate(_with_head(people)):
            for at, value in enumerate(cells):
                page.write_string(line, at, value)


def _with_head(people: Iterator[list[str]]) -> Iterator[list[str]]:
    yield list(HEAD)
    yield from people
