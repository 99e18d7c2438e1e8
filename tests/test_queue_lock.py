"""Writers of SQLite pass one after the other, in the order they came, whoever is killed meanwhile (W7)."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app import queue_lock
from tests.support.databases import ROOT

pytestmark = [
    pytest.mark.req("W7", "R1"),
    pytest.mark.skipif(not hasattr(fcntl, "F_OFD_SETLKW"), reason="this system has no locks of open files"),
]
# Takes a turn, says so, and keeps it until its input ends.
WAITER = """
import os, sys
from app import queue_lock
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
queue_lock.wait(file)
os.write(int(sys.argv[3]), sys.argv[2].encode())
sys.stdin.read()
os.write(int(sys.argv[3]), sys.argv[2].upper().encode())
"""


class Queue:
    """A file to queue at, and processes that do."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard, self.told = os.pipe()
        self.waiting: dict[str, subprocess.Popen[bytes]] = {}

    def number(self) -> int:
        return int.from_bytes(self.path.read_bytes()[:8], "big") if self.path.exists() else 0

    def come(self, name: str) -> None:
        """Let a process queue up; return once it has its number."""
        before = self.number()
        command = [sys.executable, "-c", WAITER, str(self.path), name, str(self.told)]
        self.waiting[name] = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, pass_fds=[self.told])
        while self.number() == before:
            assert self.waiting[name].poll() is None
            os.sched_yield()

    def leave(self, name: str) -> None:
        one = self.waiting.pop(name)
        one.communicate()
        assert one.returncode == 0

    def kill(self, name: str) -> None:
        one = self.waiting.pop(name)
        one.send_signal(signal.SIGKILL)
        one.communicate()

    def hears(self) -> str:
        """Return who spoke next: small when the turn begins, capital when it ends."""
        return os.read(self.heard, 1).decode()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    made = Queue(tmp_path / "app.db-writers")
    yield made
    for name in list(made.waiting):
        made.kill(name)
    os.close(made.heard)
    os.close(made.told)


@contextmanager
def turn(path: Path) -> Iterator[None]:
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        queue_lock.wait(file)
        yield
    finally:
        os.close(file)


def test_each_passes_in_the_order_of_coming(queue: Queue) -> None:
    order: list[int] = []
    threads = []

    def pass_(number: int) -> None:
        with turn(queue.path):
            order.append(number)

    with turn(queue.path):
        for number in range(12):
            before = queue.number()
            threads.append(threading.Thread(target=pass_, args=(number,)))
            threads[-1].start()
            while queue.number() == before:
                os.sched_yield()
        assert order == []
    for thread in threads:
        thread.join(60)
    assert order == list(range(12))


def test_who_is_killed_while_holding_hands_on_to_the_next(queue: Queue) -> None:
    queue.come("a")
    assert queue.hears() == "a"
    queue.come("b")
    queue.come("c")
    queue.kill("a")
    assert queue.hears() == "b"
    queue.leave("b")
    assert (queue.hears(), queue.hears()) == ("B", "c")


def test_who_has_the_turn_can_tell_whether_somebody_waits(queue: Queue) -> None:
    file = os.open(queue.path, os.O_RDWR | os.O_CREAT)
    turn = queue_lock.wait(file)
    assert not queue_lock.is_awaited(file, turn)
    queue.come("a")
    assert queue_lock.is_awaited(file, turn)
    os.close(file)
    queue.leave("a")


def test_who_is_killed_while_waiting_is_passed_over_and_lets_nobody_in_early(queue: Queue) -> None:
    queue.come("a")
    assert queue.hears() == "a"
    for name in "bcd":
        queue.come(name)
    queue.kill("c")
    queue.kill("b")
    queue.leave("a")
    assert (queue.hears(), queue.hears()) == ("A", "d")


def test_many_that_are_killed_at_random_leave_nobody_behind(queue: Queue) -> None:
    names = "abcdefgh"
    for name in names:
        queue.come(name)
    assert queue.hears() == "a"
    for name in "adg":
        queue.kill(name)
    heard: list[Any] = []
    for name in "bcefh":
        heard.append(queue.hears())
        queue.leave(name)
        heard.append(queue.hears())
    assert "".join(heard) == "bBcCeEfFhH"
