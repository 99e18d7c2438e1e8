"""Rosters (花名册) and sign-in sheets (签到表): on the screen, on paper, as workbooks (DEL-12)."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flask import has_request_context, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from sqlalchemy import select

from app.domain.sign_in_sheets import pages_of
from app.domain.text import N_
from app.exchange.rosters import write_pages
from app.exchange.workbook import Value, write_workbook
from app.extensions import db
from app.models import Enrollment, School, TrainingClass
from app.security.actor import Actor
from app.services import exports, rosters
from app.views import roster_books as books
from app.views.enrollment_lists import EnrollmentList, class_filter, gender_filter, teacher_filter
from app.views.fab import related
from app.views.fab.columns import text_of
from app.views.fab.export import Words
from app.views.fab.listing import Asked

Told = Callable[[int, int], None]


class RosterView(EnrollmentList):
    """Who takes part in the classes: the admitted. With a class chosen it is printed and signed."""

    route_base = "/rosters"
    exclude_route_methods = {"download", "show"}
    method_permission_name = dict.fromkeys(
        ("list", "options", "action", "action_post", "export", "sheet", "sign_in", "sign_in_workbook"), "export"
    )
    list_template = "rosters/list.html"
    list_columns = list(books.USUAL)
    column_choices = (
        "teacher.national_id", "teacher.birth_date", "teacher.stage", "teacher.grade", "teacher.post_category",
        "teacher.office_phone", "teacher.email", "bureau", "number", "round_kind", "origin", "enrolled_at",
    )  # fmt: skip
    order_columns = ["teacher.teacher_number", "teacher.name", "teacher.gender", "school.name", "enrolled_at"]
    filters = (class_filter(), teacher_filter(), related("school", School), gender_filter())
    empty_hint = N_("Nobody has been admitted yet. People appear here once the institution has confirmed them.")

    # --- which rows, which columns

    def title_of(self) -> str:
        """Return what the rows are called: the class, when one is chosen."""
        chosen = self.class_chosen()
        return _("Roster: %(class)s", **{"class": str(chosen)}) if chosen else _("Rosters")

    def class_chosen(self) -> TrainingClass | None:
        """Return the class the address names; None without one. Raises NotVisible."""
        key = self._class_named()
        return rosters.class_of_roster(key, actor=self.actor) if key.isdigit() else None

    def _class_named(self) -> str:
        return request.args.get("training_class", "").strip() if has_request_context() else ""

    def conditions(self, asked: Asked) -> list[Any]:
        """Leave who takes part."""
        return [rosters.on_the_roster(), *super().conditions(asked)]

    def ordering(self, asked: Asked) -> tuple[Any, ...]:
        """Return the usual order unless asked otherwise."""
        return super().ordering(asked) if asked.order else rosters.usual_order()

    def columns_shown(self) -> list[str]:
        """Return the columns asked for; the class stands first where the rows are of several."""
        shown = super().columns_shown()
        several = has_request_context() and request.endpoint in (f"{self.endpoint}.list", f"{self.endpoint}.export")
        return [*shown[:1], "training_class", *shown[1:]] if several and not self._class_named() else shown

    # --- workbook

    def write_export(
        self, target: Any, keys: array[int], actor: Actor, names: Sequence[str], progress: Told | None = None
    ) -> int:
        """Write the roster of one class ready to print, that of several as one long list."""
        chosen = self._only_class(keys, actor)
        able = ["training_class", *self.columns_offered()]
        names = [name for name in names if name in able and not (chosen and name == "training_class")]
        rows = self._lines(keys, actor, names, progress)
        if chosen is None:
            return write_workbook(target, title=_("Rosters"), labels=books.labels_of(names), rows=rows)
        return write_pages(target, [books.roster_page(chosen, names, rows, len(keys))], foot=books.printed())

    def _only_class(self, keys: array[int], actor: Actor) -> TrainingClass | None:
        """Return the class all rows belong to; None when there are several, or none."""
        ids = set()
        for start in range(0, len(keys), exports.CHUNK):
            part = Enrollment.id.in_(keys[start : start + exports.CHUNK].tolist())
            ids |= set(db.session.scalars(select(Enrollment.training_class_id).where(part).distinct()))
        return rosters.class_of_roster(ids.pop(), actor=actor) if len(ids) == 1 else None

    def _lines(
        self, keys: array[int], actor: Actor, names: Sequence[str], progress: Told | None
    ) -> Iterator[list[Value]]:
        words, done = Words(), 0
        for part in exports.rows_of_keys(Enrollment, keys, actor=actor, options=self.loads(names)):
            for row in part:
                yield [words.cell(books.exported(row, name, actor)) for name in names]
            done += len(part)
            if progress is not None:
                progress(done, len(keys))

    # --- paper

    @expose("/<int:pk>/print")
    @has_access
    def sheet(self, pk: int) -> Any:
        """Show the whole roster of a class to print, with the columns of the list."""
        row, people = self._class(pk)
        names = [name for name in self.columns_shown() if name != "training_class"]
        lines = [[text_of(self.value_of(person, name)) for name in names] for person in people]
        file = url_for("RosterView.export", training_class=row.id, cols=",".join(names))
        return self._paper(row, books.roster_title(row), [(books.labels_of(names), [], lines)], len(people), file)

    @expose("/<int:pk>/sign-in")
    @has_access
    def sign_in(self, pk: int) -> Any:
        """Show the sign-in sheet of a class to print."""
        row, people = self._class(pk)
        lines = [[text_of(self.value_of(person, name)) for name in books.SIGNED] for person in people]
        heads = books.labels_of(books.SIGNED)
        pages = [(heads, books.signed_heads(part), lines) for part in pages_of(rosters.slots(row))]
        file = url_for("RosterView.sign_in_workbook", pk=pk)
        return self._paper(row, books.sign_in_title(row), pages, len(people), file)

    @expose("/<int:pk>/sign-in.xlsx")
    @has_access
    def sign_in_workbook(self, pk: int) -> Any:
        """Send the sign-in sheet as a workbook: a sheet for every eight half days."""
        return books.send_sign_in_sheets([rosters.class_of_roster(pk, actor=self.actor)], actor=self.actor)

    def _class(self, pk: int) -> tuple[TrainingClass, list[Enrollment]]:
        row = rosters.class_of_roster(pk, actor=self.actor)
        return row, rosters.participants(row, actor=self.actor)

    def _paper(self, row: TrainingClass, title: str, pages: Any, count: int, url_file: str) -> Any:
        return self.render_template(
            "rosters/paper.html", title=title, row=row, about=books.about(row, count), pages=pages, count=count,
            url_file=url_file, url_roster=url_for("RosterView.list", training_class=row.id),
        )  # fmt: skip


VIEWS = (RosterView,)
