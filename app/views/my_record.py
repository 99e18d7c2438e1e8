"""My record: what a teacher sees of it, changes, and asks the school to change; made for a phone (TCH-3, P20)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import Length

from app.domain.change_requests import FIELDS, LONGEST_NOTE
from app.domain.errors import DomainError
from app.domain.terms import ChangeRequestState
from app.extensions import db
from app.models import Teacher, Transfer
from app.services import change_requests, own_record
from app.services.transfer_lists import transfers_of
from app.services.transitions import history, history_of
from app.views.change_requests import changes_shown
from app.views.fab import PageView
from app.views.fab.columns import cell_of, label_of
from app.views.fab.forms import RecordForm, make_form
from app.views.teacher_parts import given, in_order, masked_id, teacher_form
from app.views.transfers import entry_of
from app.web.actors import current_vault

CHOSEN = ("stage", "grade", "subject", "post_category", "title")
FACTS = ("teacher_number", "status", "school", "gender", "birth_date", *CHOSEN, "mobile", "office_phone", "email")


class MyRecordPage(PageView):
    """The own record of the teacher who has signed in, and nobody else's."""

    resource = "ChangeRequest"
    route_base = "/my-record"
    method_permission_name = dict.fromkeys(("index", "save", "ask"), "file")

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show the record; who runs the platform has none."""
        if self.actor.teacher_id is None:
            flash(_("This account belongs to no teacher, so it has no record of its own."), "info")
            return redirect(url_for("HomeView.index"))
        return self._show()

    @expose("/save", methods=["POST"])
    @has_access
    def save(self) -> Any:
        """Change what needs nobody's consent; on any problem show everything typed again."""
        row = own_record.own_record(self.actor)
        form = own_form(row, own_record.own_fields())
        seen = request.form.get("version", type=int)
        if not form.validate():
            return self._show(own=form, version=seen), 422
        try:
            changed = own_record.save_own(
                given(form, editing=True), actor=self.actor, vault=current_vault(), expected_version=seen
            )
        except DomainError as error:
            db.session.rollback()
            problems = form.take(error)
            version = form.version_after(error, row) or seen
            return self._show(own=form, problems=problems, version=version), error.status
        flash(_("Saved.") if changed else _("Nothing has changed."), "success" if changed else "info")
        return redirect(url_for("MyRecordPage.index"))

    @expose("/ask", methods=["POST"])
    @has_access
    def ask(self) -> Any:
        """Ask the school for the other changes; on any problem show everything typed again."""
        row = own_record.own_record(self.actor)
        form = ask_form(row)
        if not form.validate():
            return self._show(asked=form), 422
        values = given(form, editing=True)
        note = values.pop("note", None)
        try:
            change_requests.file(values, note, actor=self.actor, vault=current_vault())
        except DomainError as error:
            db.session.rollback()
            return self._show(asked=form, problems=form.take(error)), error.status
        flash(_("Sent to your school; you will be told what it decides."), "success")
        return redirect(url_for("MyRecordPage.index", _anchor="requests"))

    def _show(
        self, own: RecordForm | None = None, asked: RecordForm | None = None, problems: list[str] | None = None,
        version: int | None = None,
    ) -> str:  # fmt: skip
        row = own_record.own_record(self.actor)
        moved = transfers_of(row.id)
        steps = history_of(Transfer, [one.id for one in moved])
        waiting = change_requests.requests_of(row.id)
        return self.render_template(
            "my_record.html", title=_("My record"), row=row, facts=[_fact(row, name) for name in FACTS],
            own=own or own_form(row, own_record.own_fields()), asked=asked or ask_form(row), problems=problems or [],
            asking=asked is not None, requests=[(one, changes_shown(one), _answer(one)) for one in waiting],
            transfers=[(one, [entry_of(line) for line in reversed(steps.get(one.id, []))]) for one in moved],
            version=version or row.version, masked_id=masked_id(row), filed=ChangeRequestState.FILED,
        )  # fmt: skip


def _fact(row: Teacher, name: str) -> tuple[str, Any]:
    return label_of(Teacher, name), cell_of(getattr(row, name))


def _answer(one: Any) -> str:
    """Return the reason a request was refused with."""
    return next((line.reason or "" for line in reversed(history(one)) if line.from_state), "")


# --- forms


class DayField(StringField):
    """A day typed as people write it; the one check of teachers reads it."""

    def process_data(self, value: Any) -> None:
        """Show the stored day as text."""
        self.data = value.isoformat() if value is not None else value


def own_form(row: Teacher, names: tuple[str, ...]) -> RecordForm:
    """Return the form of the fields a teacher changes at once."""
    return _form(row, names, {})


def ask_form(row: Teacher) -> RecordForm:
    """Return the form of the other fields, as the record has them; what is changed is asked for."""
    own = own_record.own_fields()
    note = StringField(
        _l("Reason and proof"), [Length(max=LONGEST_NOTE)], description=_l("Your school reads it, for example why.")
    )
    return _form(row, tuple(name for name in FIELDS if name not in own), {"note": note})


def _form(row: Teacher, names: tuple[str, ...], further: dict[str, Any]) -> RecordForm:
    """Return the one form of teachers with these fields alone; one's own mobile number is not masked."""
    chosen = make_form(Teacher, tuple(name for name in CHOSEN if name in names), "", frozenset())
    whole = teacher_form(chosen, row)
    fields: dict[str, Any] = {name: None for name in FIELDS if name not in names and hasattr(whole, name)}
    if "mobile" in names:
        fields["mobile"] = StringField(_l("Mobile"), [Length(max=40)], render_kw={"inputmode": "tel"})
    if "birth_date" in names:
        fields["birth_date"] = DayField(_l("Birth date"), [Length(max=40)], description=_l("For example 1980-01-05."))
    return in_order(type("OwnForm", (whole,), {**fields, **further}))(obj=row)


VIEWS = (MyRecordPage,)
