"""Teacher records (TCH-4)."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from flask_appbuilder import action

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
    list_template = "teachers/list.html"
    method_permission_name = {"edit_chosen": "edit", "set_chosen": "edit"}

    @action("edit_chosen", N_("Edit in the grid"), icon="table", single=False)
    def edit_chosen(self, rows: list[Teacher]) -> Any:
        """Open the chosen teachers in the grid (TCH-5)."""
        return redirect(url_for("TeacherGridPage.index", rows=_numbers(rows)))

    @action("set_chosen", N_("Set a field"), icon="list-check", single=False)
    def set_chosen(self, rows: list[Teacher]) -> Any:
        """Open the chosen teachers in the grid and ask for the field to set: checked, and taken back by Ctrl+Z."""
        return redirect(url_for("TeacherGridPage.index", rows=_numbers(rows), bulk=1))


def _numbers(rows: list[Teacher]) -> str:
    return ",".join(str(row.id) for row in rows)


VIEWS = (TeacherView,)
