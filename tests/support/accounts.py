"""A few accounts for the tests about signing in and managing accounts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.domain.terms import Gender, RegionLevel, RoleName, SchoolKind
from app.extensions import db
from app.models import Account, Bureau, LoginName, Region, Role, School, Teacher
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.passwords import hash_password
from app.security.people import actor_of
from tests.support.databases import SECRETS

VAULT = Vault(SECRETS["DATA_KEY"])
PASSWORD = "Blau-7341-Tor"
NATIONAL_ID = "11010519491231002X"
_HASH = hash_password(PASSWORD)


def make_account(username: str, *roles: RoleName, **values: Any) -> Account:
    """Add an account that signs in with `username` and `PASSWORD`."""
    held = list(db.session.scalars(select(Role).where(Role.name.in_([role.value for role in roles]))))
    filled = {"last_name": username, "first_name": "", "active": True, "password": _HASH, **values}
    account = Account(username=username, email=f"{username}@noemail.invalid", roles=held, **filled)
    db.session.add(account)
    db.session.flush()
    db.session.add(LoginName(name=username.upper(), account_id=account.id))
    db.session.commit()
    return account


def actor(account: Account) -> Actor:
    """Return the actor an account is."""
    db.session.commit()
    return actor_of(account, address="192.0.2.1")


def make_places() -> dict[str, Any]:
    """Add a province with two counties, a bureau and a school in each."""
    province = Region(code="990000", name="省", level=RegionLevel.PROVINCE, path="/99/")
    db.session.add(province)
    made: dict[str, Any] = {"province": province}
    for name, code in (("near", "990101"), ("far", "990102")):
        region = Region(code=code, name=name, level=RegionLevel.COUNTY, path=f"/99/{code}/", parent=province)
        bureau = Bureau(code=f"B{code}", name=f"{name} bureau", region=region)
        school = School(code=f"{code}001", name=f"{name} school", region=region, kind=SchoolKind.PRIMARY)
        db.session.add_all([region, bureau, school])
        made |= {f"{name}_region": region, f"{name}_bureau": bureau, f"{name}_school": school}
    db.session.commit()
    return made


def make_teacher(school: School, *, account: Account | None = None, **values: Any) -> Teacher:
    """Add a teacher of `school` whose national ID is `NATIONAL_ID`."""
    filled = {"teacher_number": "T0000001", "name": "单小明", "gender": Gender.MALE, "mobile": "13800001234", **values}
    number = filled.pop("national_id", NATIONAL_ID)
    teacher = Teacher(
        school=school, account=account, national_id_sealed=VAULT.seal(number), national_id_key=VAULT.key(number),
        national_id_tail=number[-4:], **filled,
    )  # fmt: skip
    db.session.add(teacher)
    db.session.commit()
    return teacher
