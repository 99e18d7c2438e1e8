"""The download of a list as xlsx: short lists at once, long ones as a background job of their reader (DEL-12)."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from itertools import chain
from typing import Any

from flask import current_app, redirect, send_file, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from app.domain.clock import local, now
from app.domain.errors import NotVisible
from app.domain.text import LabelledEnum
from app.exchange.workbook import Value, write_workbook
from app.jobs.registry import Result, Run, job
from app.security.actor import Actor
from app.services import exports, jobs
from app.views.fab.columns import EMPTY, label_of, text_of
from app.views.fab.light_rows import LightRows, Reader
from app.views.fab.listing import Asked
from app.web.actors import acting_as

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AT_ONCE = 5000  # rows; more are written in the background
KIND = "export_list"


class Exporting:
    """The `export` route of generated screens: the columns and filters of the list, every visible row."""

    export_columns: tuple[str, ...] = ()
    # For long lists: the columns that exported names are worked out from, when not a column or relation of that name.
    # Only these columns are read then; None means whole rows.
    export_from: Mapping[str, tuple[str, ...]] | None = None

    @expose("/export")
    @has_access
    def export(self) -> Any:
        """Send the list as xlsx, or begin the job that writes it and show its page."""
        view: Any = self
        asked = Asked.from_request([f.name for f in view.filters], view.order_columns)
        keys = self.export_keys(asked, view.actor)
        if len(keys) > AT_ONCE:
            return redirect(url_for("JobView.show", pk=self._start(asked, view.actor).id))
        file = BytesIO()
        names = self.columns_to_export()
        count = self.write_export(file, keys, view.actor, names)
        self.audit_export(asked, count, view.actor, names)
        file.seek(0)
        return send_file(file, XLSX, as_attachment=True, download_name=self.export_name())

    def _start(self, asked: Asked, actor: Actor) -> Any:
        arguments = {
            "view": type(self).__name__,
            "filters": asked.filters,
            "order": asked.order,
            "descending": asked.descending,
            "columns": self.columns_to_export(),
            "language": str(get_locale()),
            "address": actor.address,
        }
        return jobs.start(KIND, _("Export: %(thing)s", thing=self.export_title()), arguments, actor=actor)

    def export_title(self) -> str:
        """Return the title above the rows."""
        view: Any = self
        return str(view.title_of())

    def export_name(self) -> str:
        """Return the name of the file."""
        return file_name(self.export_title())

    def export_keys(self, asked: Asked, actor: Actor) -> array[int]:
        """Return the keys of the rows of the list, on all its pages."""
        view: Any = self
        return exports.keys_to_export(view.model, view.conditions(asked), view.ordering(asked), actor=actor)

    def write_export(
        self,
        target: Any,
        keys: array[int],
        actor: Actor,
        names: Sequence[str],
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """Write the columns `names` of the rows of `keys`; return how many."""
        model = self.model  # type: ignore[attr-defined]
        labels = [label_of(model, name) for name in names]
        rows = self._values(keys, names, actor, progress)
        return write_workbook(target, title=self.export_title(), labels=labels, rows=rows)

    def columns_to_export(self) -> tuple[str, ...]:
        """Return the columns of the file: those on the screen unless declared."""
        view: Any = self
        return tuple(self.export_columns or view.columns_shown())

    def export_reader(self, name: str, actor: Actor) -> Reader:
        """Return what takes the value of an exported column out of a row; made once for each export.

        Override where an export shows more or less than the screen.
        """
        view: Any = self
        return lambda row: view.value_of(row, name)

    def _values(
        self, keys: array[int], names: Sequence[str], actor: Actor, progress: Callable[[int, int], None] | None
    ) -> Iterator[list[Value]]:
        view: Any = self
        light = None if self.export_from is None else LightRows(view.model, names, self.export_from)
        wanted = {"options": view.loads(names)} if light is None else {"columns": light.columns}
        taken = [light.reader(name) if light else None for name in names]
        readers = [own or self.export_reader(name, actor) for own, name in zip(taken, names, strict=True)]
        done, cell = 0, Words().cell
        for part in exports.rows_of_keys(view.model, keys, actor=actor, **wanted):
            if light is not None:
                light.learn(part)
            for row in part:
                yield [cell(read(row)) for read in readers]
            done += len(part)
            if progress is not None:
                progress(done, len(keys))

    def audit_export(self, asked: Asked, count: int, actor: Actor, names: Sequence[str]) -> None:
        """Write into the audit what was taken out."""
        details = {"filters": asked.filters, "columns": list(names)}
        model = self.model  # type: ignore[attr-defined]
        exports.record_export(model, title=self.export_title(), rows=count, details=details, actor=actor)


def send_table(
    model: type[Any],
    title: str,
    labels: Sequence[str],
    rows: Iterable[Sequence[Value]],
    details: Mapping[str, Any],
    *,
    actor: Actor,
    foot: Sequence[Sequence[Value]] = (),
) -> Any:
    """Send the rows of a page made by hand as a workbook and write into the audit what was taken out.

    Lines of the `foot`, such as sums, are no rows. Whoever calls has asked for the permission.
    """
    file = BytesIO()
    count = write_workbook(file, title=title, labels=labels, rows=chain(rows, foot)) - len(foot)
    exports.record_export(model, title=title, rows=count, details=dict(details), actor=actor)
    file.seek(0)
    return send_file(file, XLSX, as_attachment=True, download_name=file_name(title))


def file_name(title: str) -> str:
    """Return the name of a file: what, and when in Shanghai."""
    return f"{title}-{local(now()):%Y%m%d-%H%M}.xlsx"


class Words:
    """Cells of one export: plain text passes quickly, each word of a closed list is translated once."""

    def __init__(self) -> None:
        self._told: dict[LabelledEnum, Value] = {}

    def cell(self, value: Any) -> Value:
        """Return a value as a cell holds it."""
        if type(value) is str:
            return None if value in ("", EMPTY) else value
        if isinstance(value, LabelledEnum):
            if value not in self._told:
                self._told[value] = plain(value)
            return self._told[value]
        return plain(value)


def plain(value: Any) -> Value:
    """Return a value as a cell holds it: numbers and days as such, moments in Shanghai time, the rest as text."""
    if value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool)):
        return value
    if isinstance(value, datetime):
        return local(value).replace(tzinfo=None)
    if isinstance(value, date):
        return value
    text = text_of(value)
    return None if text == EMPTY else text


@job(KIND)
def export_list(run: Run) -> Result:
    """Write the list a person asked for, as that person and in their language."""
    view = _view_named(run.arguments["view"])
    asked = Asked(run.arguments["filters"], run.arguments["order"], run.arguments["descending"], 1, 1)
    with acting_as(run.actor), force_locale(run.arguments["language"]):
        keys = view.export_keys(asked, run.actor)
        columns = run.arguments.get("columns") or view.columns_to_export()
        with run.workbook() as (name, path):
            count = view.write_export(path, keys, run.actor, columns, run.progress)
        view.audit_export(asked, count, run.actor, columns)
        return Result(view.export_name(), name)


def _view_named(name: str) -> Any:
    for view in current_app.appbuilder.baseviews:  # type: ignore[attr-defined]
        if type(view).__name__ == name and isinstance(view, Exporting):
            return view
    raise NotVisible
