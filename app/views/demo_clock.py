"""The two buttons of the demo's clock bar; bound in a demo only."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _

from app.domain.clock import local, now
from app.domain.errors import Conflict
from app.services import demo_clock
from app.views.fab import PageView
from app.views.fab.columns import text_of
from app.views.fab.pages import safe_next
from app.web.i18n import sentence


class DemoClockPage(PageView):
    """Lets the province walk through the year."""

    resource = "Calendar"
    route_base = "/demo-clock"
    method_permission_name = dict.fromkeys(("jump", "back"), "edit")

    @expose("/jump", methods=["POST"])
    @has_access
    def jump(self) -> Any:
        """Jump to the next stop."""
        try:
            halt = demo_clock.jump(actor=self.actor, to=request.form.get("to", ""))
        except Conflict as error:
            flash(sentence(error.problems[0]), "warning")
        else:
            moment = f"{local(now()):%Y-%m-%d %H:%M}"
            flash(_("It is %(moment)s now: %(stop)s.", moment=moment, stop=text_of(halt.stop)), "success")
        return redirect(safe_next(url_for("HomeView.index")))

    @expose("/back", methods=["POST"])
    @has_access
    def back(self) -> Any:
        """Go back to the true time."""
        demo_clock.back_to_today(actor=self.actor)
        flash(_("The clock tells the true time again. What happened meanwhile stays."), "success")
        return redirect(safe_next(url_for("HomeView.index")))


VIEWS = (DemoClockPage,)
