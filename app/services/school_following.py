"""What goes along when teachers change schools, by merging or splitting schools or by a transfer (ORG-5, TCH-7).

Each chapter adds its own rows once: `moves_with_school(Enrollment, N_("Enrollments waiting"), waiting=…)`. The dry run
counts them, carrying out moves exactly those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select, true, update

from app.domain.clock import now
from app.domain.states import Kind, live_states
from app.domain.terms import ChangeRequestState, Checkpoint, ClassState, EnrollmentState, TransferKind
from app.domain.text import N_
from app.extensions import db
from app.models import (
    Account,
    ChangeRequest,
    Enrollment,
    School,
    Teacher,
    TrainingClass,
    Transfer,
)
from app.services.routing import checkpoint_bureau, nearest_bureau

CHUNK = 500  # keys in one statement
BEFORE_CHECKPOINT = (EnrollmentState.AWAITING_SCHOOL, EnrollmentState.AWAITING_BUREAU)
Condition = Callable[[], ColumnElement[bool]]
Values = Callable[[School], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who leaves: all of the schools `schools` (merge), or `teachers` of one school (split)."""

    schools: tuple[int, ...]
    teachers: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Follower:
    """Rows of `model` that go along. `teacher` names the column with their teacher, None when they have none.

    `person`: they also go along with a single person who is transferred, wherever they wait.
    """

    model: type[Any]
    label: str
    school: str = "school_id"
    teacher: str | None = "teacher_id"
    waiting: Condition | None = None
    also: Values = field(default=lambda _school: {})
    person: bool = True

    def keys(self, leaving: Leaving) -> list[int]:
        """Return the keys of the rows that go along, in order."""
        at_school = getattr(self.model, self.school).in_(leaving.schools)
        condition = and_(at_school, self._of_teachers(leaving), *([self.waiting()] if self.waiting else []))
        return list(db.session.scalars(select(self.model.id).where(condition).order_by(self.model.id)))

    def keys_of_person(self, teacher_id: int, school_id: int | None) -> list[int]:
        """Return the keys of a person's rows that go along to `school_id` (None: to no school), wherever they wait."""
        theirs = getattr(self.model, str(self.teacher)) == teacher_id
        elsewhere = getattr(self.model, self.school).is_distinct_from(school_id)
        condition = and_(theirs, elsewhere, *([self.waiting()] if self.waiting else []))
        return list(db.session.scalars(select(self.model.id).where(condition).order_by(self.model.id)))

    def _of_teachers(self, leaving: Leaving) -> ColumnElement[bool]:
        if leaving.teachers is None:
            return at_all()
        if self.teacher is None:
            return false()
        column = getattr(self.model, self.teacher)
        return or_(false(), *(column.in_(part) for part in _chunks(leaving.teachers)))

    def move(self, keys: Sequence[int], target: School) -> None:
        """Give the rows `keys` to `target`, in the running transaction."""
        values: dict[str, Any] = {self.school: target.id, **self.also(target)}
        columns = self.model.__table__.columns
        values |= {"version": columns.version + 1} if "version" in columns else {}
        values |= {"updated_at": now()} if "updated_at" in columns else {}
        for part in _chunks(keys):
            change = update(self.model).where(self.model.id.in_(part)).values(values)
            db.session.execute(change.execution_options(synchronize_session=False))


def at_all() -> ColumnElement[bool]:
    """Return the condition that leaves every row."""
    return true()


def _chunks(keys: Sequence[int]) -> Iterable[Sequence[int]]:
    return [keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK)]


_followers: list[Follower] = []


def moves_with_school(model: type[Any], label: str, **options: Any) -> Follower:
    """Register rows that go along when teachers change schools by merging or splitting.

    `school` and `teacher` name their columns, `waiting()` is a condition on those that go along (the others tell of the
    past and stay), `also(school)` further values to set, such as the bureau. They go along with a single person who is
    transferred as well, unless `person` is False.
    """
    follower = Follower(model, label, **options)
    _followers.append(follower)
    return follower


