"""Row keys and other whole numbers as addresses, forms and programs send them: anything may stand there."""

from __future__ import annotations

from collections.abc import Iterable

DIGITS = 9  # what every row key has at the most, and what every database takes


def number_of(text: object, *, digits: int = DIGITS) -> int | None:
    """Return the number that `text` writes in at most so many ASCII digits; None for anything else.

    `str.isdigit` alone lets "²" through, at which `int` raises, and numbers too long for `int` or the database.
    """
    written = str(text)
    return int(written) if written.isascii() and written.isdigit() and len(written) <= digits else None


def numbers_of(parts: Iterable[object]) -> list[int]:
    """Return the numbers among `parts` in their order; whatever is none is left out."""
    return [number for part in parts if (number := number_of(part)) is not None]
