"""Managing the accounts below one's own: create, reset, enable, disable, first passwords (ACC-3, ACC-5, ACC-6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select

from app.domain.errors import Conflict, NotPermitted, Problems
from app.domain.passwords import random_password
from app.domain.terms import AccountStatus, AuditAction, InitialPassword, RoleName
from app.domain.text import N_
from app.extensions import db
from app.models import Account, AuditEntry, LoginName, Role, School
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.passwords import hash_password
from app.security.roles import may_give
from app.security.scope import fetch_manageable, is_manageable, is_visible, manageable_clause, visible_clause
from app.services import audit, sign_in
from app.services.parameters import policy_of
from app.services.records import check_delete
from app.services.unit import transaction

TAIL = 6
MOST_AT_ONCE = 200  # accounts of one batch; every hash takes its time
PLACES = ("bureau", "institution", "school")
STATED = ("username", "last_name", "nickname", "phone", *PLACES)


@dataclass(frozen=True, slots=True)
class FirstPassword:
    """An account and the first password nobody has changed yet."""

    username: str
    name: str
    organisation: str
    password: str


def create_account(values: Mapping[str, Any], *, actor: Actor, vault: Vault) -> Account:
    """Create an account with `roles` (names) at one organisation; its first password opens the change page only.

    Raises NotPermitted outside the actor's scope, Invalid with every reason, Conflict for a name in use.
    """
    actor.require("create", "Account")
    with transaction():
        return _create(values, actor, vault)


def _create(values: Mapping[str, Any], actor: Actor, vault: Vault) -> Account:
    roles = [RoleName(name) for name in values.get("roles") or ()]
    _refuse_wrong(values, roles, actor)
    account = _add(values, roles)
    give_first_password(account, vault)
    db.session.flush()
    if not is_manageable(account, actor=actor):
        raise NotPermitted
    audit.record(AuditAction.CREATE, account, actor=actor, after=audit.snapshot(account))
    return account


def _refuse_wrong(values: Mapping[str, Any], roles: list[RoleName], actor: Actor) -> None:
    problems = Problems()
    if not roles or not set(roles) <= may_give(actor.roles):
        problems.add("role_not_given", N_("Choose at least one role, among those you may give."), field="roles")
    places = [values[name] for name in PLACES if values.get(name) is not None]
    if len(places) != 1:
        problems.add("one_organisation", N_("Choose exactly one organisation: bureau, institution or school."))
    if not all(is_visible(place, actor=actor) for place in places):
        problems.add("choice_not_visible", N_("This choice does not exist or is outside your scope."))
    name = (values.get("username") or "").upper()
    if db.session.scalar(select(exists().where(LoginName.name == name))):
        problems.add("name_taken", N_("This sign-in name is taken already; give another."), field="username")
    problems.raise_if_any()


def _add(values: Mapping[str, Any], roles: list[RoleName]) -> Account:
    held = list(db.session.scalars(select(Role).where(Role.name.in_([role.value for role in roles]))))
    stated = {name: values.get(name) for name in STATED}
    account = Account(
        **stated, first_name="", active=True, email=f"{values['username'].lower()}@noemail.invalid", roles=held
    )
    db.session.add(account)
    db.session.flush()
    db.session.add(LoginName(name=account.username.upper(), account_id=account.id))
    return account


def give_first_password(account: Account, vault: Vault) -> str:
    """Give `account` a first password and end its sessions, in the running transaction; return the password.

    A teacher's is the end of the ID number or random (P17), a school's its account name, any other is random (ACC-3).
    """
    password = _first_password(account, vault)
    account.password = hash_password(password)
    account.initial_password_sealed = vault.seal(password)
    account.must_change_password = True
    account.session_version = (account.session_version or 0) + 1
    return password


def _first_password(account: Account, vault: Vault) -> str:
    if policy_of().initial_password is InitialPassword.RANDOM:
        return random_password()
    sealed = account.teacher.national_id_sealed if account.teacher else None
    if sealed:
        return vault.open(sealed)[-TAIL:]
    return account.username if account.school is not None else random_password()


def reset_password(key: Any, *, actor: Actor, vault: Vault) -> FirstPassword:
    """Set a new first password; it must be changed at the next sign-in, and every session ends."""
    actor.require("reset", "Account")
    with transaction():
        account = fetch_manageable(Account, key, actor=actor)
        password = give_first_password(account, vault)
        account.failed_sign_ins, account.locked_until = 0, None
        audit.record(AuditAction.PASSWORD_RESET, account, actor=actor)
        return _told(account, password)


def set_enabled(key: Any, enabled: bool, *, actor: Actor) -> None:
    """Let an account sign in, or keep it out and end its sessions at once."""
    actor.require("edit", "Account")
    with transaction():
        account = fetch_manageable(Account, key, actor=actor)
        account.status = AccountStatus.ACTIVE if enabled else AccountStatus.DISABLED
        if not enabled:
            account.session_version += 1
        audit.record(AuditAction.ENABLE if enabled else AuditAction.DISABLE, account, actor=actor)


def unlock(key: Any, *, actor: Actor) -> None:
    """Let a locked account sign in again at once."""
    actor.require("unlock", "Account")
    sign_in.unlock(fetch_manageable(Account, key, actor=actor), actor=actor)


@check_delete(Account)
def _account_without_traces(row: Account, problems: Problems, _actor: Actor) -> None:
    if db.session.scalar(select(exists().where(AuditEntry.account_id == row.id))):
        problems.add("account_has_acted", N_("This account has signed in or acted, which is kept; disable it instead."))


def create_school_accounts(*, actor: Actor, vault: Vault) -> int:
    """Create the administrator of every school in scope that has no account, named after its code; return how many.

    Raises NotPermitted without the right to give that role, Conflict when every school has its account.
    """
    actor.require("create", "Account")
    if RoleName.SCHOOL_ADMIN not in may_give(actor.roles):
        raise NotPermitted
    without = ~exists().where(Account.school_id == School.id)
    wanted = select(School).where(visible_clause(School, actor), without).order_by(School.code).limit(MOST_AT_ONCE)
    schools = db.session.scalars(wanted).all()
    if not schools:
        problems = Problems()
        problems.add("nothing_to_create", N_("Every school in your scope has its account."))
        problems.raise_if_any(Conflict)
    role = [RoleName.SCHOOL_ADMIN.value]
    with transaction():
        for school in schools:
            values = {"username": school.code, "last_name": school.name, "school": school, "roles": role}
            _create(values, actor, vault)
    return len(schools)


def unused_first_passwords(*, actor: Actor, vault: Vault) -> list[FirstPassword]:
    """Return the first passwords nobody has changed, of the accounts one manages; noted in the audit (ACC-5)."""
    actor.require("export", "Account")
    unused = Account.initial_password_sealed.is_not(None) & Account.must_change_password.is_(True)
    wanted = select(Account).where(manageable_clause(Account, actor), unused).order_by(Account.username)
    with transaction():
        told = [_told(a, vault.open(a.initial_password_sealed or b"")) for a in db.session.scalars(wanted)]
        audit.record(AuditAction.EXPORT, Account(), actor=actor, after={"first_passwords": len(told)})
    return told


def _told(account: Account, password: str) -> FirstPassword:
    place = account.bureau or account.institution or account.school or (account.teacher and account.teacher.school)
    return FirstPassword(account.username, account.name, str(place or ""), password)


def roles_to_give(actor: Actor) -> Iterable[RoleName]:
    """Return the roles the actor may give, in the order of their declaration."""
    allowed = may_give(actor.roles)
    return [role for role in RoleName if role in allowed]
