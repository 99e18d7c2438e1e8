"""The inboxes as pages: bulk acts, reasons, what was refused and why, taking back (ENR-5, ENR-6, ENR-10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.terms import Checkpoint, EnrollmentState
from app.extensions import db as extension
from app.models import Enrollment
from app.services import enrollment
from tests.support.training import new_class, new_classes, new_enrollment
from tests.world import World

LogIn = Callable[[str], FlaskClient]
pytestmark = [pytest.mark.req("ENR-5"), pytest.mark.usefixtures("clock")]
S = EnrollmentState


def fresh(key: int) -> Enrollment:
    return extension.session.get_one(Enrollment, key, populate_existing=True)


def states(*rows: Enrollment) -> list[EnrollmentState]:
    return [fresh(row.id).state for row in rows]


def three(world: World, state: EnrollmentState = S.AWAITING_SCHOOL) -> list[Enrollment]:
    made = [new_enrollment(world, world.teacher["li"], row, state) for row in new_classes(world, 3)]
    extension.session.commit()
    return made


def test_many_are_approved_at_once_and_taken_back(db: Any, login_as: LogIn, world: World) -> None:
    rows, client = three(world), login_as("school_admin")
    chosen = [str(row.id) for row in rows[:2]]
    page = client.post("/school-inbox/", data={"action": "approve", "rowid": chosen}).text
    assert "已同意 2 项" in page
    assert states(*rows) == [S.AWAITING_INSTITUTION, S.AWAITING_INSTITUTION, S.AWAITING_SCHOOL]
    assert page.count(f'type="hidden" name="rowid" value="{chosen[0]}"') == 1
    page = client.post("/school-inbox/", data={"action": "undo", "rowid": chosen}).text
    assert "已撤回 2 项的审核" in page
    assert states(*rows) == [S.AWAITING_SCHOOL] * 3


def test_a_rejection_needs_its_reason_and_nothing_chosen_is_lost(db: Any, login_as: LogIn, world: World) -> None:
    row, client = three(world)[0], login_as("school_admin")
    answer = client.post("/school-inbox/", data={"action": "reject", "rowid": str(row.id)})
    assert answer.status_code == 422
    assert "理由" in answer.text
    assert f'value="{row.id}" data-check-row aria-label="选择 {row}" checked' in answer.text
    sent = {"action": "reject", "rowid": str(row.id), "phrase": "该时段学校工作离不开", "reason": "期中考试"}
    assert "已退回 1 项" in client.post("/school-inbox/", data=sent).text
    assert states(row) == [S.SCHOOL_REJECTED]
    assert "该时段学校工作离不开；期中考试" in client.get(f"/enrollments/{row.id}").text


def test_what_cannot_be_done_is_told_row_by_row_and_the_rest_is_done(db: Any, login_as: LogIn, world: World) -> None:
    rows, client = three(world), login_as("school_admin")
    enrollment.withdraw(rows[0].id, actor=world.actor("system_admin"))
    sent = {"action": "approve", "rowid": [str(row.id) for row in rows]}
    page = client.post("/school-inbox/", data=sent).text
    assert "已同意 2 项" in page
    assert "1 项未能办理" in page
    assert f"<li>{rows[0].training_class} · {rows[0].teacher.name}<ul>" in page
    assert "已退选" in page
    assert states(*rows) == [S.WITHDRAWN, S.AWAITING_INSTITUTION, S.AWAITING_INSTITUTION]


def test_what_is_against_many_alike_is_told_once(db: Any, login_as: LogIn, world: World) -> None:
    rows, client = three(world), login_as("school_admin")
    for row in rows[:2]:
        enrollment.withdraw(row.id, actor=world.actor("system_admin"))
    page = client.post("/school-inbox/", data={"action": "approve", "rowid": [str(row.id) for row in rows]}).text
    assert "2 项未能办理" in page
    told = page[page.index("review-refused") : page.index("</ul></li></ul>")]
    together = len({row.training_class_id for row in rows[:2]}) == 1
    assert told.count("<ul>") == (1 if together else 2)
    assert all(row.teacher.name in told for row in rows[:2])


def test_a_deadline_that_has_passed_refuses_with_the_moment(db: Any, login_as: LogIn, world: World, clock: Any) -> None:
    row = three(world)[0]
    clock.move(timedelta(days=14))
    page = login_as("school_admin").post("/school-inbox/", data={"action": "approve", "rowid": str(row.id)}).text
    assert "2026-03-15 17:00" in page
    assert states(row) == [S.AWAITING_SCHOOL]


def test_everything_found_can_be_chosen_under_the_filters(db: Any, login_as: LogIn, world: World) -> None:
    rows, client = three(world), login_as("school_admin")
    client.post("/school-inbox/?q=红梅&size=10", data={"action": "approve", "everything": "yes"})
    assert states(*rows) == [S.AWAITING_INSTITUTION] * 3
    assert states(world.enrollment["xihu"]) == [S.AWAITING_SCHOOL]


@pytest.mark.req("ENR-6")
def test_the_bureau_approves_at_the_checkpoint(db: Any, login_as: LogIn, world: World) -> None:
    row = new_class(world, "设审核点的班", checkpoint=Checkpoint.CITY)
    db.session.commit()
    key = enrollment.enroll(world.teacher["zhang"].id, row.id, actor=world.actor("teacher")).enrollment_id
    login_as("school_admin").post("/school-inbox/", data={"action": "approve", "rowid": str(key)})
    page = login_as("city_admin").get("/bureau-inbox/").text
    assert "设审核点的班" in page
    assert "文三路小学" in page
    login_as("city_admin").post("/bureau-inbox/", data={"action": "approve", "rowid": str(key)})
    assert fresh(key).state is S.AWAITING_INSTITUTION


@pytest.mark.req("ENR-10")
def test_the_institution_confirms_and_declines_and_the_teacher_sees_it_at_once(
    db: Any, login_as: LogIn, world: World, clock: Any
) -> None:
    rows = three(world, S.AWAITING_INSTITUTION)
    clock.move(timedelta(days=20))
    client = login_as("institution_admin")
    assert "已退选" not in client.get("/institution-inbox/").text
    client.post("/institution-inbox/", data={"action": "confirm", "rowid": [str(rows[0].id), str(rows[1].id)]})
    sent = {"action": "decline", "rowid": str(rows[2].id), "phrase": "已参加过同一培训"}
    client.post("/institution-inbox/", data=sent)
    assert states(*rows) == [S.ADMITTED, S.ADMITTED, S.DECLINED]
    story = login_as("school_admin").get(f"/enrollments/{rows[2].id}").text
    assert "已参加过同一培训" in story
    assert "西溪教师进修学校" in story


@pytest.mark.req("ORG-6")
def test_a_row_of_another_school_refuses_the_whole_act(db: Any, login_as: LogIn, world: World) -> None:
    own, foreign = three(world)[0], world.enrollment["qingyuan"]
    client = login_as("school_admin")
    for keys in ([str(own.id), str(foreign.id)], ["abc"], ["999999"]):
        assert client.post("/school-inbox/", data={"action": "approve", "rowid": keys}).status_code == 404
    assert states(own, foreign) == [S.AWAITING_SCHOOL, S.AWAITING_SCHOOL]


def test_nothing_chosen_and_unknown_acts_are_answered(db: Any, login_as: LogIn, world: World) -> None:
    client = login_as("school_admin")
    assert client.post("/school-inbox/", data={"action": "approve"}).status_code == 422
    assert client.post("/school-inbox/", data={"action": "confirm", "rowid": "1"}).status_code == 422
    for odd in ("?page=99999&size=7&class=x&subject=-1&state=none", "?tab=decided&state=admitted", "?tab=odd"):
        assert client.get(f"/school-inbox/{odd}").status_code == 200


@pytest.mark.req("B10", "B12")
@pytest.mark.parametrize(
    ("username", "path"), [("school_admin", "/school-inbox/"), ("institution_admin", "/institution-inbox/")]
)
def test_a_long_inbox_costs_the_queries_of_a_short_one(
    db: Any, login_as: LogIn, world: World, count_queries: Any, username: str, path: str
) -> None:
    client = login_as(username)
    state = S.AWAITING_SCHOOL if username == "school_admin" else S.AWAITING_INSTITUTION

    def cost(classes: int) -> int:
        for row in new_classes(world, classes):
            new_enrollment(world, world.teacher["li"], row, state)
        db.session.commit()
        client.get(f"{path}?size=200")
        with count_queries() as sent:
            page = client.get(f"{path}?size=200").text
        assert page.count("<option") <= 250
        return len(sent)

    few = cost(3)
    assert cost(27) == few


@pytest.mark.req("ENR-8", "ENR-10")
def test_the_institution_sees_which_rows_wait_for_their_draw(db: Any, login_as: LogIn, world: World) -> None:
    screened, client = world.training_class["xihu_screened"], login_as("institution_admin")
    page = client.get("/institution-inbox/").text
    assert page.count("review-draw") == 1
    assert f'class="review-draw" href="/draws/class/{screened.id}"' in page
    assert "已冻结，待筛选" in page
    assert "review-draw" not in login_as("school_admin").get("/school-inbox/").text
