"""Finding whom a transfer is about: by the exact name, ID number or teacher number, in the whole province (TCH-7).

Of somebody outside one's scope no more is told than name, masked ID, school and what can be asked for. Each look is
counted against a limit and written down. A handle proves that the person was found; a number posted by hand does not.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from app.domain.clock import now
from app.domain.errors import Invalid, NotVisible, problem
from app.domain.identity import normalise_national_id
from app.domain.names import normalise_name, normalise_text
from app.domain.numbers import number_of
from app.domain.states import Kind, live_states
from app.domain.terms import AuditAction, OrganisationStatus, TeacherStatus, TransferKind
from app.domain.text import N_
from app.domain.transfers import possible_kinds
from app.extensions import db
from app.models import Region, School, Teacher, Transfer
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.scope import fetch_manageable, manageable_clause, visible_clause
from app.services import audit
from app.services.attempts import Limit, enforce
from app.services.unit import transaction

PER_ACCOUNT = Limit("transfer-search", 60, 60 * 60)
HANDLE_LASTS = timedelta(hours=2)
MOST = 20  # people, or schools, of one name
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody found: `who` names the person to the verbs, `kinds` are what can be asked for. `open_transfer` is set
    while a transfer is under way, which bars a second one."""

    who: str
    name: str
    masked_id: str
    status: TeacherStatus
    school: str
    region: str
    kept: bool
    kinds: tuple[TransferKind, ...]
    open_transfer: bool
    transfer_id: int | None = None  # of that transfer, where the actor may see it


@dataclass(frozen=True, slots=True)
class Hits:
    """Those found; `more`: there are more people of this name, so ask by number."""

    found: tuple[Found, ...]
    more: bool


def search(text: str, *, actor: Actor, vault: Vault) -> Hits:
    """Return whom `text` names exactly. Raises Invalid for nothing typed, TooManyRequests beyond the limit."""
    actor.require("transfer", "Transfer")
    wanted = normalise_text(text)[:LONGEST]
    if not wanted:
        raise Invalid(problem("nothing_typed", N_("Type the whole name or the whole ID number."), field="q"))
    enforce(PER_ACCOUNT, str(actor.account_id), vault=vault)
    rows = list(db.session.scalars(_named(wanted, vault)))
    more, rows = len(rows) > MOST, rows[:MOST]
    kept = _kept([row.id for row in rows], actor)
    _write_down([row for row in rows if row.id not in kept], actor)
    busy = open_of([row.id for row in rows])
    seen = _seen(busy, actor)
    return Hits(tuple(_found(row, row.id in kept, busy.get(row.id), seen, actor, vault) for row in rows), more)


def found_one(who: str, *, actor: Actor, vault: Vault) -> Found:
    """Return the person that `who` names. Raises NotVisible for a number out of scope, or a handle that is not good."""
    row, kept = person(who, actor=actor, vault=vault)
    busy = open_of([row.id])
    return _found(row, kept, busy.get(row.id), _seen(busy, actor), actor, vault)


def person(who: str, *, actor: Actor, vault: Vault) -> tuple[Teacher, bool]:
    """Return the record `who` names, read afresh, and whether the actor keeps it. Raises NotVisible, NotPermitted."""
    if str(who).isdecimal():
        return fetch_manageable(Teacher, who, actor=actor), True
    key = _opened(who, actor, vault)
    wanted = select(Teacher).where(Teacher.id == key, Teacher.deleted_at.is_(None))
    row = db.session.scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotVisible
    return row, row.id in _kept([row.id], actor)


def open_of(teacher_ids: Sequence[int]) -> dict[int, int]:
    """Return the transfer that is under way of each of the teachers who have one; there is never a second."""
    wanted = select(Transfer.teacher_id, Transfer.id).where(
        Transfer.teacher_id.in_(teacher_ids), Transfer.state.in_(live_states(Kind.TRANSFER))
    )
    return dict(db.session.execute(wanted).all())


