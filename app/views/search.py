"""The search of the top bar: a drop-down while one types, and a page of results."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _

from app.services.search import search
from app.views.fab import PageView

BELOW, ON_PAGE = 5, 25  # hits of each entity


class SearchPage(PageView):
    """Finds people, places and programmes among what one may see."""

    route_base = "/search"
    method_permission_name = {"index": "read", "suggest": "read"}

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show everything found, grouped."""
        return self.render_template("search/index.html", title=_("Search"), **self._found(ON_PAGE))

    @expose("/suggest")
    @has_access
    def suggest(self) -> Any:
        """Return the first hits for the drop-down."""
        return self.render_template("search/suggest.html", **self._found(BELOW))

    def _found(self, most: int) -> dict[str, Any]:
        words = request.args.get("q", "").strip()[:50]
        groups = [
            {
                "label": _(found.finder.label),
                "icon": found.finder.icon,
                "hits": [
                    {"title": hit.title, "hint": hit.hint, "url": url_for(found.finder.endpoint, pk=hit.key)}
                    for hit in found.hits
                ],
                "more": found.more,
            }
            for found in search(words, actor=self.actor, most=most)
        ]
        return {"words": words, "groups": groups}


VIEWS = (SearchPage,)
