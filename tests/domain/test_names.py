"""Names and login names are compared in one form, whatever keyboard they came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import names


@pytest.mark.req("TCH-6")
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" 张 三 ", "张三"),
        ("张\u3000三", "张三"),
        ("买买提•艾力", "买买提·艾力"),
        ("买买提 · 艾力", "买买提·艾力"),
        ("买买提．艾力", "买买提·艾力"),
        ("古丽・巴哈尔", "古丽·巴哈尔"),
        ("Ａｎｎａ  Ｌｅｅ", "Anna Lee"),
        ("J. Smith", "J. Smith"),
        ("\ufeff李四\u200b", "李四"),
        ("〇𠮷 田", "〇𠮷田"),
    ],
)
def test_a_name_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert names.normalise_name(typed) == stored


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    for normalise in (names.normalise_text, names.normalise_name, names.normalise_login):
        assert normalise(normalise(text)) == normalise(text)


@given(st.text())
def test_a_text_never_keeps_blanks_at_its_ends_or_two_in_a_row(text: str) -> None:
    clean = names.normalise_text(text)
    assert clean == clean.strip()
    assert "  " not in clean
    assert "\n" not in clean


@pytest.mark.req("ACC-2")
@pytest.mark.parametrize("typed", ["ZS31002X", "zs31002x", " zs 31002Ｘ ", "ＺＳ３１００２ｘ"])
def test_a_login_name_is_found_in_every_spelling(typed: str) -> None:
    assert names.normalise_login(typed) == "zs31002x"
