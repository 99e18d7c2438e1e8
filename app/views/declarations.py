"""Declaring programmes: drafts, the form, handing in (PRG-2 to PRG-4, PRG-7, PRG-8)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import flash, jsonify, redirect, request, send_file, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from sqlalchemy import select

from app.domain.errors import DomainError, Invalid, NotPermitted, NotVisible
from app.domain.numbers import numbers_of
from app.domain.terms import ProgrammeKind, WindowKind
from app.extensions import db
from app.models import DeclarationDraft, Programme, Region
from app.security.scope import fetch_visible, select_visible
from app.services import declarations, plan_files, programmes
from app.services.declarations import OPEN_STATES
from app.services.parameters import policy_of
from app.services.programme_facts import limit_of, upper_settled
from app.services.routing import reviewing_bureau
from app.services.unit import transaction
from app.services.windows import batches_of_the_year, is_open
from app.views.declaration_form import (
    Shown,
    by_field,
    choices,
    filled,
    shown_problems,
    typed_form,
    uploaded,
)
from app.views.fab import PageView
from app.web.i18n import sentence

SHOWN = 200  # programmes of the institution on its page; the whole list stands under "Programmes"


class DeclarationPage(PageView):
    """What an institution declares; everything here is its own."""

    resource = "Programme"
    route_base = "/declarations"
    method_permission_name = {
        **dict.fromkeys(("index", "new", "draft", "edit", "save", "routing", "copy", "discard"), "declare"),
        **dict.fromkeys(("submit", "take_back"), "submit"),
        "plan_file": "read",
    }  # fmt: skip

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show drafts, what has to be mended, and what was handed in."""
        drafts = db.session.scalars(select_visible(DeclarationDraft, self.actor).order_by(DeclarationDraft.id.desc()))
        wanted = select_visible(Programme, self.actor).order_by(Programme.id.desc()).limit(SHOWN)
        rows = db.session.scalars(wanted).all()
        mine = [row for row in rows if row.state in OPEN_STATES]
        return self.render_template(
            "programmes/declarations.html", title=_("My declarations"), drafts=list(drafts), to_mend=mine,
            handed_in=[row for row in rows if row.state not in OPEN_STATES], batches=batches_of_the_year(),
            may_import=self.actor.may("import", "Programme") and self.actor.may("create", "ImportBatch"),
        )  # fmt: skip

    # --- the form

    @expose("/new")
    @has_access
    def new(self) -> Any:
        """Show an empty form."""
        open_now = [batch for batch in batches_of_the_year() if is_open(batch, WindowKind.DECLARATION)]
        return self._form({"batch": str(open_now[0].id) if open_now else "", "kind": ProgrammeKind.ELECTIVE.value})

    @expose("/draft/<int:pk>")
    @has_access
    def draft(self, pk: int) -> Any:
        """Go on with a draft."""
        row = fetch_visible(DeclarationDraft, pk, actor=self.actor)
        return self._form(row.payload, draft=row, programme=row.programme)

    @expose("/edit/<int:pk>")
    @has_access
    def edit(self, pk: int) -> Any:
        """Change a stored declaration, or go on where its draft was left."""
        programme = declarations.editable(pk, actor=self.actor)
        draft = db.session.scalar(select(DeclarationDraft).where(DeclarationDraft.programme_id == pk))
        typed = draft.payload if draft is not None else declarations.typed_of(programme)
        return self._form(typed, draft=draft, programme=programme)

    @expose("/save", methods=["POST"])
    @has_access
    def save(self) -> Any:
        """Keep the draft, or check everything, store it and hand it in; on any problem nothing typed is lost."""
        keys = {name: request.form.get(name, type=int) for name in ("draft_id", "programme_id")}
        programme = declarations.editable(keys["programme_id"], actor=self.actor) if keys["programme_id"] else None
        typed, upload = _whole(typed_form(), programme), uploaded()
        if request.form.get("do") == "draft":
            row = declarations.keep_draft(typed, actor=self.actor, upload=upload, **keys)
            flash(_("The draft was saved."), "success")
            return redirect(url_for("DeclarationPage.draft", pk=row.id))
        try:
            row = self._hand_in(typed, upload, keys)
        except (Invalid, DomainError) as error:
            if error.status in (403, 404):
                raise
            usable = None if any(p.field == "plan_file" for p in error.problems) else upload
            kept = declarations.keep_draft(typed, actor=self.actor, upload=usable, **keys)
            page = self._form(typed, draft=kept, programme=programme, problems=shown_problems(error))
            return page, error.status
        flash(_("Handed in. %(bureau)s reviews it.", bureau=row.review_bureau), "success")
        return redirect(url_for("ProgrammeView.show", pk=row.id))

    def _hand_in(self, typed: Any, upload: Any, keys: Any) -> Programme:
        with transaction():
            row = declarations.declare(
                typed, actor=self.actor, upload=upload, plan_file_needed=True, programme_id=keys["programme_id"],
                expected_version=request.form.get("version", type=int), draft_id=keys["draft_id"],
            )  # fmt: skip
            return programmes.submit(row.id, actor=self.actor)

    def _form(
        self,
        typed: dict[str, Any],
        *,
        draft: DeclarationDraft | None = None,
        programme: Programme | None = None,
        problems: list[Shown] | None = None,
    ) -> str:
        if self.actor.institution_id is None:
            raise NotPermitted
        shown = problems or []
        policy = policy_of(_year_id(programme))
        return self.render_template(
            "programmes/declare.html",
            title=_("Change the declaration") if programme is not None else _("Declare a programme"),
            typed=filled(typed), draft=draft, programme=programme, problems=shown, errors=by_field(shown),
            locked=programme is not None and upper_settled(programme),
            limit=limit_of(programme, policy),
            limit_kb=policy.plan_file_limit_kb, types=policy.plan_file_types, routed=_routed(typed.get("regions")),
            **choices(self.actor.institution_id),
        )  # fmt: skip

    @expose("/routing")
    @has_access
    def routing(self) -> Any:
        """Tell which bureau reviews a declaration for these regions."""
        return jsonify(text=_routed(request.args.getlist("region")))

    # --- what is done with one

    @expose("/copy/<int:pk>", methods=["POST"])
    @has_access
    def copy(self, pk: int) -> Any:
        """Make a draft of an earlier programme."""
        row = declarations.copy_as_draft(pk, actor=self.actor)
        flash(_("Copied as a draft. Set batch and days, then hand it in."), "success")
        return redirect(url_for("DeclarationPage.draft", pk=row.id))

    @expose("/discard/<int:pk>", methods=["POST"])
    @has_access
    def discard(self, pk: int) -> Any:
        """Throw a draft away."""
        declarations.discard_draft(pk, actor=self.actor)
        flash(_("The draft was deleted."), "success")
        return redirect(url_for("DeclarationPage.index"))

    @expose("/submit/<int:pk>", methods=["POST"])
    @has_access
    def submit(self, pk: int) -> Any:
        """Hand a stored declaration in."""
        return self._do(pk, lambda: programmes.submit(pk, actor=self.actor), _("Handed in."))

    @expose("/take-back/<int:pk>", methods=["POST"])
    @has_access
    def take_back(self, pk: int) -> Any:
        """Take a declaration back before it is reviewed."""
        return self._do(pk, lambda: programmes.take_back(pk, actor=self.actor), _("Taken back; you can change it now."))

    def _do(self, pk: int, act: Any, done: str) -> Any:
        try:
            act()
            flash(done, "success")
        except DomainError as error:
            if error.status in (403, 404):
                raise
            for problem in error.problems:
                flash(sentence(problem), "danger")
        return redirect(url_for("ProgrammeView.show", pk=pk))

    @expose("/plan/<int:pk>")
    @has_access
    def plan_file(self, pk: int) -> Any:
        """Send a version of a training plan."""
        row = plan_files.fetch(pk, actor=self.actor)
        return send_file(BytesIO(row.content), row.content_type, as_attachment=True, download_name=row.name)


def _whole(typed: dict[str, Any], programme: Programme | None) -> dict[str, Any]:
    """Return what was typed, with the stored upper part where the form showed none because it no longer changes."""
    if programme is None or "title" in typed or not upper_settled(programme):
        return typed
    return {**declarations.typed_of(programme), "classes": typed.get("classes", [])}


def _year_id(programme: Programme | None) -> int | None:
    """Return the training year whose parameters the form tells: that of the programme, else the running one."""
    if programme is not None:
        return programme.training_year_id
    batches = batches_of_the_year()
    return batches[0].training_year_id if batches else None


def _routed(region_ids: Any) -> str:
    """Return the line that names the reviewing bureau, or what is missing for it."""
    keys = numbers_of(region_ids or [])
    paths = db.session.scalars(select(Region.path).where(Region.id.in_(keys))).all() if keys else []
    if not paths:
        return _("Choose target regions to see which bureau reviews.")
    try:
        return _("Reviewed by: %(bureau)s", bureau=reviewing_bureau(paths).name)
    except (Invalid, NotVisible) as error:
        return sentence(error.problems[0])


VIEWS = (DeclarationPage,)
