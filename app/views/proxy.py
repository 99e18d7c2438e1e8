"""A school enrolls for its teachers: any number at once, or from a printed form with a code on it (ENR-16)."""

from __future__ import annotations

from typing import Any

import segno
from flask import abort, current_app, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select

from app.domain.errors import NotVisible
from app.domain.numbers import number_of, numbers_of
from app.extensions import db
from app.models import School, Subject, Teacher, TrainingClass
from app.security.scope import fetch_visible
from app.services import catalogue, proxy
from app.services.proxy import Fit, Outcome, code_of
from app.views import catalogue_filters as filters
from app.views.fab import PageView
from app.views.fab.listing import Asked as Address
from app.views.fab.listing import Chip, Control, pager_of
from app.views.help import speak_of
from app.web.i18n import sentence

MOST_ON_A_FORM = 60  # teachers on a printed form: more would make its code too dense to be read
EMPTY_LINES = 20  # on a form without names
FORM_SALT = "proxy form"


class ProxyPage(PageView):
    """Choosing a class, then the teachers; every enrollment is marked as made by proxy."""

    resource = "Enrollment"
    route_base = "/proxy"
    method_permission_name = dict.fromkeys(("index", "show", "enroll", "form", "open"), "proxy")

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show the classes open to the school."""
        asked = filters.asked_of()
        page = catalogue.search(filters.wanted_of(asked), actor=self.actor, for_others=True)
        controls = filters.controls_of(asked, page.reader.batch)
        return self.render_template(
            "proxy/index.html", title=_("Enroll for teachers"), page=page, controls=controls, asked=asked,
            chips=filters.chips_of(asked, controls), code_of=code_of,
            may_import=self.actor.may("import", "Enrollment"),
            pager=pager_of(page.count, asked),
        )  # fmt: skip

    @expose("/<int:pk>")
    @has_access
    def show(self, pk: int) -> Any:
        """Show the teachers of the school before a class: who may, who may not and why."""
        return self._teachers(pk, _numbers(request.args.get("teachers", "").split(",")), Outcome())

    @expose("/<int:pk>/enroll", methods=["POST"])
    @has_access
    def enroll(self, pk: int) -> Any:
        """Enroll the chosen teachers; who could not be is told with every reason and stays chosen."""
        keys = _numbers(request.form.getlist("rowid"))
        if not keys:
            return self._teachers(pk, (), Outcome(), [_("Choose at least one row first.")]), 422
        outcome = proxy.enroll_many(pk, keys, actor=self.actor)
        return self._teachers(pk, tuple(outcome.refused), outcome)

    @expose("/<int:pk>/form", methods=["GET", "POST"])
    @has_access
    def form(self, pk: int) -> Any:
        """Show the form to print: the chosen teachers to sign, or empty lines, and the code that leads back here."""
        row = fetch_visible(TrainingClass, pk, actor=self.actor)
        keys = _numbers(request.form.getlist("rowid"))[:MOST_ON_A_FORM]
        wanted = proxy.own_teachers(self.actor).where(Teacher.id.in_(keys)).order_by(Teacher.name, Teacher.id)
        teachers = db.session.scalars(wanted).all() if keys else []
        if len(teachers) != len(keys):
            raise NotVisible
        token = _signer().dumps([row.id, [teacher.id for teacher in teachers]])
        link = url_for("ProxyPage.open", token=token, _external=True)
        school = db.session.get(School, self.actor.school_id) if self.actor.school_id is not None else None
        return self.render_template(
            "proxy/form.html", title=_("Enrollment form: %(name)s", name=str(row)), row=row, teachers=teachers,
            school=school, code=code_of(row), qr=_qr(link), empty=0 if teachers else EMPTY_LINES,
            breadcrumbs=_crumbs(row, _("Printed form")),
        )  # fmt: skip

    @expose("/open/<token>")
    @has_access
    def open(self, token: str) -> Any:
        """Follow the code of a printed form: to the class, with the teachers of the form chosen."""
        try:
            class_id, keys = _signer().loads(token)
        except BadSignature:
            abort(404)
        chosen = ",".join(str(key) for key in keys)
        return redirect(url_for("ProxyPage.show", pk=class_id, teachers=chosen or None))

    def _teachers(self, pk: int, chosen: tuple[int, ...], outcome: Outcome, problems: Any = ()) -> str:
        address = Address.from_request(["q", "subject", "teachers"], [])
        row, fits, count = proxy.teachers_before(pk, _asked(address, chosen), actor=self.actor)
        speak_of(row.batch_id)
        controls = _controls(address)
        names = {fit.teacher.id: fit.teacher.name for fit in fits} | _names(outcome)
        return self.render_template(
            "proxy/show.html", title=str(row), row=row, code=code_of(row), fits=fits, chosen=set(chosen),
            outcome=outcome, names=names, problems=problems, controls=controls, chips=_chips(controls, address),
            done=[names[key] for key in outcome.done], address=address,
            refused=[(names[key], [sentence(p) for p in why]) for key, why in outcome.refused.items()],
            enrolled=catalogue.enrolled_counts([row.id]).get(row.id, 0), able=_able(fits, chosen),
            pager=pager_of(count, address), breadcrumbs=_crumbs(row),
        )  # fmt: skip


def _able(fits: list[Fit], chosen: tuple[int, ...]) -> set[int]:
    """Return the teachers whose box may be ticked: who may enroll, and who was chosen anyway."""
    return {fit.teacher.id for fit in fits if not fit.refusals or fit.teacher.id in chosen}


def _asked(address: Address, chosen: tuple[int, ...]) -> proxy.Asked:
    given = address.filters
    named = _numbers(given.get("teachers", "").split(","))
    return proxy.Asked(
        given.get("q", ""), number_of(given.get("subject", "")), named, address.page, address.size,
    )  # fmt: skip


def _numbers(parts: Any) -> tuple[int, ...]:
    """Return the keys among `parts`, each once."""
    return tuple(dict.fromkeys(numbers_of(part.strip() for part in parts)))[: proxy.MOST_AT_ONCE]


def _names(outcome: Outcome) -> dict[int, str]:
    keys = [*outcome.done, *outcome.refused]
    if not keys:
        return {}
    rows = db.session.execute(select(Teacher.id, Teacher.name).where(Teacher.id.in_(keys)))
    return {key: name for key, name in rows}  # noqa: C416 - rows are no pairs to mypy


def _controls(address: Address) -> list[Control]:
    subjects = [(str(row.id), row.name) for row in db.session.scalars(select(Subject).order_by(Subject.position))]
    given = address.filters
    return [
        Control("q", _("Name or number"), "text", given.get("q", ""), "", [], ""),
        Control("subject", _("Subject"), "choice", given.get("subject", ""), "", subjects, ""),
    ]


def _chips(controls: list[Control], address: Address) -> list[Chip]:
    chips = [
        Chip(c.label, dict(c.choices).get(c.value, c.value), address.url(**{c.param: "", "page": 1}))
        for c in controls
        if c.value
    ]
    if address.filters.get("teachers"):
        chips.append(Chip(_("Teachers"), _("those of the form"), address.url(teachers="", page=1)))
    return chips


def _crumbs(row: TrainingClass, last: str = "") -> list[tuple[str, str | None]]:
    above = (_("Enroll for teachers"), url_for("ProxyPage.index"))
    here = url_for("ProxyPage.show", pk=row.id)
    return [above, (str(row), here), (last, None)] if last else [above, (str(row), None)]


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt=FORM_SALT)


def _qr(link: str) -> str:
    """Return the QR code of an address as an image that stands in the page itself."""
    return str(segno.make(link, error="l", micro=False).svg_data_uri(scale=3, border=2))


VIEWS = (ProxyPage,)
