"""To whom something is told: conditions on accounts, made without reading anybody, joined with `|` (PUB-3).

An account that may not sign in is never told anything; `notify` sees to that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true

from app.domain.terms import RoleName
from app.models import Account, Bureau, Region, School, Teacher
from app.security.permissions import accounts_that_may, accounts_with_role

Audience = ColumnElement[bool]
Keys = Iterable[int] | Select[Any]  # ids, or a SELECT of them
MAY_ANYTHING = ("", "")


def accounts(ids: Keys) -> Audience:
    """Return these accounts."""
    return _are(_keys(ids))


def teachers(ids: Keys) -> Audience:
    """Return the accounts of these teachers; who has none cannot be told."""
    return _are(select(Teacher.account_id).where(Teacher.id.in_(_keys(ids)), Teacher.account_id.is_not(None)))


def school_staff(ids: Keys, *, may: tuple[str, str] = MAY_ANYTHING) -> Audience:
    """Return who administers these schools; `may` = (verb, resource) keeps those with the permission."""
    return and_(Account.school_id.in_(_keys(ids)), _may(may))


def bureau_staff(ids: Keys, *, may: tuple[str, str] = MAY_ANYTHING) -> Audience:
    """Return the staff of these bureaus; `may` = (verb, resource) keeps those with the permission."""
    return and_(Account.bureau_id.in_(_keys(ids)), _may(may))


def institution_staff(ids: Keys, *, may: tuple[str, str] = MAY_ANYTHING) -> Audience:
    """Return the staff of these institutions; `may` = (verb, resource) keeps those with the permission."""
    return and_(Account.institution_id.in_(_keys(ids)), _may(may))


def holders_of(*roles: RoleName) -> Audience:
    """Return every account with one of these roles."""
    return _are(accounts_with_role(*(role.value for role in roles)))


def in_region(path: str) -> Audience:
    """Return the staff of the bureaus and schools, and the teachers, of a region and everything below it."""
    regions = select(Region.id).where(Region.path.startswith(path, autoescape=True))
    schools = select(School.id).where(School.region_id.in_(regions))
    return or_(
        Account.bureau_id.in_(select(Bureau.id).where(Bureau.region_id.in_(regions))),
        Account.school_id.in_(schools),
        _are(select(Teacher.account_id).where(Teacher.school_id.in_(schools))),
    )


def _are(ids: Select[Any] | Sequence[int]) -> Audience:
    return and_(Account.id.in_(ids))


def _keys(ids: Keys) -> Select[Any] | Sequence[int]:
    return ids if isinstance(ids, Select) else list(ids)


def _may(permission: tuple[str, str]) -> Audience:
    return true() if permission == MAY_ANYTHING else _are(accounts_that_may(*permission))
