"""Teacher records: the list, the page of one, the form, deleted ones (TCH-1, TCH-2, TCH-4, TCH-12)."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.actions import action
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement, Select, select, true

from app.domain.terms import Gender
from app.domain.text import N_
from app.extensions import db
from app.models import Account, School, Teacher
from app.security.actor import Actor
from app.security.rules.people import kept_here
from app.security.scope import is_visible
from app.services import teachers
from app.services.teacher_history import history_of_teacher
from app.views.fab import RecordView, choice, related
from app.views.fab.bulk import typed_reason
from app.views.fab.columns import cell_of, label_of
from app.views.fab.forms import RecordForm
from app.views.fab.interface import ScopedInterface
from app.views.fab.light_rows import Reader
from app.views.teacher_parts import (
    CONTACT,
    EXPORTED_FROM,
    FILTERS,
    IDENTITY,
    POST,
    exported_value,
    given,
    search,
    shown_value,
    teacher_form,
    timeline_of,
)
from app.web.actors import current_actor, current_vault


class TeacherView(RecordView):
    """Teachers within scope; protected numbers are masked, and whoever sees them whole is written down."""

    model = Teacher
    order_by = "teacher_number"
    list_columns = ["teacher_number", "name", "gender", "school", "stage", "subject", "title", "status"]
    column_choices = ("national_id", "birth_date", "grade", "post_category", "mobile", "office_phone", "email")
    show_columns = ["gender", "birth_date", *POST[1:], "office_phone", "email", "created_at", "updated_at"]
    form_columns = (*IDENTITY[:1], *IDENTITY[2:], *POST[1:], *CONTACT)
    create_columns = (*IDENTITY[:1], *IDENTITY[2:], *POST, *CONTACT)
    filters = FILTERS
    import_sheet = "teachers"
    export_from = EXPORTED_FROM
    list_template = "teachers/list.html"
    show_template = "teachers/show.html"
    form_template = "teachers/form.html"
    method_permission_name = {"reveal": "read", "edit_chosen": "edit", "set_chosen": "edit"}
    empty_hint = N_("Add a teacher, or import a workbook.")

    def conditions(self, asked: Any) -> Any:
        """Leave out deleted records, for the system administrator too: they have a page of their own."""
        return [Teacher.deleted_at.is_(None), *super().conditions(asked)]

    def value_of(self, row: Teacher, name: str) -> Any:
        """Mask the protected numbers."""
        return shown_value(row, name)

    def export_reader(self, name: str, actor: Actor) -> Reader:
        """Give the ID number whole to who may see it."""
        return exported_value(name, actor)

    @action("edit_chosen", N_("Edit in the grid"), icon="table", single=False)
    def edit_chosen(self, rows: Any) -> Any:
        """Open the chosen teachers in the grid (TCH-5)."""
        return redirect(url_for("TeacherGridPage.index", rows=_numbers(rows)))

    @action("set_chosen", N_("Set a field"), icon="list-check", single=False)
    def set_chosen(self, rows: Any) -> Any:
        """Open the chosen teachers in the grid and ask for the field to set: checked, and taken back by Ctrl+Z."""
        return redirect(url_for("TeacherGridPage.index", rows=_numbers(rows), bulk=1))

    # --- page

    def show_extras(self, row: Teacher) -> dict[str, Any]:
        """Return the card, the facts in groups, the timeline."""
        own = row.id == self.actor.teacher_id
        may_reveal = own or self.actor.may("reveal", "Teacher")
        masked = [(label_of(Teacher, n), shown_value(row, n), n) for n in teachers.PROTECTED if shown_value(row, n)]
        return {
            "card": [(label_of(Teacher, n), cell_of(getattr(row, n))) for n in ("teacher_number", "status", "school")],
            "masked": masked,
            "url_reveal": self._url("reveal", pk=row.id) if may_reveal else "",
            "url_account": self._account_of(row),
            "entries": timeline_of(history_of_teacher(row.id, actor=self.actor)),
        }

    def _account_of(self, row: Teacher) -> str:
        """Return where the person's account is, to whom may look after it; its password is reset there (ACC-6)."""
        account = db.session.get(Account, row.account_id) if row.account_id else None
        seen = account is not None and self.actor.may("read", "Account") and is_visible(account, actor=self.actor)
        return url_for("AccountView.show", pk=row.account_id) if seen else ""

    @expose("/reveal/<pk>", methods=["POST"])
    @has_access
    def reveal(self, pk: str) -> Any:
        """Return one protected number; who saw it is written down (OPS-3)."""
        field = request.form.get("field", "")
        shown = teachers.reveal(pk, actor=self.actor, vault=current_vault(), fields=[field])
        return jsonify(value=shown.get(field))

    # --- form

    def form_class(self, names: tuple[str, ...]) -> type[RecordForm]:
        """Return the form; what is typed freely is checked by the one check of teachers."""
        key = (request.view_args or {}).get("pk")
        row = self.fetch(key) if key else None
        made = super().form_class(tuple(n for n in names if n in POST))
        return teacher_form(made, row)

    def save_new(self, form: RecordForm) -> Teacher:
        """Create the record."""
        return teachers.create_teacher(given(form, editing=False), actor=self.actor, vault=current_vault())

    def save_changes(self, row: Teacher, form: RecordForm) -> Teacher:
        """Change the record."""
        seen = request.form.get("version", type=int)
        values = given(form, editing=True)
        return teachers.update_teacher(row.id, values, actor=self.actor, vault=current_vault(), expected_version=seen)

    def remove(self, pk: str) -> None:
        """Take the record out of the lists; a bureau can restore it."""
        teachers.soft_delete(pk, actor=self.actor, reason=typed_reason())


