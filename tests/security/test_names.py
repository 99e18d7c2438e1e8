"""Account names: the surname is read as a surname, and no two people share one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.security import names

han = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=4)
tails = st.from_regex(r"[0-9]{5}[0-9Xx]", fullmatch=True)


@pytest.mark.req("ACC-3")
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("张三", "zhang san"),
        ("单田芳", "shan tian fang"),
        ("仇英", "qiu ying"),
        ("区少坤", "ou shao kun"),
        ("解晓东", "xie xiao dong"),
        ("曾国藩", "zeng guo fan"),
        ("查良镛", "zha liang yong"),
        ("任我行", "ren wo xing"),
        ("盖叫天", "ge jiao tian"),
        ("繁钦", "po qin"),
        ("朴树", "piao shu"),
        ("翟天临", "zhai tian lin"),
        ("缪荃孙", "miao quan sun"),
        ("么红", "yao hong"),
        ("种师道", "chong shi dao"),
        ("尉迟敬德", "yu chi jing de"),
        ("万俟雪", "mo qi xue"),
        ("长孙无忌", "zhang sun wu ji"),
        ("单于丹", "chan yu dan"),
        ("澹台明", "tan tai ming"),
        ("欧阳修", "ou yang xiu"),
        ("尉健行", "wei jian xing"),
        ("李单", "li dan"),
        ("吕布", "lv bu"),
        ("张 三", "zhang san"),
    ],
)
def test_a_surname_is_read_as_a_surname(name: str, read: str) -> None:
    assert " ".join(names.syllables(name)) == read


@pytest.mark.req("ACC-3")
@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("买买提·艾力", "mmtal"),
        ("买买提•艾力", "mmtal"),
        ("查干·巴特尔", "cgbte"),
        ("Anna Lee", "al"),
        ("José García", "jg"),
        ("ＡＮＮＡ", "a"),
        ("阿Q", "aq"),
        ("张𠮷", "zx"),
        ("Иван", ""),
    ],
)
def test_minority_latin_and_rare_names_have_initials_too(name: str, letters: str) -> None:
    assert names.initials(name) == letters


def test_the_whole_pinyin_is_written_without_blanks() -> None:
    assert names.pinyin_of("单田芳") == "shantianfang"


@pytest.mark.req("ACC-3")
def test_an_account_name_is_initials_and_the_end_of_the_id_then_two_three() -> None:
    assert names.account_name("张三", "31002X", set()) == "zs31002x"
    assert names.account_name("张三", "31002X", {"zs31002x"}) == "zs31002x2"
    assert names.account_name("章四", "31002x", {"zs31002x", "zs31002x2"}) == "zs31002x3"
    assert names.account_name("Иван", "310021", set()) == "x310021"


@pytest.mark.parametrize("tail", ["", "12345", "1234567", "X12345", "12345y"])
def test_what_is_no_end_of_an_id_is_refused(tail: str) -> None:
    with pytest.raises(Invalid):
        names.account_name("张三", tail, set())


@pytest.mark.req("ACC-3")
@given(han, tails, st.integers(0, 5))
def test_account_names_are_plain_and_never_taken(name: str, tail: str, people_before: int) -> None:
    taken: set[str] = set()
    for _ in range(people_before + 1):
        made = names.account_name(name, tail, taken)
        assert made not in taken
        assert re.fullmatch(r"[a-z]{1,16}[0-9]{5}[0-9x][0-9]*", made)
        taken.add(made)
    assert len(taken) == people_before + 1


@given(han)
def test_every_chinese_character_gives_one_initial(name: str) -> None:
    assert len(names.initials(name)) == len(name)


@given(st.text(max_size=40), tails)
def test_any_text_at_all_yields_a_usable_account_name(name: str, tail: str) -> None:
    assert re.fullmatch(r"[a-z]{1,16}[0-9]{5}[0-9x]", names.account_name(name, tail, set()))
