"""Beginning a transfer: find the person, say what is asked for, see the numbers, confirm; the pool; a person's way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import DateField, StringField
from wtforms.validators import Length, Optional

from app.domain.errors import Conflict, DomainError, Invalid, TooManyRequests
from app.domain.terms import TransferKind, TransferState
from app.domain.text import N_
from app.domain.transfers import LONGEST_REASON, STARTABLE, Way
from app.exchange.row_sheet import Value
from app.extensions import db
from app.models import Region, School, Subject, Teacher, Transfer
from app.security.actor import Actor
from app.security.scope import fetch_visible
from app.services.transfer_lists import POOL_ORDERS, PoolAsked, Unattached, pool, transfers_of, whole_pool
from app.services.transfer_search import Found, Hits, found_one, place_of, search
from app.services.transfers import TransferOrder, TransferPlan, plan, start
from app.services.transitions import history_of
from app.views.fab import PageView
from app.views.fab.columns import text_of
from app.views.fab.export import send_table
from app.views.fab.forms import RecordForm, RowField
from app.views.fab.light_rows import Reader
from app.views.fab.listing import Asked, Chip, Control, pager_of
from app.views.places import own_region
from app.views.teacher_parts import exported_value, masked_id
from app.views.transfers import entry_of
from app.web.actors import current_vault
from app.web.i18n import sentence

K = TransferKind
KINDS = {kind.value: kind for kind in STARTABLE}
NEW_TEACHER = "TeacherView.add"
POOL_COLUMNS = (
    N_("Teacher"), N_("National ID"), N_("Subject"), N_("Last school"), N_("Unattached since"),
    N_("Unattached for over a year"),
)  # fmt: skip
POOL = "pool"  # in the address: out of the school, to no other


class TransferPage(PageView):
    """For schools and bureaus: the way to a new transfer."""

    resource = "Transfer"
    route_base = "/transfers"
    default_view = "find"
    method_permission_name = {
        **dict.fromkeys(("find", "ask", "now", "pool"), "transfer"),
        "teacher": "read",
        "export": "export",
    }

    # --- finding

    @expose("/find", methods=["GET", "POST"])
    @has_access
    def find(self) -> Any:
        """Ask for a name or number; show whom it names. It is sent by POST, so that no number stands in an address."""
        typed = request.form.get("q", "")
        hits: Hits | None = None
        problems: list[str] = []
        status = 200
        if request.method == "POST":
            try:
                hits = search(typed, actor=self.actor, vault=current_vault())
            except (Invalid, TooManyRequests) as error:
                db.session.rollback()
                problems, status = [sentence(found) for found in error.problems], error.status
        may_add = self.actor.may("create", "Teacher")
        page = self._page("find", _("Transfer a teacher"), typed=typed, hits=hits, problems=problems, kinds=K,
                          url_new=url_for(NEW_TEACHER) if may_add else None)  # fmt: skip
        return page, status

    # --- asking

    @expose("/ask/<string:kind>", methods=["GET", "POST"])
    @has_access
    def ask(self, kind: str) -> Any:
        """Show the form for a kind of transfer; when it is right, what it does in numbers."""
        if kind not in KINDS:
            abort(404)
        found = found_one(request.values.get("who", ""), actor=self.actor, vault=current_vault())
        form = _form(KINDS[kind], self._keeps_many(), to_pool=request.values.get("to") == POOL)
        if request.method == "GET":
            return self._ask_page(KINDS[kind], found, form, [])
        if not form.validate():
            return self._ask_page(KINDS[kind], found, form, []), 422
        made = plan(_order(KINDS[kind], form), actor=self.actor, vault=current_vault())
        if made.problems:
            problems = form.take(Conflict(made.problems))
            return self._ask_page(KINDS[kind], found, form, problems, made.schools), 422
        return self._plan_page(made, found)

    @expose("/now", methods=["POST"])
    @has_access
    def now(self) -> Any:
        """Do what was confirmed; when something has changed meanwhile, say so and begin again."""
        kind = KINDS.get(request.form.get("kind", "")) or abort(404)
        order = _posted(kind)
        try:
            transfer = start(order, actor=self.actor, vault=current_vault(), mark=request.form.get("mark", ""))
        except (Conflict, Invalid) as error:
            db.session.rollback()
            for found in error.problems:
                flash(sentence(found), "danger")
            return redirect(url_for("TransferPage.ask", kind=kind.value, who=order.who))
        flash(_told(transfer), "success")
        return redirect(url_for("TransferView.show", pk=transfer.id))

    def _keeps_many(self) -> bool:
        return self.actor.region_path is not None or self.actor.everything

    def _ask_page(
        self, kind: TransferKind, found: Found, form: RecordForm, problems: list[str],
        schools: tuple[School, ...] = (),
    ) -> str:  # fmt: skip
        places = [(school.code, f"{school.name} · {place_of(school)}") for school in schools]
        to_pool = request.values.get("to") == POOL
        return self._page("ask", _title(kind, to_pool), kind=kind, found=found, form=form, problems=problems,
                          schools=places, to_pool=to_pool)  # fmt: skip

    def _plan_page(self, made: TransferPlan, found: Found) -> str:
        order = replace(made.order, to_school=made.to_school.code if made.to_school else None)
        posted = {name: value for name, value in _fields(order).items() if value}
        return self._page("plan", _("Confirm the transfer"), plan=made, found=found, posted=posted,
                          place=place_of(made.to_school) if made.to_school else "", ways=Way)  # fmt: skip

    # --- the pool and a person's way

    @expose("/pool")
    @has_access
    def pool(self) -> Any:
        """Show the unattached teachers who left one's schools."""
        asked, wanted = _pool_asked(self.actor)
        rows, count = pool(wanted, actor=self.actor, vault=current_vault())
        controls, chips = _pool_controls(asked.filters), _place_chips(asked, wanted.place)
        pager = pager_of(count, asked, controls, chips)
        may_export = self.actor.may("export", "Transfer")
        return self._page("pool", _("Unattached teachers"), rows=rows, pager=pager, may_export=may_export)

    @expose("/pool/export")
    @has_access
    def export(self) -> Any:
        """Send the pool as it is on the screen, all its pages, as a workbook; ID numbers whole for who may see them."""
        asked, wanted = _pool_asked(self.actor)
        whole = exported_value("national_id", self.actor)
        people = whole_pool(wanted, actor=self.actor, vault=current_vault())
        rows = (_pool_cells(line, whole if in_scope else masked_id) for line, in_scope in people)
        labels, details = [_(label) for label in POOL_COLUMNS], {"filters": asked.filters}
        return send_table(Teacher, _("Unattached teachers"), labels, rows, details, actor=self.actor)

    @expose("/teacher/<int:pk>")
    @has_access
    def teacher(self, pk: int) -> Any:
        """Show where a teacher has been: every transfer with its steps."""
        row = fetch_visible(Teacher, pk, actor=self.actor)
        found = transfers_of(row.id)
        steps = history_of(Transfer, [transfer.id for transfer in found])
        return self._page("teacher", _("Transfers of %(name)s", name=row.name), row=row, may_begin=self._may_begin(row),
                          transfers=[(t, [entry_of(line) for line in reversed(steps.get(t.id, []))]) for t in found],
                          kinds=K)  # fmt: skip

    def _may_begin(self, row: Teacher) -> Found | None:
        if not self.actor.may("transfer", "Transfer"):
            return None
        try:
            return found_one(str(row.id), actor=self.actor, vault=current_vault())
        except DomainError:
            return None

    def _page(self, template: str, title: str, **values: Any) -> str:
        return self.render_template(f"transfers/{template}.html", title=title, **values)


