"""The grid in which a school edits many teachers at once: page, data, check, saving (TCH-5, docs/grid.md)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import jsonify, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _

from app.domain.errors import Invalid, problem
from app.domain.identity import mask_phone
from app.domain.numbers import numbers_of
from app.domain.teachers import REQUIRED
from app.domain.terms import Gender, TeacherStatus
from app.domain.text import N_, LabelledEnum
from app.extensions import db
from app.models import School, Teacher
from app.security.actor import Actor
from app.security.names import initials
from app.services import teacher_grid
from app.services.teachers import BULK_FIELDS
from app.views.fab import PageView
from app.views.fab.columns import EMPTY, about_of, column_of, label_of, text_of
from app.views.fab.listing import Asked, Chip
from app.views.people import TeacherView
from app.views.teacher_grid_texts import key_help, script_texts
from app.web.actors import current_vault
from app.web.i18n import sentence


@dataclass(frozen=True)
class GridColumn:
    """A column: how wide (pixels), whether it stays at the left, when it is locked, whether it is masked."""

    name: str
    width: int = 120
    frozen: bool = False
    locked: bool = False  # never typed
    only_new: bool = False  # typed for a new teacher, later changed by a transfer (TCH-7)
    masked: bool = False  # shown in part; changing it means typing the whole (OPS-3)


COLUMNS = (
    GridColumn("name", 110, frozen=True),
    GridColumn("national_id", 185, masked=True),
    GridColumn("gender", 70),
    GridColumn("birth_date", 110),
    GridColumn("mobile", 125, masked=True),
    GridColumn("stage", 90),
    GridColumn("grade", 100),
    GridColumn("subject", 110),
    GridColumn("post_category", 130),
    GridColumn("title", 130),
    GridColumn("office_phone", 140),
    GridColumn("email", 190),
    GridColumn("school", 180, only_new=True),
    GridColumn("status", 100, only_new=True),
    GridColumn("teacher_number", 150, locked=True),
)
ENUMS: dict[str, type[LabelledEnum]] = {"gender": Gender, "status": TeacherStatus}
STORED_IN = {"national_id": "national_id_sealed"}  # where the label of a column stands, when not at its own
LONGEST_TEXT = 500  # characters of a cell that are looked at
LONGEST = {"national_id": 30, "birth_date": 20, "mobile": 30}  # characters one may type


class TeacherGridPage(PageView):
    """Opened from the teacher list with its filters, or for chosen rows (`?rows=1,2,3`)."""

    resource = "Teacher"
    route_base = "/teachers/grid"
    method_permission_name = {"index": "edit", "data": "edit", "check": "edit", "save": "edit"}

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show the page; its rows come from `data`."""
        asked = self._asked()
        urls = {
            "data": url_for("TeacherGridPage.data") + "?" + request.query_string.decode(),
            "check": url_for("TeacherGridPage.check"),
            "save": url_for("TeacherGridPage.save"),
        }
        return self.render_template(
            "teachers/grid.html", title=_("Teachers as a table"), urls=urls, chips=self._chips(asked),
            url_list=url_for("TeacherView.list") + (asked.url(page=1) if asked.filters else ""),
            bulk="bulk" in request.args, texts=script_texts(), keys=key_help(),
        )  # fmt: skip

    @expose("/data")
    @has_access
    def data(self) -> Any:
        """Send columns, choices and rows."""
        asked, view = self._asked(), self._list()
        conditions = [Teacher.id.in_(self._chosen())] if "rows" in request.args else view.conditions(asked)
        opened = teacher_grid.open_rows(conditions, view.ordering(asked), actor=self.actor)
        return jsonify(
            columns=_columns(teacher_grid.choice_names()),
            rows=[row_as_json(row) for row in opened.rows],
            count=opened.count,
            most=teacher_grid.MOST_ROWS,
            may_create=self.actor.may("create", "Teacher"),
            defaults=_defaults(self.actor),
        )

    @expose("/check", methods=["POST"])
    @has_access
    def check(self) -> Any:
        """Tell of each changed row what is wrong with which cell, and how its texts will be stored."""
        checked = teacher_grid.check_rows(self._sent(), actor=self.actor, vault=current_vault())
        return jsonify(rows=[checked_as_json(row) for row in checked])

    @expose("/save", methods=["POST"])
    @has_access
    def save(self) -> Any:
        """Save the rows in one go; answer with the rows as they are stored now, theirs of a conflict, and problems."""
        only_valid = bool(self._body().get("only_valid"))
        done = teacher_grid.save_rows(self._sent(), actor=self.actor, vault=current_vault(), only_valid=only_valid)
        theirs = {row.sent.key: row.sent.id for row in done.conflicts if row.sent.id is not None}
        stored = teacher_grid.rows_by_id([*done.saved.values(), *theirs.values()], actor=self.actor)
        answer = jsonify(
            saved=[{"key": key, **row_as_json(stored[number])} for key, number in done.saved.items()],
            conflicts=[{"key": key, **row_as_json(stored[number])} for key, number in theirs.items()],
            invalid=[checked_as_json(row) for row in done.invalid],
        )
        refused = not done.saved and (422 if done.invalid else 409 if done.conflicts else 0)
        return (answer, refused) if refused else answer

    # --- what was sent and asked

    @staticmethod
    def _body() -> dict[str, Any]:
        body = request.get_json(silent=True)
        return body if isinstance(body, dict) else {}

    def _sent(self) -> list[teacher_grid.SentRow]:
        """Return the rows of the body. Raises Invalid for anything that is not as our own page sends it."""
        try:
            return [_sent_row(row, line) for line, row in enumerate(self._body()["rows"], 1)]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Invalid(problem("not_understood", N_("These rows could not be read; reload the page."))) from None

    @staticmethod
    def _chosen() -> list[int]:
        return numbers_of(request.args.get("rows", "").split(","))[: teacher_grid.MOST_ROWS]

    def _asked(self) -> Asked:
        view = self._list()
        return Asked.from_request([f.name for f in view.filters], view.order_columns)

    def _list(self) -> Any:
        """Return the teacher list, whose filters the grid shares."""
        return next(view for view in self.appbuilder.baseviews if isinstance(view, TeacherView))

    def _chips(self, asked: Asked) -> list[Chip]:
        view = self._list()
        base = url_for("TeacherGridPage.index")
        return [
            Chip(f.title(Teacher), f.told(asked.filters[f.name]), base + asked.url(**{f.name: "", "page": 1}))
            for f in view.filters if f.name in asked.filters
        ]  # fmt: skip


