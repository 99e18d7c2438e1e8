"""What the screens of teachers share: filters, the form, masks, the timeline (TCH-1, TCH-4, OPS-3)."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import select
from wtforms import SelectField, StringField

from app.domain.identity import mask_phone
from app.domain.numbers import number_of
from app.domain.teachers import REQUIRED
from app.domain.terms import AgeBand, AuditAction, Gender, TeacherIssue, TeacherStatus
from app.domain.text import N_, LabelledEnum
from app.models import Grade, PostCategory, ProfessionalTitle, Region, School, Stage, Subject, Teacher
from app.security.actor import Actor
from app.security.scope import fetch_visible
from app.services.audit import HIDDEN
from app.services.teacher_history import Event, FieldChange
from app.services.teacher_issues import age_clause, issue_clause
from app.services.teacher_search import is_marked, search_clause
from app.services.teachers import PROTECTED, whole_id
from app.views.fab import choice, related
from app.views.fab.columns import EMPTY, label_of, text_of
from app.views.fab.filters import Filter, path_of
from app.views.fab.forms import RecordForm
from app.views.fab.light_rows import Reader
from app.web.actors import current_actor, current_vault

IDENTITY = ("name", "national_id", "gender", "birth_date")
POST = ("school", "stage", "grade", "subject", "post_category", "title")
CONTACT = ("mobile", "office_phone", "email")


# --- filters


def search() -> Filter:
    """Return the filter on whatever is known of a person."""

    def condition(_model: type[Any], value: str) -> Any:
        return search_clause(value, actor=current_actor(), vault=current_vault())

    return Filter("name", "text", condition, N_("Name, initials or a number"), telling=_without_mark)


def _without_mark(value: str) -> str:
    return _("a whole ID number") if is_marked(value) else value


def in_region() -> Filter:
    """Return the filter on the region of the school and everything below it."""

    def condition(_model: type[Any], value: str) -> Any:
        key = number_of(value)
        if key is None:
            return None
        inside = Region.path.startswith(path_of(key))
        below = select(School.id).join(Region, Region.id == School.region_id).where(inside)
        return Teacher.school_id.in_(below)

    return Filter("region", "remote", condition, N_("Region"), target=Region)


def at_region() -> Filter:
    """Return the filter on schools directly under a region; the board leads here, nobody chooses it."""

    def condition(_model: type[Any], value: str) -> Any:
        key = number_of(value)
        return Teacher.school_id.in_(select(School.id).where(School.region_id == key)) if key is not None else None

    return Filter("at", "hidden", condition, N_("Schools directly under"), target=Region)


def _word(name: str, label: str, kind: type[LabelledEnum], clause: Callable[[Any], Any]) -> Filter:
    """Return a filter on a word that is worked out, not stored."""

    def condition(_model: type[Any], value: str) -> Any:
        return clause(kind(value)) if value in {member.value for member in kind} else None

    return Filter(name, "choice", condition, label, options=lambda: [(m.value, text_of(m)) for m in kind])


FILTERS = (
    search(),
    in_region(),
    related("school", School),
    related("stage", Stage),
    related("grade", Grade),
    related("subject", Subject),
    related("post_category", PostCategory),
    related("title", ProfessionalTitle),
    choice("status", TeacherStatus),
    choice("gender", Gender),
    _word("age", N_("Age"), AgeBand, age_clause),
    _word("issue", N_("Data quality"), TeacherIssue, lambda issue: issue_clause(issue, current_actor())),
    at_region(),
)


# --- masks


def shown_value(row: Teacher, name: str) -> Any:
    """Return a column as a list or page shows it: the numbers masked but for oneself; showing them is recorded."""
    if name == "national_id":
        return masked_id(row)
    if name == "mobile" and row.mobile and row.id != current_actor().teacher_id:
        return mask_phone(row.mobile)
    return getattr(row, name)


def masked_id(row: Teacher) -> str:
    """Return the ID number as everybody sees it, without opening it."""
    return f"{'*' * 14}{row.national_id_tail}" if row.national_id_tail else ""


# What an export of these columns reads; the masks need who it is about.
EXPORTED_FROM = {"national_id": ("national_id_sealed", "national_id_tail"), "mobile": ("mobile",)}


def exported_value(name: str, actor: Actor) -> Reader:
    """Return what reads a column for an export: numbers whole for who may see them; the audit tells of the export."""
    if name not in PROTECTED:
        return attrgetter(name)
    if not actor.may("reveal", "Teacher"):
        return lambda row: shown_value(row, name)
    vault = current_vault()
    return (lambda row: whole_id(row, vault)) if name == "national_id" else attrgetter(name)


# --- form


def teacher_form(made: type[RecordForm], row: Teacher | None) -> type[RecordForm]:
    """Return the generated form `made` with the fields a person types freely: the one check reads them all (TCH-2)."""
    number = masked_id(row) if row else ""
    keep = _("Leave empty to keep %(number)s.", number=number)
    from_id = _("Left empty, it is taken from the ID number.")
    mobile_help = _("Leave it as it is, or type the new number whole.")
    genders = [("", "—"), *((member.value, text_of(member)) for member in Gender)]
    fields: dict[str, Any] = {
        "name": _line(_("Teacher's name"), _("As on the ID card."), 80, needed=True),
        "national_id": _line(
            _("National ID"), keep if number else _("18 characters; kept encrypted."), 40, needed=True
        ),
        "gender": SelectField(_("Gender"), description=from_id, choices=genders, validate_choice=False),
        "birth_date": _line(_("Birth date"), from_id, 40, placeholder="1980-01-05"),
        "mobile": _line(_("Mobile"), mobile_help if row and row.mobile else "", 40, kind=MobileField, inputmode="tel"),
        "office_phone": _line(_("Office phone"), _("For example 0571-87000000-801."), 60, inputmode="tel"),
        "email": _line(_("E-mail"), "", 160, inputmode="email"),
    }
    for name in REQUIRED.intersection(POST):
        if hasattr(made, name):
            getattr(made, name).kwargs["validators"] = [Needed()]
    own = current_actor().school_id
    if row is None and own is not None and hasattr(made, "school"):
        made.school.kwargs["default"] = fetch_visible(School, own, actor=current_actor())
    return in_order(type("TeacherForm", (made,), fields))


def in_order(made: type[RecordForm]) -> type[RecordForm]:
    """Return the form with its fields in the order of the page, so that what is wrong is told in that order."""
    for at, name in enumerate((*IDENTITY, *POST, *CONTACT)):
        if getattr(made, name, None) is not None:
            getattr(made, name).creation_counter = at
    return made


class Needed:
    """Marks a field that has to be filled in; that it is, the one check says together with everything else."""

    field_flags: ClassVar = {"required": True}

    def __call__(self, form: Any, field: Any) -> None:
        """Leave the check to the service."""


class MobileField(StringField):
    """A mobile number, masked; the mask sent back stands for the stored number."""

    def process_data(self, value: Any) -> None:
        """Mask the stored number."""
        self.data = mask_phone(value) if value else value


def _line(
    label: str, about: str, most: int, kind: type[StringField] = StringField, needed: bool = False, **options: Any
) -> StringField:
    # No check of the length here: it would answer alone, and the one check of teachers tells everything at once.
    return kind(
        label,
        [Needed()] if needed else [],
        description=about,
        render_kw={"autocomplete": "off", "maxlength": most, **options},
    )


def given(form: RecordForm, *, editing: bool) -> dict[str, Any]:
    """Return what was typed, as the services take it; an empty ID number of a stored record stays as it is."""
    values = form.values()
    if editing and not (values.get("national_id") or "").strip():
        values.pop("national_id", None)
    return values


# --- timeline

TONES = {AuditAction.CREATE: "good", AuditAction.DELETE: "bad", AuditAction.RESTORE: "good"}


def timeline_of(events: list[Event]) -> list[dict[str, Any]]:
    """Return the events as the timeline part takes them."""
    return [
        {
            "label": _(event.action.label),
            "when": event.when,
            "who": event.who or _("The platform"),
            "note": "；".join(
                [*(_told(change, event.action) for change in event.changes), *filter(None, [event.reason])]
            ),
            "tone": TONES.get(event.action, "neutral"),
        }
        for event in events
    ]


def _told(change: FieldChange, action: AuditAction) -> str:
    label = label_of(Teacher, change.field)
    if action is AuditAction.REVEAL or HIDDEN in (change.before, change.after):
        return label
    values = {"before": _told_value(change.field, change.before), "after": _told_value(change.field, change.after)}
    return _("%(field)s: %(before)s → %(after)s", field=label, **values)


def _told_value(name: str, value: Any) -> str:
    kind = {"gender": Gender, "status": TeacherStatus}.get(name)
    if value is None:
        return EMPTY
    word: LabelledEnum | Any = kind(value) if kind else value
    return text_of(word)
