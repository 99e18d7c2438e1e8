"""The helper of the worker works things out ahead, and nothing is lost when it ends (B1, R7)."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from itertools import count

import pytest

from app.jobs.beside import Helper, ahead

pytestmark = pytest.mark.req("B1")


def where(number: int) -> tuple[int, int]:
    """Tell in which process the number was doubled."""
    return 2 * number, os.getpid()


def refused(number: int) -> int:
    """Refuse odd numbers."""
    if number % 2:
        raise ValueError(number)
    return number


def ending(number: int) -> tuple[int, int]:
    """End the process that helps, but not the one it helps."""
    if os.getpid() != OWN:
        os.kill(os.getpid(), signal.SIGKILL)
    return where(number)


OWN = os.getpid()


@pytest.fixture
def helper() -> Iterator[Helper]:
    made = Helper()
    yield made
    made.end()


def test_answers_come_in_order_from_another_process(helper: Helper) -> None:
    found = list(helper.map(where, range(5)))
    assert [double for double, _ in found] == [0, 2, 4, 6, 8]
    assert {process for _, process in found} == {helper.process.pid}
    assert list(ahead(None, where, range(2))) == [(0, os.getpid()), (2, os.getpid())]


def test_the_next_is_asked_for_before_the_last_is_used(helper: Helper) -> None:
    asked: list[int] = []
    answers = helper.map(where, (asked.append(n) or n for n in count()))
    next(answers)
    assert asked == [0, 1]
    next(answers)
    assert asked == [0, 1, 2]


def test_what_it_raises_is_raised_here_and_it_goes_on(helper: Helper) -> None:
    with pytest.raises(ValueError, match="1"):
        list(helper.map(refused, [0, 1, 2]))
    assert list(helper.map(refused, [4, 6])) == [4, 6]


def test_who_stops_early_leaves_no_answer_for_the_next(helper: Helper) -> None:
    answers = helper.map(where, range(9))
    next(answers)
    answers.close()
    assert [double for double, _ in helper.map(where, [7, 8])] == [14, 16]


def test_a_helper_that_was_killed_is_done_without(helper: Helper) -> None:
    assert list(helper.map(ending, [1, 2])) == [(2, os.getpid()), (4, os.getpid())]
    assert list(helper.map(where, [3])) == [(6, os.getpid())]


def test_it_ends_with_the_process_it_helps() -> None:
    reader, writer = os.pipe()
    owner = os.fork()
    if owner == 0:  # a worker that is killed
        os.write(writer, str(Helper().process.pid).encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(writer)
    os.waitpid(owner, 0)
    assert int(os.read(reader, 20)) != owner
    assert os.read(reader, 1) == b""  # the helper had the other end as well: it is closed when the helper has ended
    os.close(reader)
