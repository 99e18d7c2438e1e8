"""The catalogue tool: what it collects, keeps, fills and complains about."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog

from tools import i18n


def catalogue(**texts: str) -> Catalog:
    """A catalogue with the given msgid → Chinese."""
    made = i18n.new_catalogue()
    for msgid, chinese in texts.items():
        made.add(msgid, chinese)
    return made


def test_a_text_without_chinese_is_a_problem() -> None:
    assert i18n.problems(catalogue(School=""), catalogue(School="")) == ["not translated: School"]


def test_a_text_the_catalogue_does_not_know_is_a_problem() -> None:
    assert i18n.problems(catalogue(School=""), catalogue()) == ["not translated: School"]


def test_a_translation_nobody_uses_is_a_problem() -> None:
    assert i18n.problems(catalogue(), catalogue(School="学校")) == ["no longer used: School"]


def test_a_translation_that_loses_a_number_is_a_problem() -> None:
    template = i18n.new_catalogue()
    template.add("%(count)s of %(seats)s seats")
    translated = i18n.new_catalogue()
    translated.add("%(count)s of %(seats)s seats", "%(count)s 个名额")
    assert [line.partition(":")[0] for line in i18n.problems(template, translated)] == ["places differ"]


def test_filling_keeps_what_is_there_and_says_so() -> None:
    target = catalogue(School="学校", Teacher="")
    notes = i18n.fill(target, {"School": "院校", "Teacher": "教师", "Ghost": "幽灵"}, "part.json")
    assert (target["School"].string, target["Teacher"].string) == ("学校", "教师")
    assert notes == ["part.json: kept '学校', not '院校', for School", "part.json: not in the code: Ghost"]


def test_a_plural_is_one_chinese_sentence() -> None:
    target = i18n.new_catalogue()
    target.add(("%(num)d class", "%(num)d classes"))
    assert i18n.fill(target, {"%(num)d class": "%(num)d 个班"}, "part.json") == []
    assert i18n.problems(target, target) == []


def test_updating_keeps_translations_and_drops_what_is_gone() -> None:
    made = i18n.updated(catalogue(School=""), catalogue(School="学校", Ghost="幽灵"))
    assert [(m.id, m.string) for m in made if m.id] == [("School", "学校")]


def test_the_file_has_no_line_numbers_and_is_left_alone_when_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "messages.po"
    made = i18n.new_catalogue()
    made.add("School", "学校", locations=[("app/views/x.py", 7)])
    i18n.write(made, path)
    assert "x.py" not in path.read_text(encoding="utf-8")
    before = path.stat().st_mtime_ns
    i18n.write(made, path)
    assert path.stat().st_mtime_ns == before


def test_texts_the_framework_leaves_in_english_are_collected() -> None:
    gaps = i18n.framework_gaps()
    assert {"Delete", "Groups", "Integrity error, probably unique constraint"} <= gaps
    assert "Login" not in gaps  # the framework has that one
