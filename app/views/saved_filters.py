"""Saved filters: kept from the list they belong to, deleted there or on a page of their own (TCH-4)."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _

from app.domain.errors import Invalid, NotVisible
from app.domain.text import N_
from app.models import SavedFilter
from app.services.saved_filters import save_filter
from app.views.fab import RecordView, contains
from app.web.i18n import sentence


class SavedFilterView(RecordView):
    """One's own saved filters."""

    model = SavedFilter
    route_base = "/saved-filters"
    exclude_route_methods = {"download", "add", "edit", "show", "export"}
    method_permission_name = {"save": "create"}
    order_by = "name"
    list_columns = ["name", "list_name", "created_at"]
    filters = (contains("name"),)
    empty_hint = N_("Set filters on a list and save them there.")

    def value_of(self, row: SavedFilter, name: str) -> Any:
        """Show the title of the list instead of its name in the code."""
        view = _list_called(row.list_name) if name == "list_name" else None
        return view.title_of() if view else getattr(row, name)

    @expose("/save", methods=["POST"])
    @has_access
    def save(self) -> Any:
        """Keep the filters of a list under a name and go back to it."""
        list_name = request.form.get("list", "")
        view = _list_called(list_name)
        if view is None or not self.actor.may("read", view.resource):
            raise NotVisible
        query = request.form.get("query", "")
        try:
            saved = save_filter(list_name, request.form.get("name", ""), query, actor=self.actor)
            flash(_("Saved: %(thing)s", thing=saved.name), "success")
        except Invalid as error:
            for problem in error.problems:
                flash(sentence(problem), "danger")
        back = url_for(f"{view.endpoint}.list")
        return redirect(back + query if query.startswith("?") else back)


def _list_called(name: str) -> Any:
    views = current_app.appbuilder.baseviews  # type: ignore[attr-defined]
    return next((v for v in views if isinstance(v, RecordView) and type(v).__name__ == name), None)


VIEWS = (SavedFilterView,)
