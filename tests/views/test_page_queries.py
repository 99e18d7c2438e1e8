"""Lists take as many queries for many rows as for few: what a row names is read with the rows (B10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.terms import Gender, ProgrammeKind, ProgrammeState, SchoolKind, TeacherStatus
from app.models import Batch, BatchWindow, EnrollmentRound, Institution, Programme, School, Teacher, TrainingYear
from tests.world import World


def lists(app: Flask) -> Iterator[str]:
    """Every list of the pages and of the API, and the page that makes accounts."""
    yield "/account-batches/"
    for rule in app.url_map.iter_rules():
        is_list = rule.endpoint.endswith((".list", ".get_list"))
        if is_list and "GET" in (rule.methods or ()) and not rule.arguments:
            yield rule.rule


def statements(client: FlaskClient, pages: list[str], count_queries: Any) -> dict[str, int]:
    """Return how many statements each page takes that may be read."""
    found = {}
    for page in pages:
        status = client.get(page).status_code  # what is remembered for later pages is remembered
        with count_queries() as sent:
            client.get(page)
        if status == 200:
            found[page] = len(sent)
    return found


def grow(db: Any, world: World) -> None:
    """Add three of what lists name: years with all that is in them, institutions with programmes, schools."""
    for n in range(3):
        year = TrainingYear(year=2030 + n, name=f"{2030 + n}年度", starts_on=date(2030 + n, 1, 1),
                            ends_on=date(2030 + n, 12, 31))  # fmt: skip
        batch = Batch(training_year=year, sequence=1, name="第一批")
        batch.rounds = [EnrollmentRound(kind=each.kind) for each in world.batch.rounds]
        batch.windows = [
            BatchWindow(kind=each.kind, opens_at=each.opens_at, closes_at=each.closes_at)
            for each in world.batch.windows
        ]
        institution = Institution(code=f"JX{n}", name=f"机构{n}", region=world.region["xihu"])
        programme = Programme(
            number=f"2030X{n}", title=f"研修{n}", kind=ProgrammeKind.ELECTIVE, training_year=year, batch=batch,
            institution=institution, credit_hours=24, goals="目标", contents="内容", state=ProgrammeState.APPROVED,
            target_regions=[world.region["xihu"]], review_bureau=world.bureau["xihu"],
        )  # fmt: skip
        school = School(code=f"33010680{n}", name=f"小学{n}", region=world.region["xihu"], kind=SchoolKind.PRIMARY,
                        stages=[world.stage])  # fmt: skip
        teacher = Teacher(
            teacher_number=f"3320300000{n}", name=f"老师{n}", name_initials="ls", school=school, stage=world.stage,
            subject=world.subject, status=TeacherStatus.EMPLOYED, gender=Gender.FEMALE, birth_date=date(1980, 1, 1),
        )  # fmt: skip
        db.session.add_all([batch, programme, teacher])
    db.session.commit()


@pytest.mark.req("B10")
def test_lists_take_no_more_queries_for_more_rows(
    app: Flask, db: Any, world: World, login_as: Any, count_queries: Any
) -> None:
    client, pages = login_as("provincial_admin"), list(lists(app))
    few = statements(client, pages, count_queries)
    grow(db, world)
    many = statements(client, pages, count_queries)
    assert len(few) > 40
    assert {page: [count, many[page]] for page, count in few.items() if many[page] > count} == {}
