"""First passwords nobody has used: by school, as a workbook, as slips to cut out and hand over (ACC-5)."""

from __future__ import annotations

from io import BytesIO
from itertools import groupby
from typing import Any

from flask import request, send_file, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _

from app.domain.clock import local, now
from app.exchange.workbook import write_workbook
from app.models import School
from app.security.scope import fetch_visible
from app.services import first_passwords
from app.services.first_passwords import FirstPassword
from app.views.fab import PageView
from app.views.fab.export import XLSX
from app.views.fab.listing import Asked, pager_of
from app.web.actors import current_vault


class FirstPasswordPage(PageView):
    """The unused first passwords of the accounts below one's own. Each look is recorded."""

    route_base = "/first-passwords"
    resource = "Account"
    method_permission_name = {"index": "export", "download": "export", "slips": "export"}

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show how many there are, school by school."""
        asked = Asked.from_request(["name"], [])
        name = asked.filters.get("name", "")
        rows, count = first_passwords.unused_by_school(
            actor=self.actor, name=name, limit=asked.size, offset=(asked.page - 1) * asked.size
        )
        return self.render_template(
            "account/unused.html", title=_("Unused first passwords"), rows=rows, name=name,
            in_all=first_passwords.count_unused(actor=self.actor), pager=pager_of(count, asked),
        )  # fmt: skip

    @expose("/download", methods=["POST"])
    @has_access
    def download(self) -> Any:
        """Send them as a workbook; every cell is text."""
        labels = [_("User name"), _("Teacher number"), _("Person's name"), _("Organisation"), _("First password")]
        rows = [(r.username, r.teacher_number, r.name, r.organisation, r.password) for r in self._told("export")]
        file = BytesIO()
        title = _("Unused first passwords")
        write_workbook(file, title=title, labels=labels, rows=rows)
        file.seek(0)
        name = f"{title}-{local(now()):%Y%m%d-%H%M}.xlsx"
        return send_file(file, XLSX, download_name=name, as_attachment=True)

    @expose("/slips", methods=["POST"])
    @has_access
    def slips(self) -> Any:
        """Show a slip for each account, to print, cut and hand over; a new sheet for each organisation."""
        told = self._told("slips")
        sheets = [(place, list(rows)) for place, rows in groupby(told, key=lambda row: row.organisation)]
        return self.render_template(
            "account/slips.html", title=_("Slips with first passwords"), sheets=sheets, count=len(told),
            address=url_for("SignInView.login", _external=True),
        )  # fmt: skip

    def _told(self, purpose: str) -> list[FirstPassword]:
        number = request.form.get("school", "")
        school = fetch_visible(School, number, actor=self.actor) if number else None
        return first_passwords.unused_first_passwords(
            actor=self.actor, vault=current_vault(), school=school, purpose=purpose
        )


VIEWS = (FirstPasswordPage,)
