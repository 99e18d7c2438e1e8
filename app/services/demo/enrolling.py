"""Chapter eight: who enrolled in what, and how far each got by the day of loading, with every move (ENR)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select, update

from app.domain.calendar import school_window
from app.domain.clock import SHANGHAI, deadline_after
from app.domain.states import Action, Party
from app.domain.terms import (
    Checkpoint,
    ClassState,
    EnrollmentOrigin,
    EnrollmentState,
    RoundKind,
    WindowKind,
)
from app.extensions import db
from app.models import Enrollment, Evaluation, Screening, ScreeningCandidate, TrainingClass
from app.services.demo.catalogue import WORDS, Run
from app.services.demo.crowd import Crowd
from app.services.demo.drawing import draw, frozen
from app.services.demo.ledger import Ledger, Step, stamps
from app.services.demo.making import Making, Row
from app.services.demo.terms import Standing, noon
from app.services.enrollment_facts import LIVE

DIGITS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # of an enrollment number, as the platform makes them
NUMBER_LENGTH = 12
MOST_HOURS = 90  # of a person in a batch: the cap as the province has set it (P2)
KNOWN_HOURS = 30  # of the demo's own teacher in the open round: enough is left to choose from
FILLED_UP = 0.6  # of the seats left after round one
PROXY_SHARE = 0.03
NEVER_EVALUATE = 0.02
EVALUATION_DAYS = 10  # P9, as the province has left it
EVENING = time(20, 15)
FINISHED = (ClassState.COMPLETED, ClassState.CREDITED)
E, A, P = EnrollmentState, Action, Party
FAILED = (E.NOT_DRAWN, E.DECLINED, E.CLASS_CANCELLED)  # at the institution: these may come again in round two


@dataclass(slots=True)
class Entry:
    """An enrollment on its way."""

    id: int
    person: int
    run: Run
    number: str
    round_kind: RoundKind
    proxy: bool
    steps: list[Step]
    checkpoint_bureau: tuple[int, str] | None = None

    @property
    def state(self) -> str:
        """Where it stands."""
        return self.steps[-1].target

    def go(
        self, action: Action, target: str, party: Party, who: str, moment: datetime, reason: str | None = None
    ) -> None:
        """Let it move on."""
        self.steps.append(Step(action, self.state, target, party, who, moment, reason))


@dataclass
class _Place:
    """A class with seats left after round one, and who is in it."""

    run: Run
    free: int
    people: set[int]


@dataclass
class _Left:
    """What a batch leaves for round two, by region and stage: classes with free seats, and who failed at the end."""

    free: dict[Any, list[_Place]] = field(default_factory=lambda: defaultdict(list))
    failed: dict[Any, list[int]] = field(default_factory=lambda: defaultdict(list))

    def after(self, run: Run, entries: Sequence[Entry]) -> None:
        """Take in how a class stands after round one."""
        audience, people = (run.path, run.stage_id), {e.person for e in entries if e.state == E.ADMITTED}
        self.failed[audience] += [e.person for e in entries if e.state in FAILED]
        if run.reached is not ClassState.CANCELLED and len(people) < run.seats:
            self.free[audience].append(_Place(run, run.seats - len(people), people))


def load(making: Making, runs: Sequence[Run]) -> None:
    """Add the enrollments of these classes."""
    _Enrolling(making).make(runs)


class _Enrolling:
    """Makes the enrollments batch by batch."""

    def __init__(self, making: Making) -> None:
        self.making, self.dice, self.noon = making, making.dice("enrollments"), noon(making)
        self.crowd = Crowd()
        self.ledger = Ledger(making, making.size.enrollments)
        self.keys = {m: making.keys_from(m) for m in (Enrollment, Evaluation, Screening, ScreeningCandidate)}
        self.hours = bytearray(len(self.crowd.ids))
        self.shown: set[str] = set()  # steps of the adjustment that a class of the own institution stands at
        self.known = self.crowd.person_of("teacher")

    def make(self, runs: Sequence[Run]) -> None:
        """Fill the classes of each batch, then its round two."""
        batches: defaultdict[int, list[Run]] = defaultdict(list)
        for run in runs:
            batches[run.term.batch_id].append(run)
        for mine in batches.values():
            self.hours = bytearray(len(self.crowd.ids))
            left = _Left()
            for run in mine:
                self._round_one(run, left)
            for audience, places in left.free.items():
                self._round_two(places, left.failed[audience])
        self.ledger.close()
        self.making.keyed(*self.keys)
        _count_seats()

    # --- round one

    def _round_one(self, run: Run, left: _Left) -> None:
        wanted = round(run.seats * run.demand * self.dice.uniform(0.85, 1.15))
        if run.term.standing is Standing.DECLARING:
            return
        people = self._people(run, 2 * wanted)
        entries = [self._enrolled(run, person) for person in self._fitting(people, run, wanted)]
        waiting = [entry for entry in entries if self._reviewed(entry)]
        screening = self._decided(run, waiting) if run.term.standing is Standing.OVER else []
        if run.term.standing is Standing.ADJUSTING:
            self._time_out(entries)
            screening = self._adjusted(run, waiting)
        self._freed(entries)
        if run.term.standing is Standing.OVER:
            left.after(run, entries)
        self._write(entries, screening)

    def _freed(self, entries: Iterable[Entry]) -> None:
        """Give the hours back of enrollments that are not live any more."""
        for entry in entries:
            if entry.state not in LIVE:
                self.hours[entry.person] -= entry.run.hours

    def _people(self, run: Run, most: int) -> Iterator[int]:
        """Yield who may want this class: the demo's own teacher first in every other class of its institution."""
        drawn = self.crowd.some(run.path, run.stage_id, most, self.dice)
        enough = run.term.standing is Standing.ENROLLING and self.hours[self.known] >= KNOWN_HOURS
        first = run.own and run.id % 2 == 0 and not enough and run.stage_id in (None, self.crowd.stage_of(self.known))
        if first:
            yield self.known
        yield from (person for person in drawn if not first or person != self.known)

    def _fitting(self, people: Iterable[int], run: Run, wanted: int) -> Iterator[int]:
        """Yield those who may still enroll in so many hours, `wanted` at the most."""
        for person in people:
            if wanted <= 0:
                return
            if self.hours[person] + run.hours <= MOST_HOURS:
                self.hours[person] += run.hours
                wanted -= 1
                yield person

    def _enrolled(self, run: Run, person: int, *, second: bool = False) -> Entry:
        opens, closes = run.term.windows[WindowKind.ROUND_TWO if second else WindowKind.ROUND_ONE]
        moment = opens + (min(closes, self.noon) - opens) * self.dice.random() ** (2 if second else 1)
        proxy = self.dice.random() < PROXY_SHARE
        school = self.crowd.place(person).name
        first = Step(A.ENROLL, None, E.AWAITING_SCHOOL, P.SCHOOL if proxy else P.TEACHER, school, moment)
        number = "".join(self.dice.choices(DIGITS, k=NUMBER_LENGTH))
        kind = RoundKind.ROUND_TWO if second else RoundKind.ROUND_ONE
        entry = Entry(next(self.keys[Enrollment]), person, run, number, kind, proxy, [first])
        if run.checkpoint is not Checkpoint.NONE:
            entry.checkpoint_bureau = self.crowd.place(person).checkpoint(run.checkpoint)
        return entry

    def _reviewed(self, entry: Entry) -> bool:
        """Let school and bureau act as far as they have; tell whether it is the institution's turn."""
        dice, school, start = self.dice, self.crowd.place(entry.person).name, entry.steps[0].moment
        kind = school_window(entry.round_kind)
        moment = max(start, entry.run.term.opens(kind)) + timedelta(hours=dice.uniform(1, 72))
        moment = min(moment, entry.run.term.closes(kind))
        if moment > self.noon:
            return False
        chance = dice.random()
        if chance < 0.04:
            entry.go(A.REJECT, E.SCHOOL_REJECTED, P.SCHOOL, school, moment, dice.choice(WORDS["school_refusals"]))
        elif chance < 0.09:
            entry.go(A.WITHDRAW, E.WITHDRAWN, P.TEACHER, school, start + (moment - start) / 2)
        elif chance < 0.1:
            entry.go(A.TIME_OUT, E.SCHOOL_TIMEOUT, P.SYSTEM, "", entry.run.term.closes(kind))
            return self._not_yet(entry)
        elif entry.checkpoint_bureau is None:
            entry.go(A.APPROVE, E.AWAITING_INSTITUTION, P.SCHOOL, school, moment)
            return True
        else:
            entry.go(A.APPROVE, E.AWAITING_BUREAU, P.SCHOOL, school, moment)
            return self._checked(entry, moment)
        return False

    def _not_yet(self, entry: Entry) -> bool:
        """Take back what lies after the day of loading."""
        if entry.steps[-1].moment > self.noon:
            entry.steps.pop()
        return False

    def _checked(self, entry: Entry, after: datetime) -> bool:
        """Let the bureau at the checkpoint act, if it has."""
        closes = entry.run.term.closes(school_window(entry.round_kind))
        moment = min(after + timedelta(hours=self.dice.uniform(2, 60)), closes + timedelta(hours=12))
        if moment > self.noon or entry.checkpoint_bureau is None:
            return False
        who = entry.checkpoint_bureau[1]
        if self.dice.random() < 0.1:
            entry.go(A.REJECT, E.BUREAU_REJECTED, P.BUREAU, who, moment, WORDS["bureau_refusals"][0])
            return False
        entry.go(A.APPROVE, E.AWAITING_INSTITUTION, P.BUREAU, who, moment)
        return True

    def _time_out(self, entries: Iterable[Entry]) -> None:
        """End what schools and bureaus left undone when the deadline passed."""
        for entry in entries:
            if entry.state == E.AWAITING_SCHOOL:
                closes = entry.run.term.closes(WindowKind.ROUND_ONE_SCHOOL)
                entry.go(A.TIME_OUT, E.SCHOOL_TIMEOUT, P.SYSTEM, "", closes)

    # --- the institution's part

    def _adjusted(self, run: Run, waiting: Sequence[Entry]) -> list[Row]:
        """Let classes of the demo's own institution stand at each step after round one; return the rows of a draw.

        The first over-full one is frozen and ready to be drawn, the second is drawn and has a reserve list; the first
        with seats enough is confirmed.
        """
        step = "confirmed" if len(waiting) <= run.seats else "drawn" if "frozen" in self.shown else "frozen"
        if not run.own or step in self.shown or not waiting:
            return []
        self.shown.add(step)
        ids, numbers = [entry.id for entry in waiting], [entry.number for entry in waiting]
        frozen_at, confirmed_at = self.noon - timedelta(hours=20), self.noon - timedelta(hours=21)
        if step == "frozen":
            return frozen(self.making, self.keys, run.id, run.seats, numbers, ids, frozen_at)[1]
        rows: list[Row] = []
        drawn = set(range(len(waiting)))
        if step == "drawn":
            rows, drawn = draw(self.making, self.keys, run, numbers, ids, self.noon - timedelta(hours=22))
        for place, entry in enumerate(waiting):
            if place in drawn:
                entry.go(A.CONFIRM, E.ADMITTED, P.INSTITUTION, run.institution, confirmed_at)
            else:
                entry.go(A.DRAW_OUT, E.NOT_DRAWN, P.SYSTEM, "", rows[0]["drawn_at"])
        return rows

    def _decided(self, run: Run, waiting: Sequence[Entry]) -> list[Row]:
        """Cancel, draw and confirm as it happened after round one; return the rows of the draw."""
        opens = run.term.opens(WindowKind.ADJUSTMENT)
        if run.reached is ClassState.CANCELLED:
            for entry in waiting:
                entry.go(A.CANCEL_CLASS, E.CLASS_CANCELLED, P.BUREAU, run.bureau, opens + timedelta(hours=30),
                         WORDS["cancellations"][0])  # fmt: skip
            return []
        rows: list[Row] = []
        drawn = set(range(len(waiting)))
        if len(waiting) > run.seats:
            moment = opens + timedelta(hours=self.dice.uniform(60, 90))
            numbers = [entry.number for entry in waiting]
            rows, drawn = draw(self.making, self.keys, run, numbers, [e.id for e in waiting], moment)
        for place, entry in enumerate(waiting):
            moment = opens + timedelta(hours=self.dice.uniform(92, 160))
            if place not in drawn:
                entry.go(A.DRAW_OUT, E.NOT_DRAWN, P.SYSTEM, "", rows[0]["drawn_at"])
            else:
                self._confirmed(entry, moment)
        return rows

    def _confirmed(self, entry: Entry, moment: datetime) -> None:
        who, moment = entry.run.institution, max(moment, entry.steps[-1].moment)
        if self.dice.random() < 0.03:
            entry.go(A.DECLINE, E.DECLINED, P.INSTITUTION, who, moment, self.dice.choice(WORDS["declines"]))
        else:
            entry.go(A.CONFIRM, E.ADMITTED, P.INSTITUTION, who, moment)

    # --- round two

    def _round_two(self, places: Sequence[_Place], failed: Iterable[int]) -> None:
        """Let those who failed at the institution take seats that were left, in classes for people like them."""
        people = iter(dict.fromkeys(failed))
        for place in places:
            strangers = (person for person in people if person not in place.people)
            entries = []
            for person in self._fitting(strangers, place.run, round(place.free * FILLED_UP)):
                entry = self._enrolled(place.run, person, second=True)
                if self._reviewed(entry):
                    closes = place.run.term.closes(WindowKind.ROUND_TWO_SCHOOL)
                    self._confirmed(entry, closes + timedelta(hours=self.dice.uniform(2, 40)))
                entries.append(entry)
            self._freed(entries)
            self._write(entries, [])

    # --- writing

    def _write(self, entries: Sequence[Entry], screening: Sequence[Row]) -> None:
        for entry in entries:
            self.ledger.add(Enrollment, self._row(entry), entry.steps)
            self._evaluated(entry)
        for number, row in enumerate(screening):
            self.ledger.add(ScreeningCandidate if number else Screening, row)
        self.ledger.settle()

    def _evaluated(self, entry: Entry) -> None:
        """Let a trainee evaluate a class that is over; a few never do, and may not enroll until they have (ENR-3)."""
        if entry.state != E.ADMITTED or entry.run.reached not in FINISHED:
            return
        if entry.person != self.known and self.dice.random() < NEVER_EVALUATE:
            return
        days = self.dice.choice((1, 1, 2, 3, 5, 8, 14))
        moment = min(datetime.combine(entry.run.last + timedelta(days=days), EVENING, SHANGHAI), self.noon)
        late = moment > deadline_after(entry.run.last, days=EVALUATION_DAYS)
        self.ledger.add(Evaluation, {
            "id": next(self.keys[Evaluation]), "enrollment_id": entry.id, "submitted_at": moment, "is_late": late,
            **stamps(moment),
        })  # fmt: skip

    def _row(self, entry: Entry) -> Row:
        place, run = self.crowd.place(entry.person), entry.run
        approved = [step for step in entry.steps if step.party is P.BUREAU and step.action is A.APPROVE]
        seated = entry.state == E.ADMITTED
        return {
            "id": entry.id, "number": entry.number, "teacher_id": self.crowd.ids[entry.person],
            "training_class_id": run.id, "training_year_id": run.term.year_id, "batch_id": run.term.batch_id,
            "round_kind": entry.round_kind, "state": E(entry.state),
            "origin": EnrollmentOrigin.PROXY if entry.proxy else EnrollmentOrigin.SELF, "credit_hours": run.hours,
            "school_id": place.id, "bureau_id": place.bureaus[0][0],
            "checkpoint_bureau_id": entry.checkpoint_bureau[0] if entry.checkpoint_bureau else None,
            "enrolled_at": entry.steps[0].moment, "moved_at": entry.steps[-1].moment, "review_deadline": None,
            "bureau_approved_at": approved[0].moment if approved else None, "holds_seat": seated,
            **stamps(entry.steps[0].moment, entry.steps[-1].moment, len(entry.steps)),
        }  # fmt: skip


def _count_seats() -> None:
    """Write into each class how many seats are taken."""
    held = select(func.count()).where(
        Enrollment.training_class_id == TrainingClass.id, Enrollment.holds_seat.is_(True)
    ).correlate(TrainingClass)  # fmt: skip
    counted = update(TrainingClass).values(taken=held.scalar_subquery())
    db.session.execute(counted.execution_options(synchronize_session=False))
