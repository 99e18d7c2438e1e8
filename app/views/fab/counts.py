"""Columns of a list that count related rows, and the related lists of a row's page as tabs.

The numbers of a whole page come from one query each, and count what the reader may see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import ColumnElement, func, select

from app.extensions import db
from app.security.actor import Actor
from app.security.scope import visible_clause
from app.views.fab.listing import Asked, ListColumn, Listing, ListRow

SHOWN = 10  # rows of a related list on the page it belongs to
Narrow = Callable[[Any], ColumnElement[bool]]


@dataclass(frozen=True)
class Related:
    """Rows of another screen that belong to a row.

    `key` is their column that holds the row's key, which makes them a counted column too; or `narrow(row)` says which
    they are. `query(row)` are the parameters of the other screen's list that show all of them; `rare` ones have no tab
    while there are none.
    """

    name: str
    label: str
    view: str
    query: Callable[[Any], dict[str, Any]]
    key: str | None = None
    narrow: Narrow | None = None
    rare: bool = False

    def screen(self) -> Any:
        """Return the other screen."""
        return next(view for view in current_app.appbuilder.baseviews if type(view).__name__ == self.view)

    def permitted(self, actor: Actor) -> bool:
        """Tell whether the reader may open the other screen."""
        screen = self.screen()
        return actor.may(screen.method_permission_name["list"], screen.resource)

    def condition(self, row: Any) -> ColumnElement[bool]:
        """Return the condition that leaves the rows of `row`."""
        if self.narrow is not None:
            return self.narrow(row)
        return getattr(self.screen().model, str(self.key)) == row.id

    def url(self, row: Any) -> str:
        """Return the address of the other screen's list with these rows."""
        return url_for(f"{self.view}.list", **self.query(row))

    def count(self, row: Any, actor: Actor) -> int:
        """Count the rows of one row."""
        model = self.screen().model
        return (
            db.session.scalar(select(func.count(model.id)).where(visible_clause(model, actor), self.condition(row)))
            or 0
        )

    def counts(self, keys: Sequence[int], actor: Actor) -> dict[int, int]:
        """Return row → how many, for a page of rows in one query."""
        model = self.screen().model
        column = getattr(model, str(self.key))
        theirs = visible_clause(model, actor), *self._shown(), column.in_(keys)
        wanted = select(column, func.count(model.id)).where(*theirs).group_by(column)
        return {key: int(number) for key, number in db.session.execute(wanted).all()}

    def _shown(self) -> list[Any]:
        """Return the conditions under which the other screen shows a row at all."""
        nothing = Asked(filters={}, order="", descending=False, page=1, size=SHOWN)
        return list(self.screen().conditions(nothing))


@dataclass(frozen=True)
class Tab:
    """A tab of a row's page, and its rows when it is the open one."""

    name: str
    label: str
    url: str
    active: bool
    count: int | None = None
    listing: Listing | None = None
    url_all: str = ""


class WithRelated:
    """Gives a generated screen counted columns and tabs; stands before `RecordView` among the bases."""

    related: tuple[Related, ...] = ()
    first_tab = ("about", "Details")
    more_tabs: tuple[tuple[str, str], ...] = ()
    show_template = "records/tabs.html"

    def listing(self, extra: tuple[Any, ...] = ()) -> Listing:
        """Return the page with a column per counted relation."""
        made: Listing = super().listing(extra)  # type: ignore[misc]
        counted = [part for part in self.related if part.key and part.permitted(self.actor)]  # type: ignore[attr-defined]
        keys = [row.pk for row in made.rows]
        numbers = [(part, part.counts(keys, self.actor) if keys else {}) for part in counted]  # type: ignore[attr-defined]
        heads = [ListColumn(part.name, _(part.label), False, "", "") for part in counted]
        return replace(made, columns=[*made.columns, *heads], rows=[_with(row, numbers) for row in made.rows])

    def show_extras(self, row: Any) -> dict[str, Any]:
        """Return the tabs, with the rows of the open one."""
        shown = [part for part in self.related if part.permitted(self.actor)]  # type: ignore[attr-defined]
        own = [self.first_tab, *self.more_tabs]
        known = [name for name, _label in own] + [part.name for part in shown]
        asked = request.args.get("tab", "")
        opened = asked if asked in known else known[0]
        tabs = [Tab(name, _(label), self._tab_url(row, name), name == opened) for name, label in own]
        further = [(part, self._tab(part, row, part.name == opened)) for part in shown]
        tabs += [tab for part, tab in further if tab.count or tab.active or not part.rare]
        return {"tabs": tabs, "opened": next(tab for tab in tabs if tab.active)}

    def _tab(self, part: Related, row: Any, active: bool) -> Tab:
        actor: Actor = self.actor  # type: ignore[attr-defined]
        count = part.count(row, actor)
        listing = None
        if active:
            whole = part.screen().listing((part.condition(row),))
            listing = replace(whole, rows=whole.rows[:SHOWN], actions=[])
        return Tab(part.name, _(part.label), self._tab_url(row, part.name), active, count, listing, part.url(row))

    def _tab_url(self, row: Any, name: str) -> str:
        return url_for(f"{self.endpoint}.show", pk=row.id, tab=name)  # type: ignore[attr-defined]


def _with(row: ListRow, numbers: list[tuple[Related, dict[int, int]]]) -> ListRow:
    cells = [_number(part, row, found.get(row.pk, 0)) for part, found in numbers]
    return replace(row, cells=[*row.cells, *cells])


def _number(part: Related, row: ListRow, number: int) -> Markup:
    if not number or row.url_show is None:
        return Markup('<span class="muted-number">0</span>')
    told = _("%(label)s: %(count)d", label=_(part.label), count=number)
    return Markup('<a href="%s?tab=%s" aria-label="%s">%s</a>') % (row.url_show, part.name, told, number)
