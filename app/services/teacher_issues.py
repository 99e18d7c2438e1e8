"""Conditions on teachers that lists, the grid, the board of data quality and the statistics share (TCH-9, TCH-11)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from app.domain.clock import day_start, today
from app.domain.identity import parse_national_id
from app.domain.terms import AgeBand, RegionLevel, TeacherIssue, TeacherStatus
from app.extensions import db
from app.models import FAULTY, Teacher, Transition
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.scope import visible_clause
from app.services.unit import transaction

Clause = ColumnElement[bool]
# The column that is empty; what a complete record holds (TCH-1).
MISSING: Mapping[TeacherIssue, Any] = {
    TeacherIssue.NO_ID: Teacher.national_id_key,
    TeacherIssue.NO_BIRTH_DATE: Teacher.birth_date,
    TeacherIssue.NO_MOBILE: Teacher.mobile,
    TeacherIssue.NO_STAGE: Teacher.stage_id,
    TeacherIssue.NO_SUBJECT: Teacher.subject_id,
    TeacherIssue.NO_POST: Teacher.post_category_id,
    TeacherIssue.NO_TITLE: Teacher.title_id,
}
AT_WORK = (TeacherStatus.EMPLOYED, TeacherStatus.SECONDED)
A_YEAR = timedelta(days=365)
# From which age on, the youngest first.
AGES = (
    (0, AgeBand.UNDER_30),
    (30, AgeBand.FROM_30),
    (40, AgeBand.FROM_40),
    (50, AgeBand.FROM_50),
    (55, AgeBand.FROM_55),
)
CHUNK = 2000


def on_record(actor: Actor) -> Clause:
    """Return the condition that leaves the teachers the actor sees, deleted ones for nobody (TCH-12).

    The system administrator sees every row, so that whoever counts or lists teachers has to leave those out.
    """
    return and_(Teacher.deleted_at.is_(None), visible_clause(Teacher, actor))


def issue_clause(issue: TeacherIssue, actor: Actor) -> Clause:
    """Return the condition on `Teacher` that leaves the records with this fault.

    Who has left is no longer asked for missing fields.
    """
    if issue is TeacherIssue.SHARED_MOBILE:
        return _shared(actor)
    if issue is TeacherIssue.UNATTACHED_LONG:
        return _unattached_long()
    return and_(FAULTY, _in_the_row(issue))  # FAULTY says nothing more; it is what the index is found by


def _in_the_row(issue: TeacherIssue) -> Clause:
    """Return the condition on what stands in the row itself."""
    if issue is TeacherIssue.BIRTH_DATE_DIFFERS:
        return Teacher.birth_date != Teacher.id_birth_date
    if issue is TeacherIssue.GENDER_DIFFERS:
        return Teacher.gender != Teacher.id_gender
    columns = [MISSING[issue]] if issue in MISSING else list(MISSING.values())
    return and_(or_(*(column.is_(None) for column in columns)), Teacher.status != TeacherStatus.LEFT)


def _shared(actor: Actor) -> Clause:
    """Return the condition that somebody else, wherever, has the same mobile number.

    Each number is looked up; for the whole province all shared numbers are found once.
    """
    other = aliased(Teacher)
    if actor.region_level is not RegionLevel.PROVINCE and not actor.everything:
        same = (other.mobile == Teacher.mobile, other.id != Teacher.id, other.deleted_at.is_(None))
        return exists().where(*same).correlate(Teacher)
    present = select(other.mobile).where(other.mobile.is_not(None), other.deleted_at.is_(None))
    return Teacher.mobile.in_(present.group_by(other.mobile).having(func.count() > 1))


def _unattached_long() -> Clause:
    """Return the condition that somebody has been in the pool for over a year."""
    since = day_start(today() - A_YEAR)
    lately = exists().where(
        Transition.entity == "Teacher",
        Transition.row_id == Teacher.id,
        Transition.to_state == TeacherStatus.UNATTACHED.value,
        Transition.created_at >= since,
    )
    return and_(Teacher.status == TeacherStatus.UNATTACHED, Teacher.created_at < since, ~lately.correlate(Teacher))


# --- age


def born_by(age: int, day: date) -> date:
    """Return the last birth date of who is at least `age` years old on `day`."""
    year = day.year - age
    return day.replace(year=year) if (day.month, day.day) != (2, 29) else date(year, 2, 28)


def age_clause(band: AgeBand) -> Clause:
    """Return the condition that somebody's age lies in `band` today."""
    return Teacher.birth_date.is_(None) if band is AgeBand.UNKNOWN else age_column() == band.value


def age_column() -> ColumnElement[str]:
    """Return the age band of a teacher, worked out by the database."""
    day = today()
    oldest_first = [(Teacher.birth_date <= born_by(age, day), band.value) for age, band in reversed(AGES)]
    return case((Teacher.birth_date.is_(None), AgeBand.UNKNOWN.value), *oldest_first, else_=AgeBand.UNDER_30.value)


# --- ID numbers kept before their facts were


def read_ids(vault: Vault) -> int:
    """Keep what the ID numbers say of records written before version 0.2; return how many. Run again, it goes on."""
    done = 0
    waiting = select(Teacher.id, Teacher.national_id_sealed).where(
        Teacher.national_id_sealed.is_not(None), Teacher.id_birth_date.is_(None)
    )
    while True:
        rows = db.session.execute(waiting.order_by(Teacher.id).limit(CHUNK)).all()
        if not rows:
            return done
        with transaction():
            table: Any = Teacher.__table__
            for key, sealed in rows:
                facts = parse_national_id(vault.open(sealed) or "", field="national_id")
                values = {"id_birth_date": facts.birth_date, "id_gender": facts.gender.value}
                db.session.execute(update(table).where(table.c.id == key).values(values))
        done += len(rows)
