"""Entries of a list found by what people type: the code, or the name in any width and spacing (TCH-1, TCH-6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from app.domain.errors import Invalid, Problem, problem
from app.domain.names import normalise_text
from app.domain.text import N_

MOST_TOLD = 12  # entries of a list that are told whole
MOST_COMPARED = 200  # entries among which something alike is looked for, which takes time with every wrong row
ALIKE = 0.5  # share of equal characters
_NUMERALS = str.maketrans("123456789", "一二三四五六七八九")  # 3年级 is 三年级


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry: the number of its row, code and name, whether it is still offered, and what it belongs to.

    `above` is the number of the entry of another list it stands under: a grade's stage.
    """

    key: int
    code: str
    name: str
    in_use: bool = True
    above: int | None = None


class Choices:
    """A list to look things up in; made once, asked for every row of an import."""

    def __init__(self, entries: Iterable[Choice]) -> None:
        """Index `entries` by code and by name; a name that several have is found by code only."""
        self.by_key: dict[int, Choice] = {}
        self._by_text: dict[str, Choice | None] = {}
        for entry in entries:
            self.by_key[entry.key] = entry
            self._by_text[_folded(entry.code)] = entry
        for entry in self.by_key.values():
            name = _folded(entry.name)
            known = self._by_text.get(name, entry)
            self._by_text[name] = entry if known is entry else None

    def find(self, text: str, *, field: str, present: int | None = None) -> Choice:
        """Return the entry called `text`. Raises Invalid when there is none, or several of that name.

        Of several, the one with the key `present` is meant: giving the present value again is never a question.
        """
        found = self._by_text.get(text)
        if found is None and present is not None:
            found = self._present(_folded(text), present)
        if found is None:
            found = self._find_folded(_folded(text), field)
        return found

    def _present(self, folded: str, key: int) -> Choice | None:
        entry = self.by_key.get(key)
        return entry if entry is not None and folded == _folded(entry.name) else None

    def _find_folded(self, folded: str, field: str) -> Choice:
        found = self._by_text.get(folded) or self._by_text.get(folded.translate(_NUMERALS))
        if found is not None:
            return found
        if folded in self._by_text:
            text = N_("Several have this name; give the code instead.")
            raise Invalid(problem("choice_ambiguous", text, field=field))
        raise Invalid(self._unknown(folded, field))

    def _unknown(self, folded: str, field: str) -> Problem:
        """Return what to write instead: the whole list when it is short, else what looks alike."""
        given, names = folded[:50], self.names()
        if 0 < len(names) <= MOST_TOLD:
            text = N_("“%(given)s” is not in the list. Write one of: %(names)s.")
            return problem("choice_unknown", text, field=field, given=given, names="、".join(names))
        alike = get_close_matches(given, names, n=3, cutoff=ALIKE) if len(names) <= MOST_COMPARED else []
        if alike:
            text = N_("“%(given)s” is not in the list. Meant may be: %(names)s.")
            return problem("choice_unknown", text, field=field, given=given, names="、".join(alike))
        text = N_("“%(given)s” is not in the list; give a name or a code from the list.")
        return problem("choice_unknown", text, field=field, given=given)

    def names(self) -> list[str]:
        """Return the names still offered, in their order."""
        return [entry.name for entry in self.by_key.values() if entry.in_use]


def _folded(text: Any) -> str:
    return normalise_text(str(text)).casefold()
