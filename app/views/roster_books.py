"""Rosters and sign-in sheets as workbooks: of one class, or of many with a sheet for each (DEL-12)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from flask import send_file
from flask_babel import gettext as _

from app.domain.clock import local, now
from app.domain.sign_in_sheets import Slot, pages_of
from app.exchange.rosters import Page, write_pages
from app.exchange.workbook import Value
from app.models import Enrollment, TrainingClass
from app.security.actor import Actor
from app.services import exports, rosters
from app.services.teachers import PROTECTED, whole_id
from app.views.enrollment_lists import TEACHER, shown_of
from app.views.fab.columns import label_of, text_of
from app.views.fab.export import XLSX, Words
from app.web.actors import current_vault

SIGNED = ("teacher.name", "school")  # columns before those to sign in
USUAL = (
    "teacher.name", "teacher.gender", "school", "teacher.subject", "teacher.title", "teacher.teacher_number",
    "teacher.mobile",
)  # fmt: skip


def labels_of(names: Iterable[str]) -> list[str]:
    """Return the heads of the columns."""
    return [label_of(Enrollment, name) for name in names]


def exported(row: Enrollment, name: str, actor: Actor) -> Any:
    """Return a column as a file holds it: numbers whole for who may see them; the audit tells of the export."""
    own = name.removeprefix(TEACHER)
    if own not in PROTECTED or not (actor.may("reveal", "Teacher") or actor.may("reveal", "Enrollment")):
        return shown_of(row, name)
    return whole_id(row.teacher, current_vault()) if own == "national_id" else row.teacher.mobile


def roster_page(row: TrainingClass, names: Sequence[str], rows: Iterable[Sequence[Value]], count: int) -> Page:
    """Return the sheet of a class: its people numbered."""
    numbered = ([at, *cells] for at, cells in enumerate(rows, 1))
    return Page(
        roster_title(row), about(row, count), [_("No."), *labels_of(names)], numbered,
        name=f"{row.number} {row.title}",
    )  # fmt: skip


def sign_in_pages(row: TrainingClass, people: Sequence[Enrollment]) -> list[Page]:
    """Return the sign-in sheets of a class: one for every few half days."""
    lines: list[list[Value]] = [
        [at, *(text_of(shown_of(person, name)) for name in SIGNED)] for at, person in enumerate(people, 1)
    ]
    return [
        Page(
            sign_in_title(row), about(row, len(people)), [_("No."), *labels_of(SIGNED)], lines,
            name=f"{row.number} {row.title}", to_sign=signed_heads(part),
        )
        for part in pages_of(rosters.slots(row))
    ]  # fmt: skip


def send_rosters(classes: Sequence[TrainingClass], *, actor: Actor) -> Any:
    """Send one workbook with the roster of each class, the usual columns."""
    words, pages, total = Words(), [], 0
    for row in (rosters.class_of_roster(one.id, actor=actor) for one in classes):
        people = rosters.participants(row, actor=actor)
        cells = [[words.cell(exported(person, name, actor)) for name in USUAL] for person in people]
        pages.append(roster_page(row, USUAL, cells, len(people)))
        total += len(people)
    return send_book(pages, _("Rosters"), classes, USUAL, total, actor=actor)


def send_sign_in_sheets(classes: Sequence[TrainingClass], *, actor: Actor) -> Any:
    """Send one workbook with the sign-in sheets of each class."""
    pages, total = [], 0
    for row in (rosters.class_of_roster(one.id, actor=actor) for one in classes):
        people = rosters.participants(row, actor=actor)
        pages += sign_in_pages(row, people)
        total += len(people)
    title = sign_in_title(classes[0]) if len(classes) == 1 else _("Sign-in sheets")
    return send_book(pages, title, classes, SIGNED, total, actor=actor)


def send_book(
    pages: Sequence[Page],
    title: str,
    classes: Sequence[TrainingClass],
    names: Sequence[str],
    rows: int,
    *,
    actor: Actor,
) -> Any:
    """Write the sheets, note in the audit what was taken out, and send the file."""
    file = BytesIO()
    write_pages(file, pages, foot=printed())
    keys = ",".join(str(one.id) for one in classes)
    details = {"filters": {"training_class": keys}, "columns": list(names)}
    exports.record_export(Enrollment, title=title, rows=rows, details=details, actor=actor)
    file.seek(0)
    return send_file(file, XLSX, as_attachment=True, download_name=f"{title}-{local(now()):%Y%m%d}.xlsx")


def roster_title(row: TrainingClass) -> str:
    """Return the head of a roster."""
    return _("Roster of %(class)s", **{"class": class_title(row)})


def sign_in_title(row: TrainingClass) -> str:
    """Return the head of a sign-in sheet."""
    return _("Sign-in sheet of %(class)s", **{"class": class_title(row)})


def class_title(row: TrainingClass) -> str:
    """Return a class as the head of a sheet calls it."""
    return _("%(title)s (class %(number)d)", title=row.title, number=row.number)


def about(row: TrainingClass, count: int) -> str:
    """Return the line below the head of a sheet: who, when, where, how many."""
    return _(
        "Institution: %(institution)s   Dates: %(first)s to %(last)s   Place: %(place)s   People: %(count)d",
        institution=row.institution.name, first=row.starts_on.isoformat(), last=row.ends_on.isoformat(),
        place=row.place, count=count,
    )  # fmt: skip


def signed_heads(slots: Sequence[Slot]) -> list[str]:
    """Return the heads of the columns to sign in; one without a day when nobody knows the days."""
    return [f"{slot.day:%m-%d} {_(slot.half.label)}" for slot in slots] or [_("Signature")]


def printed() -> str:
    """Return when a sheet was made, for its foot."""
    return _("Made on %(when)s", when=f"{local(now()):%Y-%m-%d %H:%M}")
