"""Reviewing declarations: a decision for each class, adjustments by the bureau, experts asked (PRG-5, PRG-6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.domain.clock import now
from app.domain.declaration import MOST_HOURS, MOST_SEATS, Span, span_problems
from app.domain.errors import Conflict, Invalid, NotPermitted, Problem, Problems, problem
from app.domain.states import Action
from app.domain.terms import AuditAction, Checkpoint, ClassState, ProgrammeState, RoleName, WindowKind
from app.domain.text import N_, Text
from app.extensions import db
from app.models import Account, ExpertOpinion, Programme, Role, TrainingClass
from app.security.actor import Actor
from app.security.scope import fetch_manageable
from app.services import audit
from app.services.declarations import copy_to_class
from app.services.programme_facts import locked_programme, year_of
from app.services.programme_notices import tell_experts
from app.services.programmes import pending_classes
from app.services.transitions import begun, history_of, move
from app.services.unit import changed_meanwhile, transaction
from app.services.windows import require_open

MOST_AT_ONCE = 200  # programmes of one bulk approval
MOST_EXPERTS = 20
LONGEST_COMMENT = 2000
DECISIONS = (Action.APPROVE, Action.REFUSE, Action.RETURN)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the bureau decides about one class; `checkpoint` counts for an approval only."""

    action: Action
    reason: str | None = None
    checkpoint: Checkpoint | None = None


def review(programme_id: int, decisions: Mapping[int, Decision], *, actor: Actor) -> Programme:
    """Decide about classes (class id → decision); the programme follows once none of them waits any more.

    Raises Invalid with a problem for each missing reason (`field`: `classes-<id>-reason`), Conflict outside the review
    window or when somebody decided meanwhile.
    """
    actor.require("review", "TrainingClass")
    with transaction():
        row = locked_programme(programme_id, actor=actor)
        require_open(row.batch, WindowKind.REVIEW)
        classes = {one.id: one for one in row.classes}
        _check_decisions(row, classes, decisions)
        for key, decision in decisions.items():
            _decide(classes[key], decision, row, actor)
        _follow(row, actor)
    return row


def _check_decisions(row: Programme, classes: Mapping[int, TrainingClass], decisions: Mapping[int, Decision]) -> None:
    problems = Problems()
    if not decisions:
        problems.add("nothing_decided", N_("Choose a decision for at least one class."))
    for key, decision in decisions.items():
        if key not in classes or decision.action not in DECISIONS:
            problems.add("choice_not_visible", N_("This choice does not exist or is outside your scope."))
        elif decision.action is not Action.APPROVE and not (decision.reason or "").strip():
            text = N_("Give the reason; the people concerned will read it.")
            problems.add("reason_missing", text, field=f"classes-{key}-reason")
    problems.raise_if_any(Invalid)
    if row.state != ProgrammeState.SUBMITTED:
        text = N_("This programme is now “%(state)s”; there is nothing to decide.")
        raise Conflict(problem("wrong_state", text, state=row.state))


def _decide(one: TrainingClass, decision: Decision, row: Programme, actor: Actor) -> None:
    values: dict[str, Any] = {}
    if decision.action is Action.APPROVE:
        values["checkpoint"] = decision.checkpoint or one.checkpoint
    told = {"number": one.number, **({"checkpoint": values["checkpoint"].value} if values else {})}
    move(one, decision.action, actor=actor, reason=decision.reason, values=values, details=told)


def _follow(row: Programme, actor: Actor) -> None:
    """Let the programme follow its classes: returned when one is, else approved when one is, else rejected."""
    if pending_classes(row):
        return
    states = {one.state for one in row.classes}
    reasons = "; ".join(dict.fromkeys(_last_reasons(row)))
    if ClassState.DRAFT in states:
        move(row, Action.RETURN, actor=actor, reason=reasons)
    elif states - {ClassState.REFUSED}:
        move(row, Action.APPROVE, actor=actor)
    else:
        move(row, Action.REJECT, actor=actor, reason=reasons)


def _last_reasons(row: Programme) -> Iterable[str]:
    ledger = history_of(TrainingClass, [one.id for one in row.classes])
    for one in row.classes:
        last = ledger.get(one.id, [])[-1:]
        if last and last[0].reason and last[0].action in (Action.REFUSE, Action.RETURN):
            yield last[0].reason


