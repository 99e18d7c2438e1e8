"""Accounts below one's own: created, changed, deleted (ACC-3, ACC-6). What is done to many stands in `account_acts`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, select

from app.domain.errors import Conflict, Invalid, NotPermitted, Problems
from app.domain.terms import AuditAction, RoleName
from app.domain.text import N_
from app.extensions import db
from app.models import Account, LoginName, Role
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.roles import LEVEL_OF, PLACE_OF, PLACELESS, may_give, may_give_own
from app.security.scope import fetch_manageable, is_manageable, is_visible
from app.services import audit
from app.services.first_passwords import give_first_password
from app.services.unit import changed_meanwhile, transaction

PLACES = ("bureau", "institution", "school")
STATED = ("last_name", "phone", *PLACES)
Values = Mapping[str, Any]


def create_account(values: Values, *, actor: Actor, vault: Vault) -> Account:
    """Create an account with `roles` (names) at one organisation; its first password opens the change page only.

    Raises NotPermitted outside the actor's scope, Invalid with every reason, Conflict for a name in use.
    """
    actor.require("create", "Account")
    with transaction():
        _refuse_wrong(values, actor, new=True)
        account = _add(values)
        give_first_password(account, vault)
        db.session.flush()
        if not is_manageable(account, actor=actor):
            raise NotPermitted
        audit.record(AuditAction.CREATE, account, actor=actor, after=told(account))
        return account


def _add(values: Values) -> Account:
    username = values["username"].strip()
    stated = {name: values.get(name) for name in STATED}
    email = values.get("email") or placeholder_email(username)
    account = Account(
        **stated, username=username, first_name="", active=True, email=email, roles=_held(values["roles"])
    )
    db.session.add(account)
    db.session.flush()
    db.session.add(LoginName(name=username.upper(), account_id=account.id))
    return account


def placeholder_email(username: str) -> str:
    """Return what stands in the framework's unique column while nobody has given an address."""
    return f"{username.lower()}@noemail.invalid"


def update_account(key: Any, values: Values, *, actor: Actor, expected_version: int | None = None) -> Account:
    """Change name, phone, roles and organisation of an account below one's own; effective with its next request.

    Raises NotVisible, NotPermitted, Invalid with every reason, Conflict when somebody changed the account meanwhile.
    """
    actor.require("edit", "Account")
    with transaction():
        account = fetch_manageable(Account, key, actor=actor)
        if expected_version is not None and account.version != expected_version:
            raise Conflict(changed_meanwhile())
        before = told(account)
        _refuse_wrong({**{name: getattr(account, name) for name in PLACES}, **values}, actor, account=account)
        for name in STATED:
            if name in values:
                setattr(account, name, values[name])
        account.roles = _held(values["roles"])
        account.version += 1
        db.session.flush()
        if not is_manageable(account, actor=actor):
            raise NotPermitted
        audit.record(AuditAction.UPDATE, account, actor=actor, before=before, after=told(account))
        return account


def told(account: Account) -> dict[str, Any]:
    """Return what the audit says of an account: its values, and its roles by name."""
    return {**audit.snapshot(account), "roles": sorted(role.name for role in account.roles)}


def _held(names: Any) -> list[Role]:
    return list(db.session.scalars(select(Role).where(Role.name.in_(list(names)))))


def _refuse_wrong(values: Values, actor: Actor, *, new: bool = False, account: Account | None = None) -> None:
    problems = Problems()
    names = [str(name) for name in values.get("roles") or ()]
    if not names or not set(names) <= roles_one_may_give(actor):
        problems.add("role_not_given", N_("Choose at least one role, among those you may give."), field="roles")
    _check_place(values, names, account, actor, problems)
    if new:
        _check_name((values.get("username") or "").strip(), problems)
    problems.raise_if_any()


def _check_place(values: Values, names: list[str], account: Account | None, actor: Actor, problems: Problems) -> None:
    """An organisation fits the roles, and everybody but teachers and the platform's own staff has one."""
    places = {name: values[name] for name in PLACES if values.get(name) is not None}
    free = all(name in PLACELESS or name not in RoleName._value2member_map_ for name in names)
    may_lack = bool(account and account.teacher) or (free and not _has_home(actor))
    if len(places) > 1 or not (places or may_lack):
        text = N_("Choose exactly one organisation: bureau, institution or school.")
        problems.add("one_organisation", text, field=next(iter(places), "school"))
    for role in (RoleName(name) for name in names if name in RoleName._value2member_map_):
        _check_role(role, places, account, problems)
    chosen = [place for name, place in places.items() if account is None or place is not getattr(account, name)]
    if not all(is_visible(place, actor=actor) for place in chosen):
        problems.add("choice_not_visible", N_("This choice does not exist or is outside your scope."))


