"""Marking texts for translation where no request, and so no language, exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self


def N_(message: str) -> str:  # noqa: N802 - the name every gettext tool knows
    """Mark `message` for the catalogue and return it unchanged; `app/web` translates it."""
    return message


@dataclass(frozen=True, slots=True)
class Text:
    """A translatable sentence with the numbers it needs: `msgid` uses `%(name)s` places."""

    msgid: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.rendered(str)

    def rendered(self, translate: Callable[[str], str]) -> str:
        """Return the sentence with itself and every word or sentence among `params` put through `translate`."""
        sentence = translate(self.msgid)
        shown = {name: _shown(value, translate) for name, value in self.params.items()}
        return sentence % shown if shown else sentence


def _shown(value: Any, translate: Callable[[str], str]) -> Any:
    if isinstance(value, Text):
        return value.rendered(translate)
    return translate(value.label) if isinstance(value, LabelledEnum) else value


class LabelledEnum(StrEnum):
    """A string enumeration whose members carry the label people read.

    Declare members as `NAME = "value", N_("Label")`; `.value` is stored, `.label` is shown.
    """

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        """Build the member from its stored value and its label; only reading a stored value back goes without."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member
