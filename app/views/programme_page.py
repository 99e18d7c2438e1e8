"""One programme as everybody reads it: where it stands, what was declared, its classes, files, opinions and history."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.domain.errors import DomainError
from app.domain.states import Action, Fact
from app.domain.terms import Checkpoint, ExpertReviewState, ProgrammeState, WindowKind
from app.extensions import db
from app.models import ClassSession, ExpertOpinion, Programme, TrainingClass, Transition
from app.security.actor import Actor
from app.security.scope import fetch_visible, is_manageable, select_visible, visible_clause
from app.services.declarations import OPEN_STATES, has_class_to_mend
from app.services.programme_review import experts_to_ask
from app.services.programme_waiting import next_to_review
from app.services.programmes import pending_classes
from app.services.transitions import history_of, may_move, state_labels
from app.services.windows import is_open
from app.views.declaration_form import by_field, shown_problems
from app.views.fab.columns import label_of, text_of
from app.web.appearance import look

LOADS = (
    selectinload(Programme.classes).selectinload(TrainingClass.sessions).selectinload(ClassSession.lecturer),
    selectinload(Programme.plan_files),
    selectinload(Programme.lecturers),
    selectinload(Programme.target_regions),
)
LONG_TEXTS = ("goals", "contents", "outline", "assessment")


def programme_page(view: Any, pk: Any, problems: DomainError | None = None) -> str:
    """Return the page; `problems` are those of an act that was tried from it. Raises NotVisible."""
    actor: Actor = view.actor
    row = fetch_visible(Programme, pk, actor=actor, options=LOADS)
    shown = shown_problems(problems, {one.id: one.number for one in row.classes})
    ours = is_manageable(row, actor=actor)
    classes, opinions = _visible_classes(row, actor), _opinions(row, actor)
    return view.render_template(  # type: ignore[no-any-return]
        "programmes/show.html", title=row.title, row=row, classes=classes, facts=facts_of(row), problems=shown,
        errors=by_field(shown), long_texts=[(label_of(Programme, n), getattr(row, n)) for n in LONG_TEXTS],
        steps=steps_of(row), entries=timeline_of(row, classes), buttons=_buttons(row, ours, actor),
        reviewing=ours and may_review(row, actor), adjusting=ours and may_adjust(row, actor), checkpoints=Checkpoint,
        experts=experts_to_ask() if ours and actor.may("ask", "Programme") else [], opinions=opinions,
        own_opinion=next((o for o in opinions if _to_answer(o, actor)), None),
        pending={one.id for one in pending_classes(row)},
        next_one=next_to_review(row, actor) if ours and actor.may("review", "Programme") else None,
    )  # fmt: skip


def facts_of(row: Programme) -> list[tuple[str, str]]:
    """Return what is declared in the upper part, short: none of a list is every one of it."""
    names = ("number", "kind", "institution", "batch", "credit_hours", "credits", "stages", "post_categories",
             "subjects", "target_regions", "review_bureau", "lecturers", "submitted_at", "copied_from")  # fmt: skip
    everything = {name for name in ("stages", "post_categories", "subjects") if not getattr(row, name)}
    values = {name: _("All") if name in everything else text_of(getattr(row, name)) for name in names}
    return [
        (label_of(Programme, name), value)
        for name, value in values.items()
        if name not in _OPTIONAL or getattr(row, name)
    ]


_OPTIONAL = ("credits", "review_bureau", "submitted_at", "copied_from")


def _visible_classes(row: Programme, actor: Actor) -> list[TrainingClass]:
    """Return the classes of the programme the actor sees: teachers and schools, the published ones only."""
    seen = set(
        db.session.scalars(
            select(TrainingClass.id).where(TrainingClass.programme_id == row.id, visible_clause(TrainingClass, actor))
        )
    )
    return [one for one in row.classes if one.id in seen]


def may_review(row: Programme, actor: Actor) -> bool:
    """Tell whether the actor decides about a class of `row` at this moment."""
    waiting = pending_classes(row)
    open_now = row.state == ProgrammeState.SUBMITTED and is_open(row.batch, WindowKind.REVIEW)
    return open_now and bool(waiting) and may_move(waiting[0], Action.APPROVE, actor=actor)


def may_adjust(row: Programme, actor: Actor) -> bool:
    """Tell whether the actor adjusts what was declared at this moment."""
    return may_move(row, Action.ADJUST, actor=actor) and is_open(row.batch, WindowKind.REVIEW)


def _buttons(row: Programme, ours: bool, actor: Actor) -> dict[str, bool]:
    own = ours and actor.institution_id == row.institution_id
    mend = row.state in OPEN_STATES or has_class_to_mend(row)
    facts = [Fact.CLASS_TO_MEND] if has_class_to_mend(row) else []
    return {
        "edit": own and mend and actor.may("declare", "Programme"),
        "submit": own and may_move(row, Action.SUBMIT, actor=actor, facts=facts),
        "take_back": own and may_move(row, Action.TAKE_BACK, actor=actor),
        "duplicate": own and row.state != ProgrammeState.DRAFT and actor.may("declare", "Programme"),
    }


def steps_of(row: Programme) -> list[dict[str, Any]]:
    """Return the way of a declaration, for the step tracker."""
    state = row.state
    decided = state in (ProgrammeState.APPROVED, ProgrammeState.REJECTED, ProgrammeState.RETURNED)
    bad = state in (ProgrammeState.REJECTED, ProgrammeState.RETURNED)
    waiting = state == ProgrammeState.SUBMITTED
    begun = "done" if waiting or decided else "now"
    reviewer = row.review_bureau.name if row.review_bureau and (waiting or decided) else ""
    return [
        {"label": _("Declare"), "state": begun, "note": row.institution.name},
        {"label": _("Hand in"), "state": "done" if begun == "done" else "coming", "when": row.submitted_at},
        {"label": _("Review"), "state": "now" if waiting else "done" if decided else "coming", "note": reviewer},
        {
            "label": text_of(state) if decided else _("Decision"),
            "state": "failed" if bad else "done" if decided else "coming",
        },
    ]


def timeline_of(row: Programme, classes: list[TrainingClass]) -> list[dict[str, Any]]:
    """Return everything that happened to the programme and its classes, the newest first."""
    own = history_of(Programme, [row.id]).get(row.id, [])
    parts = history_of(TrainingClass, [one.id for one in classes])
    numbers = {one.id: one.number for one in classes}
    told = [
        entry
        for entries in parts.values()
        for entry in entries
        if entry.action not in (Action.SUBMIT, Action.TAKE_BACK)
    ]
    ordered = sorted([*own, *told], key=lambda entry: entry.id, reverse=True)
    return [_entry(entry, numbers.get(entry.row_id) if entry.entity == "TrainingClass" else None) for entry in ordered]


def _entry(entry: Transition, number: int | None) -> dict[str, Any]:
    state = state_labels(entry)[1]
    act = _(entry.action.label)
    label = _("Class %(number)d: %(act)s", number=number, act=act) if number else act
    notes = [entry.reason or "", *_changes(entry)]
    who = entry.organisation or _("System")
    return {"label": label, "when": entry.created_at, "who": f"{who} · {_(state.label)}",
            "note": "\n".join(note for note in notes if note), "tone": look(state).tone}  # fmt: skip


def _changes(entry: Transition) -> list[str]:
    """Return what an adjustment changed, in words: before → after."""
    model = TrainingClass if entry.entity == "TrainingClass" else Programme
    changes = (entry.details or {}).get("changes", {})
    return [
        f"{label_of(model, name)}: {_word(name, before)} → {_word(name, after)}"
        for name, (before, after) in changes.items()
        if name != "seats"
    ]


def _word(name: str, value: Any) -> str:
    return text_of(Checkpoint(value)) if name == "checkpoint" and value in set(Checkpoint) else text_of(value)


def _opinions(row: Programme, actor: Actor) -> list[Any]:
    """Return the opinions the actor may read: the bureau all, an expert the own, the institution none."""
    if not actor.may("read", "ExpertOpinion"):
        return []
    wanted = select_visible(ExpertOpinion, actor).where(ExpertOpinion.programme_id == row.id)
    return list(db.session.scalars(wanted.options(selectinload(ExpertOpinion.expert)).order_by(ExpertOpinion.id)))


def _to_answer(opinion: ExpertOpinion, actor: Actor) -> bool:
    return opinion.expert_id == actor.account_id and opinion.state == ExpertReviewState.ASKED
