"""Adjusting classes: how full they are, what a change would mean, expanding, cancelling, requests, moving people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from app.domain.errors import Conflict, Invalid, NotVisible, Problem
from app.domain.numbers import number_of, numbers_of
from app.domain.terms import AdjustmentKind, ClassState, EnrollmentState, WindowKind
from app.domain.text import N_
from app.exchange.row_sheet import Value
from app.extensions import db
from app.models import ClassAdjustment, Enrollment, TrainingClass
from app.security.scope import fetch_manageable, fetch_visible, select_visible
from app.services import adjustment_bulk as bulk
from app.services import adjustments, reassignment
from app.services.adjustment_bulk import BulkAct
from app.services.calendar import batches
from app.services.class_lists import ORDERS, ClassLine, LinesAsked, all_class_lines, class_lines, lines_of
from app.services.simulation import simulate
from app.views.draws import lines_asked
from app.views.fab import PageView
from app.views.fab.columns import text_of
from app.views.fab.export import send_table
from app.views.fab.listing import Asked, RowAction, pager_of
from app.views.help import speak_of
from app.web.i18n import sentence

SHOWS = ("over", "few", "requested")
MOST_SEATS = 100_000
MOST_PEOPLE = 200  # admitted teachers shown for reassignment
VERBS = ("index", "show", "plan", "carry_out", "expand", "cancel", "ask", "decide", "reassign")


def number(name: str) -> int | None:
    """Return a number that was typed; None for anything else."""
    return number_of(request.values.get(name, "").strip(), digits=6)


def typed(name: str) -> str:
    """Return a text that was typed."""
    return request.form.get(name, "").strip()


COLUMNS = (
    N_("Class"), N_("Training institution"), N_("Batch"), N_("First day"), N_("Last day"), N_("Planned seats"),
    N_("Seats"), N_("At most"), N_("Enrolled"), N_("Undecided"), N_("Awaiting the institution"), N_("Admitted"),
    N_("State"), N_("Draw"), N_("Requests"),
)  # fmt: skip


def _cells(line: ClassLine, batch: str) -> Sequence[Value]:
    """Return the cells of a class in the workbook, in the order of COLUMNS."""
    row, counts = line.row, line.counts
    return (
        str(row), row.institution.name, batch, row.starts_on, row.ends_on, row.planned_seats, row.seats,
        line.limit, counts.live, counts.undecided, counts.waiting, counts.admitted, text_of(row.state),
        text_of(line.draw_state), "、".join(text_of(one.kind) for one in line.requests),
    )  # fmt: skip


class AdjustmentPage(PageView):
    """Bureaus adjust; institutions ask, and cancel what few have chosen."""

    resource = "ClassAdjustment"
    route_base = "/adjustments"
    method_permission_name = {**dict.fromkeys(VERBS, "read"), "export": "export"}

    @expose("/")
    @has_access
    def index(self) -> Any:
        """List the classes, the fullest first."""
        asked, wanted = self._asked()
        found = class_lines(wanted, actor=self.actor)
        url = url_for("AdjustmentPage.plan")
        acts = [
            RowAction("expand", _("Expand to what is needed"), "arrows-maximize", "", True, url),
            RowAction("cancel", _("Cancel the classes"), "ban", "", True, url),
        ]
        return self.render_template(
            "adjustments/list.html", title=_("Adjust classes"), lines=found.lines, wanted=wanted, asked=asked,
            pager=pager_of(found.count, asked), batches=batches(actor=self.actor),
            bulk=[act for act in acts if self.actor.may(act.name, "TrainingClass")],
            may_export=self.actor.may("export", "ClassAdjustment"),
        )  # fmt: skip

    @staticmethod
    def _asked() -> tuple[Asked, LinesAsked]:
        asked = Asked.from_request(["q", "batch", "show"], list(ORDERS))
        return asked, lines_asked(asked, SHOWS)

    @expose("/export")
    @has_access
    def export(self) -> Any:
        """Send the list as it is on the screen, all its pages, as a workbook."""
        asked, wanted = self._asked()
        names = {batch.id: str(batch) for batch in batches(actor=self.actor)}
        lines = all_class_lines(wanted, actor=self.actor)
        rows = (_cells(line, names.get(line.row.batch_id or 0, "")) for line in lines)
        labels, details = [_(label) for label in COLUMNS], {"filters": asked.filters}
        return send_table(TrainingClass, _("Adjust classes"), labels, rows, details, actor=self.actor)

    # --- many at once

    @expose("/plan", methods=["POST"])
    @has_access
    def plan(self) -> Any:
        """Tell in numbers what is about to be done to the chosen classes."""
        keys = numbers_of(request.form.getlist("rowid"))
        return self._plan_page(self._act(), keys)

    @expose("/carry-out", methods=["POST"])
    @has_access
    def carry_out(self) -> Any:
        """Do what was confirmed; classes that are refused are named with their reasons."""
        act, shown = self._act(), self._shown()
        try:
            if act is BulkAct.CANCEL:
                adjustments.need_reason(typed("reason"))
        except Invalid as refused:
            return self._plan_page(act, list(shown), [sentence(p) for p in refused.problems]), 422
        done = bulk.carry_out(
            act, shown, actor=self.actor, reason=typed("reason"), admitted_too=request.form.get("sure") == "yes"
        )
        if done.done:
            flash(self._told(act, done), "success")
        for key, problems in done.refused.items():
            name = str(db.session.get(TrainingClass, key))
            self._refused(name, problems)
        return redirect(url_for("AdjustmentPage.index"))

    @staticmethod
    def _told(act: BulkAct, done: bulk.BulkDone) -> str:
        if act is BulkAct.EXPAND:
            return _("Classes expanded: %(classes)d. Moved up from the reserve: %(people)d.",
                     classes=len(done.done), people=done.people)  # fmt: skip
        return _("Classes cancelled: %(classes)d. Teachers told: %(people)d.",
                 classes=len(done.done), people=done.people)  # fmt: skip

    def _plan_page(self, act: BulkAct, keys: list[int], problems: list[str] | None = None) -> str:
        found = bulk.plan(act, keys, actor=self.actor)
        return self.render_template("adjustments/plan.html", title=_(act.label), plan=found, problems=problems or [],
                                    reason=typed("reason"))  # fmt: skip

    @staticmethod
    def _act() -> BulkAct:
        try:
            return BulkAct(request.form.get("action", ""))
        except ValueError:
            raise NotVisible from None

    @staticmethod
    def _shown() -> dict[int, int]:
        """Return class → people as the page had shown them."""
        pairs = (part.partition(":") for part in request.form.getlist("shown")[: bulk.MOST])
        read = ((number_of(key), number_of(people)) for key, _sign, people in pairs)
        return {key: people for key, people in read if key is not None and people is not None}

    # --- one class

    @expose("/class/<int:pk>")
    @has_access
    def show(self, pk: int) -> Any:
        """Show a class with the simulator (`?seats=`, `?cancel=1`), its requests, and whom one may move."""
        return self._page(pk, [])

    @expose("/class/<int:pk>/expand", methods=["POST"])
    @has_access
    def expand(self, pk: int) -> Any:
        """Give the class more seats."""
        seats = number("seats") or 0
        return self._do(
            pk, lambda: adjustments.expand(pk, seats, actor=self.actor, reason=typed("reason")),
            lambda done: _("Expanded to %(seats)d seats. Moved up from the reserve: %(count)d.", seats=seats,
                           count=done.promoted),
        )  # fmt: skip

    @expose("/class/<int:pk>/cancel", methods=["POST"])
    @has_access
    def cancel(self, pk: int) -> Any:
        """Cancel the class; once people are admitted the page asks a second time."""
        return self._do(
            pk, lambda: adjustments.cancel(pk, actor=self.actor, reason=typed("reason"), confirmed=number("confirmed")),
            lambda done: _("The class is cancelled. Teachers told: %(count)d.", count=done.people),
        )  # fmt: skip

    @expose("/class/<int:pk>/ask", methods=["POST"])
    @has_access
    def ask(self, pk: int) -> Any:
        """File a request: more seats, or the cancellation."""
        if request.form.get("kind") == AdjustmentKind.EXPAND.value:
            seats = number("seats") or 0
            act: Callable[[], Any] = lambda: adjustments.request_expansion(  # noqa: E731 - one of two acts
                pk, seats, actor=self.actor, reason=typed("reason")
            )
        else:
            act = lambda: adjustments.request_cancellation(pk, actor=self.actor, reason=typed("reason"))  # noqa: E731
        return self._do(pk, act, lambda _done: _("The request was filed; the bureau decides."))

    @expose("/request/<int:pk>/decide", methods=["POST"])
    @has_access
    def decide(self, pk: int) -> Any:
        """Grant or refuse a request."""
        asked = fetch_visible(ClassAdjustment, pk, actor=self.actor)
        approve = request.form.get("decision") == "approve"
        return self._do(
            asked.training_class_id,
            lambda: adjustments.decide(
                pk, approve=approve, actor=self.actor, reason=typed("reason"), confirmed=number("confirmed")
            ),
            lambda _done: _("Granted and done.") if approve else _("Refused; the institution was told."),
        )  # fmt: skip

    @expose("/class/<int:pk>/reassign", methods=["POST"])
    @has_access
    def reassign(self, pk: int) -> Any:
        """Move chosen admitted teachers into another class."""
        keys = numbers_of(request.form.getlist("rowid"))

        def told(done: reassignment.Reassigned) -> str:
            for key, problems in done.refused.items():
                who = fetch_visible(Enrollment, key, actor=self.actor).teacher.name
                self._refused(who, problems)
            return _("Moved: %(count)d.", count=len(done.done))

        target = number("target") or 0
        return self._do(
            pk, lambda: reassignment.reassign(keys, target, actor=self.actor, reason=typed("reason")), told
        )  # fmt: skip

    # --- small helpers

    def _do(self, pk: int, act: Callable[[], Any], told: Callable[[Any], str]) -> Any:
        """Act and show the class again; on any problem with everything that was typed."""
        try:
            flash(told(act()), "success")
        except (Conflict, Invalid) as refused:
            db.session.rollback()
            twice = any(p.code == "confirm_admitted" for p in refused.problems)
            return self._page(pk, [sentence(p) for p in refused.problems], twice=twice), refused.status
        return redirect(url_for("AdjustmentPage.show", pk=pk))

    @staticmethod
    def _refused(name: str, problems: Sequence[Problem]) -> None:
        flash(f"{name}: {' '.join(sentence(problem) for problem in problems)}", "danger")

    def _page(self, pk: int, problems: list[str], *, twice: bool = False) -> str:
        row = fetch_manageable(TrainingClass, pk, actor=self.actor)
        speak_of(row.batch_id)
        line = lines_of([row])[0]
        wanted = number("seats") or (line.suggested if line.suggested > row.seats else line.limit)
        told = simulate(pk, wanted, actor=self.actor)
        return self.render_template(
            "adjustments/show.html", title=str(row), line=line, problems=problems, twice=twice, wanted=wanted,
            simulated=told, cancelled=simulate(pk, 0, actor=self.actor), typed=request.form, kinds=AdjustmentKind,
            history=row.adjustments, **self._may(line), **self._people(line),
        )  # fmt: skip

    def _may(self, line: ClassLine) -> dict[str, bool]:
        """Return which forms belong on the page."""
        actor, offered = self.actor, line.row.state is ClassState.OFFERED
        ends = actor.may("cancel", "TrainingClass") and line.row.state in (ClassState.OFFERED, ClassState.RUNNING)
        few = line.counts.live <= line.alone and line.standing.ahead(WindowKind.ROUND_ONE) is None
        bureau = actor.bureau_id is not None or actor.everything
        return {
            "may_expand": offered and actor.may("expand", "TrainingClass"),
            "may_cancel": ends and (bureau or few),
            "may_ask": offered and actor.may("request", "ClassAdjustment") and not bureau,
            "may_decide": actor.may("decide", "ClassAdjustment"),
            "may_override": actor.may("override", "ClassAdjustment"),
        }

    def _people(self, line: ClassLine) -> dict[str, Any]:
        """Return whom the actor may move from this class, and where to."""
        if not line.counts.admitted or not self.actor.may("reassign", "Enrollment"):
            return {"people": [], "targets": []}
        here = select_visible(Enrollment, self.actor).where(
            Enrollment.training_class_id == line.row.id, Enrollment.state == EnrollmentState.ADMITTED
        )
        loads = (joinedload(Enrollment.teacher), joinedload(Enrollment.school))
        people = db.session.scalars(here.options(*loads).order_by(Enrollment.id).limit(MOST_PEOPLE)).all()
        return {"people": people, "targets": reassignment.targets_for(line.row, actor=self.actor)}


VIEWS = (AdjustmentPage,)
