"""Days as people and spreadsheets write them (TCH-6)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from app.domain.errors import Invalid, problem
from app.domain.names import normalise_text
from app.domain.text import N_

# Excel counts from here; its day 60, the 29 February 1900 that never was, lies before any date we take.
_EXCEL_START = date(1899, 12, 30)
_EXCEL_FIRST, _EXCEL_LAST = 366, 73_050  # 1900-12-31 to 2099-12-31
_PARTED = re.compile(r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?(?:[ T]+[0-9:.]+)?")
_TOGETHER = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*月?|([0-9]{4})([0-9]{2})")
_DASHES = str.maketrans("‐‑‒–—―−", "-------")


def parse_date(given: Any, *, field: str) -> date:
    """Return the day in `given`: a date, an Excel day number, 2020-1-5, 2020/01/05, 2020.1.5, 20200105, 2020年1月5日.

    Raises Invalid for anything else, also for two-digit years and for the order day-month-year, which are guesses.
    """
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    text = str(given)
    found = _read(text)
    if found is None:
        text = normalise_text(text)
        wrong = N_("“%(given)s” is not a date. Write it as year-month-day, for example 1980-01-05.")
        raise Invalid(problem("date", wrong, field=field, given=text[:30]))
    return found


def months_in(given: Any) -> frozenset[tuple[int, int]]:
    """Return the years and months that `given` may mean when it names no day: 1980-05, 1980.5, 1980年5月, 198005.

    A spreadsheet shows 1980.10 and keeps the number 1980.1, which may be either.
    """
    found = _read_month(str(given))
    if found is None:
        return frozenset()
    year, month = found
    months = {1, 10} if isinstance(given, float) and month == 1 else {month}
    return frozenset((year, each) for each in months if 1 <= each <= 12)


@lru_cache(maxsize=1 << 15)
def _read_month(text: str) -> tuple[int, int] | None:
    """Return the year and month a text names when it names no day; asked of every birthday of a workbook."""
    match = _MONTH.fullmatch(normalise_text(text).translate(_DASHES))
    if match is None:
        return None
    year, month = (int(part) for part in match.groups() if part is not None)
    return year, month


@lru_cache(maxsize=1 << 15)
def _read(text: str) -> date | None:
    """Return the day a text means; people have far fewer birthdays than a workbook has rows."""
    clean = normalise_text(text).translate(_DASHES)
    return _of_excel(clean) or _of_text(clean)


def _of_excel(text: str) -> date | None:
    whole, _point, _time = text.partition(".")
    if not re.fullmatch(r"[0-9]{3,5}(\.[0-9]+)?", text) or not _EXCEL_FIRST <= int(whole) <= _EXCEL_LAST:
        return None
    # A bare year is far likelier than a day of the years 1904 to 1906.
    return None if 1900 <= int(whole) <= 2100 else _EXCEL_START + timedelta(days=int(whole))


def _of_text(text: str) -> date | None:
    match = _TOGETHER.fullmatch(text) or _PARTED.fullmatch(text)
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None
