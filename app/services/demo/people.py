"""Invented people: names, ID numbers and telephone numbers that belong to nobody.

ID numbers have right check digits, so that the platform takes them. Mobile numbers begin with 164, which no operator
has been given; local parts of office numbers begin with 0, which no exchange connects.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.domain.identity import check_character
from app.domain.terms import Gender
from app.security.crypto import Vault
from app.services.demo.making import LISTS

PEOPLE = LISTS["people"]
SURNAMES: tuple[str, ...] = (*PEOPLE["common"], *PEOPLE["further"], *PEOPLE["special"])
SURNAME_WEIGHTS = [12] * len(PEOPLE["common"]) + [3] * len(PEOPLE["further"]) + [1] * len(PEOPLE["special"])
BEFORE_SINCE = 1980  # the year in which the fashion of given names turns
TWO_CHARACTERS = 0.6  # of the short given names get a second character
OLDEST, YOUNGEST = 59, 22  # years of age
ORDERS = 1_000  # numbers of one district and birthday
MOBILES = 10**8


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is; gender and birth date agree with the ID number."""

    name: str
    gender: Gender
    born: date
    national_id: str


class People:
    """Makes people, no two of whom share an ID number."""

    def __init__(self, dice: random.Random, day: date) -> None:
        self._dice = dice
        self._day = day
        self._given: set[int] = set()
        self._surnames: list[str] = []

    def person(self, region_code: str) -> Person:
        """Return a new person, whose ID number was first issued in the region."""
        age = self._dice.triangular(YOUNGEST, OLDEST, 38)
        born = self._day - timedelta(days=int(age * 365.25))
        gender = self._dice.choices((Gender.FEMALE, Gender.MALE), (7, 3))[0]
        return Person(self.name(gender, born.year), gender, born, self._number(region_code, born, gender))

    def name(self, gender: Gender, year: int) -> str:
        """Return a name as it was given in that year."""
        if not self._surnames:
            self._surnames = self._dice.choices(SURNAMES, SURNAME_WEIGHTS, k=10_000)
        given = PEOPLE[f"{'men' if gender is Gender.MALE else 'women'}_{'before' if year < BEFORE_SINCE else 'since'}"]
        first = self._dice.choice(given)
        if len(first) == 1 and self._dice.random() < TWO_CHARACTERS:
            first = self._dice.choice(given)[0] + first
        return f"{self._surnames.pop()}{first}"

    def _number(self, region_code: str, born: date, gender: Gender) -> str:
        order = self._dice.randrange(ORDERS // 2) * 2 + (gender is Gender.MALE)
        while True:
            body = f"{region_code}{born:%Y%m%d}{order:03d}"
            if int(body) not in self._given:
                self._given.add(int(body))
                return body + check_character(body)
            order = (order + 2) % ORDERS


def mobile(number: int) -> str:
    """Return the mobile number of the `number`-th person; different numbers give different ones."""
    return f"164{(number * 73_856_093 + 19_349_663) % MOBILES:08d}"


def office_phone(dice: random.Random) -> str:
    """Return an office number that cannot be dialled."""
    return f"0571-0{dice.randrange(10**7):07d}"


def identity_columns(person: Person, vault: Vault) -> dict[str, Any]:
    """Return the columns that keep an ID number sealed, findable and checkable (OPS-3)."""
    return {
        "national_id_sealed": vault.seal(person.national_id),
        "national_id_key": vault.key(person.national_id),
        "national_id_tail": person.national_id[-4:],
        "id_birth_date": person.born,
        "id_gender": person.gender.value,
        "birth_date": person.born,
        "gender": person.gender,
    }
