"""Expanding, cancelling, moving, and what it would mean (ENR-4, ENR-7, ENR-12, ENR-17)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.adjustments import (
    Expansion,
    Target,
    check_cancellation,
    check_expansion,
    check_reassignment,
    may_cancel_alone,
    most_seats,
    simulate_reserve,
    simulate_seats,
)
from app.domain.errors import Conflict, DomainError, Invalid
from app.domain.policy import Policy
from app.domain.terms import ClassState, RoundKind

POLICY = Policy.from_values()
ASKED = Expansion(original=41, seats=41, wanted=61, admitted=0)
TARGET = Target(ClassState.OFFERED, seats=40, taken=39, same_batch=True, same_class=False, fits=True)


def codes(error: pytest.ExceptionInfo[DomainError]) -> list[str]:
    """Return the codes of a refusal."""
    return [p.code for p in error.value.problems]


@pytest.mark.req("ENR-7")
def test_half_of_the_original_plan_rounded_down_is_the_limit() -> None:
    assert most_seats(41, POLICY) == 61
    check_expansion(ASKED, POLICY)
    check_expansion(replace(ASKED, seats=60), POLICY)
    with pytest.raises(Invalid) as refused:
        check_expansion(replace(ASKED, seats=60, wanted=62), POLICY)
    assert codes(refused) == ["expansion_limit"]
    assert "At most 61 seats: the plan of 41 and 50 %" in str(refused.value)


@pytest.mark.req("ENR-7")
def test_the_province_passes_the_limit_with_a_reason_only() -> None:
    beyond = replace(ASKED, wanted=62, override=True)
    with pytest.raises(Invalid) as refused:
        check_expansion(replace(beyond, reason="  "), POLICY)
    assert codes(refused) == ["override_reason"]
    check_expansion(replace(beyond, reason="统一教材更换"), POLICY)


@pytest.mark.req("ENR-7")
def test_everything_wrong_with_an_expansion_is_said_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        check_expansion(replace(ASKED, wanted=41, admitted=45), POLICY)
    assert codes(refused) == ["not_more_seats", "fewer_than_admitted"]


@pytest.mark.req("ENR-7", "ENR-12")
@pytest.mark.parametrize(
    ("live", "kind", "alone"),
    [
        (10, RoundKind.ROUND_ONE, True),
        (11, RoundKind.ROUND_ONE, False),
        (25, RoundKind.ROUND_TWO, True),
        (26, RoundKind.ROUND_TWO, False),
    ],
)
def test_up_to_the_limit_the_institution_cancels_alone(live: int, kind: RoundKind, alone: bool) -> None:
    assert may_cancel_alone(live, kind, POLICY) is alone


@pytest.mark.req("ENR-7", "ENR-13")
def test_cancelling_after_admission_asks_twice_and_keeps_to_the_number_shown() -> None:
    check_cancellation(ClassState.OFFERED, admitted=0, live=9, confirmed=None)
    check_cancellation(ClassState.RUNNING, admitted=5, live=9, confirmed=9)
    with pytest.raises(Conflict) as refused:
        check_cancellation(ClassState.OFFERED, admitted=5, live=9, confirmed=None)
    assert codes(refused) == ["confirm_admitted"]
    with pytest.raises(Conflict) as refused:
        check_cancellation(ClassState.OFFERED, admitted=5, live=9, confirmed=8)
    assert codes(refused) == ["consequence_changed"]
    for state in (ClassState.DRAFT, ClassState.PENDING, ClassState.COMPLETED, ClassState.CANCELLED):
        with pytest.raises(Conflict) as refused:
            check_cancellation(state, admitted=0, live=0, confirmed=None)
        assert codes(refused) == ["not_cancellable"]


@pytest.mark.req("ENR-17")
def test_before_the_draw_regions_lose_in_proportion() -> None:
    told = simulate_seats({"西湖区": 45, "庆元县": 15, "龙泉市": 0}, seats=40, wanted=50)
    assert (told.waiting, told.out_before, told.out_after, told.right_to_round_two) == (60, 20, 10, 10)
    assert [(r.region, r.waiting, r.without_seat) for r in told.regions] == [("西湖区", 45, 7.5), ("庆元县", 15, 2.5)]


@pytest.mark.req("ENR-17")
def test_a_cancellation_leaves_nobody_a_seat() -> None:
    told = simulate_seats({"西湖区": 3}, seats=40, wanted=0)
    assert (told.out_before, told.out_after, told.regions[0].without_seat) == (0, 3, 3.0)


@pytest.mark.req("ENR-17")
def test_after_the_draw_the_reserve_order_says_who_moves_up() -> None:
    told = simulate_reserve({"E3": "西湖区", "E1": "庆元县", "E2": "西湖区"}, more=1)
    assert told.promoted == ("E3",)
    assert (told.out_before, told.out_after) == (3, 2)
    assert {r.region: r.without_seat for r in told.regions} == {"西湖区": 1, "庆元县": 1}


@pytest.mark.req("ENR-17")
@given(st.dictionaries(st.sampled_from("甲乙丙丁"), st.integers(0, 90)), st.integers(0, 200), st.integers(0, 200))
def test_the_regions_sum_up_to_the_whole(waiting: dict[str, int], seats: int, wanted: int) -> None:
    told = simulate_seats(waiting, seats=seats, wanted=wanted)
    assert sum(r.waiting for r in told.regions) == told.waiting
    assert abs(sum(r.without_seat for r in told.regions) - told.out_after) <= 0.05 * len(told.regions) + 1e-9


@pytest.mark.req("ENR-4")
def test_a_reassignment_needs_a_free_seat_in_a_fitting_class_of_the_batch() -> None:
    check_reassignment(TARGET)
    with pytest.raises(Conflict) as refused:
        check_reassignment(Target(ClassState.CANCELLED, 40, 40, same_batch=False, same_class=True, fits=False))
    assert codes(refused) == ["same_class", "target_state", "other_batch", "target_does_not_fit", "target_full"]
