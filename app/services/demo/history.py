"""Chapter six: what has happened before, by the platform's own verbs: grants, parameters, corrections; messages, jobs.

The clock stands at the moment each thing was done, so the audit tells it as it would have been.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from app.domain.clock import SHANGHAI, frozen
from app.domain.terms import JobState, MessageKind
from app.domain.text import N_
from app.extensions import db
from app.models import Account, BackgroundJob, InboxMessage, Institution, Region, RegionGrant, School
from app.security.actor import Actor
from app.security.people import actor_of
from app.services import grants, parameters, records
from app.services.demo.cast import DEMO_SCHOOL
from app.services.demo.making import LISTS, Making
from app.services.unit import transaction

OFFICE_HOUR = time(9, 30)
NOTICES = (
    (
        "teacher",
        N_("Round one is open: choose your classes before it closes."),
        MessageKind.SYSTEM,
        "CataloguePage.index",
        4,
    ),
    ("school", N_("Enrollments of your teachers wait for your review."), MessageKind.TASK, "SchoolInboxPage.index", 3),
    (
        "school",
        N_("Some records of your teachers are incomplete; please complete them."),
        MessageKind.TASK,
        "TeacherView.list",
        12,
    ),
    ("institution", N_("Your region grants of this year are in force."), MessageKind.SYSTEM, "GrantPage.index", 90),
    ("hangzhou", N_("The review window of this batch has closed."), MessageKind.SYSTEM, "HomeView.index", 18),
    ("province", N_("The windows of this year have been published."), MessageKind.SYSTEM, "HomeView.index", 120),
)


def load(making: Making) -> None:
    """Let the past happen, the oldest first."""
    first = date(making.day.year, 1, 1)
    _at(first - timedelta(days=365 - 10), lambda: _grant_all(first.year - 1, ends=True))
    _at(first - timedelta(days=12), lambda: _grant_all(first.year, ends=False))
    _at(first - timedelta(days=5), _set_parameters)
    _at(making.day - timedelta(days=40), _revoke_one)
    _at(making.day - timedelta(days=30), _correct_schools)
    _messages(making)
    _jobs(making)


def _at(day: date, act: Callable[[], None]) -> None:
    with frozen(datetime.combine(day, OFFICE_HOUR, SHANGHAI)):
        act()


def _acting(username: str) -> Actor:
    return actor_of(db.session.scalars(select(Account).where(Account.username == username)).one())


def _grant_all(year: int, *, ends: bool) -> None:
    """Grant every institution its regions for a year: its own, or those the list names."""
    named = {entry["name"]: entry["grants"] for entry in LISTS["institutions"]}
    by_code = {region.code: region.id for region in db.session.scalars(select(Region))}
    wanted: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for place in db.session.scalars(select(Institution)):
        regions = [by_code[code] for code in named.get(place.name, ())] or [place.region_id]
        wanted[tuple(regions)].append(place.id)
    last_day = date(year, 12, 31) if ends else None
    for region_ids, institution_ids in wanted.items():
        grants.grant(
            institution_ids, region_ids, valid_from=date(year, 1, 1), valid_to=last_day, reason=f"{year}年度地区授权",
            actor=_acting("province"),
        )  # fmt: skip


def _set_parameters() -> None:
    for name, value, reason in (
        ("hours_cap", "90", "按省规定"),
        ("session_idle_minutes", "90", "校园网不稳定，延长闲置时间"),
    ):
        parameters.set_parameter(name, value, actor=_acting("province"), reason=reason)


def _revoke_one() -> None:
    """Take one further region away from an institution that has several."""
    several = (
        select(RegionGrant.id)
        .join(Institution)
        .join(Region, Region.id == RegionGrant.region_id)
        .where(Institution.name == LISTS["institutions"][1]["name"], Region.code == "330600")
        .where(RegionGrant.valid_to.is_(None), RegionGrant.revoked_at.is_(None))
    )
    grants.revoke(db.session.scalars(several).one(), "该地区改由本地机构承担", actor=_acting("province"))


def _correct_schools() -> None:
    county = _acting("xihu")
    codes = [DEMO_SCHOOL, f"{DEMO_SCHOOL[:-1]}2", f"{DEMO_SCHOOL[:-1]}3"]
    for number, school in enumerate(db.session.scalars(select(School).where(School.code.in_(codes))).all(), 1):
        values = {"contact_phone": f"0571-0{number:07d}"}
        records.update(School, school.id, values, actor=county, reason="学校更换联系电话")


def _messages(making: Making) -> None:
    with transaction():
        for username, msgid, kind, endpoint, days_ago in NOTICES:
            sent = datetime.combine(making.day - timedelta(days=days_ago), OFFICE_HOUR, SHANGHAI)
            account_id = db.session.scalars(select(Account.id).where(Account.username == username)).one()
            message = InboxMessage(account_id=account_id, kind=kind, msgid=msgid, params={}, endpoint=endpoint)
            message.created_at = message.updated_at = sent
            db.session.add(message)


def _jobs(making: Making) -> None:
    """Add a finished and a stopped export of the province and of the demo's institution."""
    ended = datetime.combine(making.day - timedelta(days=9), OFFICE_HOUR, SHANGHAI)
    with transaction():
        for username, title, total, state in (
            ("province", "导出：学校", making.size.schools, JobState.DONE),
            ("province", "导出：教师", making.size.teachers, JobState.CANCELLED),
        ):
            account_id = db.session.scalars(select(Account.id).where(Account.username == username)).one()
            done = total if state is JobState.DONE else total // 3
            db.session.add(BackgroundJob(
                account_id=account_id, kind="export", title=title, state=state, total=total, done=done,
                started_at=ended - timedelta(seconds=40), finished_at=ended, created_at=ended, updated_at=ended,
            ))  # fmt: skip
