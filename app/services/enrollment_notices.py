"""Telling teachers and schools what became of enrollments, in the transaction that decides it (PUB-3, ENR-10).

Listeners of the moves made by teachers, schools, bureaus, institutions and the clock. Draws, promotions and what
happens to whole classes tell of themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.domain.states import Action
from app.domain.terms import EnrollmentState, MessageKind, WindowKind
from app.domain.text import N_, Text
from app.extensions import db
from app.models import Account, Enrollment, Teacher, TrainingClass
from app.security.permissions import accounts_that_may
from app.services.class_facts import standings_of
from app.services.notifications import Note, notify_each
from app.services.transitions import Moved, on_move

PAGE = "EnrollmentStoryPage.show"
S = EnrollmentState
NAMED = 5  # teachers named in a message to a school; more are counted

TO_TEACHERS = {
    (Action.APPROVE, S.AWAITING_BUREAU): N_(
        "Your school has approved your enrollment in %(title)s; the bureau is next."
    ),
    (Action.APPROVE, S.AWAITING_INSTITUTION): N_(
        "Your enrollment in %(title)s was approved; the institution decides next."
    ),
    (Action.REJECT, S.SCHOOL_REJECTED): N_("Your school has rejected your enrollment in %(title)s: %(reason)s"),
    (Action.REJECT, S.BUREAU_REJECTED): N_("The bureau has rejected your enrollment in %(title)s: %(reason)s"),
    (Action.UNDO, S.AWAITING_SCHOOL): N_("Your school reviews your enrollment in %(title)s once more."),
    (Action.TIME_OUT, S.SCHOOL_TIMEOUT): N_(
        "Your school has not reviewed your enrollment in %(title)s in time, so it has ended. Ask your school why."
    ),
    (Action.CONFIRM, S.ADMITTED): N_("You are admitted to %(title)s."),
    (Action.DECLINE, S.DECLINED): N_("The institution has declined your enrollment in %(title)s: %(reason)s"),
}
# Who is declined has the right to round two (ENR-11, P4), as long as there is one.
DECLINED_IN_TIME = N_("The institution has declined your enrollment in %(title)s: %(reason)s Round two is open to you.")
TO_SCHOOLS = {
    (Action.REJECT, S.BUREAU_REJECTED): N_("The bureau has rejected for %(title)s: %(names)s. Reason: %(reason)s"),
    (Action.CONFIRM, S.ADMITTED): N_("Admitted to %(title)s: %(names)s."),
    (Action.DECLINE, S.DECLINED): N_("Declined for %(title)s: %(names)s. Reason: %(reason)s"),
    (Action.TIME_OUT, S.SCHOOL_TIMEOUT): N_(
        "Not reviewed in time for %(title)s, so these enrollments have ended: %(names)s."
    ),
    (Action.WITHDRAW, S.WITHDRAWN): N_("Withdrawn from %(title)s after your approval: %(names)s."),
}


@on_move(Enrollment)
def tell(event: Moved) -> None:
    """Tell the teachers, and the schools where it concerns them."""
    key: Any = (event.action, event.target)
    to_teacher, to_school = TO_TEACHERS.get(key), TO_SCHOOLS.get(key)
    if event.action is Action.WITHDRAW and event.source is S.AWAITING_SCHOOL:
        to_school = None  # the school had not seen it yet
    if to_teacher is None and to_school is None:
        return
    rows = _rows(event.row_ids)
    if to_teacher is not None:
        told_by_batch = _declined_in_time(rows) if event.target is S.DECLINED else {}
        notify_each(MessageKind.SYSTEM, _teachers(rows, to_teacher, told_by_batch, event))
    if to_school is not None:
        notify_each(MessageKind.SYSTEM, _schools(rows, to_school, event))


def tell_proxy(enrollment_id: int) -> None:
    """Tell a teacher whom the school has enrolled (ENR-16)."""
    text = N_("Your school has enrolled you in %(title)s. You may withdraw while the window is open.")
    rows = _rows([enrollment_id])
    notify_each(MessageKind.SYSTEM, (_note(row.account_id, text, row, {}) for row in rows if row.account_id))


def _rows(ids: Sequence[int]) -> Sequence[Any]:
    """Return what the messages say about these enrollments."""
    told = (
        select(
            Enrollment.id, Enrollment.school_id, Enrollment.training_class_id, Enrollment.batch_id, Teacher.name,
            Teacher.account_id, TrainingClass.title, TrainingClass.number,
        ).join(Teacher, Teacher.id == Enrollment.teacher_id)
        .join(TrainingClass, TrainingClass.id == Enrollment.training_class_id)
        .where(Enrollment.id.in_(ids)).order_by(Enrollment.id)
    )  # fmt: skip
    return list(db.session.execute(told))


def _declined_in_time(rows: Sequence[Any]) -> dict[int | None, str]:
    """Return what the declined are told in batches whose round two is not over."""
    standings = standings_of({row.batch_id for row in rows})
    return {key: DECLINED_IN_TIME for key, found in standings.items() if found.ahead(WindowKind.ROUND_TWO)}


def _teachers(rows: Sequence[Any], text: str, told_by_batch: Mapping[int | None, str], event: Moved) -> Iterator[Note]:
    for row in rows:
        if row.account_id is not None:
            said = told_by_batch.get(row.batch_id, text)
            yield _note(row.account_id, said, row, {"reason": event.reason or ""})


def _schools(rows: Sequence[Any], text: str, event: Moved) -> Iterator[Note]:
    """Yield a message for each reviewer of a school and each class: those who share them stand in one."""
    together: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in rows:
        if row.school_id is not None:
            together[row.school_id, row.training_class_id].append(row)
    reviewers = reviewers_of({school_id for school_id, _class in together})
    for (school_id, _class), theirs in together.items():
        words = {"names": _names([row.name for row in theirs]), "reason": event.reason or ""}
        for account_id in reviewers[school_id]:
            yield _note(account_id, text, theirs[0], words)


def reviewers_of(school_ids: set[int]) -> defaultdict[int, list[int]]:
    """Return school → the accounts that review its enrollments."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    wanted = select(Account.school_id, Account.id).where(Account.school_id.in_(school_ids))
    for school_id, account_id in db.session.execute(
        wanted.where(Account.id.in_(accounts_that_may("review", "Enrollment")))
    ):
        found[school_id].append(account_id)
    return found


def _names(names: Sequence[str]) -> Text | str:
    shown = "、".join(names[:NAMED])
    if len(names) <= NAMED:
        return shown
    return Text(N_("%(names)s and %(more)d more"), {"names": shown, "more": len(names) - NAMED})


def _note(account_id: int, text: str, row: Any, words: dict[str, Any]) -> Note:
    used = {name: value for name, value in words.items() if f"%({name})s" in text}
    return Note(account_id, Text(text, {"title": f"{row.title} #{row.number}", **used}), PAGE, {"pk": row.id})
