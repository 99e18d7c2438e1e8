"""Who a person is: the national ID number (GB 11643), the mobile number, and their masks (TCH-1, OPS-3)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import mul

from app.domain.clock import today
from app.domain.errors import Invalid, Problem, Problems, problem
from app.domain.terms import Gender
from app.domain.text import N_

# The first two digits: the provinces of GB/T 2260, then Taiwan, Hong Kong, Macao and the residence permits' 83.
_PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_MANY = 1 << 15  # parts of numbers remembered: regions and birthdays come again and again in a file
_CHECK_CHARACTERS = "10X98765432"
_EARLIEST_BIRTH = date(1900, 1, 1)
_WHOLE = re.compile(r"[0-9]{17}[0-9X]")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_INVISIBLE = re.compile(r"[\s\u200b-\u200f\u2028-\u202f\u2060\ufeff'`’‘]+")

_ROUNDED = N_("The spreadsheet has rounded this number. Format the column as text and enter the number again.")


@dataclass(frozen=True, slots=True)
class NationalId:
    """A checked national ID number and what it says about the person."""

    number: str
    birth_date: date
    gender: Gender

    @property
    def tail(self) -> str:
        """The last six characters, of which account names and initial passwords are made (ACC-3)."""
        return self.number[-6:]

    @property
    def province(self) -> str:
        """The two digits of the province in which it was first issued."""
        return self.number[:2]

    def __repr__(self) -> str:
        """Show the mask, so that no log ever holds the number (OPS-3)."""
        return f"NationalId({mask_national_id(self.number)})"


def normalise_national_id(text: str) -> str:
    """Return `text` as it is stored: half-width, without spaces or quotes, with a capital X."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).upper()


def check_character(body: str) -> str:
    """Return the check character of the first 17 digits `body` (GB 11643, which is ISO 7064 MOD 11-2)."""
    return _CHECK_CHARACTERS[(_weighed(body[:6], 0) + _weighed(body[6:14], 6) + _weighed(body[14:], 14)) % 11]


@lru_cache(maxsize=_MANY)
def _weighed(digits: str, start: int) -> int:
    """Return the weighed sum of the digits that stand from `start` on."""
    return sum(map(mul, map(int, digits), _WEIGHTS[start:]))


def parse_national_id(text: str, *, field: str = "national_id") -> NationalId:
    """Return the checked number in `text`; raise `Invalid` with every reason, none of which repeats the number."""
    number = normalise_national_id(text)
    found = national_id_problems(number, field=field)
    if found:
        raise Invalid(found)
    gender = Gender.MALE if int(number[16]) % 2 else Gender.FEMALE
    return NationalId(number, _date_of(number[6:14]) or date.min, gender)


def national_id_problems(number: str, *, field: str = "national_id") -> list[Problem]:
    """Return everything wrong with the normalised `number`; an empty list means it is good (TCH-2)."""
    shape = _shape_problem(number, field)
    if shape:
        return [shape]
    checks = (_province_problem, _birth_problem, _check_problem)
    return [found for check in checks if (found := check(number, field))]


def is_whole(number: str) -> bool:
    """Say whether the normalised `number` has the shape of a national ID number."""
    return _WHOLE.fullmatch(number) is not None


def _shape_problem(number: str, field: str) -> Problem | None:
    if is_whole(number):
        return None
    if not number:
        return problem("id_empty", N_("Enter the national ID number."), field=field)
    if re.fullmatch(r"[0-9]{15}", number):
        text = N_("This is a 15-digit number of the first generation. Enter the 18 characters of the present ID card.")
        return problem("id_first_generation", text, field=field)
    if re.fullmatch(r"[0-9.]+E[+]?[0-9]+", number):
        return problem("id_rounded", _ROUNDED, field=field)
    if len(number) != 18:
        text = N_("The national ID number has 18 characters; this one has %(length)s. Compare it with the ID card.")
        return problem("id_length", text, field=field, length=len(number))
    text = N_("The first 17 characters are digits, the last is a digit or X. Character %(position)s does not fit.")
    return problem("id_characters", text, field=field, position=_first_wrong(number))


