"""Loading the demo: its chapters in order, into an empty database only.

A new chapter is a module with a `load(making)` and a line in `CHAPTERS`. Its rows must hold whatever the verbs keep in
step (initials, indexes, counts, sign-in names): `tests/services/test_demo.py` compares the two.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from app.extensions import db
from app.models import (
    Account,
    Attempt,
    Bureau,
    Captcha,
    Enrollment,
    Institution,
    Programme,
    Record,
    Region,
    RegionGrant,
    School,
    SecurityStamp,
    Teacher,
    TrainingClass,
    TrainingYear,
)
from app.services.demo import adjusting, calendar, cast, history, places, reference, scenes, school_desk, teachers, year
from app.services.demo.making import Making
from app.services.regions import import_regions, read_rows
from app.services.unit import transaction

Chapter = Callable[[Making], None]
CHAPTERS: tuple[Chapter, ...] = (
    reference.load, places.load, calendar.load, teachers.load, cast.load, history.load, year.load,
    scenes.load, adjusting.load, school_desk.load,
)  # fmt: skip
# What a database holds before anybody has entered anything: the region tree, the stamp, what visitors leave.
BEFORE_ANYTHING = {Region, SecurityStamp, Attempt, Captcha}
COUNTED = (
    Region,
    Bureau,
    Institution,
    RegionGrant,
    School,
    Teacher,
    Account,
    TrainingYear,
    Programme,
    TrainingClass,
    Enrollment,
)


def is_empty() -> bool:
    """Tell whether nobody has entered anything yet: no account, no organisation, no record of any kind."""
    kinds = {mapper.class_ for mapper in Record.registry.mappers if issubclass(mapper.class_, Record)} | {Account}
    asked = sorted(kinds - BEFORE_ANYTHING, key=lambda kind: str(kind.__tablename__))
    return not any(db.session.scalar(select(select(kind.id).exists())) for kind in asked)


def load(making: Making) -> dict[str, int]:
    """Fill the database, all or nothing; return entity → rows. The caller has made sure that it is empty."""
    with transaction():
        if not db.session.scalar(select(func.count()).select_from(Region)):
            import_regions(read_rows())
        for chapter in CHAPTERS:
            chapter(making)
    return {kind.__name__: db.session.scalar(select(func.count()).select_from(kind)) or 0 for kind in COUNTED}
