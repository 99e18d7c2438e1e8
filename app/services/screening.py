"""The draw of an over-full class: frozen, promised, once (ENR-8, ENR-9). See docs/draw.md.

Both verbs are one transaction that begins by locking the class. Whoever presses at the same moment waits, and is told
that it has happened; a process that dies in the middle leaves nothing behind.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, cast, func, insert, literal, literal_column, select, update

from app.domain import screening as rules
from app.domain.clock import now
from app.domain.errors import Conflict, problem
from app.domain.screening import Place, check_draw, check_freeze
from app.domain.states import Action, Fact
from app.domain.terms import AuditAction, ClassState, EnrollmentState, MessageKind, WindowKind
from app.domain.text import N_, Text
from app.extensions import db
from app.models import Enrollment, Screening, ScreeningCandidate, TrainingClass
from app.security.actor import Actor
from app.security.crypto import Vault
from app.services import audiences, audit, deadlines, reserve, seats
from app.services.class_facts import counts_of, locked_class, screening_of, standing_of
from app.services.enrollment_facts import unseated
from app.services.notifications import notify
from app.services.transitions import move_many
from app.services.unit import is_postgresql, transaction

PAGE = "PublicPage.draw"  # where anybody looks at a draw


def freeze(class_id: int, *, actor: Actor, vault: Vault) -> Screening:
    """Freeze the list of candidates of a class and publish its hash with the commitment to a secret seed.

    What the schools left undone at their deadline ends here. Raises Conflict with every reason against it, NotVisible,
    NotPermitted.
    """
    actor.require("freeze", "Screening")
    with transaction():
        row = locked_class(class_id, actor=actor)
        if screening_of(row.id) is not None:
            raise Conflict(problem("already_frozen", N_("The list of this class is frozen already; look at it below.")))
        _check_class(row)
        _let_candidates_in(row)
        found = _published(row, actor, vault)
        audit.record(AuditAction.CREATE, found, actor=actor, after=audit.snapshot(found))
        _tell(found, None, _FROZEN)
    return found


_FROZEN = N_(
    "%(title)s: %(candidates)d candidates for %(seats)d seats. The list is frozen and its hash is published; the draw "
    "follows."
)


def _check_class(row: TrainingClass) -> None:
    if row.state is not ClassState.OFFERED:
        text = N_("Only a class that is open for enrollment is drawn; this one is now “%(state)s”.")
        raise Conflict(problem("class_not_offered", text, state=row.state))


def _let_candidates_in(row: TrainingClass) -> None:
    """End what the schools did not review in time; refuse while anybody may still come or when all have a seat."""
    deadline = standing_of(row.batch_id).ahead(WindowKind.ROUND_ONE_SCHOOL)
    if deadline is None:
        deadlines.end_unreviewed(row.id, frozen=True)
    counts = counts_of([row.id])[row.id]
    check_freeze(counts.unseated, row.seats - row.taken, undecided=counts.undecided, deadline=deadline)


def _published(row: TrainingClass, actor: Actor, vault: Vault) -> Screening:
    """Write down the candidates, their hash and the promise; the seed stays sealed."""
    here = and_(Enrollment.training_class_id == row.id, unseated())
    numbers = db.session.scalars(select(Enrollment.number).where(here)).all()
    seed = rules.new_seed()
    found = Screening(
        training_class_id=row.id, seats=row.seats - row.taken, candidate_count=len(numbers),
        list_hash=rules.list_hash(numbers), commitment=rules.commitment_of(seed), seed_sealed=vault.seal(seed),
        algorithm=str(rules.VERSION), frozen_at=now(), frozen_by_id=actor.account_id,
    )  # fmt: skip
    db.session.add(found)
    db.session.flush()
    moment = found.frozen_at
    stated = {"screening_id": found.id, "created_at": moment, "updated_at": moment, "version": 1}
    columns = ScreeningCandidate.__table__.c
    told = [literal(value, columns[name].type) for name, value in stated.items()]
    listed = select(Enrollment.id, Enrollment.number, *told).where(here).order_by(Enrollment.number)
    db.session.execute(insert(ScreeningCandidate).from_select(["enrollment_id", "enrollment_number", *stated], listed))
    return found


# --- drawing


def draw(class_id: int, *, actor: Actor, vault: Vault) -> Screening:
    """Draw a frozen class: the first of the order hold the seats, the others are not drawn and make the reserve list.

    Seats that were added or freed since the freeze are filled from the reserve at once. Raises Conflict for a class
    without a freeze, for a second draw, and when list or seed are not the published ones.
    """
    actor.require("draw", "Screening")
    with transaction():
        row = locked_class(class_id, actor=actor)
        found = screening_of(row.id)
        keys = _keys_by_number(found)
        seed = vault.open(found.seed_sealed) if found is not None else ""
        check_draw(
            frozen=found is not None, drawn=found is not None and found.drawn_at is not None, numbers=list(keys),
            published_hash=found.list_hash if found else "", seed=seed, promise=found.commitment if found else "",
        )  # fmt: skip
        assert found is not None
        _check_class(row)
        places = rules.draw(seed, keys, found.seats)
        _write_places(places, keys)
        _publish(found, seed, places, actor)
        _give_seats(found)
        _tell_drawn(found)
        reserve.fill(row.id, actor=Actor.platform())
    return found


def _keys_by_number(found: Screening | None) -> dict[str, int]:
    """Return enrollment number → the key of its line in the frozen list."""
    if found is None:
        return {}
    line = ScreeningCandidate
    wanted = select(line.enrollment_number, line.id).where(line.screening_id == found.id)
    return {row.enrollment_number: row.id for row in db.session.execute(wanted)}


def _write_places(places: Sequence[Place], keys: dict[str, int]) -> None:
    """Write every candidate's place in one statement, however many there are."""
    told = json.dumps([[keys[p.number], p.position, p.key, int(p.drawn)] for p in places])
    if is_postgresql():
        rows: Any = func.jsonb_array_elements(cast(literal(told), _json())).table_valued("value")
    else:
        rows = func.json_each(told).table_valued("value")
    key, position, order_hash, drawn = (_element(rows.c.value, number) for number in range(4))
    line = ScreeningCandidate
    written = update(line).where(line.id == cast(key, Integer)).values(
        place_in_order=cast(position, Integer), order_hash=order_hash, drawn=cast(drawn, Integer) == 1,
        updated_at=now(), version=line.version + 1,
    )  # fmt: skip
    db.session.execute(written.execution_options(synchronize_session=False))


