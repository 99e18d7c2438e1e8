"""Programmes and what belongs to them, as they are stored (PRG)."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access

from app.domain.terms import ExpertReviewState, ProgrammeKind, ProgrammeState
from app.domain.text import N_
from app.models import (
    Batch,
    DeclarationDraft,
    ExpertOpinion,
    Institution,
    Lecturer,
    PlanFile,
    Programme,
    TrainingYear,
)
from app.views.fab import RecordView, choice, contains, related
from app.views.programme_page import programme_page


class ProgrammeView(RecordView):
    """Programmes within scope; declaring and reviewing are verbs of their own."""

    model = Programme
    editable = False
    order_by = "-id"
    list_columns = ["title", "number", "kind", "institution", "batch", "credit_hours", "state", "submitted_at"]
    show_columns = [
        *list_columns, "credits", "stages", "post_categories", "subjects", "target_regions", "review_bureau",
        "lecturers", "goals", "contents", "outline", "assessment", "classes_allowed", "copied_from",
    ]  # fmt: skip
    filters = (
        contains("title", "number", label=N_("Title or number")),
        related("institution", Institution),
        choice("kind", ProgrammeKind),
        choice("state", ProgrammeState),
        related("training_year", TrainingYear),
        related("batch", Batch),
    )

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """Show a programme with its classes, and to who decides the means to."""
        return programme_page(self, pk)


class DeclarationDraftView(RecordView):
    """Declarations that are still being written."""

    model = DeclarationDraft
    editable = False
    list_columns = ["title", "programme", "account", "updated_at"]
    show_columns = [*list_columns, "institution", "file_name"]
    filters = (contains("title"),)


class PlanFileView(RecordView):
    """Versions of training plans."""

    model = PlanFile
    editable = False
    list_columns = ["name", "programme", "revision", "size", "created_at"]
    show_columns = [*list_columns, "content_type", "sha256"]
    filters = (contains("name"),)


class LecturerView(RecordView):
    """Lecturers of an institution."""

    model = Lecturer
    list_columns = ["name", "workplace", "position", "institution"]
    show_columns = [*list_columns, "introduction"]
    form_columns = ("institution", "name", "workplace", "position", "introduction")
    filters = (
        contains("name", "workplace", label=N_("Name or workplace")),
        related("institution", Institution),
    )


class ExpertOpinionView(RecordView):
    """Opinions experts were asked for and gave."""

    model = ExpertOpinion
    editable = False
    list_columns = ["programme", "expert", "state", "score", "answered_at"]
    show_columns = [*list_columns, "comment", "asked_by", "created_at"]
    filters = (choice("state", ExpertReviewState),)


VIEWS = (ProgrammeView, DeclarationDraftView, PlanFileView, LecturerView, ExpertOpinionView)
