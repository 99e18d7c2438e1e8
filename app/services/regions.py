"""Loading the region tree from a table of GB/T 2260 codes, and bringing it up to date (ORG-1).

Codes are never given to another place, and bureaus, schools and grants hang on them: an import adds, renames and moves,
and what the file leaves out stays as it is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.domain.errors import Invalid, Problem, problem
from app.domain.regions import RegionRow, in_order, paths_of, region_problems
from app.domain.terms import AuditAction, RegionLevel
from app.domain.text import N_, Text
from app.extensions import db
from app.models import Region
from app.security.actor import Actor
from app.services import audit
from app.services.unit import transaction

OWN_TABLE = Path(__file__).resolve().parents[1] / "data" / "regions.csv"
COLUMNS = ("code", "name", "level", "parent_code")
ENCODINGS = ("utf-8-sig", "gb18030")  # what spreadsheets save


@dataclass(frozen=True, slots=True)
class RegionChanges:
    """What an import changes, by code; `left_out` stand in the platform and not in the file, and stay."""

    added: tuple[str, ...]
    renamed: tuple[str, ...]
    moved: tuple[str, ...]
    left_out: tuple[str, ...]
    unchanged: int

    @property
    def changed(self) -> int:
        """How many regions are written."""
        return len({*self.added, *self.renamed, *self.moved})


def read_rows(path: Path = OWN_TABLE) -> list[RegionRow]:
    """Read a CSV with the columns code, name, level, parent_code. Raises Invalid when it is none, or lacks a column."""
    table = csv.DictReader(StringIO(_text_of(path), newline=""))
    try:
        missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
        if missing:
            text = N_("The file lacks the columns %(columns)s; the first line must name them.")
            raise Invalid(problem("columns_missing", text, columns=", ".join(missing)))
        return list(_rows_of(table))
    except csv.Error:
        raise Invalid(_unreadable()) from None


def _rows_of(table: csv.DictReader[str]) -> Iterator[RegionRow]:
    for row in table:
        values = {name: (row[name] or "").strip() for name in COLUMNS}
        if any(values.values()):
            yield RegionRow(**values, line=table.line_num)


def _text_of(path: Path) -> str:
    content = path.read_bytes()
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Invalid(_unreadable())


def _unreadable() -> Problem:
    return problem("not_csv", N_("The file is no CSV table; save it as “CSV UTF-8” and import that."))


def import_regions(rows: list[RegionRow], *, actor: Actor | None = None, dry_run: bool = False) -> RegionChanges:
    """Bring the region tree up to what `rows` say; return what that changes. With `dry_run` nothing is written.

    Raises Invalid with every problem of every line; then nothing is written either.
    """
    actor = actor or Actor.platform()
    with transaction():
        present = {
            region.code: region for region in db.session.scalars(select(Region).options(selectinload(Region.parent)))
        }
        whole = _checked(rows, present)
        changes = _changes(rows, present)
        if not dry_run:
            _write(rows, present, paths_of(whole), actor)
    return changes


def _checked(rows: list[RegionRow], present: dict[str, Region]) -> list[RegionRow]:
    """Return the tree there will be: `rows`, and what stands beside them already. Raises Invalid."""
    named = {row.code for row in rows}
    beside = [_row_of(region) for code, region in present.items() if code not in named]
    problems = region_problems([*rows, *beside])
    for row in rows:
        region = present.get(row.code)
        if region is not None and row.level in tuple(RegionLevel) and region.level != row.level:
            text = N_("Region %(code)s is a %(level)s already; a region that changes its level gets a new code.")
            told = Text(text, {"code": row.code, "level": region.level, "line": row.line})
            problems.append(Problem("region_level_fixed", told, row.code))
    if problems:
        raise Invalid(sorted(problems, key=lambda found: found.text.params.get("line", 0)))
    return [*rows, *beside]


def _row_of(region: Region) -> RegionRow:
    return RegionRow(region.code, region.name, region.level.value, region.parent.code if region.parent else "")


def _changes(rows: Iterable[RegionRow], present: dict[str, Region]) -> RegionChanges:
    before = {code: _row_of(region) for code, region in present.items()}
    after = {row.code: row for row in rows}
    shared = [code for code in after if code in before]
    return RegionChanges(
        added=tuple(sorted(after.keys() - before.keys())),
        renamed=tuple(code for code in shared if after[code].name != before[code].name),
        moved=tuple(code for code in shared if after[code].parent_code != before[code].parent_code),
        left_out=tuple(sorted(before.keys() - after.keys())),
        unchanged=sum(replace(after[code], line=0) == before[code] for code in shared),
    )


def _write(rows: list[RegionRow], present: dict[str, Region], paths: dict[str, str], actor: Actor) -> None:
    first = not present  # the loading of the whole tree is one act, of which the migration tells
    before = {code: audit.snapshot(region) for code, region in present.items()}
    for row in in_order(rows):
        region = present.setdefault(row.code, Region(code=row.code, level=RegionLevel(row.level)))
        region.name, region.parent = row.name, present.get(row.parent_code)
        db.session.add(region)
    for code, region in present.items():
        region.path = paths[code]
    db.session.flush()
    if not first:
        _note(present, before, actor)


def _note(present: dict[str, Region], before: dict[str, dict[str, object]], actor: Actor) -> None:
    for code, region in present.items():
        old, new = before.get(code), audit.snapshot(region)
        if old is None:
            audit.record(AuditAction.CREATE, region, actor=actor, after=new)
        elif old != new:
            audit.record(AuditAction.UPDATE, region, actor=actor, before=old, after=new)
