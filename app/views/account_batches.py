"""Many new accounts: who waits for one, and making them at once or in the background (ACC-3, ACC-5)."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from app.domain.numbers import numbers_of
from app.domain.terms import InitialPassword, RoleName
from app.extensions import db
from app.jobs.accounts import SCHOOLS, TEACHERS
from app.models import School, Teacher
from app.security.roles import may_give
from app.security.scope import fetch_visible, select_visible
from app.services import account_batches, jobs
from app.services.account_batches import AT_ONCE, Outcome, teachers_without
from app.services.parameters import policy_of
from app.views.fab import PageView
from app.views.fab.listing import Asked, pager_of
from app.web.actors import current_vault

OPTIONS = 30


class AccountBatchPage(PageView):
    """Teachers and schools without an account."""

    route_base = "/account-batches"
    resource = "Account"
    method_permission_name = {"index": "create", "options": "create", "teachers": "create", "schools": "create"}

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show who waits: the teachers of one school or of all, and how many schools."""
        asked = Asked.from_request(["school"], [])
        school = self._school(asked.filters.get("school", ""))
        waiting = select(Teacher).where(teachers_without(self.actor, school=school))
        named = waiting.options(joinedload(Teacher.school)).order_by(Teacher.school_id, Teacher.id)
        count = account_batches.count_teachers_without(actor=self.actor, school=school)
        page = named.limit(asked.size).offset((asked.page - 1) * asked.size)
        no_id = select(func.count()).select_from(waiting.where(Teacher.national_id_sealed.is_(None)).subquery())
        given = may_give(self.actor.roles)
        return self.render_template(
            "account/batches.html", title=_("Many new accounts"), school=school, count=count,
            pager=pager_of(count, asked), teachers=db.session.scalars(page).all(),
            without_id=db.session.scalar(no_id) or 0,
            schools=self._schools_waiting() if RoleName.SCHOOL_ADMIN in given else None,
            may_teachers=RoleName.TEACHER in given, is_random=policy_of().initial_password is InitialPassword.RANDOM,
            one_school=bool(self.actor.school_id), url_options=url_for("AccountBatchPage.options"),
        )  # fmt: skip

    def _school(self, number: str) -> School | None:
        return fetch_visible(School, number, actor=self.actor) if number else None

    def _schools_waiting(self) -> int:
        return account_batches.count_schools_without(actor=self.actor)

    @expose("/options")
    @has_access
    def options(self) -> Any:
        """Return the schools that match `q`, a page at a time."""
        page = max(request.args.get("page", 1, type=int), 1)
        wanted = request.args.get("q", "").strip()[:50]
        found = select_visible(School, self.actor)
        if wanted:
            found = found.where(or_(*(c.icontains(wanted, autoescape=True) for c in (School.name, School.code))))
        rows = db.session.scalars(found.order_by(School.code).limit(OPTIONS + 1).offset((page - 1) * OPTIONS)).all()
        return jsonify(results=[{"id": r.id, "text": str(r)} for r in rows[:OPTIONS]], more=len(rows) > OPTIONS)

    @expose("/teachers", methods=["POST"])
    @has_access
    def teachers(self) -> Any:
        """Make the accounts of the chosen teachers, or of all who wait; very many in the background."""
        school = self._school(request.form.get("school", ""))
        chosen = numbers_of(request.form.getlist("teacher"))
        everybody = request.form.get("which") == "all"
        keys = account_batches.keys_without(actor=self.actor, school=school) if everybody else chosen
        account_batches.require_batch(RoleName.TEACHER, self.actor)
        if not keys:
            flash(_("Choose at least one teacher first."), "warning")
            return redirect(self._back(school))
        if len(keys) > AT_ONCE:
            title = _("Accounts for %(count)s teachers", count=f"{len(keys):,}")
            return self._background(TEACHERS, title, {"school": school.id if school else None})
        self._tell(account_batches.create_teacher_accounts(keys, actor=self.actor, vault=current_vault()))
        return redirect(self._back(school))

    @expose("/schools", methods=["POST"])
    @has_access
    def schools(self) -> Any:
        """Make the accounts of the schools that have none; very many in the background."""
        account_batches.require_batch(RoleName.SCHOOL_ADMIN, self.actor)
        count = account_batches.count_schools_without(actor=self.actor)
        if count > AT_ONCE:
            return self._background(SCHOOLS, _("Accounts for %(count)s schools", count=f"{count:,}"), {})
        self._tell(account_batches.create_school_accounts(actor=self.actor, vault=current_vault()))
        return redirect(self._back(None))

    def _background(self, kind: str, title: str, arguments: dict[str, Any]) -> Any:
        given = {**arguments, "language": str(get_locale()), "address": self.actor.address}
        return redirect(url_for("JobView.show", pk=jobs.start(kind, title, given, actor=self.actor).id))

    @staticmethod
    def _tell(outcome: Outcome) -> None:
        flash(_("Accounts created: %(count)d", count=outcome.made), "success" if outcome.made else "info")
        for one in (outcome.examples or [])[:5]:
            flash(f"{one.name} ({one.number}): {_(one.why)}", "warning")
        if outcome.left_out > 5:
            flash(_("and %(count)d more without an account", count=outcome.left_out - 5), "warning")

    @staticmethod
    def _back(school: School | None) -> str:
        return url_for("AccountBatchPage.index", school=school.id if school else None)


VIEWS = (AccountBatchPage,)
