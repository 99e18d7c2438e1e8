"""Changes teachers ask their school for: one list with before and after, decided one by one or many (TCH-3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, redirect, request
from flask_appbuilder.actions import action
from flask_babel import gettext as _
from markupsafe import Markup

from app.domain.change_requests import stored, unpacked
from app.domain.terms import ChangeRequestState
from app.domain.text import N_
from app.models import ChangeRequest, School, Teacher
from app.security.actor import Actor
from app.security.scope import is_manageable
from app.services import change_requests as requests
from app.services.outcomes import BulkOutcome
from app.services.teacher_lists import LISTS, reference_choices
from app.services.transitions import history
from app.views.fab import RecordView, choice, related
from app.views.fab.bulk import keys_of, tell, typed_reason
from app.views.fab.columns import EMPTY, label_of, text_of
from app.views.fab.light_rows import Reader
from app.views.fab.pages import safe_next
from app.views.transfers import NAME, entry_of
from app.web.actors import current_vault

STARS = "*" * 14  # before the last four of an ID number


@dataclass(frozen=True)
class Change:
    """A field as the list shows it; `now` is set when the record says something else by now."""

    label: str
    before: str
    after: str
    now: str | None


def changes_shown(row: ChangeRequest) -> list[Change]:
    """Return what a request is about in words; the present value where it has changed since."""
    record = {**{name: getattr(row.teacher, name) for name in _COLUMNS}}
    shown = []
    for name, change in row.changes.items():
        present = stored(record, name)
        moved = row.state is ChangeRequestState.FILED and present != change["old"]
        shown.append(
            Change(
                label_of(Teacher, name), _word(name, change["old"]), _word(name, change["new"]),
                _word(name, present) if moved else None,
            )
        )  # fmt: skip
    return shown


_COLUMNS = (
    "name", "gender", "birth_date", "national_id_tail", "mobile", "office_phone", "email", "stage_id", "grade_id",
    "subject_id", "post_category_id", "title_id",
)  # fmt: skip


def _word(name: str, value: Any) -> str:
    if value is None:
        return EMPTY
    if name == "national_id":
        return f"{STARS}{value}"
    if name in LISTS:
        if "reference_choices" not in g:
            g.reference_choices = reference_choices()
        entry = g.reference_choices[name].by_key.get(value)
        return entry.name if entry is not None else EMPTY
    return text_of(unpacked(name, value))


class ChangeRequestView(RecordView):
    """Requests within scope; the school decides, bureaus look on."""

    model = ChangeRequest
    editable = False
    list_columns = ["teacher", "changes", "note", "state", "created_at"]
    order_columns = ["created_at", "state"]
    show_columns = ["teacher", "school", "state", "note", "created_at", "moved_at"]
    filters = (NAME, choice("state", ChangeRequestState), related("school", School))
    bulk_reason = N_("Reason (needed to refuse)")
    show_template = "change_requests/show.html"
    empty_hint = N_("No teacher asks for a change at present.")
    method_permission_name = {"approve": "decide", "refuse": "decide"}

    def ordering(self, asked: Any) -> tuple[Any, ...]:
        """Return the newest first unless asked otherwise."""
        return super().ordering(asked) if asked.order else (ChangeRequest.id.desc(),)

    def value_of(self, row: ChangeRequest, name: str) -> Any:
        """Return what is to change as lines of before and after."""
        if name != "changes":
            return super().value_of(row, name)
        return Markup("").join(_line(change) for change in changes_shown(row))

    def export_reader(self, name: str, actor: Actor) -> Reader:
        """Give the changes of a row as one text."""
        if name != "changes":
            return super().export_reader(name, actor)
        return lambda row: "；".join(f"{one.label}：{one.before} → {one.after}" for one in changes_shown(row))

    def show_extras(self, row: ChangeRequest) -> dict[str, Any]:
        """Return the changes, whether the actor decides, and every step."""
        decides = self.actor.may("decide", "ChangeRequest") and is_manageable(row, actor=self.actor)
        return {
            "changes": changes_shown(row),
            "stale": requests.is_stale(row),
            "may_decide": decides and row.state is ChangeRequestState.FILED,
            "entries": [entry_of(line) for line in reversed(history(row))],
        }

    @action("approve", N_("Approve"), N_("The records are changed as asked."), "ti-circle-check")
    def approve(self, rows: Any) -> Any:
        """Bring the chosen requests into the records."""
        anyway = request.form.get("anyway") == "yes" and len(rows) == 1
        outcome = requests.approve(keys_of(rows), actor=self.actor, vault=current_vault(), anyway=anyway)
        return self._decided(rows, outcome)

    @action("refuse", N_("Refuse"), N_("The records stay; the teachers read your reason."), "ti-circle-x")
    def refuse(self, rows: Any) -> Any:
        """Refuse the chosen requests."""
        return self._decided(rows, requests.refuse(keys_of(rows), typed_reason(), actor=self.actor))

    def _decided(self, rows: Any, outcome: BulkOutcome) -> Any:
        tell(outcome, {row.id: row.teacher.name for row in rows})
        return redirect(safe_next(self._url("list")))


def _line(change: Change) -> Markup:
    """Return a change as a line of the list."""
    now = Markup(' <span class="pill pill-waiting"><i class="ti ti-alert-triangle" aria-hidden="true"></i>%s</span>')
    told = now % _("now: %(value)s", value=change.now) if change.now is not None else ""
    line = Markup('<span class="change-line"><span class="change-label">%s</span> %s '
                  '<i class="ti ti-arrow-right" aria-hidden="true"></i> <strong>%s</strong>%s</span>')  # fmt: skip
    return line % (change.label, change.before, change.after, told)


VIEWS = (ChangeRequestView,)