def _seen(transfers: Mapping[int, int], actor: Actor) -> set[int]:
    """Return those of the transfers that the actor may see."""
    keys = transfers.values()
    if not keys:
        return set()
    return set(db.session.scalars(select(Transfer.id).where(Transfer.id.in_(keys), visible_clause(Transfer, actor))))


def _named(wanted: str, vault: Vault) -> Any:
    ways: list[ColumnElement[bool]] = [
        Teacher.name == normalise_name(wanted),
        Teacher.teacher_number == wanted,
        Teacher.national_id_key == vault.key(normalise_national_id(wanted)),
    ]
    loads = joinedload(Teacher.school).joinedload(School.region).joinedload(Region.parent)
    known = select(Teacher).where(or_(*ways), Teacher.deleted_at.is_(None))
    return known.options(loads).order_by(Teacher.id).limit(MOST + 1)


def _kept(keys: Sequence[int], actor: Actor) -> set[int]:
    return set(db.session.scalars(select(Teacher.id).where(Teacher.id.in_(keys), manageable_clause(Teacher, actor))))


def _found(row: Teacher, kept: bool, busy: int | None, seen: set[int], actor: Actor, vault: Vault) -> Found:
    may_receive = actor.school_id is not None or actor.region_path is not None or actor.everything
    return Found(
        who=str(row.id) if kept else handle_of(row.id, actor, vault),
        name=row.name,
        masked_id=f"{'*' * 14}{row.national_id_tail}" if row.national_id_tail else "",
        status=row.status,
        school=row.school.name if row.school else "",
        region=place_of(row.school) if row.school else "",
        kept=kept and row.school_id is not None,
        kinds=possible_kinds(row.status, kept=kept and row.school_id is not None, may_receive=may_receive),
        open_transfer=busy is not None,
        transfer_id=busy if busy in seen else None,
    )


def _write_down(rows: Sequence[Teacher], actor: Actor) -> None:
    if not rows:
        return
    with transaction():
        for row in rows:
            audit.record(AuditAction.REVEAL, row, actor=actor, after={"fields": ["name", "school"]}, reason="transfer")


# --- handles


def handle_of(key: int, actor: Actor, vault: Vault) -> str:
    """Return what names a teacher to the verbs, for this actor and a while: give it for somebody who was found."""
    ends = int((now() + HANDLE_LASTS).timestamp())
    return f"{key}-{ends}-{_signature(key, ends, actor, vault)}"


def _opened(handle: str, actor: Actor, vault: Vault) -> int:
    key, _dash, rest = str(handle).partition("-")
    ends, _dash, signature = rest.partition("-")
    number, until = number_of(key), number_of(ends, digits=11)
    if number is None or until is None:
        raise NotVisible
    good = hmac.compare_digest(signature.encode(), _signature(number, until, actor, vault).encode())
    if not good or until < now().timestamp():
        raise NotVisible
    return number


def _signature(key: int, ends: int, actor: Actor, vault: Vault) -> str:
    return vault.key(f"transfer/{actor.account_id}/{key}/{ends}")[:32]


# --- schools


def schools_named(text: str) -> list[School]:
    """Return the schools in operation whose code or whole name is `text`: all schools of the province, for the one
    that receives may lie anywhere; of a school outside one's scope nothing is told but name, code and region."""
    wanted = normalise_text(text)[:100]
    loads = joinedload(School.region).joinedload(Region.parent)
    named = or_(School.code == wanted, School.name == wanted)
    found = select(School).where(named, School.status == OrganisationStatus.ACTIVE).options(loads)
    return list(db.session.scalars(found.order_by(School.code).limit(MOST)))


def place_of(school: School) -> str:
    """Return county and city of a school, as people write it."""
    above = school.region.parent
    return f"{above.name}{school.region.name}" if above is not None and above.parent_id else school.region.name
