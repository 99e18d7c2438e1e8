"""The demo province: whole, plausible, ready to sign in, the same for the same seed, and never over real data."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.domain.calendar import is_kind_open
from app.domain.clock import frozen, now
from app.domain.identity import disagreements, is_mobile, parse_national_id
from app.domain.teacher_numbers import is_teacher_number
from app.domain.terms import AuditAction, RoleName, TeacherStatus, WindowKind
from app.models import (
    Account,
    AuditEntry,
    Batch,
    Bureau,
    InboxMessage,
    Institution,
    Region,
    RegionGrant,
    School,
    Stage,
    Teacher,
    TrainingYear,
)
from app.security.names import initials
from app.services import demo
from app.services.demo.making import LISTS, apportioned, last_noon
from app.services.permissions import restore_roles
from app.services.sign_in import sign_in
from app.web.actors import current_vault
from tests.support.databases import Database, Databases, run_flask, run_python
from tests.support.furnishing import TINY

pytestmark = pytest.mark.req("OPS-5")
DIGEST = """
import hashlib
from datetime import date
from run import app
from sqlalchemy import select
from app.models import Enrollment, School, Teacher
from app.extensions import db
from app.services import demo
from app.services.demo.making import Size
from app.security.crypto import vault
with app.app_context():
    demo.load(demo.Making(Size(210, 900, 30), {seed}, vault("k" * 32), day=date(2026, 3, 2)))
    rows = [tuple(row) for row in db.session.execute(select(
        Teacher.name, Teacher.national_id_tail, Teacher.birth_date, Teacher.subject_id, Teacher.status, School.name
    ).outerjoin(School).order_by(Teacher.id))]
    rows += [tuple(row) for row in db.session.execute(select(
        Enrollment.number, Enrollment.teacher_id, Enrollment.training_class_id, Enrollment.state, Enrollment.moved_at
    ).order_by(Enrollment.id))]
    print(hashlib.sha256(repr(rows).encode()).hexdigest())
