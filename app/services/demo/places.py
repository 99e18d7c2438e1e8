"""Chapter two: the bureau of every region, institutions, and schools of every kind."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from app.domain.terms import Gender, Ownership, RegionLevel
from app.extensions import db
from app.models import Bureau, Institution, Region, School, Stage, school_stage
from app.services.demo.making import LISTS, Making, Row, apportioned, ids_by
from app.services.demo.people import People, office_phone
from app.services.demo.teachers import staff_of

KINDS: list[dict[str, Any]] = LISTS["schools"]
KIND_SHARES = [kind["share"] for kind in KINDS]
WORDS: list[str] = LISTS["school_names"]["words"]
STREETS: list[str] = LISTS["school_names"]["streets"]
FIRST_SCHOOLS = {"330106": 10.0, "331126": 3.0}  # of these counties: the demo's own schools, larger than most
LARGE_COUNTY = 3.0  # at the most, beside the smallest
PRIVATE_SHARE = 0.08


class Contacts:
    """Makes the people and numbers organisations are reached by."""

    def __init__(self, dice: random.Random, making: Making) -> None:
        self.dice = dice
        self._people = People(dice, making.day)

    def columns(self, region: Region) -> Row:
        """Return contact person, telephone number and address of an organisation in `region`."""
        gender = self.dice.choice(tuple(Gender))
        return {
            "contact_name": self._people.name(gender, self.dice.randrange(1968, 1995)),
            "contact_phone": office_phone(self.dice),
            "address": f"{region.name}{self.dice.choice(STREETS)}{self.dice.randrange(1, 400)}号",
        }


def load(making: Making) -> None:
    """Add the organisations."""
    regions = list(db.session.scalars(select(Region).order_by(Region.code)))
    contacts = Contacts(making.dice("places"), making)
    for region in regions:
        name = "浙江省教育厅" if region.level is RegionLevel.PROVINCE else f"{region.name}教育局"
        db.session.add(Bureau(code=f"B{region.code}", name=name, region=region, **contacts.columns(region)))
    _institutions(regions, making, contacts)
    _schools([region for region in regions if region.level is not RegionLevel.PROVINCE], making, contacts)
    db.session.flush()


def _institutions(regions: list[Region], making: Making, contacts: Contacts) -> None:
    named = {entry["name"]: entry["region"] for entry in LISTS["institutions"]}
    cities = [region for region in regions if region.level is RegionLevel.CITY]
    counties = [region for region in regions if region.level is RegionLevel.COUNTY]
    endings = ("教师进修学校", "教育研训中心", "名师培训基地")
    further = {f"{region.name}教师发展学院": region.code for region in cities}
    further |= {f"{region.name}{ending}": region.code for ending in endings for region in counties}
    by_code = {region.code: region for region in regions}
    chosen = list((named | further).items())[: making.size.institutions]
    for number, (name, code) in enumerate(chosen, 1):
        text = f"面向{by_code[code].name}中小学和幼儿园教师，承担学科教学、班主任与教育技术培训。"
        columns = contacts.columns(by_code[code])
        db.session.add(
            Institution(code=f"J{number:04d}", name=name, region=by_code[code], introduction=text, **columns)
        )


def _schools(regions: list[Region], making: Making, contacts: Contacts) -> None:
    dice = contacts.dice
    size = [1.0 if region.level is RegionLevel.CITY else dice.uniform(4, 4 * LARGE_COUNTY) for region in regions]
    shares = apportioned(making.size.schools, size)
    made = [school for region, count in zip(regions, shares, strict=True) for school in _of(region, count, contacts)]
    staff = apportioned(staff_of(making.size.teachers), [school.pop("weight") for school in made])
    kinds = {school["code"]: school.pop("stages") for school in made}
    rows = [{**school, "staff_count": count} for school, count in zip(made, staff, strict=True)]
    making.insert(School, rows, total=len(rows))
    schools, stages = ids_by(School.code), ids_by(Stage.code)
    links = [{"school_id": schools[code], "stage_id": stages[stage]} for code, held in kinds.items() for stage in held]
    making.insert_into(school_stage, links, total=len(links))


def _of(region: Region, count: int, contacts: Contacts) -> Iterator[Row]:
    """Yield the schools of a region; the first of a county is always a primary school."""
    dice = contacts.dice
    used: set[str] = set()
    for number in range(1, count + 1):
        kind = KINDS[0] if number == 1 else dice.choices(KINDS, KIND_SHARES)[0]
        weight = kind["weight"] * dice.uniform(0.6, 1.5) if number > 1 else kind["weight"]
        yield {
            "code": f"{region.code}{number:03d}",
            "name": _name(region, kind["suffix"], number, used, dice),
            "region_id": region.id,
            "kind": kind["kind"],
            "ownership": Ownership.PRIVATE if dice.random() < PRIVATE_SHARE else Ownership.PUBLIC,
            "stages": kind["stages"],
            "weight": weight * (FIRST_SCHOOLS.get(region.code, 1.0) if number == 1 else 1.0),
            **contacts.columns(region),
        }


def _name(region: Region, suffix: str, number: int, used: set[str], dice: random.Random) -> str:
    free = [word for word in WORDS if word + suffix not in used]
    word = ("明德" if number == 1 else dice.choice(free)) if free else f"第{number}"
    used.add(word + suffix)
    return f"{region.name}{word}{suffix}"
