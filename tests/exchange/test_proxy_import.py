"""A school enrolls its teachers by file: planned line by line, exactly that is enrolled (ENR-16, ENR-14)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.domain.terms import EnrollmentOrigin, ImportOutcome
from app.models import Enrollment
from app.services import import_rows
from tests.exchange.conftest import Importing
from tests.support.training import new_class
from tests.world import World, national_id

pytestmark = [pytest.mark.req("ENR-16", "ENR-14"), pytest.mark.usefixtures("clock")]
O = ImportOutcome  # noqa: E741
HEAD = ["师训号", "班期编号"]


@pytest.fixture
def school(world: World, queue: Any) -> Importing:
    return Importing(world.actor("school_training_admin"), "proxies", "Enrollment", queue)


@pytest.fixture
def row(world: World, db: Any) -> Any:
    made = new_class(world, "文件班", credit_hours=60)
    made.programme.number = "2026T1"
    db.session.commit()
    return made


def enrolled(row: Any) -> set[int]:
    return {one.teacher_id for one in Enrollment.query.filter_by(training_class_id=row.id)}


def test_each_line_is_planned_with_its_reasons_and_exactly_that_is_enrolled(
    db: Any, world: World, school: Importing, row: Any
) -> None:
    li, chen, zhang = (world.teacher[name] for name in ("li", "chen", "zhang"))
    batch = school.plan(
        [
            HEAD,
            [li.teacher_number, "2026t1-1"],
            [national_id(3), "2026T1-1"],
            [chen.teacher_number, "2026T1-1"],  # a teacher of another school
            [zhang.teacher_number, "2026XIHU-1"],  # enrolled already
            [li.teacher_number, "2026T1-1"],  # a second time
            [li.teacher_number, ""],
            [zhang.teacher_number, "2026QINGYUAN-1"],  # a class of another county
        ]
    )
    plans = {plan.number: plan for plan in school.rows(batch)}
    assert {number: plan.outcome for number, plan in plans.items()} == {
        2: O.NEW, 3: O.NEW, 4: O.ERROR, 5: O.SAME, 6: O.DUPLICATE, 7: O.ERROR, 8: O.ERROR,
    }  # fmt: skip
    assert [p.code for p in plans[4].problems] == ["no_such_teacher"]
    assert [p.code for p in plans[8].problems] == ["no_such_class"]
    assert enrolled(row) == set()
    done = school.apply(batch)
    assert done.written == 2
    assert enrolled(row) == {li.id, world.teacher["wang"].id}
    made = Enrollment.query.filter_by(training_class_id=row.id).all()
    assert {(one.origin, one.proxy_account_id) for one in made} == {
        (EnrollmentOrigin.PROXY, world.account["school_training_admin"].id)
    }


def test_what_changed_between_plan_and_application_is_left_over_by_name(
    db: Any, world: World, school: Importing, row: Any, clock: Any
) -> None:
    batch = school.plan([HEAD, [world.teacher["li"].teacher_number, "2026T1-1"]])
    clock.move(timedelta(days=9))
    done = school.apply(batch)
    assert (done.written, enrolled(row)) == (0, set())
    ((number, title, told),) = import_rows.leftovers(done)
    assert (number, told[0]) == (2, "window_closed")
    assert "李红梅" in title


def test_two_lines_that_pass_the_cap_together_enroll_the_first(
    db: Any, world: World, school: Importing, row: Any
) -> None:
    other = new_class(world, "又一班", credit_hours=60)
    other.programme.number = "2026T2"
    db.session.commit()
    number = world.teacher["li"].teacher_number
    done = school.apply(school.plan([HEAD, [number, "2026T1-1"], [number, "2026T2-1"]]))
    assert (done.written, len(enrolled(row) | enrolled(other))) == (1, 1)
    ((line, _title, told),) = import_rows.leftovers(done)
    assert (line, told[0]) == (3, "hours_cap")
