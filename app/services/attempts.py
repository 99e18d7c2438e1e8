"""Limits on attempts, counted in one table that all processes share (ACC-8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.domain.clock import local, now
from app.domain.errors import TooManyRequests, problem
from app.domain.text import N_
from app.extensions import db
from app.models import Attempt
from app.security.crypto import Vault
from app.services.unit import transaction

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` attempts of a kind within `seconds` of the first one."""

    kind: str
    most: int
    seconds: int


def count_attempt(kind: str, who: str, *, seconds: int, vault: Vault) -> tuple[int, datetime]:
    """Count one attempt; return how many there were within the window, and when the window ends.

    One statement, so that no two processes count the same number. What is kept of `who` is a keyed hash.
    """
    moment = now()
    over = Attempt.expires_at <= moment
    ends = moment + timedelta(seconds=seconds)
    fresh = INSERTS[db.engine.dialect.name](Attempt).values(
        key=_key(kind, who, vault), count=1, expires_at=ends, version=1, created_at=moment, updated_at=moment
    )
    counted = fresh.on_conflict_do_update(
        index_elements=[Attempt.key],
        set_={
            "count": case((over, 1), else_=Attempt.count + 1),
            "expires_at": case((over, fresh.excluded.expires_at), else_=Attempt.expires_at),
            "updated_at": moment,
            "version": Attempt.version + 1,
        },
    ).returning(Attempt.count, Attempt.expires_at)
    with transaction():
        count, until = db.session.execute(counted).one()
    return count, until


def attempts_so_far(kind: str, who: str, *, vault: Vault) -> tuple[int, datetime | None]:
    """Return how many attempts the running window holds and when it ends; zero and None when there is none."""
    found = db.session.execute(
        select(Attempt.count, Attempt.expires_at).where(
            Attempt.key == _key(kind, who, vault), Attempt.expires_at > now()
        )
    ).first()
    return (found[0], found[1]) if found else (0, None)


def enforce(limit: Limit, who: str, *, vault: Vault) -> None:
    """Count one attempt of `who`. Raises TooManyRequests, with the seconds to wait, beyond the limit."""
    count, until = count_attempt(limit.kind, who, seconds=limit.seconds, vault=vault)
    if count > limit.most:
        refuse_until(until, "too_many_attempts", N_("Too many attempts; try again after %(until)s."))


def refuse_until(until: datetime, code: str, msgid: str) -> None:
    """Raise TooManyRequests with the seconds until `until`, which `msgid` tells in Shanghai time."""
    wait = int((until - now()).total_seconds()) + 1
    raise TooManyRequests(wait, problem(code, msgid, until=f"{local(until):%H:%M}"))


def end_window(kind: str, who: str, *, at: datetime, vault: Vault) -> None:
    """Let the running window of `who` end `at` another moment, in the running transaction."""
    db.session.execute(update(Attempt).where(Attempt.key == _key(kind, who, vault)).values(expires_at=at))


def forget(kind: str, who: str, *, vault: Vault) -> None:
    """Forget the attempts of `who`, in the running transaction: they ended well."""
    db.session.execute(delete(Attempt).where(Attempt.key == _key(kind, who, vault)))


def drop_expired() -> int:
    """Delete windows that have ended; return how many."""
    with transaction():
        gone = db.session.execute(delete(Attempt).where(Attempt.expires_at <= now()))
    return int(gone.rowcount)


def _key(kind: str, who: str, vault: Vault) -> str:
    return f"{kind}:{vault.key(f'{kind}/{who}')}"
