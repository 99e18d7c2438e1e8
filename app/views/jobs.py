"""My jobs and downloads: watching, stopping and fetching what the worker does for me (DEL-12)."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, jsonify, redirect, send_file, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _

from app.domain.errors import Conflict
from app.domain.terms import JobState
from app.domain.text import N_
from app.models import BackgroundJob
from app.services import jobs
from app.views.fab import RecordView, choice, contains
from app.views.fab.export import XLSX
from app.web.i18n import sentence, translate


class JobView(RecordView):
    """The jobs of the person who asks, and of nobody else, whatever their role."""

    model = BackgroundJob
    route_base = "/jobs"
    editable = False
    exclude_route_methods = {"download", "export"}
    order_by = "created_at"
    list_columns = ["title", "state", "done", "total", "result_name", "created_at", "finished_at"]
    filters = (contains("title"), choice("state", JobState))
    method_permission_name = {"status": "read", "cancel": "read", "result": "read"}
    empty_hint = N_("Long exports and imports appear here, with their files.")

    def title_of(self) -> str:
        """Return the heading of the list."""
        return _("My jobs and downloads")

    def conditions(self, asked: Any) -> Any:
        """Narrow the list to one's own."""
        return [*super().conditions(asked), BackgroundJob.account_id == self.actor.account_id]

    def ordering(self, asked: Any) -> tuple[Any, ...]:
        """Return the newest first unless asked otherwise."""
        return super().ordering(asked) if asked.order else (BackgroundJob.id.desc(),)

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """Show one job with its progress."""
        job = jobs.own_job(pk, actor=self.actor)
        watched = {
            "title": job.title,
            "url_status": self._url("status", pk=job.id),
            "url_cancel": self._url("cancel", pk=job.id) if job.state in jobs.OPEN else None,
        }
        return self.render_template(
            "jobs/show.html", title=job.title, view=self, job=watched, row=job, standing=self._standing(job)
        )

    @expose("/status/<pk>")
    @has_access
    def status(self, pk: str) -> Any:
        """Return how far a job is, for the page that watches it."""
        return jsonify(self._standing(jobs.own_job(pk, actor=self.actor)))

    def _standing(self, job: BackgroundJob) -> dict[str, Any]:
        result = {"label": _("Download"), "url": self._url("result", pk=job.id)} if job.result_path else None
        return {
            "state": job.state.value,
            "label": _(job.state.label),
            "done": job.done,
            "total": job.total,
            "result": result,
            "problems": [translate(text) for text in jobs.reasons_of(job)],
        }

    @expose("/cancel/<pk>", methods=["POST"])
    @has_access
    def cancel(self, pk: str) -> Any:
        """Stop a job."""
        try:
            job = jobs.cancel(pk, actor=self.actor)
            stopped = job.state is JobState.CANCELLED
            flash(_("The job was stopped.") if stopped else _("The job stops after the rows in hand."), "success")
        except Conflict as error:
            flash(sentence(error.problems[0]), "warning")
        return redirect(url_for("JobView.show", pk=pk))

    @expose("/result/<pk>")
    @has_access
    def result(self, pk: str) -> Any:
        """Send the file a job made to its owner."""
        job = jobs.own_job(pk, actor=self.actor)
        path = jobs.result_file(job, current_app.config["SETTINGS"].instance)
        return send_file(path, XLSX, as_attachment=True, download_name=job.result_name)


VIEWS = (JobView,)
