"""The search of the top bar finds what one may see, in a bounded number of statements (ORG-6)."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.clock import now
from app.services.search import search
from tests.world import World

pytestmark = pytest.mark.req("ORG-6")


def titles(world: World, username: str, words: str) -> set[str]:
    return {hit.title for found in search(words, actor=world.actor(username), most=5) for hit in found.hits}


@pytest.mark.parametrize("words", ["张明", "zmh", "ZM"])
def test_a_teacher_is_found_by_name_and_initials(world: World, words: str) -> None:
    assert any("张明华" in title for title in titles(world, "school_admin", words))


def test_a_teacher_is_found_by_the_number(world: World) -> None:
    found = titles(world, "county_admin", world.teacher["zhang"].teacher_number)
    assert len(found) == 1


@pytest.mark.req("TCH-12")
def test_a_deleted_teacher_is_found_among_the_deleted_only(db: Any, world: World) -> None:
    world.teacher["zhang"].deleted_at = now()
    db.session.commit()
    assert titles(world, "system_admin", world.teacher["zhang"].teacher_number) == set()


def test_schools_and_institutions_are_found_by_part_of_the_name_and_code(world: World) -> None:
    assert titles(world, "county_admin", "三路") == {world.school["xihu"].name}
    assert titles(world, "county_admin", "进修") == {world.institution["xihu"].name}
    assert titles(world, "provincial_admin", world.school["qingyuan"].code) == {world.school["qingyuan"].name}


@pytest.mark.parametrize("words", ["陈小", "濛洲", "菇城", "吴"])
@pytest.mark.parametrize("username", ["county_admin", "school_admin", "institution_admin", "teacher", "non_teacher"])
def test_nothing_abroad_is_found(world: World, username: str, words: str) -> None:
    assert titles(world, username, words) == set()


@pytest.mark.parametrize("words", ["", "  ", "%", "_", "'", "\\", "x" * 500])
def test_odd_words_find_nothing_and_break_nothing(world: World, words: str) -> None:
    assert titles(world, "system_admin", words) == set()


def test_few_statements_and_few_rows(world: World, count_queries: Any) -> None:
    actor = world.actor("provincial_admin")
    with count_queries() as sent:
        found = search("校", actor=actor, most=1)
    assert len(sent) <= 8, str(sent)
    assert all(len(group.hits) <= 1 for group in found)
    assert any(group.more for group in found)


def test_the_pages_show_what_is_found_and_say_when_nothing_is(login_as: Any, world: World) -> None:
    client = login_as("school_admin")
    for path in ("/search/", "/search/suggest"):
        page = client.get(path, query_string={"q": "张明"}).text
        assert f"/teacherview/show/{world.teacher['zhang'].id}" in page
        assert "&lt;b&gt;" in client.get(path, query_string={"q": "<b>"}).text
