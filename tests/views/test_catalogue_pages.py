"""The catalogue as pages: found, enrolled, withdrawn, enrolled again; in place and without scripts (ENR-1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.terms import ClassState, EnrollmentState, RoundKind
from app.models import Enrollment, FavouriteClass, PlanFile, Subject
from tests.support.training import new_class, new_classes, new_enrollment
from tests.world import World

LogIn = Callable[[str], FlaskClient]
pytestmark = [pytest.mark.req("ENR-1"), pytest.mark.usefixtures("clock")]
IN_PLACE = {"HX-Request": "true"}


def live(world: World, row: Any) -> list[EnrollmentState]:
    found = Enrollment.query.filter_by(training_class_id=row.id, teacher_id=world.teacher["zhang"].id)
    return [one.state for one in found.order_by(Enrollment.id)]


def test_a_teacher_enrolls_withdraws_and_enrolls_again_in_place(db: Any, login_as: LogIn, world: World) -> None:
    row, client = new_class(world, "班主任研修"), login_as("teacher")
    assert "24 / 90" in client.get("/catalogue/").text
    answer = client.post(f"/catalogue/{row.id}/enroll", headers=IN_PLACE)
    assert answer.status_code == 200
    assert f'id="class-{row.id}"' in answer.text
    assert "<html" not in answer.text
    assert "已报名" in answer.text
    assert "40 / 90" in answer.text  # the gauge comes along
    again = client.post(f"/catalogue/{row.id}/enroll", headers=IN_PLACE)
    assert "已经报名" in again.text
    assert "24 / 90" in client.post(f"/catalogue/{row.id}/withdraw", headers=IN_PLACE).text
    client.post(f"/catalogue/{row.id}/enroll", headers=IN_PLACE)
    assert live(world, row) == [EnrollmentState.WITHDRAWN, EnrollmentState.AWAITING_SCHOOL]


def test_without_scripts_the_same_buttons_lead_to_the_page_again(db: Any, login_as: LogIn, world: World) -> None:
    row, client = new_class(world, "班主任研修"), login_as("teacher")
    answer = client.post(f"/catalogue/{row.id}/enroll", data={"next": "/catalogue/?q=班主任"})
    assert answer.status_code == 302
    assert "已报名" in client.get(answer.location).text
    answer = client.post(f"/catalogue/{row.id}/withdraw")
    assert answer.location == f"/catalogue/{row.id}"


@pytest.mark.req("ENR-14")
def test_a_refusal_names_every_reason_wherever_it_is_met(db: Any, login_as: LogIn, world: World, clock: Any) -> None:
    row = new_class(world, "大班", credit_hours=88)
    clock.move(timedelta(days=10))
    client = login_as("teacher")
    page = client.post(f"/catalogue/{row.id}/enroll")
    assert page.status_code == 422
    for text in (page.text, client.post(f"/catalogue/{row.id}/enroll", headers=IN_PLACE).text,
                 client.get("/catalogue/").text):  # fmt: skip
        assert "24" in text
        assert "88" in text
        assert "2026-03-25 08:00" in text
    assert live(world, row) == []


def test_the_page_of_a_class_tells_all_there_is_to_know(db: Any, login_as: LogIn, world: World) -> None:
    row = world.training_class["xihu"]
    page = login_as("teacher").get(f"/catalogue/{row.id}").text
    for text in (
        "2026-05-11",
        "08:30",
        "方讲师",
        "进修学校报告厅",
        "提升课堂教学能力",
        "西溪教师进修学校",
        "2026XIHU-1",
        "1 / 40",
    ):
        assert text in page, text


@pytest.mark.req("PRG-3")
def test_the_training_plan_is_downloaded_by_who_sees_the_class(db: Any, login_as: LogIn, world: World) -> None:
    row, plan = world.training_class["xihu"], world.training[PlanFile]["xihu"]
    client = login_as("teacher")
    link = f"/declarations/plan/{plan.id}"
    assert link in client.get(f"/catalogue/{row.id}").text
    answer = client.get(link)
    assert (answer.status_code, answer.data) == (200, b"%PDF")
    assert login_as("qingyuan_teacher").get(link).status_code == 404


def test_conditions_make_chips_that_can_be_taken_off(db: Any, login_as: LogIn, world: World) -> None:
    maths = Subject(code="S02", name="数学", position=2)
    new_class(world, "数学班", subjects=[maths])
    db.session.commit()
    client = login_as("teacher")
    page = client.get(f"/catalogue/?subject={maths.id}&most=20&free=yes&from=2026-05-20").text
    assert "数学班" in page
    assert "西湖区语文教学研修" not in page
    assert page.count('class="chip"') == 4
    assert "没有符合条件的班期" in client.get("/catalogue/?q=不存在").text
    for odd in ("?subject=x&from=31&least=-1&kind=none&batch=99999999999&page=0&order=x", "?page=9999999"):
        assert client.get(f"/catalogue/{odd}").status_code == 200


def test_favourites_have_a_page_of_their_own(db: Any, login_as: LogIn, world: World) -> None:
    row, client = new_class(world, "喜欢的班"), login_as("teacher")
    client.post(f"/catalogue/{row.id}/favourite", data={"on": "yes"}, headers=IN_PLACE)
    assert "喜欢的班" in client.get("/catalogue/?favourites=yes").text
    client.post(f"/catalogue/{row.id}/favourite", data={"on": ""}, headers=IN_PLACE)
    assert "喜欢的班" not in client.get("/catalogue/?favourites=yes").text
    assert FavouriteClass.query.filter_by(training_class_id=row.id).count() == 0


@pytest.mark.req("ORG-6")
def test_staff_read_the_catalogue_within_scope_and_do_not_enroll(db: Any, login_as: LogIn, world: World) -> None:
    row = world.training_class["xihu"]
    for username in ("county_admin", "institution_admin", "school_training_admin", "school_inquirer"):
        client = login_as(username)
        page = client.get("/catalogue/").text
        assert str(row) in page
        assert '/enroll"' not in page
        assert "庆元县语文教学研修" not in page
        assert client.post(f"/catalogue/{row.id}/enroll").status_code == 403
        assert client.get(f"/catalogue/{world.training_class['qingyuan'].id}").status_code == 404


@pytest.mark.req("ENR-9", "ENR-19")
def test_a_draw_is_checked_from_the_page_of_the_enrollment(db: Any, login_as: LogIn, world: World) -> None:
    key = world.enrollment["xihu_screened"].id
    page = login_as("school_admin").get(f"/enrollments/{key}").text
    assert f'href="/public/draws/{world.training_class["xihu_screened"].id}"' in page
    assert "/public/draws/" not in login_as("teacher").get(f"/enrollments/{world.enrollment['xihu'].id}").text


@pytest.mark.req("ENR-13", "ENR-11")
def test_who_lost_a_class_is_shown_others_and_enrolls_in_round_two(
    db: Any, login_as: LogIn, world: World, clock: Any
) -> None:
    lost, other = new_class(world, "停办的班", state=ClassState.CANCELLED), new_class(world, "还有名额的班")
    new_enrollment(world, world.teacher["zhang"], lost, EnrollmentState.DECLINED)
    db.session.commit()
    client = login_as("teacher")
    assert "还有名额的班" in client.get("/my-enrollments/").text
    assert "/catalogue/round-two" in client.get("/my-enrollments/").text
    clock.move(timedelta(days=24))
    client = login_as("teacher")
    page = client.get("/catalogue/round-two").text
    assert "停办的班" in page
    assert f"/catalogue/{other.id}/enroll" in page
    client.post(f"/catalogue/{other.id}/enroll", headers=IN_PLACE)
    made = Enrollment.query.filter_by(training_class_id=other.id).one()
    assert (made.round_kind, made.holds_seat) == (RoundKind.ROUND_TWO, True)


@pytest.mark.req("ENR-11")
def test_who_lost_no_class_is_not_told_of_one_in_round_two(db: Any, login_as: LogIn, world: World, clock: Any) -> None:
    clock.move(timedelta(days=24))
    client = login_as("teacher")
    assert "没有未能参训的报名" in client.get("/catalogue/round-two").text
    assert "您有报名未能参训" not in client.get("/my-enrollments/").text
    new_enrollment(world, world.teacher["zhang"], new_class(world, "停办的班"), EnrollmentState.DECLINED)
    db.session.commit()
    assert "您有报名未能参训" in client.get("/my-enrollments/").text


@pytest.mark.req("ENR-19")
def test_every_step_of_an_enrollment_is_told_with_date_organisation_and_reason(
    db: Any, login_as: LogIn, world: World
) -> None:
    from app.services import enrollment, enrollment_review

    row = new_class(world, "要走流程的班")
    db.session.commit()
    key = enrollment.enroll(world.teacher["zhang"].id, row.id, actor=world.actor("teacher")).enrollment_id
    enrollment_review.reject([key], "这几天学校有重要活动", actor=world.actor("school_admin"))
    db.session.commit()
    for username in ("teacher", "school_admin", "county_admin", "institution_admin"):
        page = login_as(username).get(f"/enrollments/{key}").text
        for text in ("文三路小学", "这几天学校有重要活动", "2026-03-02 09:00", "学校不同意"):
            assert text in page, (username, text)
    assert login_as("qingyuan_school").get(f"/enrollments/{key}").status_code == 404


@pytest.mark.req("B10")
@pytest.mark.parametrize("path", ["/catalogue/?size=100", "/my-enrollments/?size=100"])
def test_a_long_page_costs_the_queries_of_a_short_one(
    db: Any, login_as: LogIn, world: World, count_queries: Any, path: str
) -> None:
    client = login_as("teacher")

    def cost(classes: int) -> int:
        for row in new_classes(world, classes):
            new_enrollment(world, world.teacher["zhang"], row, EnrollmentState.DECLINED)
        db.session.commit()
        client.get(path)
        with count_queries() as sent:
            assert client.get(path).status_code == 200
        return len(sent)

    few = cost(3)
    assert cost(27) == few


@pytest.mark.req("B12")
def test_the_filters_offer_few_choices(db: Any, login_as: LogIn, world: World) -> None:
    assert login_as("teacher").get("/catalogue/").text.count("<option") <= 250


@pytest.mark.req("ENR-19")
def test_what_is_over_stands_below_and_short(db: Any, login_as: LogIn, world: World, clock: Any) -> None:
    teacher = world.teacher["zhang"]
    over, coming = new_class(world, "早已结束的班期"), new_class(world, "还没开始的班期")
    over.starts_on, over.ends_on = date(2025, 5, 11), date(2025, 5, 12)
    new_enrollment(world, teacher, coming, EnrollmentState.WITHDRAWN)
    new_enrollment(world, teacher, over, EnrollmentState.ADMITTED)
    db.session.commit()
    page = login_as("teacher").get("/my-enrollments/").text
    assert page.index("还没开始的班期") < page.index("以往的报名") < page.index("早已结束的班期")
    assert "steps-track" in page[: page.index("以往的报名")]
    assert "steps-track" not in page[page.index("以往的报名") :]
