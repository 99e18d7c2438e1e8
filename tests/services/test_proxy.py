"""Enrolling on behalf of one's teachers: the same rules, each by itself, marked as proxy (ENR-16)."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.errors import NotPermitted, NotVisible
from app.domain.terms import EnrollmentOrigin, TeacherStatus
from app.models import Enrollment
from app.services import proxy
from app.services.proxy import Asked, Line
from app.web.actors import current_vault
from tests.support.training import new_class, new_classes
from tests.world import World, national_id

pytestmark = [pytest.mark.req("ENR-16"), pytest.mark.usefixtures("clock")]


def fits(world: World, row: Any, **asked: Any) -> dict[str, proxy.Fit]:
    found = proxy.teachers_before(row.id, Asked(**asked), actor=world.actor("school_admin"))[1]
    return {fit.teacher.name: fit for fit in found}


def test_the_teachers_of_the_school_stand_before_the_class_with_every_reason(db: Any, world: World) -> None:
    row = new_class(world, "大班", credit_hours=70)
    found = fits(world, row)
    assert set(found) == {"张明华", "李红梅", "王志强"}
    assert [p.code for p in found["张明华"].refusals] == ["hours_cap"]
    assert (found["张明华"].hours, found["李红梅"].refusals) == (24, ())
    assert set(fits(world, row, words="红梅")) == {"李红梅"}
    assert set(fits(world, row, words=world.teacher["wang"].teacher_number)) == {"王志强"}
    assert set(fits(world, row, subject_id=world.subject.id, teacher_ids=(world.teacher["li"].id,))) == {"李红梅"}
    world.teacher["li"].status = TeacherStatus.LEFT
    assert "李红梅" not in fits(world, row)


def test_many_are_enrolled_each_by_itself_and_marked_as_proxy(db: Any, world: World) -> None:
    row = new_class(world, "大班", credit_hours=70)
    db.session.commit()
    keys = [world.teacher[name].id for name in ("zhang", "li", "wang")]
    outcome = proxy.enroll_many(row.id, keys, actor=world.actor("school_training_admin"))
    assert set(outcome.done) == {world.teacher["li"].id}
    assert [p.code for p in outcome.refused[world.teacher["zhang"].id]] == ["hours_cap"]
    made = Enrollment.query.filter_by(training_class_id=row.id).one()
    account = world.account["school_training_admin"]
    assert (made.origin, made.proxy_account_id) == (EnrollmentOrigin.PROXY, account.id)
    again = proxy.enroll_many(row.id, [world.teacher["li"].id], actor=world.actor("school_admin"))
    assert again.done[world.teacher["li"].id].already


@pytest.mark.req("ORG-6")
def test_a_teacher_of_another_school_refuses_the_act_before_anybody_is_enrolled(db: Any, world: World) -> None:
    row = new_class(world)
    db.session.commit()
    for stranger in ("chen", "zhou"):
        with pytest.raises(NotVisible):
            proxy.enroll_many(
                row.id, [world.teacher["li"].id, world.teacher[stranger].id], actor=world.actor("school_admin")
            )
    assert Enrollment.query.filter_by(training_class_id=row.id).count() == 0
    with pytest.raises(NotPermitted):
        proxy.enroll_many(row.id, [world.teacher["li"].id], actor=world.actor("teacher"))
    with pytest.raises(NotVisible):
        fits(world, world.training_class["qingyuan"])


@pytest.mark.req("ENR-14")
def test_a_file_is_planned_line_by_line_and_exactly_that_is_done(db: Any, world: World) -> None:
    row = new_class(world, "文件班", number=2)
    row.programme.number = "2026T1"
    full = new_class(world, "大班", credit_hours=70)
    full.programme.number = "2026T2"
    db.session.commit()
    teacher = world.teacher
    lines = [
        Line(2, teacher["li"].teacher_number, "2026T1-2"),
        Line(3, national_id(3).lower(), "2026t1-02"),  # wang, by ID
        Line(4, teacher["chen"].teacher_number, "2026T1-2"),  # another school's
        Line(5, national_id(4), "2026T9-1"),  # another school's, no such class
        Line(6, teacher["zhang"].teacher_number, "2026T2-1"),  # past the cap
        Line(7, teacher["li"].teacher_number, "2026T1-2"),  # again
        Line(8, "", ""),
    ]
    actor = world.actor("school_admin")
    planned = proxy.plan(lines, actor=actor, vault=current_vault())
    assert [[p.code for p in one.problems] for one in planned] == [
        [], [], ["no_such_teacher"], ["no_such_teacher", "no_such_class"], ["hours_cap"], ["line_twice"],
        ["no_such_teacher", "no_such_class"],
    ]  # fmt: skip
    assert national_id(4) not in str([p.text.params for one in planned for p in one.problems])
    assert Enrollment.query.filter_by(training_class_id=row.id).count() == 0
    good = [(one.teacher.id, one.row.id) for one in planned if one.will and one.teacher and one.row]
    assert proxy.enroll_pairs(good, actor=actor) == {}
    enrolled = {one.teacher_id for one in Enrollment.query.filter_by(training_class_id=row.id)}
    assert enrolled == {teacher["li"].id, teacher["wang"].id}


@pytest.mark.req("B10")
def test_a_long_file_is_planned_with_the_queries_of_a_short_one(db: Any, world: World, count_queries: Any) -> None:
    for number, row in enumerate(new_classes(world, 30)):
        row.programme.number = f"2026B{number}"
    db.session.commit()
    actor, vault = world.actor("school_admin"), current_vault()

    def cost(lines: int) -> int:
        given = [Line(n, world.teacher["li"].teacher_number, f"2026B{n}-1") for n in range(lines)]
        with count_queries() as sent:
            assert all(one.will for one in proxy.plan(given, actor=actor, vault=vault))
        return len(sent)

    cost(1)  # reads what is remembered from then on
    assert cost(30) == cost(3)
