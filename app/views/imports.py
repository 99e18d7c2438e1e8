"""The import wizard, one for every sheet: upload, progress, plan, apply, result (TCH-6, ORG-5)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import flash, jsonify, redirect, request, send_file, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import get_locale
from flask_babel import gettext as _

from app.domain.errors import Conflict, DomainError, Invalid, problem
from app.domain.imports import RowPlan, problem_from_json
from app.domain.terms import ImportOutcome, ImportState, JobState
from app.domain.text import N_
from app.exchange import applying, mending, planning, programmes, proxies, schools, teachers
from app.exchange.errors_book import reasons_of
from app.exchange.lookups import Lookups
from app.exchange.reading import MOST_BYTES, refusal
from app.exchange.sheets import Sheet, Target, sheet_named, sheets_for
from app.exchange.templates import write_template
from app.exchange.uploading import APPLYING, CHECKING, take
from app.models import ImportBatch
from app.services import import_rows, imports, jobs
from app.views.fab import RecordView, choice, contains
from app.views.fab.export import AT_ONCE, XLSX
from app.views.fab.listing import Asked, pager_of
from app.web.i18n import sentence, translate

# Imported so that their jobs and sheets are known.
REGISTERED = (applying, planning, programmes, proxies, schools, teachers)
LEFT_SHOWN = 100  # rows not written that the page tells of; the error workbook has all
ROOM_FOR_FORM = 1 << 20  # bytes of a request beside the file


class ImportBatchView(RecordView):
    """The imports of the person who asks, and of nobody else, whatever their role."""

    model = ImportBatch
    route_base = "/imports"
    editable = False
    exclude_route_methods = {"download", "export"}
    order_by = "created_at"
    list_template = "imports/list.html"
    list_columns = ["file_name", "kind", "state", "total", "written", "created_at"]
    filters = (contains("file_name"), choice("state", ImportState))
    method_permission_name = {
        "upload": "create", "template": "create", "status": "read", "apply": "read", "discard": "read",
        "restart": "read", "stop": "read", "errors": "read",
    }  # fmt: skip
    empty_hint = N_("Download the template, fill it in and upload it; nothing is saved before you have seen the plan.")

    def title_of(self) -> str:
        """Return the heading of the list."""
        return _("Imports")

    def conditions(self, asked: Any) -> Any:
        """Narrow the list to one's own."""
        return [*super().conditions(asked), ImportBatch.account_id == self.actor.account_id]

    def ordering(self, asked: Any) -> tuple[Any, ...]:
        """Return the newest first unless asked otherwise."""
        return super().ordering(asked) if asked.order else (ImportBatch.id.desc(),)

    def value_of(self, row: Any, name: str) -> Any:
        """Return a value of the list; the kind by its name."""
        return _(sheet_named(row.kind).label) if name == "kind" else super().value_of(row, name)

    @property
    def offered(self) -> list[Sheet]:
        """The sheets the actor may import."""
        return sheets_for(self.actor)

    # --- template and upload

    @expose("/template/<string:name>")
    @has_access
    def template(self, name: str) -> Any:
        """Send the template of a sheet."""
        sheet = self._sheet(name)
        file = BytesIO()
        write_template(sheet, file, Lookups(self.actor, _))
        file.seek(0)
        name = _("%(thing)s-template", thing=_(sheet.label))
        return send_file(file, XLSX, as_attachment=True, download_name=f"{name}.xlsx")

    @expose("/upload/<string:name>", methods=["GET", "POST"])
    @has_access
    def upload(self, name: str) -> Any:
        """Show what an import needs, or take the workbook and begin to plan."""
        sheet = self._sheet(name)
        problems: list[str] = []
        if request.method == "POST":
            try:
                return redirect(self._url("show", pk=self._take(sheet).id))
            except (Invalid, Conflict) as error:
                problems = [sentence(each) for each in error.problems]
        page = self.render_template(
            "imports/upload.html", title=_("Import: %(thing)s", thing=_(sheet.label)), view=self, sheet=sheet,
            problems=problems, most=MOST_BYTES >> 20,
        )  # fmt: skip
        return page, 422 if problems else 200

    def _take(self, sheet: Sheet) -> ImportBatch:
        size = request.content_length or 0
        if size > MOST_BYTES + ROOM_FOR_FORM:
            raise Invalid(refusal("too_big", megabytes=-(-size // (1 << 20)), most=MOST_BYTES >> 20))
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            raise Invalid(problem("no_file", N_("Choose the workbook to be imported."), field="file"))
        return take(sheet, sent.stream, sent.filename, actor=self.actor)

    def _sheet(self, name: str) -> Sheet:
        sheet = sheet_named(name)
        self.actor.require("import", sheet.resource)
        return sheet

    # --- the page of one import

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """Show where an import is: its progress, its plan, or its result."""
        batch = imports.own_batch(pk, actor=self.actor)
        sheet = sheet_named(batch.kind)
        asked = Asked.from_request(["outcome"], [])
        watched = {"title": batch.job.title if batch.job else batch.file_name, "url_status": self._url("status", pk=pk),
                   "url_cancel": self._url("stop", pk=pk)}  # fmt: skip
        return self.render_template(
            "imports/show.html", title=batch.file_name, view=self, batch=batch, sheet=sheet, watched=watched,
            steps=_steps(batch.state), busy=imports.is_busy(batch), stopped=imports.is_stopped(batch),
            may_apply=imports.can_apply(batch), to_write=import_rows.to_write(batch), notes=_told(batch.notes),
            problems=_told(batch.problems), job_problems=self._job_problems(batch), left=self._left(batch),
            left_count=import_rows.left_count(batch), to_mend=self._to_mend(batch, sheet),
            **self._rows(batch, sheet, asked),
        )  # fmt: skip

    @staticmethod
    def _left(batch: ImportBatch) -> list[tuple[int, str, str]]:
        found = import_rows.leftovers(batch, limit=LEFT_SHOWN)
        return [(number, title, sentence(problem_from_json(said))) for number, title, said in found]

    def _to_mend(self, batch: ImportBatch, sheet: Sheet) -> int:
        """Return how many rows the error workbook has that is offered to the actor."""
        return mending.count_of(batch) if self.actor.may("import", sheet.resource) else 0

    def _rows(self, batch: ImportBatch, sheet: Sheet, asked: Asked) -> dict[str, Any]:
        """Return the tabs by result and a page of rows of the chosen one."""
        if batch.state not in (ImportState.PLANNED, ImportState.APPLYING, ImportState.APPLIED):
            return {"tabs": [], "rows": [], "pager": None}
        chosen = asked.filters.get("outcome", "")
        outcome = next((each for each in ImportOutcome if each.value == chosen), None)
        wanted = frozenset({outcome} if outcome else ImportOutcome)
        count = sum(batch.counts.get(each.value, 0) for each in wanted)
        offset = (min(asked.page, max(1, -(-count // asked.size))) - 1) * asked.size
        rows = list(import_rows.planned_rows(batch, wanted, offset=offset, limit=asked.size))
        header = batch.header or {"fields": {}, "titles": []}
        target = sheet.target(sheet, Lookups(self.actor, _))
        return {
            "tabs": self._tabs(batch, outcome),
            "rows": [(row, reasons_of(row, header, _), _changes(row, target)) for row in rows],
            "pager": pager_of(count, asked),
        }

    def _tabs(self, batch: ImportBatch, chosen: ImportOutcome | None) -> list[dict[str, Any]]:
        url = self._url("show", pk=batch.id)
        first = {"label": _("All rows"), "url": url, "active": chosen is None, "count": batch.total}
        return [first] + [
            {
                "label": _(each.label),
                "url": f"{url}?outcome={each.value}",
                "active": each is chosen,
                "count": batch.counts[each.value],
            }
            for each in ImportOutcome
            if batch.counts.get(each.value)
        ]

    @staticmethod
    def _job_problems(batch: ImportBatch) -> list[str]:
        over = batch.job is not None and batch.job.state is JobState.FAILED
        return [translate(text) for text in jobs.reasons_of(batch.job)] if over and batch.job else []

    @expose("/status/<pk>")
    @has_access
    def status(self, pk: str) -> Any:
        """Return how far the work on an import is, for the page that watches it."""
        batch = imports.own_batch(pk, actor=self.actor)
        job = batch.job
        state = job.state if job else JobState.DONE
        over = state not in imports.OPEN
        url = self._url("show", pk=batch.id)
        return jsonify(
            state=state.value, label=_(state.label), done=job.done if job else 0, total=job.total if job else 0,
            result={"label": _("Show the result"), "url": url, "open": True} if over else None, problems=[],
        )  # fmt: skip

    @expose("/errors/<pk>")
    @has_access
    def errors(self, pk: str) -> Any:
        """Send the rows to be mended, with the reasons, as a workbook; a long one is written in the background."""
        batch = mending.own_book(pk, actor=self.actor)
        if mending.count_of(batch) > AT_ONCE:
            return redirect(url_for("JobView.show", pk=self._start_errors(batch).id))
        file = BytesIO()
        mending.write_book(batch, file, actor=self.actor)
        file.seek(0)
        return send_file(file, XLSX, as_attachment=True, download_name=mending.file_name(batch))

    def _start_errors(self, batch: ImportBatch) -> Any:
        arguments = {"batch": batch.id, "language": str(get_locale()), "address": self.actor.address}
        title = _("Export: %(thing)s", thing=mending.name_of(batch))
        return jobs.start(mending.KIND, title, arguments, actor=self.actor)

    # --- going on

    @expose("/apply/<pk>", methods=["POST"])
    @has_access
    def apply(self, pk: str) -> Any:
        """Begin to apply the plan, or go on."""
        return self._go_on(pk, imports.start_applying, APPLYING)

    @expose("/restart/<pk>", methods=["POST"])
    @has_access
    def restart(self, pk: str) -> Any:
        """Plan again what was stopped."""
        return self._go_on(pk, imports.restart_planning, CHECKING)

    def _go_on(self, pk: str, verb: Any, title: str) -> Any:
        batch = imports.own_batch(pk, actor=self.actor)
        told = _(title) % {"file": batch.file_name}
        resource, language = sheet_named(batch.kind).resource, str(get_locale())
        return self._try(pk, lambda: verb(pk, resource, title=told, language=language, actor=self.actor))

    @expose("/stop/<pk>", methods=["POST"])
    @has_access
    def stop(self, pk: str) -> Any:
        """Stop the running work after the rows in hand."""
        batch = imports.own_batch(pk, actor=self.actor)
        return self._try(pk, lambda: jobs.cancel(batch.job_id, actor=self.actor), _("The work is being stopped."))

    @expose("/discard/<pk>", methods=["POST"])
    @has_access
    def discard(self, pk: str) -> Any:
        """Give up an import."""
        return self._try(pk, lambda: imports.discard(pk, actor=self.actor), _("The import was discarded."))

    def _try(self, pk: str, verb: Any, done: str = "") -> Any:
        try:
            verb()
            if done:
                flash(done, "success")
        except DomainError as error:
            if error.status in (403, 404):
                raise
            for each in error.problems:
                flash(sentence(each), "warning")
        return redirect(self._url("show", pk=pk))


# How many steps of the wizard are behind an import in this state.
STEPS_DONE = {
    ImportState.PLANNING: 1, ImportState.PLANNED: 2, ImportState.APPLYING: 3, ImportState.APPLIED: 4,
    ImportState.FAILED: 1, ImportState.CANCELLED: 2,
}  # fmt: skip


def _steps(state: ImportState) -> list[dict[str, str]]:
    done, ended = STEPS_DONE[state], state in (ImportState.FAILED, ImportState.CANCELLED)
    words = (_("Upload"), _("Check"), _("Look at the plan"), _("Apply"))
    standing = ["done"] * done + ["failed" if ended else "now"] + ["coming"] * len(words)
    return [{"label": word, "state": where} for word, where in zip(words, standing, strict=False)]


def _told(said: list[Any]) -> list[str]:
    return [sentence(problem_from_json(each)) for each in said]


def _changes(row: RowPlan, target: Target) -> list[tuple[str, str, str]]:
    return [(_(target.sheet.column(each.field).title), each.before, each.after) for each in target.changes(row)]


VIEWS = (ImportBatchView,)
