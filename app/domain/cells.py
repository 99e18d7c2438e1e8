"""What people type into the cells of a spreadsheet, read tolerantly: text, numbers that are IDs, days (TCH-6).

A cell is what a reader of workbooks gives: text, a number, a truth value, a day, or nothing. Each function returns a
plain value or raises `Invalid` saying how to mend the cell.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from app.domain.errors import Invalid, problem
from app.domain.names import normalise_text
from app.domain.text import N_

Cell = Any  # str, int, float, bool, date, datetime, or None
CLEARING = frozenset({"清空", "(清空)", "(clear)"})  # typed into a cell to empty the field of an existing row
_OPENING = ("清", "(", "（")  # asked first, because it is asked of every cell
_EXACT = 10**15  # whole numbers from here on have lost digits in a spreadsheet
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?E[+]?[0-9]{2}", re.IGNORECASE)
_SERIAL_ZERO = date(1899, 12, 30)  # day 0 of spreadsheets
_SERIALS = range(1, 73_051)  # 1900 to 2099
_SEPARATED = re.compile(r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_TIME_OF_DAY = re.compile(r"[ T]0?0:00(:00(\.0+)?)?$")

_ROUNDED = N_("The spreadsheet has rounded this number. Format the column as text and enter the number again.")
_NO_DAY = N_("“%(given)s” is not a day. Write it as 2026-03-01.")


def text_in(cell: Cell) -> str:
    """Return the text of a cell on one line, half-width; a whole number without its decimal point."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int | float):
        return _number_as_text(cell)
    return normalise_text(str(cell))


def _number_as_text(number: int | float) -> str:
    if abs(number) >= _EXACT:
        raise Invalid(problem("number_rounded", _ROUNDED))
    return str(int(number)) if float(number).is_integer() else repr(number)


def digits_in(cell: Cell) -> str:
    """Return a number that names something (an ID, a code, a phone) as its characters, without blanks.

    A number a spreadsheet has rounded or written as 3.3E+17 is refused: its digits are lost.
    """
    if type(cell) is str and cell.isascii() and cell.isdecimal():
        return cell
    text = text_in(cell).replace(" ", "").strip("'`’‘")
    if _SCIENTIFIC.fullmatch(text):
        raise Invalid(problem("number_rounded", _ROUNDED))
    return text


def day_in(cell: Cell) -> date | None:
    """Return the day in a cell, whatever its form; None for an empty one. Raises Invalid when it is none."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _TIME_OF_DAY.sub("", text_in(cell))
    if not text:
        return None
    found = _day_from(text)
    if found is None:
        raise Invalid(problem("no_day", _NO_DAY, given=text[:30]))
    return found


def _day_from(text: str) -> date | None:
    if len(text) < 6 and text.isdecimal() and int(text) in _SERIALS:
        return _SERIAL_ZERO + timedelta(days=int(text))
    found = _SEPARATED.fullmatch(text) or _COMPACT.fullmatch(text)
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None


def is_clearing(cell: Cell) -> bool:
    """Tell whether the cell says that the field is to be emptied."""
    return isinstance(cell, str) and cell.strip()[:1] in _OPENING and normalise_text(cell).casefold() in CLEARING


def address_of(row: int, column: int) -> str:
    """Return the address of a cell, `C5`, from the number of its row (from 1) and column (from 0)."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"
