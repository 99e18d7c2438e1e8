"""One side of the import benchmark in a process of its own: `python -m benchmarks.work.imports SIDE WORKBOOK`.

`ours` is the import of the platform as its worker runs it: upload, plan, apply. `limit` is the least that could be
done: read with calamine, seal the ID numbers, insert; nothing is checked, planned, recorded or kept apart. `orm` is
the usual way: openpyxl, and the ORM with the same check, row by row. `unsealed` is `ours` with a vault that keeps every
value as it is. Each prints {"seconds": …, "rows": …}.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

from flask import Flask
from sqlalchemy import insert, select

from app import create_app
from app.domain.clock import now
from app.domain.pairs import pairs_of
from app.domain.teachers import clean
from app.domain.terms import Gender, TeacherStatus
from app.extensions import db
from app.jobs.beside import employ_helper
from app.jobs.runner import run
from app.jobs.worker import settle_memory
from app.models import Account, AuditEntry, ImportBatch, School, Stage, Subject, Teacher, teacher_name_pair
from app.security.crypto import Vault
from app.security.names import initials
from app.security.people import actor_of
from app.services import import_rows, imports
from app.services.teacher_bulk import id_columns, next_teacher_numbers
from app.services.teacher_lists import lists_for
from app.services.teacher_rows import READERS

CHUNK = 2000  # rows the limit inserts at once, and the ORM commits
FIELDS = ("name", "national_id", "gender", "birth_date", "school", "stage", "subject", "title", "mobile",
          "office_phone", "email", "post_category")  # fmt: skip


class _Waiting(list[int]):
    """A queue this process empties itself."""

    put = list.append


def ours(app: Flask, path: str) -> int:
    """Import as the platform does."""
    employ_helper(app)
    waiting = app.extensions["jobs"] = _Waiting()
    actor = actor_of(db.session.scalars(select(Account).where(Account.username == "province")).one())
    with open(path, "rb") as file:
        batch = imports.upload("teachers", "Teacher", file, file_name="b.xlsx", title="p", language="zh", actor=actor)
    key = batch.id
    run(waiting.pop(), stopping=lambda: False)
    imports.start_applying(key, "Teacher", title="a", language="zh", actor=actor)
    run(waiting.pop(), stopping=lambda: False)
    db.session.expire_all()
    return db.session.get_one(ImportBatch, key).written


def limit(_app: Flask, path: str) -> int:
    """Read and insert, and nothing else."""
    from python_calamine import CalamineWorkbook

    vault = import_rows.platform_vault()
    schools = _by_name(School.code, School)
    stages, subjects = _by_name(Stage.name, Stage), _by_name(Subject.name, Subject)
    sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    lines = islice(sheet.iter_rows(), 1, None)
    count = 0
    while chunk := list(islice(lines, CHUNK)):
        _insert(chunk, schools, stages, subjects, vault)
        count += len(chunk)
    return count


def _by_name(column: Any, model: Any) -> dict[str, int]:
    return {name: key for name, key in db.session.execute(select(column, model.id))}  # noqa: C416


def _insert(chunk: list[Any], schools: Any, stages: Any, subjects: Any, vault: Vault) -> None:
    moment = now()
    same = {"status": TeacherStatus.EMPLOYED, "created_at": moment, "updated_at": moment, "version": 1}
    stored = [
        {
            **same, "teacher_number": number, "name": cells[0], "name_initials": initials(cells[0]),
            "national_id_sealed": vault.seal(cells[1]), "national_id_key": vault.key(cells[1]),
            "national_id_tail": cells[1][-4:], "gender": Gender.MALE if cells[2] == "男" else Gender.FEMALE,
            "birth_date": date.fromisoformat(cells[3]), "school_id": schools[cells[4]], "stage_id": stages[cells[5]],
            "subject_id": subjects[cells[6]], "mobile": cells[8], "office_phone": cells[9], "email": cells[10],
        }
        for cells, number in zip(chunk, next_teacher_numbers(len(chunk)), strict=True)
    ]  # fmt: skip
    db.session.execute(insert(Teacher), stored)
    numbers = [row["teacher_number"] for row in stored]
    found = select(Teacher.id, Teacher.name).where(Teacher.teacher_number.in_(numbers))
    pairs = [(a, b, key) for key, name in db.session.execute(found) for a, b in pairs_of(name)]
    db.session.execute(insert(teacher_name_pair), [{"first": a, "second": b, "teacher_id": k} for a, b, k in pairs])
    db.session.commit()


def orm(_app: Flask, path: str) -> int:
    """Read with openpyxl, look each person up, check, add."""
    from openpyxl import load_workbook

    vault = import_rows.platform_vault()
    actor = actor_of(db.session.scalars(select(Account).where(Account.username == "province")).one())
    lists = lists_for(actor)
    count = 0
    lines = load_workbook(path, read_only=True).worksheets[0].iter_rows(min_row=2, values_only=True)
    for cells in lines:
        count += _add(dict(zip(FIELDS, cells, strict=True)), lists, vault, actor)
        if count % CHUNK == 0:
            db.session.commit()
    db.session.commit()
    return count


def _add(given: dict[str, Any], lists: Any, vault: Vault, actor: Any) -> int:
    identity = READERS["national_id"](given["national_id"], field="national_id")
    if db.session.scalar(select(Teacher).where(Teacher.national_id_key == vault.key(identity.number))):
        return 0
    values = clean(given, lists).raise_if_any()
    columns = {name: value for name, value in values.items() if name != "national_id"}
    row = Teacher(**columns, **id_columns(identity, vault), teacher_number=next_teacher_numbers(1)[0],
                  name_initials=initials(values["name"]))  # fmt: skip
    db.session.add(row)
    db.session.flush()
    db.session.add(AuditEntry(account_id=actor.account_id, action="create", entity="Teacher", row_id=row.id))
    return 1


class _Glass(Vault):
    """Keeps every value as it is, for the control."""

    def seal(self, plain: str) -> bytes:
        """Return the text itself."""
        return plain.encode()

    def open(self, sealed: bytes) -> str:
        """Return the text itself."""
        return sealed.decode()

    def key(self, plain: str) -> str:
        """Return the text, as long as an index."""
        return plain.encode().hex().ljust(64, "0")[:64]


def unsealed(app: Flask, path: str) -> int:
    """Import as the platform does, without sealing or indexing by a secret."""
    glass = _Glass(app.config["SETTINGS"].DATA_KEY)
    imports.vault = import_rows.vault = lambda _key: glass
    return ours(app, path)


SIDES = {"ours": ours, "limit": limit, "orm": orm, "unsealed": unsealed}


def _told(side: str, path: str) -> Iterator[str]:
    app = create_app({"LOG_LEVEL": "ERROR"})
    settle_memory()
    with app.app_context():
        begun = time.perf_counter()
        count = SIDES[side](app, path)
        yield json.dumps({"seconds": time.perf_counter() - begun, "rows": count})


if __name__ == "__main__":
    print(*_told(*sys.argv[1:3]))
