"""The scope of every entity (ORG-6): bureaus see their subtree, institutions, schools and teachers their own.

Subtrees are written as `IN (SELECT …)`: on SQLite the EXISTS form of `relationship.has()` is fifty times slower.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true

from app.domain.terms import RegionLevel, RoleName
from app.models import (
    Account,
    ApiKey,
    AuditEntry,
    BackgroundJob,
    Batch,
    BatchWindow,
    Bureau,
    EnrollmentRound,
    Grade,
    InboxMessage,
    Institution,
    ParameterChange,
    ParameterValue,
    PostCategory,
    ProfessionalTitle,
    Region,
    RegionGrant,
    Role,
    School,
    Stage,
    Subject,
    Teacher,
    TrainingYear,
)
from app.security.actor import Actor
from app.security.roles import may_give
from app.security.scope import manages, sees

Clause = ColumnElement[bool]


def regions_of(actor: Actor) -> Select[Any]:
    """Return the ids of the regions in the actor's subtree; none for who is no bureau staff."""
    chosen = select(Region.id)
    if actor.region_path is None:
        return chosen.where(false())
    return chosen.where(Region.path.startswith(actor.region_path, autoescape=True))


def schools_of(actor: Actor) -> Select[Any]:
    """Return the ids of the schools in the actor's subtree."""
    return select(School.id).where(School.region_id.in_(regions_of(actor)))


@sees(
    Region, Stage, Grade, Subject, PostCategory, ProfessionalTitle,
    TrainingYear, Batch, EnrollmentRound, BatchWindow, ParameterValue, ParameterChange, Role,
)  # fmt: skip
def _common(actor: Actor) -> Clause:
    """Common knowledge of all who have signed in; who may change it, permissions say."""
    return true() if actor.signed_in else false()


@sees(Bureau)
def _bureau(actor: Actor) -> Clause:
    return Bureau.region_id.in_(regions_of(actor))


@manages(Bureau)
def _bureau_below(actor: Actor) -> Clause:
    """The province maintains every bureau, a city those of its counties, nobody above or beside itself (ORG-2)."""
    if actor.region_level is RegionLevel.PROVINCE:
        return true()
    if actor.bureau_id is None:
        return false()
    return Bureau.id != actor.bureau_id


@sees(Institution)
def _institution(actor: Actor) -> Clause:
    return or_(Institution.region_id.in_(regions_of(actor)), Institution.id == actor.institution_id)


@sees(RegionGrant)
def _region_grant(actor: Actor) -> Clause:
    institutions = select(Institution.id).where(_institution(actor))
    return RegionGrant.institution_id.in_(institutions)


@sees(School)
def _school(actor: Actor) -> Clause:
    own = {actor.school_id, actor.teacher_school_id} - {None}
    return or_(School.region_id.in_(regions_of(actor)), School.id.in_(own))


@sees(Teacher)
def _teacher(actor: Actor) -> Clause:
    present = Teacher.deleted_at.is_(None)
    mine = or_(
        Teacher.school_id.in_(schools_of(actor)),
        Teacher.school_id == actor.school_id if actor.school_id else false(),
        Teacher.id == actor.teacher_id,
    )
    return present & mine


@manages(Teacher)
def _teacher_by_staff(actor: Actor) -> Clause:
    """Records are kept by the school and the bureaus above; a teacher changes fields through a request (TCH-3)."""
    return or_(
        Teacher.school_id.in_(schools_of(actor)),
        Teacher.school_id == actor.school_id if actor.school_id else false(),
    )


def _accounts_below(actor: Actor) -> Clause:
    """Accounts of the organisations below a bureau, of the own institution or school, and of the school's teachers."""
    below = [
        Account.bureau_id.in_(select(Bureau.id).where(Bureau.region_id.in_(regions_of(actor)))),
        Account.institution_id.in_(select(Institution.id).where(_institution(actor))),
        Account.school_id.in_(schools_of(actor)),
        Account.id.in_(select(Teacher.account_id).where(Teacher.school_id.in_(schools_of(actor)))),
    ]
    if actor.school_id:
        staff = select(Teacher.account_id).where(Teacher.school_id == actor.school_id)
        below += [Account.school_id == actor.school_id, Account.id.in_(staff)]
    return or_(*below)


@sees(Account)
def _account(actor: Actor) -> Clause:
    if actor.has_role(RoleName.SECURITY_ADMIN):
        return true()
    return or_(Account.id == actor.account_id, _accounts_below(actor))


@manages(Account)
def _account_below(actor: Actor) -> Clause:
    """Only accounts all of whose roles the actor may give: below, never a peer, never oneself."""
    given = [role.value for role in may_give(actor.roles)]
    above = (
        exists()
        .where(Role.user.property.secondary.c.user_id == Account.id)
        .where(Role.user.property.secondary.c.role_id == Role.id)
        .where(Role.name.not_in(given))
    )
    return and_(Account.id != actor.account_id, ~above)


@sees(AuditEntry)
def _audit_entry(actor: Actor) -> Clause:
    if actor.has_role(RoleName.AUDIT_ADMIN, RoleName.SECURITY_ADMIN):
        return true()
    own = AuditEntry.account_id == actor.account_id
    if actor.region_path is None:
        return own
    return or_(own, AuditEntry.region_path.startswith(actor.region_path, autoescape=True))


@sees(ApiKey)
def _api_key(actor: Actor) -> Clause:
    own: Clause = ApiKey.user_id == actor.account_id
    return own


@sees(BackgroundJob)
def _background_job(actor: Actor) -> Clause:
    return BackgroundJob.account_id == actor.account_id


@sees(InboxMessage)
def _inbox_message(actor: Actor) -> Clause:
    return InboxMessage.account_id == actor.account_id
