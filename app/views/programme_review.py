"""Reviewing declarations: the bureau's list, decisions for each class, adjustments, experts (PRG-5, PRG-6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.domain.errors import DomainError, Invalid, Problem, problem
from app.domain.numbers import number_of, numbers_of
from app.domain.states import Action
from app.domain.terms import Checkpoint, ExpertReviewState, ProgrammeKind
from app.domain.text import N_
from app.extensions import db
from app.models import ExpertOpinion, Institution, Programme, TrainingClass
from app.security.scope import fetch_visible, select_visible
from app.services import programme_review
from app.services.programme_review import Decision
from app.services.programme_waiting import for_review
from app.views.fab import PageView
from app.views.fab.columns import text_of
from app.views.fab.listing import Asked, Chip, Control, pager_of
from app.views.programme_page import programme_page
from app.web.i18n import sentence

ORDERS: Mapping[str, Any] = {
    "title": Programme.title,
    "institution": select(Institution.name).where(Institution.id == Programme.institution_id).scalar_subquery(),
    "credit_hours": Programme.credit_hours,
    "starts_on": select(db.func.min(TrainingClass.starts_on))
    .where(TrainingClass.programme_id == Programme.id)
    .scalar_subquery(),
    "submitted_at": Programme.submitted_at,
}
DECISIONS = {action.value: action for action in programme_review.DECISIONS}


class ReviewPage(PageView):
    """What waits for the actor's bureau, and the bureau's acts on one programme."""

    resource = "Programme"
    route_base = "/reviews"
    method_permission_name = {
        **dict.fromkeys(("index", "approve", "decide"), "review"),
        "adjust": "adjust",
        "ask": "ask",
    }

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show what waits for review, the longest first."""
        asked = Asked.from_request(["q", "kind", "institution"], list(ORDERS))
        wanted = self._narrowed(select(Programme).where(for_review(self.actor)), asked)
        count = db.session.scalar(select(db.func.count()).select_from(wanted.subquery())) or 0
        loads = (joinedload(Programme.institution), selectinload(Programme.classes), selectinload(Programme.opinions))
        order = ORDERS.get(asked.order, Programme.submitted_at)
        first = (order.desc() if asked.descending else order, Programme.submitted_at, Programme.id)
        page = wanted.options(*loads).order_by(*first)
        rows = db.session.scalars(page.limit(asked.size).offset((asked.page - 1) * asked.size)).all()
        pager = pager_of(count, asked, self._controls(asked), self._chips(asked))
        return self.render_template(
            "programmes/reviews.html", title=_("Programmes to review"), rows=rows, pager=pager, checkpoints=Checkpoint
        )

    def _narrowed(self, statement: Any, asked: Asked) -> Any:
        found = asked.filters
        if "q" in found:
            named = Programme.title.icontains(found["q"], autoescape=True)
            statement = statement.where(named | Programme.number.icontains(found["q"], autoescape=True))
        if found.get("kind") in set(ProgrammeKind):
            statement = statement.where(Programme.kind == ProgrammeKind(found["kind"]))
        if (institution := number_of(found.get("institution"))) is not None:
            statement = statement.where(Programme.institution_id == institution)
        return statement

    def _controls(self, asked: Asked) -> list[Control]:
        kinds = [(kind.value, text_of(kind)) for kind in ProgrammeKind]
        chosen = asked.filters.get("institution", "")
        url = url_for("ProgrammeView.options", name="institution")
        return [
            Control("q", _("Title or number"), "text", asked.filters.get("q", ""), "", [], ""),
            Control("kind", _("Kind of training"), "choice", asked.filters.get("kind", ""), "", kinds, ""),
            Control("institution", _("Training institution"), "remote", chosen, self._institution(chosen), [], url),
        ]

    def _institution(self, key: str) -> str:
        try:
            return fetch_visible(Institution, key, actor=self.actor).name if key else ""
        except DomainError:
            return ""

    def _chips(self, asked: Asked) -> list[Chip]:
        shown = {control.param: control for control in self._controls(asked)}
        return [
            Chip(shown[name].label, shown[name].value_label or dict(shown[name].choices).get(value, value),
                 asked.url(**{name: "", "page": 1}))
            for name, value in asked.filters.items()
        ]  # fmt: skip

    @expose("/approve", methods=["POST"])
    @has_access
    def approve(self) -> Any:
        """Approve every waiting class of the chosen programmes."""
        keys = numbers_of(request.form.getlist("rowid"))
        if not keys:
            flash(_("Choose at least one row first."), "warning")
            return redirect(url_for("ReviewPage.index"))
        done, refused = programme_review.approve_many(keys, actor=self.actor, checkpoint=_checkpoint("checkpoint"))
        if done:
            flash(_("Approved: %(count)d.", count=len(done)), "success")
        for found in refused:
            flash(sentence(found), "danger")
        return redirect(url_for("ReviewPage.index"))

    @expose("/decide/<int:pk>", methods=["POST"])
    @has_access
    def decide(self, pk: int) -> Any:
        """Decide about the classes of one programme."""
        row = fetch_visible(Programme, pk, actor=self.actor)
        decisions = {
            one.id: Decision(
                DECISIONS[chosen],
                request.form.get(f"classes-{one.id}-reason"),
                _checkpoint(f"classes-{one.id}-checkpoint"),
            )
            for one in row.classes
            if (chosen := request.form.get(f"classes-{one.id}-decision", "")) in DECISIONS
        }
        return self._act(
            pk, lambda: programme_review.review(pk, decisions, actor=self.actor), _("The decision was recorded.")
        )

    @expose("/adjust/<int:pk>", methods=["POST"])
    @has_access
    def adjust(self, pk: int) -> Any:
        """Change what was declared, with the reason the institution will read."""
        row = fetch_visible(Programme, pk, actor=self.actor)

        def act() -> Any:
            values, class_values = _typed_adjustment(row)
            return programme_review.adjust(
                pk, values, class_values, reason=request.form.get("reason", ""), actor=self.actor,
                expected_version=request.form.get("version", type=int),
            )  # fmt: skip

        return self._act(pk, act, _("The adjustment was recorded; the institution was told."))

    @expose("/ask/<int:pk>", methods=["POST"])
    @has_access
    def ask(self, pk: int) -> Any:
        """Ask experts for their opinion."""
        keys = numbers_of(request.form.getlist("expert"))
        return self._act(
            pk, lambda: programme_review.ask_experts(pk, keys, actor=self.actor), _("The experts were asked.")
        )

    def _act(self, pk: int, act: Any, done: str) -> Any:
        """Do it and show the programme; on a problem show it with everything typed still there."""
        try:
            act()
        except DomainError as error:
            if error.status in (403, 404):
                raise
            return programme_page(self, pk, error), error.status
        flash(done, "success")
        return redirect(url_for("ProgrammeView.show", pk=pk))


