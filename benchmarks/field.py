"""The field that benchmarks of enrolling play on: classes of an open round two, and teachers with sessions."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import bindparam, insert, select, text, update

from app.domain.clock import now
from app.domain.terms import ClassState, ProgrammeKind, ProgrammeState, RegionLevel, RoleName, WindowKind
from app.extensions import db
from app.models import (
    Account,
    Batch,
    BatchWindow,
    Institution,
    ParameterValue,
    Programme,
    Region,
    Role,
    Teacher,
    TrainingClass,
)
from app.services.calendar import batch_now

SEATS = 100_000
HOURS = 1
# What signing in notes of a client on this machine that does not name itself.
IDENTIFIER = hashlib.sha512(b"127.0.0.1|None").hexdigest()


@dataclass(frozen=True)
class Field:
    """Classes and teachers by their keys; `headers` sign a teacher in and carry the form token, `peer` for a peer."""

    class_ids: list[int]
    teacher_ids: list[int]
    headers: list[dict[str, str]]
    peer: list[dict[str, str]]


def prepare(app: Flask, *, teachers: int, classes: int, seats: int | Sequence[int] = SEATS) -> Field:
    """Open round two to everyone and add classes and accounts; inside the application's context."""
    batch = batch_now()
    assert batch is not None, "the province has no training year"
    _open_round_two(batch)
    each = [seats] * classes if isinstance(seats, int) else list(seats)
    class_ids = _classes(batch, each)
    people = _accounts(teachers)
    db.session.commit()
    return Field(class_ids, [one.id for one in people], *_sessions(app, [one.account_id for one in people]))


def _open_round_two(batch: Batch) -> None:
    day, later = timedelta(days=1), now() + timedelta(days=300)
    windows = update(BatchWindow).where(BatchWindow.batch_id == batch.id)
    db.session.execute(windows.values(opens_at=later, closes_at=later + day))
    here = windows.where(BatchWindow.kind == WindowKind.ROUND_TWO)
    db.session.execute(here.values(opens_at=now() - day, closes_at=now() + day))
    values = {"round_two_open_to": "everyone", "hours_cap": "1000", "evaluation_required_to_enroll": "no"}
    db.session.execute(
        insert(ParameterValue),
        [{"name": n, "value": v, "training_year_id": batch.training_year_id} for n, v in values.items()],
    )


def _classes(batch: Batch, seats: Sequence[int]) -> list[int]:
    province = db.session.scalar(select(Region).where(Region.level == RegionLevel.PROVINCE))
    institution = db.session.scalar(select(Institution).order_by(Institution.id).limit(1))
    programme = Programme(
        number="BENCH", title="压力测试研修", kind=ProgrammeKind.ELECTIVE, training_year_id=batch.training_year_id,
        batch_id=batch.id, institution=institution, credit_hours=HOURS, state=ProgrammeState.APPROVED,
        target_regions=[province],
    )  # fmt: skip
    day = date(2030, 1, 1)
    made = [
        TrainingClass(
            programme=programme, number=number, title=programme.title, institution=institution, kind=programme.kind,
            training_year_id=batch.training_year_id, batch_id=batch.id, credit_hours=HOURS, planned_seats=most,
            seats=most, starts_on=day + timedelta(days=number), ends_on=day + timedelta(days=number), place="线上",
            state=ClassState.OFFERED,
        )
        for number, most in enumerate(seats, 1)
    ]  # fmt: skip
    db.session.add_all(made)
    db.session.flush()
    return [one.id for one in made]


def _accounts(count: int) -> Sequence[Any]:
    """Give teachers without an account one, in bulk; return (id, account_id) of each."""
    without = select(Teacher.id).where(
        Teacher.account_id.is_(None), Teacher.school_id.is_not(None), Teacher.deleted_at.is_(None)
    )
    keys = list(db.session.scalars(without.order_by(Teacher.id).limit(count)))
    assert len(keys) == count, f"the province has only {len(keys)} teachers without an account"
    person = {"first_name": "", "active": True, "password": "-"}
    names = {key: f"field{key}" for key in keys}
    db.session.execute(
        insert(Account),
        [{"username": n, "last_name": n, "email": f"{n}@noemail.invalid", **person} for n in names.values()],
    )
    made: dict[str, int] = dict(
        db.session.execute(select(Account.username, Account.id).where(Account.username.startswith("field"))).all()
    )  # type: ignore[arg-type]
    role_id = db.session.scalar(select(Role.id).where(Role.name == RoleName.TEACHER.value))
    give = text("INSERT INTO ab_user_role (id, user_id, role_id) VALUES (:id, :user_id, :role_id)")
    first = (db.session.scalar(text("SELECT max(id) FROM ab_user_role")) or 0) + 1
    rows = [{"id": first + n, "user_id": key, "role_id": role_id} for n, key in enumerate(made.values())]
    db.session.execute(give, rows)
    own = update(Teacher.__table__).where(Teacher.__table__.c.id == bindparam("key"))  # type: ignore[arg-type]
    linked = [{"key": key, "account": made[name]} for key, name in names.items()]
    db.session.connection().execute(own.values(account_id=bindparam("account")), linked)
    return db.session.execute(
        select(Teacher.id, Teacher.account_id).where(Teacher.id.in_(keys)).order_by(Teacher.id)
    ).all()


def _sessions(app: Flask, account_ids: Sequence[int]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    ours = SecureCookieSessionInterface().get_signing_serializer(app)
    assert ours is not None
    # A browser takes the cookie that is refreshed each minute; these clients keep theirs, so it stands ahead.
    kept, seen = secrets.token_hex(20), int(now().timestamp()) + 30 * 60
    token = str(URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(kept))  # type: ignore[arg-type]
    headers, peer = [], []
    for key in account_ids:
        content = {
            "_user_id": str(key), "_fresh": True, "_id": IDENTIFIER, "sv": 1, "seen": seen, "began": seen,
            "csrf_token": kept,
        }  # fmt: skip
        value = f"={ours.dumps(content)}"
        both = {"Content-Type": "application/json"}
        headers.append({**both, "Cookie": app.config["SESSION_COOKIE_NAME"] + value, "X-CSRFToken": token})
        peer.append({**both, "Cookie": "session" + value})
    return headers, peer
