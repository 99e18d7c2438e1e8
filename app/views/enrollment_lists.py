"""What lists of enrollments share: columns of the person, masked, and filters on person, class, batch, institution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import url_for
from sqlalchemy import select

from app.domain.numbers import number_of
from app.domain.terms import Gender
from app.domain.text import N_
from app.models import Batch, Enrollment, Institution, Teacher, TrainingClass
from app.views.fab import Filter, RecordView, related
from app.views.fab.columns import text_of, value_at
from app.views.fab.listing import ListRow
from app.views.teacher_parts import search, shown_value

TEACHER = "teacher."  # before a column of the teacher


def shown_of(row: Enrollment, name: str) -> Any:
    """Return a column as a list shows it, the protected numbers of the person masked."""
    if name.startswith(TEACHER):
        return shown_value(row.teacher, name.removeprefix(TEACHER))
    return value_at(row, name)


class EnrollmentList(RecordView):
    """A list of enrollments; a row leads to every step it went."""

    model = Enrollment
    editable = False

    def value_of(self, row: Enrollment, name: str) -> Any:
        """Mask the protected numbers of the person."""
        return shown_of(row, name)

    def _row(self, row: Enrollment, names: Any) -> ListRow:
        return replace(super()._row(row, names), url_show=url_for("EnrollmentStoryPage.show", pk=row.id))


def class_filter() -> Filter:
    """Return the filter on one class."""
    return related("training_class", TrainingClass)


def teacher_filter() -> Filter:
    """Return the filter on whatever is known of the teacher."""
    known = search()

    def condition(_model: type[Any], value: str) -> Any:
        return Enrollment.teacher_id.in_(select(Teacher.id).where(known.condition(Teacher, value)))

    return Filter("who", "text", condition, N_("Teacher: name, initials or number"), telling=known.telling)


def gender_filter() -> Filter:
    """Return the filter on the gender of the teacher."""

    def condition(_model: type[Any], value: str) -> Any:
        if value not in {member.value for member in Gender}:
            return None
        return Enrollment.teacher_id.in_(select(Teacher.id).where(Teacher.gender == Gender(value)))

    return Filter("gender", "choice", condition, N_("Gender"), options=lambda: [(m.value, text_of(m)) for m in Gender])


def batch_filter(model: Any) -> Filter:
    """Return the filter on the batch, of enrollments or classes."""
    return _keyed("batch", Batch, N_("Batch"), lambda key: model.batch_id == key)


def institution_filter() -> Filter:
    """Return the filter on the institution of the class."""
    classes = select(TrainingClass.id)
    return _keyed(
        "institution", Institution, N_("Training institution"),
        lambda key: Enrollment.training_class_id.in_(classes.where(TrainingClass.institution_id == key)),
    )  # fmt: skip


def _keyed(name: str, target: type[Any], label: str, clause: Callable[[int], Any]) -> Filter:
    """Return a filter on a key, chosen by search among the rows of `target`."""

    def condition(_model: type[Any], value: str) -> Any:
        key = number_of(value)
        return clause(key) if key is not None else None

    return Filter(name, "remote", condition, label, target=target)
