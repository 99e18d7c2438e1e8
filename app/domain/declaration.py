"""What a declaration must be before it is stored: every rule of the upper and the lower part (PRG-2).

`field` of each problem is the name of the form's control (`classes-0-starts_on`), so that form, import and API point at
the same place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from itertools import combinations
from typing import Any

from app.domain.errors import Problem, problem
from app.domain.regions import uncovered
from app.domain.terms import ClassState, ProgrammeKind
from app.domain.text import N_

# What an institution declares itself; calls and courses come in by their own doors.
DECLARABLE = (ProgrammeKind.ELECTIVE, ProgrammeKind.MANDATED, ProgrammeKind.PROVINCIAL, ProgrammeKind.NATIONAL)
MOST_HOURS, MOST_CREDITS, MOST_SEATS, MOST_FEE = 999, Decimal("99.9"), 5000, Decimal("99999.99")
MOST_SESSIONS, MOST_LECTURERS = 60, 40
LENGTHS = {"title": 100, "contents": 4000, "goals": 4000, "outline": 4000, "assessment": 2000}
REQUIRED = ("title", "goals", "contents")
OPEN_CLASSES = (ClassState.DRAFT, ClassState.REFUSED)  # what the institution may still change
# Each part of the upper part with its control in the form; lecturers are compared by themselves.
UPPER = {
    **{name: name for name in ("title", "kind", "credit_hours", "credits", *LENGTHS)}, "batch_id": "batch",
    "stage_ids": "stages", "post_category_ids": "post_categories", "subject_ids": "subjects", "region_ids": "regions",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LecturerPart:
    """Who teaches."""

    name: str
    workplace: str = ""
    position: str = ""


@dataclass(frozen=True, slots=True)
class SessionPart:
    """One line of the timetable; `lecturer` is a name of the lecturers above."""

    day: date | None
    starts_at: time | None
    ends_at: time | None
    topic: str
    lecturer: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class ClassPart:
    """One class; `id` is that of a stored one, None for a new one."""

    starts_on: date | None
    ends_on: date | None
    place: str
    planned_seats: int | None
    fee: Decimal | None = None
    boarding: str = ""
    sessions: tuple[SessionPart, ...] = ()
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A whole declaration, read; what was not given or could not be read is None or empty."""

    title: str
    kind: ProgrammeKind | None
    credit_hours: int | None
    credits: Decimal | None = None
    goals: str = ""
    contents: str = ""
    outline: str = ""
    assessment: str = ""
    batch_id: int | None = None
    stage_ids: tuple[int, ...] = ()
    post_category_ids: tuple[int, ...] = ()
    subject_ids: tuple[int, ...] = ()
    region_ids: tuple[int, ...] = ()
    lecturers: tuple[LecturerPart, ...] = ()
    classes: tuple[ClassPart, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassLimit:
    """How many classes a programme may have (P7), and how many of its classes are no longer among those typed."""

    allowed: int = 4
    fixed: int = 0

    @property
    def left(self) -> int:
        """How many classes a declaration may hold beside the fixed ones."""
        return max(self.allowed - self.fixed, 0)


def class_limit(allowed: int, states: Iterable[ClassState]) -> ClassLimit:
    """Return the limit of a programme whose classes are in `states`: each that may not be typed counts by itself."""
    return ClassLimit(allowed, sum(state not in OPEN_CLASSES for state in states))


def upper_is_settled(states: Iterable[ClassState]) -> bool:
    """Tell whether a class of the programme was approved: its upper part then stays what was approved (PRG-7)."""
    return any(state not in (*OPEN_CLASSES, ClassState.PENDING) for state in states)


Span = tuple[date, date]  # first and last day


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the rules need to know around a declaration.

    `targets` are the chosen regions, path → name; `settled` is the stored declaration once its upper part is settled.
    """

    granted: Collection[str] = ()
    targets: Mapping[str, str] = field(default_factory=dict)
    limit: ClassLimit = ClassLimit()
    year: Span | None = None
    settled: Declaration | None = None


def declaration_problems(given: Declaration, frame: Frame) -> list[Problem]:
    """Return everything wrong with a declaration, in the order of the form."""
    return [
        *(_upper_problems(given) if frame.settled is None else _differences(given, frame.settled)),
        *_region_problems(frame),
        *_class_count_problems(given.classes, frame.limit),
        *(found for index, part in enumerate(given.classes) for found in _class_problems(index, part, frame, given)),
        *_double_booked(given.classes),
    ]


# --- the upper part


def _upper_problems(given: Declaration) -> Iterator[Problem]:
    yield from _text_problems(given)
    yield from _number_problems(given)
    yield from _lecturer_problems(given.lecturers)


def _differences(given: Declaration, settled: Declaration) -> Iterator[Problem]:
    """Name each part that is not what was approved: storing the rest would lose it without a word."""
    text = N_("A class of this programme is approved, so this no longer changes; leave it as it is.")
    for name, control in UPPER.items():
        if _unordered(getattr(given, name)) != _unordered(getattr(settled, name)):
            yield problem("upper_part_settled", text, field=control)
    if not _same_lecturers(given.lecturers, settled.lecturers):
        yield problem("upper_part_settled", text, field="lecturers-0-name")


def _unordered(value: Any) -> Any:
    return frozenset(value) if isinstance(value, tuple) else value


def _same_lecturers(given: Sequence[LecturerPart], settled: Sequence[LecturerPart]) -> bool:
    """Tell whether these are the same people; a post that was not given again is no change."""
    posts = {(one.name, one.workplace): one.position for one in settled}
    same = {(one.name, one.workplace) for one in given} == posts.keys()
    return same and all(one.position in ("", posts[one.name, one.workplace]) for one in given)


def _text_problems(given: Declaration) -> Iterator[Problem]:
    for name in REQUIRED:
        if not getattr(given, name).strip():
            yield problem("missing", N_("Please fill this in."), field=name)
    for name, most in LENGTHS.items():
        if len(getattr(given, name)) > most:
            yield problem("too_long", N_("At most %(max)d characters."), field=name, max=most)
    if given.batch_id is None:
        yield problem("batch_missing", N_("Choose the batch this programme is declared for."), field="batch")
    if given.kind not in DECLARABLE:
        yield problem("kind_missing", N_("Choose the kind of training."), field="kind")


def _number_problems(given: Declaration) -> Iterator[Problem]:
    if given.credit_hours is not None and not 0 < given.credit_hours <= MOST_HOURS:
        text = N_("Credit hours lie between 1 and %(most)d.")
        yield problem("hours_out_of_range", text, field="credit_hours", most=MOST_HOURS)
    if given.credits is not None and not 0 <= given.credits <= MOST_CREDITS:
        text = N_("Credits lie between 0 and %(most)s.")
        yield problem("credits_out_of_range", text, field="credits", most=MOST_CREDITS)


def _region_problems(frame: Frame) -> Iterator[Problem]:
    if not frame.targets:
        yield problem("no_targets", N_("Choose at least one target region."), field="regions")
    outside = uncovered(frame.granted, frame.targets)
    if outside:
        text = N_("Your region grants do not cover %(regions)s today. Take them out, or ask the province for a grant.")
        names = "、".join(frame.targets[path] for path in outside)
        yield problem("region_not_granted", text, field="regions", regions=names)


def _lecturer_problems(lecturers: Sequence[LecturerPart]) -> Iterator[Problem]:
    if not lecturers:
        yield problem("no_lecturer", N_("Name at least one lecturer."), field="lecturers-0-name")
    if len(lecturers) > MOST_LECTURERS:
        text = N_("At most %(most)d lecturers.")
        yield problem("too_many_lecturers", text, field="lecturers-0-name", most=MOST_LECTURERS)
    counts = Counter((one.name, one.workplace) for one in lecturers)
    for index, one in enumerate(lecturers):
        name = f"lecturers-{index}-name"
        if not one.name:
            yield problem("missing", N_("Please fill this in."), field=name)
        elif counts[one.name, one.workplace] > 1:
            yield problem("lecturer_twice", N_("%(name)s stands here more than once."), field=name, name=one.name)
        yield from _too_long(name, one.name, 50)
        yield from _too_long(f"lecturers-{index}-workplace", one.workplace, 100)
        yield from _too_long(f"lecturers-{index}-position", one.position, 50)


def _too_long(name: str, text: str, most: int) -> Iterator[Problem]:
    if len(text) > most:
        yield problem("too_long", N_("At most %(max)d characters."), field=name, max=most)


# --- the lower part


def _class_count_problems(classes: Sequence[ClassPart], limit: ClassLimit) -> Iterator[Problem]:
    if not classes:
        yield problem("no_class", N_("Add at least one class."), field="classes")
    if len(classes) > limit.left:
        text = N_(
            "A programme has at most %(allowed)d classes; this one has %(count)d. Remove some, or declare another."
        )
        count = limit.fixed + len(classes)
        yield problem("too_many_classes", text, field="classes", allowed=limit.allowed, count=count)


def _class_problems(index: int, part: ClassPart, frame: Frame, given: Declaration) -> Iterator[Problem]:
    at = f"classes-{index}"
    if not part.place:
        yield problem("missing", N_("Please fill this in."), field=f"{at}-place")
    yield from _too_long(f"{at}-place", part.place, 200)
    yield from _too_long(f"{at}-boarding", part.boarding, 200)
    if part.planned_seats is not None and not 0 < part.planned_seats <= MOST_SEATS:
        text = N_("Planned seats lie between 1 and %(most)d.")
        yield problem("seats_out_of_range", text, field=f"{at}-planned_seats", most=MOST_SEATS)
    if part.fee is not None and not 0 <= part.fee <= MOST_FEE:
        yield problem("fee_out_of_range", N_("The fee lies between 0 and %(most)s."), field=f"{at}-fee", most=MOST_FEE)
    yield from span_problems(at, part.starts_on, part.ends_on, frame.year)
    if len(part.sessions) > MOST_SESSIONS:
        text = N_("At most %(most)d sessions in a timetable.")
        yield problem("too_many_sessions", text, field=f"{at}-sessions-0-day", most=MOST_SESSIONS)
    names = {one.name for one in given.lecturers}
    for number, session in enumerate(part.sessions):
        yield from _session_problems(f"{at}-sessions-{number}", session, part)
        yield from _teaching_problems(f"{at}-sessions-{number}", session, names, settled=frame.settled is not None)
    yield from _overlaps(at, part.sessions)


def span_problems(at: str, first: date | None, last: date | None, year: Span | None) -> Iterator[Problem]:
    """Yield what is wrong with the days of a class (`at`: where it stands), as declared and as adjusted (PRG-2)."""
    if first and last and last < first:
        text = N_("The last day (%(last)s) lies before the first (%(first)s); change one of them.")
        days = {"first": first.isoformat(), "last": last.isoformat()}
        yield problem("ends_before_start", text, field=f"{at}-ends_on", **days)
    if year and first and not year[0] <= first <= year[1]:
        text = N_("The class begins outside the training year (%(first)s to %(last)s).")
        span = {"first": year[0].isoformat(), "last": year[1].isoformat()}
        yield problem("outside_the_year", text, field=f"{at}-starts_on", **span)


def _session_problems(at: str, session: SessionPart, part: ClassPart) -> Iterator[Problem]:
    if not session.topic:
        yield problem("missing", N_("Please fill this in."), field=f"{at}-topic")
    yield from _too_long(f"{at}-topic", session.topic, 200)
    yield from _too_long(f"{at}-place", session.place, 200)
    if session.starts_at and session.ends_at and session.ends_at <= session.starts_at:
        yield problem("session_backwards", N_("The session must end after it begins."), field=f"{at}-ends_at")
    days = (part.starts_on, session.day, part.ends_on)
    if all(days) and not days[0] <= days[1] <= days[2]:  # type: ignore[operator]
        text = N_("The session lies outside the class (%(first)s to %(last)s).")
        span = {"first": str(part.starts_on), "last": str(part.ends_on)}
        yield problem("session_outside_class", text, field=f"{at}-day", **span)


def _teaching_problems(
    at: str, session: SessionPart, lecturers: Collection[str], *, settled: bool
) -> Iterator[Problem]:
    """A session is taught by a lecturer of the programme; who they are is a part of what was approved."""
    if not session.lecturer or session.lecturer in lecturers:
        return
    text = (
        N_("%(name)s is not a lecturer of this programme, whose lecturers no longer change; choose one of them.")
        if settled
        else N_("%(name)s is not among the lecturers above; add the name there first.")
    )
    yield problem("lecturer_unknown", text, field=f"{at}-lecturer", name=session.lecturer)


def _clash(one: SessionPart, other: SessionPart) -> bool:
    """Tell whether two sessions take place at the same time; one may begin in the minute the other ends."""
    if one.day is None or one.day != other.day:
        return False
    times: tuple[Any, ...] = (one.starts_at, one.ends_at, other.starts_at, other.ends_at)
    return None not in times and bool(times[0] < times[3] and times[2] < times[1])


def _overlaps(at: str, sessions: Sequence[SessionPart]) -> Iterator[Problem]:
    for (_, one), (number, other) in combinations(enumerate(sessions), 2):
        if _clash(one, other):
            text = N_("This session overlaps with “%(topic)s” on the same day; change the time of one.")
            yield problem("sessions_overlap", text, field=f"{at}-sessions-{number}-starts_at", topic=one.topic)


def _double_booked(classes: Sequence[ClassPart]) -> Iterator[Problem]:
    """A lecturer teaches one class at a time."""
    for (first, one), (second, other) in combinations(enumerate(classes), 2):
        for session in one.sessions:
            for number, later in enumerate(other.sessions):
                if later.lecturer and later.lecturer == session.lecturer and _clash(session, later):
                    text = N_("%(name)s already teaches class %(number)d at this time.")
                    name = f"classes-{second}-sessions-{number}-lecturer"
                    yield problem("lecturer_double", text, field=name, name=later.lecturer, number=first + 1)
