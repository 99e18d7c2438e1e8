"""Reference lists: the same screen for each (TCH-1)."""

from __future__ import annotations

from app.domain.text import N_
from app.models import Grade, PostCategory, ProfessionalTitle, ReferenceList, Stage, Subject
from app.views.fab import RecordView, contains, yes_no


class ReferenceView(RecordView):
    """One reference list."""

    model: type[ReferenceList]
    order_by = "position"
    list_columns = ["code", "name", "position", "in_use"]
    form_columns: tuple[str, ...] = ("code", "name", "position", "in_use")
    filters = (contains("name", "code", label=N_("Name or code")), yes_no("in_use"))


class StageView(ReferenceView):
    """School stages."""

    model = Stage


class GradeView(ReferenceView):
    """Grades, each of a stage."""

    model = Grade
    list_columns = ["code", "name", "stage", "position", "in_use"]
    form_columns = ("code", "name", "stage", "position", "in_use")


class SubjectView(ReferenceView):
    """Subjects."""

    model = Subject
    list_columns = ["code", "name", "stages", "position", "in_use"]
    form_columns = ("code", "name", "stages", "position", "in_use")


class PostCategoryView(ReferenceView):
    """Post categories."""

    model = PostCategory


class ProfessionalTitleView(ReferenceView):
    """Professional titles."""

    model = ProfessionalTitle


VIEWS = (StageView, GradeView, SubjectView, PostCategoryView, ProfessionalTitleView)
