"""The demo province: real regions, invented people and organisations, the same for the same seed.

Every person here is made up; the ID numbers have valid check digits and belong to nobody known.
"""

from __future__ import annotations

import random
import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from app.domain.clock import SHANGHAI, now
from app.domain.identity import check_character
from app.domain.teacher_numbers import make_teacher_number
from app.domain.terms import Gender, RegionLevel, RoleName, RoundKind, SchoolKind, WindowKind
from app.extensions import db
from app.models import (
    Account,
    Batch,
    BatchWindow,
    Bureau,
    EnrollmentRound,
    Grade,
    Institution,
    LoginName,
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
from app.security.crypto import Vault
from app.security.passwords import hash_password
from app.services.regions import import_regions, read_rows
from app.services.unit import transaction

PASSWORD = "Demo-2026"  # printed with every demo account
FIRST_PASSWORD = "Start-1234"  # of the account that shows the forced first change
SCHOOLS_PER_COUNTY, TEACHERS_PER_SCHOOL = 2, 16

LISTS = tomllib.loads((Path(__file__).resolve().parents[1] / "data" / "demo.toml").read_text(encoding="utf-8"))
FAMILY: str = LISTS["family_names"].replace("\n", "")
GIVEN: str = LISTS["given_names"].replace("\n", "")
KINDS = (("中心小学", SchoolKind.PRIMARY, ("PRI",)), ("实验中学", SchoolKind.JUNIOR_MIDDLE, ("JUN",)),
         ("第一中学", SchoolKind.SENIOR_MIDDLE, ("SEN",)), ("中心幼儿园", SchoolKind.KINDERGARTEN, ("PRE",)),
         ("九年一贯制学校", SchoolKind.NINE_YEAR, ("PRI", "JUN")))  # fmt: skip
STEPS = ((WindowKind.DECLARATION, -60, 20), (WindowKind.REVIEW, -39, 20), (WindowKind.ROUND_ONE, -4, 8),
         (WindowKind.ROUND_ONE_SCHOOL, 5, 5), (WindowKind.ADJUSTMENT, 11, 7), (WindowKind.ROUND_TWO, 19, 5),
         (WindowKind.ROUND_TWO_SCHOOL, 25, 3), (WindowKind.SECOND_ADJUSTMENT, 29, 5))  # fmt: skip


def is_empty() -> bool:
    """Tell whether nothing has been entered yet."""
    return not db.session.scalar(select(func.count()).select_from(Region))


def load(seed: int, vault: Vault) -> dict[str, int]:
    """Fill the database; return what was made. All or nothing, but for the region tree."""
    dice = random.Random(seed)
    import_regions(read_rows())
    with transaction():
        _reference_lists()
        _organisations(dice)
        _calendar()
        _teachers(dice, vault)
        _accounts(vault)
    made = (Region, Bureau, Institution, School, Teacher, Account)
    return {str(m.__tablename__): db.session.scalar(select(func.count()).select_from(m)) or 0 for m in made}


def _reference_lists() -> None:
    stages = {code: Stage(code=code, name=name, position=i) for i, (code, name) in enumerate(LISTS["stages"].items())}
    db.session.add_all(stages.values())
    for model, names, prefix in (
        (Subject, "subjects", "S"),
        (ProfessionalTitle, "titles", "T"),
        (PostCategory, "posts", "P"),
    ):
        db.session.add_all(
            model(code=f"{prefix}{i:02d}", name=name, position=i) for i, name in enumerate(LISTS[names], 1)
        )
    number = 0
    for code, grades in LISTS["grades"].items():
        for name in grades:
            number += 1
            db.session.add(Grade(code=f"G{number:02d}", name=name, position=number, stage=stages[code]))
    db.session.flush()


def _organisations(dice: random.Random) -> None:
    regions = {region.code: region for region in db.session.scalars(select(Region))}
    stages = {stage.code: stage for stage in db.session.scalars(select(Stage))}
    for region in regions.values():
        name = "浙江省教育厅" if region.level is RegionLevel.PROVINCE else f"{region.name}教育局"
        db.session.add(Bureau(code=f"B{region.code}", name=name, region=region, contact_name=_name(dice),
                              contact_phone=f"0571-8{dice.randrange(1000000, 9999999)}"))  # fmt: skip
        if region.level is RegionLevel.COUNTY:
            _schools(dice, region, stages)
    for number, (name, code) in enumerate(LISTS["institutions"].items(), 1):
        place = Institution(code=f"J{number:04d}", name=name, region=regions[code], contact_name=_name(dice))
        db.session.add(place)
        start = date(now().year, 1, 1)
        db.session.add(RegionGrant(institution=place, region=regions[code], valid_from=start, reason="年度授权"))
    db.session.flush()


def _schools(dice: random.Random, region: Region, stages: dict[str, Stage]) -> None:
    for number, (name, kind, codes) in enumerate(dice.sample(KINDS, SCHOOLS_PER_COUNTY), 1):
        db.session.add(School(code=f"{region.code}{number:03d}", name=f"{region.name}{name}", region=region, kind=kind,
                              stages=[stages[c] for c in codes], contact_name=_name(dice),
                              staff_count=TEACHERS_PER_SCHOOL))  # fmt: skip


def _calendar() -> None:
    today = now().astimezone(SHANGHAI)
    year = TrainingYear(year=today.year, name=f"{today.year}年度", starts_on=date(today.year, 1, 1),
                        ends_on=date(today.year, 12, 31), is_current=True)  # fmt: skip
    batch = Batch(training_year=year, sequence=1, name="第一批")
    db.session.add_all([year, batch, *(EnrollmentRound(batch=batch, kind=kind) for kind in RoundKind)])
    for kind, offset, days in STEPS:
        opens = datetime.combine(today.date() + timedelta(days=offset), datetime.min.time(), SHANGHAI).replace(hour=8)
        closes = (opens + timedelta(days=days)).replace(hour=17)
        db.session.add(BatchWindow(batch=batch, kind=kind, opens_at=opens, closes_at=closes))
    db.session.flush()


def _name(dice: random.Random) -> str:
    return dice.choice(FAMILY) + "".join(dice.sample(GIVEN, dice.choice((1, 2, 2))))


def _teachers(dice: random.Random, vault: Vault) -> None:
    from app.security.names import initials

    schools = db.session.execute(select(School).order_by(School.code)).scalars().all()
    lists: dict[type[Any], list[int]] = {
        m: list(db.session.scalars(select(m.id))) for m in (Subject, PostCategory, ProfessionalTitle)
    }
    rows: list[dict[str, Any]] = []
    for school in schools:
        for _number in range(TEACHERS_PER_SCHOOL):
            name, person = _name(dice), _identity(dice, school.code[:6], len(rows))
            rows.append(
                {
                    **person_values(person, vault),
                    "name": name,
                    "name_initials": initials(name),
                    "teacher_number": make_teacher_number(province="33", year=2026, running=len(rows) + 1),
                    "school_id": school.id,
                    "stage_id": dice.choice(school.stages).id,
                    "subject_id": dice.choice(lists[Subject]),
                    "post_category_id": dice.choice(lists[PostCategory]),
                    "title_id": dice.choice(lists[ProfessionalTitle]),
                    "mobile": f"199{dice.randrange(10**7, 10**8)}",
                    "status": "employed",
                }
            )
    db.session.execute(insert(Teacher), rows)


def _identity(dice: random.Random, region_code: str, number: int) -> tuple[str, date, Gender]:
    """Return an invented ID number with a right check digit, and the birth date and gender it tells."""
    born = date(1965, 1, 1) + timedelta(days=dice.randrange(13_000))
    order = number % 1000
    body = f"{region_code}{born:%Y%m%d}{order:03d}"
    return body + check_character(body), born, Gender.MALE if order % 2 else Gender.FEMALE


def person_values(person: tuple[str, date, Gender], vault: Vault) -> dict[str, Any]:
    """Return the columns that keep an ID number sealed, findable and checkable (OPS-3)."""
    number, born, gender = person
    return {
        "national_id_sealed": vault.seal(number),
        "national_id_key": vault.key(number),
        "national_id_tail": number[-4:],
        "birth_date": born,
        "gender": gender,
    }


def _cast() -> list[dict[str, Any]]:
    """Return the accounts of the demo: one per role, and one that must change its password first."""
    R = RoleName  # noqa: N806
    hangzhou, xihu, qingyuan = "B330100", "B330106", "B331126"
    return [
        {"role": R.SYSTEM_ADMIN, "username": "admin", "name": "系统管理员"},
        {"role": R.SECURITY_ADMIN, "username": "security", "name": "安全管理员"},
        {"role": R.AUDIT_ADMIN, "username": "auditor", "name": "审计管理员"},
        {"role": R.PROVINCIAL_ADMIN, "username": "province", "name": "林省厅", "bureau": "B330000"},
        {"role": R.CITY_ADMIN, "username": "hangzhou", "name": "沈杭州", "bureau": hangzhou},
        {"role": R.COUNTY_ADMIN, "username": "xihu", "name": "陆西湖", "bureau": xihu},
        {"role": R.COUNTY_ADMIN, "username": "qingyuan", "name": "吴庆元", "bureau": qingyuan},
        {"role": R.BUREAU_REVIEWER, "username": "reviewer", "name": "方审核", "bureau": hangzhou},
        {"role": R.EXPERT_REVIEWER, "username": "expert", "name": "顾专家"},
        {"role": R.INSTITUTION_ADMIN, "username": "institution", "name": "钱机构", "institution": "J0003"},
        {"role": R.INSTITUTION_OPERATOR, "username": "operator", "name": "周操作", "institution": "J0003"},
        {"role": R.SCHOOL_ADMIN, "username": "school", "name": "汪学校", "school": "330106001"},
        {"role": R.SCHOOL_SYSTEM_ADMIN, "username": "school-system", "name": "严系统", "school": "330106001"},
        {"role": R.SCHOOL_INFORMATION_ADMIN, "username": "school-info", "name": "金信息", "school": "330106001"},
        {"role": R.SCHOOL_TRAINING_ADMIN, "username": "school-training", "name": "戴培训", "school": "330106001"},
        {"role": R.SCHOOL_INQUIRER, "username": "school-query", "name": "莫查询", "school": "330106001"},
        {"role": R.TEACHER, "username": "teacher", "name": "", "teaches_at": "330106001"},
        {"role": R.NON_TEACHER, "username": "lecturer", "name": "孔讲师"},
        {"role": R.SCHOOL_ADMIN, "username": "newschool", "name": "新学校", "school": "331126001", "first": True},
    ]


def _accounts(vault: Vault) -> None:
    password, first = hash_password(PASSWORD), hash_password(FIRST_PASSWORD)
    roles = {role.name: role for role in db.session.scalars(select(Role))}
    for entry in _cast():
        teacher = _free_teacher(entry.get("teaches_at"))
        account = Account(
            username=entry["username"],
            last_name=entry["name"] or (teacher.name if teacher else ""),
            first_name="",
            email=f"{entry['username']}@noemail.invalid",
            active=True,
            password=first if entry.get("first") else password,
            must_change_password=bool(entry.get("first")),
            roles=[roles[entry["role"].value]],
            bureau_id=_id(Bureau, entry.get("bureau")),
            institution_id=_id(Institution, entry.get("institution")),
            school_id=_id(School, entry.get("school")),
        )
        db.session.add(account)
        db.session.flush()
        _sign_in_names(account, teacher)


def _sign_in_names(account: Account, teacher: Teacher | None) -> None:
    names = [account.username.upper()]
    if teacher is not None:
        teacher.account_id = account.id
        names += [teacher.teacher_number, teacher.national_id_key or ""]
    db.session.add_all(LoginName(name=name, account_id=account.id) for name in names if name)


def _free_teacher(school_code: str | None) -> Teacher | None:
    if school_code is None:
        return None
    wanted = select(Teacher).join(School).where(School.code == school_code, Teacher.account_id.is_(None))
    found: Teacher | None = db.session.scalars(wanted.order_by(Teacher.id)).first()
    return found


def _id(model: type[Any], code: str | None) -> int | None:
    return db.session.scalar(select(model.id).where(model.code == code)) if code else None


def accounts() -> list[dict[str, str]]:
    """Return the demo's accounts that still exist: role, user name, password, organisation."""
    present = {account.username: account for account in db.session.scalars(select(Account))}
    rows = []
    for entry in _cast():
        account = present.get(entry["username"])
        if account is not None:
            place = account.bureau or account.institution or account.school
            teaches = account.teacher.school if account.teacher else None
            rows.append({"role": entry["role"].value + ("-first-sign-in" if entry.get("first") else ""),
                         "username": account.username, "password": FIRST_PASSWORD if entry.get("first") else PASSWORD,
                         "organisation": str(place or teaches or "")})  # fmt: skip
    return rows
