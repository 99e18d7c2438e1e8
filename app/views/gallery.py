"""The style guide: every part of the interface with made-up content, for builders and for the tests of the kit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import jsonify, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    FileField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.domain.clock import now
from app.domain.terms import ClassState, EnrollmentState, JobState, ProgrammeState, TeacherStatus
from app.extensions import db
from app.models import Region
from app.views.fab import PageView
from app.views.fab.listing import Asked, Chip, Control, ListColumn, Listing, ListRow, RowAction
from app.web.appearance import pill

NAMES = ("汪超平", "蔡平", "欧阳怡琪", "董芳", "阿依古丽·买买提")  # nobody
STATES = (EnrollmentState, ProgrammeState, ClassState, TeacherStatus, JobState)
OPTIONS = 20  # choices sent for one search
WORK = 400  # rows of the made-up long work
PER_SECOND = 100


class Searched(SelectField):
    """A choice searched on the server."""

    url = ""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, choices=[("", "")], validate_choice=False, **options)
        self.url = url_for("GalleryPage.options")


class SampleForm(FlaskForm):
    """One field of every kind."""

    title = StringField(_l("Programme title"), [InputRequired(_l("Please fill this in.")), Length(max=60)])
    seats = IntegerField(
        _l("Planned seats"),
        [InputRequired(_l("Please fill this in.")), NumberRange(1, 500, _l("From 1 to 500."))],
        description=_l("How many teachers the class can take"),
    )
    starts_on = DateField(_l("First day"), [Optional()])
    closes_at = DateTimeLocalField(_l("Enrollment closes"), [Optional()])
    kind = SelectField(_l("Kind"), choices=[("city", _l("City")), ("county", _l("County"))])
    region = Searched(_l("Region"), [InputRequired(_l("Please choose."))])
    stages = SelectMultipleField(
        _l("School stages"), choices=[("1", _l("Primary school")), ("2", _l("Junior middle school"))]
    )
    boarding = BooleanField(_l("With boarding"), description=_l("Participants stay overnight"))
    plan = FileField(_l("Training plan"), description=_l("Word, Excel or PDF, at most 500 KB"))
    contents = TextAreaField(_l("Contents"))


class GalleryPage(PageView):
    """Shown to everybody who has signed in; nothing here is stored."""

    route_base = "/styleguide"
    method_permission_name = {"index": "read", "options": "read", "progress": "read", "save": "read", "reveal": "read"}

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Show every part."""
        return self._page(SampleForm(), [])

    @expose("/save", methods=["POST"])
    @has_access
    def save(self) -> Any:
        """Check the form and show it again: with what is wrong, or with what a refusal looks like."""
        form = SampleForm()
        right = form.validate()
        return self._page(form, [_("Nothing is stored here.")] if right else []), 200 if right else 422

    @expose("/options")
    @has_access
    def options(self) -> Any:
        """Return the regions that match `q`, a page at a time."""
        page = max(request.args.get("page", 1, type=int), 1)
        wanted = select(Region).where(Region.name.contains(request.args.get("q", "")[:20], autoescape=True))
        rows = db.session.scalars(wanted.order_by(Region.code).limit(OPTIONS + 1).offset((page - 1) * OPTIONS)).all()
        return jsonify(results=[{"id": r.id, "text": r.name} for r in rows[:OPTIONS]], more=len(rows) > OPTIONS)

    @expose("/progress/<int:since>")
    @has_access
    def progress(self, since: int) -> Any:
        """Return how far the made-up work is that began at the second `since`."""
        done = min(max(int(now().timestamp()) - since, 0) * PER_SECOND, WORK)
        state = JobState.DONE if done == WORK else JobState.RUNNING
        result = {"label": _("To the result"), "url": url_for("GalleryPage.index")} if done == WORK else None
        return jsonify(state=state.value, label=_(state.label), done=done, total=WORK, result=result, problems=[])

    @expose("/reveal", methods=["POST"])
    @has_access
    def reveal(self) -> Any:
        """Answer like a page that shows a protected value."""
        return jsonify(value="330106199001010017")

    def _page(self, form: SampleForm, problems: list[str]) -> Any:
        return self.render_template(
            "gallery.html",
            title=_("Style guide"),
            form=form,
            problems=problems,
            listing=sample_listing(),
            empty=sample_listing(rows=0),
            states=STATES,
            regions=region_nodes(),
            now=now(),
            soon=now() + timedelta(hours=20),
            later=now() + timedelta(days=9),
            past=now() - timedelta(days=1),
            since=int(now().timestamp()),
        )


def region_nodes() -> list[dict[str, Any]]:
    """Return all regions as the tree part takes them: {id, name, children}."""
    nodes: dict[int, dict[str, Any]] = {}
    roots = []
    for region in db.session.scalars(select(Region).order_by(Region.path)):
        nodes[region.id] = {"id": region.id, "name": region.name, "children": []}
        above = nodes.get(region.parent_id or 0)
        (above["children"] if above else roots).append(nodes[region.id])
    return roots


def sample_listing(rows: int = len(NAMES)) -> Listing:
    """Return a page of a list of nobody."""
    asked = Asked.from_request(["name", "state"], ["name"])
    return Listing(
        columns=[
            ListColumn("name", _("Name"), True, "asc", "?order=-name"),
            ListColumn("school", _("School"), False, "", ""),
            ListColumn("state", _("State"), True, "", "?order=state"),
        ],
        rows=[_row(number, name) for number, name in enumerate(NAMES[:rows])],
        count=118 if rows else 0,
        asked=asked,
        actions=[
            RowAction(
                "approve", _("Approve"), "ti-check", _("{count} enrollments will be approved."), True,
                url_for("GalleryPage.save"),
            )
        ],
        controls=_controls(),
        chips=[Chip(_("State"), _("Admitted"), "?")] if rows else [],
        url_add="#",
        url_export="#",
        empty_text=_("Nothing here yet."),
    )  # fmt: skip


def _row(number: int, name: str) -> ListRow:
    state = list(EnrollmentState)[number]
    delete = url_for("GalleryPage.save")
    return ListRow(number, name, [name, "西湖区第一中学", pill(state)], "#", "#", delete)  # type: ignore[list-item]


def _controls() -> list[Control]:
    states = [(state.value, _(state.label)) for state in EnrollmentState]
    return [
        Control("name", _("Name"), "text", "", "", [], ""),
        Control("state", _("State"), "choice", "admitted", "", states, ""),
        Control("region", _("Region"), "remote", "", "", [], url_for("GalleryPage.options")),
        Control("since", _("From"), "date", "", "", [], ""),
    ]


VIEWS = (GalleryPage,)
