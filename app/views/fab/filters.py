"""What a list can be filtered by: declared per screen, kept in the URL, applied as SQL conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select

from app.domain.clock import day_start
from app.domain.errors import NotVisible
from app.domain.numbers import number_of
from app.domain.text import LabelledEnum
from app.models import Bureau, Institution, Region, School, UtcDateTime
from app.security.actor import Actor
from app.security.scope import fetch_visible
from app.views.fab.columns import label_of, property_of, text_of
from app.web.actors import current_actor

Condition = Callable[[type[Any], str], Any]


@dataclass(frozen=True)
class Filter:
    """One filter: its name in the URL, how it is asked for, and the condition it makes of what was typed.

    `kind` is text, choice, remote, bool, date, or hidden (other pages lead to it); `condition(model, value)` returns
    SQL, or None for a value that means nothing (such a value is ignored, never an error).
    """

    name: str
    kind: str
    condition: Condition
    label: str | None = None
    options: Callable[[], Sequence[tuple[str, str]]] = field(default=lambda: ())
    target: type[Any] | None = None
    telling: Callable[[str], str] | None = None

    def title(self, model: type[Any]) -> str:
        """Return the translated label."""
        return _(self.label) if self.label else label_of(model, self.name)

    def means(self, model: type[Any], asked: Mapping[str, str]) -> bool:
        """Tell whether what was asked for under this name is a condition; what means nothing is passed over."""
        return self.name in asked and self.condition(model, asked[self.name]) is not None

    def useful_to(self, actor: Actor) -> bool:
        """Tell whether the filter parts the rows of `actor`: whoever belongs to one school sees no other (ORG-6)."""
        if actor.region_path is not None or actor.everything:
            return True
        alike = (School, Region, Bureau) if actor.school_id else (Institution, Bureau) if actor.institution_id else ()
        return self.target not in alike

    def told(self, value: str) -> str:
        """Return the chosen value as people read it."""
        if self.telling is not None:
            return self.telling(value)
        if self.target is not None:
            try:
                return str(fetch_visible(self.target, value, actor=current_actor()))
            except NotVisible:
                return value
        return dict(self.options()).get(value, value)


def contains(name: str, *others: str, label: str | None = None) -> Filter:
    """Return a filter on part of the text of one or several columns."""

    def condition(model: type[Any], value: str) -> Any:
        return or_(*(getattr(model, column).icontains(value, autoescape=True) for column in (name, *others)))

    return Filter(name, "text", condition, label)


def choice(name: str, kind: type[LabelledEnum]) -> Filter:
    """Return a filter on the values of an enumeration."""

    def condition(model: type[Any], value: str) -> Any:
        known = {member.value for member in kind}
        return getattr(model, name) == kind(value) if value in known else None

    return Filter(name, "choice", condition, options=lambda: [(m.value, text_of(m)) for m in kind])


def yes_no(name: str) -> Filter:
    """Return a filter on a yes-or-no column."""

    def condition(model: type[Any], value: str) -> Any:
        return getattr(model, name).is_(value == "yes") if value in ("yes", "no") else None

    return Filter(name, "choice", condition, options=lambda: [("yes", _("Yes")), ("no", _("No"))])


def related(name: str, target: type[Any], *, label: str | None = None) -> Filter:
    """Return a filter on the row a many-to-one relation points to, chosen by search."""

    def condition(model: type[Any], value: str) -> Any:
        mapped = property_of(model, name)
        column = next(iter(mapped.local_columns))
        key = number_of(value)
        return column == key if key is not None else None

    return Filter(name, "remote", condition, label, target=target)


def path_of(region_id: int) -> Any:
    """Return the path of a region, as a part of a query."""
    return select(Region.path).where(Region.id == region_id).scalar_subquery()


def subtree(name: str = "region") -> Filter:
    """Return a filter on a region and everything below it."""

    def condition(model: type[Any], value: str) -> Any:
        key = number_of(value)
        if key is None:
            return None
        below = select(Region.id).where(Region.path.startswith(path_of(key)))
        return model.region_id.in_(below)

    return Filter(name, "remote", condition, target=Region)


def date_from(name: str, *, label: str | None = None) -> Filter:
    """Return a filter on days from a given one on."""

    def condition(model: type[Any], value: str) -> Any:
        column = getattr(model, name)
        try:
            day = date.fromisoformat(value)
            return column >= (day_start(day) if isinstance(column.type, UtcDateTime) else day)
        except (ValueError, OverflowError):
            return None

    return Filter(name, "date", condition, label)
