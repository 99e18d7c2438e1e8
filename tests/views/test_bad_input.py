"""Bad input of the year through the doors people have: what to mend is said, nothing typed is lost, nothing half done.

Files of schools and declarations have their tests in `tests/exchange`; here are the pages.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.domain.clock import SHANGHAI, FrozenClock
from app.domain.terms import EnrollmentState
from app.models import DeclarationDraft, Enrollment, Programme, Screening, TrainingClass
from app.services import grants
from tests.support.attachments import PDF
from tests.support.drawing import overfull
from tests.support.enrolling import AFTER_ROUND_ONE, add_class, add_enrollment, add_teachers
from tests.views.test_programme_pages import form
from tests.world import World

LogIn = Callable[[str], FlaskClient]
S = EnrollmentState
JANUARY = datetime(2026, 1, 12, 9, tzinfo=SHANGHAI)
ROUND_ONE_ENDS = datetime(2026, 3, 10, 17, tzinfo=SHANGHAI)
HTMX = {"HX-Request": "true"}
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + b"\x00" * 200
TOO_LARGE = PDF + b" " * (501 * 1024 - len(PDF))


def a_class(number: int) -> dict[str, str]:
    """The controls of one more class."""
    values = {"starts_on": "2026-06-01", "ends_on": "2026-06-02", "place": "分校", "planned_seats": "30"}
    return {f"classes-{number}-{name}": value for name, value in values.items()}


def a_session(begins: str, ends: str) -> dict[str, str]:
    """The controls of one more session of the class."""
    values = {"day": "2026-05-11", "starts_at": begins, "ends_at": ends, "topic": "评课"}
    return {f"classes-2-sessions-3-{name}": value for name, value in values.items()}


DECLARATIONS = {
    "an .exe called .pdf": ({"plan_file": (EXE, "方案.pdf")}, "请用办公软件另存为 .pdf"),
    "501 KB": ({"plan_file": (TOO_LARGE, "方案.pdf")}, "501 KB"),
    "the end before the start": ({"classes-2-ends_on": "2026-05-10"}, "早于开始日期（2026-05-11），请修改"),
    "overlapping sessions": (a_session("10:30", "12:00"), "“开班”时间重叠，请调整"),
    "a fifth class": ({k: v for n in range(3, 7) for k, v in a_class(n).items()}, "最多 4 个班期，现有 5 个"),
    "no seat": ({"classes-2-planned_seats": "0"}, "计划招收人数应在 1 至"),
    "less than no seat": ({"classes-2-planned_seats": "-3"}, "计划招收人数应在 1 至"),
}


@pytest.mark.req("PRG-2", "PRG-3", "ENR-14")
@pytest.mark.parametrize("case", DECLARATIONS)
def test_a_wrong_declaration_says_what_to_mend_and_is_kept_as_it_was_typed(
    db: Any, world: World, login_as: LogIn, clock: FrozenClock, case: str
) -> None:
    clock.set(JANUARY)
    changes, told = DECLARATIONS[case]
    sent = form(world) | changes
    if isinstance(sent["plan_file"][0], bytes):
        content, name = sent["plan_file"]
        sent["plan_file"] = (BytesIO(content), name)
    answer = login_as("institution_admin").post("/declarations/save", data=sent)
    assert answer.status_code == 422
    assert told in answer.text
    typed = [text for name, text in sent.items() if name.startswith(("title", "classes-", "lecturers-")) and text]
    for text in typed:
        assert f'value="{text}"' in answer.text, text
    assert not db.session.scalar(select(Programme.id).where(Programme.title == sent["title"]))
    draft = db.session.scalar(select(DeclarationDraft).where(DeclarationDraft.title == sent["title"]))
    assert draft.payload["goals"] == "提升"
    assert (draft.file_content is None) is ("plan_file" in changes)  # a good file waits for the rest to be mended


@pytest.mark.req("PRG-2", "ORG-4")
@pytest.mark.parametrize("revoked", [False, True])
def test_a_region_outside_the_grants_or_revoked_meanwhile_is_named(
    db: Any, world: World, login_as: LogIn, clock: FrozenClock, revoked: bool
) -> None:
    clock.set(JANUARY)
    client, chosen = login_as("institution_admin"), "xihu" if revoked else "qingyuan"
    assert "西湖区" in client.get("/declarations/new").text
    if revoked:
        grants.revoke(world.grant["xihu"].id, "违规办班", actor=world.actor("provincial_admin"))
    answer = client.post("/declarations/save", data=form(world, regions=[str(world.region[chosen].id)]))
    assert answer.status_code == 422
    assert f"不包括{world.region[chosen].name}" in answer.text
    assert "向省教育厅申请授权" in answer.text
    assert 'value="小学英语教学研修"' in answer.text
    assert not db.session.scalar(select(Programme.id).where(Programme.title == "小学英语教学研修"))


@pytest.mark.req("ENR-2", "ENR-14")
def test_the_window_is_open_in_its_last_second_and_closed_in_the_next(
    db: Any, world: World, login_as: LogIn, clock: FrozenClock
) -> None:
    last, late = add_class(world, 8), add_class(world, 9)
    clock.set(ROUND_ONE_ENDS)
    client = login_as("teacher")
    assert "待学校审核" in client.post(f"/catalogue/{last.id}/enroll", data={"part": "card"}, headers=HTMX).text
    clock.move(timedelta(seconds=1))
    answer = client.post(f"/catalogue/{late.id}/enroll", data={"part": "card"}, headers=HTMX)
    assert "报名尚未开放，将于 2026-03-25 08:00 开始" in answer.text
    held = select(Enrollment.training_class_id).where(Enrollment.teacher_id == world.teacher["zhang"].id)
    assert {last.id} == set(db.session.scalars(held.where(Enrollment.training_class_id.in_((last.id, late.id)))))


@pytest.mark.req("ENR-5")
def test_of_two_reviewers_on_one_row_the_second_reads_what_became_of_it(
    db: Any, world: World, login_as: LogIn, clock: FrozenClock
) -> None:
    key = str(world.enrollment["xihu"].id)
    first, second = login_as("school_admin"), login_as("school_training_admin")
    assert f'value="{key}"' in second.get("/school-inbox/").text
    reject = {"action": "reject", "rowid": key, "reason": "期中考试"}
    assert "已退回 1 项" in first.post("/school-inbox/", data=reject).text
    answer = second.post("/school-inbox/", data={"action": "approve", "rowid": key})
    assert "1 项未能办理" in answer.text
    assert "学校不同意" in answer.text
    db.session.expire_all()
    assert world.enrollment["xihu"].state is S.SCHOOL_REJECTED


@pytest.mark.req("ENR-8")
def test_a_second_draw_is_refused_and_the_first_stays(
    db: Any, world: World, login_as: LogIn, clock: FrozenClock
) -> None:
    clock.set(AFTER_ROUND_ONE)
    row, _ = overfull(world, seats=2, candidates=5)
    client, page = login_as("institution_admin"), f"/draws/class/{row.id}"
    for act in ("freeze", "draw"):
        assert client.post(f"{page}/{act}").status_code == 302
    seed = db.session.scalar(select(Screening.seed).where(Screening.training_class_id == row.id))
    for act, told in (("draw", "不能再次筛选，请查看结果"), ("freeze", "本班名单已经冻结")):
        assert told in client.post(f"{page}/{act}", follow_redirects=True).text
    assert db.session.scalars(select(Screening.seed).where(Screening.training_class_id == row.id)).all() == [seed]


@pytest.mark.req("ENR-7", "P6")
@pytest.mark.parametrize(("seats", "told"), [("7", "最多 6 个名额"), ("0", "扩班"), ("-2", "扩班"), ("许多", "扩班")])
def test_an_expansion_past_the_limit_keeps_what_was_typed(
    db: Any, world: World, login_as: LogIn, clock: FrozenClock, seats: str, told: str
) -> None:
    clock.set(AFTER_ROUND_ONE)
    row, _ = overfull(world, seats=4, candidates=8)
    sent = {"seats": seats, "reason": "报名踊跃"}
    answer = login_as("county_admin").post(f"/adjustments/class/{row.id}/expand", data=sent)
    assert answer.status_code == 422
    summary = answer.text.partition("data-error-summary")[2].partition("</div>")[0]
    assert told in summary
    assert f'name="seats" value="{seats}"' in answer.text
    assert 'value="报名踊跃"' in answer.text
    db.session.expire_all()
    assert row.seats == 4


@pytest.mark.req("ENR-4", "ORG-6")
def test_nobody_is_moved_into_a_full_or_foreign_class(
    db: Any, world: World, login_as: LogIn, clock: FrozenClock
) -> None:
    clock.set(AFTER_ROUND_ONE)
    row, full = add_class(world, 8), add_class(world, 9, seats=1)
    abroad: TrainingClass = world.training_class["qingyuan"]
    [held, moving] = add_teachers(world, 2)
    add_enrollment(world, held, full, S.ADMITTED, holds_seat=True)
    mine = add_enrollment(world, moving, row, S.ADMITTED, holds_seat=True)
    row.taken = full.taken = 1
    db.session.commit()
    county, province = login_as("county_admin"), login_as("provincial_admin")
    sent = {"rowid": str(mine.id), "reason": "合班"}
    page = f"/adjustments/class/{row.id}/reassign"
    answer = county.post(page, data=sent | {"target": str(full.id)}, follow_redirects=True)
    assert f"{moving.name}: 目标班期已满（1 个名额），请选择其他班期" in answer.text
    assert county.post(page, data=sent | {"target": str(abroad.id)}).status_code == 404
    answer = province.post(page, data=sent | {"target": str(abroad.id)}, follow_redirects=True)
    assert "目标班期不面向该教师的地区、学段或岗位，请选择合适的班期" in answer.text
    db.session.expire_all()
    assert (mine.state, row.taken, full.taken, abroad.taken) == (S.ADMITTED, 1, 1, 0)
