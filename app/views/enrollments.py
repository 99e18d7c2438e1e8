"""Enrollments, draws and the ledger of moves, as they are stored (ENR)."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from app.domain.numbers import number_of
from app.domain.terms import EnrollmentOrigin, EnrollmentState, RoundKind
from app.domain.text import N_
from app.models import Enrollment, Evaluation, School, Screening, ScreeningCandidate, Transition
from app.services.transitions import state_labels
from app.views.enrollment_lists import (
    EnrollmentList,
    batch_filter,
    class_filter,
    institution_filter,
    teacher_filter,
)
from app.views.fab import RecordView, choice, contains, related
from app.views.fab.columns import entity_called
from app.views.fab.filters import Filter


class EnrollmentView(EnrollmentList):
    """Enrollments within scope; enrolling and deciding are verbs of their own."""

    order_by = "-id"
    list_columns = ["teacher", "training_class", "school", "round_kind", "state", "enrolled_at", "number"]
    column_choices = (
        "teacher.teacher_number", "teacher.gender", "teacher.subject", "teacher.title", "teacher.mobile", "bureau",
        "training_class.institution", "training_class.starts_on", "credit_hours", "origin", "moved_at",
        "checkpoint_bureau", "review_deadline",
    )  # fmt: skip
    show_columns = [
        "number", "teacher", "training_class", "school", "round_kind", "state", "enrolled_at", "origin",
        "credit_hours", "bureau", "checkpoint_bureau", "review_deadline", "moved_at", "bureau_approved_at",
        "holds_seat", "reassigned_from",
    ]  # fmt: skip
    order_columns = ["teacher.name", "school.name", "round_kind", "state", "enrolled_at", "number", "moved_at"]
    filters = (
        teacher_filter(),
        class_filter(),
        choice("state", EnrollmentState),
        related("school", School),
        batch_filter(Enrollment),
        choice("round_kind", RoundKind),
        institution_filter(),
        choice("origin", EnrollmentOrigin),
        contains("number"),
    )
    empty_hint = N_("No enrollments yet. They appear here as soon as teachers choose classes.")


class EvaluationView(RecordView):
    """Which of one's classes one has evaluated."""

    model = Evaluation
    editable = False
    list_columns = ["enrollment", "submitted_at", "is_late"]


class ScreeningView(RecordView):
    """Frozen lists and draws."""

    model = Screening
    editable = False
    order_by = "-id"
    list_columns = ["training_class", "seats", "candidate_count", "frozen_at", "drawn_at"]
    filters = (class_filter(),)
    show_columns = [
        *list_columns, "list_hash", "commitment", "seed", "result_hash", "algorithm", "frozen_by", "drawn_by",
    ]  # fmt: skip


class ScreeningCandidateView(RecordView):
    """Candidates of the draws, by the numbers that were published."""

    model = ScreeningCandidate
    editable = False
    list_columns = ["enrollment_number", "screening_id", "place_in_order", "drawn", "promoted_at"]
    show_columns = [*list_columns, "order_hash"]
    filters = (contains("enrollment_number"),)


def _of_row(model: type[Any], value: str) -> Any:
    key = number_of(value)
    return model.row_id == key if key is not None else None


class TransitionView(RecordView):
    """Every move of a state, the newest first (ENR-19)."""

    model = Transition
    editable = False
    list_columns = ["created_at", "entity", "row_id", "action", "from_state", "to_state", "organisation"]
    show_columns = [*list_columns, "party", "reason"]
    filters = (contains("entity"), contains("organisation"), Filter("row_id", "hidden", _of_row))

    def ordering(self, asked: Any) -> tuple[Any, ...]:
        """Return the newest first unless asked otherwise."""
        return super().ordering(asked) if asked.order else (Transition.id.desc(),)

    def value_of(self, row: Any, name: str) -> Any:
        """Return the states and the kind of record as the words they are."""
        if name in ("from_state", "to_state"):
            return state_labels(row)[name == "to_state"]
        if name == "entity":
            model = entity_called(row.entity)
            return _(model.__label__) if model else row.entity
        return super().value_of(row, name)


VIEWS = (EnrollmentView, EvaluationView, ScreeningView, ScreeningCandidateView, TransitionView)
