"""Real processes that press for the seats of a class at the same moment, for the seat race W3 and its control.

`python -m tests.support.race CLIENTS` makes the application once and forks the clients. Each line of its input is an
order: which class, whose teachers, and how; each line of its output is what became of it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from app import create_app, sqlite
from app.domain.clock import FrozenClock, now, set_clock
from app.domain.errors import DomainError
from app.domain.terms import EnrollmentState, RoundKind
from app.extensions import db
from app.models import Account, Enrollment, Teacher, TrainingClass
from app.security.people import actor_of
from app.services import enrollment
from app.services.enrollment_facts import LIVE
from tests.support.databases import ROOT, Database

CLIENT_SECONDS = 120.0


@dataclass
class Ran:
    """What the clients were told: how often what, and how long each answer took in seconds."""

    answers: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    seconds: float = 0.0


class Crew:
    """Clients that stay for many races: a context manager."""

    def __init__(
        self, database: Database, clients: int, moment: datetime | None = None, *, plain: bool = False
    ) -> None:
        """`moment` stops their clocks; `plain`: SQLite's own lock only, without the turn of writers."""
        self.clients = clients
        clock = moment.isoformat() if moment else ""
        settings = database.environment | {
            "LOG_LEVEL": "ERROR",
            "RACE_CLOCK": clock,
            "RACE_PLAIN": "1" if plain else "",
        }
        command = [sys.executable, "-m", "tests.support.race", str(clients)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def race(self, class_id: int, teacher_ids: Sequence[int], how: str = "ours") -> Ran:
        """Let the clients enroll these teachers, each its share, all beginning at once.

        `how`: "ours"; "control" looks whether a seat is left, then inserts; "held" does so once all have looked.
        """
        shares = [list(teacher_ids[number :: self.clients]) for number in range(self.clients)]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"class_id": class_id, "shares": shares, "how": how}) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        return Ran(Counter(told["answers"]), told["times"], told["seconds"])


# --- inside the crew


def _client(app: Any, orders: Any, answers: Any, start: Any, looked: Any) -> None:
    with app.app_context():
        for class_id, teacher_ids, how in iter(orders.get, None):
            people = _people(teacher_ids)
            start.wait(CLIENT_SECONDS)
            begun = time.perf_counter()
            told = [_one(person, class_id, how, looked) for person in people]
            answers.put((told, begun, time.perf_counter()))
            db.session.remove()


def _people(teacher_ids: Sequence[int]) -> list[tuple[int, Any]]:
    """Return the teachers as actors, made beforehand: a race is about seats, not about sessions."""
    accounts = db.session.execute(
        select(Teacher.id, Account).join(Account, Account.id == Teacher.account_id).where(Teacher.id.in_(teacher_ids))
    )
    return [(teacher_id, actor_of(account)) for teacher_id, account in accounts]


def _one(person: tuple[int, Any], class_id: int, how: str, looked: Any) -> tuple[str, float]:
    teacher_id, actor = person
    begun = time.perf_counter()
    try:
        answer = _enroll(teacher_id, class_id, actor) if how == "ours" else _unsafely(teacher_id, class_id, how, looked)
    except DomainError as refused:
        answer = refused.code
    except Exception as error:  # noqa: BLE001 - a lock error is what the race looks for
        answer = type(error).__name__
    db.session.rollback()
    return answer, time.perf_counter() - begun


def _enroll(teacher_id: int, class_id: int, actor: Any) -> str:
    return "already" if enrollment.enroll(teacher_id, class_id, actor=actor).already else "accepted"


def _unsafely(teacher_id: int, class_id: int, how: str, looked: Any) -> str:
    """Do what looks right and is not: look whether a seat is left, then insert."""
    live = select(func.count()).where(Enrollment.training_class_id == class_id, Enrollment.state.in_(LIVE))
    seats = select(TrainingClass.seats).where(TrainingClass.id == class_id)
    left = (db.session.scalar(seats) or 0) > (db.session.scalar(live) or 0)
    db.session.commit()
    if how == "held":
        looked.wait(CLIENT_SECONDS)
    if not left:
        return "full"
    db.session.execute(insert(Enrollment).values(**_row(teacher_id, class_id)))
    db.session.commit()
    return "accepted"


def _row(teacher_id: int, class_id: int) -> dict[str, Any]:
    chosen = db.session.get(TrainingClass, class_id)
    assert chosen is not None
    row = {
        "number": enrollment.new_number(), "teacher_id": teacher_id, "training_class_id": class_id,
        "training_year_id": chosen.training_year_id, "batch_id": chosen.batch_id, "round_kind": RoundKind.ROUND_TWO,
        "state": EnrollmentState.AWAITING_SCHOOL, "credit_hours": chosen.credit_hours, "enrolled_at": now(),
    }  # fmt: skip
    db.session.commit()
    return row


def main() -> None:
    """Fork the clients and pass the orders on."""
    clients = int(sys.argv[1])
    if os.environ["RACE_CLOCK"]:
        set_clock(FrozenClock(datetime.fromisoformat(os.environ["RACE_CLOCK"])))
    if os.environ["RACE_PLAIN"]:
        sqlite._turn = lambda _database: nullcontext()  # type: ignore[assignment]
    app = create_app()  # opens no connection: each client makes its own
    context: Any = multiprocessing.get_context("fork")
    start, looked, answers = context.Barrier(clients), context.Barrier(clients), context.Queue()
    orders = [context.Queue() for _ in range(clients)]
    crew = [context.Process(target=_client, args=(app, queue, answers, start, looked), daemon=True) for queue in orders]
    for process in crew:
        process.start()
    for line in sys.stdin:
        order = json.loads(line)
        for queue, share in zip(orders, order["shares"], strict=True):
            queue.put((order["class_id"], share, order["how"]))
        found = [answers.get(timeout=CLIENT_SECONDS) for _ in orders]
        told = [one for client, _begun, _ended in found for one in client]
        seconds = max(ended for *_, ended in found) - min(begun for _, begun, _ended in found)
        times = [taken for _answer, taken in told]
        print(json.dumps({"answers": Counter(a for a, _ in told), "times": times, "seconds": seconds}), flush=True)
    for queue in orders:
        queue.put(None)


if __name__ == "__main__":
    main()
