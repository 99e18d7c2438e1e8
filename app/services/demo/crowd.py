"""The teachers of the demo as those who enroll: by region and stage, with their school and bureau."""

from __future__ import annotations

import random
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from app.domain.regions import ancestors
from app.domain.terms import Checkpoint, TeacherStatus
from app.extensions import db
from app.models import Account, Bureau, Region, School, Teacher

LAST = "\uffff"  # sorts behind every letter of a path


@dataclass(frozen=True, slots=True)
class Place:
    """A school: key, name, and the bureaus above it by level, the nearest first."""

    id: int
    name: str
    bureaus: tuple[tuple[int, str], ...]

    def checkpoint(self, level: Checkpoint) -> tuple[int, str]:
        """Return key and name of the bureau that approves at this checkpoint."""
        return self.bureaus[{Checkpoint.COUNTY: 0, Checkpoint.CITY: -2}.get(level, -1)]


class Crowd:
    """Everybody who may enroll; a person is a number from 0."""

    def __init__(self) -> None:
        """Read the teachers at schools, in the order of regions."""
        self.places = _places()
        self.ids, self.schools, self.stages = array("l"), array("l"), array("l")
        self._by_stage: dict[int | None, tuple[list[str], array[int]]] = {None: ([], array("l"))}
        wanted = (
            select(Teacher.id, Teacher.school_id, Teacher.stage_id, Region.path)
            .join(School, School.id == Teacher.school_id).join(Region, Region.id == School.region_id)
            .where(Teacher.status.in_([TeacherStatus.EMPLOYED, TeacherStatus.SECONDED]), Teacher.deleted_at.is_(None))
            .order_by(Region.path, Teacher.id)
        )  # fmt: skip
        for person, (key, school_id, stage_id, path) in enumerate(db.session.execute(wanted)):
            self.ids.append(key)
            self.schools.append(school_id)
            self.stages.append(stage_id)
            for group in (stage_id, None):
                paths, members = self._by_stage.setdefault(group, ([], array("l")))
                paths.append(path)
                members.append(person)

    def place(self, person: int) -> Place:
        """Return the school of a person."""
        return self.places[self.schools[person]]

    def person_of(self, username: str) -> int:
        """Return the person whose account is `username`."""
        wanted = select(Teacher.id).join(Account, Account.id == Teacher.account_id).where(Account.username == username)
        return self.ids.index(db.session.scalars(wanted).one())

    def stage_of(self, person: int) -> int:
        """Return the key of the stage a person teaches."""
        return self.stages[person]

    def some(self, path: str, stage_id: int | None, most: int, dice: random.Random) -> Iterator[int]:
        """Yield people of a region and stage in random order, `most` at the most, nobody twice."""
        paths, members = self._by_stage.get(stage_id, ([], array("l")))
        low, high = bisect_left(paths, path), bisect_left(paths, path + LAST)
        for position in dice.sample(range(low, high), min(most, high - low)):
            yield members[position]


def _places() -> dict[int, Place]:
    bureaus = {
        path: (key, name)
        for key, name, path in db.session.execute(
            select(Bureau.id, Bureau.name, Region.path).join(Region, Region.id == Bureau.region_id)
        )
    }
    wanted = select(School.id, School.name, Region.path).join(Region, Region.id == School.region_id)
    return {
        key: Place(key, name, tuple(bureaus[up] for up in ancestors(path) if up in bureaus))
        for key, name, path in db.session.execute(wanted)
    }
