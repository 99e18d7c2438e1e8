"""Every refusal of an enrollment, alone and together, at its edges (ENR-1 to ENR-3, ENR-11, ENR-14, ENR-15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.domain.enrollment import Candidate, Held, Occasion, Offer, fits, hours_held, refusals, warnings
from app.domain.policy import Policy
from app.domain.terms import ClassState, ProgrammeKind, RoundKind, TeacherStatus
from app.domain.timetables import Timetable

PROVINCE, HANGZHOU, XIHU, LISHUI = "/330000/", "/330000/330100/", "/330000/330100/330106/", "/330000/331100/"
MAY = Timetable(date(2026, 5, 4), date(2026, 5, 8))
JUNE = Timetable(date(2026, 6, 1), date(2026, 6, 5))
TEACHER = Candidate(TeacherStatus.EMPLOYED, XIHU, stage_id=1, post_category_id=2)
CLASS = Offer(7, "识字教学", ClassState.OFFERED, ProgrammeKind.ELECTIVE, Decimal(24), MAY, (HANGZHOU,), 40, free=3)


def held(hours: int = 24, timetable: Timetable = JUNE, **changes: Any) -> Held:
    """Return a live enrollment in another class."""
    return replace(Held(8, "古诗教学", Decimal(hours), timetable), **changes)


def occasion(kind: RoundKind | None = RoundKind.ROUND_ONE, **parameters: Any) -> Occasion:
    """Return an open round under the default parameters and those given."""
    return Occasion(Policy.from_values(parameters), kind)


TWO = occasion(RoundKind.ROUND_TWO)


def codes(candidate: Candidate, offer: Offer, when: Occasion) -> list[str]:
    """Return the codes of the refusals."""
    return [reason.code for reason in refusals(candidate, offer, when)]


@pytest.mark.req("ENR-1", "ENR-2")
def test_a_teacher_who_fits_is_welcome_in_round_one_even_when_the_class_is_over_full() -> None:
    assert refusals(TEACHER, replace(CLASS, enrolled=400, free=0), occasion()) == []


CASES = [
    ("window_closed", TEACHER, CLASS, occasion(None)),
    ("class_not_offered", TEACHER, replace(CLASS, state=ClassState.CANCELLED), occasion()),
    ("class_not_offered", TEACHER, replace(CLASS, state=ClassState.RUNNING), occasion()),
    ("kind_not_chosen", TEACHER, replace(CLASS, kind=ProgrammeKind.MANDATED), occasion()),
    ("not_at_a_school", replace(TEACHER, status=TeacherStatus.LEFT), CLASS, occasion()),
    ("not_at_a_school", replace(TEACHER, status=TeacherStatus.UNATTACHED, school_path=None), CLASS, occasion()),
    ("region_not_aimed_at", replace(TEACHER, school_path=LISHUI), CLASS, occasion()),
    ("region_not_aimed_at", replace(TEACHER, school_path=PROVINCE), CLASS, occasion()),
    ("stage_does_not_fit", TEACHER, replace(CLASS, stage_ids=frozenset({5, 6})), occasion()),
    ("stage_does_not_fit", replace(TEACHER, stage_id=None), replace(CLASS, stage_ids=frozenset({1})), occasion()),
    ("post_does_not_fit", TEACHER, replace(CLASS, post_category_ids=frozenset({3})), occasion()),
    ("already_enrolled", replace(TEACHER, held=(held(class_id=7),)), CLASS, occasion()),
    ("not_evaluated", replace(TEACHER, unevaluated=("去年的课",)), CLASS, occasion()),
    ("no_right_to_round_two", TEACHER, CLASS, TWO),
    ("hours_cap", replace(TEACHER, held=(held(67),)), CLASS, occasion()),
    ("hours_cap", replace(TEACHER, held=(held(91),)), CLASS, occasion(hours_cap_mode="literal")),
    ("classes_cap", replace(TEACHER, held=(held(),)), CLASS, occasion(classes_cap="1")),
    ("time_clash", replace(TEACHER, held=(held(timetable=MAY),)), CLASS, occasion(clash_check="block")),
    ("full", replace(TEACHER, failed_at_institution=True), replace(CLASS, free=0), TWO),
]


@pytest.mark.req("ENR-14")
@pytest.mark.parametrize(("code", "candidate", "offer", "when"), CASES)
def test_each_reason_alone(code: str, candidate: Candidate, offer: Offer, when: Occasion) -> None:
    assert codes(candidate, offer, when) == [code]


WELCOME = [
    (replace(TEACHER, status=TeacherStatus.SECONDED), CLASS, occasion()),
    (TEACHER, replace(CLASS, target_paths=(PROVINCE,)), occasion()),
    (TEACHER, replace(CLASS, stage_ids=frozenset({1, 5}), post_category_ids=frozenset({2})), occasion()),
    (replace(TEACHER, unevaluated=("去年的课",)), CLASS, occasion(evaluation_required_to_enroll="false")),
    (TEACHER, CLASS, occasion(RoundKind.ROUND_TWO, round_two_open_to="everyone")),
    (replace(TEACHER, failed_at_institution=True), CLASS, TWO),
    (replace(TEACHER, held=(held(66),)), CLASS, occasion()),
    (replace(TEACHER, held=(held(90),)), CLASS, occasion(hours_cap_mode="literal")),
    (replace(TEACHER, held=(held(900, counts=False),)), CLASS, occasion(classes_cap="1")),
    (replace(TEACHER, held=(held(timetable=MAY),)), CLASS, occasion()),
    (replace(TEACHER, held=(held(timetable=MAY),)), CLASS, occasion(clash_check="off")),
]


@pytest.mark.req("ENR-2", "ENR-3", "ENR-11", "ENR-15")
@pytest.mark.parametrize(("candidate", "offer", "when"), WELCOME)
def test_just_inside_each_limit(candidate: Candidate, offer: Offer, when: Occasion) -> None:
    assert codes(candidate, offer, when) == []


@pytest.mark.req("ENR-14")
def test_all_reasons_come_at_once_with_their_numbers() -> None:
    candidate = replace(TEACHER, school_path=LISHUI, unevaluated=("甲", "乙"), held=(held(80),))
    found = refusals(candidate, replace(CLASS, state=ClassState.CANCELLED), occasion(None))
    assert [p.code for p in found] == [
        "window_closed", "class_not_offered", "region_not_aimed_at", "not_evaluated", "hours_cap",
    ]  # fmt: skip
    assert str(found[-1].text) == "80 hours held + 24 hours of this class > cap of 90; withdraw from a class first."
    assert "甲、乙" in str(found[-2].text)


@pytest.mark.req("ENR-14")
def test_whoever_is_enrolled_already_is_not_told_of_caps_this_class_itself_fills() -> None:
    candidate = replace(TEACHER, held=(held(80, class_id=7, timetable=MAY),))
    assert codes(candidate, CLASS, occasion(classes_cap="1", clash_check="block")) == ["already_enrolled"]


@pytest.mark.req("ENR-14")
def test_a_closed_window_says_when_it_opens_in_shanghai() -> None:
    when = Occasion(Policy.from_values(), None, datetime(2026, 3, 1, 0, 30, tzinfo=UTC))
    assert "2026-03-01 08:30" in str(refusals(TEACHER, CLASS, when)[0].text)


@pytest.mark.req("ENR-1", "ENR-15")
def test_warnings_of_a_clash_and_of_a_likely_draw() -> None:
    candidate = replace(TEACHER, held=(held(timetable=MAY),))
    over_full = replace(CLASS, enrolled=40)
    assert [w.code for w in warnings(candidate, over_full, occasion())] == ["time_clash", "draw_likely"]
    assert [w.code for w in warnings(candidate, over_full, TWO)] == ["time_clash"]
    assert warnings(TEACHER, replace(CLASS, enrolled=39), occasion()) == []
    assert warnings(candidate, CLASS, occasion(clash_check="block")) == []


@pytest.mark.req("ENR-1")
def test_the_catalogue_holds_what_fits_region_stage_and_post() -> None:
    assert fits(TEACHER, CLASS)
    assert not fits(replace(TEACHER, school_path=LISHUI), CLASS)
    assert not fits(TEACHER, replace(CLASS, stage_ids=frozenset({5})))
    assert not fits(TEACHER, replace(CLASS, post_category_ids=frozenset({5})))


@pytest.mark.req("ENR-2")
def test_half_hours_are_kept() -> None:
    pair = (held(0, credit_hours=Decimal("0.5")), held(0, credit_hours=Decimal("0.50")), held(9, counts=False))
    assert hours_held(pair) == Decimal("1.0")
    edge = replace(TEACHER, held=(held(0, credit_hours=Decimal("66.5")),))
    assert "66.5 hours held + 24 hours" in str(refusals(edge, CLASS, occasion())[0].text)
