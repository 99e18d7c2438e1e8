"""The parameters as one screen: help, range, unit, history (parameters P1–P29)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.domain.errors import DomainError
from app.domain.parameter_shapes import Parameter, ParameterGroup
from app.domain.parameters import PARAMETERS, of_group
from app.extensions import db
from app.models import ParameterChange
from app.services.parameters import set_parameter, values_of
from app.views.fab import PageView
from app.views.fab.bulk import typed_reason
from app.web.i18n import sentence

HISTORY = 20  # newest changes shown


class ParameterPage(PageView):
    """Read by bureaus, changed by the province."""

    resource = "Parameter"
    route_base = "/parameters"
    method_permission_name = {"index": "read", "save": "edit"}

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show every parameter with its present value and the newest changes."""
        return self._page({}, {}), 200

    @expose("/save", methods=["POST"])
    @has_access
    def save(self) -> Any:
        """Save what was changed; what is wrong is shown beside its field and the rest is kept as typed."""
        typed = {name: self._typed(p) for name, p in PARAMETERS.items() if name in request.form}
        problems: dict[str, list[str]] = {}
        reason = typed_reason()
        for name, text in typed.items():
            try:
                set_parameter(name, text, actor=self.actor, reason=reason)
            except DomainError as error:
                problems[name] = [sentence(p) for p in error.problems]
        if problems:
            return self._page(typed, problems), 422
        flash(_("The parameters were saved."), "success")
        return redirect(url_for("ParameterPage.index"))

    @staticmethod
    def _typed(parameter: Parameter) -> str:
        return ",".join(part for part in request.form.getlist(parameter.name) if part)

    def _page(self, typed: dict[str, str], problems: dict[str, list[str]]) -> str:
        stored = values_of()
        shown = {n: typed.get(n, stored.get(n, p.format(p.default))) for n, p in PARAMETERS.items()}
        changes = select(ParameterChange).options(joinedload(ParameterChange.changed_by))
        return self.render_template(
            "parameters.html",
            title=_("Parameters"),
            groups=[(group, of_group(group)) for group in ParameterGroup],
            shown=shown,
            problems=problems,
            labels={name: _(p.label) for name, p in PARAMETERS.items()},
            may_edit=self.actor.may("edit", "Parameter"),
            history=db.session.scalars(changes.order_by(ParameterChange.id.desc()).limit(HISTORY)).all(),
        )


VIEWS = (ParameterPage,)
