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
        ("school_admin", "/teachers/statistics/", ("school", "region")),
        ("school_admin", "/accountview/list/", ("school", "institution", "bureau")),
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


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/teacherview/show/999999", "/teacherview/list/"),
        ("/rosters/999999/sign-in", "/rosters/list/"),
        ("/draws/class/999999", "/draws/"),
    ],
)
def test_a_page_that_is_not_there_leads_back_to_its_list(world: World, login_as: Any, path: str, back: str) -> None:
    answer = login_as("city_admin").get(path)
    assert answer.status_code == 404
    assert f'href="{back}"' in answer.text.partition("error-buttons")[2]


def test_an_address_nobody_knows_leads_home(world: World, login_as: Any) -> None:
    page = login_as("city_admin").get("/nothing/here").text
    assert "返回列表" not in page
    assert 'href="/"' in page.partition("error-buttons")[2]


@pytest.mark.req("TCH-4")
def test_a_filter_that_means_nothing_is_not_said_to_be_in_force(world: World, login_as: Any) -> None:
    client = login_as("city_admin")
    odd = client.get("/trainingclassview/list/?starts_on=9999999-99-99&state=nothing&batch=x").text
    assert "chip-clear" not in odd
    assert "chip-clear" in client.get("/trainingclassview/list/?state=offered").text


@pytest.mark.req("TCH-2")
def test_a_name_far_too_long_hides_no_other_reason(world: World, login_as: Any) -> None:
    given = {"name": "王" * 200, "national_id": "1" * 60, "mobile": "12", "email": "a"}
    page = login_as("school_admin").post("/teacherview/add", data=given).text
    for words in ("姓名应为2至50个字符", "身份证号应为18位", "手机号码", "电子邮箱的格式"):
        assert words in page


@pytest.mark.req("ENR-5", "DEL-12")
def test_an_inbox_leads_to_its_rows_as_a_list_to_export(world: World, login_as: Any) -> None:
    client = login_as("school_admin")
    assert "state=awaiting_school" in client.get("/school-inbox/").text
    assert client.get("/enrollmentview/list/?state=awaiting_school").status_code == 200


@pytest.mark.parametrize(
    ("username", "path"),
    [("county_admin", "/reviews/"), ("institution_admin", "/declarations/"), ("institution_admin", "/rosters/list/"),
     ("school_admin", "/school-inbox/"), ("county_admin", "/adjustments/"), ("expert_reviewer", "/opinions/")],
)  # fmt: skip
def test_on_a_phone_every_cell_of_a_list_says_what_it_is(world: World, login_as: Any, username: str, path: str) -> None:
    page = login_as(username).get(path)
    assert page.status_code == 200
    body = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert not [cell for cell in re.findall(r"<td[^>]*>", body) if "data-label" not in cell and "cell-" not in cell]


@pytest.mark.req("ENR-19")
def test_the_page_of_an_enrollment_names_person_and_class_and_leads_back(world: World, login_as: Any) -> None:
    row = world.enrollment["xihu"]
    page = login_as("school_admin").get(f"/enrollments/{row.id}").text
    assert re.search(rf"<h1[^>]*>{row.teacher.name} · ", page)
    assert f'href="/teacherview/show/{row.teacher_id}"' in page
    assert '<a href="/enrollmentview/list/">' in page
    own = login_as("teacher").get(f"/enrollments/{row.id}").text
    assert f'href="/teacherview/show/{row.teacher_id}"' not in own
    institution = login_as("institution_admin").get(f"/enrollments/{row.id}").text
    assert f'href="/teacherview/show/{row.teacher_id}"' not in institution


@pytest.mark.req("TCH-7", "TCH-12", "PUB-5")
@pytest.mark.parametrize(
    ("path", "above"),
    [("/transfers/find", "/transferview/list/"), ("/deleted-teachers/list/", "/teacherview/list/")],
)
def test_pages_without_an_entry_of_their_own_stand_below_one_in_the_menu(
    world: World, login_as: Any, path: str, above: str
) -> None:
    page = login_as("county_admin").get(path).text
    assert re.search(rf'href="{above}" aria-current="page"', page)
    crumbs = page.partition('class="crumbs"')[2].partition("</nav>")[0]
    assert "<span>教师</span>" in crumbs
    assert "首页" not in crumbs


@pytest.mark.req("ACC-5")
def test_when_every_teacher_has_an_account_the_next_step_is_told(db: Any, world: World, login_as: Any) -> None:
    school = login_as("school_admin")
    assert "名教师还没有账号" in school.get("/account-batches/").text
    school.post("/account-batches/teachers", data={"which": "all"})
    page = school.get("/account-batches/").text.partition("<main")[2]
    assert "所有教师都已有账号" in page
    assert "0 名教师" not in page
    assert page.count('href="/first-passwords/"') == 2
