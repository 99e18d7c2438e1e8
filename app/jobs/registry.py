"""The kinds of background job: each is a function of a `Run`, registered by name."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.security.actor import Actor


@dataclass(frozen=True)
class Result:
    """The file a job made: the `name` its owner sees and the `path` inside the folder of exports."""

    name: str
    path: str


@dataclass(frozen=True)
class Run:
    """What a job function is given: who asked for it, with what, where to write, and how to tell its progress.

    `progress(done, total)` counts rows; it raises when the owner has stopped the job or the worker is ending.
    """

    job_id: int
    actor: Actor
    arguments: dict[str, Any]
    folder: Path
    progress: Callable[[int, int], None]

    @contextmanager
    def workbook(self) -> Iterator[tuple[str, str]]:
        """Give the name of a new workbook and the path to write it to; it gets its name once it is whole."""
        name = f"{self.job_id}-{secrets.token_hex(8)}.xlsx"
        part = self.folder / f"{name}.part"
        try:
            yield name, str(part)
            part.replace(self.folder / name)
        finally:
            part.unlink(missing_ok=True)


Kind = Callable[[Run], Result | None]
_kinds: dict[str, Kind] = {}


def job(kind: str) -> Callable[[Kind], Kind]:
    """Register the function that does jobs of `kind`. Raises ValueError when the name is taken."""

    def register(function: Kind) -> Kind:
        if _kinds.get(kind, function) is not function:
            raise ValueError(f"two jobs are called {kind!r}")
        _kinds[kind] = function
        return function

    return register


def kind_named(kind: str) -> Kind | None:
    """Return the function for `kind`, or None when there is none (any more)."""
    return _kinds.get(kind)
