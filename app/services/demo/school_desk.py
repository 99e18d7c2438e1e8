"""Chapter eleven: what lies on the desk of the demo's school, by the platform's verbs (TCH-3, TCH-7, ACC-5).

Accounts that were handed out, changes teachers ask for, people who come and go.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from app.domain.clock import SHANGHAI, frozen
from app.domain.terms import TeacherStatus, TransferKind
from app.extensions import db
from app.models import Account, ProfessionalTitle, School, Teacher
from app.security.actor import Actor
from app.security.people import actor_of
from app.services import change_requests, transfers
from app.services.account_batches import create_teacher_accounts
from app.services.demo.cast import DEMO_SCHOOL, FAR_SCHOOL
from app.services.demo.making import Making
from app.services.transfer_search import handle_of
from app.services.transfers import TransferOrder

ACCOUNTS = 8  # teachers of the school who have got an account and not signed in yet
OFFICE = time(10, 30)
SCHOOL, FAR_BUREAU = "school", "qingyuan"
K = TransferKind


def load(making: Making) -> None:
    """Let the last days happen."""
    _Desk(making).play()


class _Desk:
    """The school's last days; each person takes part in one thing."""

    def __init__(self, making: Making) -> None:
        self.making, self.vault = making, making.vault
        self.own, self.far = _school(DEMO_SCHOOL), _school(FAR_SCHOOL)
        self.staff = iter(_free_people(self.own))
        self.colleagues = [next(self.staff) for _ in range(ACCOUNTS)]

    def play(self) -> None:
        self._on(-6, self._accounts)
        self._on(-5, lambda: self._transfer(SCHOOL, K.TRANSFER_OUT, reason="离岗创业，档案转入自由人。"))
        self._on(-4, lambda: self._transfer(SCHOOL, K.TRANSFER_OUT, self.far, reason="夫妻两地，申请调往庆元。"))
        self._on(-3, self._asked_by_the_far_school)
        self._on(-3, self._asked_for)
        self._on(-2, self._secondment)
        self._on(-2, self._changes)

    # --- scenes

    def _accounts(self) -> None:
        keys = [person.id for person in self.colleagues]
        create_teacher_accounts(keys, actor=_acting(SCHOOL), vault=self.vault)

    def _changes(self) -> None:
        """Ask for a new title, a name as on the ID card, a mail address: each by another teacher."""
        titles = [
            row.name for row in db.session.scalars(select(ProfessionalTitle).order_by(ProfessionalTitle.position))
        ]
        first, second, third = self.colleagues[:3]
        present = first.title.name if first.title else ""
        for person, given, note in (
            (first, {"title": next(name for name in titles if name != present)}, "本学期评聘通过，聘书已交人事。"),
            (second, {"name": f"{second.name[0]}{second.name[-1]}宁"}, "身份证已更名，原件可查验。"),
            (third, {"email": "san.jiaoshi@mail.invalid"}, "原邮箱停用。"),
        ):
            account = db.session.scalars(select(Account).join(Teacher).where(Teacher.id == person.id)).one()
            change_requests.file(given, note, actor=actor_of(account), vault=self.vault)

    def _asked_by_the_far_school(self) -> None:
        """Another school asks for one of this school's teachers: the school decides."""
        self._transfer(FAR_BUREAU, K.TRANSFER_IN, self.far, reason="县里引进骨干教师。")

    def _asked_for(self) -> None:
        """The school asks for a teacher of the far school, which decides."""
        person = next(iter(_free_people(self.far)), None)
        if person is not None:
            self._transfer(SCHOOL, K.TRANSFER_IN, self.own, person=person, reason="本校缺编，双方已商定。")

    def _secondment(self) -> None:
        first = self.making.day + timedelta(days=20)
        self._transfer(
            SCHOOL, K.SECONDMENT, self.far, reason="城乡教师交流轮岗一学期。", starts_on=first,
            ends_on=first + timedelta(days=150),
        )  # fmt: skip

    # --- acts

    def _transfer(
        self, username: str, kind: TransferKind, to: School | None = None, *, person: Teacher | None = None, **more: Any
    ) -> None:
        actor, who = _acting(username), person or next(self.staff)
        known = str(who.id) if kind is not K.TRANSFER_IN else handle_of(who.id, actor, self.vault)
        order = TransferOrder(kind, known, to.code if to is not None else None, **more)
        transfers.start(order, actor=actor, vault=self.vault)

    def _on(self, day: int, act: Callable[[], None]) -> None:
        with frozen(datetime.combine(self.making.day + timedelta(days=day), OFFICE, SHANGHAI)):
            act()


def _free_people(school: School) -> list[Teacher]:
    """Return the teachers at work in a school who have no account yet, the last entered first."""
    at_work = (Teacher.school_id == school.id, Teacher.status == TeacherStatus.EMPLOYED, Teacher.account_id.is_(None))
    return list(db.session.scalars(select(Teacher).where(*at_work).order_by(Teacher.id.desc())))


def _school(code: str) -> School:
    found: School = db.session.scalars(select(School).where(School.code == code)).one()
    return found


def _acting(username: str) -> Actor:
    return actor_of(db.session.scalars(select(Account).where(Account.username == username)).one())
