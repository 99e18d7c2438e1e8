"""The reserve list of a draw: whoever is next moves up when a seat comes free; there is never a second draw (ENR-9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select, update

from app.domain.clock import now
from app.domain.errors import Conflict, Problem, problem
from app.domain.states import Action
from app.domain.terms import ClassState, EnrollmentState, MessageKind
from app.domain.text import N_, Text
from app.extensions import db
from app.models import Enrollment, Screening, ScreeningCandidate, TrainingClass
from app.security.actor import Actor
from app.services import audiences, seats
from app.services.class_facts import locked_class, teachers_turn
from app.services.enrollment_facts import LIVE, cases
from app.services.notifications import notify
from app.services.transitions import Moved, move_many, on_move
from app.services.unit import transaction

CHUNK = 200  # of the reserve looked at in one go
MOST_KEYS = 10_000  # in one statement
MOST_TOLD = 10  # of those passed over, each with the reasons; a refusal only counts the others
BUSY = problem(
    "reserve_busy",
    N_("Somebody on the reserve list is enrolling elsewhere at this moment; try again in a minute."),
)
OWN_DOING = frozenset({Action.DRAW_OUT, Action.CANCEL_CLASS})  # nobody moves up because of these


@dataclass(frozen=True)
class Promotion:
    """Who moved up (enrollments), and who did not: enrollment number → why. Behind a `BUSY` one nobody is asked."""

    promoted: tuple[int, ...] = ()
    skipped: tuple[tuple[str, tuple[Problem, ...]], ...] = ()


def promote(class_id: int, *, actor: Actor) -> Promotion:
    """Fill the free seats of a drawn class from its reserve list.

    Raises Conflict when no seat is free, and when nobody moves up: with everybody's reasons (ENR-14).
    """
    actor.require("promote", "Enrollment")
    with transaction():
        row = locked_class(class_id, actor=actor)
        if row.taken >= row.seats:
            raise Conflict(problem("no_free_seat", N_("All %(seats)d seats are taken."), seats=row.seats))
        done = fill(row.id, actor=actor)
        if not done.promoted:
            raise Conflict(_why_nobody(done.skipped))
    return done


def _why_nobody(skipped: Sequence[tuple[str, tuple[Problem, ...]]]) -> list[Problem]:
    if not skipped:
        return [problem("reserve_empty", N_("The reserve list is used up; the seats go into round two."))]
    over = [(number, reasons) for number, reasons in skipped if BUSY not in reasons]
    text = N_("None of the %(count)d on the reserve list can take a seat at present.")
    first = BUSY if len(over) < len(skipped) else problem("reserve_passed_over", text, count=len(over))
    return [first, *(_named(number, why) for number, reasons in over[:MOST_TOLD] for why in reasons)]


def _named(number: str, why: Problem) -> Problem:
    return problem(why.code, N_("%(name)s: %(why)s"), name=number, why=why.text)


def fill_what_is_left() -> int:
    """Fill the seats nobody could take when they came free: who was busy or held too much may move up by now.

    Returns how many moved up. The worker's regular pass: without it round two would take the seats (ENR-9).
    """
    count = 0
    for class_id in _left_free():
        with transaction():
            count += len(fill(class_id, actor=Actor.platform()).promoted)
    return count


def _left_free() -> Sequence[int]:
    """Return the drawn classes with free seats and somebody in reserve."""
    waits = exists().where(
        Enrollment.training_class_id == TrainingClass.id, Enrollment.state == EnrollmentState.NOT_DRAWN
    )
    wanted = (
        select(TrainingClass.id).join(Screening, Screening.training_class_id == TrainingClass.id)
        .where(Screening.drawn_at.is_not(None), TrainingClass.state == ClassState.OFFERED)
        .where(TrainingClass.taken < TrainingClass.seats, waits).order_by(TrainingClass.id)
    )  # fmt: skip
    return list(db.session.scalars(wanted))


def fill(class_id: int, *, actor: Actor) -> Promotion:
    """Move up as many as there are free seats, in drawn order, in the running transaction.

    Whom a cap or a clash forbids keeps the place and is passed over, for the seats are needed now.
    """
    seats.lock_classes([class_id])
    columns = (TrainingClass.seats, TrainingClass.taken, TrainingClass.state, TrainingClass.batch_id)
    row = db.session.execute(select(*columns).where(TrainingClass.id == class_id)).one()
    free = row.seats - row.taken if row.state is ClassState.OFFERED else 0
    if free <= 0:
        return Promotion()
    chosen: list[Any] = []
    skipped: list[tuple[str, tuple[Problem, ...]]] = []
    for candidate, reasons in _judged(class_id, row.batch_id):
        if reasons:
            skipped.append((candidate.number, tuple(reasons)))
            continue
        chosen.append(candidate)
        if len(chosen) == free:
            break
    if chosen:
        _seat(class_id, chosen, actor)
    return Promotion(tuple(one.id for one in chosen), tuple(skipped))


def _judged(class_id: int, batch_id: int | None) -> Iterator[tuple[Any, Sequence[Problem]]]:
    """Yield the reserve in drawn order, each with what forbids the move; a `BUSY` one is the last."""
    place = 0
    while part := _next_part(class_id, place):
        place = part[-1].place_in_order
        facts = cases([one.teacher_id for one in part], [class_id], batch_id)
        for one in part:
            if not teachers_turn(one.teacher_id):
                yield one, (BUSY,)
                return  # nobody is passed over for that; `fill_what_is_left` asks again
            case = facts.get((one.teacher_id, class_id))
            if case is not None:
                yield one, case.refusals_to_return


def _next_part(class_id: int, after: int) -> Sequence[Any]:
    line = ScreeningCandidate
    found = db.session.execute(
        select(Enrollment.id, Enrollment.teacher_id, Enrollment.number, line.place_in_order)
        .join(line, line.enrollment_id == Enrollment.id).join(Screening, Screening.id == line.screening_id)
        .where(Screening.training_class_id == class_id, line.place_in_order > after)
        .where(Enrollment.state == EnrollmentState.NOT_DRAWN)
        .order_by(line.place_in_order).limit(CHUNK)
    )  # fmt: skip
    return list(found)


def _seat(class_id: int, chosen: Sequence[Any], actor: Actor) -> None:
    keys = [one.id for one in chosen]
    count = move_many(Enrollment, Enrollment.id.in_(keys), Action.PROMOTE, actor=actor, values={"holds_seat": True})
    if count != len(keys) or not seats.take(class_id, count):
        raise Conflict(problem("seats_gone", N_("The seats were given away meanwhile; reload the page.")))
    line = ScreeningCandidate
    moved = update(line).where(line.enrollment_id.in_(keys)).values(promoted_at=now(), version=line.version + 1)
    db.session.execute(moved.execution_options(synchronize_session=False))
    title = str(db.session.get(TrainingClass, class_id))
    text = Text(N_("%(title)s: a seat came free and you moved up from the reserve list."), {"title": title})
    people = audiences.teachers([one.teacher_id for one in chosen])
    notify(people, MessageKind.SYSTEM, text, endpoint="PublicPage.draw", pk=class_id)


@on_move(Enrollment)
def _refill(event: Moved) -> None:
    """Fill the seats that a move freed. The listener of `seats` was registered first: the seats are free by now."""
    if event.target in LIVE or event.action in OWN_DOING or event.source not in LIVE:
        return
    for class_id in sorted(_drawn_classes_of(event.row_ids)):
        fill(class_id, actor=Actor.platform())


def _drawn_classes_of(row_ids: Sequence[int]) -> set[int]:
    """Return the classes of these enrollments that have been drawn; any number of rows, in parts."""
    drawn = select(Screening.training_class_id).where(Screening.drawn_at.is_not(None))
    found: set[int] = set()
    for begin in range(0, len(row_ids), MOST_KEYS):
        part = Enrollment.id.in_(row_ids[begin : begin + MOST_KEYS])
        wanted = select(Enrollment.training_class_id).where(part, Enrollment.training_class_id.in_(drawn)).distinct()
        found.update(db.session.scalars(wanted))
    return found
