"""The calendar of a year: set as a whole, in its order, by the province; every reason at once (PRG-1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.clock import SHANGHAI, local
from app.domain.errors import Conflict, Invalid, NotPermitted
from app.domain.state_shapes import Party
from app.domain.terms import AuditAction, RoundKind, WindowKind
from app.extensions import db as extension
from app.models import AuditEntry, Batch, BatchWindow, TrainingYear
from app.services import calendar, records
from app.services.calendar import YearPlan
from tests.world import World

pytestmark = pytest.mark.req("PRG-1")
DAYS = {
    WindowKind.DECLARATION: (0, 10), WindowKind.REVIEW: (5, 15), WindowKind.ROUND_ONE: (20, 30),
    WindowKind.ROUND_ONE_SCHOOL: (22, 33), WindowKind.ADJUSTMENT: (34, 40), WindowKind.ROUND_TWO: (41, 45),
    WindowKind.ROUND_TWO_SCHOOL: (41, 47), WindowKind.SECOND_ADJUSTMENT: (48, 52),
}  # fmt: skip
START = datetime(2026, 3, 2, 8, tzinfo=SHANGHAI)


def spans(**changed: tuple[int, int] | None) -> dict[WindowKind, calendar.Span]:
    """The windows of a year in good order, some of them changed (None: left out), as days from START."""
    days: Mapping[WindowKind, Any] = DAYS | {WindowKind(name): span for name, span in changed.items()}
    return {
        kind: (START + timedelta(days=span[0]), START + timedelta(days=span[1], hours=9)) if span else (None, None)
        for kind, span in days.items()
    }


def own_year() -> TrainingYear:
    """A year of this test's own, which is the current one: the world's year has batches already."""
    found = extension.session.scalars(select(TrainingYear).where(TrainingYear.year == 2030)).first()
    if found is None:
        found = TrainingYear(year=2030, name="2030年度", starts_on=date(2030, 1, 1), ends_on=date(2030, 12, 31))
        found.is_current = True
        extension.session.add(found)
        extension.session.flush()
        calendar.make_only_current(found)
    return found


def opened(world: World, **changed: Any) -> Batch:
    """A batch of the current year."""
    return calendar.open_batch(own_year(), "第一批", spans(**changed), actor=world.actor("provincial_admin"))


def new_batches(world: World) -> list[Batch]:
    """The batches this test made."""
    others = select(Batch).join(TrainingYear).where(TrainingYear.year != world.year.year)
    return list(extension.session.scalars(others.order_by(Batch.id)))


def fields(error: pytest.ExceptionInfo[Invalid]) -> set[tuple[str, str | None]]:
    return {(problem.code, problem.field) for problem in error.value.problems}


def test_a_batch_comes_with_its_rounds_and_windows(db: Any, world: World) -> None:
    first, second = opened(world), opened(world)
    assert [first.sequence, second.sequence] == [1, 2]
    assert {r.kind for r in first.rounds} == set(RoundKind)
    db.session.refresh(first)
    assert [w.kind for w in first.windows][:2] == [WindowKind.DECLARATION, WindowKind.REVIEW]
    assert len(first.windows) == len(WindowKind)


def test_every_reason_is_given_at_once_beside_its_window(db: Any, world: World) -> None:
    wrong = spans(round_one=(35, 36), second_adjustment=(60, 50), round_one_school=None)
    wrong[WindowKind.REVIEW] = (START, None)
    with pytest.raises(Invalid) as error:
        calendar.open_batch(world.year, " ", wrong, actor=world.actor("provincial_admin"))
    assert fields(error) >= {
        ("name_missing", "name"), ("window_half", "review"), ("window_backwards", "second_adjustment"),
        ("window_overlap", "adjustment"), ("window_missing", "round_one_school"),
    }  # fmt: skip
    assert new_batches(world) == []


def test_saving_sets_adds_and_takes_out_windows_in_one_audit_entry(db: Any, world: World) -> None:
    batch, province = opened(world, round_two=None, round_two_school=None), world.actor("provincial_admin")
    calendar.save_batch(batch.id, "春季批", spans(second_adjustment=None, review=(6, 16)), actor=province)
    db.session.expire_all()
    kept = {w.kind: local(w.opens_at).date() for w in batch.windows}
    assert WindowKind.SECOND_ADJUSTMENT not in kept
    assert kept[WindowKind.REVIEW] == date(2026, 3, 8)
    assert kept[WindowKind.ROUND_TWO] == date(2026, 4, 12)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.UPDATE)).all()[-1]
    assert {"name", "review", "round_two", "second_adjustment"} <= set(entry.after) | set(entry.before)


def test_two_who_save_at_once_do_not_overwrite_each_other(db: Any, world: World) -> None:
    batch, province = opened(world), world.actor("provincial_admin")
    seen = batch.version
    calendar.save_batch(batch.id, "甲", spans(), actor=province, expected_version=seen)
    with pytest.raises(Conflict):
        calendar.save_batch(batch.id, "乙", spans(), actor=province, expected_version=seen)


@pytest.mark.req("ORG-6")
def test_only_the_province_sets_it(db: Any, world: World) -> None:
    batch = opened(world)
    for username in ("city_admin", "institution_admin", "teacher"):
        with pytest.raises(NotPermitted):
            calendar.save_batch(batch.id, "甲", spans(), actor=world.actor(username))


def test_a_new_year_becomes_the_only_current_one(db: Any, world: World) -> None:
    plan = YearPlan(2027, "2027年度", date(2027, 1, 1), date(2027, 12, 31), is_current=True)
    batch = calendar.open_batch(plan, "第一批", spans(), actor=world.actor("provincial_admin"))
    current = select(TrainingYear.year).where(TrainingYear.is_current.is_(True))
    assert db.session.scalars(current).all() == [2027]
    assert calendar.batch_now() == batch
    with pytest.raises(Conflict):
        calendar.open_batch(plan, "第一批", spans(), actor=world.actor("provincial_admin"))


def test_a_year_that_ends_before_it_begins_or_never_is_refused(db: Any, world: World) -> None:
    for last, code in ((date(2026, 12, 31), "ends_before_start"), (date(2029, 1, 1), "year_too_long")):
        with pytest.raises(Invalid) as error:
            plan = YearPlan(2027, "2027年度", date(2027, 1, 1), last, is_current=False)
            calendar.open_batch(plan, "第一批", spans(), actor=world.actor("provincial_admin"))
        assert fields(error) == {(code, "ends_on")}


def test_the_generated_form_of_one_window_keeps_the_order_too(db: Any, world: World) -> None:
    batch = opened(world)
    window = next(w for w in batch.windows if w.kind is WindowKind.ADJUSTMENT)
    early = {"opens_at": START + timedelta(days=25)}
    with pytest.raises(Invalid) as error:
        records.update(BatchWindow, window.id, early, actor=world.actor("provincial_admin"))
    assert ("window_overlap", "opens_at") in fields(error)


@pytest.mark.req("PRG-8")
def test_a_copy_moves_every_moment_alike(db: Any, world: World) -> None:
    batch = opened(world)
    db.session.refresh(batch)
    later = calendar.copied(batch)
    assert {(b.opens_at - a.opens_at).days for a, b in zip(batch.windows, later, strict=True)} == {364}
    moved = calendar.copied(batch, date(2027, 3, 1))
    assert local(moved[0].opens_at) == datetime(2027, 3, 1, 8, tzinfo=SHANGHAI)
    assert moved[-1].closes_at - moved[0].opens_at == batch.windows[-1].closes_at - batch.windows[0].opens_at


@pytest.mark.parametrize(
    ("day", "parties", "kind"),
    [
        (25, (Party.SCHOOL,), WindowKind.ROUND_ONE_SCHOOL),
        (25, (Party.TEACHER,), WindowKind.ROUND_ONE),
        (25, (), WindowKind.ROUND_ONE),
        (-3, (Party.TEACHER,), WindowKind.DECLARATION),
        (60, (Party.TEACHER,), None),
    ],
)
def test_the_phase_is_the_readers_own_when_several_are_open(
    db: Any, world: World, day: int, parties: tuple[Party, ...], kind: WindowKind | None
) -> None:
    opened(world)
    phase = calendar.phase_for(parties, calendar.windows_now(), START + timedelta(days=day))
    assert (phase.window.kind if phase else None) is kind


def test_the_batch_now_is_the_first_that_is_not_over(db: Any, world: World) -> None:
    first = opened(world)
    second = calendar.open_batch(
        own_year(),
        "第二批",
        {k: (a and a + timedelta(days=90), b and b + timedelta(days=90)) for k, (a, b) in spans().items()},
        actor=world.actor("provincial_admin"),
    )
    assert calendar.batch_now(START) == first
    assert calendar.batch_now(START + timedelta(days=70)) == second
    assert calendar.batch_now(START + timedelta(days=900)) == second
