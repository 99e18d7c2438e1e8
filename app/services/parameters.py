"""Reading and setting the parameters of the platform and of each training year (parameters P1–P29)."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from app.domain.errors import Invalid, problem
from app.domain.parameters import PARAMETERS
from app.domain.policy import Policy
from app.domain.terms import AuditAction
from app.domain.text import N_
from app.extensions import db
from app.models import ParameterChange, ParameterValue
from app.security.actor import Actor
from app.security.remembered import remembered
from app.services import audit
from app.services.unit import transaction

_VALUES = select(ParameterValue.name, ParameterValue.value, ParameterValue.training_year_id).where(
    ParameterValue.training_year_id.is_(None) | (ParameterValue.training_year_id == bindparam("year"))
)


def values_of(training_year_id: int | None = None) -> dict[str, str]:
    """Return what has been set, name → stored text: the platform's values, then those of the year over them."""
    rows = db.session.execute(_VALUES, {"year": training_year_id})
    ordered = sorted(rows, key=lambda row: row.training_year_id is not None)
    return {row.name: row.value for row in ordered}


def policy_of(training_year_id: int | None = None) -> Policy:
    """Return the frozen policy in force for a training year; None for what holds on the whole platform."""
    return remembered(("policy", training_year_id), lambda: Policy.from_values(values_of(training_year_id)))


def set_parameter(
    name: str, text: str, *, actor: Actor, training_year_id: int | None = None, reason: str | None = None
) -> None:
    """Set one parameter from what was typed, keeping its history.

    Raises Invalid for an unknown name, a value out of range, or one that does not fit the other parameters.
    """
    actor.require("edit", "Parameter")
    parameter = PARAMETERS.get(name)
    if parameter is None:
        raise Invalid(problem("unknown_parameter", N_("There is no parameter of this name."), field=name))
    stored = parameter.format(parameter.parse(text))
    scope = training_year_id if parameter.per_year else None
    with transaction():
        before = values_of(scope)
        Policy.from_values({**before, name: stored})
        if before.get(name, parameter.format(parameter.default)) == stored:
            return
        _store(name, scope, stored)
        change = ParameterChange(
            name=name, training_year_id=scope, before=before.get(name), after=stored, reason=reason,
            changed_by_id=actor.account_id,
        )  # fmt: skip
        db.session.add(change)
        db.session.flush()
        audit.record(AuditAction.PARAMETER, change, actor=actor, before={name: before.get(name)}, after={name: stored})


def _store(name: str, training_year_id: int | None, stored: str) -> None:
    row = db.session.scalar(
        select(ParameterValue).where(
            ParameterValue.name == name, ParameterValue.training_year_id.is_not_distinct_from(training_year_id)
        )
    )
    if row is None:
        db.session.add(ParameterValue(name=name, training_year_id=training_year_id, value=stored))
    else:
        row.value = stored
