"""Chapter seven: the programmes of all batches with their classes, declared and reviewed, in bulk (PRG)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import cycle

from sqlalchemy import select

from app.domain.clock import SHANGHAI
from app.domain.regions import ancestors
from app.domain.states import Action, Party
from app.domain.terms import Checkpoint, ClassState, ProgrammeKind, ProgrammeState, WindowKind
from app.extensions import db
from app.models import (
    Bureau,
    ClassSession,
    Institution,
    Lecturer,
    PlanFile,
    Programme,
    Region,
    Stage,
    Subject,
    TrainingClass,
    programme_lecturer,
    programme_region,
    programme_stage,
    programme_subject,
)
from app.services.demo.cast import CAST, DEMO_INSTITUTION
from app.services.demo.ledger import Ledger, Step, stamps
from app.services.demo.making import LISTS, Making, Row
from app.services.demo.people import People
from app.services.demo.plans import plan_pdf
from app.services.demo.terms import LATEST, LONGEST, SOONEST, Standing, Term, noon, terms
from app.services.grants import coverages

WORDS: dict[str, list[str]] = LISTS["programmes"]
LARGE = 50_000  # teachers from which classes have the size of a province's
SEATS = {True: (30, 40, 50, 60, 80, 100), False: (10, 15, 20, 25, 30)}
DEMAND = 0.82  # enrollments a declared seat, on the average: some classes are refused, some people have no hours left
OWN_FIRST = 5  # programmes of each batch that are its own
OWN_WEIGHT = 5  # the demo's own institution declares so much more than another
DECLARING_SHARE = 0.05  # of all classes: those being declared on the day of loading
LECTURERS = 4  # of an institution
HOURS = (8, 16, 16, 24, 24, 32, 40)
CLASSES, CLASS_SHARES = (1, 2, 3, 4), (40, 35, 15, 10)
S, C, A = ProgrammeState, ClassState, Action
OUTCOMES: dict[Standing, tuple[tuple[ProgrammeState, int], ...]] = {
    Standing.OVER: ((S.APPROVED, 95), (S.REJECTED, 3), (S.WITHDRAWN, 2)),
    Standing.ADJUSTING: ((S.APPROVED, 94), (S.REJECTED, 4), (S.WITHDRAWN, 2)),
    Standing.ENROLLING: ((S.APPROVED, 91), (S.REJECTED, 5), (S.RETURNED, 2), (S.WITHDRAWN, 1), (S.DRAFT, 1)),
    Standing.DECLARING: ((S.SUBMITTED, 50), (S.APPROVED, 20), (S.REJECTED, 9), (S.RETURNED, 8), (S.DRAFT, 8),
                         (S.WITHDRAWN, 5)),
}  # fmt: skip
CLASS_OF = {S.APPROVED: C.OFFERED, S.REJECTED: C.REFUSED, S.RETURNED: C.DRAFT, S.WITHDRAWN: C.DRAFT,
            S.DRAFT: C.DRAFT, S.SUBMITTED: C.PENDING}  # fmt: skip
# How wanted the classes of the demo's own institution are, in turn: over-full ones, under-filled ones, others.
OWN_WANTED = (2.2, 0.15, 1.6, 0.4, 1.0, 0.8)
# How wanted a class is, and how often: enrollments a seat.
WANTED = ((0.15, 8), (0.5, 22), (0.8, 30), (1.0, 20), (1.5, 14), (2.2, 6))


@dataclass(slots=True)
class Run:
    """A class on offer and what deciding about its enrollments needs."""

    id: int
    term: Term
    programme_id: int
    title: str
    institution: str
    bureau: str
    path: str
    stage_id: int | None
    hours: int
    seats: int
    demand: float
    reached: ClassState
    last: date
    checkpoint: Checkpoint
    own: bool


@dataclass(frozen=True, slots=True)
class House:
    """An institution: key, name, the regions it may aim at, the keys of its lecturers."""

    id: int
    name: str
    paths: tuple[str, ...]
    lecturers: tuple[int, ...]
    own: bool


def load(making: Making) -> list[Run]:
    """Add lecturers, programmes and classes; return the classes people could enroll in."""
    return _Catalogue(making).made()


class _Catalogue:
    """Makes programmes and classes batch by batch."""

    def __init__(self, making: Making) -> None:
        self.making, self.dice, self.noon = making, making.dice("catalogue"), noon(making)
        self.large = making.size.teachers >= LARGE
        self.seats, self.own_wanted = SEATS[self.large], cycle(OWN_WANTED)
        self.classes = round(making.size.enrollments / (sum(self.seats) / len(self.seats) * DEMAND))
        self.ledger = Ledger(making, self.classes)
        self.keys = {m: making.keys_from(m) for m in (Programme, TrainingClass, ClassSession, PlanFile)}
        regions = db.session.scalars(select(Region)).all()
        self.regions = {region.path: region for region in regions}
        self.stages = list(db.session.scalars(select(Stage).order_by(Stage.position)))
        self.subjects = {subject.name: subject.id for subject in db.session.scalars(select(Subject))}
        self.bureaus = _reviewers()
        self.links: dict[object, list[Row]] = {}
        self.runs: list[Run] = []

    def made(self) -> list[Run]:
        houses = self._houses()
        weights = [OWN_WEIGHT if house.own else 1 for house in houses]
        own = next(house for house in houses if house.own)
        for term in terms(self.making):
            share = DECLARING_SHARE if term.standing is Standing.DECLARING else term.share
            wanted, number = round(self.classes * share), 0
            while wanted > 0:
                number += 1
                house = own if number <= OWN_FIRST else self.dice.choices(houses, weights)[0]
                wanted -= self._programme(term, house, number)
                self.ledger.settle()
        self.ledger.close()
        for table, rows in self.links.items():
            self.making.insert_into(table, rows, total=len(rows))
        self.making.keyed(Programme, TrainingClass, ClassSession, PlanFile)
        return self.runs

    def _houses(self) -> list[House]:
        """Return the institutions that may declare, with lecturers made for them."""
        people, rows, houses = People(self.making.dice("lecturers"), self.making.day), [], []
        keys, granted = self.making.keys_from(Lecturer), {}
        institutions = db.session.scalars(select(Institution).order_by(Institution.id)).all()
        granted = coverages([one.id for one in institutions], self.making.day)
        for one in institutions:
            if one.id not in granted:
                continue
            mine = []
            for _ in range(LECTURERS):
                mine.append(next(keys))
                person = people.person("330000")
                rows.append({
                    "id": mine[-1], "institution_id": one.id, "name": person.name, "workplace": one.name,
                    "position": self.dice.choice(WORDS["positions"]), **stamps(self.noon - timedelta(days=400)),
                })  # fmt: skip
            houses.append(House(one.id, one.name, granted[one.id], tuple(mine), one.code == DEMO_INSTITUTION))
        self.making.insert(Lecturer, rows, total=len(rows))
        self.making.keyed(Lecturer)
        return houses

    def _programme(self, term: Term, house: House, number: int) -> int:
        """Add a programme with its classes; return how many of those there are."""
        dice, key = self.dice, next(self.keys[Programme])
        outcome = self._outcome(term, house, number)
        path = self._target(house)
        stage, subject = self._audience(path)
        bureau = next(self.bureaus[up] for up in ancestors(path) if up in self.bureaus)
        title = f"{stage.name if stage else '中小学'}{subject}教师{dice.choice(WORDS['topics'])}"
        moments = self._moments(term)
        hours = dice.choice(HOURS)
        steps = _steps(outcome, house.name, bureau.name, moments, dice)
        row = {
            "id": key, "number": None if outcome is S.DRAFT else f"{term.prefix}{number:05d}", "title": title,
            "kind": ProgrammeKind.ELECTIVE, "training_year_id": term.year_id, "batch_id": term.batch_id,
            "institution_id": house.id, "credit_hours": hours, "credits": Decimal(hours) / 8,
            "contents": dice.choice(WORDS["contents"]), "goals": dice.choice(WORDS["goals"]),
            "outline": dice.choice(WORDS["outlines"]), "assessment": dice.choice(WORDS["assessments"]),
            "review_bureau_id": None if outcome is S.DRAFT else bureau.id, "state": outcome,
            "submitted_at": None if outcome is S.DRAFT else moments[1],
            **stamps(steps[0].moment, steps[-1].moment, len(steps)),
        }  # fmt: skip
        self.ledger.add(Programme, row, steps)
        lecturers = dice.sample(house.lecturers, 2)
        self._link(programme_region, key, "region_id", [self.regions[path].id])
        if stage is not None:
            self._link(programme_stage, key, "stage_id", [stage.id])
            self._link(programme_subject, key, "subject_id", [self.subjects[subject]])
        self._link(programme_lecturer, key, "lecturer_id", sorted(lecturers))
        if outcome is not S.DRAFT:
            self._plan(row, house)
        count = dice.choices(CLASSES, CLASS_SHARES)[0]
        for index in range(count):
            settled = C.REFUSED if outcome is S.APPROVED and index and dice.random() < 0.05 else CLASS_OF[outcome]
            run = Run(
                0, term, key, title, house.name, bureau.name, path, stage.id if stage else None, hours,
                dice.choice(self.seats), self._demand(term, house), settled, term.last, Checkpoint.NONE, house.own,
            )  # fmt: skip
            self._class(run, row, index + 1, lecturers, steps)
        return count

    def _outcome(self, term: Term, house: House, number: int) -> ProgrammeState:
        if house.own and number <= OWN_FIRST and term.standing is not Standing.DECLARING:
            return S.APPROVED
        values, shares = zip(*OUTCOMES[term.standing], strict=True)
        chosen: ProgrammeState = self.dice.choices(values, shares)[0]
        return chosen

    def _demand(self, term: Term, house: House) -> float:
        if house.own and term.standing in (Standing.ADJUSTING, Standing.ENROLLING):
            return next(self.own_wanted)
        values, shares = zip(*WANTED, strict=True)
        chosen: float = self.dice.choices(values, shares)[0]
        return chosen

    def _audience(self, path: str) -> tuple[Stage | None, str]:
        """Return stage and subject of a programme; in a small province a county's classes are for everybody."""
        few = not self.large and (path.count("/") > 3 or self.dice.random() < 0.5)
        if few or self.dice.random() < 0.1:
            return None, ""
        stage = self.dice.choice(self.stages)
        return stage, self.dice.choice([e["name"] for e in LISTS["subjects"] if stage.code in e["stages"]])

    def _target(self, house: House) -> str:
        """Return the region a programme aims at: one the institution is granted, or a part of it."""
        path: str = self.dice.choice(house.paths)
        below = [other for other in self.regions if other.startswith(path) and other.count("/") == path.count("/") + 1]
        province, deeper = path.count("/") == 2, self.large and self.dice.random() < 0.4
        if below and ((province and self.dice.random() < 0.7) or (not province and deeper)):
            path = self.dice.choice(below)
        return path

    def _moments(self, term: Term) -> tuple[datetime, datetime, datetime]:
        """Return when a programme was declared, handed in, and reviewed, all before the day of loading."""
        opens, closes = term.windows[WindowKind.DECLARATION]
        declared = opens + (min(closes, self.noon) - opens) * self.dice.uniform(0, 0.9)
        submitted = min(declared + timedelta(hours=self.dice.uniform(1, 60)), min(closes, self.noon))
        begins = max(submitted, term.opens(WindowKind.REVIEW))
        reviewed = begins + (min(term.closes(WindowKind.REVIEW), self.noon) - begins) * self.dice.uniform(0, 0.9)
        return declared, submitted, reviewed

    def _link(self, table: object, key: int, column: str, others: Sequence[int]) -> None:
        self.links.setdefault(table, []).extend({"programme_id": key, column: other} for other in others)

    def _plan(self, row: Row, house: House) -> None:
        content = plan_pdf([
            f"{row['title']}培训方案", f"申报机构：{house.name}", f"学时：{row['credit_hours']}",
            "一、培训目标", row["goals"], "二、培训内容", row["contents"], "三、日程", row["outline"],
            "四、考核办法", row["assessment"],
        ])  # fmt: skip
        self.ledger.add(PlanFile, {
            "id": next(self.keys[PlanFile]), "programme_id": row["id"], "revision": 1,
            "name": f"{row['title']}方案.pdf", "content_type": "application/pdf", "size": len(content),
            "sha256": sha256(content).hexdigest(), "content": content, **stamps(row["created_at"]),
        })  # fmt: skip

    def _class(self, run: Run, row: Row, number: int, lecturers: Sequence[int], programme: Sequence[Step]) -> None:
        dice, run.id = self.dice, next(self.keys[TrainingClass])
        length = dice.choice((1, 2, 2, 4)) if dice.random() < 0.95 else LONGEST
        first, last = run.term.class_days(dice.randrange(SOONEST, LATEST), length)
        run.last, steps = last, list(_class_steps(run.reached, programme))
        if run.reached is C.OFFERED:
            self._live(run, first, last, steps)
            run.checkpoint = dice.choices((Checkpoint.NONE, Checkpoint.CITY, Checkpoint.COUNTY), (92, 5, 3))[0]
        self.ledger.add(TrainingClass, {
            "id": run.id, "programme_id": run.programme_id, "number": number, "title": run.title, "starts_on": first,
            "ends_on": last, "place": f"{row['title'][:2]}研训基地{dice.choice(WORDS['rooms'])}",
            "planned_seats": run.seats, "seats": run.seats, "taken": 0,
            "fee": Decimal(dice.choice((0, 0, 0, 300, 480, 600))),
            "boarding": dice.choice((None, "统一安排食宿，费用由培训机构承担", "午餐自理")), "state": run.reached,
            "checkpoint": run.checkpoint,
            "cancelled_reason": WORDS["cancellations"][0] if run.reached is C.CANCELLED else None,
            "institution_id": row["institution_id"], "training_year_id": run.term.year_id,
            "batch_id": run.term.batch_id, "kind": row["kind"], "credit_hours": run.hours,
            **stamps(programme[0].moment, steps[-1].moment if steps else None, max(len(steps), 1)),
        }, steps)  # fmt: skip
        for day in _days(first, last):
            self._sessions(run, day, lecturers, programme[0].moment)
        if run.reached in (C.OFFERED, C.RUNNING, C.COMPLETED, C.CREDITED, C.CANCELLED):
            self.runs.append(run)

    def _live(self, run: Run, first: date, last: date, steps: list[Step]) -> None:
        """Let an approved class of an old batch go on to where it stands on the day of loading."""
        if run.term.standing is not Standing.OVER:
            return
        if run.demand < 0.3 and self.dice.random() < 0.6:
            moment = run.term.opens(WindowKind.ADJUSTMENT) + timedelta(hours=self.dice.uniform(2, 60))
            steps.append(Step(A.CANCEL_CLASS, C.OFFERED, C.CANCELLED, Party.BUREAU, run.bureau, moment,
                              WORDS["cancellations"][0]))  # fmt: skip
        else:
            for action, target, day in (
                (A.OPEN_CLASS, C.RUNNING, first),
                (A.COMPLETE_CLASS, C.COMPLETED, last),
                (A.CREDIT, C.CREDITED, last + timedelta(days=21)),
            ):
                moment = datetime.combine(day, time(16, 30), SHANGHAI)
                if moment < self.noon:
                    steps.append(Step(action, steps[-1].target, target, Party.INSTITUTION, run.institution, moment))
        run.reached = C(steps[-1].target)

    def _sessions(self, run: Run, day: date, lecturers: Sequence[int], moment: datetime) -> None:
        for begins, ends in ((time(8, 30), time(11, 30)), (time(13, 30), time(16, 30))):
            self.ledger.add(ClassSession, {
                "id": next(self.keys[ClassSession]), "training_class_id": run.id, "day": day, "starts_at": begins,
                "ends_at": ends, "topic": self.dice.choice(WORDS["sessions"]),
                "lecturer_id": self.dice.choice(lecturers), "place": None, **stamps(moment),
            })  # fmt: skip


