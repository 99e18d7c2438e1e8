"""The inboxes of those who decide about enrollments: school, checkpoint bureau, institution (ENR-5, ENR-6, ENR-10).

One list for all three: what waits for the party, the deadline first, with the filters people ask for, and what it has
decided already. Deciding is `enrollment_review`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import joinedload

from app.domain.absences import Absence, too_many
from app.domain.errors import NotPermitted
from app.domain.screening import DrawState
from app.domain.states import Party
from app.domain.terms import EnrollmentState
from app.domain.text import N_
from app.extensions import db
from app.models import Enrollment, Subject, Teacher, TrainingClass
from app.security.actor import Actor
from app.security.scope import visible_clause
from app.services.absences import absences_of
from app.services.class_lists import lines_of
from app.services.enrollment_standing import school_deadline
from app.services.parameters import policy_of
from app.services.routing import checkpoints_of
from app.services.teacher_search import name_contains
from app.services.waiting import Waiting, waits

Condition = ColumnElement[bool]
S = EnrollmentState
MOST_CHOICES = 200  # classes or subjects offered as a filter (B12)
WAITS_FOR = {
    Party.SCHOOL: S.AWAITING_SCHOOL,
    Party.BUREAU: S.AWAITING_BUREAU,
    Party.INSTITUTION: S.AWAITING_INSTITUTION,
}
# What a party has decided, or what became of it afterwards without passing the party by.
DECIDED: dict[Party, tuple[EnrollmentState, ...]] = {
    Party.SCHOOL: tuple(state for state in S if state is not S.AWAITING_SCHOOL),
    Party.BUREAU: (
        S.BUREAU_REJECTED, S.AWAITING_INSTITUTION, S.ADMITTED, S.DECLINED, S.NOT_DRAWN, S.CLASS_CANCELLED, S.REASSIGNED,
    ),
    Party.INSTITUTION: (S.ADMITTED, S.DECLINED, S.NOT_DRAWN, S.CLASS_CANCELLED, S.REASSIGNED),
}  # fmt: skip
VERB = {Party.SCHOOL: "review", Party.BUREAU: "review", Party.INSTITUTION: "confirm"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an inbox is asked for: what waits, or what is decided; of one class, subject, teacher, state."""

    decided: bool = False
    class_id: int | None = None
    subject_id: int | None = None
    words: str = ""
    state: EnrollmentState | None = None
    page: int = 1
    size: int = 50


@dataclass(frozen=True)
class Row:
    """One enrollment in an inbox, and until when it waits.

    For the school: who of the subject would be away. For the institution: the draw that has to come first, if any.
    """

    row: Enrollment
    deadline: datetime | None
    absence: Absence | None = None
    too_many: bool = False
    draw_first: DrawState | None = None


@dataclass(frozen=True)
class Inbox:
    """A page of an inbox, and what it can be filtered by: (key, name, how many)."""

    party: Party
    rows: list[Row]
    count: int
    waiting: int
    decided: int
    classes: list[tuple[int, str, int]]
    subjects: list[tuple[int, str, int]]


def inbox(asked: Asked, party: Party, *, actor: Actor) -> Inbox:
    """Return a page of the inbox of `party`. Raises NotPermitted for who is not that party."""
    _may_open(party, actor)
    here = and_(mine(party, actor), in_state(asked, party))
    found = _rows(select(Enrollment, school_deadline()).where(here, *conditions(asked)), asked)
    count = _count(here, *conditions(asked))
    return Inbox(
        party, _with_facts(found, party), count, *_tab_counts(party, actor),
        _choices(here, TrainingClass.id, _class_name()), _choices(here, Subject.id, Subject.name),
    )  # fmt: skip


def ids_of(asked: Asked, party: Party, *, actor: Actor, most: int) -> list[int]:
    """Return the keys of everything an inbox shows under these filters, at most `most`: “all that were found”."""
    _may_open(party, actor)
    wanted = _joined(select(Enrollment.id)).where(mine(party, actor), in_state(asked, party), *conditions(asked))
    return list(db.session.scalars(wanted.order_by(Enrollment.id).limit(most)))


def _may_open(party: Party, actor: Actor) -> None:
    actor.require(VERB[party], Enrollment.__name__)
    if not actor.everything and party not in actor.parties:
        raise NotPermitted


# --- which enrollments


def mine(party: Party, actor: Actor) -> Condition:
    """Return the condition that leaves the enrollments this party decides about."""
    if actor.everything:
        return Enrollment.checkpoint_bureau_id.is_not(None) if party is Party.BUREAU else Enrollment.id.is_not(None)
    own = _OWN.get(party)
    return and_(own(actor) if own else false(), visible_clause(Enrollment, actor))


def _of_checkpoints(actor: Actor) -> Condition:
    """Those of one's own bureau, and of bureaus below that can review no more: nobody else would ever see them."""
    return Enrollment.checkpoint_bureau_id.in_(checkpoints_of(actor.region_path) if actor.region_path else ())


def _of_institution(actor: Actor) -> Condition:
    classes = select(TrainingClass.id).where(TrainingClass.institution_id == actor.institution_id)
    return Enrollment.training_class_id.in_(classes)


_OWN: dict[Party, Callable[[Actor], Condition]] = {
    Party.SCHOOL: lambda actor: Enrollment.school_id == actor.school_id,
    Party.BUREAU: _of_checkpoints,
    Party.INSTITUTION: _of_institution,
}