# --- forms


def _form(kind: TransferKind, keeps_many: bool, *, to_pool: bool) -> RecordForm:
    """Return the form of a kind of transfer, made for this request."""
    fields: dict[str, Any] = {}
    if kind is K.TRANSFER_IN and keeps_many:
        fields["school"] = _school_field(_("School that receives"))
    if kind in (K.TRANSFER_OUT, K.SECONDMENT) and not to_pool:
        if keeps_many:
            fields["school"] = _school_field(_("School of your area that receives"))
        fields["to_school"] = StringField(
            _("Another school") if keeps_many else _("School that receives"), [Length(max=100)],
            description=_("Its whole name or its code; anywhere in the province."),
        )  # fmt: skip
    if kind is K.SECONDMENT:
        fields["starts_on"] = DateField(_("First day"), [Optional()])
        fields["ends_on"] = DateField(_("Last day"), [Optional()])
    fields["reason"] = StringField(_l("Reason"), [Length(max=LONGEST_REASON)])
    return type("TransferForm", (RecordForm,), fields)()


def _school_field(label: str) -> RowField:
    return RowField(label, School, url=url_for("TeacherView.options", name="school"))


def _order(kind: TransferKind, form: RecordForm) -> TransferOrder:
    given = form.values()
    chosen = given.get("school")
    named = request.form.get("chosen") or given.get("to_school")
    school = chosen.code if chosen is not None else named
    return TransferOrder(
        kind, request.form.get("who", ""), school or None, given.get("starts_on"), given.get("ends_on"),
        (given.get("reason") or "").strip() or None,
    )  # fmt: skip


