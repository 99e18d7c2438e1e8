"""The reference lists and schools a teacher's record chooses from, as lookups for `clean` (TCH-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import or_, select

from app.domain.choices import Choice, Choices
from app.domain.names import normalise_text
from app.domain.terms import OrganisationStatus
from app.extensions import db
from app.models import Grade, PostCategory, ProfessionalTitle, ReferenceList, School, Stage, Subject
from app.security.actor import Actor
from app.security.rules.people import schools_kept

_ROWS = (ReferenceList, School)
LISTS: Mapping[str, type[ReferenceList]] = {
    "stage": Stage, "grade": Grade, "subject": Subject, "post_category": PostCategory, "title": ProfessionalTitle,
}  # fmt: skip


def reference_choices() -> dict[str, Choices]:
    """Return the five reference lists by field name."""
    return {name: _choices_of(model) for name, model in LISTS.items()}


def _choices_of(model: type[ReferenceList]) -> Choices:
    above = model.stage_id if issubclass(model, Grade) else None
    columns: list[Any] = [model.id, model.code, model.name, model.in_use, *([above] if above is not None else [])]
    rows = db.session.execute(select(*columns).order_by(model.position, model.id))
    return Choices(Choice(*row) for row in rows)


def school_choices(actor: Actor, named: Iterable[Any] | None = None) -> Choices:
    """Return the schools whose teachers the actor keeps; with `named` only those with such a code, name or number."""
    wanted = select(School.id, School.code, School.name, School.status).where(School.id.in_(schools_kept(actor)))
    if named is not None:
        given = list(named)
        texts = {normalise_text(str(item)) for item in given} | {str(item) for item in given}
        numbers = [item for item in given if isinstance(item, int)]
        wanted = wanted.where(or_(School.code.in_(texts), School.name.in_(texts), School.id.in_(numbers)))
    rows = db.session.execute(wanted)
    return Choices(Choice(key, code, name, status is OrganisationStatus.ACTIVE) for key, code, name, status in rows)


def lists_for(actor: Actor, schools: Iterable[Any] | None = None) -> dict[str, Choices]:
    """Return every lookup `clean` needs; `schools` narrows the schools to those named, for a few rows."""
    return {**reference_choices(), "school": school_choices(actor, schools)}


def as_given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with rows of the lists turned into their codes, as `clean` takes them."""
    return {n: value if type(value) is str else _code_of(value) for n, value in values.items()}  # nearly all are text


def _code_of(value: Any) -> Any:
    return value.code if isinstance(value, _ROWS) else value
