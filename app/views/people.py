"""Teacher records (TCH-4)."""

from __future__ import annotations

from app.domain.terms import Gender, TeacherStatus
from app.domain.text import N_
from app.models import School, Subject, Teacher
from app.views.fab import RecordView, choice, contains, related


class TeacherView(RecordView):
    """Teachers within scope; the national ID shows as its last four."""

    model = Teacher
    editable = False
    order_by = "teacher_number"
    list_columns = ["teacher_number", "name", "gender", "school", "stage", "subject", "title", "status"]
    show_columns = [*list_columns, "birth_date", "national_id_tail", "grade", "post_category", "office_phone", "email"]
    filters = (
        contains("name", "teacher_number", "name_initials", label=N_("Name, initials or number")),
        related("school", School),
        related("subject", Subject),
        choice("gender", Gender),
        choice("status", TeacherStatus),
    )


VIEWS = (TeacherView,)