def _numbers(rows: Any) -> str:
    return ",".join(str(row.id) for row in rows)


class DeletedInterface(ScopedInterface):
    """Deleted records of the schools the actor keeps."""

    def statement(self, conditions: list[Any]) -> Select[Any]:
        """Return the SELECT of the deleted records that meet `conditions`."""
        actor = current_actor()
        kept: ColumnElement[bool] = true() if actor.everything else kept_here(actor)
        return select(Teacher).where(Teacher.deleted_at.is_not(None), kept, *conditions)


class DeletedTeacherView(RecordView):
    """Deleted teachers, to bring back or, for the system administrator, to remove for good (TCH-12)."""

    model = Teacher
    route_base = "/deleted-teachers"
    editable = False
    interface = DeletedInterface
    exclude_route_methods = {"download", "show", "export"}
    method_permission_name = {"list": "restore", "options": "restore", "action": "restore", "action_post": "restore"}
    order_by = "deleted_at"
    list_columns = ["teacher_number", "name", "gender", "school", "subject", "deleted_at"]
    filters = (search(), related("school", School), choice("gender", Gender))
    empty_hint = N_("Nobody is deleted.")

    def title_of(self) -> str:
        """Return what the rows are called."""
        return _("Deleted teachers")

    def fetch(self, key: Any) -> Teacher:
        """Return a deleted record."""
        return teachers.fetch_deleted(key, actor=self.actor)

    @action(
        "restore", N_("Bring back"), N_("The records return to their schools; accounts stay disabled."), "ti-restore"
    )
    def restore(self, rows: Any) -> Any:
        """Bring the chosen records back."""
        for row in rows:
            teachers.restore_teacher(row.id, actor=self.actor)
        flash(ngettext("%(num)d record is back.", "%(num)d records are back.", len(rows)), "success")
        return redirect(self._url("list"))

    @action(
        "purge", N_("Delete for good"), N_("The records are removed for good; this cannot be undone."), "ti-trash-x"
    )
    def purge(self, rows: Any) -> Any:
        """Remove the chosen records for good."""
        for row in rows:
            teachers.hard_delete(row.id, actor=self.actor)
        flash(ngettext("%(num)d record is gone.", "%(num)d records are gone.", len(rows)), "success")
        return redirect(self._url("list"))


VIEWS = (TeacherView, DeletedTeacherView)
