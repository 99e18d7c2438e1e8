"""Merging schools and splitting one: choose, look at the numbers, confirm exactly those (ORG-5)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload
from wtforms.validators import InputRequired

from app.domain.errors import Conflict, DomainError, Invalid
from app.domain.numbers import numbers_of
from app.extensions import db
from app.models import School, Teacher
from app.security.scope import fetch_manageable, fetch_visible
from app.services import school_changes as changes
from app.views.fab import PageView
from app.views.fab.forms import RecordForm, RowField, make_form
from app.web.i18n import sentence

NEW_SCHOOL = ("code", "name", "region", "kind", "stages", "ownership", "contact_name", "contact_phone")
MOST_NUMBERS = 2000


def numbers(name: str, given: Any = None) -> list[int]:
    """Return the row numbers sent under `name`; whatever is none is left out."""
    sent = request.form.getlist(name) if given is None else given.split(",")
    return numbers_of(sent[:MOST_NUMBERS])


def posted() -> list[tuple[str, str]]:
    """Return everything that was typed, so that what is confirmed is what was planned."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "mark")]


def reason() -> str | None:
    """Return the reason that was typed."""
    return request.form.get("reason", "").strip() or None


class SchoolChangePage(PageView):
    """Bureaus merge and split the schools of their subtree."""

    resource = "School"
    route_base = "/school-changes"
    default_view = "merge"
    method_permission_name = dict.fromkeys(
        ("merge", "merge_plan", "merge_now", "split", "split_plan", "split_now"), "merge"
    )

    # --- merging

    @expose("/merge")
    @has_access
    def merge(self) -> Any:
        """Ask into which school the chosen ones go: `?schools=1,2`."""
        return self._merge_form(numbers("schools", request.args.get("schools", "")), self._target_form(), [])

    @expose("/merge/plan", methods=["POST"])
    @has_access
    def merge_plan(self) -> Any:
        """Tell in numbers what merging does; on any problem show the choice again."""
        chosen, form = numbers("school"), self._target_form()
        if not form.validate():
            return self._merge_form(chosen, form, []), 422
        plan = changes.plan_merge(chosen, form.target.data.id, actor=self.actor)
        if plan.conflicts:
            return self._merge_form(chosen, form, form.take(Conflict(plan.conflicts))), 422
        return self._page("plan", _("Confirm the merger"), plan=plan, target=plan.target, reason=reason() or "",
                          url=url_for("SchoolChangePage.merge_now"), posted=posted())  # fmt: skip

    @expose("/merge/now", methods=["POST"])
    @has_access
    def merge_now(self) -> Any:
        """Merge as confirmed; when something has changed meanwhile, show the new numbers."""
        chosen, target = numbers("school"), fetch_visible(School, request.form.get("target"), actor=self.actor)
        try:
            done = changes.merge(
                chosen, target.id, mark=request.form.get("mark", ""), reason=reason(), actor=self.actor
            )
        except (Conflict, Invalid) as error:
            db.session.rollback()
            self._tell(error)
            return redirect(url_for("SchoolChangePage.merge", schools=",".join(map(str, chosen)), target=target.id))
        flash(_("Merged. Teachers moved: %(count)d.", count=done.teachers), "success")
        return redirect(url_for("SchoolView.show", pk=target.id))

    def _target_form(self) -> RecordForm:
        url = url_for("TeacherView.options", name="school")
        field = RowField(
            _("School that goes on"), School, url=url, validators=[InputRequired(_("Please fill this in."))]
        )
        form: RecordForm = type("TargetForm", (RecordForm,), {"target": field})()
        asked = request.args.get("target")
        if request.method == "GET" and asked:
            form.target.data = fetch_visible(School, asked, actor=self.actor)
        return form

    def _merge_form(self, chosen: list[int], form: RecordForm, problems: list[str]) -> str:
        schools = [fetch_manageable(School, key, actor=self.actor) for key in chosen]
        return self._page(
            "merge", _("Merge schools"), schools=schools, form=form, problems=problems, reason=reason() or ""
        )

    # --- splitting

    @expose("/split/<int:pk>")
    @has_access
    def split(self, pk: int) -> Any:
        """Ask for the new school and its teachers."""
        source = fetch_manageable(School, pk, actor=self.actor)
        form = self._new_school_form()
        form.region.data, form.kind.data, form.ownership.data = source.region, source.kind, source.ownership
        return self._split_form(source, form, [])

    @expose("/split/<int:pk>/plan", methods=["POST"])
    @has_access
    def split_plan(self, pk: int) -> Any:
        """Tell in numbers what splitting does; on any problem show the form again with everything typed."""
        source, form = fetch_manageable(School, pk, actor=self.actor), self._new_school_form()
        valid = form.validate()
        plan = changes.plan_split(pk, stage_ids=numbers("by_stage"), teacher_ids=numbers("teacher"), actor=self.actor)
        problems = form.take(Conflict(plan.conflicts)) if plan.conflicts else []
        if not valid or plan.conflicts:
            return self._split_form(source, form, problems), 422
        return self._page("plan", _("Confirm the split"), plan=plan, target=form.name.data, reason=reason() or "",
                          url=url_for("SchoolChangePage.split_now", pk=pk), posted=posted())  # fmt: skip

    @expose("/split/<int:pk>/now", methods=["POST"])
    @has_access
    def split_now(self, pk: int) -> Any:
        """Split as confirmed; on any problem show the form again."""
        source, form = fetch_manageable(School, pk, actor=self.actor), self._new_school_form()
        if not form.validate():
            return self._split_form(source, form, []), 422
        chosen = {"stage_ids": numbers("by_stage"), "teacher_ids": numbers("teacher")}
        try:
            new = changes.split(pk, form.values(), mark=request.form.get("mark", ""), reason=reason(), actor=self.actor,
                                **chosen)  # fmt: skip
        except (Conflict, Invalid) as error:
            db.session.rollback()
            return self._split_form(source, form, form.take(error)), error.status
        flash(_("The school was split; the new one is %(name)s.", name=new.name), "success")
        return redirect(url_for("SchoolView.show", pk=new.id))

    def _new_school_form(self) -> Any:
        return make_form(School, NEW_SCHOOL, "/schoolview", frozenset({"region"}))()

    def _split_form(self, source: School, form: Any, problems: list[str]) -> str:
        here = changes.teachers_at(source, self.actor)
        loads = selectinload(Teacher.stage), selectinload(Teacher.subject)
        teachers = db.session.scalars(here.options(*loads).order_by(Teacher.stage_id, Teacher.name_initials)).all()
        by_stage: dict[Any, int] = {}
        for teacher in teachers:
            by_stage[teacher.stage] = by_stage.get(teacher.stage, 0) + 1
        return self._page("split", _("Split %(name)s", name=source.name), source=source, form=form, problems=problems,
                          teachers=teachers, stages=[(s, n) for s, n in by_stage.items() if s is not None],
                          chosen=set(numbers("teacher")), chosen_stages=set(numbers("by_stage")),
                          reason=reason() or "")  # fmt: skip

    # --- small helpers

    def _page(self, template: str, title: str, **values: Any) -> str:
        return self.render_template(f"schools/{template}.html", title=title, **values)

    def _tell(self, error: DomainError) -> None:
        for problem in error.problems:
            flash(sentence(problem), "danger")


VIEWS = (SchoolChangePage,)
