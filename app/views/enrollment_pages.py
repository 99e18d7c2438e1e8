"""A teacher's own enrollments, and the page of one enrollment with every step it went (ENR-19)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _

from app.domain.enrollment_steps import Standing
from app.domain.errors import DomainError, NotPermitted, NotVisible
from app.domain.state_shapes import Party
from app.extensions import db
from app.models import Enrollment, Transition
from app.security.scope import fetch_visible, is_visible
from app.services import enrollment, own_enrollments
from app.services.catalogue import Reader
from app.services.own_enrollments import Told
from app.services.transitions import state_labels
from app.views.catalogue import tabs
from app.views.fab import PageView
from app.views.fab.listing import Asked, pager_of
from app.views.fab.pages import safe_next
from app.web.appearance import look
from app.web.i18n import sentence


class OwnEnrollmentPage(PageView):
    """What a teacher has enrolled for, where it stands, and what may be done about it."""

    resource = "Enrollment"
    route_base = "/my-enrollments"
    method_permission_name = {"index": "enroll"}

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show one's enrollments, those still going on first."""
        asked = Asked.from_request([], [])
        own = own_enrollments.own_enrollments(actor=self.actor, page=asked.page, size=asked.size)
        return self.render_template(
            "enrollments/own.html", title=_("My enrollments"), own=own, reader=own.reader,
            stories=[story(told) for told in own.told], second=_second_choice(own.reader),
            pager=pager_of(own.count, asked),
        )  # fmt: skip


class EnrollmentStoryPage(PageView):
    """One enrollment, for everybody who sees it: the teacher, the school, the bureau, the institution."""

    resource = "Enrollment"
    route_base = "/enrollments"
    method_permission_name = {"show": "read", "withdraw": "withdraw"}

    @expose("/<int:pk>")
    @has_access
    def show(self, pk: int) -> Any:
        """Show its steps, with date, organisation and reason."""
        told = own_enrollments.enrollment_told(pk, actor=self.actor)
        own = self.actor.teacher_id == told.row.teacher_id
        above = ("OwnEnrollmentPage.index", _("My enrollments")) if own else ("EnrollmentView.list", _("Enrollments"))
        title = str(told.row.training_class) if own else str(told.row)
        known = not own and self.actor.may("read", "Teacher") and is_visible(told.row.teacher, actor=self.actor)
        return self.render_template(
            "enrollments/show.html", title=title, told=told, story=story(told), own=own,
            breadcrumbs=[(above[1], url_for(above[0])), (title, None)],
            may_see_person=known,
        )  # fmt: skip

    @expose("/<int:pk>/withdraw", methods=["POST"])
    @has_access
    def withdraw(self, pk: int) -> Any:
        """Withdraw it; every reason against it is told."""
        row = fetch_visible(Enrollment, pk, actor=self.actor)
        try:
            enrollment.withdraw(row.id, actor=self.actor)
            flash(_("Withdrawn. The hours are free again."), "success")
        except (NotVisible, NotPermitted):
            raise
        except DomainError as error:
            db.session.rollback()
            for problem in error.problems:
                flash(sentence(problem), "danger")
        return redirect(safe_next(url_for("EnrollmentStoryPage.show", pk=pk)))


def _second_choice(reader: Reader) -> list[dict[str, Any]]:
    """Return the way to round two, for who lost a class; to others the page would only say that they did not."""
    lost = reader.candidate is not None and reader.candidate.failed_at_institution
    return tabs(reader, "")[2:] if lost else []


def story(told: Told) -> dict[str, Any]:
    """Return steps and timeline as parts/state.html draws them."""
    return {
        "told": told,
        "steps": [
            {"label": _(step.name.label), "state": step.standing.value, "when": step.at,
             "note": _(told.row.state.label) if step.standing in (Standing.NOW, Standing.FAILED) else ""}
            for step in told.steps
        ],
        "entries": [_entry(line) for line in told.ledger],
    }  # fmt: skip


def _entry(line: Transition) -> dict[str, Any]:
    _before, after = state_labels(line)
    who = line.organisation or (_(line.party.label) if line.party is not None else _(Party.SYSTEM.label))
    return {
        "label": _("%(action)s: %(state)s", action=_(line.action.label), state=_(after.label)),
        "when": line.created_at, "who": who, "note": line.reason or "", "tone": look(after).tone,
    }  # fmt: skip


VIEWS = (OwnEnrollmentPage, EnrollmentStoryPage)
