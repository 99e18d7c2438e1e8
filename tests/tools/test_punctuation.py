"""Full-width punctuation in Chinese sentences."""

from __future__ import annotations

import pytest

from tools.punctuation import full_width

COMMA, COLON, LEFT, RIGHT, QUESTION = "\uff0c\uff1a\uff08\uff09\uff1f"


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("第一行, 第二行", f"第一行{COMMA}第二行"),
        ("已报 %(count)d 人,计划 40 人", f"已报 %(count)d 人{COMMA}计划 40 人"),
        ("%(name)s,您好:", f"%(name)s{COMMA}您好{COLON}"),
        ("未评教(%(titles)s),请先评教", f"未评教{LEFT}%(titles)s{RIGHT}{COMMA}请先评教"),
        ("删除吗?", f"删除吗{QUESTION}"),
        ("每天 12:30 开始", "每天 12:30 开始"),
        ("%(hours)d:%(minutes)d", "%(hours)d:%(minutes)d"),
        ("见 https://example.org/a,b 的说明", "见 https://example.org/a,b 的说明"),
        ("Word, Excel", "Word, Excel"),
        ("支持 Word, Excel 文件", "支持 Word, Excel 文件"),
    ],
)
def test_signs_beside_chinese_are_full_width(typed: str, printed: str) -> None:
    assert full_width(typed) == printed
    assert full_width(printed) == printed
