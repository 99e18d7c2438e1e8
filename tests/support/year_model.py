"""A second, plain telling of the rules of enrollment, to be compared with the platform step by step (R6).

It knows nothing of databases: a list of enrollments, counters of seats, the windows of the tests' batch. Written from
the requirements, not from the services.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.clock import SHANGHAI

LIVE = ("awaiting_school", "awaiting_bureau", "awaiting_institution", "admitted")
CAP = 90
SECOND, DAY = timedelta(seconds=1), timedelta(hours=24)


def at(month: int, day: int, hour: int = 17) -> datetime:
    """Return a moment of the tests' year."""
    return datetime(2026, month, day, hour, tzinfo=SHANGHAI)


ROUNDS = {1: (at(2, 25, 8), at(3, 10)), 2: (at(3, 25, 8), at(4, 1))}
SCHOOL_ENDS = {1: at(3, 15), 2: at(4, 3)}


@dataclass(eq=False)
class Row:
    """An enrollment."""

    teacher: int
    chosen: Class
    round: int
    state: str = "awaiting_school"
    seat: bool = False
    bureau_acted: bool = False
    deadline: datetime | None = None
    had_approval: bool = False
    checked: bool = False

    @property
    def frozen(self) -> bool:
        """Whether it stands on a list that was frozen, or would have to."""
        return self.round == 1 and self.chosen.frozen

    @property
    def live(self) -> bool:
        """Whether it counts."""
        return self.state in LIVE

    def late(self, now: datetime) -> bool:
        """Whether the school's time is over."""
        return now >= (self.deadline or SCHOOL_ENDS[self.round]) + SECOND

    def end(self, state: str) -> None:
        """Stop living; a seat is free."""
        self.had_approval = self.state in LIVE[1:]
        self.state, self.seat = state, False


@dataclass(eq=False)
class Class:
    """A class; `checked`: a bureau reviews between school and institution."""

    seats: int
    hours: int
    checked: bool = False
    cancelled: bool = False
    candidates: list[Row] | None = None
    drawn_for: int = 0
    order: list[Row] | None = None

    def __post_init__(self) -> None:
        self.planned = self.seats

    @property
    def frozen(self) -> bool:
        """Whether its list is frozen."""
        return self.candidates is not None

    @property
    def undrawn(self) -> bool:
        """Whether it lies between its freeze and its draw."""
        return self.frozen and self.order is None


@dataclass(eq=False)
class Asked:
    """What an institution asked about a class; `seats` None: to cancel it."""

    chosen: Class
    seats: int | None
    state: str = "requested"


