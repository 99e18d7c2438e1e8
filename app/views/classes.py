"""Classes, their timetable and their adjustments, as they are stored (PRG, ENR-7)."""

from __future__ import annotations

from typing import Any

from app.domain.terms import AdjustmentKind, AdjustmentState, ClassState, ProgrammeKind
from app.domain.text import N_
from app.models import ClassAdjustment, ClassSession, FavouriteClass, Institution, TrainingClass
from app.security.scope import is_manageable
from app.views.fab import RecordView, choice, contains, date_from, related


class TrainingClassView(RecordView):
    """Classes within scope."""

    model = TrainingClass
    editable = False
    show_template = "draws/class.html"
    list_columns = ["title", "number", "institution", "starts_on", "ends_on", "place", "seats", "taken", "state"]
    show_columns = [
        *list_columns, "programme", "kind", "credit_hours", "planned_seats", "fee", "boarding", "checkpoint",
        "sessions", "cancelled_reason",
    ]  # fmt: skip
    filters = (
        contains("title", "place", label=N_("Title or place")),
        related("institution", Institution),
        choice("kind", ProgrammeKind),
        choice("state", ClassState),
        date_from("starts_on"),
    )

    def show_extras(self, row: TrainingClass) -> dict[str, Any]:
        """Return whether there are ways to the draw and the adjustment: for who answers for the class."""
        answers = is_manageable(row, actor=self.actor)
        return {
            "may_draw": answers and self.actor.may("read", "Screening"),
            "may_adjust": answers and self.actor.may("read", "ClassAdjustment"),
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
    list_columns = ["training_class", "kind", "state", "old_seats", "new_seats", "live_count", "created_at"]
    show_columns = [
        *list_columns, "reason", "requested_by", "overridden", "decided_by", "decided_at", "decision_reason",
        "target_class",
    ]  # fmt: skip
    filters = (choice("kind", AdjustmentKind), choice("state", AdjustmentState))


class FavouriteClassView(RecordView):
    """Classes the teacher has marked."""

    model = FavouriteClass
    editable = False
    list_columns = ["training_class", "created_at"]


VIEWS = (TrainingClassView, ClassSessionView, ClassAdjustmentView, FavouriteClassView)