def row_as_json(row: Any) -> dict[str, Any]:
    """Return a row of `teacher_grid.open_rows` as texts, its protected values masked."""
    values = {column.name: _text(getattr(row, column.name)) for column in COLUMNS if not column.masked}
    values["national_id"] = f"{'*' * 14}{row.national_id_tail}" if row.national_id_tail else ""
    values["mobile"] = mask_phone(row.mobile) if row.mobile else ""
    return {"id": row.id, "version": row.version, "editable": bool(row.manageable), "values": values}


def checked_as_json(row: teacher_grid.CheckedRow) -> dict[str, Any]:
    """Return the problems of a row by cell as sentences, and the texts as they will be stored."""
    problems = {name: [sentence(each) for each in found] for name, found in row.problems.items()}
    values = {name: _text(value) for name, value in row.shown.items() if name not in row.problems}
    return {"key": row.sent.key, "problems": problems, "values": values}


def _sent_row(row: Any, line: int) -> teacher_grid.SentRow:
    names = {column.name for column in COLUMNS if not column.locked}
    values = {name: str(text)[:LONGEST_TEXT] for name, text in row["values"].items() if name in names}
    number, version = (int(row[name]) if row.get(name) is not None else None for name in ("id", "version"))
    return teacher_grid.SentRow(str(row["key"]), int(row.get("line") or line), number, version, values)


def _text(value: Any) -> str:
    text = text_of(value)
    return "" if text == EMPTY else text


def _columns(names: dict[str, list[str]]) -> list[dict[str, Any]]:
    choices = {**names, **{name: [_(member.label) for member in kind] for name, kind in ENUMS.items()}}
    return [_column(column, choices.get(column.name)) for column in COLUMNS]


def _column(column: GridColumn, choices: list[str] | None) -> dict[str, Any]:
    where = STORED_IN.get(column.name, column.name)
    length = getattr(column_of(Teacher, where).type, "length", None)
    return {
        "name": column.name, "label": label_of(Teacher, where), "about": about_of(Teacher, where),
        "required": column.name in REQUIRED, "width": column.width, "frozen": column.frozen, "locked": column.locked,
        "only_new": column.only_new, "masked": column.masked, "bulk": column.name in BULK_FIELDS,
        "longest": LONGEST.get(column.name, length or 200),
        "choices": [{"name": name, "initials": _initials(name)} for name in choices] if choices is not None else None,
    }  # fmt: skip


@cache
def _initials(name: str) -> str:
    return initials(name)


def _defaults(actor: Actor) -> dict[str, str]:
    """Return what a new teacher gets without anybody typing it: the school of school staff."""
    school = db.session.get(School, actor.school_id) if actor.school_id else None
    return {"school": school.name} if school else {}


VIEWS = (TeacherGridPage,)
