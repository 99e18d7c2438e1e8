"""Steps of an enrollment, absences of a subject, classes alike: the small rules behind the pages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.absences import Absence, Away, absence_of, too_many
from app.domain.enrollment_steps import Line, Standing, StepName, steps_of
from app.domain.look_alikes import Profile, most_alike
from app.domain.terms import EnrollmentState as S

DAY = datetime(2026, 3, 2, tzinfo=UTC)
D, N, C, F = Standing.DONE, Standing.NOW, Standing.COMING, Standing.FAILED


def ledger(*states: str) -> list[Line]:
    """A line a day through `states`."""
    pairs = zip([None, *states], states, strict=False)
    return [Line(before, after, DAY + timedelta(days=n)) for n, (before, after) in enumerate(pairs)]


@pytest.mark.req("ENR-19")
@pytest.mark.parametrize(
    ("states", "checkpoint", "standings"),
    [
        (["awaiting_school"], False, [D, N, C, C]),
        (["awaiting_school"], True, [D, N, C, C, C]),
        (["awaiting_school", "awaiting_bureau"], True, [D, D, N, C, C]),
        (["awaiting_school", "awaiting_institution"], False, [D, D, N, C]),
        (["awaiting_school", "awaiting_institution", "admitted"], False, [D, D, D, D]),
        (["awaiting_school", "school_rejected"], False, [D, F, C, C]),
        (["awaiting_school", "school_timeout"], False, [D, F, C, C]),
        (["awaiting_school", "awaiting_bureau", "bureau_rejected"], True, [D, D, F, C, C]),
        (["awaiting_school", "awaiting_institution", "not_drawn"], False, [D, D, F, C]),
        (["awaiting_school", "awaiting_institution", "declined"], False, [D, D, F, C]),
        (["awaiting_school", "withdrawn"], False, [D, F, C, C]),
        (["awaiting_school", "awaiting_institution", "withdrawn"], False, [D, D, F, C]),
        (["awaiting_school", "awaiting_institution", "admitted", "class_cancelled"], False, [D, D, D, F]),
        (["awaiting_school", "awaiting_institution", "admitted", "reassigned"], False, [D, D, D, F]),
        (["awaiting_school", "awaiting_bureau"], False, [D, D, N, C, C]),  # the checkpoint was taken away meanwhile
    ],
)
def test_the_tracker_stands_where_the_ledger_says(
    states: list[str], checkpoint: bool, standings: list[Standing]
) -> None:
    found = steps_of(S(states[-1]), checkpoint=checkpoint, lines=ledger(*states))
    assert [step.standing for step in found] == standings


@pytest.mark.req("ENR-19")
def test_a_step_carries_the_moment_it_was_settled_the_last_time() -> None:
    lines = ledger("awaiting_school", "awaiting_institution", "awaiting_school", "awaiting_institution", "admitted")
    at = {step.name: step.at for step in steps_of(S.ADMITTED, checkpoint=False, lines=lines)}
    assert at == {
        StepName.ENROLLED: DAY,
        StepName.SCHOOL: DAY + timedelta(days=3),
        StepName.INSTITUTION: DAY + timedelta(days=4),
        StepName.ADMITTED: DAY + timedelta(days=4),
    }


@pytest.mark.parametrize("state", list(S))
def test_every_state_has_its_tracker_even_without_a_ledger(state: S) -> None:
    assert [step.name for step in steps_of(state, checkpoint=True)] == list(StepName)


def away(teacher: int, first: int, last: int, *, agreed: bool = False, subject: int = 1) -> Away:
    return Away(teacher, subject, date(2026, 5, first), date(2026, 5, last), agreed)


@pytest.mark.req("ENR-5")
def test_only_others_of_the_subject_on_the_same_days_count_and_each_once() -> None:
    others = [
        away(1, 1, 9, agreed=True),  # the same person
        away(2, 3, 4, agreed=True), away(2, 3, 4),  # twice one person, agreed once
        away(3, 4, 8), away(4, 5, 5), away(5, 3, 3, subject=2), away(6, 1, 2, agreed=True),
    ]  # fmt: skip
    assert absence_of(away(1, 3, 4), others, 9) == Absence(1, 1, 9)


@pytest.mark.req("ENR-5")
@pytest.mark.parametrize(
    ("absence", "share", "answer"),
    [(Absence(0, 0, 1), 0, False), (Absence(1, 0, 6), 30, True), (Absence(2, 0, 10), 30, False),
     (Absence(2, 1, 10), 30, True), (Absence(9, 0, 10), 100, False)],
)  # fmt: skip
def test_too_many_is_more_than_the_share_and_one_may_always_go(absence: Absence, share: int, answer: bool) -> None:
    assert too_many(absence, share) is answer


@pytest.mark.req("ENR-13")
def test_the_same_programme_then_the_subject_then_the_house_then_the_days() -> None:
    day = date(2026, 5, 1)

    def profile(key: int, programme: int = 9, institution: int = 9, days: int = 0, *subjects: int) -> Profile:
        return Profile(key, programme, institution, 24, day + timedelta(days=days), frozenset(subjects))

    lost = profile(1, 1, 1, 0, 7)
    others = [
        profile(6, 5, 5, 1, 8), profile(5, 4, 1, 1, 8), profile(4, 3, 3, 9, 7), profile(3, 2, 1, 30, 7, 8),
        profile(2, 1, 1, 60, 7), lost,
    ]  # fmt: skip
    assert most_alike(lost, others, 9) == [2, 3, 4, 5, 6]
    assert most_alike(lost, others, 2) == [2, 3]


@pytest.mark.req("ENR-13")
def test_a_free_seat_comes_before_everything_and_a_shared_stage_before_the_house() -> None:
    day = date(2026, 5, 1)
    lost = Profile(1, 1, 1, 24, day, frozenset({7}), frozenset({3}))
    full = Profile(2, 1, 1, 24, day, frozenset({7}), frozenset({3}), full=True)
    stage = Profile(3, 9, 9, 24, day, frozenset({7}), frozenset({3, 4}))
    house = Profile(4, 9, 1, 24, day, frozenset({7}), frozenset({4}))
    every = Profile(5, 9, 9, 24, day)  # for every subject and stage
    assert most_alike(lost, [full, house, every, stage], 9) == [3, 5, 4, 2]
