"""The pages of declaring and reviewing: nothing typed is lost, only one's own means are offered (PRG-2 to PRG-7)."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.clock import SHANGHAI
from app.domain.states import Action
from app.models import DeclarationDraft, ExpertOpinion, Programme
from app.services import declarations, programme_review, programmes
from app.services.programme_review import Decision
from tests.support.declarations import PLAN, typed, typed_class
from tests.world import World


@pytest.fixture(autouse=True)
def january(clock: Any) -> Any:
    """The clock, in the middle of the declaration window."""
    clock.set(datetime(2026, 1, 12, 9, 0, tzinfo=SHANGHAI))
    return clock


def form(world: World, do: str = "submit", *, file: bool = True, **changes: Any) -> dict[str, Any]:
    """What the browser sends for a right declaration."""
    sent = {
        "do": do, "title": "小学英语教学研修", "kind": "elective", "batch": str(world.batch.id), "credit_hours": "24",
        "goals": "提升", "contents": "教材", "regions": [str(world.region["xihu"].id)], "draft_id": "",
        "programme_id": "",
        "lecturers-0-name": "方晓华", "lecturers-0-workplace": "", "classes-2-starts_on": "2026-05-11",
        "classes-2-ends_on": "2026-05-12", "classes-2-place": "报告厅", "classes-2-planned_seats": "40",
        "classes-2-sessions-1-day": "2026-05-11", "classes-2-sessions-1-starts_at": "08:30",
        "classes-2-sessions-1-ends_at": "11:00", "classes-2-sessions-1-topic": "开班", **changes,
    }  # fmt: skip
    return {**sent, "plan_file": (BytesIO(PLAN.content), "方案.pdf")} if file else sent


def waiting(world: World, **changes: Any) -> Programme:
    """A programme that waits for the county at home."""
    actor = world.actor("institution_admin")
    row = declarations.declare(typed(world, **changes), actor=actor, upload=PLAN)
    return programmes.submit(row.id, actor=actor)


@pytest.mark.req("PRG-2", "PRG-4")
def test_the_form_hands_in_and_the_page_names_the_bureau(login_as: Any, db: Any, world: World) -> None:
    client = login_as("institution_operator")
    answer = client.post("/declarations/save", data=form(world))
    row = db.session.scalar(select(Programme).where(Programme.title == "小学英语教学研修"))
    assert (answer.status_code, answer.location) == (302, f"/programmeview/show/{row.id}")
    page = client.get(answer.location).text
    assert "西湖区教育局" in page
    assert "开班" in page
    assert f"/declarations/take-back/{row.id}" in page


@pytest.mark.req("PRG-2", "ACC-9")
def test_on_an_error_everything_typed_and_the_file_are_still_there(login_as: Any, db: Any, world: World) -> None:
    client = login_as("institution_admin")
    wrong = form(world, title="<b>有误</b>", **{"classes-2-planned_seats": "很多", "classes-2-ends_on": "2026-05-10"})
    answer = client.post("/declarations/save", data=wrong)
    assert answer.status_code == 422
    for kept in ('value="很多"', "&lt;b&gt;有误&lt;/b&gt;", 'value="方晓华"', 'value="开班"', "方案.pdf"):
        assert kept in answer.text, kept
    assert 'href="#classes-0-planned_seats"' in answer.text
    assert "第 1 期 · 计划招收人数" in answer.text
    draft = db.session.scalar(select(DeclarationDraft).where(DeclarationDraft.title == "<b>有误</b>"))
    assert draft.file_content == PLAN.content
    mended = form(world, file=False, draft_id=str(draft.id))
    assert client.post("/declarations/save", data=mended).status_code == 302
    row = db.session.scalar(select(Programme).where(Programme.title == "小学英语教学研修"))
    assert row.plan_files[0].name == "方案.pdf"


@pytest.mark.req("PRG-2")
def test_what_is_wrong_is_told_from_top_to_bottom(login_as: Any, world: World) -> None:
    wrong = {"title": "", "goals": "", "classes-2-place": "", "classes-2-planned_seats": "很多"}
    wrong |= {f"classes-2-sessions-{n}-topic": "" for n in (1, 2, 10)}
    wrong |= {f"classes-2-sessions-{n}-{name}": text for n in (2, 10) for name, text in
              (("day", f"2026-05-{n + 9}"), ("starts_at", "08:30"), ("ends_at", "11:00"))}  # fmt: skip
    page = login_as("institution_admin").post("/declarations/save", data=form(world, file=False, **wrong)).text
    told = re.findall(r'<a href="#([a-z0-9_-]+)" data-field', page)
    assert told == sorted(told, key=lambda field: page.index(f'id="{field}"'))
    assert [told[0], told[-1]] == ["title", "plan_file"]
    assert "第 1 期 · 第 1 课次 · 主题：此项必填。" in page


@pytest.mark.req("PRG-1", "PUB-5")
def test_declaring_and_reviewing_tell_until_when(login_as: Any, world: World) -> None:
    for path, username, window in (
        ("/declarations/", "institution_admin", "项目申报"), ("/declarations/new", "institution_admin", "项目申报"),
        ("/reviews/", "county_admin", "项目审核"), ("/opinions/", "expert_reviewer", "项目审核"),
    ):  # fmt: skip
        line = re.search(r'<p class="help-line">.*?</p>', login_as(username).get(path).text, re.DOTALL)
        assert line is not None
        assert re.search(rf"{window}：2026-\d\d-\d\d \d\d:00 至 2026-", line[0]), path


@pytest.mark.req("PRG-5")
def test_one_declaration_after_the_other_is_reviewed_without_the_list(login_as: Any, world: World) -> None:
    first, second, third = (waiting(world, title=f"研修{n}") for n in range(3))
    client = login_as("county_admin")

    def offered(row: Programme) -> tuple[str, ...] | None:
        found = re.search(r'/programmeview/show/(\d+)" data-next-review.*?还有 (\d+) 项', client.get(
            f"/programmeview/show/{row.id}").text, re.DOTALL)  # fmt: skip
        return found.groups() if found else None

    assert [offered(row) for row in (first, second, third)] == [
        (str(second.id), "2"), (str(third.id), "2"), (str(first.id), "2")
    ]  # fmt: skip
    client.post("/reviews/approve", data={"rowid": [str(second.id), str(third.id)]})
    assert offered(second) == (str(first.id), "1")  # what was just decided leads on, too
    assert offered(first) is None
    assert "data-next-review" not in login_as("institution_admin").get(f"/programmeview/show/{second.id}").text


@pytest.mark.req("PRG-2")
def test_a_draft_is_saved_without_any_check_and_gone_on_with(login_as: Any, db: Any, world: World) -> None:
    client = login_as("institution_admin")
    answer = client.post("/declarations/save", data={"do": "draft", "title": "", "classes-0-place": "某处"})
    assert answer.status_code == 302
    assert 'value="某处"' in client.get(answer.location).text
    key = answer.location.rpartition("/")[2]
    assert client.post(f"/declarations/discard/{key}").status_code == 302
    assert client.get(answer.location).status_code == 404


@pytest.mark.req("PRG-1")
def test_after_the_window_the_form_says_when_it_closed_and_keeps_the_draft(
    login_as: Any, db: Any, world: World, january: Any
) -> None:
    january.set(datetime(2026, 1, 25, 17, 0, 1, tzinfo=SHANGHAI))
    answer = login_as("institution_admin").post("/declarations/save", data=form(world))
    assert answer.status_code == 409
    assert "2026-01-25 17:00" in answer.text
    assert not db.session.scalar(select(Programme).where(Programme.title == "小学英语教学研修"))
    assert db.session.scalar(select(DeclarationDraft).where(DeclarationDraft.title == "小学英语教学研修"))


@pytest.mark.req("PRG-4")
def test_the_reviewing_bureau_is_told_while_regions_are_chosen(login_as: Any, world: World) -> None:
    client = login_as("institution_admin")
    ids = "&".join(f"region={world.region[name].id}" for name in ("xihu", "qingyuan"))
    assert "省教育厅" in client.get(f"/declarations/routing?{ids}").get_json()["text"]
    assert "西湖区教育局" in client.get(f"/declarations/routing?region={world.region['xihu'].id}").get_json()["text"]
    assert client.get("/declarations/routing?region=x&region=99999999999").status_code == 200


@pytest.mark.req("PRG-2", "ORG-4")
def test_the_tree_offers_what_is_granted_today_only(login_as: Any, world: World) -> None:
    page = login_as("institution_admin").get("/declarations/new").text
    assert f'name="regions" value="{world.region["xihu"].id}"' in page
    assert f'name="regions" value="{world.region["qingyuan"].id}"' not in page


@pytest.mark.req("PRG-4", "PRG-5")
@pytest.mark.parametrize("order", ["title", "institution", "credit_hours", "starts_on", "submitted_at"])
def test_programmes_to_review_are_sorted_by_their_heads(login_as: Any, world: World, january: Any, order: str) -> None:
    first = waiting(world, title="A甲", credit_hours="8", classes=[typed_class(starts_on="2026-05-04")])
    january.set(datetime(2026, 1, 12, 9, 5, tzinfo=SHANGHAI))
    second = waiting(world, title="B乙", credit_hours="16", classes=[typed_class(starts_on="2026-05-05")])
    client = login_as("county_admin")
    for descending in (False, True):
        page = client.get(f"/reviews/?order={'-' if descending else ''}{order}").text
        assert f'aria-sort="{"descending" if descending else "ascending"}"' in page
        places = [page.index(f"/programmeview/show/{row.id}") for row in (first, second)]
        if order != "institution":  # both are of the same
            assert (places[0] > places[1]) is descending


@pytest.mark.req("PRG-5", "PUB-2")
def test_the_bureau_sees_what_waits_filters_it_and_approves_several(
    login_as: Any, db: Any, world: World, count_queries: Any
) -> None:
    rows = [waiting(world, title=f"待审项目{n}") for n in range(3)]
    client = login_as("county_admin")
    page = client.get("/reviews/").text
    assert all(row.title in page for row in rows)
    assert rows[1].title not in client.get(f"/reviews/?q={rows[0].number}").text
    assert rows[0].title not in login_as("qingyuan_county").get("/reviews/").text
    answer = client.post("/reviews/approve", data={"rowid": [r.id for r in rows[:2]], "checkpoint": "county"})
    assert answer.status_code == 302
    db.session.expire_all()
    assert [row.state for row in rows] == ["approved", "approved", "submitted"]
    assert rows[0].classes[0].checkpoint == "county"


@pytest.mark.req("B10")
def test_the_list_takes_as_many_queries_for_many_rows_as_for_one(
    login_as: Any, world: World, count_queries: Any
) -> None:
    client = login_as("county_admin")
    counts = []
    for more in (1, 9):
        for number in range(more):
            waiting(world, title=f"项目{more}-{number}")
        client.get("/reviews/")
        with count_queries() as sent:
            assert client.get("/reviews/").status_code == 200
        counts.append(len(sent))
    assert counts[0] == counts[1]


@pytest.mark.req("PRG-5", "PRG-7")
def test_a_refusal_without_a_reason_comes_back_with_what_was_chosen(login_as: Any, db: Any, world: World) -> None:
    row = waiting(world, classes=[typed_class(), typed_class(sessions=[])])
    first, second = (one.id for one in row.classes)
    client = login_as("county_admin")
    page = client.get(f"/programmeview/show/{row.id}").text
    assert "提交审核意见" in page
    assert re.findall(r'-decision" value="(\w*)" checked', page) == ["", ""]  # nothing is approved by mere pressing
    answer = client.post(f"/reviews/decide/{row.id}", data={f"classes-{first}-decision": ""})
    assert answer.status_code == 422
    assert "请至少" in answer.text
    sent = {
        f"classes-{first}-decision": "approve",
        f"classes-{second}-decision": "refuse",
        f"classes-{first}-reason": "很好",
    }
    answer = client.post(f"/reviews/decide/{row.id}", data=sent)
    assert answer.status_code == 422
    assert f'id="classes-{second}-reason-error"' in answer.text
    assert "很好" in answer.text
    sent[f"classes-{second}-reason"] = "场地不足"
    assert client.post(f"/reviews/decide/{row.id}", data=sent).status_code == 302
    page = login_as("institution_admin").get(f"/programmeview/show/{row.id}").text
    assert "场地不足" in page
    assert f"/declarations/edit/{row.id}" in page


@pytest.mark.req("PRG-7", "P7")
def test_once_a_class_is_approved_the_form_shows_the_classes_alone(login_as: Any, db: Any, world: World) -> None:
    row = waiting(world, classes=[typed_class(), typed_class(sessions=[]), typed_class(sessions=[])])
    first, second, third = (one.id for one in row.classes)
    decisions = {first: Decision(Action.APPROVE), second: Decision(Action.RETURN, "补充"),
                 third: Decision(Action.APPROVE)}  # fmt: skip
    programme_review.review(row.id, decisions, actor=world.actor("county_admin"))
    client = login_as("institution_admin")
    page = client.get(f"/declarations/edit/{row.id}").text
    assert 'name="title"' not in page
    assert 'data-most="2"' in page
    assert '<option value="方晓华">' in page
    sent = {
        name.replace("classes-2", "classes-0"): value
        for name, value in form(world, file=False, programme_id=str(row.id), version=str(row.version)).items()
    } | {"classes-0-id": str(second), "classes-0-sessions-1-lecturer": "路人"}  # fmt: skip
    unlocked = client.post("/declarations/save", data=sent)  # of a form that was opened before
    assert unlocked.status_code == 422
    assert 'href="#title"' in unlocked.text
    for name in ("title", "kind", "batch", "credit_hours", "goals", "contents", "regions", "lecturers-0-name"):
        del sent[name]
    stranger = client.post("/declarations/save", data=sent)
    assert stranger.status_code == 422
    assert re.findall(r'<a href="#([a-z0-9_-]+)" data-field', stranger.text) == ["classes-0-sessions-0-lecturer"]
    sent["classes-0-sessions-1-lecturer"] = "方晓华"
    assert client.post("/declarations/save", data=sent).status_code == 302
    db.session.expire_all()
    assert (row.state, row.title, [s.lecturer.name for s in row.classes[1].sessions]) == (
        "submitted", "小学数学教学研修", ["方晓华"],
    )  # fmt: skip


@pytest.mark.req("PRG-5")
def test_an_adjustment_shows_before_and_after_to_the_institution(login_as: Any, world: World) -> None:
    row = waiting(world)
    one, client = row.classes[0], login_as("county_admin")
    sent = {"title": row.title, "credit_hours": "20", "reason": "学时偏多", f"classes-{one.id}-planned_seats": "x"}
    assert client.post(f"/reviews/adjust/{row.id}", data=sent).status_code == 422
    sent[f"classes-{one.id}-planned_seats"] = "30"
    assert client.post(f"/reviews/adjust/{row.id}", data=sent).status_code == 302
    page = login_as("institution_admin").get(f"/programmeview/show/{row.id}").text
    assert "学时: 24 → 20" in page
    assert "计划招收人数: 40 → 30" in page
    assert "学时偏多" in page


@pytest.mark.req("PRG-6")
def test_an_expert_answers_on_the_page_of_the_programme(login_as: Any, db: Any, world: World) -> None:
    row = waiting(world)
    client = login_as("county_admin")
    client.post(f"/reviews/ask/{row.id}", data={"expert": world.account["expert_reviewer"].id})
    opinion = db.session.scalar(select(ExpertOpinion).where(ExpertOpinion.programme_id == row.id))
    expert = login_as("expert_reviewer")
    assert row.title in expert.get("/opinions/").text
    wrong = expert.post(
        f"/opinions/answer/{opinion.id}", data={"score": "120", "comment": "写了很多", "do": "give_opinion"}
    )
    assert (wrong.status_code, "写了很多" in wrong.text) == (422, True)
    done = expert.post(
        f"/opinions/answer/{opinion.id}", data={"score": "88", "comment": "写了很多", "do": "give_opinion"}
    )
    assert done.status_code == 302
    assert "写了很多" in client.get(f"/programmeview/show/{row.id}").text
    assert "写了很多" not in login_as("institution_admin").get(f"/programmeview/show/{row.id}").text


@pytest.mark.req("PRG-3", "ORG-6")
def test_the_plan_file_is_downloaded_as_it_was_by_who_may_see_it(login_as: Any, world: World) -> None:
    row = waiting(world)
    url = f"/declarations/plan/{row.plan_files[0].id}"
    got = login_as("county_admin").get(url)
    assert (got.data, got.mimetype) == (PLAN.content, "application/pdf")
    assert "attachment" in got.headers["Content-Disposition"]
    assert login_as("teacher").get(url).status_code == 404


@pytest.mark.req("PRG-5", "ORG-6")
def test_who_only_reads_is_offered_no_means_to_act(login_as: Any, world: World) -> None:
    key = world.programme["xihu"].id
    for username in ("teacher", "school_admin", "institution_admin"):
        page = login_as(username).get(f"/programmeview/show/{key}").text
        assert "/reviews/" not in page.partition("<main")[2]
    assert "第 2 期" not in login_as("teacher").get(f"/programmeview/show/{key}").text  # not approved yet


@pytest.mark.req("PRG-8")
def test_last_years_programme_is_copied_by_its_institution(login_as: Any, world: World) -> None:
    client, row = login_as("institution_admin"), world.programme["xihu"]
    answer = client.post(f"/declarations/copy/{row.id}")
    assert answer.status_code == 302
    assert f'value="{row.title}"' in client.get(answer.location).text
    assert row.title in client.get("/declarations/").text
    assert login_as("qingyuan_institution").post(f"/declarations/copy/{row.id}").status_code == 404
