"""The calendar of the year: read by everybody, set by the province on one screen (PRG-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from wtforms import BooleanField, DateField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.domain.calendar import AnyWindow, Window, in_order, phase_of
from app.domain.clock import now, today
from app.domain.errors import DomainError, Problem
from app.domain.terms import WindowKind
from app.extensions import db
from app.models import Batch, TrainingYear
from app.security.scope import fetch_visible
from app.services import calendar
from app.views.calendar_shapes import flow_charts, months, timeline
from app.views.fab import PageView
from app.views.fab.forms import MomentField, RecordForm

MOMENT = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
AT_THE_END = {"window_ends_early", "window_backwards"}  # problems to be mended where the window closes
FIRST_YEAR, LAST_YEAR = 2000, 2100


class CalendarPage(PageView):
    """Line of time, months and flow charts of a batch."""

    resource = "Calendar"
    route_base = "/calendar"
    method_permission_name = {"index": "read", "edit": "edit", "new": "edit"}

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show the batch asked for, or the one under way."""
        all_batches = calendar.batches(actor=self.actor)
        asked = request.args.get("batch", type=int)
        current = calendar.batch_now()
        shown = next((b for b in all_batches if b.id == (asked or (current.id if current else None))), None)
        return self.render_template(
            "calendar/index.html",
            title=_("Calendar of the year"),
            batches=all_batches,
            batch=shown,
            may_edit=self.actor.may("edit", "Calendar"),
            **pictures(shown.windows if shown else [], self.actor.parties),
        )

    @expose("/edit/<int:pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: int) -> Any:
        """Set all windows of a batch; `?copy=` fills in those of another one, moved."""
        batch = fetch_visible(Batch, pk, actor=self.actor)
        form = _form(batch.name, self._proposed() or batch.windows)
        seen = request.form.get("version", type=int)

        def save() -> Batch:
            return calendar.save_batch(pk, form.name.data or "", _spans(form), actor=self.actor, expected_version=seen)

        return self._handle(form, save, _("Set the calendar: %(batch)s", batch=str(batch)), batch=batch)

    @expose("/new", methods=["GET", "POST"])
    @has_access
    def new(self) -> Any:
        """Add a batch, to a training year there is (`?year=`) or together with a new one."""
        key = request.args.get("year", type=int)
        year = fetch_visible(TrainingYear, key, actor=self.actor) if key is not None else None
        form = _form(_("First batch") if year is None else _("Next batch"), self._proposed(), with_year=year is None)

        def save() -> Batch:
            return calendar.open_batch(year or _plan(form), form.name.data or "", _spans(form), actor=self.actor)

        return self._handle(form, save, _("Add a batch") if year else _("Add a training year"), year=year)

    def _proposed(self) -> list[Window]:
        """Return the windows of the batch to copy, moved to the day asked for."""
        key = request.args.get("copy", type=int)
        if key is None:
            return []
        try:
            first = date.fromisoformat(request.args.get("first", ""))
        except ValueError:
            first = None
        return calendar.copied(fetch_visible(Batch, key, actor=self.actor), first)

    def _handle(self, form: Any, save: Any, title: str, **about: Any) -> Any:
        """Show the form, or save and go to the calendar; on any problem show it again with everything typed."""
        problems: list[str] = []
        status = 200
        if request.method == "POST":
            status = 422
            if form.validate():
                try:
                    batch = save()
                    flash(_("Saved: %(thing)s", thing=str(batch)), "success")
                    return redirect(url_for("CalendarPage.index", batch=batch.id))
                except DomainError as error:
                    db.session.rollback()
                    problems, status = form.take(_on_fields(error)), error.status
        batch = about.get("batch")
        page = self.render_template(
            "calendar/edit.html", title=title, form=form, problems=problems, kinds=list(WindowKind),
            version=request.form.get("version") or (batch.version if batch else ""),
            others=[b for b in calendar.batches(actor=self.actor) if b.windows and b is not batch],
            url_cancel=url_for("CalendarPage.index", batch=batch.id if batch else None),
            **pictures(_typed(form), self.actor.parties), **{"batch": None, "year": None, **about},
        )  # fmt: skip
        return page, status


def pictures(windows: Iterable[AnyWindow], parties: Any) -> dict[str, Any]:
    """Return what the templates draw the windows with."""
    ordered, moment = in_order(windows), now()
    return {
        "phases": [phase_of(window, moment) for window in ordered],
        "line": timeline(ordered, moment),
        "months": months(ordered, moment),
        "flows": flow_charts(ordered, moment, parties),
    }


def _form(name: str, windows: Iterable[AnyWindow], *, with_year: bool = False) -> Any:
    """Return the form of a batch: its name and two moments a window, and a new training year's fields."""
    present = {window.kind: window for window in windows}
    filled: dict[str, Any] = {"name": name}
    fields: dict[str, Any] = _year_fields() if with_year else {}
    fields["name"] = StringField(
        _("Name of the batch"), [InputRequired(_("Please fill this in.")), Length(max=50)], render_kw={"maxlength": 50}
    )
    for kind in WindowKind:
        for part, label in (("opens", _("Opens")), ("closes", _("Closes"))):
            key = f"{part}_{kind.value}"
            fields[key] = MomentField(label, format=MOMENT, validators=[Optional()])
            filled[key] = getattr(present[kind], f"{part}_at") if kind in present else None
    return type("CalendarForm", (RecordForm,), fields)(data={**_year_filled(), **filled})


def _year_fields() -> dict[str, Any]:
    needed = [InputRequired(_("Please fill this in."))]
    return {
        "year": IntegerField(_("Training year"), [*needed, NumberRange(FIRST_YEAR, LAST_YEAR)]),
        "year_name": StringField(_("Name of the training year"), [*needed, Length(max=50)]),
        "starts_on": DateField(_("First day"), needed),
        "ends_on": DateField(_("Last day"), needed),
        "is_current": BooleanField(_("Make it the current year")),
    }


def _year_filled() -> dict[str, Any]:
    year = today().year + 1
    name = _("%(year)d training year", year=year)
    return {"year": year, "year_name": name, "starts_on": date(year, 1, 1), "ends_on": date(year, 12, 31)}


def _plan(form: Any) -> calendar.YearPlan:
    return calendar.YearPlan(
        form.year.data, form.year_name.data.strip(), form.starts_on.data, form.ends_on.data, form.is_current.data
    )


def _spans(form: Any) -> Mapping[WindowKind, calendar.Span]:
    return {kind: (form[f"opens_{kind.value}"].data, form[f"closes_{kind.value}"].data) for kind in WindowKind}


def _typed(form: Any) -> list[Window]:
    """Return the windows as they stand in the form, for the pictures; halves are left out."""
    return [
        Window(kind, opens, closes if closes > opens else opens + timedelta(hours=1))
        for kind, (opens, closes) in _spans(form).items()
        if opens and closes
    ]


def _on_fields(error: DomainError) -> DomainError:
    """Return the error with the problems of a window put on the field where it opens, or where it closes."""
    kinds = {kind.value for kind in WindowKind}

    def place(problem: Problem) -> str | None:
        part = "closes" if problem.code in AT_THE_END else "opens"
        return f"{part}_{problem.field}" if problem.field in kinds else problem.field

    return type(error)([Problem(p.code, p.text, place(p)) for p in error.problems])


VIEWS = (CalendarPage,)
