"""The pages of bureaus, institutions and schools: counts, tabs, administrators, suspension, merging and splitting."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.terms import OrganisationStatus, RegionLevel, SchoolKind
from app.models import Account, Institution, Region, RegionGrant, School
from tests.world import World


def table(page: str) -> str:
    """The rows of the one table of a page."""
    return page.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in page else ""


# --- lists and tabs


@pytest.mark.req("ORG-3", "ORG-5")
def test_lists_count_what_belongs_to_a_row_within_scope(login_as: Any, world: World) -> None:
    page = login_as("provincial_admin").get("/schoolview/list/").text
    row = next(part for part in table(page).split("</tr>") if "文三路小学" in part)
    assert re.search(r"tab=teachers\"[^>]*>3<", row)
    assert re.search(r"tab=accounts\"[^>]*>5<", row)
    assert "tab=teachers" not in login_as("institution_admin").get("/institutionview/list/").text


@pytest.mark.req("B10")
def test_counted_lists_ask_as_often_for_many_rows_as_for_few(
    login_as: Any, world: World, db: Any, count_queries: Callable[[], Any]
) -> None:
    client = login_as("provincial_admin")
    for url in ("/schoolview/list/", "/institutionview/list/", "/bureauview/list/"):
        client.get(url)
    with count_queries() as few:
        client.get("/schoolview/list/")
    region = world.region["xihu"]
    db.session.add_all(School(code=f"9{n}", name=f"校{n}", region=region, kind=SchoolKind.PRIMARY) for n in range(15))
    db.session.commit()
    with count_queries() as many:
        client.get("/schoolview/list/")
    assert len(many) <= len(few), str(many)


@pytest.mark.req("ORG-6")
def test_tabs_show_the_rows_that_belong_there_and_lead_to_all_of_them(login_as: Any, world: World) -> None:
    client, school = login_as("county_admin"), world.school["xihu"]
    page = client.get(f"/schoolview/show/{school.id}?tab=teachers").text
    assert all(world.teacher[name].name in page for name in ("zhang", "li", "wang"))
    assert world.teacher["chen"].name not in page
    assert f"/teacherview/list/?school={school.id}" in page
    bureau = client.get(f"/bureauview/show/{world.bureau['xihu'].id}?tab=schools").text
    assert "文三路小学" in table(bureau)
    assert "濛洲" not in bureau
    assert client.get(f"/schoolview/show/{school.id}?tab=nonsense").status_code == 200


@pytest.mark.req("ORG-6", "ACC-12")
def test_tabs_ask_for_the_permission_of_the_other_screen(login_as: Any, world: World) -> None:
    page = login_as("school_inquirer").get(f"/schoolview/show/{world.school['xihu'].id}?tab=accounts").text
    assert 'href="/schoolview/show/' in page
    assert not re.search(r'href="[^"]*tab=accounts', page)
    assert "某school_admin" not in page


@pytest.mark.req("ORG-4")
def test_an_institutions_page_tells_its_regions_and_accounts(login_as: Any, world: World) -> None:
    client, key = login_as("institution_admin"), world.institution["xihu"].id
    page = client.get(f"/institutionview/show/{key}").text
    assert "西湖区" in page.split('id="granted-heading"')[1]
    assert "institution_operator" in client.get(f"/institutionview/show/{key}?tab=accounts").text


# --- creating and suspending


@pytest.mark.req("ORG-3")
def test_a_new_institution_comes_with_its_administrator_or_everything_typed_comes_back(
    login_as: Any, world: World, db: Any
) -> None:
    client = login_as("county_admin")
    assert 'name="administrator"' in client.get("/institutionview/add").text
    values = {"code": "X1", "name": "新机构", "region": world.region["xihu"].id, "status": "active"}
    refused = client.post("/institutionview/add", data={**values, "administrator": "teacher"})
    assert (refused.status_code, 'value="新机构"' in refused.text) == (422, True)
    assert db.session.scalar(select(Institution).where(Institution.code == "X1")) is None
    made = client.post("/institutionview/add", data={**values, "administrator": "newplace"})
    assert made.status_code == 302
    account = db.session.scalar(select(Account).where(Account.username == "newplace"))
    assert account.institution.name == "新机构"
    assert 'name="administrator"' not in client.get(f"/institutionview/edit/{account.institution_id}").text


@pytest.mark.req("ORG-3", "ORG-6")
def test_many_are_suspended_and_resumed_from_the_list(login_as: Any, world: World, db: Any) -> None:
    rows = [row.id for row in world.institution.values()]
    assert login_as("county_admin").post(
        "/institutionview/action_post", data={"action": "suspend", "rowid": rows}
    ).status_code == 404  # fmt: skip
    client = login_as("provincial_admin")
    client.post("/institutionview/action_post", data={"action": "suspend", "rowid": rows})
    statuses = select(Institution.status)
    assert set(db.session.scalars(statuses)) == {OrganisationStatus.SUSPENDED}
    client.post("/institutionview/action_post", data={"action": "resume", "rowid": rows})
    assert set(db.session.scalars(statuses)) == {OrganisationStatus.ACTIVE}
    reviewer = login_as("bureau_reviewer")
    own = {"action": "suspend", "rowid": rows[0]}
    assert reviewer.post("/institutionview/action_post", data=own).status_code == 403


@pytest.mark.req("ORG-2")
def test_a_bureau_with_schools_below_says_so_and_stays(login_as: Any, world: World, db: Any) -> None:
    client = login_as("provincial_admin")
    page = client.post(f"/bureauview/delete/{world.bureau['lishui'].id}", follow_redirects=True).text
    assert "该教育局辖区内有学校，请先迁移或删除。" in page
    assert db.session.get(type(world.bureau["lishui"]), world.bureau["lishui"].id) is not None


# --- merging and splitting


def hidden(page: str) -> dict[str, list[str]]:
    """The hidden fields of the form that confirms."""
    form = page.split('class="card-footer" method="post"')[1].split("</form>")[0]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form):
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.req("ORG-5")
def test_merging_goes_from_the_list_through_the_numbers(login_as: Any, world: World, db: Any) -> None:
    client = login_as("county_admin")
    target = School(code="330106002", name="学军小学", region=world.region["xihu"], kind=SchoolKind.PRIMARY)
    db.session.add(target)
    db.session.commit()
    source, key = world.school["xihu"].id, target.id
    sent = client.post("/schoolview/action_post", data={"action": "merge", "rowid": source})
    assert "文三路小学" in client.get(sent.location).text
    choice = {"school": source, "target": key, "reason": "布局调整"}
    plan = client.post("/school-changes/merge/plan", data=choice)
    assert (plan.status_code, "<strong>3</strong>" in plan.text) == (200, True)
    assert db.session.get(School, source).merged_into_id is None
    done = client.post("/school-changes/merge/now", data=hidden(plan.text))
    assert done.location.endswith(f"/schoolview/show/{key}")
    assert db.session.get(School, source).merged_into_id == key
    assert "学军小学" in client.get(f"/schoolview/show/{source}").text
    assert "tab=predecessors" in client.get(done.location).text


@pytest.mark.req("ORG-5")
def test_a_merger_that_cannot_be_comes_back_with_every_reason(login_as: Any, world: World, db: Any) -> None:
    client, source = login_as("county_admin"), world.school["xihu"].id
    refused = client.post("/school-changes/merge/plan", data={"school": source, "target": source, "reason": "误操作"})
    assert (refused.status_code, "误操作" in refused.text) == (422, True)
    assert client.post("/school-changes/merge/plan", data={"school": source, "target": ""}).status_code == 422
    foreign = world.school["qingyuan"].id
    assert client.post("/school-changes/merge/plan", data={"school": foreign, "target": source}).status_code == 404
    assert client.post("/school-changes/merge/plan", data={"school": source, "target": foreign}).status_code == 422
    stale = client.post("/school-changes/merge/now", data={"school": source, "target": source, "mark": "x"})
    assert stale.status_code == 302
    assert db.session.get(School, source).merged_into_id is None


@pytest.mark.req("ORG-5")
def test_splitting_goes_through_the_numbers_and_keeps_what_was_typed(login_as: Any, world: World, db: Any) -> None:
    client, source = login_as("county_admin"), world.school["xihu"].id
    page = client.get(f"/school-changes/split/{source}").text
    assert page.count('name="teacher"') == 3
    values = {
        "code": "330106008", "name": "文三路小学分校", "region": world.region["xihu"].id, "kind": "primary",
        "stages": world.stage.id, "ownership": "public", "teacher": [world.teacher["li"].id, world.teacher["wang"].id],
    }  # fmt: skip
    refused = client.post(f"/school-changes/split/{source}/plan", data={**values, "code": ""})
    assert refused.status_code == 422
    assert f'name="teacher" value="{world.teacher["li"].id}" checked' in refused.text
    plan = client.post(f"/school-changes/split/{source}/plan", data=values)
    assert "<strong>2</strong>" in plan.text
    taken = client.post(f"/school-changes/split/{source}/now", data={**hidden(plan.text), "code": "330106001"})
    assert (taken.status_code, "文三路小学分校" in taken.text) == (409, True)
    done = client.post(f"/school-changes/split/{source}/now", data=hidden(plan.text))
    assert done.status_code == 302
    made = db.session.scalar(select(School).where(School.code == "330106008"))
    assert (made.staff_count, db.session.get(School, source).staff_count) == (2, 1)


# --- the matrix


@pytest.mark.req("ORG-4")
def test_the_matrix_is_filtered_and_looked_into(login_as: Any, world: World, db: Any) -> None:
    client, hangzhou = login_as("provincial_admin"), world.region["hangzhou"]
    with_grant = table(client.get(f"/grants/?city={hangzhou.id}&granted=yes").text)
    assert "西溪教师进修学校" in with_grant
    assert "菇城" not in with_grant
    without = table(client.get(f"/grants/?city={hangzhou.id}&granted=no").text)
    assert "菇城" in without
    assert "西溪" not in without
    counties = client.get(f"/grants/?city={hangzhou.id}").text
    assert "西湖区</th>" in counties
    assert "●" in table(counties)
    assert "●" not in table(client.get(f"/grants/?city={hangzhou.id}&day=2025-06-01").text)
    assert client.get("/grants/?city=x&day=y&granted=z").status_code == 200


@pytest.mark.req("ORG-4")
def test_a_grant_of_the_province_counts_for_each_city(login_as: Any, world: World, db: Any) -> None:
    whole = RegionGrant(institution=world.institution["qingyuan"], region=world.region["province"],
                        valid_from=world.grant["xihu"].valid_from)  # fmt: skip
    db.session.add(whole)
    db.session.commit()
    page = login_as("provincial_admin").get(f"/grants/?city={world.region['hangzhou'].id}&granted=yes").text
    assert "菇城" in table(page)
    assert db.session.scalar(select(Region.level).where(Region.id == whole.region_id)) is RegionLevel.PROVINCE


@pytest.mark.req("ORG-4")
def test_institutions_are_chosen_beside_the_regions(login_as: Any, world: World) -> None:
    page = login_as("provincial_admin").get(f"/grants/choose?institutions={world.institution['xihu'].id}").text
    assert page.count('name="institution"') == 2
    assert f'name="institution" value="{world.institution["xihu"].id}" checked' in page
    assert f'name="institution" value="{world.institution["qingyuan"].id}" checked' not in page
