"""Bureaus, institutions and schools with their administrators; letting many rest at once (ORG-2, ORG-3, ACC-6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from app.domain.errors import Conflict, DomainError, Problem, problem
from app.domain.terms import OrganisationStatus, RegionLevel, RoleName
from app.domain.text import N_
from app.models import Account, Bureau, Institution, Organisation, School
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.scope import fetch_manageable
from app.services import accounts, records
from app.services.unit import transaction

M = TypeVar("M", bound=Organisation)
OWN_STATUS = (OrganisationStatus.ACTIVE, OrganisationStatus.SUSPENDED)  # what is gone back and forth between


@dataclass(frozen=True, slots=True)
class Created:
    """A new organisation, and its administrator's account when one was asked for."""

    organisation: Any
    account: Account | None
    password: str | None


def create_organisation(
    model: type[M], values: Mapping[str, Any], *, actor: Actor, vault: Vault, administrator: str | None = None
) -> Created:
    """Create a bureau, institution or school and, under the user name `administrator`, the account that keeps it.

    Both or neither: raises what creating either raises, the problems of the account at the field `administrator`.
    """
    if not administrator:
        return Created(records.create(model, values, actor=actor), None, None)
    with transaction():
        made = records.create(model, values, actor=actor)
        account = _administrator(made, administrator, actor, vault)
    return Created(made, account, vault.open(account.initial_password_sealed or b""))


def _administrator(place: Organisation, username: str, actor: Actor, vault: Vault) -> Account:
    stated = {
        "username": username, "last_name": place.contact_name or place.name, "phone": place.contact_phone,
        place.__tablename__: place, "roles": [administrator_role(place).value],
    }  # fmt: skip
    try:
        return accounts.create_account(stated, actor=actor, vault=vault)
    except DomainError as error:
        if error.status in (403, 404):
            raise
        raise type(error)([_at(found, "administrator") for found in error.problems]) from None


def _at(found: Problem, field: str) -> Problem:
    return Problem(found.code, found.text, field)


def administrator_role(place: Organisation) -> RoleName:
    """Return the role of the account that keeps `place`."""
    if isinstance(place, Institution):
        return RoleName.INSTITUTION_ADMIN
    if isinstance(place, School):
        return RoleName.SCHOOL_ADMIN
    if not isinstance(place, Bureau):
        raise TypeError(type(place).__name__)
    roles = {RegionLevel.PROVINCE: RoleName.PROVINCIAL_ADMIN, RegionLevel.CITY: RoleName.CITY_ADMIN}
    return roles.get(place.region.level, RoleName.COUNTY_ADMIN)


def set_suspended(
    model: type[M], keys: Iterable[Any], suspended: bool, *, actor: Actor, reason: str | None = None
) -> int:
    """Suspend organisations, or let them work again; all or none. Return how many changed.

    A suspended institution keeps its grants and its accounts. Raises NotVisible, NotPermitted, or Conflict naming
    those that are merged or closed down.
    """
    target = OrganisationStatus.SUSPENDED if suspended else OrganisationStatus.ACTIVE
    with transaction():
        rows = [fetch_manageable(model, key, actor=actor) for key in keys]
        _refuse_ended(rows)
        changed = [row for row in rows if row.status is not target]
        for row in changed:
            records.update(model, row.id, {"status": target}, actor=actor, reason=reason)
    return len(changed)


def _refuse_ended(rows: Iterable[Organisation]) -> None:
    ended = [row for row in rows if row.status not in OWN_STATUS]
    if ended:
        text = N_("%(name)s is %(status)s; take it out of the choice.")
        raise Conflict([problem("organisation_ended", text, name=row.name, status=row.status) for row in ended])
