"""Which passwords are too weak, with every reason at once, and readable random ones (ACC-3, ACC-4)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from app.domain.errors import Problem, Problems
from app.domain.text import N_

LONGEST = 128
KINDS_NEEDED = 3
_DISTINCT_NEEDED = 5
# A piece of an ID or phone number this long gives the number away; so does the affix a common word may wear.
_PIECE = 6

# Without 0 O o, 1 l I i: what is read from paper is typed right the first time.
_LOWER = "abcdefghjkmnpqrstuvwxyz"
_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_DIGITS = "23456789"
_UNDISGUISED = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})


def weaknesses(
    password: str,
    *,
    minimum: int,
    names: Iterable[str] = (),
    phones: Iterable[str] = (),
    national_id: str = "",
    field: str = "new",
) -> list[Problem]:
    """Return every reason to refuse `password`; an empty list means it is strong enough.

    `minimum` is the least number of characters; `names` are the user name, the person's name and whatever else she is
    called (also in pinyin); empty strings among `names`, `phones` and `national_id` are passed over.
    """
    found = Problems()
    _check_shape(password, minimum, field, found)
    _check_person(password, names, phones, national_id, field, found)
    if is_common(password):
        found.add(
            "password_common", N_("This password is among those everybody tries first; choose another."), field=field
        )
    return found.found


def _check_shape(password: str, minimum: int, field: str, found: Problems) -> None:
    if len(password) < minimum:
        text = N_("The password needs at least %(minimum)s characters; it has %(length)s.")
        found.add("password_short", text, field=field, minimum=minimum, length=len(password))
    if len(password) > LONGEST:
        text = N_("The password may have at most %(maximum)s characters.")
        found.add("password_long", text, field=field, maximum=LONGEST)
    if kinds(password) < KINDS_NEEDED:
        text = N_("Use at least three of these four: small letters, capital letters, digits, other characters.")
        found.add("password_kinds", text, field=field)
    if len(set(password.lower())) < _DISTINCT_NEEDED:
        text = N_("The password repeats too few characters; use at least %(count)s different ones.")
        found.add("password_repeats", text, field=field, count=_DISTINCT_NEEDED)


def _check_person(
    password: str, names: Iterable[str], phones: Iterable[str], national_id: str, field: str, found: Problems
) -> None:
    if any(_overlaps(password, name) for name in names):
        found.add("password_name", N_("The password must not contain your name or user name."), field=field)
    if _shares_piece(password, national_id):
        found.add("password_id", N_("The password must not contain a part of your national ID number."), field=field)
    if any(_shares_piece(password, phone) for phone in phones):
        found.add("password_phone", N_("The password must not contain a part of your phone number."), field=field)


def kinds(password: str) -> int:
    """Return how many of the four kinds occur: small letters, capital letters, digits, anything else."""
    tests = (str.islower, str.isupper, str.isdigit, lambda c: not (c.islower() or c.isupper() or c.isdigit()))
    return sum(any(test(character) for character in password) for test in tests)


def _overlaps(password: str, name: str) -> bool:
    """Say whether one contains the other; names of one letter say nothing."""
    mine, other = password.casefold(), name.strip().casefold()
    return len(other) > 1 and bool(mine) and (other in mine or mine in other)


def _shares_piece(password: str, number: str) -> bool:
    """Say whether six neighbouring characters of `number` occur in `password`."""
    mine, other = password.casefold(), re.sub(r"[\s-]", "", number).casefold()
    return any(other[at : at + _PIECE] in mine for at in range(len(other) - _PIECE + 1))


def is_common(password: str) -> bool:
    """Say whether everybody tries `password` first.

    That is one on the list, as it stands or undisguised (p@ssw0rd), or a common word with a few digits or signs before
    or after it (Zhejiang@2026).
    """
    plain = password.lower()
    stem = re.sub(r"^[^a-z]+|[^a-z]+$", "", plain)
    disguised_stem = re.sub(r"[^a-z]+$", "", plain).translate(_UNDISGUISED)
    candidates = {plain, plain.translate(_UNDISGUISED)}
    candidates |= {word for word in (stem, disguised_stem) if len(plain) - len(word) <= _PIECE}
    return not candidates.isdisjoint(common_passwords())


@cache
def common_passwords() -> frozenset[str]:
    """Return the common passwords and stems, in lower case."""
    lines = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("# "))


def random_password(groups: int = 3) -> str:
    """Return a strong password of `groups` times four characters, such as Kp7m-xT4q-9wHz, easy to read from paper."""
    while True:
        characters = [secrets.choice(_LOWER + _UPPER + _DIGITS) for _ in range(4 * groups)]
        password = "-".join("".join(characters[at : at + 4]) for at in range(0, len(characters), 4))
        if kinds(password) == 4:
            return password