def _first_wrong(number: str) -> int:
    allowed = ["0123456789"] * 17 + ["0123456789X"]
    return next(place for place, (has, may) in enumerate(zip(number, allowed, strict=True), 1) if has not in may)


def _province_problem(number: str, field: str) -> Problem | None:
    if number[:2] in _PROVINCES and number[2:6] != "0000":
        return None
    text = N_("Characters 1 to 6 are not the code of a region. Compare them with the ID card.")
    return problem("id_region", text, field=field)


def _birth_problem(number: str, field: str) -> Problem | None:
    born = _date_of(number[6:14])
    if born is None or born < _EARLIEST_BIRTH:
        text = N_("Characters 7 to 14 are not a date (year, month, day). Compare them with the ID card.")
        return problem("id_birth_date", text, field=field)
    if born > today():
        text = N_("Characters 7 to 14 are a birth date in the future. Compare them with the ID card.")
        return problem("id_birth_date_future", text, field=field)
    return None


def _check_problem(number: str, field: str) -> Problem | None:
    expected = check_character(number[:17])
    if number[17] == expected:
        return None
    if number.endswith("000"):
        return problem("id_rounded", _ROUNDED, field=field)
    text = N_(
        "The last character does not fit: with these first 17 digits it would be %(expected)s, not %(given)s. "
        "A digit is wrong or two are swapped; compare the number with the ID card."
    )
    return problem("id_check", text, field=field, expected=expected, given=number[17])


@lru_cache(maxsize=_MANY)
def _date_of(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def disagreements(identity: NationalId, *, birth_date: date | None, gender: Gender | None) -> list[Problem]:
    """Return a problem for each given fact that the ID number contradicts (TCH-1, TCH-9); None is not compared."""
    found = Problems()
    if birth_date is not None and birth_date != identity.birth_date:
        text = N_("The birth date is %(given)s, but the national ID number says %(expected)s. Mend one of the two.")
        found.add("birth_date_differs", text, field="birth_date", given=birth_date, expected=identity.birth_date)
    if gender is not None and gender != identity.gender:
        text = N_("The gender is %(given)s, but the national ID number says %(expected)s. Mend one of the two.")
        found.add("gender_differs", text, field="gender", given=Gender(gender), expected=identity.gender)
    return found.found


def mask_national_id(number: str) -> str:
    """Return `number` with all but the first three and the last four characters starred (OPS-3)."""
    return _mask(number, head=3, tail=4)


def normalise_phone(text: str) -> str:
    """Return `text` half-width, without spaces, dashes or brackets, and without the prefix +86."""
    digits = re.sub(r"[-()‐-―−_.]+", "", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))
    return re.sub(r"^(\+86|0086|86(?=1[0-9]{10}$))", "", digits)


def is_mobile(text: str) -> bool:
    """Say whether `text` is a mobile number of the mainland: eleven digits, 13 to 19."""
    return _MOBILE.fullmatch(normalise_phone(text)) is not None


def parse_mobile(text: str, *, field: str = "mobile") -> str:
    """Return the eleven digits of the mobile number in `text`; raise `Invalid` when it is none (TCH-2)."""
    digits = text if _MOBILE.fullmatch(text) else normalise_phone(text)
    if not _MOBILE.fullmatch(digits):
        wrong = N_("A mobile number has 11 digits and begins with 13 to 19.")
        raise Invalid(problem("mobile", wrong, field=field))
    return digits


def mask_phone(number: str) -> str:
    """Return `number` with its middle starred: 138****5678."""
    return _mask(number, head=3, tail=4)


def _mask(text: str, *, head: int, tail: int) -> str:
    if len(text) <= head + tail:
        return "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[-tail:]