def followers() -> tuple[Follower, ...]:
    """Return everything that goes along, teachers first."""
    return tuple(_followers)


def with_a_person() -> tuple[Follower, ...]:
    """Return what goes along with a single person: everything that belongs to somebody, but for the record itself."""
    return tuple(f for f in _followers if f.person and f.teacher not in (None, "id"))


TEACHERS = moves_with_school(Teacher, N_("Teachers"), teacher="id")


class _Accounts(Follower):
    """Accounts that keep the school; in a split those of the teachers who leave."""

    def _of_teachers(self, leaving: Leaving) -> ColumnElement[bool]:
        if leaving.teachers is None:
            return at_all()
        persons = or_(false(), *(Teacher.id.in_(part) for part in _chunks(leaving.teachers)))
        theirs = select(Teacher.account_id).where(persons, Teacher.account_id.is_not(None))
        clause: ColumnElement[bool] = Account.id.in_(theirs)
        return clause


ACCOUNTS = _Accounts(Account, N_("Accounts of the school"), teacher=None)
_followers.append(ACCOUNTS)


def _not_over() -> ColumnElement[bool]:
    """Enrollments that live in a class still to come or running: somebody at the new school has to look after them."""
    over = (ClassState.COMPLETED, ClassState.CREDITED, ClassState.CANCELLED)
    coming = select(TrainingClass.id).where(TrainingClass.state.not_in(over))
    return Enrollment.state.in_(live_states(Kind.ENROLLMENT)) & Enrollment.training_class_id.in_(coming)


def _bureaus_of(school: School) -> dict[str, Any]:
    """Return the bureau of the school's county, and for what has yet to pass a checkpoint the bureau that approves."""
    path = school.region.path
    approving = {level.value: checkpoint_bureau(level, path) for level in Checkpoint if level is not Checkpoint.NONE}
    new = select(case(approving, value=TrainingClass.checkpoint)).where(
        TrainingClass.id == Enrollment.training_class_id
    )
    old = Enrollment.checkpoint_bureau_id
    ahead = Enrollment.state.in_(BEFORE_CHECKPOINT) & old.is_not(None)
    # A class whose checkpoint was lifted meanwhile keeps the one that its enrollments began with.
    renewed = func.coalesce(new.scalar_subquery(), old)
    return {"bureau_id": nearest_bureau(path), "checkpoint_bureau_id": case((ahead, renewed), else_=old)}


ENROLLMENTS = moves_with_school(Enrollment, N_("Enrollments not over yet"), waiting=_not_over, also=_bureaus_of)
CHANGE_REQUESTS = moves_with_school(
    ChangeRequest, N_("Change requests waiting"), waiting=lambda: ChangeRequest.state == ChangeRequestState.FILED
)


def _waiting() -> ColumnElement[bool]:
    """Transfers somebody still has to act on."""
    return Transfer.state.in_(live_states(Kind.TRANSFER))


def _running() -> ColumnElement[bool]:
    """Secondments that have begun and are not over: both schools are called upon yet."""
    begun = Transfer.completed_on.is_not(None) & Transfer.ended_on.is_(None)
    return (Transfer.kind == TransferKind.SECONDMENT) & begun


RELEASES = moves_with_school(
    Transfer,
    N_("Transfers under way, out of the school"),
    school="from_school_id",
    waiting=lambda: _waiting() | _running(),
    person=False,
)
# Who is on the way to a school is not one of its teachers yet: a split leaves them where they were going.
ARRIVALS = moves_with_school(
    Transfer, N_("Transfers under way, into the school"), school="to_school_id", teacher=None, waiting=_waiting
)
# Who is there on secondment is one of its teachers: the school they come to sees the secondment, and may end it.
SECONDMENTS = moves_with_school(
    Transfer, N_("Secondments that are running, at the school"), school="to_school_id", waiting=_running, person=False
)
