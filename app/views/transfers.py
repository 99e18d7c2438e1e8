"""The lists of transfers with what can be done about them, one or many at once, and the page of one (TCH-7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import redirect, request
from flask_appbuilder.actions import action
from flask_babel import gettext as _
from sqlalchemy import select

from app.domain.names import normalise_name
from app.domain.terms import TransferDirection, TransferKind, TransferPart, TransferState
from app.domain.text import N_, LabelledEnum
from app.models import Teacher, Transfer, Transition
from app.services import transfer_decisions as decisions
from app.services.outcomes import BulkOutcome
from app.services.teacher_search import name_contains
from app.services.transfer_lists import direction_clause, part_clause, part_counts
from app.services.transitions import history
from app.views.fab import Filter, RecordView, choice
from app.views.fab.bulk import keys_of, tell, typed_reason
from app.views.fab.columns import text_of
from app.views.fab.listing import Listing
from app.views.fab.pages import safe_next
from app.web.actors import current_actor
from app.web.appearance import LOOKS, UNKNOWN

# What can be done in each part of the list.
OFFERED: dict[str, tuple[str, ...]] = {
    TransferPart.TO_RELEASE: ("release", "refuse"),
    TransferPart.TO_TAKE_IN: ("accept", "refuse"),
    TransferPart.UNDER_WAY: ("take_back",),
    TransferPart.ON_SECONDMENT: ("end_secondment",),
}


def _words(kind: type[LabelledEnum]) -> list[tuple[str, str]]:
    return [(member.value, text_of(member)) for member in kind]


def _by_part(_model: Any, value: str) -> Any:
    known = TransferPart._value2member_map_
    return part_clause(TransferPart(value), current_actor()) if value in known else None


def _by_direction(_model: Any, value: str) -> Any:
    known = TransferDirection._value2member_map_
    return direction_clause(TransferDirection(value), current_actor()) if value in known else None


def _by_name(model: type[Any], value: str) -> Any:
    return model.teacher_id.in_(select(Teacher.id).where(name_contains(normalise_name(value))))


PART = Filter("part", "choice", _by_part, N_("Part of the list"), lambda: _words(TransferPart))
DIRECTION = Filter("direction", "choice", _by_direction, N_("Direction"), lambda: _words(TransferDirection))
NAME = Filter("name", "text", _by_name, N_("Teacher's name"))


class TransferView(RecordView):
    """Transfers within scope. Who may do what about each, the services say row by row."""

    model = Transfer
    editable = False
    list_columns = ["teacher", "kind", "from_school", "to_school", "starts_on", "ends_on", "state", "moved_at"]
    show_columns = [*list_columns, "reason", "agreed_at", "completed_on", "ended_on", "created_at"]
    filters = (PART, NAME, DIRECTION, choice("kind", TransferKind), choice("state", TransferState))
    list_template = "transfers/list.html"
    bulk_reason = N_("Reason (needed to refuse)")
    show_template = "transfers/show.html"
    empty_hint = N_("Nobody is transferred at present.")
    method_permission_name = dict.fromkeys(("release", "accept", "refuse", "take_back", "end_secondment"), "transfer")

    def ordering(self, asked: Any) -> tuple[Any, ...]:
        """Return the newest first unless asked otherwise."""
        return super().ordering(asked) if asked.order else (Transfer.moved_at.desc(), Transfer.id.desc())

    def listing(self, extra: tuple[Any, ...] = ()) -> Listing:
        """Return the page; the part is chosen by tabs, not in the bar, and says what can be done."""
        made = super().listing(extra)
        chips = [chip for chip in made.chips if chip.label != PART.title(Transfer)]
        return replace(made, controls=[c for c in made.controls if c.param != "part"], chips=chips)

    def bulk_actions(self) -> Any:
        """Offer what fits the part of the list."""
        offered = OFFERED.get(request.args.get("part", ""), ())
        known = {one.name: one for one in super().bulk_actions()}
        return [known[name] for name in offered if name in known]

    def tabs(self) -> list[dict[str, Any]]:
        """Return the parts of the list with their counts."""
        asked, counts = request.args.get("part", ""), part_counts(self.actor)
        parts = [
            {"label": text_of(part), "url": self._url("list", part=part.value), "active": asked == part.value,
             "count": counts[part]}
            for part in TransferPart
        ]  # fmt: skip
        return [*parts, {"label": _("All"), "url": self._url("list"), "active": not asked, "count": None}]

    # --- page

    def show_extras(self, row: Transfer) -> dict[str, Any]:
        """Return what can be done, and every step."""
        can = decisions.possible(row, actor=self.actor)
        return {"can": can, "entries": [entry_of(line) for line in reversed(history(row))]}

    # --- acts

    @action("release", N_("Release"), N_("They go to the schools that asked for them, with everything that waits."),
            "ti-user-share")  # fmt: skip
    def release(self, rows: Any) -> Any:
        """Let the chosen people go."""
        return self._decided(rows, decisions.release(keys_of(rows), actor=self.actor))

    @action("accept", N_("Take in"), N_("They come to your school, with everything that waits."), "ti-user-down")
    def accept(self, rows: Any) -> Any:
        """Take the chosen people in."""
        return self._decided(rows, decisions.accept(keys_of(rows), actor=self.actor))

    @action("refuse", N_("Refuse"), N_("They stay where they are; the others read your reason."), "ti-circle-x")
    def refuse(self, rows: Any) -> Any:
        """Refuse the chosen transfers."""
        return self._decided(rows, decisions.refuse(keys_of(rows), typed_reason(), actor=self.actor))

    @action("take_back", N_("Take back"), N_("The requests end; the other schools are told."), "ti-arrow-back-up")
    def take_back(self, rows: Any) -> Any:
        """Take the chosen requests back."""
        return self._decided(rows, decisions.take_back(keys_of(rows), actor=self.actor, reason=typed_reason()))

    @action("end_secondment", N_("End the secondment"), N_("They return to their own schools today."), "ti-user-up")
    def end_secondment(self, rows: Any) -> Any:
        """Let the chosen people return."""
        return self._decided(rows, decisions.end_secondment(keys_of(rows), actor=self.actor, reason=typed_reason()))

    def _decided(self, rows: Any, outcome: BulkOutcome) -> Any:
        tell(outcome, {row.id: row.teacher.name for row in rows})
        return redirect(self.get_redirect())

    def get_redirect(self) -> str:
        """Return the list that was left."""
        return safe_next(self._url("list"))


def entry_of(line: Transition) -> dict[str, Any]:
    """Return a step as the timeline shows it."""
    who = line.organisation or (line.account.name if line.account else _("The platform"))
    return {
        "label": _(line.action.label),
        "when": line.created_at,
        "who": who,
        "note": line.reason or "",
        "tone": LOOKS.get(line.to_state, UNKNOWN).tone,
    }


VIEWS = (TransferView,)
