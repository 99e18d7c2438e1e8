"""Enrolling on behalf of the teachers of one's school (ENR-16): who may, many at once, and by lines of a file.

The rules are those of the teachers themselves; each enrollment is marked as made by proxy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from app.domain.enrollment import AT_WORK, hours_held
from app.domain.errors import DomainError, NotVisible, Problem, problem
from app.domain.identity import normalise_national_id
from app.domain.text import N_
from app.extensions import db
from app.models import Programme, Teacher, TrainingClass
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.scope import fetch_visible, visible_clause
from app.services.enrollment import Enrolled, enroll
from app.services.enrollment_facts import Case, cases
from app.services.seats import lock_teachers
from app.services.teacher_search import name_contains

MOST_AT_ONCE = 200  # teachers one act enrolls
CODE_SEPARATOR = "-"  # between the number of a programme and that of its class


@dataclass(frozen=True, slots=True)
class Asked:
    """Which teachers of the school: by name or number, subject, or by their keys."""

    words: str = ""
    subject_id: int | None = None
    teacher_ids: tuple[int, ...] = ()
    page: int = 1
    size: int = 50


@dataclass(frozen=True)
class Fit:
    """A teacher before a class: hours held, every reason against it, and what should be known."""

    teacher: Teacher
    hours: int = 0
    refusals: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def enrolled(self) -> bool:
        """Whether the teacher is enrolled in the class already."""
        return any(reason.code == "already_enrolled" for reason in self.refusals)


@dataclass
class Outcome:
    """What became of an act for many: teacher id → what was made, teacher id → every reason why not."""

    done: dict[int, Enrolled] = field(default_factory=dict)
    refused: dict[int, tuple[Problem, ...]] = field(default_factory=dict)


def teachers_before(class_id: int, asked: Asked, *, actor: Actor) -> tuple[TrainingClass, list[Fit], int]:
    """Return the class, a page of the school's teachers before it, and how many there are. Raises NotVisible."""
    actor.require("proxy", "Enrollment")
    row = fetch_visible(TrainingClass, class_id, actor=actor, options=(joinedload(TrainingClass.institution),))
    wanted = own_teachers(actor).where(*_conditions(asked))
    count = db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    start = (max(1, min(asked.page, -(-count // asked.size))) - 1) * asked.size
    loads = (joinedload(Teacher.subject), joinedload(Teacher.stage))
    page = wanted.options(*loads).order_by(Teacher.name, Teacher.id).limit(asked.size).offset(start)
    return row, _fits(db.session.scalars(page).all(), row), count


def own_teachers(actor: Actor) -> Select[Any]:
    """Return a SELECT of the teachers the actor may enroll: those at work at the actor's school."""
    mine = (Teacher.school_id == actor.school_id, Teacher.deleted_at.is_(None), Teacher.status.in_(AT_WORK))
    return select(Teacher).where(visible_clause(Teacher, actor), *mine)


def enroll_many(class_id: int, teacher_ids: Sequence[int], *, actor: Actor) -> Outcome:
    """Enroll teachers of one's school in a class, each by itself; who cannot is told with every reason.

    Raises NotVisible when one of them is not of the school, before anybody is enrolled.
    """
    actor.require("proxy", "Enrollment")
    keys = list(dict.fromkeys(teacher_ids))[:MOST_AT_ONCE]
    found = set(db.session.scalars(own_teachers(actor).with_only_columns(Teacher.id).where(Teacher.id.in_(keys))))
    if len(found) != len(keys):
        raise NotVisible
    return _enrolled(((key, class_id) for key in keys), actor)


def _enrolled(pairs: Iterable[tuple[int, int]], actor: Actor) -> Outcome:
    outcome = Outcome()
    for teacher_id, class_id in pairs:
        try:
            outcome.done[teacher_id] = enroll(teacher_id, class_id, actor=actor)
        except DomainError as error:
            outcome.refused[teacher_id] = error.problems
    return outcome


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    words = asked.words.strip()
    given: list[tuple[Any, Any]] = [
        (words, lambda: or_(name_contains(words), Teacher.teacher_number == words)),
        (asked.subject_id, lambda: Teacher.subject_id == asked.subject_id),
        (asked.teacher_ids, lambda: Teacher.id.in_(asked.teacher_ids)),
    ]
    return [condition() for value, condition in given if value]


def _fits(teachers: Sequence[Teacher], row: TrainingClass) -> list[Fit]:
    judged = cases([teacher.id for teacher in teachers], [row.id], row.batch_id) if teachers else {}
    return [_fit(teacher, judged.get((teacher.id, row.id))) for teacher in teachers]


def _fit(teacher: Teacher, case: Case | None) -> Fit:
    if case is None:
        return Fit(teacher)
    hours = int(hours_held(case.candidate.held))
    return Fit(teacher, hours, tuple(case.refusals), tuple(case.warnings))


# --- lines of a file


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was sent: its number in the file, the teacher's number or national ID, and the code of the class."""

    number: int
    teacher: str
    code: str


@dataclass(frozen=True)
class Planned:
    """A line and what will become of it: both keys when it will be enrolled, else every reason why not."""

    line: Line
    teacher: Teacher | None = None
    row: TrainingClass | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def will(self) -> bool:
        """Whether the line will be enrolled."""
        return not self.problems


def plan(lines: Sequence[Line], *, actor: Actor, vault: Vault) -> list[Planned]:
    """Return what each line will do, without doing it: a few queries for each class, however many lines."""
    actor.require("proxy", "Enrollment")
    teachers = _teachers_named([line.teacher for line in lines], actor, vault)
    classes = _classes_coded([line.code for line in lines], actor)
    found = [_found(line, teachers, classes) for line in lines]
    return _twice(_judged(found))


def enroll_pairs(pairs: Sequence[tuple[int, int]], *, actor: Actor) -> dict[tuple[int, int], tuple[Problem, ...]]:
    """Enroll (teacher, class) pairs in the running transaction; return those that could not be, with every reason.

    Teachers are held first and classes taken in one order, so that two files never wait for each other.
    """
    lock_teachers({teacher_id for teacher_id, _class in pairs})
    refused = {}
    for pair in sorted(pairs, key=lambda pair: (pair[1], pair[0])):
        try:
            enroll(*pair, actor=actor)
        except DomainError as error:
            refused[pair] = error.problems
    return refused


def _teachers_named(names: Iterable[str], actor: Actor, vault: Vault) -> dict[str, Teacher]:
    """Return number or national ID → the teacher of the school; others are as unknown as those that do not exist."""
    plain = {name: normalise_national_id(name) for name in names if name}
    keys = {vault.key(text): name for name, text in plain.items() if text}
    wanted = own_teachers(actor).where(
        or_(Teacher.teacher_number.in_(plain.values()), Teacher.national_id_key.in_(keys))
    )
    found: dict[str, Teacher] = {}
    for teacher in db.session.scalars(wanted):
        found |= {name: teacher for name, text in plain.items() if text == teacher.teacher_number}
        if teacher.national_id_key in keys:
            found |= {name: teacher for name in plain if vault.key(plain[name]) == teacher.national_id_key}
    return found


def _classes_coded(codes: Collection[str], actor: Actor) -> dict[str, TrainingClass]:
    """Return code → the class: the number of its programme, a dash, and its own number."""
    parts = {code: code.strip().upper().rpartition(CODE_SEPARATOR) for code in codes if CODE_SEPARATOR in code}
    wanted = (
        select(TrainingClass)
        .join(Programme, Programme.id == TrainingClass.programme_id)
        .where(
            visible_clause(TrainingClass, actor),
            Programme.number.in_({number for number, _dash, _one in parts.values()}),
        )
        .options(joinedload(TrainingClass.programme))
    )
    known = {(row.programme.number, str(row.number)): row for row in db.session.scalars(wanted)}
    found = {code: known.get((number, one.lstrip("0"))) for code, (number, _dash, one) in parts.items()}
    return {code: row for code, row in found.items() if row is not None}


def code_of(row: TrainingClass) -> str:
    """Return the code of a class as forms and files name it."""
    return f"{row.programme.number or ''}{CODE_SEPARATOR}{row.number}"


def _found(line: Line, teachers: Mapping[str, Teacher], classes: Mapping[str, TrainingClass]) -> Planned:
    teacher, row = teachers.get(line.teacher), classes.get(line.code)
    problems = []
    if teacher is None:
        text = N_("No teacher of your school has the number “%(number)s”; check it, or have the teacher transferred.")
        problems.append(problem("no_such_teacher", text, field="teacher", number=shortened(line.teacher)))
    if row is None:
        text = N_("No class open to your school has the code “%(sent)s”; it stands on the page of each class.")
        problems.append(problem("no_such_class", text, field="code", sent=line.code[:40]))
    return Planned(line, teacher, row, tuple(problems))


def shortened(number: str) -> str:
    """Return a number as it may be shown: of a national ID only its end."""
    return f"…{number[-4:]}" if len(number) >= 15 else number


def _judged(found: Sequence[Planned]) -> list[Planned]:
    """Ask the rules about every line that names a teacher and a class: all lines of a batch at once."""
    whole = [one for one in found if one.teacher is not None and one.row is not None]
    told: dict[tuple[int, int], Case] = {}
    for batch_id in {one.row.batch_id for one in whole if one.row}:
        here = [one for one in whole if one.row and one.row.batch_id == batch_id]
        told |= cases(
            {one.teacher.id for one in here if one.teacher}, {one.row.id for one in here if one.row}, batch_id
        )
    return [_with_reasons(one, told) for one in found]


def _with_reasons(one: Planned, told: Mapping[tuple[int, int], Case]) -> Planned:
    if one.teacher is None or one.row is None:
        return one
    case = told.get((one.teacher.id, one.row.id))
    return Planned(one.line, one.teacher, one.row, tuple(case.refusals) if case else ())


def _twice(planned: Sequence[Planned]) -> list[Planned]:
    """Refuse a line that says again what an earlier one said."""
    seen: dict[tuple[int, int], int] = {}
    told = []
    for one in planned:
        if one.will and one.teacher is not None and one.row is not None:
            first = seen.setdefault((one.teacher.id, one.row.id), one.line.number)
            if first != one.line.number:
                text = N_("The same as line %(line)d; leave one of them out.")
                one = Planned(one.line, one.teacher, one.row, (problem("line_twice", text, line=first),))
        told.append(one)
    return told
