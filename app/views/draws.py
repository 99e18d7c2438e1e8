"""Draws: which classes need one, freezing, the one red button, the list with its proof (ENR-8, ENR-9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _

from app.domain.errors import Conflict
from app.domain.numbers import number_of
from app.domain.screening import DrawState
from app.extensions import db
from app.models import TrainingClass
from app.security.scope import fetch_manageable
from app.services import reserve, screening
from app.services.calendar import batches
from app.services.class_lists import ORDERS, ClassLine, LinesAsked, class_lines, lines_of
from app.services.draw_lists import DrawLine, drawn_list
from app.views.fab import PageView
from app.views.fab.listing import Asked, pager_of
from app.views.help import speak_of
from app.web.actors import current_vault
from app.web.i18n import sentence

DRAW_FILTERS = ("ready", "frozen", "drawn")


def lines_asked(asked: Asked, allowed: Sequence[str]) -> LinesAsked:
    """Return what the URL asks of a list of classes; what means nothing is left out."""
    number, show = number_of(asked.filters.get("batch")), asked.filters.get("show", "")
    return LinesAsked(
        asked.filters.get("q", ""), number, show if show in allowed else "", asked.page, asked.size, asked.order,
        asked.descending,
    )  # fmt: skip


class ScreeningPage(PageView):
    """The institution freezes and draws; bureaus look on."""

    resource = "Screening"
    route_base = "/draws"
    method_permission_name = {
        "index": "read", "show": "read", "freeze": "freeze", "draw": "draw", "promote": "read",
    }  # fmt: skip

    @expose("/")
    @has_access
    def index(self) -> Any:
        """List the classes with where they stand on their way to the draw."""
        asked = Asked.from_request(["q", "batch", "show"], list(ORDERS))
        wanted = lines_asked(asked, DRAW_FILTERS)
        found = class_lines(wanted, actor=self.actor)
        return self.render_template(
            "draws/list.html", title=_("Draws"), lines=found.lines, pager=pager_of(found.count, asked), asked=asked,
            wanted=wanted, batches=batches(actor=self.actor), states=DrawState,
        )  # fmt: skip

    @expose("/class/<int:pk>")
    @has_access
    def show(self, pk: int) -> Any:
        """Before: candidates, seats, hash, promise, one button. After: the list in its order and the proof."""
        line = self._line(pk)
        asked = Asked.from_request(["q"], [])
        people: Sequence[DrawLine] = ()
        count = 0
        if line.screening is not None:
            people, count = drawn_list(line.screening, asked.filters.get("q", ""), asked.page, asked.size,
                                       actor=self.actor)  # fmt: skip
        return self.render_template(
            "draws/show.html", title=str(line.row), line=line, people=people, pager=pager_of(count, asked),
            asked=asked, states=DrawState, may=self._may(line),
        )  # fmt: skip

    @expose("/class/<int:pk>/freeze", methods=["POST"])
    @has_access
    def freeze(self, pk: int) -> Any:
        """Freeze the list; publish its hash and the promise."""
        return self._do(pk, lambda: screening.freeze(pk, actor=self.actor, vault=current_vault()),
                        _("The list is frozen. Its hash and the promise are public now."))  # fmt: skip

    @expose("/class/<int:pk>/draw", methods=["POST"])
    @has_access
    def draw(self, pk: int) -> Any:
        """Draw, once."""
        return self._do(pk, lambda: screening.draw(pk, actor=self.actor, vault=current_vault()),
                        _("Drawn. Everybody concerned has been told; anybody can check it."))  # fmt: skip

    @expose("/class/<int:pk>/promote", methods=["POST"])
    @has_access
    def promote(self, pk: int) -> Any:
        """Fill free seats from the reserve list."""
        return self._do(pk, lambda: reserve.promote(pk, actor=self.actor), _("The next of the reserve list moved up."))

    # --- small helpers

    def _line(self, pk: int) -> ClassLine:
        row = fetch_manageable(TrainingClass, pk, actor=self.actor)
        speak_of(row.batch_id)
        return lines_of([row])[0]

    def _may(self, line: ClassLine) -> dict[str, bool]:
        """Return which buttons belong on the page."""
        state, actor = line.draw_state, self.actor
        free = line.row.seats > line.row.taken and line.counts.in_reserve > 0
        return {
            "freeze": state is DrawState.READY and actor.may("freeze", "Screening"),
            "draw": state is DrawState.FROZEN and actor.may("draw", "Screening"),
            "confirm": line.counts.waiting > 0 and state.settled and actor.may("confirm", "Enrollment"),
            "promote": state is DrawState.DRAWN and free and actor.may("promote", "Enrollment"),
        }

    def _do(self, pk: int, act: Callable[[], Any], done: str) -> Any:
        """Act, and show the class again with what became of it."""
        try:
            act()
            flash(done, "success")
        except Conflict as refused:
            db.session.rollback()
            for problem in refused.problems:
                flash(sentence(problem), "danger")
        return redirect(url_for("ScreeningPage.show", pk=pk))


VIEWS = (ScreeningPage,)
