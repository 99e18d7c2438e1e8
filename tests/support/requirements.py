"""The list of requirement ids, and the check that tests name no other."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

LIST = Path(__file__).resolve().parent.parent / "requirements.toml"


def chapters() -> dict[str, dict[str, str]]:
    """Return chapter title → {id: short title}, in the order of the list."""
    with open(LIST, "rb") as file:
        return {
            chapter["title"]: {key: text for key, text in chapter.items() if key != "title"}
            for chapter in tomllib.load(file).values()
        }


def known_ids() -> frozenset[str]:
    """Return every requirement id there is."""
    return frozenset(key for chapter in chapters().values() for key in chapter)


def ids_of(item: pytest.Item) -> Iterator[str]:
    """Yield the ids the test `item` names, the nearest mark first."""
    for mark in item.iter_markers("req"):
        yield from mark.args


def refuse_unknown(items: Iterable[pytest.Item]) -> None:
    """Raise UsageError for tests whose mark names no id, or one that is not in the list."""
    known = known_ids()
    wrong = {
        f"{item.nodeid.partition('[')[0]}: {', '.join(map(str, mark.args)) or 'no id'}"
        for item in items
        for mark in item.iter_markers("req")
        if not mark.args or not known.issuperset(mark.args)
    }
    if wrong:
        raise pytest.UsageError(
            "req marks name unknown ids (tests/requirements.toml):\n  " + "\n  ".join(sorted(wrong))
        )
