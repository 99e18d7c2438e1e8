"""The workbench: what is mine, at a glance (PUB-2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import redirect, url_for
from flask_appbuilder import IndexView, expose
from flask_babel import gettext as _
from sqlalchemy import func, select

from app.domain.clock import now
from app.extensions import db
from app.models import Batch, BatchWindow, Institution, School, Teacher, TrainingYear
from app.security.scope import visible_clause
from app.views.fab.pages import Edge
from app.web.actors import current_actor

COUNTED = ((School, "ti-building", "SchoolView.list"), (Teacher, "ti-users", "TeacherView.list"),
           (Institution, "ti-building-community", "InstitutionView.list"))  # fmt: skip


class HomeView(Edge, IndexView):
    """The first page; visitors are shown the way in."""

    @expose("/")
    def index(self) -> Any:
        """Show the workbench, or the sign-in page."""
        if not current_actor().signed_in:
            return redirect(url_for("SignInView.login"))
        return self.render_template("home.html", title=_("Workbench"), counts=self._counts(), windows=self._windows())

    def _counts(self) -> list[dict[str, Any]]:
        actor = current_actor()
        return [
            {
                "label": _(model.__label__),
                "icon": icon,
                "url": url_for(endpoint),
                "count": db.session.scalar(select(func.count()).select_from(model).where(visible_clause(model, actor))),
            }
            for model, icon, endpoint in COUNTED
            if actor.may("read", model.__name__)
        ]

    @staticmethod
    def _windows() -> list[tuple[BatchWindow, str]]:
        """Return the windows of the current year's batches in order, each with where it stands now (PRG-1)."""
        current = select(BatchWindow).join(Batch).join(TrainingYear).where(TrainingYear.is_current.is_(True))
        moment = now()
        return [
            (window, _standing(window, moment)) for window in db.session.scalars(current.order_by(BatchWindow.opens_at))
        ]


def _standing(window: BatchWindow, moment: datetime) -> str:
    if moment < window.opens_at:
        return "future"
    return "open" if moment <= window.closes_at else "past"
