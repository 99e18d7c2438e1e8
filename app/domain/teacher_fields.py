"""Reading one field of a teacher's record as people send it: what is stored, or every reason why not (TCH-2, TCH-6).

A reader takes what was given and returns the value to store, or raises Invalid. Blank fields never reach a reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from app.domain.clock import today
from app.domain.dates import months_in, parse_date
from app.domain.errors import Invalid, problem
from app.domain.identity import NationalId, normalise_phone, parse_mobile, parse_national_id
from app.domain.names import normalise_name, normalise_text
from app.domain.teacher_numbers import parse_teacher_number
from app.domain.terms import Gender, TeacherStatus
from app.domain.text import N_, LabelledEnum

W = TypeVar("W", bound=LabelledEnum)
LONGEST_NAME, LONGEST_MAIL = 50, 120
LARGEST_EXACT = 2**53  # beyond it a spreadsheet's number has lost digits
_EARLIEST_BIRTH = date(1900, 1, 1)
_NAME = re.compile(r"[^\W\d_]+(?:(?:[·\-' ]|\. ?)[^\W\d_]+)*\.?")
_CHINESE_NAME = re.compile(rf"[\u4e00-\u9fff]{{2,{LONGEST_NAME}}}")
_MAIL = re.compile(r"[A-Za-z0-9._%+\-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")
_FIXED_LINE = re.compile(r"(0(?:10|2[0-9]|[3-9][0-9]{2}))?([2-9][0-9]{6,7})")
_AS_STORED = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})-[2-9][0-9]{6,7}(?:-[0-9]{1,5})?")
_SHORT_NUMBER = re.compile(r"400[0-9]{7}|800[0-9]{7}|[1-9][0-9]{4,5}")
_EXTENSION = re.compile(r"\s*(?:转|分机|ext\.?|x|#)\s*(?=[0-9]+$)", re.IGNORECASE)

# Words people and older platforms use, beside the stored values and the labels; GB/T 2261.1 numbers the genders.
GENDERS: Mapping[str, Gender] = {
    **dict.fromkeys(("男", "男性", "m", "male", "1"), Gender.MALE),
    **dict.fromkeys(("女", "女性", "f", "female", "2"), Gender.FEMALE),
}
STATUSES: Mapping[str, TeacherStatus] = {
    **dict.fromkeys(("在职", "在岗", "employed"), TeacherStatus.EMPLOYED),
    **dict.fromkeys(("自由人", "unattached"), TeacherStatus.UNATTACHED),
    **dict.fromkeys(("交流轮岗", "借调", "seconded"), TeacherStatus.SECONDED),
    **dict.fromkeys(("离职/退休", "离职", "退休", "left", "left the profession"), TeacherStatus.LEFT),
}


def read_name(given: Any, *, field: str) -> str:
    """Return a person's name: half-width, without blanks between Chinese characters, one middle dot."""
    name = _text(given)
    if _CHINESE_NAME.fullmatch(name):
        return name  # nearly every name
    name = normalise_name(name)
    if len(name) < 2 or len(name) > LONGEST_NAME:
        text = N_("A name has 2 to %(most)s characters; write it as on the ID card.")
        raise Invalid(problem("name_length", text, field=field, most=LONGEST_NAME))
    if not _NAME.fullmatch(name):
        text = N_("A name holds letters only, and the dot · between its parts; write it as on the ID card.")
        raise Invalid(problem("name_characters", text, field=field))
    return name


def read_national_id(given: Any, *, field: str) -> NationalId:
    """Return the checked ID number; a number that a spreadsheet has rounded is refused, never guessed."""
    if isinstance(given, NationalId):
        return given
    if isinstance(given, float) and (not given.is_integer() or abs(given) >= LARGEST_EXACT):
        given = f"{given:.6E}"  # read as rounded, whatever digits it seems to have
    return parse_national_id(_text(given), field=field)