def in_state(asked: Asked, party: Party) -> Condition:
    """Return the condition on the state: the tab, and within the decided ones the state that was chosen."""
    if not asked.decided:
        return Enrollment.state == WAITS_FOR[party]
    chosen = [state for state in DECIDED[party] if asked.state in (None, state)]
    return Enrollment.state.in_(chosen)


def conditions(asked: Asked) -> list[Condition]:
    """Return the filters in force."""
    words = asked.words.strip()
    asked_for: list[tuple[Any, Any]] = [
        (asked.class_id, lambda: Enrollment.training_class_id == asked.class_id),
        (asked.subject_id, lambda: Teacher.subject_id == asked.subject_id),
        (words, lambda: or_(name_contains(words), Teacher.teacher_number == words, Enrollment.number == words)),
    ]
    return [condition() for value, condition in asked_for if value]


# --- reading


def _joined(statement: Select[Any]) -> Select[Any]:
    return (
        statement.join(Teacher, Teacher.id == Enrollment.teacher_id)
        .join(TrainingClass, TrainingClass.id == Enrollment.training_class_id)
        .outerjoin(Subject, Subject.id == Teacher.subject_id)
    )


def _rows(statement: Select[Any], asked: Asked) -> Sequence[Any]:
    order: tuple[Any, ...] = (
        (Enrollment.moved_at.desc(),)
        if asked.decided
        else (school_deadline().nulls_last(), TrainingClass.starts_on, TrainingClass.id)
    )
    loads = (
        joinedload(Enrollment.teacher).options(joinedload(Teacher.subject), joinedload(Teacher.school)),
        joinedload(Enrollment.training_class).joinedload(TrainingClass.institution),
        joinedload(Enrollment.school),
        joinedload(Enrollment.checkpoint_bureau),
    )
    page = _joined(statement).options(*loads).order_by(*order, Enrollment.id)
    return list(db.session.execute(page.limit(asked.size).offset((max(asked.page, 1) - 1) * asked.size)))


def _with_facts(found: Sequence[Any], party: Party) -> list[Row]:
    facts = {Party.SCHOOL: _with_absences, Party.INSTITUTION: _with_draws}.get(party)
    return facts(found) if facts else [Row(row, until) for row, until in found]


def _with_draws(found: Sequence[Any]) -> list[Row]:
    waiting = [row.training_class for row, _until in found if row.state is S.AWAITING_INSTITUTION]
    states = {line.row.id: line.draw_state for line in lines_of(list(dict.fromkeys(waiting)))}
    first = {key: state for key, state in states.items() if not state.settled}
    return [Row(row, until, draw_first=first.get(row.training_class_id)) for row, until in found]


def _with_absences(found: Sequence[Any]) -> list[Row]:
    told = absences_of([row for row, _until in found])
    share = policy_of(found[0][0].training_year_id).subject_away_share if found else 0
    return [Row(row, until, told.get(row.id), row.id in told and too_many(told[row.id], share)) for row, until in found]


def _count(*where: Condition) -> int:
    return db.session.scalar(_joined(select(func.count()).select_from(Enrollment)).where(*where)) or 0


def _tab_counts(party: Party, actor: Actor) -> tuple[int, int]:
    waits, over = in_state(Asked(), party), in_state(Asked(decided=True), party)
    both = select(func.count().filter(waits), func.count().filter(over)).select_from(Enrollment)
    waiting, decided = db.session.execute(both.where(mine(party, actor))).one()
    return waiting, decided


def _class_name() -> Any:
    return TrainingClass.title + " #" + func.cast(TrainingClass.number, Enrollment.number.type)


def _choices(here: Condition, key: Any, name: Any) -> list[tuple[int, str, int]]:
    """Return what there is to filter by, the most frequent first."""
    counted = _joined(select(key, name, func.count()).select_from(Enrollment)).where(here, key.is_not(None))
    grouped = counted.group_by(key, name).order_by(func.count().desc(), key).limit(MOST_CHOICES)
    return [(one, str(text), count) for one, text, count in db.session.execute(grouped)]


# --- the workbench


def _waiting(party: Party, actor: Actor, label: str, icon: str, endpoint: str) -> Waiting | None:
    if party not in actor.parties:
        return None
    counted = select(func.count(), func.min(school_deadline())).select_from(Enrollment)
    count, first = db.session.execute(counted.where(mine(party, actor), in_state(Asked(), party))).one()
    return Waiting(label, icon, count, endpoint, deadline=first if party is Party.SCHOOL else None)


@waits("review", "Enrollment")
def enrollments_at_school(actor: Actor) -> Waiting | None:
    """Enrollments the school has to review, until the nearest deadline."""
    text = N_("Enrollments of your teachers to review")
    return _waiting(Party.SCHOOL, actor, text, "ti-clipboard-check", "SchoolInboxPage.index")


@waits("review", "Enrollment")
def enrollments_at_checkpoint(actor: Actor) -> Waiting | None:
    """Enrollments that need the bureau's approval."""
    text = N_("Enrollments to approve")
    return _waiting(Party.BUREAU, actor, text, "ti-clipboard-check", "BureauInboxPage.index")


@waits("confirm", "Enrollment")
def enrollments_at_institution(actor: Actor) -> Waiting | None:
    """Enrollments the institution has to confirm or decline."""
    text = N_("Enrollments to confirm")
    return _waiting(Party.INSTITUTION, actor, text, "ti-user-check", "InstitutionInboxPage.index")
