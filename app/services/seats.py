"""Taking and freeing seats: never one too many, under any load, on both databases (ENR-11). See docs/seats.md.

`TrainingClass.taken` counts the seats given away. It rises only by an UPDATE that asks in the same statement whether
one is left, and falls only when an enrollment that holds a seat stops being live. A CHECK backs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Integer, bindparam, cast, func, insert, select, update

from app.domain.terms import ClassState, RoundKind
from app.extensions import db, fetch
from app.models import Enrollment, Screening, TrainingClass, Transition
from app.services.enrollment_facts import LIVE, unseated
from app.services.transitions import Moved, on_move
from app.services.unit import hold_rows, is_postgresql

ROW, LINE = "row_", "line_"  # of the parameters: what is the enrollment's, what the ledger's
# The tables themselves: with parameters, an insert of the entity would be the unit of work's.
ROWS: Any = Enrollment.__table__
LINES: Any = Transition.__table__
INSERT_ROW, INSERT_LINE = insert(ROWS).returning(ROWS.c.id), insert(LINES)
TEACHER_LOCK = 7_001  # the first key of advisory locks on teachers
TEACHERS_LOCK = select(func.pg_advisory_xact_lock(TEACHER_LOCK, bindparam("teacher_id", type_=Integer)))


def lock_teachers(teacher_ids: Iterable[int]) -> None:
    """Let the enrollments of a teacher follow one another, so that two windows cannot pass the caps together (P2).

    On SQLite the transaction is the only writer already. On PostgreSQL an advisory lock writes nothing, so that a
    refusal leaves no trace. Teachers are locked before classes, classes before enrollments, each in the order of keys.
    """
    if is_postgresql():
        for teacher_id in sorted(set(teacher_ids)):
            fetch(TEACHERS_LOCK, {"teacher_id": teacher_id})


def lock_classes(class_ids: Iterable[int]) -> None:
    """Hold classes until the transaction ends: their seats do not move, nobody else freezes or cancels them."""
    hold_rows(TrainingClass, class_ids)


def insert_enrollment(values: dict[str, Any], line: dict[str, Any]) -> int | None:
    """Insert an enrollment and the first line of its ledger; take a seat in round two. None: the class has no place.

    `values` are the columns of the enrollment, `line` those of the ledger but for the row. The class must still be
    offered, in the very statement: a cancellation at the same moment waits for it, or is waited for.
    """
    given = {f"{ROW}{name}": value for name, value in values.items()}
    given |= {f"{LINE}{name}": value for name, value in line.items()}
    second = values["round_kind"] is RoundKind.ROUND_TWO
    if is_postgresql():
        key: int | None = fetch(_at_once(second, tuple(values), tuple(line)), given).scalar()
        return key
    return _in_turn(second, values, line)


def _place(second: bool) -> Any:
    """Return the statement that finds or takes the place: its one row is the class."""
    class_id: Any = bindparam(f"{ROW}training_class_id")
    offered = (TrainingClass.id == class_id, TrainingClass.state == ClassState.OFFERED)
    if not second:
        # Shared: many enroll at once, a cancellation waits for all of them.
        return select(TrainingClass.id).where(*offered).with_for_update(read=True)
    taking = update(TrainingClass).where(*offered, TrainingClass.taken < TrainingClass.seats)
    moment: Any = bindparam(f"{ROW}enrolled_at")
    return taking.values(taken=TrainingClass.taken + 1, updated_at=moment).returning(TrainingClass.id)


@cache
def _at_once(second: bool, columns: tuple[str, ...], line: tuple[str, ...]) -> Any:
    """Return the one statement of PostgreSQL; made once, for every seat asks for it."""
    place = _place(second).cte("place")
    row = insert(ROWS).from_select(list(columns), select(*_told(ROWS, ROW, columns)).select_from(place))
    made = row.returning(ROWS.c.id).cte("made")
    ledger = insert(LINES).from_select(["row_id", *line], select(made.c.id, *_told(LINES, LINE, line)))
    return ledger.returning(LINES.c.row_id).add_cte(place, made)


def _told(table: Any, prefix: str, names: Iterable[str]) -> list[Any]:
    types = {name: table.c[name].type for name in names}
    return [cast(bindparam(f"{prefix}{name}", type_=kind), kind) for name, kind in types.items()]


@cache
def _taken(second: bool) -> Any:
    return _place(second)


def _in_turn(second: bool, values: dict[str, Any], line: dict[str, Any]) -> int | None:
    """SQLite: the transaction is the only writer, so what one statement found still holds for the next."""
    where = {f"{ROW}{name}": values[name] for name in ("training_class_id", "enrolled_at")}
    if fetch(_taken(second), where).scalar() is None:
        return None
    key: int | None = fetch(INSERT_ROW, values).scalar()
    fetch(INSERT_LINE, {"row_id": key, **line})
    return key


# --- seats of round one, and freeing


def settle(class_id: int) -> bool:
    """Give a seat to each who waits for the institution without one, if there are enough; tell whether all have one.

    Round one takes no seats; a class that is not over-full needs no draw, and its candidates come before round two.
    """
    waiting_here = (Enrollment.training_class_id == class_id, unseated())
    if not db.session.scalar(select(func.count()).where(*waiting_here)):
        return True
    lock_classes([class_id])
    waiting = db.session.scalar(select(func.count()).where(*waiting_here)) or 0
    undrawn = select(Screening.id).where(Screening.training_class_id == class_id, Screening.drawn_at.is_(None))
    if db.session.scalar(undrawn) is not None or not take(class_id, waiting):
        return False
    _mark(*waiting_here, holds=True)
    return True


def left(class_id: int) -> int:
    """Return how many seats are not given away."""
    wanted = select(TrainingClass.seats - TrainingClass.taken).where(TrainingClass.id == class_id)
    return db.session.scalar(wanted) or 0


def take(class_id: int, count: int) -> bool:
    """Take `count` seats at once if they are left; tell whether they were."""
    left = update(TrainingClass).where(TrainingClass.id == class_id, TrainingClass.taken + count <= TrainingClass.seats)
    done = db.session.execute(_quietly(left.values(taken=TrainingClass.taken + count)))
    return bool(done.rowcount)


@on_move(Enrollment)
def _free(event: Moved) -> None:
    """Free the seats of enrollments that are not live any more, whichever way they ended."""
    if event.target in LIVE:
        return
    holding = (Enrollment.id.in_(event.row_ids), Enrollment.holds_seat.is_(True))
    freed = db.session.execute(
        select(Enrollment.training_class_id, func.count()).where(*holding).group_by(Enrollment.training_class_id)
        .order_by(Enrollment.training_class_id)
    ).all()  # fmt: skip
    for class_id, count in freed:
        one = update(TrainingClass).where(TrainingClass.id == class_id)
        db.session.execute(_quietly(one.values(taken=TrainingClass.taken - count)))
    if freed:
        _mark(*holding, holds=False)


def _mark(*where: Any, holds: bool) -> None:
    db.session.execute(_quietly(update(Enrollment).where(*where).values(holds_seat=holds)))


def _quietly(statement: Any) -> Any:
    """Return the statement without the search through the session for rows it may have changed."""
    return statement.execution_options(synchronize_session=False)
