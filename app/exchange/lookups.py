"""What the columns of a sheet look up while rows are read: reference lists and regions within the actor's scope."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import select

from app.domain.errors import Invalid, problem
from app.domain.names import normalise_text
from app.domain.text import N_, LabelledEnum
from app.extensions import db
from app.models import Region
from app.security.actor import Actor
from app.security.scope import visible_clause

Translate = Callable[[str], str]
MOST_NAMED = 12  # choices listed in a message

_UNKNOWN = N_("“%(given)s” is not in the list. Choose one of: %(choices)s.")
_AMBIGUOUS = N_("“%(given)s” names several; write its code.")
OUTSIDE = N_("“%(given)s” is no region, or lies outside yours. Write the code or the full name (province/city/county).")


@dataclass(frozen=True)
class Listed:
    """A list rows refer to: how each entry is shown, and what people may write for it."""

    shown: dict[int, str]
    written: dict[str, list[int]]

    def find(self, given: str, *, unknown: str = _UNKNOWN) -> int:
        """Return the key of the entry `given` names. Raises Invalid when there is none or several."""
        found = self.written.get(plain(given), [])
        if len(found) == 1:
            return found[0]
        if found:
            raise Invalid(problem("ambiguous_choice", _AMBIGUOUS, given=given[:50]))
        raise Invalid(problem("unknown_choice", unknown, given=given[:50], choices=some(self.shown.values())))


@dataclass
class Lookups:
    """The lists of one import or export, read once; `actor` says which entries there are."""

    actor: Actor
    translate: Translate
    _lists: dict[type[Any], Listed] = field(default_factory=dict)

    def of(self, model: type[Any]) -> Listed:
        """Return the entries of a reference list, by name and by code; those out of use are still understood."""
        if model not in self._lists:
            rows = db.session.execute(select(model.id, model.code, model.name).order_by(model.position)).all()
            self._lists[model] = _listed(((key, name, (code, name)) for key, code, name in rows))
        return self._lists[model]

    def in_use(self, model: type[Any]) -> list[str]:
        """Return the names that are still offered."""
        return list(db.session.scalars(select(model.name).where(model.in_use.is_(True)).order_by(model.position)))

    def words(self, kind: type[LabelledEnum]) -> dict[str, str]:
        """Return stored word → label in the language of the reader."""
        return {member.value: self.translate(member.label) for member in kind}

    @cached_property
    def regions(self) -> Listed:
        """The regions schools can stand in, of the actor's scope: by code, full path, or a name that is unique."""
        everything = {row.id: row for row in db.session.execute(select(Region.id, Region.name, Region.parent_id))}
        mine = select(Region.id, Region.code).where(self._own_regions()).order_by(Region.path)
        return _listed(
            (key, "/".join(names), (code, *("".join(names[at:]) for at in range(len(names)))))
            for key, code in db.session.execute(mine)
            for names in [_names_down_to(key, everything)]
        )

    def _own_regions(self) -> Any:
        path = self.actor.region_path
        if self.actor.everything or path is None:
            return visible_clause(Region, self.actor)
        return Region.path.startswith(path, autoescape=True)


def _names_down_to(key: int, rows: dict[int, Any]) -> list[str]:
    names: list[str] = []
    row = rows.get(key)
    while row is not None:
        names.insert(0, row.name)
        row = rows.get(row.parent_id)
    return names


def _listed(entries: Iterable[tuple[int, str, Iterable[str]]]) -> Listed:
    shown: dict[int, str] = {}
    written: dict[str, list[int]] = {}
    for key, name, spellings in entries:
        shown[key] = name
        for spelling in {plain(each) for each in spellings}:
            written.setdefault(spelling, []).append(key)
    return Listed(shown, written)


def plain(text: str) -> str:
    """Return a choice as it is compared: half-width, small letters, without blanks and what separates a path."""
    return re.sub(r"[\s/\\>·\-—|]+", "", normalise_text(text)).casefold()


def some(names: Iterable[str]) -> str:
    """Return names for a message, not endlessly many."""
    listed = list(names)
    return "、".join(listed[:MOST_NAMED]) + (" …" if len(listed) > MOST_NAMED else "")