def _fields(order: TransferOrder) -> dict[str, str]:
    """Return an order as the confirmation sends it back."""
    return {
        "kind": order.kind.value,
        "who": order.who,
        "to_school": order.to_school or "",
        "starts_on": order.starts_on.isoformat() if order.starts_on else "",
        "ends_on": order.ends_on.isoformat() if order.ends_on else "",
        "reason": order.reason or "",
    }


def _posted(kind: TransferKind) -> TransferOrder:
    given = request.form
    return TransferOrder(
        kind, given.get("who", ""), given.get("to_school") or None, _day("starts_on"), _day("ends_on"),
        given.get("reason") or None,
    )  # fmt: skip


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None


def _title(kind: TransferKind, to_pool: bool) -> str:
    return _("Transfer into the pool") if to_pool else text_of(kind)


def _told(transfer: Transfer) -> str:
    """Return what has happened upon confirming."""
    name = transfer.teacher.name
    if transfer.state is TransferState.COMPLETED:
        return _("Done: %(name)s.", name=name)
    if transfer.agreed_at is not None:
        return _("Noted: the secondment of %(name)s begins on its first day.", name=name)
    school = transfer.from_school if transfer.state is TransferState.REQUESTED else transfer.to_school
    return _("Asked: %(school)s has to agree to the transfer of %(name)s.", school=school, name=name)


def _pool_asked(actor: Actor) -> tuple[Asked, PoolAsked]:
    """Return what the address asks of the pool; a place is asked for by the board of data quality."""
    asked = Asked.from_request(["name", "subject", "long", "region", "school"], list(POOL_ORDERS))
    given = asked.filters
    wanted = PoolAsked(
        given.get("name", ""), given.get("subject", ""), given.get("long") == "yes", asked.page, asked.size,
        asked.order, asked.descending, _place_asked(given, actor),
    )  # fmt: skip
    return asked, wanted


def _place_asked(given: dict[str, str], actor: Actor) -> Region | School | None:
    if "school" in given:
        return fetch_visible(School, given["school"], actor=actor)
    return own_region(actor, given["region"]) if "region" in given else None


def _place_chips(asked: Asked, place: Region | School | None) -> list[Chip]:
    if place is None:
        return []
    label = _("Last school") if isinstance(place, School) else _("Region")
    return [Chip(label, place.name, asked.url(region="", school="", page=1))]


def _pool_cells(line: Unattached, number_of: Reader) -> Sequence[Value]:
    """Return the cells of somebody in the workbook, in the order of POOL_COLUMNS."""
    long = _("Yes") if line.long else None
    return line.name, number_of(line.teacher), line.subject or None, line.school or None, line.since, long


def _pool_controls(given: dict[str, str]) -> list[Control]:
    subjects = db.session.scalars(select(Subject).where(Subject.in_use.is_(True)).order_by(Subject.position)).all()
    choices = [(subject.code, subject.name) for subject in subjects]
    return [
        Control("name", _("Teacher's name"), "text", given.get("name", ""), "", [], ""),
        Control("subject", _("Subject"), "choice", given.get("subject", ""), "", choices, ""),
        Control("long", _("Unattached for over a year"), "choice", given.get("long", ""), "", [("yes", _("Yes"))], ""),
        *(Control(name, "", "hidden", given.get(name, ""), "", [], "") for name in ("region", "school")),
    ]


VIEWS = (TransferPage,)