def read_birth_date(given: Any, *, field: str) -> date:
    """Return the day of birth, not before 1900 and not in the future."""
    if months_in(given):
        text = N_("“%(given)s” names no day, and the ID number is no help. Write it as 1980-01-05, or leave it empty.")
        raise Invalid(problem("birth_month", text, field=field, given=str(given)[:30]))
    born = parse_date(given, field=field)
    if not _EARLIEST_BIRTH <= born <= today():
        text = N_("A birth date lies between 1900 and today; this one is %(given)s.")
        raise Invalid(problem("birth_date_range", text, field=field, given=born))
    return born


def read_gender(given: Any, *, field: str) -> Gender:
    """Return the gender."""
    return _word(given, GENDERS, N_("Write 男 (male) or 女 (female)."), field)


def read_status(given: Any, *, field: str) -> TeacherStatus:
    """Return where the teacher stands."""
    return _word(given, STATUSES, N_("Write 在职, 自由人, 交流轮岗 or 离职/退休."), field)


def _word(given: Any, words: Mapping[str, W], wrong: str, field: str) -> W:
    found = words.get(given) if type(given) is str else None
    found = found or words.get(normalise_text(_text(given)).casefold())
    if found is None:
        raise Invalid(problem("word_unknown", wrong, field=field))
    return found


def read_mobile(given: Any, *, field: str) -> str:
    """Return the eleven digits."""
    return parse_mobile(_text(given), field=field)


def read_office_phone(given: Any, *, field: str) -> str:
    """Return an office phone as 0571-87000000, with -801 for an extension; a mobile number or a short one as it is."""
    plain = _text(given)
    if _AS_STORED.fullmatch(plain):
        return plain
    typed = _EXTENSION.sub("-", normalise_text(plain))
    number = normalise_phone(typed)
    if re.fullmatch(r"1[3-9][0-9]{9}", number) or _SHORT_NUMBER.fullmatch(number):
        return number
    for whole, extension in _splits(typed):
        line = _FIXED_LINE.fullmatch(whole)
        if line:
            return "-".join(part for part in (*line.groups(), extension) if part)
    text = N_("Give the area code and 7 or 8 digits, for example 0571-87000000, with an extension -801; or a mobile.")
    raise Invalid(problem("office_phone", text, field=field))


def _splits(typed: str) -> list[tuple[str, str]]:
    """Return the ways to read `typed` as a number and an extension: what follows the last dash, or none."""
    head, _dash, tail = typed.rpartition("-")
    extended = [(normalise_phone(head), tail.strip())] if re.fullmatch(r"[0-9]{1,6}", tail.strip()) else []
    return [*extended, (normalise_phone(typed), "")]


def read_email(given: Any, *, field: str) -> str:
    """Return the address, its domain in lower case."""
    address = _text(given)
    if not _MAIL.fullmatch(address):
        address = "".join(normalise_text(address).split())
    if len(address) > LONGEST_MAIL or not _MAIL.fullmatch(address):
        text = N_("An e-mail address looks like name@example.com.")
        raise Invalid(problem("email", text, field=field))
    user, _at, domain = address.rpartition("@")
    return f"{user}@{domain.lower()}"


def read_teacher_number(given: Any, *, field: str) -> str:
    """Return the teacher number."""
    return parse_teacher_number(_text(given), field=field)


def _text(given: Any) -> str:
    """Return what was given as text; the whole number a spreadsheet holds as 13800138000.0 without the point."""
    return str(int(given)) if isinstance(given, float) and given.is_integer() else str(given)


READERS: Mapping[str, Callable[..., Any]] = {
    "teacher_number": read_teacher_number,
    "name": read_name,
    "national_id": read_national_id,
    "gender": read_gender,
    "birth_date": read_birth_date,
    "mobile": read_mobile,
    "office_phone": read_office_phone,
    "email": read_email,
    "status": read_status,
}
