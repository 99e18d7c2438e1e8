"""Chapter four: the teachers, in bulk: a whole province in minutes.

A few of them carry the faults a quality board is for (TCH-9): a missing subject or mobile number, a shared number, a
birth date or gender the ID number contradicts.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.domain.pairs import pairs_of
from app.domain.teacher_numbers import make_teacher_number
from app.domain.terms import Gender, TeacherStatus
from app.extensions import db
from app.models import (
    Grade,
    PostCategory,
    ProfessionalTitle,
    Region,
    School,
    Stage,
    Subject,
    Teacher,
    school_stage,
    teacher_name_pair,
)
from app.security.names import initials
from app.services.demo.making import LISTS, Making, Row, ids_by
from app.services.demo.people import People, Person, identity_columns, mobile, office_phone

SECONDED_SHARE = 0.01
POOL_SHARE = 0.015  # of all teachers: those without a school
LEFT_SHARE = 0.3  # of these: who left the profession
FAULT_SHARE = 0.02
FAULTS = ("no_subject", "no_mobile", "shared_mobile", "birth_differs", "gender_differs")
OFFICE_SHARE, MAIL_SHARE = 0.3, 0.2
# Years of age from which a title is usual, and how likely it is then; the last one is for all others.
TITLES = ((45, 0, 0.03), (38, 1, 0.5), (29, 2, 0.75), (24, 3, 0.85), (22, 4, 0.4))
NO_TITLE = 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where teachers are made for: a school (None: the pool), how many, and the choices its stages leave."""

    school_id: int | None
    region_code: str
    stages: tuple[str, ...]
    count: int


class Choices:
    """The keys of the reference lists, as a teacher's stage and age leave them."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.stage = ids_by(Stage.code)
        subjects = ids_by(Subject.name)
        self._subjects: dict[str, tuple[list[int], list[int]]] = {}
        for code in self.stage:
            fitting = [entry for entry in LISTS["subjects"] if code in entry["stages"]]
            self._subjects[code] = [subjects[e["name"]] for e in fitting], [e["share"] for e in fitting]
        self._grades: dict[int, list[int]] = defaultdict(list)
        for key, stage_id in db.session.execute(select(Grade.id, Grade.stage_id)):
            self._grades[stage_id].append(key)
        titles, posts = ids_by(ProfessionalTitle.name), ids_by(PostCategory.name)
        self._titles = [titles[name] for name in LISTS["lists"]["titles"]]
        self._posts = [posts[name] for name in LISTS["lists"]["posts"]]

    def columns(self, stages: tuple[str, ...], age: int) -> Row:
        """Return stage, grade, subject, post and title of somebody of that age."""
        stage = self._dice.choice(stages)
        subjects, shares = self._subjects[stage]
        return {
            "stage_id": self.stage[stage],
            "grade_id": self._dice.choice(self._grades[self.stage[stage]]),
            "subject_id": self._dice.choices(subjects, shares)[0],
            "post_category_id": self._dice.choices(self._posts, LISTS["lists"]["post_shares"])[0],
            "title_id": self._titles[self._title(age)],
        }

    def _title(self, age: int) -> int:
        reached = (title for least, title, chance in TITLES if age >= least and self._dice.random() < chance)
        return next(reached, NO_TITLE)


def staff_of(teachers: int) -> int:
    """Return how many of `teachers` belong to a school."""
    return teachers - round(teachers * POOL_SHARE)


def load(making: Making) -> None:
    """Add the teachers of every school, and those without one, and let their names be found."""
    making.insert(Teacher, _rows(making), total=making.size.teachers)
    names = [(row.id, row.name) for row in db.session.execute(select(Teacher.id, Teacher.name))]
    pairs = ({"first": a, "second": b, "teacher_id": key} for key, name in names for a, b in pairs_of(name))
    making.insert_into(teacher_name_pair, pairs, total=3 * len(names))


def _rows(making: Making) -> Iterator[Row]:
    dice = making.dice("teachers")
    people, choices = People(dice, making.day), Choices(dice)
    number = 0
    for place in _places(making):
        for _ in range(place.count):
            number += 1
            person = people.person(place.region_code)
            yield _faulty(_row(place, person, number, making, choices, dice), number, dice)


def _places(making: Making) -> Iterator[Place]:
    stages: dict[int, list[str]] = defaultdict(list)
    linked = select(school_stage.c.school_id, Stage.code).join(Stage, Stage.id == school_stage.c.stage_id)
    for school_id, code in db.session.execute(linked.order_by(school_stage.c.school_id, Stage.position)):
        stages[school_id].append(code)
    schools = select(School.id, Region.code, School.staff_count).join(Region, Region.id == School.region_id)
    rows = db.session.execute(schools.order_by(School.code)).all()
    for school_id, region_code, count in rows:
        yield Place(school_id, region_code, tuple(stages[school_id]), count)
    for number in range(making.size.teachers - sum(count for _, _, count in rows)):
        school_id, region_code, _count = rows[number % len(rows)]
        yield Place(None, region_code, tuple(stages[school_id]), 1)


def _row(
    place: Place, person: Person, number: int, making: Making, choices: Choices, dice: random.Random
) -> Row:  # fmt: skip
    age = (making.day - person.born).days // 365
    teacher_number = make_teacher_number(province="33", year=making.day.year, running=number)
    return {
        **identity_columns(person, making.vault),
        **choices.columns(place.stages, age),
        "name": person.name,
        "name_initials": initials(person.name),
        "teacher_number": teacher_number,
        "school_id": place.school_id,
        "mobile": mobile(number),
        "office_phone": office_phone(dice) if dice.random() < OFFICE_SHARE else None,
        "email": f"t{teacher_number}@noemail.invalid" if dice.random() < MAIL_SHARE else None,
        "status": _status(place, dice),
    }


def _status(place: Place, dice: random.Random) -> TeacherStatus:
    if place.school_id is None:
        return TeacherStatus.LEFT if dice.random() < LEFT_SHARE else TeacherStatus.UNATTACHED
    return TeacherStatus.SECONDED if dice.random() < SECONDED_SHARE else TeacherStatus.EMPLOYED


def _faulty(row: Row, number: int, dice: random.Random) -> Row:
    """Return the row, now and then with a fault."""
    if dice.random() >= FAULT_SHARE:
        return row
    fault = dice.choice(FAULTS)
    other = Gender.FEMALE if row["gender"] is Gender.MALE else Gender.MALE
    wrong: dict[str, dict[str, Any]] = {
        "no_subject": {"subject_id": None},
        "no_mobile": {"mobile": None},
        "shared_mobile": {"mobile": mobile(max(number - 1, 1))},
        "birth_differs": {"birth_date": row["birth_date"] + timedelta(days=dice.choice((-365, 1, 30)))},
        "gender_differs": {"gender": other},
    }
    return {**row, **wrong[fault]}