def _json() -> Any:
    from sqlalchemy.dialects.postgresql import JSONB

    return JSONB


def _element(value: Any, number: int) -> Any:
    """Return an element of a JSON array as text, in the words both databases share."""
    return value.op("->>")(literal_column(str(number)))


def _publish(found: Screening, seed: str, places: Sequence[Place], actor: Actor) -> None:
    before = audit.snapshot(found)
    found.seed, found.result_hash = seed, rules.result_hash(place.number for place in places)
    found.drawn_at, found.drawn_by_id = now(), actor.account_id
    db.session.flush()
    audit.record(AuditAction.DRAW, found, actor=actor, before=before, after=audit.snapshot(found))


def _give_seats(found: Screening) -> None:
    """Give those drawn their seats and move the others; who was declined since the freeze gets none."""
    waiting = Enrollment.state == EnrollmentState.AWAITING_INSTITUTION
    drawn_in = and_(waiting, Enrollment.holds_seat.is_(False), _candidates(found, drawn=True))
    given = update(Enrollment).where(drawn_in).values(holds_seat=True)
    count = db.session.execute(given.execution_options(synchronize_session=False)).rowcount
    if not seats.take(found.training_class_id, count):
        text = N_("The class has fewer seats left than at the freeze. Nothing was drawn; tell the administrator.")
        raise Conflict(problem("seats_gone", text))
    out = and_(waiting, _candidates(found, drawn=False))
    move_many(Enrollment, out, Action.DRAW_OUT, actor=Actor.platform(), facts=[Fact.FROZEN])


def _candidates(found: Screening, *, drawn: bool) -> ColumnElement[bool]:
    line = ScreeningCandidate
    return Enrollment.id.in_(select(line.enrollment_id).where(line.screening_id == found.id, line.drawn.is_(drawn)))


# --- telling


def _tell_drawn(found: Screening) -> None:
    _tell(found, True, N_("%(title)s: you were drawn. The institution confirms next."))
    out = N_(
        "%(title)s: you were not drawn (%(candidates)d candidates for %(seats)d seats). You stand on the reserve list "
        "and may enroll in round two."
    )
    _tell(found, False, out)
    listed = select(Enrollment.school_id).where(_listed(found), Enrollment.school_id.is_not(None))
    text = N_("%(title)s has been drawn: see which of your teachers have a seat.")
    staff = audiences.school_staff(listed, may=("review", "Enrollment"))
    notify(staff, MessageKind.SYSTEM, _text(found, text), endpoint=PAGE, pk=found.training_class_id)


def _listed(found: Screening) -> ColumnElement[bool]:
    line = ScreeningCandidate
    return Enrollment.id.in_(select(line.enrollment_id).where(line.screening_id == found.id))


def _tell(found: Screening, drawn: bool | None, msgid: str) -> None:
    """Tell those on the list who are drawn, not drawn, or all of them (None), in one statement."""
    chosen = _listed(found) if drawn is None else _candidates(found, drawn=drawn)
    people = audiences.teachers(select(Enrollment.teacher_id).where(chosen))
    notify(people, MessageKind.SYSTEM, _text(found, msgid), endpoint=PAGE, pk=found.training_class_id)


def _text(found: Screening, msgid: str) -> Text:
    title = str(found.training_class)
    return Text(msgid, {"title": title, "candidates": found.candidate_count, "seats": found.seats})
