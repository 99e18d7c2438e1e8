"""Training years, batches, rounds and windows (PRG-1)."""

from __future__ import annotations

from app.domain.terms import RoundKind, WindowKind
from app.models import Batch, BatchWindow, EnrollmentRound, TrainingYear
from app.views.fab import RecordView, choice, contains, related, yes_no


class TrainingYearView(RecordView):
    """Training years."""

    model = TrainingYear
    order_by = "year"
    list_columns = ["year", "name", "starts_on", "ends_on", "is_current"]
    form_columns = ("year", "name", "starts_on", "ends_on", "is_current")
    filters = (contains("name"), yes_no("is_current"))


class BatchView(RecordView):
    """Batches of the years."""

    model = Batch
    list_columns = ["training_year", "sequence", "name"]
    form_columns = ("training_year", "sequence", "name")
    filters = (contains("name"), related("training_year", TrainingYear))


class EnrollmentRoundView(RecordView):
    """The two rounds of a batch."""

    model = EnrollmentRound
    list_columns = ["batch", "kind", "notice"]
    form_columns = ("batch", "kind", "notice")
    filters = (choice("kind", RoundKind), related("batch", Batch))


class BatchWindowView(RecordView):
    """When each step of the flow is open."""

    model = BatchWindow
    order_by = "opens_at"
    list_columns = ["batch", "kind", "opens_at", "closes_at"]
    form_columns = ("batch", "kind", "opens_at", "closes_at")
    filters = (choice("kind", WindowKind), related("batch", Batch))


VIEWS = (TrainingYearView, BatchView, EnrollmentRoundView, BatchWindowView)
