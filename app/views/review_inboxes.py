"""The inboxes of school, bureau and institution: many enrollments decided at once, by keyboard too (ENR-5, 6, 10).

One page for all three, on the same parts. An act answers with what was done and what was refused, each with its
reasons; what was refused stays in the list. Without scripts everything works as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.domain.errors import Invalid, NotVisible
from app.domain.numbers import number_of, numbers_of
from app.domain.reasons import PHRASES
from app.domain.state_shapes import Action, Party
from app.domain.terms import EnrollmentState
from app.domain.text import N_
from app.extensions import db
from app.models import Enrollment
from app.services import enrollment_review as review
from app.services.enrollment_review import BulkOutcome
from app.services.inboxes import DECIDED, Asked, Inbox, ids_of, inbox
from app.views.fab import PageView
from app.views.fab.listing import Asked as Address
from app.views.fab.listing import Chip, Control, pager_of
from app.web.i18n import sentence

MOST_AT_ONCE = 2_000  # rows one act decides about
FILTERS = ["tab", "class", "subject", "q", "state"]


@dataclass(frozen=True)
class Act:
    """Something a party may do with the chosen rows: its words, the verb, its key, whether it needs a reason."""

    action: Action
    icon: str
    key: str
    reason: bool = False
    kind: str = ""


APPROVE = Act(Action.APPROVE, "ti-check", "a", kind="btn-primary")
REJECT = Act(Action.REJECT, "ti-x", "r", reason=True, kind="btn-outline-danger")
UNDO = Act(Action.UNDO, "ti-arrow-back-up", "u")
CONFIRM = Act(Action.CONFIRM, "ti-check", "a", kind="btn-primary")
DECLINE = Act(Action.DECLINE, "ti-x", "r", reason=True, kind="btn-outline-danger")
DONE = {
    Action.APPROVE: N_("%(count)d approved"),
    Action.REJECT: N_("%(count)d rejected"),
    Action.UNDO: N_("%(count)d taken back"),
    Action.CONFIRM: N_("%(count)d confirmed"),
    Action.DECLINE: N_("%(count)d declined"),
}


@dataclass(frozen=True)
class Refused:
    """Who of one class was refused for the same reasons."""

    training_class: str
    names: list[str]
    reasons: list[str]


@dataclass
class Outcome:
    """What became of an act, as the page tells it."""

    action: Action | None = None
    done: tuple[int, ...] = ()
    refused: list[Refused] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    reason: str = ""
    chosen: frozenset[int] = frozenset()
    told: str = ""


class ReviewInbox(PageView):
    """What the three inboxes share; each says whose it is, what its page is called and what may be done there."""

    resource = "Enrollment"
    party: Party
    heading = ""
    waiting_acts: tuple[Act, ...] = ()
    decided_acts: tuple[Act, ...] = ()

    @expose("/", methods=["GET", "POST"])
    @has_access
    def index(self) -> Any:
        """Show what waits, or what was decided; a POST decides about the chosen rows and shows what became of it."""
        address = Address.from_request(FILTERS, [])
        outcome, status = Outcome(), 200
        if request.method == "POST":
            outcome = self._decide(address)
            status = 422 if outcome.problems else 200
        found = inbox(_asked(address), self.party, actor=self.actor)
        acts = self.decided_acts if address.filters.get("tab") == "decided" else self.waiting_acts
        controls = _controls(found, address)
        page = self.render_template(
            "review/index.html", title=_(self.heading), found=found, address=address, acts=acts, outcome=outcome,
            controls=controls, chips=_chips(controls, address), phrases=[_(text) for text in PHRASES[self.party]],
            tabs=_tabs(found, address), pager=pager_of(found.count, address),
            undo=UNDO in self.decided_acts, endpoint=f"{self.endpoint}.index", most=MOST_AT_ONCE,
        )  # fmt: skip
        return page, status

    def _decide(self, address: Address) -> Outcome:
        """Do what was asked for. A row out of scope refuses the whole act (404)."""
        asked_for = request.form.get("action", "")
        act = next((a for a in (*self.waiting_acts, *self.decided_acts) if a.action.value == asked_for), None)
        keys, reason = self._keys(address), _reason()
        if act is None or not keys:
            return Outcome(problems=[_("Choose at least one row first.")], reason=reason)
        try:
            done = self._run(act, keys, reason)
        except Invalid as error:
            db.session.rollback()
            told = [sentence(problem) for problem in error.problems]
            return Outcome(act.action, problems=told, reason=reason, chosen=frozenset(keys))
        return self._outcome(act, done)

    def _keys(self, address: Address) -> list[int]:
        """Return the chosen rows, or everything found when that was chosen."""
        if request.form.get("everything"):
            return ids_of(_asked(address), self.party, actor=self.actor, most=MOST_AT_ONCE)
        given = request.form.getlist("rowid")[:MOST_AT_ONCE]
        keys = numbers_of(given)
        if len(keys) < len(given):
            raise NotVisible
        return keys

    def _run(self, act: Act, keys: Sequence[int], reason: str) -> BulkOutcome:
        verb = getattr(review, act.action.value)
        return verb(keys, reason, actor=self.actor) if act.reason else verb(keys, actor=self.actor)

    def _outcome(self, act: Act, done: BulkOutcome) -> Outcome:
        rows = db.session.scalars(
            select(Enrollment)
            .where(Enrollment.id.in_(done.refused))
            .options(joinedload(Enrollment.teacher), joinedload(Enrollment.training_class))
        )
        refused = _together((row, [sentence(problem) for problem in done.refused[row.id]]) for row in rows)
        told = _(DONE[act.action], count=len(done.done)) if done.done else ""
        return Outcome(act.action, done.done, refused, told=told, chosen=frozenset(done.refused))


class SchoolInboxPage(ReviewInbox):
    """A school reviews what its teachers have enrolled for (ENR-5)."""

    route_base = "/school-inbox"
    method_permission_name = {"index": "review"}
    party = Party.SCHOOL
    heading = N_("Review enrollments")
    waiting_acts = (APPROVE, REJECT)
    decided_acts = (UNDO,)


class BureauInboxPage(ReviewInbox):
    """A bureau approves where a class has a checkpoint (ENR-6)."""

    route_base = "/bureau-inbox"
    method_permission_name = {"index": "review"}
    party = Party.BUREAU
    heading = N_("Approve enrollments")
    waiting_acts = (APPROVE, REJECT)


class InstitutionInboxPage(ReviewInbox):
    """An institution confirms or declines its candidates (ENR-10)."""

    route_base = "/institution-inbox"
    method_permission_name = {"index": "confirm"}
    party = Party.INSTITUTION
    heading = N_("Confirm enrollments")
    waiting_acts = (CONFIRM, DECLINE)


def _together(refused: Iterable[tuple[Enrollment, list[str]]]) -> list[Refused]:
    """Tell once what is against many: of a class that is not drawn yet every candidate is refused alike."""
    found: dict[tuple[int, tuple[str, ...]], Refused] = {}
    for row, reasons in refused:
        key = (row.training_class_id, tuple(reasons))
        one = found.setdefault(key, Refused(str(row.training_class), [], reasons))
        one.names.append(row.teacher.name)
    return list(found.values())


def _reason() -> str:
    """Return the phrase that was chosen and what was typed beside it, as one sentence."""
    parts = (request.form.get("phrase", "").strip(), request.form.get("reason", "").strip())
    return "；".join(dict.fromkeys(part for part in parts if part))


def _asked(address: Address) -> Asked:
    given = address.filters
    states = {state.value: state for state in EnrollmentState}
    return Asked(
        decided=given.get("tab") == "decided", class_id=number_of(given.get("class")),
        subject_id=number_of(given.get("subject")), words=given.get("q", ""), state=states.get(given.get("state", "")),
        page=address.page, size=address.size,
    )  # fmt: skip


def _controls(found: Inbox, address: Address) -> list[Control]:
    given = address.filters
    classes = [(str(key), f"{name} ({count})") for key, name, count in found.classes]
    subjects = [(str(key), f"{name} ({count})") for key, name, count in found.subjects]
    states = [(state.value, _(state.label)) for state in DECIDED[found.party]]
    specs: list[tuple[str, str, str, list[tuple[str, str]]]] = [
        ("class", "choice", _("Class"), classes),
        ("subject", "choice", _("Subject"), subjects),
        ("q", "text", _("Teacher"), []),
        *([("state", "choice", _("State"), states)] if given.get("tab") == "decided" else []),
    ]
    return [Control(name, label, kind, given.get(name, ""), "", choices, "") for name, kind, label, choices in specs]


def _chips(controls: Sequence[Control], address: Address) -> list[Chip]:
    return [
        Chip(c.label, dict(c.choices).get(c.value, c.value), address.url(**{c.param: "", "page": 1}))
        for c in controls
        if c.value
    ]


def _tabs(found: Inbox, address: Address) -> list[dict[str, Any]]:
    decided = address.filters.get("tab") == "decided"
    return [
        {"label": _("Waiting for me"), "url": "?", "count": found.waiting, "active": not decided},
        {"label": _("Dealt with"), "url": "?tab=decided", "count": found.decided, "active": decided},
    ]


VIEWS = (SchoolInboxPage, BureauInboxPage, InstitutionInboxPage)
