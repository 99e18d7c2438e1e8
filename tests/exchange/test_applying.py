"""How many blocks of an import are written in one transaction (W10)."""

from __future__ import annotations

import pytest

from app.exchange.applying import CALM, LONGEST, TOGETHER, Pace

pytestmark = pytest.mark.req("W10")


def after(*transactions: tuple[float, bool]) -> list[int]:
    """Return how many blocks each transaction after these would write, given (seconds, whether somebody waited)."""
    pace, found = Pace(), []
    for seconds, waited in transactions:
        pace.note(seconds, waited)
        found.append(pace.blocks)
    return found


QUICK, SLOW = LONGEST / 4, LONGEST * 1.1


def test_blocks_are_written_one_by_one_until_nobody_has_waited_for_a_while() -> None:
    assert after(*[(QUICK, False)] * (CALM + 3)) == [1] * (CALM - 1) + [2, 4, TOGETHER, TOGETHER]


def test_one_who_waits_is_let_through_after_every_block() -> None:
    calm = [(QUICK, False)] * (CALM + 2)
    assert after(*calm, (QUICK, True), (QUICK, False))[-3:] == [TOGETHER, 1, 1]


def test_a_transaction_that_takes_long_is_followed_by_shorter_ones() -> None:
    calm = [(QUICK, False)] * (CALM + 2)
    assert after(*calm, *[(SLOW, False)] * 5)[-5:] == [4, 2, 1, 1, 1]


def test_one_that_is_neither_long_nor_short_is_followed_by_its_like() -> None:
    calm = [(QUICK, False)] * CALM
    assert after(*calm, (LONGEST * 0.7, False))[-2:] == [2, 2]