def approve_many(
    programme_ids: Sequence[int], *, actor: Actor, checkpoint: Checkpoint | None = None
) -> tuple[list[Programme], list[Problem]]:
    """Approve every waiting class of these programmes; return those approved and, by title, why others were not.

    Each programme is one unit of its own: one that somebody else has just decided does not undo the rest. They are
    held in the order of their keys, so that two who approve the same ones do not wait for each other.
    """
    actor.require("review", "TrainingClass")
    if len(programme_ids) > MOST_AT_ONCE:
        text = N_("At most %(most)d programmes at once; choose fewer.")
        raise Invalid(problem("too_many", text, most=MOST_AT_ONCE))
    done, refused = [], list[Problem]()
    with transaction():
        rows = [fetch_manageable(Programme, key, actor=actor) for key in sorted(set(programme_ids))]
        for row in rows:
            decisions = {one.id: Decision(Action.APPROVE, checkpoint=checkpoint) for one in pending_classes(row)}
            try:
                with transaction():
                    done.append(review(row.id, decisions, actor=actor))
            except (Invalid, Conflict) as error:
                refused += [_named(row, found) for found in error.problems]
    return done, refused


def _named(row: Programme, found: Problem) -> Problem:
    return Problem(found.code, Text(N_("“%(title)s”: %(why)s"), {"title": row.title, "why": found.text}), found.field)


# --- adjusting


def adjust(
    programme_id: int,
    values: Mapping[str, Any],
    class_values: Mapping[int, Mapping[str, Any]],
    *,
    reason: str,
    actor: Actor,
    expected_version: int | None = None,
) -> Programme:
    """Change what was declared, as the reviewing bureau; the ledger shows the institution what and why (PRG-5).

    `values`: title, credit_hours, classes_allowed; `class_values` (class id → values): starts_on, ends_on, place,
    planned_seats, checkpoint. Raises Invalid with every problem.
    """
    actor.require("adjust", "Programme")
    with transaction():
        row = locked_programme(programme_id, actor=actor)
        if expected_version not in (None, row.version):
            raise Conflict(changed_meanwhile())
        require_open(row.batch, WindowKind.REVIEW)
        classes = {one.id: one for one in row.classes}
        _check_adjustment(values, class_values, row, reason)
        before = audit.snapshot(row)
        changes = _changes(row, values)
        for key, wanted in class_values.items():
            _adjust_class(classes[key], wanted, reason, actor)
        if changes:
            _apply(row, changes, reason, actor)
            audit.record(
                AuditAction.UPDATE, row, actor=actor, before=before, after=audit.snapshot(row), reason=reason[:200]
            )
    return row


ADJUSTED = ("title", "credit_hours", "classes_allowed")
ADJUSTED_CLASS = ("starts_on", "ends_on", "place", "planned_seats", "checkpoint")


def _check_adjustment(
    values: Mapping[str, Any],
    class_values: Mapping[int, Mapping[str, Any]],
    row: Programme,
    reason: str,
) -> None:
    problems, classes = Problems(), {one.id: one for one in row.classes}
    if not reason.strip():
        problems.add("reason_missing", N_("Give the reason; the people concerned will read it."), field="reason")
    hours = values.get("credit_hours")
    if hours is not None and not 0 < hours <= MOST_HOURS:
        text = N_("Credit hours lie between 1 and %(most)d.")
        problems.add("hours_out_of_range", text, field="credit_hours", most=MOST_HOURS)
    if "title" in values and not str(values["title"] or "").strip():
        problems.add("missing", N_("Please fill this in."), field="title")
    allowed = values.get("classes_allowed")
    if allowed is not None and allowed < max(1, len(classes)):
        text = N_("The programme has %(count)d classes already.")
        problems.add("too_few_allowed", text, field="classes_allowed", count=len(classes))
    for key, wanted in class_values.items():
        if key not in classes:
            problems.add("choice_not_visible", N_("This choice does not exist or is outside your scope."))
            continue
        _check_class(classes[key], wanted, year_of(row.batch), problems)
    problems.raise_if_any(Invalid)


def _check_class(one: TrainingClass, wanted: Mapping[str, Any], year: Span | None, problems: Problems) -> None:
    at = f"classes-{one.id}"
    seats = wanted.get("planned_seats", one.planned_seats)
    if not 0 < seats <= MOST_SEATS:
        text = N_("Planned seats lie between 1 and %(most)d.")
        problems.add("seats_out_of_range", text, field=f"{at}-planned_seats", most=MOST_SEATS)
    first, last = wanted.get("starts_on", one.starts_on), wanted.get("ends_on", one.ends_on)
    problems.found += span_problems(at, first, last, year)
    if any(not first <= session.day <= last for session in one.sessions):
        text = N_("The timetable has sessions outside these days; return the class for changes instead.")
        problems.add("session_outside_class", text, field=f"{at}-starts_on")
    if not str(wanted.get("place", one.place)).strip():
        problems.add("missing", N_("Please fill this in."), field=f"{at}-place")


