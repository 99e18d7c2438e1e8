"""Chapter five: the accounts to try the platform with, one per role, and one that must change its password first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.domain.terms import RoleName
from app.extensions import db
from app.models import Account, Bureau, Institution, LoginName, Role, School, Teacher
from app.security.passwords import hash_password
from app.services.demo.making import Making

PASSWORD = "Demo-2026"  # printed with every demo account
FIRST_PASSWORD = "Start-1234"  # of the account that shows the forced first change
FIRST_SIGN_IN = "-first-sign-in"  # behind the role of that account, so that every role names one ready account
R = RoleName
HANGZHOU, XIHU, QINGYUAN = "B330100", "B330106", "B331126"
DEMO_INSTITUTION, DEMO_SCHOOL, FAR_SCHOOL = "J0003", "330106001", "331126001"


@dataclass(frozen=True, slots=True)
class Part:
    """An account of the demo: its role, user name, person, and the code of the organisation it stands at."""

    role: RoleName
    username: str
    name: str = ""
    bureau: str | None = None
    institution: str | None = None
    school: str | None = None
    teaches_at: str | None = None
    first: bool = False


CAST = (
    Part(R.SYSTEM_ADMIN, "admin", "系统管理员"),
    Part(R.SECURITY_ADMIN, "security", "安全管理员"),
    Part(R.AUDIT_ADMIN, "auditor", "审计管理员"),
    Part(R.PROVINCIAL_ADMIN, "province", "林省厅", bureau="B330000"),
    Part(R.CITY_ADMIN, "hangzhou", "沈杭州", bureau=HANGZHOU),
    Part(R.COUNTY_ADMIN, "xihu", "陆西湖", bureau=XIHU),
    Part(R.COUNTY_ADMIN, "qingyuan", "吴庆元", bureau=QINGYUAN),
    Part(R.BUREAU_REVIEWER, "reviewer", "方审核", bureau=HANGZHOU),
    Part(R.EXPERT_REVIEWER, "expert", "顾专家"),
    Part(R.INSTITUTION_ADMIN, "institution", "钱机构", institution=DEMO_INSTITUTION),
    Part(R.INSTITUTION_OPERATOR, "operator", "周操作", institution=DEMO_INSTITUTION),
    Part(R.SCHOOL_ADMIN, "school", "汪学校", school=DEMO_SCHOOL),
    Part(R.SCHOOL_SYSTEM_ADMIN, "school-system", "严系统", school=DEMO_SCHOOL),
    Part(R.SCHOOL_INFORMATION_ADMIN, "school-info", "金信息", school=DEMO_SCHOOL),
    Part(R.SCHOOL_TRAINING_ADMIN, "school-training", "戴培训", school=DEMO_SCHOOL),
    Part(R.SCHOOL_INQUIRER, "school-query", "莫查询", school=DEMO_SCHOOL),
    Part(R.TEACHER, "teacher", teaches_at=DEMO_SCHOOL),
    Part(R.NON_TEACHER, "lecturer", "孔讲师"),
    Part(R.SCHOOL_ADMIN, "newschool", "新学校", school=FAR_SCHOOL, first=True),
)


def load(_making: Making) -> None:
    """Add the accounts."""
    hashes = {False: hash_password(PASSWORD), True: hash_password(FIRST_PASSWORD)}
    roles = {role.name: role for role in db.session.scalars(select(Role))}
    for part in CAST:
        teacher = _teacher_at(part.teaches_at) if part.teaches_at else None
        account = Account(
            username=part.username,
            last_name=teacher.name if teacher else part.name,
            first_name="",
            email=f"{part.username}@noemail.invalid",
            active=True,
            password=hashes[part.first],
            must_change_password=part.first,
            roles=[roles[part.role.value]],
            bureau=_coded(Bureau, part.bureau),
            institution=_coded(Institution, part.institution),
            school=_coded(School, part.school),
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
    db.session.flush()


def _teacher_at(school_code: str) -> Teacher:
    """Return a teacher of the school whose record is without fault."""
    wanted = (
        select(Teacher)
        .join(School)
        .where(School.code == school_code, Teacher.account_id.is_(None))
        .where(Teacher.subject_id.is_not(None), Teacher.mobile.is_not(None))
    )
    found: Teacher = db.session.scalars(wanted.order_by(Teacher.id).limit(1)).one()
    return found


def _coded(model: type[Any], code: str | None) -> Any:
    return db.session.scalars(select(model).where(model.code == code)).one() if code else None


def accounts() -> list[dict[str, str]]:
    """Return the demo's accounts that still exist: role, user name, password, organisation."""
    present = {account.username: account for account in db.session.scalars(select(Account))}
    return [_told(part, present[part.username]) for part in CAST if part.username in present]


def _told(part: Part, account: Account) -> dict[str, str]:
    teaches_at = account.teacher.school if account.teacher else None
    return {
        "role": part.role.value + (FIRST_SIGN_IN if part.first else ""),
        "username": account.username,
        "password": FIRST_PASSWORD if part.first else PASSWORD,
        "organisation": str(account.bureau or account.institution or account.school or teaches_at or ""),
    }
