"""A process beside the worker that works things out ahead: an import then uses two processors (B1).

It is forked before the worker has threads or connections, and only computes: no database, no files. It ends with the
worker, however that ends, for its end of the pipe closes then.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar, cast

import structlog
from flask import Flask

Item = TypeVar("Item")
Found = TypeVar("Found")

HELPER = "helper"  # its place among the extensions of the application

log = structlog.get_logger("worker")


class Helper:
    """Works on one thing at a time while this process does another."""

    def __init__(self) -> None:
        context = get_context("fork")
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, self._pipe), daemon=True)
        self.process.start()
        theirs.close()

    def map(self, function: Callable[[Item], Found], items: Iterable[Item]) -> Iterator[Found]:
        """Yield `function(item)` for each item; the next is worked out while the caller uses the last.

        `function`, items and results must be picklable. What it raises is raised here. Should the helper have been
        killed, the work is done here.
        """
        left = iter(items)
        asked = self._ask_next(function, left)
        try:
            while asked:
                found = self._answer(function, asked.pop())
                asked = self._ask_next(function, left)
                yield found
        finally:
            if asked:  # the caller has stopped early: nobody else may find this answer
                self._received()

    def _ask_next(self, function: Callable[[Item], Found], left: Iterator[Item]) -> list[Item]:
        """Ask for the next item, if there is one; return it."""
        asked = list(islice(left, 1))
        for item in asked:
            with suppress(OSError):
                self._pipe.send((function, item))
        return asked

    def _answer(self, function: Callable[[Item], Found], item: Item) -> Found:
        good, found = self._received() or (True, function(item))
        if not good:
            raise cast("Exception", found)
        return cast("Found", found)

    def _received(self) -> tuple[bool, Any] | None:
        """Return whether it went well and what came of it; None when the helper has ended."""
        try:
            return cast("tuple[bool, Any]", self._pipe.recv())
        except (EOFError, OSError):
            log.warning("the helper of the worker has ended; the worker does its work as well")
            return None

    def end(self) -> None:
        """End the process."""
        self._pipe.close()
        self.process.join()


def _serve(pipe: Connection, other_end: Connection) -> None:
    """Answer what is asked until nobody can ask any more."""
    other_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: the worker decides when it ends
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(EOFError, OSError):
        while True:
            function, item = pipe.recv()
            pipe.send(_tried(function, item))


def _tried(function: Callable[[Any], Any], item: Any) -> tuple[bool, Any]:
    try:
        return True, function(item)
    except Exception as error:  # noqa: BLE001 - raised again where it was asked for
        return False, error


def ahead(
    helper: Helper | None, function: Callable[[Item], Found], items: Iterable[Item]
) -> Generator[Found, None, None]:
    """Yield `function(item)` for each item, worked out by `helper` where there is one."""
    yield from map(function, items) if helper is None else helper.map(function, items)


def employ_helper(app: Flask) -> None:
    """Give the application a helper. Only while it has one thread and no connection to a database."""
    app.extensions[HELPER] = Helper()


def helper_of(app: Flask) -> Helper | None:
    """Return the helper of the application; None where nobody has employed one."""
    return cast("Helper | None", app.extensions.get(HELPER))
