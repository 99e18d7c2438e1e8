"""What can be imported: a sheet is a list of columns and a target that plans and writes its rows. The registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_babel import force_locale, gettext

from app.domain.errors import NotVisible
from app.domain.imports import Change, Leftover, RowPlan, RowRead
from app.domain.terms import ImportOutcome
from app.domain.text import N_
from app.exchange.columns import Column
from app.exchange.headers import comparable
from app.exchange.lookups import Lookups
from app.security.actor import Actor
from app.security.crypto import Vault

ROW_NUMBER, REASON = N_("Row number in the file"), N_("What to mend")
NOT_READ = (ROW_NUMBER, REASON)  # columns of an error workbook: no part of the data


class Target(ABC):
    """Plans and writes the rows of one import; lives as long as its job, so that it may remember what it has seen."""

    def __init__(self, sheet: Sheet, book: Lookups) -> None:
        self.sheet, self.book, self.actor = sheet, book, book.actor

    def grouped(self, rows: Iterable[RowRead]) -> Iterator[list[RowRead]]:
        """Yield the rows that are planned and written together: here each by itself."""
        return ([row] for row in rows)

    @abstractmethod
    def plan(self, rows: list[RowRead], given: frozenset[str]) -> list[RowPlan]:
        """Return what becomes of each row; `given` are the columns the file has."""

    def entered(self, plan: RowPlan) -> list[Change]:
        """Return what a new record would hold, as people may see it."""
        return []

    def changes(self, plan: RowPlan) -> list[Change]:
        """Return what becomes different by a row: of a stored record, or from nothing."""
        return self.entered(plan) if plan.outcome is ImportOutcome.NEW else plan.changes

    def cells(self, plan: RowPlan) -> Mapping[str, Any]:
        """Return the cells of a planned row as far as they are known, for whoever has to enter it again."""
        return {change.field: change.after for change in self.changes(plan)}

    @staticmethod
    def made_ready(plans: list[RowPlan], _vault: Vault) -> list[Any]:
        """Do what takes time and needs no database, before the transaction that writes; in a process beside it."""
        return plans

    @abstractmethod
    def write(self, ready: list[Any], reason: str) -> list[Leftover]:
        """Write rows made ready in the running transaction; return those that could not be written after all."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A kind of workbook. `keys`: one of these columns must be in the file, for rows are found by them."""

    name: str
    label: str
    resource: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    target: type[Target]
    list_endpoint: str
    about: str = ""
    ignored: tuple[str, ...] = ()  # titles our own exports have besides

    def column(self, name: str) -> Column:
        """Return the column called `name`."""
        return next(column for column in self.columns if column.name == name)

    @property
    def offered(self) -> tuple[Column, ...]:
        """The columns of the template, in its order."""
        return tuple(column for column in self.columns if column.offered)

    def titles(self) -> dict[str, str]:
        """Return every comparable title → column: in each language, and the other names people use."""
        made: dict[str, str] = {}
        for column in self.columns:
            spellings = [column.title, *column.aliases, *in_every_language(column.title)]
            made.update((comparable(spelling), column.name) for spelling in spellings)
        return made

    def passed_over(self) -> frozenset[str]:
        """Return the comparable titles that are no part of the data and need no remark."""
        titles = (*NOT_READ, *self.ignored)
        return frozenset(comparable(each) for title in titles for each in (title, *in_every_language(title)))

    def example(self, book: Lookups) -> list[str]:
        """Return the example row of the template, which an import passes over."""
        return [book.translate(column.example) if column.example else "" for column in self.offered]


def in_every_language(msgid: str) -> Sequence[str]:
    """Return a text in each language of the platform."""
    found = []
    for language in current_app.config["LANGUAGES"]:
        with force_locale(language):
            found.append(gettext(msgid))
    return found


_sheets: dict[str, Sheet] = {}


def register(sheet: Sheet) -> Sheet:
    """Make a sheet known to the import pages, the worker and the API."""
    _sheets[sheet.name] = sheet
    return sheet


def sheet_named(name: str) -> Sheet:
    """Return the sheet called `name`. Raises NotVisible when there is none."""
    try:
        return _sheets[name]
    except KeyError:
        raise NotVisible from None


def sheets() -> Mapping[str, Sheet]:
    """Return every sheet by name."""
    return dict(_sheets)


def sheets_for(actor: Actor) -> list[Sheet]:
    """Return the sheets `actor` may import."""
    return [sheet for sheet in _sheets.values() if actor.may("import", sheet.resource)]


def texts_of(row: Any, columns: Sequence[Column], book: Lookups) -> list[Any]:
    """Return the cells of an export row."""
    return [column.write(row, book) for column in columns]
