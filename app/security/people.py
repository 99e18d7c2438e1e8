"""From the account in the database to the actor it is: for requests and for background jobs alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from flask_appbuilder.security.sqla.models import assoc_user_role as members
from sqlalchemy import String, bindparam, cast, func, select
from sqlalchemy.orm import aliased

from app.domain.terms import AccountStatus, RegionLevel, RoleName
from app.extensions import fetch
from app.models import Account, Bureau, Institution, Region, School, Teacher
from app.security.actor import Actor
from app.security.permissions import names_of_roles, permissions_of_roles
from app.security.remembered import STAMP, note_stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who has signed in, read by one statement: the account, its roles, where it stands. Pages change the `Account`.

    The framework takes it as its user (`is_authenticated` and the like).
    """

    id: int
    username: str
    name: str
    nickname: str | None
    organisation: str
    active: bool
    must_change_password: bool
    session_version: int
    role_ids: frozenset[int]
    region_path: str | None
    region_level: RegionLevel | None
    bureau_id: int | None
    institution_id: int | None
    school_id: int | None
    teacher_id: int | None
    teacher_school_id: int | None

    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """Whether the account may hold a session."""
        return self.active

    @property
    def roles(self) -> frozenset[str]:
        """The names of its roles."""
        return names_of_roles(self.role_ids)

    def actor(self, *, address: str | None = None, request_id: str | None = None) -> Actor:
        """Return the actor this is."""
        roles = self.roles
        return Actor(
            account_id=self.id,
            name=self.name,
            roles=roles,
            permissions=permissions_of_roles(self.role_ids),
            region_path=self.region_path,
            region_level=self.region_level,
            bureau_id=self.bureau_id,
            institution_id=self.institution_id,
            school_id=self.school_id,
            teacher_id=self.teacher_id,
            teacher_school_id=self.teacher_school_id,
            everything=RoleName.SYSTEM_ADMIN.value in roles,
            address=address,
            request_id=request_id,
        )


@cache
def _statement() -> Any:
    """Return the statement, made once: every request asks for it. The stamp comes along."""
    taught = aliased(School)
    roles = select(func.aggregate_strings(cast(members.c.role_id, String), ","))
    return (
        select(
            Account.id, Account.username, Account.first_name, Account.last_name, Account.nickname, Account.active,
            Account.status, Account.must_change_password, Account.session_version, Account.bureau_id,
            Account.institution_id, Account.school_id, Teacher.id.label("teacher_id"),
            Teacher.school_id.label("teacher_school_id"), Region.path, Region.level,
            func.coalesce(Bureau.name, Institution.name, School.name, taught.name, "").label("organisation"),
            roles.where(members.c.user_id == Account.id).scalar_subquery().label("role_ids"),
            STAMP.scalar_subquery().label("stamp"),
        )
        .outerjoin(Bureau, Bureau.id == Account.bureau_id)
        .outerjoin(Region, Region.id == Bureau.region_id)
        .outerjoin(Institution, Institution.id == Account.institution_id)
        .outerjoin(School, School.id == Account.school_id)
        .outerjoin(Teacher, Teacher.account_id == Account.id)
        .outerjoin(taught, taught.id == Teacher.school_id)
        .where(Account.id == bindparam("key"))
    )  # fmt: skip


def signed_in(account_id: int) -> SignedIn | None:
    """Return who an account is, or None when it may not act (any more)."""
    found = _read(account_id)
    return found if found is not None and found.active else None


def actor_of(account: Account, *, address: str | None = None, request_id: str | None = None) -> Actor:
    """Return the actor an account is."""
    found = _read(account.id)
    assert found is not None, "the account is stored"
    return found.actor(address=address, request_id=request_id)


def _read(account_id: int) -> SignedIn | None:
    row = fetch(_statement(), {"key": account_id}).one_or_none()
    if row is None:
        return None
    note_stamp(row.stamp)
    return SignedIn(
        id=row.id,
        username=row.username,
        name=f"{row.last_name}{row.first_name}",
        nickname=row.nickname,
        organisation=row.organisation,
        active=bool(row.active) and row.status is not AccountStatus.DISABLED,
        must_change_password=row.must_change_password,
        session_version=row.session_version,
        role_ids=frozenset(map(int, filter(None, (row.role_ids or "").split(",")))),
        region_path=row.path,
        region_level=row.level,
        bureau_id=row.bureau_id,
        institution_id=row.institution_id,
        school_id=row.school_id,
        teacher_id=row.teacher_id,
        teacher_school_id=row.teacher_school_id,
    )
