"""Names cut into neighbouring characters, so that an index finds any part of a name, one character or four (TCH-4)."""

from __future__ import annotations

from itertools import pairwise


def pairs_of(text: str) -> set[tuple[str, str]]:
    """Return each character of `text` (lower case) with the one after it; the last stands with an empty one."""
    folded = text.lower()
    return set(zip(folded, [*folded[1:], ""], strict=True))


def pairs_sought(part: str) -> list[tuple[str, str | None]]:
    """Return the pairs every text that contains `part` has; None stands for any second character.

    Longer parts need a look at the text itself: the pairs might stand apart in it.
    """
    folded = part.lower()
    if len(folded) == 1:
        return [(folded, None)]
    return list(dict.fromkeys(pairwise(folded)))