def _checkpoint(name: str) -> Checkpoint | None:
    word = request.form.get(name, "")
    return Checkpoint(word) if word in set(Checkpoint) else None


def _typed_adjustment(row: Programme) -> tuple[dict[str, Any], dict[int, dict[str, Any]]]:
    """Return what the adjustment form says. Raises Invalid with every text that could not be read."""
    problems: list[Problem] = []
    values = {
        "title": " ".join(request.form.get("title", row.title).split())[:100],
        "credit_hours": _whole("credit_hours", row.credit_hours, problems),
        "classes_allowed": _whole("classes_allowed", None, problems),
    }
    class_values = {one.id: _typed_class(one, problems) for one in row.classes}
    if problems:
        raise Invalid(problems)
    return values, class_values


def _typed_class(one: TrainingClass, problems: list[Problem]) -> dict[str, Any]:
    at = f"classes-{one.id}-"
    return {
        "starts_on": _day(f"{at}starts_on", one.starts_on, problems),
        "ends_on": _day(f"{at}ends_on", one.ends_on, problems),
        "place": " ".join(request.form.get(f"{at}place", one.place).split())[:200],
        "planned_seats": _whole(f"{at}planned_seats", one.planned_seats, problems),
        "checkpoint": _checkpoint(f"{at}checkpoint") or one.checkpoint,
    }


def _whole(name: str, default: int | None, problems: list[Problem]) -> int | None:
    text = request.form.get(name, "" if default is None else str(default)).strip()
    if not text:
        if default is not None:
            problems.append(problem("missing", N_("Please fill this in."), field=name))
        return default
    if (number := number_of(text)) is not None:
        return number
    problems.append(problem("unreadable", N_("Enter a whole number."), field=name))
    return default


def _day(name: str, default: date, problems: list[Problem]) -> date:
    try:
        return date.fromisoformat(request.form.get(name, default.isoformat()))
    except ValueError:
        problems.append(problem("unreadable", N_("Enter a day such as 2026-05-11."), field=name))
        return default


class OpinionPage(PageView):
    """An expert's page: what one was asked for, and the answer."""

    resource = "ExpertOpinion"
    route_base = "/opinions"
    method_permission_name = dict.fromkeys(("index", "answer"), "give")

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show the programmes an opinion was asked for, the waiting ones first."""
        mine = select_visible(ExpertOpinion, self.actor).where(ExpertOpinion.expert_id == self.actor.account_id)
        rows = db.session.scalars(
            mine.options(joinedload(ExpertOpinion.programme).joinedload(Programme.institution))
            .order_by(ExpertOpinion.state != ExpertReviewState.ASKED, ExpertOpinion.id.desc())
        ).all()  # fmt: skip
        return self.render_template("programmes/opinions.html", title=_("Opinions asked for"), rows=rows)

    @expose("/answer/<int:pk>", methods=["POST"])
    @has_access
    def answer(self, pk: int) -> Any:
        """Give or decline an opinion."""
        row = fetch_visible(ExpertOpinion, pk, actor=self.actor)
        comment, score = request.form.get("comment", ""), request.form.get("score", type=int)
        try:
            if request.form.get("do") == Action.DECLINE_OPINION:
                programme_review.decline_opinion(pk, comment=comment, actor=self.actor)
            else:
                programme_review.give_opinion(pk, score=score, comment=comment, actor=self.actor)
        except DomainError as error:
            if error.status in (403, 404):
                raise
            return programme_page(self, row.programme_id, error), error.status
        flash(_("Thank you; the bureau has your answer."), "success")
        return redirect(url_for("OpinionPage.index"))


VIEWS = (ReviewPage, OpinionPage)
