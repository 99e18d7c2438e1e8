"""One side of the export benchmark in a process of its own: `python -m benchmarks.work.exports SIDE TARGET ROWS`.

`ours` is the export of the teacher list with all its columns as the worker writes it: scope, order, whole ID numbers
opened one by one, formats, widths, audit. `bare` is xlsxwriter in constant memory writing the same cells from a list.
Each prints {"seconds": …, "rows": …, "extra_mb": …}: the peak of memory beyond what the process had before.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import xlsxwriter
from flask import Flask
from sqlalchemy import select

from app import create_app
from app.extensions import db
from app.models import Account
from app.security.people import actor_of
from app.views.fab.listing import Asked
from app.web.actors import acting_as

COLUMNS = (
    "teacher_number", "name", "gender", "school", "stage", "subject", "title", "status", "national_id", "birth_date",
    "grade", "post_category", "mobile", "office_phone", "email",
)  # fmt: skip


def teacher_view(app: Flask) -> Any:
    """Return the list of teachers."""
    return next(view for view in app.appbuilder.baseviews if type(view).__name__ == "TeacherView")  # type: ignore[attr-defined]


def province() -> Any:
    """Return who exports."""
    return actor_of(db.session.scalars(select(Account).where(Account.username == "province")).one())


def ours(app: Flask, target: str, most: int) -> Callable[[], int]:
    """Export as the platform does."""
    view, actor = teacher_view(app), province()
    asked = Asked({}, "", False, 1, 1)

    def export() -> int:
        with acting_as(actor):
            keys = view.export_keys(asked, actor)[:most]
            count: int = view.write_export(target, keys, actor, COLUMNS)
            view.audit_export(asked, count, actor, COLUMNS)
            return count

    return export


def bare(app: Flask, target: str, most: int) -> Callable[[], int]:
    """Write the same cells with xlsxwriter alone; they are taken from a thousand rows, so that they cost nothing."""
    view, actor = teacher_view(app), province()
    with acting_as(actor):
        keys = view.export_keys(Asked({}, "", False, 1, 1), actor)
        texts = [[str(cell or "") for cell in row] for row in view._values(keys[:1000], COLUMNS, actor, None)]
    count = min(most, len(keys))

    def write() -> int:
        with xlsxwriter.Workbook(target, {"constant_memory": True}) as book:
            page = book.add_worksheet()
            for line in range(count):
                for at, value in enumerate(texts[line % len(texts)]):
                    page.write_string(line, at, value)
        return count

    return write


SIDES = {"ours": ours, "bare": bare}


def _memory(name: str) -> int:
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))


def _forget_peak() -> None:
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def main(side: str, target: str, most: str) -> None:
    """Measure one side."""
    app = create_app({"LOG_LEVEL": "ERROR"})
    with app.app_context():
        export = SIDES[side](app, target, int(most))
        _forget_peak()
        before, begun = _memory("VmRSS"), time.perf_counter()
        count = export()
        told = {"seconds": time.perf_counter() - begun, "rows": count, "extra_mb": (_memory("VmHWM") - before) / 1024}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:4])
