"""Pages for everybody, signed in or not: the numbers of a round, and each draw with its check (ENR-9, ENR-18)."""

from __future__ import annotations

from typing import Any

from flask import json, make_response, request
from flask_appbuilder import expose
from flask_babel import gettext as _

from app.domain.errors import NotVisible
from app.domain.terms import RoundKind
from app.services import public_rounds
from app.views.fab import PageView
from app.views.fab.listing import Asked, pager_of


class PublicPage(PageView):
    """No permission is asked, and no name is shown."""

    route_base = "/public"

    @expose("/rounds")
    def index(self) -> Any:
        """Show the numbers of a round: `?batch=`, `?round=round_two`."""
        found = public_rounds.public_batches()
        asked = Asked.from_request(["batch", "round"], [])
        batch = self._batch(found, asked.filters.get("batch", ""))
        kind = RoundKind.ROUND_TWO if asked.filters.get("round") == RoundKind.ROUND_TWO.value else RoundKind.ROUND_ONE
        lines: Any = ()
        count, totals = 0, {}
        if batch is not None:
            lines, count = public_rounds.round_page(batch.id, kind, page=asked.page, size=asked.size)
            totals = public_rounds.round_totals(batch.id, kind)
        return self.render_template(
            "public/rounds.html", title=_("Enrollment in numbers"), batches=found, batch=batch, kind=kind,
            kinds=RoundKind, lines=lines, totals=totals, pager=pager_of(count, asked),
        )  # fmt: skip

    @staticmethod
    def _batch(found: Any, wanted: str) -> Any:
        """Return the batch the URL names, else the one with the newest draw, else the latest of all.

        A number that is none of them does not exist.
        """
        if not wanted:
            newest = public_rounds.batch_of_the_newest_draw()
            return next((one for one in found if one.id == newest), next(iter(found), None))
        batch = next((one for one in found if str(one.id) == wanted), None)
        if batch is None:
            raise NotVisible
        return batch

    @expose("/draws/<int:pk>")
    def draw(self, pk: int) -> Any:
        """Show one draw, and let the browser work it out again."""
        found = public_rounds.public_draw(pk)
        return self.render_template(
            "public/draw.html", title=_("Check the draw"), screening=found, row=found.training_class
        )  # fmt: skip

    @expose("/draws/<int:pk>/file")
    def file(self, pk: int) -> Any:
        """Send the published file."""
        found = public_rounds.public_draw(pk)
        text = json.dumps(public_rounds.published_file(found), ensure_ascii=False, indent=1)
        response = make_response(text)
        response.headers["Content-Type"] = "application/json; charset=utf-8"
        if "download" in request.args:
            response.headers["Content-Disposition"] = f'attachment; filename="draw-{pk}.json"'
        return response


VIEWS = (PublicPage,)
