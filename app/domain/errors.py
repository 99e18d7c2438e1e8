"""What can go wrong, as values: a code for machines, a text for people, and what to mend.

Services raise these; `app/web/errors.py` alone turns them into a status, a page, a flash or JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.domain.text import N_, Text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: `code`, the sentence with its numbers, and the `field` it belongs to (None: the whole)."""

    code: str
    text: Text
    field: str | None = None


def problem(code: str, msgid: str, *, field: str | None = None, **params: Any) -> Problem:
    """Return a `Problem`; `params` fill the `%(name)s` places of `msgid`."""
    return Problem(code, Text(msgid, params), field)


class DomainError(Exception):
    """A request the rules refuse. `problems` lists every reason at once (ENR-14)."""

    status = 422

    def __init__(self, problems: Iterable[Problem] | Problem) -> None:
        """Keep all `problems`; a single one may be given bare."""
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("; ".join(str(p.text) for p in self.problems))

    @property
    def code(self) -> str:
        """The first problem's code."""
        return self.problems[0].code


class Invalid(DomainError):
    """Input that must be mended before it can be saved (422)."""


class Conflict(DomainError):
    """The request clashes with what is stored: a duplicate, or somebody changed the row meanwhile (409)."""

    status = 409


class NotVisible(DomainError):
    """Absent or out of scope; both answer the same (404, ORG-6)."""

    status = 404

    def __init__(self) -> None:
        """One text for absent and forbidden, so that nothing can be probed."""
        super().__init__(problem("not_visible", N_("This record does not exist or is outside your scope.")))


class NotPermitted(DomainError):
    """The row may be seen, the act is not allowed (403)."""

    status = 403

    def __init__(self, why: Problem | None = None) -> None:
        """`why` names the missing right where a plain sentence would not help."""
        super().__init__(why or problem("not_permitted", N_("Your role does not allow this.")))


class TooManyRequests(DomainError):
    """A limit on attempts was reached (429). `retry_after` is in seconds."""

    status = 429

    def __init__(self, retry_after: int, why: Problem) -> None:
        """`why` tells when to try again."""
        super().__init__(why)
        self.retry_after = retry_after


@dataclass
class Problems:
    """Collects problems so that one answer names them all."""

    found: list[Problem] = field(default_factory=list)

    def add(self, code: str, msgid: str, *, field: str | None = None, **params: Any) -> None:
        """Remember one problem."""
        self.found.append(problem(code, msgid, field=field, **params))

    def raise_if_any(self, error: type[Invalid] | type[Conflict] = Invalid) -> None:
        """Raise `error` with everything found, or return when nothing was."""
        if self.found:
            raise error(self.found)
