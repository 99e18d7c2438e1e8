"""What a person arranges on a list: which columns it shows, and sets of filters saved under a name (TCH-4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import has_request_context, make_response, request, url_for

from app.security.actor import Actor
from app.services.saved_filters import saved_filters
from app.views.fab.columns import label_of
from app.views.fab.listing import Asked

A_YEAR = 365 * 24 * 60 * 60
STANDARD = "standard"  # asks for the columns everybody begins with


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column that may be shown, and whether it is."""

    name: str
    label: str
    shown: bool


@dataclass(frozen=True, slots=True)
class SavedLink:
    """A saved set of filters."""

    name: str
    url: str
    url_delete: str


class ListTools:
    """Columns from the address, else from what this browser remembers, else those declared; saved filters."""

    column_choices: tuple[str, ...] = ()

    def columns_offered(self) -> list[str]:
        """Return every column the list may show, those it begins with first."""
        view: Any = self
        return list(dict.fromkeys([*view.list_columns, *self.column_choices]))

    def columns_shown(self) -> list[str]:
        """Return the columns of this request, in their fixed order."""
        view: Any = self
        if not self.column_choices or not has_request_context():
            return list(view.list_columns)
        given = ",".join(request.args.getlist("cols")) or request.cookies.get(self._cookie(), "")
        wanted = set(given.split(","))
        return [name for name in self.columns_offered() if name in wanted] or self._columns_at_first()

    def _columns_at_first(self) -> list[str]:
        """Return the columns a list begins with; the school is none for who sees a single one."""
        view: Any = self
        return [name for name in view.list_columns if name != "school" or not view.actor.school_id]

    def _cookie(self) -> str:
        return f"columns-{type(self).__name__}"

    def remembering(self, page: str) -> Any:
        """Return the page; the columns asked for in its address are remembered by this browser."""
        response = make_response(page)
        asked = ",".join(request.args.getlist("cols"))
        if asked == STANDARD:
            response.delete_cookie(self._cookie())
        elif asked and self.column_choices:
            shown = ",".join(self.columns_shown())
            response.set_cookie(
                self._cookie(), shown, max_age=A_YEAR, samesite="Lax", httponly=True, secure=request.is_secure
            )
        return response

    def list_tools(self, asked: Asked, actor: Actor) -> dict[str, Any]:
        """Return what the row of tools above a list shows."""
        view: Any = self
        shown = self.columns_shown()
        columns = [ColumnChoice(n, label_of(view.model, n), n in shown) for n in self.columns_offered()]
        name = type(self).__name__
        rows = saved_filters(name, actor=actor) if view.filters else []
        return {
            "name": name,
            "columns": columns if self.column_choices else [],
            "standard": asked.url(cols=STANDARD),
            "query": asked.url(page=1) if asked.filters else "",
            "saved": [
                SavedLink(row.name, row.query, url_for("SavedFilterView.delete", pk=row.id, next=request.path))
                for row in rows
            ],
        }
