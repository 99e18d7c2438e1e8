"""Accounts: below, never a peer."""

from __future__ import annotations

from sqlalchemy import and_, exists, or_, select

from app.domain.terms import RoleName
from app.models import Account, ApiKey, Bureau, Institution, Role, SavedFilter, Teacher
from app.security.actor import Actor
from app.security.roles import may_give, may_give_own
from app.security.rules.places import institution_clause
from app.security.rules.subtree import Clause, regions_of, schools_of
from app.security.scope import manages, sees


def _accounts_below(actor: Actor) -> Clause:
    """Accounts of the organisations below a bureau, of the own institution or school, and of the school's teachers."""
    below = [
        Account.bureau_id.in_(select(Bureau.id).where(Bureau.region_id.in_(regions_of(actor)))),
        Account.institution_id.in_(select(Institution.id).where(institution_clause(actor))),
        Account.school_id.in_(schools_of(actor)),
        Account.id.in_(select(Teacher.account_id).where(Teacher.school_id.in_(schools_of(actor)))),
    ]
    if actor.school_id:
        staff = select(Teacher.account_id).where(Teacher.school_id == actor.school_id)
        below += [Account.school_id == actor.school_id, Account.id.in_(staff)]
    return or_(*below)


@sees(Account)
def _account(actor: Actor) -> Clause:
    present: Clause = Account.active.is_(True)  # a deleted account stays for the audit alone
    if actor.has_role(RoleName.SECURITY_ADMIN):
        return present
    return and_(present, or_(Account.id == actor.account_id, _accounts_below(actor)))


@manages(Account)
def _account_below(actor: Actor) -> Clause:
    """Only accounts all of whose roles the actor may give: below, never a peer, never oneself."""
    given = [role.value for role in may_give(actor.roles)]
    known = [role.value for role in RoleName]
    not_given = Role.name.not_in(given)
    if may_give_own(actor.roles):
        not_given = and_(not_given, Role.name.in_(known))
    above = (
        exists()
        .where(Role.user.property.secondary.c.user_id == Account.id)
        .where(Role.user.property.secondary.c.role_id == Role.id)
        .where(not_given)
    )
    return and_(Account.id != actor.account_id, ~above)


@sees(ApiKey)
def _api_key(actor: Actor) -> Clause:
    own: Clause = ApiKey.user_id == actor.account_id
    return own


@sees(SavedFilter)
def _saved_filter(actor: Actor) -> Clause:
    own: Clause = SavedFilter.account_id == actor.account_id
    return own
