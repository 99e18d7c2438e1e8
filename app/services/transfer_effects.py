"""What a transfer does to the record, and what goes along with the person (TCH-7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from app.domain.clock import today
from app.domain.errors import Conflict, problem
from app.domain.state_shapes import Action
from app.domain.terms import (
    AccountStatus,
    AuditAction,
    OrganisationStatus,
    RoleName,
    TeacherStatus,
    TransferKind,
    TransferState,
)
from app.domain.text import N_
from app.domain.transfers import LEAVING
from app.extensions import db
from app.models import Account, Role, School, Teacher, Transfer
from app.security.actor import Actor
from app.security.roles import PLACE_OF
from app.services import audit
from app.services.account_acts import keep_out
from app.services.school_following import TEACHERS, with_a_person
from app.services.school_rows import recount
from app.services.transitions import move

SCHOOL_ROLES = frozenset(role.value for role, place in PLACE_OF.items() if place == "school")


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a transfer touches: rows that go along (or, without a new school, stay where they wait) as (label, count);
    whether the person can sign in, loses the rights over the old school, or can no longer sign in at all."""

    following: tuple[tuple[str, int], ...]
    has_account: bool
    rights_end: bool
    sign_in_ends: bool


def consequences(teacher: Teacher, to_school: School | None, kind: TransferKind) -> Consequences:
    """Return what a transfer of `kind` would touch; writes nothing."""
    target = to_school.id if to_school else None
    counted = tuple((f.label, len(f.keys_of_person(teacher.id, target))) for f in with_a_person())
    account = teacher.account
    return Consequences(
        following=tuple((label, count) for label, count in counted if count),
        has_account=account is not None,
        rights_end=kind is not TransferKind.SECONDMENT and _administers(account, teacher.school_id),
        sign_in_ends=account is not None and kind in LEAVING,
    )


def _administers(account: Account | None, school_id: int | None) -> bool:
    return account is not None and school_id is not None and account.school_id == school_id


def carry_out(transfer: Transfer, *, actor: Actor) -> None:
    """Bring a transfer that nobody has to agree to any more into the record, in the running transaction.

    Raises Conflict when the record or the school is not as it was when the transfer was asked for.
    """
    teacher = held(transfer)
    _still_possible(transfer, teacher)
    before = _told(teacher)
    was = teacher.status
    _move_record(teacher, transfer, actor)
    if transfer.to_school is not None:
        follow(teacher, transfer.to_school)
    if was in (TeacherStatus.UNATTACHED, TeacherStatus.LEFT):
        _end_lasting(transfer)
    if transfer.kind is not TransferKind.SECONDMENT:
        _end_rights(teacher, transfer.from_school_id, actor)
    _open_or_close(teacher, was, transfer, actor)
    recount([transfer.from_school_id, transfer.to_school_id])
    db.session.refresh(teacher)
    after = _told(teacher)
    audit.record(AuditAction.UPDATE, teacher, actor=actor, before=before, after=after, reason=transfer.reason)


def held(transfer: Transfer) -> Teacher:
    """Return the record of a transfer, read afresh and held until the end of the transaction."""
    wanted = select(Teacher).where(Teacher.id == transfer.teacher_id).with_for_update(of=Teacher)
    teacher: Teacher = db.session.scalars(wanted.execution_options(populate_existing=True)).one()
    return teacher


def follow(teacher: Teacher, school: School) -> None:
    """Let what belongs to the person and waits come to `school`: enrollments not over, requests (readings of ENR)."""
    for follower in with_a_person():
        keys = follower.keys_of_person(teacher.id, school.id)
        if keys:
            follower.move(keys, school)
            for row in [one for one in db.session.identity_map.values() if isinstance(one, follower.model)]:
                db.session.expire(row)


def _told(teacher: Teacher) -> dict[str, Any]:
    return {"school_id": teacher.school_id, "status": teacher.status.value}


def _still_possible(transfer: Transfer, teacher: Teacher) -> None:
    if teacher.deleted_at is not None:
        text = N_("The record of %(name)s was deleted meanwhile; refuse the transfer or take it back.")
        raise Conflict(problem("teacher_deleted", text, name=teacher.name))
    if teacher.school_id != transfer.from_school_id:
        text = N_("%(name)s is at another school meanwhile; refuse the transfer or take it back.")
        raise Conflict(problem("teacher_moved", text, name=teacher.name))
    school = transfer.to_school
    if school is not None and school.status is not OrganisationStatus.ACTIVE:
        text = N_("%(school)s is not in operation any more (%(status)s); refuse the transfer or take it back.")
        raise Conflict(problem("school_closed", text, school=school.name, status=school.status))


_ACTIONS = {
    TransferKind.SECONDMENT: Action.SECOND,
    TransferKind.LEAVE: Action.LEAVE,
    TransferKind.RETIRE: Action.LEAVE,
}


def _move_record(teacher: Teacher, transfer: Transfer, actor: Actor) -> None:
    """Give the record its new school, and its new status where that changes."""
    if teacher.status in (TeacherStatus.UNATTACHED, TeacherStatus.LEFT):
        action: Action | None = Action.TRANSFER_IN
    elif transfer.to_school_id is None and transfer.kind not in LEAVING:
        action = Action.TRANSFER_OUT
    else:
        action = _ACTIONS.get(transfer.kind)
    if action is None:  # from school to school; employed before and after
        assert transfer.to_school is not None
        TEACHERS.move([teacher.id], transfer.to_school)
    else:
        values = {"school_id": transfer.to_school_id}
        move(teacher, action, actor=actor, reason=transfer.reason, values=values, details={"transfer": transfer.id})
    db.session.refresh(teacher)


def _end_lasting(transfer: Transfer) -> None:
    """Note that the person has a school again: the stay in the pool, or away, is over."""
    lasting = update(Transfer).where(
        Transfer.teacher_id == transfer.teacher_id,
        Transfer.id != transfer.id,
        Transfer.state == TransferState.COMPLETED,
        Transfer.to_school_id.is_(None),
        Transfer.ended_on.is_(None),
    )
    db.session.execute(lasting.values(ended_on=today(), version=Transfer.version + 1))


def _end_rights(teacher: Teacher, school_id: int | None, actor: Actor) -> None:
    """Take the rights over the school that is left: nobody administers a school from another one."""
    account = teacher.account
    if account is None or not _administers(account, school_id):
        return
    before = {"roles": [role.name for role in account.roles], "school_id": school_id}
    kept = [role for role in account.roles if role.name not in SCHOOL_ROLES]
    if not kept:
        kept = [db.session.scalars(select(Role).where(Role.name == RoleName.TEACHER.value)).one()]
    account.school_id, account.roles = None, kept
    db.session.flush()
    after = {"roles": [role.name for role in kept], "school_id": None}
    audit.record(AuditAction.UPDATE, account, actor=actor, before=before, after=after)


def _open_or_close(teacher: Teacher, was: TeacherStatus, transfer: Transfer, actor: Actor) -> None:
    """Keep the account of who leaves out, and let who comes back in again."""
    account = teacher.account
    if account is None:
        return
    if transfer.kind in LEAVING:
        keep_out(account, actor=actor)
    elif was is TeacherStatus.LEFT and account.status is AccountStatus.DISABLED:
        account.status = AccountStatus.ACTIVE
        audit.record(AuditAction.ENABLE, account, actor=actor)
    db.session.flush()
