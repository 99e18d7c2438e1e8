"""Sentences kept in the database and read later, in the language of whoever reads: a `Text` as JSON and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.domain.clock import local
from app.domain.text import LabelledEnum, Text


def pack(text: Text) -> list[Any]:
    """Return `text` as JSON can hold it: [msgid, params]; words and sentences among the values stay translatable."""
    return [text.msgid, {name: _packed(value) for name, value in text.params.items()}]


def _packed(value: Any) -> Any:
    if isinstance(value, LabelledEnum):
        return {"text": [value.label, {}]}
    if isinstance(value, Text):
        return {"text": pack(value)}
    if isinstance(value, datetime):
        return f"{local(value):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float) else str(value)


def unpack(packed: Sequence[Any]) -> Text:
    """Return the sentence that `pack` made JSON of."""
    msgid, params = packed
    return Text(msgid, {name: _unpacked(value) for name, value in (params or {}).items()})


def _unpacked(value: Any) -> Any:
    return unpack(value["text"]) if isinstance(value, Mapping) else value
