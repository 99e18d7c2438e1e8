"""Finding teachers by what people know of them: part of a name, initials, ID number, its end, number, mobile (TCH-4).

Parts of names are found through `teacher_name_pair`: an index on each character with the one after it. Trigrams would
find nothing in names of two characters, and reading every name is slow. Whoever writes a name keeps the pairs in step:
the session for single rows, `index_names` for statements that go past it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, event, false, inspect, or_, select
from sqlalchemy.engine import Connection

from app.domain.identity import is_whole, normalise_national_id, normalise_phone
from app.domain.names import normalise_name
from app.domain.pairs import pairs_of, pairs_sought
from app.domain.teacher_numbers import LENGTH
from app.extensions import db
from app.models import Teacher, teacher_name_pair
from app.security.actor import Actor
from app.security.crypto import Vault
from app.services.many_rows import insert_rows

LONGEST = 50  # characters of a search that are looked at
KEY_MARK = "id:"  # an ID number in an address stands as its keyed index
_MARKED = re.compile(rf"{KEY_MARK}[0-9a-f]{{64}}")
SHORTEST_NUMBER = 6  # digits from which a teacher number is found by its beginning
CHUNK = 5000


def index_names(names: Sequence[tuple[int, str]], *, fresh: bool = False) -> None:
    """Let the names of teachers (id, name) be found, in the running transaction; `fresh`: they are new rows."""
    write_pairs(db.session.connection(), names, fresh=fresh)


def write_pairs(connection: Connection, names: Sequence[tuple[int, str]], *, fresh: bool) -> None:
    """Write the pairs of `names` on `connection`, in place of those there were."""
    table = teacher_name_pair
    if not fresh:
        for start in range(0, len(names), CHUNK):
            part = [key for key, _name in names[start : start + CHUNK]]
            connection.execute(delete(table).where(table.c.teacher_id.in_(part)))
    rows = [{"first": a, "second": b, "teacher_id": key} for key, name in names for a, b in pairs_of(name)]
    insert_rows(connection, table, rows)


@event.listens_for(Teacher, "after_insert")
def _index_new(_mapper: Any, connection: Connection, row: Teacher) -> None:
    write_pairs(connection, [(row.id, row.name)], fresh=True)


@event.listens_for(Teacher, "after_update")
def _index_renamed(_mapper: Any, connection: Connection, row: Teacher) -> None:
    if inspect(row).attrs.name.history.has_changes():
        write_pairs(connection, [(row.id, row.name)], fresh=False)


def search_clause(text: str, *, actor: Actor, vault: Vault) -> ColumnElement[bool]:
    """Return the condition on `Teacher` that finds what `text` may mean; mobiles only for who may see them whole.

    A full ID, or its mark, is found by its keyed index, so the number never enters a query.
    """
    if is_marked(text):
        return Teacher.national_id_key == text.removeprefix(KEY_MARK)
    wanted = normalise_name(text)[:LONGEST]
    if not wanted:
        return false()
    return or_(*_ways(wanted, actor, vault))


def without_id(text: str, vault: Vault) -> str | None:
    """Return what stands for a whole ID number in an address and so in histories and logs; None for other texts."""
    number = normalise_national_id(text)
    return KEY_MARK + vault.key(number) if is_whole(number) else None


def is_marked(text: str) -> bool:
    """Tell whether a text stands for an ID number."""
    return _MARKED.fullmatch(text) is not None


def _ways(wanted: str, actor: Actor, vault: Vault) -> Iterable[ColumnElement[bool]]:
    compact = normalise_national_id(wanted)
    if is_whole(compact):
        return [Teacher.national_id_key == vault.key(compact)]
    if re.fullmatch(r"[0-9]{3}[0-9X]", compact):
        return [Teacher.national_id_tail == compact]
    digits = normalise_phone(wanted)
    if digits.isascii() and digits.isdigit():
        return list(_numbers(digits, actor))
    ways = [name_contains(wanted)]
    letters = wanted.replace(" ", "").lower()
    if letters.isascii() and letters.isalpha():
        ways.append(begins_with(Teacher.name_initials, letters))
    return ways


def _numbers(digits: str, actor: Actor) -> Iterable[ColumnElement[bool]]:
    yield false()
    if SHORTEST_NUMBER <= len(digits) <= LENGTH:
        last = digits.ljust(LENGTH, "9")
        yield and_(Teacher.teacher_number >= digits, Teacher.teacher_number <= last)
    if len(digits) == 11 and actor.may("reveal", "Teacher"):
        yield Teacher.mobile == digits


def name_contains(part: str) -> ColumnElement[bool]:
    """Return the condition that the name contains `part`, answered by the pairs, with the rows LIKE would give."""
    sought = pairs_sought(part)
    pairs = [(teacher_name_pair.alias(), first, second) for first, second in sought]
    leading = pairs[0][0]
    these = select(leading.c.teacher_id)
    for pair, first, second in pairs:
        if pair is not leading:  # sought in the index again: a list of each pair's rows costs twice as much
            these = these.join(pair, pair.c.teacher_id == leading.c.teacher_id)
        these = these.where(pair.c.first == first, *(() if second is None else (pair.c.second == second,)))
    found = Teacher.id.in_(these)
    return and_(found, Teacher.name.icontains(part, autoescape=True)) if len(sought) > 1 else found


def begins_with(column: Any, letters: str) -> ColumnElement[bool]:
    """Return the condition that `column` begins with `letters` (a–z), in the form the index of each database serves."""
    if db.session.get_bind().dialect.name == "sqlite":
        return and_(column >= letters, column < letters[:-1] + chr(ord(letters[-1]) + 1))
    return column.startswith(letters, autoescape=True)  # type: ignore[no-any-return]