def _has_home(actor: Actor) -> bool:
    return any((actor.bureau_id, actor.institution_id, actor.school_id))


def _check_role(role: RoleName, places: dict[str, Any], account: Account | None, problems: Problems) -> None:
    kind, level = PLACE_OF.get(role), LEVEL_OF.get(role)
    if role is RoleName.TEACHER and not (account and account.teacher):
        text = N_("A teacher's account is made from the teacher's record; choose another role here.")
        problems.add("teacher_without_record", text, field="roles")
    if kind and kind not in places:
        texts = {
            "bureau": N_("“%(role)s” is a role at an education bureau; choose the bureau."),
            "institution": N_("“%(role)s” is a role at a training institution; choose the institution."),
            "school": N_("“%(role)s” is a role at a school; choose the school."),
        }
        problems.add("role_needs_place", texts[kind], field=kind, role=role)
    elif level and kind and places[kind].region.level is not level:
        text = N_("“%(role)s” belongs to a bureau of another level; choose a fitting bureau or role.")
        problems.add("role_of_other_level", text, field="roles", role=role)


def _check_name(name: str, problems: Problems) -> None:
    if not name or any(sign.isspace() for sign in name):
        text = N_("Give a user name without blanks: letters, digits and signs.")
        problems.add("name_missing", text, field="username")
    elif db.session.scalar(select(exists().where(LoginName.name == name.upper()))):
        problems.add("name_taken", N_("This sign-in name is taken already; give another."), field="username")


def roles_one_may_give(actor: Actor) -> frozenset[str]:
    """Return the names of the roles the actor may give: those below its own, and for some the added ones."""
    given = frozenset(role.value for role in may_give(actor.roles))
    if not may_give_own(actor.roles):
        return given
    return given | (frozenset(db.session.scalars(select(Role.name))) - {role.value for role in RoleName})


def delete_account(key: Any, *, actor: Actor) -> None:
    """End an account for good: nobody signs in with it again, its names are free, its contact data is gone.

    The row stays for the audit, which names who acted. The teacher's record, if any, may get a new account.
    """
    actor.require("delete", "Account")
    with transaction():
        end_account(fetch_manageable(Account, key, actor=actor), actor=actor)


def end_account(account: Account, *, actor: Actor) -> None:
    """Do what `delete_account` does, in the running transaction."""
    audit.record(AuditAction.DELETE, account, actor=actor, before=told(account))
    for name in db.session.scalars(select(LoginName).where(LoginName.account_id == account.id)):
        db.session.delete(name)
    if account.teacher is not None:
        account.teacher.account = None
    account.active, account.password, account.initial_password_sealed = False, None, None
    account.phone = account.nickname = None
    account.session_version += 1
    account.username = f"{account.username[:100]}~{account.id}"
    account.email = placeholder_email(account.username)
    account.roles = []
    db.session.flush()


def fetch_own(actor: Actor) -> Account:
    """Return the actor's own account. Raises NotPermitted for who has none."""
    account: Account | None = db.session.get(Account, actor.account_id) if actor.account_id is not None else None
    if account is None:
        raise NotPermitted
    return account


def update_profile(values: Values, *, actor: Actor) -> Account:
    """Change one's own nickname, phone and e-mail; an empty one is removed. Raises Invalid, or Conflict for an
    e-mail address that belongs to another account."""
    account = fetch_own(actor)
    problems = Problems()
    email = (values.get("email") or "").strip()
    if email and ("@" not in email[1:-1] or any(sign.isspace() for sign in email)):
        problems.add("email_shape", N_("This is no e-mail address; it looks like name@example.cn."), field="email")
    phone = (values.get("phone") or "").strip()
    if phone and not 5 <= sum(sign.isdigit() for sign in phone) <= 20:
        problems.add("phone_shape", N_("Give the phone number with 5 to 20 digits."), field="phone")
    if problems.found:
        raise Invalid(problems.found)
    with transaction():
        before = audit.snapshot(account)
        account.nickname, account.phone = (values.get("nickname") or "").strip() or None, phone or None
        account.email = email or placeholder_email(account.username)
        audit.record(AuditAction.UPDATE, account, actor=actor, before=before, after=audit.snapshot(account))
    return account