def _days(first: date, last: date) -> Iterator[date]:
    """Yield the days on which there is training: all of a short class, one a month of a long one."""
    step = 1 if (last - first).days < LONGEST else 30
    day = first
    while day <= last:
        yield day
        day += timedelta(days=step)


def _reviewers() -> dict[str, Bureau]:
    """Return path → bureau of those that have an account to review."""
    able = {part.bureau for part in CAST if part.bureau}
    wanted = select(Bureau, Region.path).join(Region, Region.id == Bureau.region_id).where(Bureau.code.in_(able))
    return {path: bureau for bureau, path in db.session.execute(wanted)}


def _steps(
    outcome: ProgrammeState, house: str, bureau: str, moments: tuple[datetime, datetime, datetime], dice: random.Random
) -> list[Step]:
    """Return the way of a programme to its outcome."""
    declared, submitted, reviewed = moments
    steps = [Step(A.DECLARE, None, S.DRAFT, Party.INSTITUTION, house, declared)]
    if outcome is not S.DRAFT:
        steps.append(Step(A.SUBMIT, S.DRAFT, S.SUBMITTED, Party.INSTITUTION, house, submitted))
    decided = {
        S.APPROVED: (A.APPROVE, Party.BUREAU, bureau, None),
        S.REJECTED: (A.REJECT, Party.BUREAU, bureau, dice.choice(WORDS["refusals"])),
        S.RETURNED: (A.RETURN, Party.BUREAU, bureau, dice.choice(WORDS["returns"])),
        S.WITHDRAWN: (A.TAKE_BACK, Party.INSTITUTION, house, None),
    }.get(outcome)
    if decided is not None:
        action, party, who, reason = decided
        steps.append(Step(action, S.SUBMITTED, outcome, party, who, reviewed, reason))
    return steps


def _class_steps(state: ClassState, programme: Sequence[Step]) -> Iterator[Step]:
    """Yield the way of a class along with its programme to the state the review left it in."""
    if len(programme) > 1:
        handed_in = programme[1]
        yield Step(A.SUBMIT, C.DRAFT, C.PENDING, Party.INSTITUTION, handed_in.organisation, handed_in.moment)
    if len(programme) > 2:
        last = programme[2]
        refused = state is C.REFUSED
        actions = {C.OFFERED: A.APPROVE, C.REFUSED: A.REFUSE}
        action = actions.get(state, last.action)
        reason = last.reason or (WORDS["refusals"][0] if refused else None)
        yield Step(action, C.PENDING, state, last.party, last.organisation, last.moment, reason)