"""


def every(db: Any, model: Any) -> list[Any]:
    return list(db.session.scalars(select(model)))


@pytest.mark.req("ORG-1", "ORG-5", "PRG-1")
def test_the_province_is_whole(province: dict[str, int], db: Any) -> None:
    assert province["Teacher"] == TINY.teachers
    assert province["School"] == TINY.schools
    assert province["Bureau"] == province["Region"] == 102
    in_county = dict(db.session.execute(select(School.region_id, func.count()).group_by(School.region_id)).all())
    assert min(in_county.values()) >= 1
    assert len(in_county) == 101
    assert {school.kind for school in every(db, School)} > {"primary", "kindergarten", "junior_middle", "senior_middle"}
    assert all(place.contact_name and place.contact_phone for place in every(db, Bureau) + every(db, Institution))
    [current] = [year.year for year in every(db, TrainingYear) if year.is_current]
    assert {year.year - current for year in every(db, TrainingYear)} == {-1, 0, 1}
    assert current == (now() + timedelta(days=45)).year  # the year of the classes that are being chosen


@pytest.mark.req("PRG-1")
def test_today_stands_in_the_middle_of_round_one(province: dict[str, int], db: Any) -> None:
    open_ones = [batch for batch in every(db, Batch) if is_kind_open(batch.windows, WindowKind.ROUND_ONE, now())]
    assert [batch.training_year.is_current for batch in open_ones] == [True]
    assert len(open_ones[0].windows) == len(WindowKind)
    assert len(open_ones[0].rounds) == 2


@pytest.mark.req("TCH-1", "OPS-3")
def test_teachers_hold_what_the_verbs_keep_in_step(province: dict[str, int], db: Any) -> None:
    vault = current_vault()
    for teacher in every(db, Teacher):
        number = vault.open(teacher.national_id_sealed)
        identity = parse_national_id(number)
        assert (teacher.national_id_key, teacher.national_id_tail) == (vault.key(number), number[-4:])
        assert teacher.name_initials == initials(teacher.name)
        assert is_teacher_number(teacher.teacher_number)
        assert teacher.mobile is None or is_mobile(teacher.mobile)
        assert (teacher.school is None) == (teacher.status in (TeacherStatus.UNATTACHED, TeacherStatus.LEFT))
        assert 22 <= (now().date() - identity.birth_date).days / 365.25 < 60


@pytest.mark.req("TCH-1")
def test_stage_grade_and_subject_of_a_teacher_fit_each_other(province: dict[str, int], db: Any) -> None:
    taught = {entry["name"]: entry["stages"] for entry in LISTS["subjects"]}
    for teacher in every(db, Teacher):
        assert teacher.grade.stage == teacher.stage
        assert teacher.school is None or teacher.stage in teacher.school.stages
        assert teacher.subject is None or teacher.stage.code in taught[teacher.subject.name]
    assert set(LISTS["stages"]) == {stage.code for stage in every(db, Stage)}


@pytest.mark.req("TCH-9")
def test_some_records_carry_the_faults_a_quality_board_is_for(province: dict[str, int], db: Any) -> None:
    vault, found = current_vault(), set()
    mobiles = [teacher.mobile for teacher in every(db, Teacher)]
    for teacher in every(db, Teacher):
        identity = parse_national_id(vault.open(teacher.national_id_sealed))
        wrong = disagreements(identity, birth_date=teacher.birth_date, gender=teacher.gender)
        found |= {problem.code for problem in wrong}
        found |= {"no_subject"} if teacher.subject is None else set()
        found |= {"no_mobile"} if teacher.mobile is None else set()
        found |= {"shared"} if teacher.mobile and mobiles.count(teacher.mobile) > 1 else set()
    assert found == {"birth_date_differs", "gender_differs", "no_subject", "no_mobile", "shared"}


@pytest.mark.req("ORG-5")
def test_a_school_counts_the_teachers_it_has(province: dict[str, int], db: Any) -> None:
    has = dict(db.session.execute(select(Teacher.school_id, func.count()).group_by(Teacher.school_id)).all())
    assert {school.id: school.staff_count for school in every(db, School)} == {k: n for k, n in has.items() if k}


@pytest.mark.req("ACC-1", "ACC-4")
def test_every_role_has_an_account_that_signs_in_and_one_must_change_its_password(
    province: dict[str, int], db: Any
) -> None:
    told = demo.accounts()
    signed_in = {row["role"]: sign_in(row["username"], row["password"], vault=current_vault()) for row in told}
    first = signed_in.pop("school_admin-first-sign-in")
    assert first.must_change_password
    assert set(signed_in) == {role.value for role in RoleName}
    assert not any(account.must_change_password for account in signed_in.values())
    assert all({role.name for role in account.roles} == {name} for name, account in signed_in.items())
    assert signed_in["teacher"].teacher.school == signed_in["school_admin"].school


@pytest.mark.parametrize(
    ("moment", "day"),
    [("2026-03-02T00:07", 1), ("2026-03-02T11:59:59", 1), ("2026-03-02T12:00", 2), ("2026-03-02T23:59", 2)],
)
def test_a_demo_loaded_in_the_morning_stands_at_the_noon_before(moment: str, day: int) -> None:
    with frozen(datetime.fromisoformat(moment)):
        assert last_noon() == date(2026, 3, day)


@pytest.mark.req("ORG-4", "OPS-2")
def test_there_is_a_past_with_dates_and_people(province: dict[str, int], db: Any) -> None:
    grants = every(db, RegionGrant)
    assert any(grant.revoked_at and grant.reason for grant in grants)
    assert any(grant.valid_to for grant in grants)
    assert any(grant.valid_to is None and grant.revoked_at is None for grant in grants)
    granted = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.GRANT)).all()
    assert len(granted) == len(grants)
    assert all(entry.created_at < now() and entry.account.username == "province" for entry in granted)
    assert {message.account.username for message in every(db, InboxMessage)} >= {"teacher", "school", "province"}


@pytest.mark.database("sqlite")
def test_the_same_seed_makes_the_same_province(databases: Databases, database_kind: str) -> None:
    digests = []
    for seed in (1, 1, 2):
        made = databases.fresh(database_kind)
        digests.append(run_python(DIGEST.format(seed=seed), made).strip().splitlines()[-1])
        databases.drop(made)
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.database("postgresql")  # on SQLite: tests/journeys/test_first_hour.py
def test_the_command_loads_once_and_a_second_start_keeps_what_was_entered(fresh_database: Database) -> None:
    assert "3,000 Teacher" in run_flask(fresh_database, "demo", "load")
    rename = "db.session.scalars(select(School)).first().name = 'entered'; db.session.commit()"
    head = "from run import app\nfrom sqlalchemy import select\nfrom app.models import School, Teacher\n"
    head += "from app.extensions import db\n"
    run_python(f"{head}with app.app_context(): {rename}", fresh_database)
    assert run_flask(fresh_database, "demo", "load", "--if-empty") == ""
    count = "print(db.session.query(Teacher).count(), db.session.query(School).filter_by(name='entered').count())"
    assert run_python(f"{head}with app.app_context(): {count}", fresh_database).split()[-2:] == ["3000", "1"]
    told = json.loads(run_flask(fresh_database, "demo", "accounts", "--json"))
    assert all(set(row) == {"role", "username", "password", "organisation"} for row in told)


@pytest.mark.parametrize("entered", ["account", "organisation"])
def test_a_database_that_holds_data_is_refused_and_stays_as_it_is(
    app: Flask, db: Any, entered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore_roles()
    if entered == "account":
        row = Account(username="real", last_name="真", first_name="", email="real@noemail.invalid", active=True)
    else:
        region = Region(code="330000", name="浙江省", level="province", path="/330000/")
        row = Bureau(code="B1", name="真实教育厅", region=region)
    db.session.add(row)
    db.session.commit()
    answer = app.test_cli_runner().invoke(args=["demo", "load"])
    assert answer.exit_code == 1
    assert "The database is not empty" in answer.output
    assert db.session.scalar(select(func.count()).select_from(Teacher)) == 0
    assert app.test_cli_runner().invoke(args=["demo", "load", "--if-empty"]).exit_code == 0
    assert db.session.scalar(select(func.count()).select_from(Teacher)) == 0


def test_production_takes_no_demo(app: Flask, db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.config["SETTINGS"], "ENVIRONMENT", "production")
    answer = app.test_cli_runner().invoke(args=["demo", "load"])
    assert (answer.exit_code, "production" in answer.output) == (1, True)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [(10, [1.0, 1.0], [5, 5]), (10, [1.0, 3.0], [3, 7]), (3, [9.0, 1.0, 1.0], [1, 1, 1]), (1, [1.0, 1.0], [1, 0])],
)
def test_a_number_is_apportioned_without_remainder(total: int, weights: list[float], parts: list[int]) -> None:
    assert apportioned(total, weights) == parts
