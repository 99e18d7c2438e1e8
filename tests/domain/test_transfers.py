"""Who may ask for a transfer, what follows, and every reason against it (TCH-7, P16)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import transfers
from app.domain.terms import TeacherStatus, TransferKind, TransferState
from app.domain.transfers import Case, Side, Way, possible_kinds, refusals, sides_of, way_of

pytestmark = pytest.mark.req("TCH-7")

K, S = TransferKind, TeacherStatus
TODAY = date(2026, 3, 2)
IN = Case(K.TRANSFER_IN, S.EMPLOYED, frozenset({Side.RECEIVING}), 1, 2, TODAY)
OUT = Case(K.TRANSFER_OUT, S.EMPLOYED, frozenset({Side.RELEASING}), 1, 2, TODAY)
SECOND = replace(OUT, kind=K.SECONDMENT, starts_on=date(2026, 9, 1), ends_on=date(2027, 8, 31))


def codes(case: Case, **changes: Any) -> list[str]:
    return [problem.code for problem in refusals(replace(case, **changes))]


@pytest.mark.req("P16")
def test_from_another_school_the_release_is_awaited_and_out_of_the_pool_never() -> None:
    assert way_of(IN) is Way.AWAITS_RELEASE
    assert way_of(replace(IN, needs_release=False)) is Way.AT_ONCE
    assert way_of(replace(IN, from_school=None, status=S.UNATTACHED)) is Way.AT_ONCE


@pytest.mark.req("P16")
def test_the_bureau_above_both_decides_at_once_and_one_above_one_of_them_does_not() -> None:
    assert way_of(replace(IN, sides=transfers.ABOVE_BOTH)) is Way.AT_ONCE
    assert way_of(replace(IN, sides=frozenset({Side.ABOVE_TO}))) is Way.AWAITS_RELEASE
    assert transfers.may_release(transfers.ABOVE_BOTH)
    assert not transfers.may_release({Side.ABOVE_FROM})
    assert transfers.may_release({Side.ABOVE_FROM}, from_active=False)
    assert not transfers.may_accept({Side.ABOVE_TO})


def test_who_is_sent_to_a_school_waits_for_it_and_into_the_pool_for_nobody() -> None:
    assert way_of(OUT) is Way.AWAITS_ACCEPTANCE
    assert way_of(replace(OUT, sides=transfers.ABOVE_BOTH)) is Way.AT_ONCE
    assert way_of(replace(OUT, to_school=None)) is Way.AT_ONCE
    assert way_of(replace(OUT, kind=K.RETIRE, to_school=None)) is Way.AT_ONCE


def test_an_agreed_secondment_begins_on_its_day() -> None:
    assert way_of(SECOND) is Way.AWAITS_ACCEPTANCE
    assert way_of(replace(SECOND, sides=transfers.ABOVE_BOTH)) is Way.ON_THE_DAY
    assert way_of(replace(SECOND, sides=transfers.ABOVE_BOTH, starts_on=TODAY)) is Way.AT_ONCE
    assert transfers.begins(TransferState.RELEASED, True, TODAY, TODAY)
    assert not transfers.begins(TransferState.RELEASED, False, TODAY, TODAY)
    assert not transfers.is_over(TODAY, TODAY)
    assert transfers.is_over(date(2026, 3, 1), TODAY)


def test_every_reason_is_told_at_once() -> None:
    assert refusals(IN) == refusals(OUT) == refusals(SECOND) == []
    everything_wrong = {
        "sides": frozenset(), "status": S.SECONDED, "open_already": True, "to_school": 1, "to_active": False,
        "starts_on": TODAY, "reason": "长" * 201,
    }  # fmt: skip
    assert codes(OUT, **everything_wrong) == [
        "not_your_side", "wrong_status", "open_already", "same_school", "target_closed", "dates_unwanted",
        "reason_too_long",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"starts_on": None}, "no_first_day"),
        ({"ends_on": None}, "no_last_day"),
        ({"ends_on": date(2026, 8, 31)}, "ends_before_start"),
        ({"starts_on": date(2025, 1, 1), "ends_on": date(2026, 3, 1)}, "over_already"),
        ({"to_school": None}, "no_target"),
    ],
)
def test_a_secondment_has_a_school_and_two_days_in_order(changes: dict[str, Any], expected: str) -> None:
    assert codes(SECOND, **changes) == [expected]


def test_who_leaves_goes_to_no_school() -> None:
    assert codes(OUT, kind=K.LEAVE) == ["no_target_wanted"]


def test_what_is_offered_depends_on_where_somebody_stands() -> None:
    kept = {"kept": True, "may_receive": True}
    assert possible_kinds(S.EMPLOYED, **kept) == (K.TRANSFER_OUT, K.SECONDMENT, K.LEAVE, K.RETIRE)
    assert possible_kinds(S.SECONDED, **kept) == ()
    for status in (S.EMPLOYED, S.UNATTACHED, S.LEFT):
        assert possible_kinds(status, kept=False, may_receive=True) == (K.TRANSFER_IN,)
        assert possible_kinds(status, kept=False, may_receive=False) == ()


def test_sides_come_from_the_own_school_and_the_subtree() -> None:
    here, there = (1, "/330000/330100/330106/"), (2, "/330000/331100/331126/")

    def stand(**who: Any) -> frozenset[Side]:
        asked: dict[str, Any] = {"everything": False, "school": None, "subtree": None, **who}
        return sides_of(from_school=here, to_school=there, **asked)

    assert stand(school=1) == {Side.RELEASING}
    assert stand(school=2) == {Side.RECEIVING}
    assert stand(subtree="/330000/330100/330106/") == {Side.ABOVE_FROM}
    assert stand(subtree="/330000/331100/") == {Side.ABOVE_TO}
    assert stand(subtree="/330000/") == transfers.ABOVE_BOTH
    assert stand(everything=True) == frozenset(Side)
    assert stand() == frozenset()


@given(
    st.sampled_from(K), st.sampled_from(S), st.sets(st.sampled_from(Side)), st.sampled_from([None, 1]),
    st.sampled_from([None, 2]), st.booleans(),
)  # fmt: skip
def test_nobody_but_those_concerned_ever_moves_anybody_at_once(
    kind: K, status: S, sides: set[Side], from_school: int | None, to_school: int | None, needs_release: bool
) -> None:
    """At once goes only who is given away and taken in by whoever asks; out of the pool it is enough to take in."""
    if kind is K.NEW:
        return
    days = {"starts_on": TODAY, "ends_on": TODAY} if kind is K.SECONDMENT else {}
    case = Case(kind, status, frozenset(sides), from_school, to_school, TODAY, needs_release=needs_release, **days)
    if not refusals(case) and way_of(case) is Way.AT_ONCE:
        gives = bool(transfers.GIVING & sides) or from_school is None or not needs_release
        takes = bool(transfers.TAKING & sides) or to_school is None
        assert (gives, takes) == (True, True)
