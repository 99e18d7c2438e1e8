"""Clients that press on a server: each keeps one connection and one session."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

TIMEOUT = 60.0


@dataclass(frozen=True)
class Request:
    """What is sent."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass
class Pressed:
    """What came back: how many of each status, and how long each answer took in seconds."""

    seconds: float
    statuses: dict[int, int] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)

    def count(self, *statuses: int) -> int:
        """Return how many answers had one of these statuses."""
        return sum(self.statuses.get(status, 0) for status in statuses)

    def rate(self, *statuses: int) -> float:
        """Return answers a second with one of these statuses. Raises AssertionError when others came as well."""
        others = {status: count for status, count in self.statuses.items() if status not in statuses}
        assert not others, f"unexpected answers: {others}"
        return self.count(*statuses) / self.seconds


def press(
    port: int, requests: Callable[[int], Iterator[Request]], *, clients: int, seconds: float, pause: float = 0.0
) -> Pressed:
    """Let `clients` send `requests(number)` one after the other for `seconds`, each on a connection of its own.

    `pause` is how many seconds each waits after an answer.
    """
    found: list[tuple[int, float]] = []
    begun = time.perf_counter()
    threads = [
        threading.Thread(target=_client, args=(port, requests(number), begun + seconds, found, pause))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pressed = Pressed(time.perf_counter() - begun)
    for status, taken in found:
        pressed.statuses[status] = pressed.statuses.get(status, 0) + 1
        pressed.times.append(taken)
    return pressed


def _client(port: int, requests: Iterator[Request], end: float, found: list[tuple[int, float]], pause: float) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    for request in requests:
        begun = time.perf_counter()
        if begun >= end:
            break
        status = answer(connection, request)[0]
        found.append((status, time.perf_counter() - begun))
        if pause:
            time.sleep(pause)
    connection.close()


def answer(connection: http.client.HTTPConnection, request: Request) -> tuple[int, bytes]:
    """Send one request; return status and body. Status 0 stands for a connection that broke."""
    try:
        connection.request(request.method, request.path, request.body, request.headers)
        got = connection.getresponse()
        return got.status, got.read()
    except (http.client.HTTPException, OSError):
        connection.close()
        return 0, b""


def again_and_again(path: str, cookie: str) -> Callable[[int], Iterator[Request]]:
    """Return the requests of a reader who asks for one page over and over with a session."""
    request = Request(path, headers={"Cookie": cookie})
    return lambda _number: itertools.repeat(request)


def once(port: int, request: Request) -> tuple[int, bytes]:
    """Send one request on a new connection; return status and body."""
    connection: Any = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        return answer(connection, request)
    finally:
        connection.close()
