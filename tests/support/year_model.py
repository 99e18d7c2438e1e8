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


@dataclass
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

    @property
    def live(self) -> bool:
        """Whether it counts."""
        return self.state in LIVE

    def late(self, now: datetime) -> bool:
        """Whether the school's time is over."""
        return now >= (self.deadline or SCHOOL_ENDS[self.round]) + SECOND

    def end(self, state: str) -> None:
        """Stop living; a seat is free."""
        self.had_approval = self.state in ("awaiting_institution", "admitted")
        self.state, self.seat = state, False


@dataclass(eq=False)
class Class:
    """A class; `checked`: a bureau reviews between school and institution."""

    seats: int
    hours: int
    checked: bool = False
    cancelled: bool = False


@dataclass
class Model:
    """All enrollments; each verb tells for which of the rows it did something."""

    rows: list[Row] = field(default_factory=list)

    def taken(self, chosen: Class) -> int:
        """Return how many seats are given away."""
        return sum(row.seat for row in self.rows if row.chosen is chosen)

    def _unseated(self, chosen: Class) -> list[Row]:
        return [r for r in self.rows if r.chosen is chosen and r.state == "awaiting_institution" and not r.seat]

    def _settle(self, chosen: Class) -> bool:
        waiting = self._unseated(chosen)
        if self.taken(chosen) + len(waiting) > chosen.seats:
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
        made = Row(teacher, chosen, number)
        if number == 2:
            if not any(self._gives_right(row) for row in mine):
                return None
            if self.taken(chosen) + len(self._unseated(chosen)) >= chosen.seats:
                return None
            self._settle(chosen)
            made.seat, made.deadline = True, min(now + DAY, SCHOOL_ENDS[2])
        self.rows.append(made)
        return made

    @staticmethod
    def _gives_right(row: Row) -> bool:
        return row.state == "declined" or (row.state == "class_cancelled" and row.had_approval)

    def withdraw(self, row: Row, now: datetime) -> bool:
        """Tell whether the teacher may go."""
        waits = row.state in LIVE[:2] or (row.state == "awaiting_institution" and not row.bureau_acted)
        if not waits or self.round_at(now) != row.round:
            return False
        row.end("withdrawn")
        return True

    def approve(self, rows: list[Row], party: str, now: datetime) -> list[Row]:
        """Let a school or the bureau approve."""
        done = []
        for row in rows:
            mine = row.state == f"awaiting_{party}"
            if not mine or (party == "school" and row.late(now)):
                continue
            to_bureau = party == "school" and row.chosen.checked
            given_away = now >= ROUNDS[2][0] or self._given_away[row.chosen]
            if not to_bureau and not row.seat and given_away:
                if self.taken(row.chosen) >= row.chosen.seats:
                    continue
                row.seat = True
            done.append(row)
        for row in done:
            row.bureau_acted = row.bureau_acted or party == "bureau"
            row.state = "awaiting_bureau" if party == "school" and row.chosen.checked else "awaiting_institution"
        return done

    _given_away: dict[Class, bool] = field(default_factory=dict)

    def look(self) -> None:
        """Remember which classes have begun to give seats away, as an act finds it at its beginning."""
        self._given_away = {row.chosen: self.taken(row.chosen) > 0 for row in self.rows}

    def reject(self, rows: list[Row], party: str, now: datetime) -> list[Row]:
        """Let a school or the bureau reject."""
        done = [r for r in rows if r.state == f"awaiting_{party}" and not (party == "school" and r.late(now))]
        for row in done:
            row.end(f"{party}_rejected")
        return done

    def undo(self, rows: list[Row], now: datetime) -> list[Row]:
        """Let the school take its review back."""
        done = []
        for row in self._in_turn(rows):
            late = row.late(now)
            again = row.state == "awaiting_bureau" or (row.state == "awaiting_institution" and not row.bureau_acted)
            if row.state == "school_rejected" and not late and self._fits(row):
                row.seat = row.round == 2
                again = True
            if again:
                row.state = "awaiting_school"
                row.deadline = None if row.round == 1 and not late and row.deadline is None else now + DAY
                done.append(row)
        return done

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
        others = [r for r in self.rows if r.teacher == row.teacher and r.live]
        hours = sum(r.chosen.hours for r in others)
        again = any(r.chosen is row.chosen for r in others)
        full = row.round == 2 and self.taken(row.chosen) >= row.chosen.seats
        return not (again or row.chosen.cancelled or full or hours + row.chosen.hours > CAP)

    def confirm(self, rows: list[Row], now: datetime) -> list[Row]:
        """Let the institution admit."""
        ready = [
            r for r in rows
            if r.state == "awaiting_institution" and (r.round == 2 or now >= SCHOOL_ENDS[1] + SECOND)
        ]  # fmt: skip
        for chosen in {row.chosen for row in ready if not row.seat}:
            self._settle(chosen)
        done = [row for row in ready if row.seat]
        for row in done:
            row.state = "admitted"
        return done

    def decline(self, rows: list[Row]) -> list[Row]:
        """Let the institution decline."""
        done = [row for row in rows if row.state == "awaiting_institution"]
        for row in done:
            row.end("declined")
        return done

    def cancel(self, chosen: Class) -> None:
        """Cancel a class with all its enrollments."""
        chosen.cancelled = True
        for row in self.rows:
            if row.chosen is chosen and row.live:
                row.end("class_cancelled")

    def time_out(self, now: datetime) -> int:
        """End what was not reviewed in time; return how many."""
        late = [r for r in self.rows if r.state == "awaiting_school" and not r.chosen.cancelled and r.late(now)]
        for row in late:
            row.end("school_timeout")
        return len(late)
