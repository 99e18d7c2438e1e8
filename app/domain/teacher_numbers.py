"""The teacher number (师训号): province (2), year (4), running number (7), check digit; never reused (TCH-1).

The check digit is Luhn's (ISO/IEC 7812-1, modulus 10). It catches every single wrong digit and every swap of neighbours
but 09/90, and it is always a digit: the number stays purely numeric for keyboards, spreadsheets and scanners, which the
X of ISO 7064 MOD 11-2 would break and which tells a teacher number from an 18-character ID number at a glance.
"""

from __future__ import annotations

import re
import unicodedata

from app.domain.errors import Invalid, problem
from app.domain.text import N_

LENGTH = 14
LARGEST_RUNNING_NUMBER = 9_999_999
_DOUBLED = str.maketrans("0123456789", "0246813579")  # the sum of the digits of each doubled digit


def luhn_digit(body: str) -> str:
    """Return the Luhn check digit of the digits `body`."""
    doubled, single = body[-1::-2].translate(_DOUBLED), body[-2::-2]
    return str(-sum(map(int, doubled + single)) % 10)


def make_teacher_number(*, province: str, year: int, running: int) -> str:
    """Return the 14 digits for the `running` number (from 1) of `year` in `province` (two digits).

    Raises `Invalid` when a part does not fit its places.
    """
    if not re.fullmatch(r"[0-9]{2}", province) or not 1000 <= year <= 9999:
        raise Invalid(problem("teacher_number_parts", N_("A teacher number needs a province code and a year.")))
    if not 1 <= running <= LARGEST_RUNNING_NUMBER:
        raise Invalid(problem("teacher_number_full", N_("The running numbers of %(year)s are used up."), year=year))
    body = f"{province}{year:04}{running:07}"
    return body + luhn_digit(body)


def is_teacher_number(text: str) -> bool:
    """Say whether `text` is a well-formed teacher number with the right check digit."""
    return re.fullmatch(rf"[0-9]{{{LENGTH}}}", text) is not None and luhn_digit(text[:-1]) == text[-1]


def parse_teacher_number(text: str, *, field: str = "teacher_number") -> str:
    """Return the teacher number typed as `text`; raise `Invalid` saying what is wrong with it."""
    number = "".join(unicodedata.normalize("NFKC", text).split())
    if not re.fullmatch(rf"[0-9]{{{LENGTH}}}", number):
        wrong = N_("A teacher number has %(length)s digits.")
        raise Invalid(problem("teacher_number_length", wrong, field=field, length=LENGTH))
    if not is_teacher_number(number):
        wrong = N_("This teacher number has a wrong digit or two swapped ones; compare it with the original.")
        raise Invalid(problem("teacher_number_check", wrong, field=field))
    return number
