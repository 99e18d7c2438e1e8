"""Region grants: the matrix, one institution's sets in the tree, many institutions at once, export (ORG-4)."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

from flask import flash, redirect, request, send_file, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.domain.clock import today
from app.domain.errors import DomainError, Invalid, NotVisible
from app.domain.numbers import number_of, numbers_of
from app.domain.terms import GrantExtent, OrganisationStatus, RegionLevel
from app.exchange.grants import write_grants
from app.extensions import db
from app.models import Institution, Region, RegionGrant
from app.security.scope import fetch_visible, select_visible
from app.services import grants
from app.services.exports import record_export
from app.services.grant_overview import MatrixAsked, history, matrix, region_nodes, standing_sets
from app.views.fab import PageView
from app.views.fab.listing import Asked, RowAction, pager_of
from app.web.i18n import sentence

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _matrix_asked(asked: Asked) -> MatrixAsked:
    """Return what the URL asks of the matrix; what means nothing is left out."""
    given = asked.filters
    try:
        day = date.fromisoformat(given.get("day", ""))
    except ValueError:
        day = None
    return MatrixAsked(
        wanted=given.get("q", ""), city_id=number_of(given.get("city")),
        granted={"yes": True, "no": False}.get(given.get("granted", "")), day=day, page=asked.page, size=asked.size,
    )  # fmt: skip


class GrantForm(FlaskForm):
    """From when to when, and why."""

    valid_from = DateField(_l("Valid from"), [InputRequired(_l("Please fill this in."))])
    valid_to = DateField(_l("Valid to"), [Optional()], description=_l("Empty: no end."))
    reason = StringField(_l("Reason"), [Length(max=grants.LONGEST_REASON)])


class GrantPage(PageView):
    """Read by bureaus and institutions within their scope; the province grants and revokes."""

    resource = "RegionGrant"
    route_base = "/grants"
    method_permission_name = {
        "index": "read", "institution": "read", "choose": "read", "confirm": "read", "save": "read", "revoke": "read",
        "export": "export",
    }  # fmt: skip

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show institutions × cities, or × the counties of one: the whole, a part, nothing."""
        asked = Asked.from_request(["q", "city", "granted", "day"], [])
        wanted = _matrix_asked(asked)
        found = matrix(wanted, actor=self.actor)
        pager = pager_of(found.count, asked)
        cities = db.session.scalars(select(Region).where(Region.level == RegionLevel.CITY).order_by(Region.code)).all()
        bulk = [RowAction("grant", _("Grant regions"), "map-2", "", True, url_for("InstitutionView.action_post"))]
        return self._page("matrix", _("Region grants"), matrix=found, pager=pager, asked=asked, wanted=wanted,
                          cities=cities, extents=GrantExtent, bulk=bulk if self.may_grant else [], today=today(),
                          may_export=self.actor.may("export", "RegionGrant"))  # fmt: skip

    @expose("/institution/<int:pk>")
    @has_access
    def institution(self, pk: int) -> Any:
        """Show one institution: the tree of a validity, the other validities, and the history."""
        row = fetch_visible(Institution, pk, actor=self.actor)
        lines = history(actor=self.actor, institution_id=pk)
        sets = standing_sets(lines)
        chosen = self._asked_validity(list(sets))
        return self._page("institution", _("Region grants of %(name)s", name=row.name), institution=row, lines=lines,
                          sets=sets, chosen=chosen, checked=[g.region_id for g in sets.get(chosen, [])],
                          nodes=region_nodes() if self.may_grant and chosen else [])  # fmt: skip

    @expose("/choose")
    @has_access
    def choose(self) -> Any:
        """Show the tree for one or many institutions: `?institutions=1,2,3`."""
        self.actor.require("grant", "Institution")
        wanted = numbers_of(request.args.get("institutions", "").split(","))
        form = GrantForm(formdata=None, valid_from=today(), valid_to=date(today().year, 12, 31))
        return self._choice(form, wanted, [], [])

    @expose("/confirm", methods=["POST"])
    @has_access
    def confirm(self) -> Any:
        """Tell in numbers what the order changes; on any problem show the choice again with everything typed."""
        self.actor.require("grant", "Institution")
        form, problems = GrantForm(), []
        if form.validate():
            try:
                found = grants.plan(self._order(form), actor=self.actor)
                return self._page("confirm", _("Confirm the grant"), plan=found, form=form)
            except Invalid as error:
                problems = [sentence(p) for p in error.problems]
        return self._choice(form, self._numbers("institution"), self._numbers("region"), problems), 422

    @expose("/save", methods=["POST"])
    @has_access
    def save(self) -> Any:
        """Do what was confirmed."""
        self.actor.require("grant", "Institution")
        form = GrantForm()
        if not form.validate():
            return self._choice(form, self._numbers("institution"), self._numbers("region"), []), 422
        order = self._order(form)
        done = grants.carry_out(order, actor=self.actor)
        flash(_("Granted: %(granted)d. Revoked: %(revoked)d. Unchanged: %(kept)d.",
                granted=done.granted, revoked=done.revoked, kept=done.kept), "success")  # fmt: skip
        one = order.institution_ids[0] if len(order.institution_ids) == 1 else None
        return redirect(url_for("GrantPage.institution", pk=one) if one else url_for("GrantPage.index"))

    @expose("/revoke/<int:pk>", methods=["POST"])
    @has_access
    def revoke(self, pk: int) -> Any:
        """Revoke one grant."""
        row = fetch_visible(RegionGrant, pk, actor=self.actor)
        place, region = row.institution_id, row.region.name
        try:
            grants.revoke(pk, request.form.get("reason", "").strip(), actor=self.actor)
            flash(_("The grant for %(region)s was revoked.", region=region), "success")
        except DomainError as error:
            if error.status in (403, 404):
                raise
            for problem in error.problems:
                flash(sentence(problem), "danger")
        return redirect(url_for("GrantPage.institution", pk=place))

    @expose("/export")
    @has_access
    def export(self) -> Any:
        """Send every visible grant, or those of `?institution=`, as a workbook."""
        file = BytesIO()
        one = request.args.get("institution", type=int)
        lines = history(actor=self.actor, institution_id=one)
        write_grants(lines, file, translate=_)
        details = {"filters": {"institution": one}}
        record_export(RegionGrant, title=_("Region grants"), rows=len(lines), details=details, actor=self.actor)
        file.seek(0)
        title = _("Region grants")
        name = f"{title}-{today():%Y%m%d}.xlsx"
        return send_file(file, XLSX, as_attachment=True, download_name=name)

    # --- small helpers

    @property
    def may_grant(self) -> bool:
        """Whether the actor grants and revokes."""
        return self.actor.may("grant", "Institution")

    def _page(self, template: str, title: str, **values: Any) -> str:
        return self.render_template(f"grants/{template}.html", title=title, may_grant=self.may_grant, **values)

    def _choice(self, form: GrantForm, institution_ids: list[int], region_ids: list[int], problems: list[str]) -> str:
        places = self._places(set(institution_ids))
        return self._page("choose", _("Grant regions"), form=form, institutions=places, chosen=set(institution_ids),
                          checked=region_ids, nodes=region_nodes(), problems=problems,
                          replacing=self._replacing())  # fmt: skip

    def _places(self, chosen: set[int]) -> list[Institution]:
        """Return the chosen institutions, then the others one may choose; one of the set alone for a validity of it."""
        wanted = select_visible(Institution, self.actor).options(joinedload(Institution.region))
        first = db.session.scalars(wanted.where(Institution.id.in_(chosen)).order_by(Institution.code)).all()
        if len(first) != len(chosen):
            raise NotVisible
        if self._replacing():
            return list(first)
        active = Institution.status == OrganisationStatus.ACTIVE, Institution.id.not_in(chosen)
        others = wanted.where(*active).order_by(Institution.code).limit(grants.MOST_INSTITUTIONS)
        return [*first, *db.session.scalars(others)]

    def _order(self, form: GrantForm) -> grants.GrantOrder:
        return grants.GrantOrder(
            tuple(self._numbers("institution")), tuple(self._numbers("region")), form.valid_from.data,
            form.valid_to.data, (form.reason.data or "").strip() or None, self._replacing(),
        )  # fmt: skip

    @staticmethod
    def _replacing() -> bool:
        return request.form.get("replace") == "yes"

    @staticmethod
    def _numbers(name: str) -> list[int]:
        return numbers_of(request.form.getlist(name))

    @staticmethod
    def _asked_validity(known: list[Any]) -> Any:
        """Return the validity the URL names by its place in the list, else the first; None without any."""
        number = request.args.get("set", 0, type=int)
        return known[number] if 0 <= number < len(known) else (known[0] if known else None)


VIEWS = (GrantPage,)