@dataclass
class Model:
    """All enrollments; each verb tells for which of the rows it did something."""

    rows: list[Row] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def taken(self, chosen: Class) -> int:
        """Return how many seats are given away."""
        return sum(row.seat for row in self.rows if row.chosen is chosen)

    def _unseated(self, chosen: Class) -> list[Row]:
        return [r for r in self.rows if r.chosen is chosen and r.state == "awaiting_institution" and not r.seat]

    def _settle(self, chosen: Class) -> bool:
        waiting = self._unseated(chosen)
        if waiting and (chosen.undrawn or self.taken(chosen) + len(waiting) > chosen.seats):
            return False
        for row in waiting:
            row.seat = True
        return True

    @staticmethod
    def round_at(now: datetime) -> int | None:
        """Return which round is open."""
        return next((k for k, (opens, closes) in ROUNDS.items() if opens <= now < closes + SECOND), None)

    def enroll(self, teacher: int, chosen: Class, now: datetime) -> Row | None:
        """Return the row there is afterwards, None when it is refused."""
        mine = [row for row in self.rows if row.teacher == teacher]
        known = [row for row in mine if row.chosen is chosen and row.live]
        if known:
            return known[0]
        number = self.round_at(now)
        hours = sum(row.chosen.hours for row in mine if row.live)
        if number is None or chosen.cancelled or hours + chosen.hours > CAP:
            return None
        made = Row(teacher, chosen, number, checked=chosen.checked)
        if number == 2:
            if not any(self._gives_right(row) for row in mine):
                return None
            if self.taken(chosen) + len(self._unseated(chosen)) >= chosen.seats or not self._settle(chosen):
                return None
            made.seat, made.deadline = True, min(now + DAY, SCHOOL_ENDS[2])
        self.rows.append(made)
        return made

    @staticmethod
    def _gives_right(row: Row) -> bool:
        return row.state in ("declined", "not_drawn") or (row.state == "class_cancelled" and row.had_approval)

    def withdraw(self, row: Row, now: datetime) -> bool:
        """Tell whether the teacher may go."""
        waits = row.state in LIVE[:2] or (row.state == "awaiting_institution" and not row.bureau_acted)
        if not waits or row.frozen or self.round_at(now) != row.round:
            return False
        self._end([row], "withdrawn")
        return True

    def _end(self, rows: list[Row], state: str) -> None:
        """Let rows stop living; in a class that was drawn others move up."""
        for row in rows:
            row.end(state)
        for chosen in {id(row.chosen): row.chosen for row in rows}.values():
            self.move_up(chosen)

    def approve(self, rows: list[Row], party: str, now: datetime) -> list[Row]:
        """Let a school or the bureau approve."""
        done = []
        for row in rows:
            mine = row.state == f"awaiting_{party}" and not row.frozen
            if not mine or (party == "school" and row.late(now)):
                continue
            to_bureau = party == "school" and row.checked
            given_away = now >= ROUNDS[2][0] or self._given_away[row.chosen]
            if not to_bureau and not row.seat and given_away and self._settle(row.chosen):
                if self.taken(row.chosen) >= row.chosen.seats:
                    continue
                row.seat = True
            done.append(row)
        for row in done:
            row.bureau_acted = row.bureau_acted or party == "bureau"
            row.state = "awaiting_bureau" if party == "school" and row.checked else "awaiting_institution"
        return done

    _given_away: dict[Class, bool] = field(default_factory=dict)

    def look(self) -> None:
        """Remember which classes have begun to give seats away, as an act finds it at its beginning."""
        self._given_away = {row.chosen: self.taken(row.chosen) > 0 for row in self.rows}

    def reject(self, rows: list[Row], party: str, now: datetime) -> list[Row]:
        """Let a school or the bureau reject."""
        done = [
            r for r in rows
            if r.state == f"awaiting_{party}" and not r.frozen and not (party == "school" and r.late(now))
        ]  # fmt: skip
        self._end(done, f"{party}_rejected")
        return done

    def undo(self, rows: list[Row], now: datetime) -> list[Row]:
        """Let the school take its review back."""
        done = []
        for row in self._in_turn([row for row in rows if self._may_be_undone(row, now)]):
            if row.state == "school_rejected":
                if not self._fits(row):
                    continue
                row.seat = row.round == 2
            row.state = "awaiting_school"
            row.deadline = None if row.round == 1 and not row.late(now) and row.deadline is None else now + DAY
            done.append(row)
        return done

    @staticmethod
    def _may_be_undone(row: Row, now: datetime) -> bool:
        if row.frozen:
            return False
        if row.state == "school_rejected":
            return not row.late(now)
        return row.state == "awaiting_bureau" or (row.state == "awaiting_institution" and not row.bureau_acted)

    @staticmethod
    def _in_turn(rows: list[Row]) -> list[Row]:
        """Return who is looked at first: of each teacher's rejections one, then the next one of each."""
        nth: dict[int, int] = {}
        turns = []
        for row in rows:
            rejected = row.state == "school_rejected"
            nth[row.teacher] = nth.get(row.teacher, 0) + rejected
            turns.append(nth[row.teacher] if rejected else 0)
        return [row for _turn, row in sorted(zip(turns, rows, strict=True), key=lambda pair: pair[0])]

    def _fits(self, row: Row) -> bool:
        full = row.round == 2 and self.taken(row.chosen) >= row.chosen.seats
        return not (row.chosen.cancelled or full) and self._may_live(row)

    def confirm(self, rows: list[Row], now: datetime) -> list[Row]:
        """Let the institution admit."""
        ready = [
            r for r in rows
            if r.state == "awaiting_institution" and not r.chosen.undrawn
            and (r.round == 2 or now >= SCHOOL_ENDS[1] + SECOND)
        ]  # fmt: skip
        for chosen in {row.chosen for row in ready if not row.seat}:
            self._settle(chosen)
        done = [row for row in ready if row.seat]
        for row in done:
            row.state = "admitted"
        return done

    def decline(self, rows: list[Row]) -> list[Row]:
        """Let the institution decline."""
        done = [row for row in rows if row.state == "awaiting_institution" and not row.chosen.undrawn]
        self._end(done, "declined")
        return done

    def time_out(self, now: datetime, classes: list[Class]) -> int:
        """End what was not reviewed in time, a class after the other, then fill what is free; return how many ended."""
        ended = 0
        for chosen in classes:
            here = [r for r in self.rows if r.chosen is chosen and r.state == "awaiting_school"]
            late = [r for r in here if not chosen.cancelled and r.late(now)]
            self._end(late, "school_timeout")
            ended += len(late)
        for chosen in classes:  # who was passed over may be able by now
            self.move_up(chosen)
        return ended

    # --- the draw

    def freeze(self, chosen: Class, now: datetime) -> bool:
        """Write down who wants one of too few seats; tell whether it could be done."""
        if chosen.frozen or chosen.cancelled or now < SCHOOL_ENDS[1] + SECOND:
            return False
        here = [row for row in self.rows if row.chosen is chosen]
        over = [r for r in here if r.state == "awaiting_school" and (r.round == 1 or r.late(now))]
        undecided = [r for r in here if r.state in LIVE[:2] and r not in over]
        candidates, free = self._unseated(chosen), chosen.seats - self.taken(chosen) + sum(row.seat for row in over)
        if undecided or not 0 < free < len(candidates):
            return False
        for row in over:
            row.end("school_timeout")
        chosen.candidates, chosen.drawn_for = candidates, free
        return True

    def draw(self, chosen: Class, order: list[Row]) -> None:
        """Give the seats to the first of the order; the others make the reserve list."""
        chosen.order = order
        for place, row in enumerate(order):
            if place < chosen.drawn_for:
                row.seat = True
            else:
                row.end("not_drawn")
        self.move_up(chosen)

    def move_up(self, chosen: Class) -> list[Row]:
        """Fill the free seats of a drawn class from its reserve, in its order; whom a cap forbids is passed over."""
        free = 0 if chosen.cancelled else chosen.seats - self.taken(chosen)
        able = [row for row in chosen.order or [] if row.state == "not_drawn" and self._may_live(row)]
        for row in able[: max(free, 0)]:
            row.state, row.seat = "awaiting_institution", True
        return able[: max(free, 0)]

    def _may_live(self, row: Row) -> bool:
        others = [r for r in self.rows if r.teacher == row.teacher and r.live]
        hours = sum(r.chosen.hours for r in others)
        return not any(r.chosen is row.chosen for r in others) and hours + row.chosen.hours <= CAP

    # --- adjusting

    def expand(self, chosen: Class, seats: int, now: datetime, *, past_the_limit: bool) -> bool:
        """Give a class more seats; tell whether it could be done."""
        limit = chosen.planned * 3 // 2
        if chosen.cancelled or now < ROUNDS[1][1] + SECOND or seats <= chosen.seats:
            return False
        if seats > limit and not past_the_limit:
            return False
        chosen.seats = seats
        self.move_up(chosen)
        return True

    def cancel(self, chosen: Class) -> None:
        """Cancel a class with all its enrollments, and what was asked about it."""
        chosen.cancelled = True
        for row in self.rows:
            if row.chosen is chosen and row.live:
                row.end("class_cancelled")
        for asked in self.asked:
            if asked.chosen is chosen and asked.state == "requested":
                asked.state = "rejected"

    def ask(self, chosen: Class, seats: int | None, now: datetime) -> Asked | None:
        """Let the institution ask for seats, or (None) for the cancellation; None when it may not."""
        same = [a for a in self.asked if a.chosen is chosen and (a.seats is None) is (seats is None)]
        early = seats is not None and (now < ROUNDS[1][1] + SECOND or seats <= chosen.seats)
        if chosen.cancelled or early or any(a.state == "requested" for a in same):
            return None
        self.asked.append(Asked(chosen, seats))
        return self.asked[-1]

    def grant(self, asked: Asked, now: datetime) -> bool:
        """Let the bureau grant what was asked for, under its own rules; tell whether it could."""
        if asked.state != "requested":
            return False
        if asked.seats is None:
            asked.state = "approved"
            self.cancel(asked.chosen)
        elif not self.expand(asked.chosen, asked.seats, now, past_the_limit=False):
            return False
        asked.state = "approved"
        return True

    def reassign(self, rows: list[Row], target: Class) -> list[tuple[Row, Row]]:
        """Move admitted teachers into another class while its seats last; return the old row and the new one."""
        done = []
        for row in rows:
            others = [r for r in self.rows if r.teacher == row.teacher and r.live and r is not row]
            hours = sum(r.chosen.hours for r in others)
            again = row.chosen is target or any(r.chosen is target for r in others)
            full = self.taken(target) + len(self._unseated(target)) >= target.seats
            if row.state != "admitted" or target.cancelled or again or full or hours + target.hours > CAP:
                continue
            self._end([row], "reassigned")
            made = Row(row.teacher, target, row.round, "admitted", True, row.bureau_acted, checked=row.checked)
            self.rows.append(made)
            done.append((row, made))
        return done
