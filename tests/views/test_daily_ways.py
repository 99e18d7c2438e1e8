"""The ways people take every day: first page, menu, filters that part something (PUB-2, ORG-6)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.views.home import QUICK_LINKS
from tests.world import World


def quick_links(page: str) -> list[str]:
    nav = re.search(r'<nav class="quick-links".*?</nav>', page, re.DOTALL)
    assert nav is not None
    return re.findall(r'href="([^"]+)"', nav.group())


@pytest.mark.req("PUB-2")
def test_every_quick_link_leads_somewhere(app: Any) -> None:
    assert not [entry.endpoint for entry in QUICK_LINKS if entry.endpoint not in app.view_functions]


@pytest.mark.req("PUB-2")
@pytest.mark.parametrize(
    ("username", "first"),
    [
        ("teacher", "/catalogue/"),
        ("school_admin", "/school-inbox/"),
        ("institution_admin", "/declarations/new"),
        ("county_admin", "/reviews/"),
        ("provincial_admin", "/reviews/"),
    ],
)
def test_what_one_does_every_day_stands_first_and_opens(world: World, login_as: Any, username: str, first: str) -> None:
    client = login_as(username)
    found = quick_links(client.get("/").text)
    assert found[0] == first
    assert {client.get(link).status_code for link in found} == {200}


@pytest.mark.req("PUB-2")
def test_an_institution_sees_its_classes_and_people_in_numbers(world: World, login_as: Any) -> None:
    page = login_as("institution_admin").get("/").text
    for words in ("本年度班期", "本年度报名", "本年度复核通过"):
        assert words in page


@pytest.mark.req("PUB-2")
def test_a_teacher_s_menu_holds_a_teacher_s_pages_only(world: World, login_as: Any) -> None:
    teacher, school = (login_as(name).get("/").text for name in ("teacher", "school_admin"))
    for page in ("/enrollmentview/list/", "/trainingclassview/list/", "/teacherview/list/", "/schoolview/list/"):
        assert f'href="{page}"' in school
        assert f'href="{page}"' not in teacher
    assert 'href="/my-enrollments/"' in teacher


@pytest.mark.req("ORG-6", "TCH-4")
@pytest.mark.parametrize(
    ("username", "path", "gone"),
    [
        ("school_admin", "/teacherview/list/", ("school", "region")),
        ("school_admin", "/enrollmentview/list/", ("school",)),
        ("institution_admin", "/trainingclassview/list/", ("institution",)),
        ("institution_admin", "/enrollmentview/list/", ("institution",)),
    ],
)
def test_nobody_is_offered_a_filter_that_leaves_everything(
    world: World, login_as: Any, username: str, path: str, gone: tuple[str, ...]
) -> None:
    own, above = (login_as(name).get(path).text for name in (username, "county_admin"))
    for name in gone:
        assert f'id="filter-{name}"' in above
        assert f'id="filter-{name}"' not in own


@pytest.mark.req("ACC-5")
def test_who_makes_accounts_one_by_one_is_told_so(world: World, login_as: Any) -> None:
    page = login_as("institution_admin").get("/account-batches/").text
    assert "/accountview/add" in page
    assert 'href="/account-batches/"' not in login_as("institution_admin").get("/").text


@pytest.mark.req("ENR-19")
def test_lists_of_enrollments_lead_to_every_step_and_are_filtered_by_person_and_class(
    world: World, login_as: Any
) -> None:
    row = world.enrollment["xihu"]
    client = login_as("county_admin")
    page = client.get("/enrollmentview/list/", query_string={"who": row.teacher.name}).text
    assert f"/enrollments/{row.id}" in page
    assert f"/enrollments/{world.enrollment['xihu_screened'].id}" not in page
    query = {"training_class": row.training_class_id, "institution": row.training_class.institution_id}
    assert f"/enrollments/{row.id}" in client.get("/enrollmentview/list/", query_string=query).text
    assert f"/enrollments/{row.id}" not in client.get("/enrollmentview/list/?institution=99999&batch=x").text
