"""Classes, their timetable and their adjustments, as they are stored (PRG, ENR-7)."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.actions import action

from app.domain.terms import AdjustmentKind, AdjustmentState, ClassState, ProgrammeKind
from app.domain.text import N_
from app.models import ClassAdjustment, ClassSession, Enrollment, FavouriteClass, Institution, Programme, TrainingClass
from app.security.scope import is_manageable
from app.services.rosters import on_the_roster
from app.views import roster_books
from app.views.enrollment_lists import batch_filter
from app.views.fab import RecordView, Related, WithRelated, choice, contains, date_from, related


def _of_class(row: TrainingClass) -> dict[str, Any]:
    """Return the filter of a list on a class."""
    return {"training_class": row.id}


class TrainingClassView(WithRelated, RecordView):
    """Classes within scope, with who takes part and who enrolled."""

    model = TrainingClass
    editable = False
    order_by = "-starts_on"
    method_permission_name = {"rosters": "export", "sign_in_sheets": "export"}
    show_template = "classes/show.html"
    list_columns = ["title", "number", "institution", "starts_on", "ends_on", "place", "seats", "taken", "state"]
    column_choices = ("kind", "credit_hours", "planned_seats", "fee", "boarding", "checkpoint")
    show_columns = [
        "institution", "kind", "credit_hours", "state", "starts_on", "ends_on", "place", "planned_seats", "seats",
        "taken", "fee", "boarding", "checkpoint"
    ]  # fmt: skip
    filters = (
        contains("title", "place", label=N_("Title or place")),
        related("institution", Institution),
        related("programme", Programme),
        batch_filter(TrainingClass),
        choice("kind", ProgrammeKind),
        choice("state", ClassState),
        date_from("starts_on"),
    )
    related = (
        Related("roster", N_("Roster"), "RosterView", _of_class,
                narrow=lambda row: (Enrollment.training_class_id == row.id) & on_the_roster()),
        Related("enrollments", N_("Enrollments"), "EnrollmentView", _of_class,
                narrow=lambda row: Enrollment.training_class_id == row.id),
    )  # fmt: skip

    @action("rosters", N_("Export rosters"), icon="ti-clipboard-list", single=False)
    def rosters(self, rows: Any) -> Any:
        """Send the rosters of the chosen classes in one workbook, a sheet for each (DEL-12)."""
        return roster_books.send_rosters(rows, actor=self.actor)

    @action("sign_in_sheets", N_("Export sign-in sheets"), icon="ti-signature", single=False)
    def sign_in_sheets(self, rows: Any) -> Any:
        """Send the sign-in sheets of the chosen classes in one workbook (DEL-12)."""
        return roster_books.send_sign_in_sheets(rows, actor=self.actor)

    def show_extras(self, row: TrainingClass) -> dict[str, Any]:
        """Return the tabs, and the ways on: to the draw and the adjustment for who answers for the class."""
        answers = is_manageable(row, actor=self.actor)
        return {
            **super().show_extras(row),
            "may_draw": answers and self.actor.may("read", "Screening"),
            "may_adjust": answers and self.actor.may("read", "ClassAdjustment"),
            "may_list": self.actor.may("export", "Enrollment"),
            "in_catalogue": row.state is ClassState.OFFERED,
        }


class ClassSessionView(RecordView):
    """Sessions of the timetables."""

    model = ClassSession
    editable = False
    order_by = "day"
    list_columns = ["training_class", "day", "starts_at", "ends_at", "topic", "lecturer", "place"]
    filters = (contains("topic"), date_from("day"))


class ClassAdjustmentView(RecordView):
    """Expansions, cancellations and requests for them."""

    model = ClassAdjustment
    editable = False
    order_by = "-id"
    list_columns = ["training_class", "kind", "state", "old_seats", "new_seats", "live_count", "reason", "created_at"]
    show_columns = [
        *list_columns, "requested_by", "overridden", "decided_by", "decided_at", "decision_reason",
        "target_class",
    ]  # fmt: skip
    filters = (
        related("training_class", TrainingClass),
        choice("kind", AdjustmentKind),
        choice("state", AdjustmentState),
    )


class FavouriteClassView(RecordView):
    """Classes the teacher has marked."""

    model = FavouriteClass
    editable = False
    list_columns = ["training_class", "created_at"]


VIEWS = (TrainingClassView, ClassSessionView, ClassAdjustmentView, FavouriteClassView)