def _changes(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    known = ADJUSTED_CLASS if isinstance(row, TrainingClass) else ADJUSTED
    return {name: value for name, value in values.items() if name in known and getattr(row, name) != value}


def _told(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)


def _apply(row: Any, changes: dict[str, Any], reason: str, actor: Actor) -> None:
    """Write the changes together with their line in the ledger: before and after, for the institution to read."""
    details = {"changes": {name: [_told(getattr(row, name)), _told(value)] for name, value in changes.items()}}
    move(row, Action.ADJUST, actor=actor, reason=reason, details=details, values=changes)
    if isinstance(row, Programme):
        for one in row.classes:
            copy_to_class(row, one)


def _adjust_class(one: TrainingClass, wanted: Mapping[str, Any], reason: str, actor: Actor) -> None:
    changes = _changes(one, wanted)
    if not changes:
        return
    if "planned_seats" in changes:
        changes["seats"] = changes["planned_seats"]
    _apply(one, changes, reason, actor)


# --- experts


def experts_to_ask() -> Sequence[Account]:
    """Return the expert reviewers whose accounts may sign in, by name."""
    holders = select(Account).where(Account.roles.any(Role.name == RoleName.EXPERT_REVIEWER.value))
    return list(db.session.scalars(holders.where(Account.active.is_(True)).order_by(Account.last_name, Account.id)))


def ask_experts(programme_id: int, expert_ids: Sequence[int], *, actor: Actor) -> list[ExpertOpinion]:
    """Ask experts for score and comment on a programme that waits for review; who was asked before is left out."""
    actor.require("ask", "Programme")
    with transaction():
        row = fetch_manageable(Programme, programme_id, actor=actor)
        require_open(row.batch, WindowKind.REVIEW)
        wanted = set(expert_ids)
        experts = [one for one in experts_to_ask() if one.id in wanted]
        _check_asked(row, wanted, experts)
        asked_already = {opinion.expert_id for opinion in row.opinions}
        made = [
            ExpertOpinion(programme=row, expert=one, asked_by_id=actor.account_id)
            for one in experts
            if one.id not in asked_already
        ]
        db.session.add_all(made)
        for opinion in made:
            begun(opinion, Action.SUBMIT, actor=actor)
        tell_experts(row, [opinion.expert_id for opinion in made])
    return made


def _check_asked(row: Programme, wanted: set[int], experts: Sequence[Account]) -> None:
    if row.state != ProgrammeState.SUBMITTED:
        text = N_("This programme is now “%(state)s”; there is nothing to decide.")
        raise Conflict(problem("wrong_state", text, state=row.state))
    problems = Problems()
    if not wanted:
        problems.add("no_expert", N_("Choose at least one expert."), field="experts")
    if len(experts) != len(wanted):
        text = N_("This choice does not exist or is outside your scope.")
        problems.add("choice_not_visible", text, field="experts")
    if len(wanted) > MOST_EXPERTS:
        problems.add("too_many", N_("At most %(most)d experts."), field="experts", most=MOST_EXPERTS)
    problems.raise_if_any(Invalid)


def give_opinion(opinion_id: int, *, score: int | None, comment: str, actor: Actor) -> ExpertOpinion:
    """Answer as the expert who was asked: a score from 0 to 100 and a comment. It is given once."""
    actor.require("give", "ExpertOpinion")
    problems = Problems()
    if score is None or not 0 <= score <= 100:
        problems.add("score_out_of_range", N_("Give a score from 0 to 100."), field="score")
    if not comment.strip():
        problems.add("missing", N_("Please fill this in."), field="comment")
    if len(comment) > LONGEST_COMMENT:
        problems.add("too_long", N_("At most %(max)d characters."), field="comment", max=LONGEST_COMMENT)
    problems.raise_if_any(Invalid)
    values = {"score": score, "comment": comment.strip(), "answered_at": now()}
    return _answer(opinion_id, Action.GIVE_OPINION, values, actor)


def decline_opinion(opinion_id: int, *, comment: str = "", actor: Actor) -> ExpertOpinion:
    """Say that one gives no opinion, with or without the reason."""
    actor.require("give", "ExpertOpinion")
    values = {"comment": comment.strip()[:LONGEST_COMMENT] or None, "answered_at": now()}
    return _answer(opinion_id, Action.DECLINE_OPINION, values, actor)


def _answer(opinion_id: int, action: Action, values: dict[str, Any], actor: Actor) -> ExpertOpinion:
    with transaction():
        row = fetch_manageable(ExpertOpinion, opinion_id, actor=actor)
        if row.expert_id != actor.account_id:
            raise NotPermitted
        move(row, action, actor=actor, values=values)
    return row
