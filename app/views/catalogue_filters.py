"""The conditions of the catalogue: from the address to what is asked for, and back to controls and chips (ENR-1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy import select

from app.domain.numbers import number_of
from app.domain.terms import ClassState, ProgrammeKind
from app.extensions import db
from app.models import Batch, Institution, Stage, Subject, TrainingClass, TrainingYear
from app.services.catalogue import Order, Wanted
from app.views.fab.listing import Asked, Chip, Control

NAMES = (
    "q", "subject", "stage", "kind", "institution", "place", "from", "until", "least", "most", "free", "favourites",
    "batch",
)  # fmt: skip
MOST_CHOICES = 200  # institutions offered as a filter (B12)
Choices = Sequence[tuple[str, str]]


def asked_of() -> Asked:
    """Return what the address asks for."""
    return Asked.from_request(list(NAMES), [order.value for order in Order])


def wanted_of(asked: Asked) -> Wanted:
    """Return what is asked for as values; what means nothing is left out."""
    given = asked.filters
    return Wanted(
        words=given.get("q", ""),
        kind=ProgrammeKind(given["kind"]) if given.get("kind") in set(ProgrammeKind) else None,
        subject_id=number_of(given.get("subject")), stage_id=number_of(given.get("stage")),
        institution_id=number_of(given.get("institution")), place=given.get("place", ""),
        starts_from=_day(given.get("from")), starts_until=_day(given.get("until")),
        hours_from=number_of(given.get("least")), hours_until=number_of(given.get("most")),
        free=given.get("free") == "yes", favourites=given.get("favourites") == "yes",
        batch_id=number_of(given.get("batch")), order=Order(asked.order) if asked.order else Order.NEWEST,
        page=asked.page, size=asked.size,
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def controls_of(asked: Asked, batch: Batch | None) -> list[Control]:
    """Return the controls of the filter sheet; a choice between one thing is none."""
    return [
        Control(name, label, kind, asked.filters.get(name, ""), "", list(choices), "")
        for name, kind, label, choices in _specs(batch)
        if kind != "choice" or len(choices) > 1
    ]


def _specs(batch: Batch | None) -> list[tuple[str, str, str, Choices]]:
    """Return name in the address, kind of control, label and choices of every condition."""
    return [
        ("q", "text", _("Keyword"), ()),
        ("subject", "choice", _("Subject"), _listed(Subject)),
        ("stage", "choice", _("School stage"), _listed(Stage)),
        ("kind", "choice", _("Kind of training"), [(k.value, _(k.label)) for k in ProgrammeKind]),
        ("institution", "choice", _("Training institution"), _institutions(batch)),
        ("place", "text", _("Place"), ()),
        ("from", "date", _("Begins on or after"), ()),
        ("until", "date", _("Begins on or before"), ()),
        ("least", "number", _("Hours from"), ()),
        ("most", "number", _("Hours up to"), ()),
        ("free", "bool", _("Seats"), [("yes", _("Seats left"))]),
        ("batch", "choice", _("Batch"), _batches()),
    ]


def chips_of(asked: Asked, controls: Sequence[Control]) -> list[Chip]:
    """Return the conditions in force, each with the address without it."""
    return [
        Chip(c.label, dict(c.choices).get(c.value, c.value), asked.url(**{c.param: "", "page": 1}))
        for c in controls
        if c.value
    ]


def orders_of(asked: Asked) -> list[tuple[str, str, bool]]:
    """Return (words, address, whether it is the present one) for each order."""
    present = asked.order or Order.NEWEST.value
    return [(_(o.label), asked.url(order=o.value if o is not Order.NEWEST else "", page=1), o.value == present)
            for o in Order]  # fmt: skip


def kept(asked: Asked, *left_out: str) -> dict[str, str]:
    """Return what a form that asks for some conditions has to carry along of the others."""
    return {**{n: v for n, v in asked.filters.items() if n not in left_out}, "order": request.args.get("order", "")}


def _listed(model: type[Any]) -> Choices:
    rows = db.session.execute(select(model.id, model.name).order_by(model.position, model.id).limit(MOST_CHOICES))
    return [(str(key), name) for key, name in rows]


def _institutions(batch: Batch | None) -> Choices:
    offering = select(TrainingClass.institution_id).where(
        TrainingClass.batch_id == (batch.id if batch else None), TrainingClass.state == ClassState.OFFERED
    )
    wanted = select(Institution.id, Institution.name).where(Institution.id.in_(offering)).order_by(Institution.name)
    return [(str(key), name) for key, name in db.session.execute(wanted.limit(MOST_CHOICES))]


def _batches() -> Choices:
    """Return the batches of the current year, the latest first."""
    current = select(Batch).join(Batch.training_year).where(TrainingYear.is_current.is_(True))
    return [(str(row.id), row.name) for row in db.session.scalars(current.order_by(Batch.sequence.desc()))]
