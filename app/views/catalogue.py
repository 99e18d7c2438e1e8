"""The catalogue of the year, and a class as one reads it before choosing: phone first (ENR-1, ENR-14).

Enrolling, withdrawing and marking answer in place; without scripts the same buttons lead to the page again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, make_response, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _

from app.domain.errors import DomainError, NotPermitted, NotVisible, Problem
from app.extensions import db
from app.services import alternatives, catalogue, enrollment, favourites
from app.services.catalogue import Entry, Reader
from app.views import catalogue_filters as filters
from app.views.fab import PageView
from app.views.fab.listing import pager_of
from app.views.help import speak_of
from app.web.i18n import sentence


class CataloguePage(PageView):
    """Read by everybody within scope; teachers enroll, withdraw and mark."""

    resource = "TrainingClass"
    route_base = "/catalogue"
    method_permission_name = dict.fromkeys(("index", "show", "round_two", "enroll", "withdraw", "favourite"), "read")

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show a page of the catalogue."""
        asked = filters.asked_of()
        page = catalogue.search(filters.wanted_of(asked), actor=self.actor)
        controls = filters.controls_of(asked, page.reader.batch)
        return self.render_template(
            "catalogue/index.html", title=_("Course catalogue"), asked=asked, page=page, reader=page.reader,
            controls=controls, chips=filters.chips_of(asked, controls), orders=filters.orders_of(asked),
            kept=filters.kept(asked, "q"), tabs=tabs(page.reader, "favourites" in asked.filters and "favourites"),
            pager=pager_of(page.count, asked),
        )  # fmt: skip

    @expose("/round-two")
    @has_access
    def round_two(self) -> Any:
        """Show what somebody whose class was cancelled, not drawn or declined may take now (ENR-11, ENR-13)."""
        reader = catalogue.reader_of(self.actor)
        lost = alternatives.failed_classes(reader)
        return self.render_template(
            "catalogue/round_two.html", title=_("Second chance"), reader=reader, tabs=tabs(reader, "round_two"),
            lost=lost, others=alternatives.look_alikes(lost, reader, most=5),
            right=alternatives.has_right_to_round_two(reader), now_open=alternatives.is_round_two(reader),
        )  # fmt: skip

    @expose("/<int:pk>")
    @has_access
    def show(self, pk: int) -> Any:
        """Show one class: what, when, where, who, how full, and whether one may enroll."""
        return self._class_page(pk)

    @expose("/<int:pk>/enroll", methods=["POST"])
    @has_access
    def enroll(self, pk: int) -> Any:
        """Enroll oneself."""

        def act() -> str:
            if self.actor.teacher_id is None:
                raise NotPermitted
            done = enrollment.enroll(self.actor.teacher_id, pk, actor=self.actor)
            return _("You are enrolled already.") if done.already else _("Enrolled. Your school reviews it next.")

        return self._act(pk, act)

    @expose("/<int:pk>/withdraw", methods=["POST"])
    @has_access
    def withdraw(self, pk: int) -> Any:
        """Withdraw one's own live enrollment in the class."""

        def act() -> str:
            own = catalogue.entry_of(pk, actor=self.actor)[0].enrollment
            if own is None:
                raise NotVisible
            enrollment.withdraw(own.id, actor=self.actor)
            return _("Withdrawn. The hours are free again.")

        return self._act(pk, act)

    @expose("/<int:pk>/favourite", methods=["POST"])
    @has_access
    def favourite(self, pk: int) -> Any:
        """Mark a class or take the mark off."""

        def act() -> str:
            if request.form.get("on") == "yes":
                favourites.mark(pk, actor=self.actor)
                return _("Marked as a favourite.")
            favourites.unmark(pk, actor=self.actor)
            return _("No longer a favourite.")

        return self._act(pk, act)

    def _act(self, pk: int, act: Callable[[], str]) -> Any:
        """Do it and answer in place; a refusal names every reason and is no error of the page."""
        problems: tuple[Problem, ...] = ()
        told = ""
        try:
            told = act()
        except (NotVisible, NotPermitted):
            raise
        except DomainError as error:
            db.session.rollback()
            problems = error.problems
        if request.headers.get("HX-Request"):
            return self._in_place(pk, told, problems)
        if problems:
            return self._class_page(pk, problems), 422
        flash(told, "success")
        return redirect(self._next(pk))

    def _next(self, pk: int) -> str:
        from app.views.fab.pages import safe_next

        return safe_next(url_for("CataloguePage.show", pk=pk))

    def _in_place(self, pk: int, told: str, problems: tuple[Problem, ...]) -> Any:
        """Return the class as it stands now, as a card or as the box of its page, and the hours gauge."""
        entry, reader = catalogue.entry_of(pk, actor=self.actor)
        part = "box" if request.form.get("part") == "box" else "card"
        page = self.render_template(
            "catalogue/in_place.html", entry=entry, reader=reader, part=part, told=told,
            refused=[sentence(problem) for problem in problems],
        )  # fmt: skip
        return make_response(page)

    def _class_page(self, pk: int, problems: tuple[Problem, ...] = ()) -> str:
        entry, reader = catalogue.entry_of(pk, actor=self.actor)
        speak_of(entry.row.batch_id)
        return self.render_template(
            "catalogue/class.html", title=str(entry.row), entry=entry, reader=reader,
            refused=[sentence(problem) for problem in problems], others=_others(entry, reader),
            breadcrumbs=[(_("Course catalogue"), url_for("CataloguePage.index")), (str(entry.row), None)],
        )  # fmt: skip


def _others(entry: Entry, reader: Reader) -> list[Entry]:
    """Return classes like this one when it cannot be had."""
    if entry.enrollment is not None or not entry.refusals:
        return []
    return alternatives.look_alikes([entry.row], reader).get(entry.row.id, [])


def tabs(reader: Reader, active: Any) -> list[dict[str, Any]]:
    """Return the parts of the catalogue; only teachers have favourites and a round two."""
    if reader.candidate is None:
        return []
    index = url_for("CataloguePage.index")
    found = [
        {"label": _("All classes"), "url": index, "active": not active},
        {"label": _("Favourites"), "url": f"{index}?favourites=yes", "active": active == "favourites"},
    ]
    if alternatives.is_round_two(reader) or alternatives.has_right_to_round_two(reader):
        url = url_for("CataloguePage.round_two")
        found.append({"label": _("Second chance"), "url": url, "active": active == "round_two"})
    return found


VIEWS = (CataloguePage,)
