"""Loading the region tree from a table of GB/T 2260 codes (ORG-1)."""

from __future__ import annotations

import csv
from pathlib import Path

from app.domain.errors import Conflict, Invalid, problem
from app.domain.regions import RegionRow, in_order, paths_of, region_problems
from app.domain.text import N_
from app.extensions import db
from app.models import Region
from app.services.unit import transaction

OWN_TABLE = Path(__file__).resolve().parents[1] / "data" / "regions.csv"
COLUMNS = ("code", "name", "level", "parent_code")


def read_rows(path: Path = OWN_TABLE) -> list[RegionRow]:
    """Read a CSV with the columns code, name, level, parent_code. Raises Invalid when a column is missing."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
        if missing:
            text = N_("The file lacks the columns %(columns)s; the first line must name them.")
            raise Invalid(problem("columns_missing", text, columns=", ".join(missing)))
        return [RegionRow(**{name: (row[name] or "").strip() for name in COLUMNS}) for row in table]


def import_regions(rows: list[RegionRow]) -> int:
    """Store a whole region tree in an empty table; return how many. Raises Invalid with a problem per wrong row."""
    problems = region_problems(rows)
    if problems:
        raise Invalid(problems)
    if db.session.query(Region.id).first():
        raise Conflict(problem("regions_present", N_("There is a region tree already; it is loaded once.")))
    paths = paths_of(rows)
    made: dict[str, Region] = {}
    with transaction():
        for row in in_order(rows):
            made[row.code] = Region(
                code=row.code, name=row.name, level=row.level, path=paths[row.code], parent=made.get(row.parent_code)
            )
            db.session.add(made[row.code])
    return len(made)
