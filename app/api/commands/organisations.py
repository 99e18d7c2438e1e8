"""Commands on bureaus, institutions, their region grants, and on schools that merge or split (ORG-2 … ORG-5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, validate

from app.api.commands.base import Command, Values
from app.api.commands.schools import SchoolShape
from app.api.input import MOST_NUMBER, RowNumber, Text, resolve
from app.domain.terms import OrganisationStatus
from app.models import Bureau, Institution, Organisation, Region
from app.security.actor import Actor
from app.services import grants, organisations, records, school_changes
from app.services.grants import GrantOrder, GrantPlan
from app.services.school_changes import ChangePlan
from app.web.actors import current_vault
from app.web.i18n import sentence, translate

KEY = validate.Range(1, MOST_NUMBER - 1)
NUMBERS = validate.Length(max=2000)


def key(**options: Any) -> fields.Field:
    """Return the field of a row's number."""
    return fields.Integer(strict=True, validate=KEY, **options)


class PlaceShape(Schema):
    """What a bureau or an institution is made of."""

    code = Text(required=True, validate=validate.Length(1, 32))
    name = Text(required=True, validate=validate.Length(1, 100))
    region = RowNumber(Region, required=True)
    contact_name = Text(allow_none=True, validate=validate.Length(max=50))
    contact_phone = Text(allow_none=True, validate=validate.Length(max=32))
    address = Text(allow_none=True, validate=validate.Length(max=200))
    status = fields.Enum(OrganisationStatus, by_value=True)


class BureauShape(PlaceShape):
    """A bureau; with `administrator` its account is made as well."""

    administrator = Text(validate=validate.Length(1, 64))


class InstitutionShape(BureauShape):
    """An institution; with `administrator` its account is made as well."""

    introduction = Text(allow_none=True, validate=validate.Length(max=2000))


class PlaceChanges(PlaceShape):
    """What changes; whatever is left out stays."""


class InstitutionChanges(PlaceShape):
    """What changes; whatever is left out stays."""

    introduction = Text(allow_none=True, validate=validate.Length(max=2000))


class BureauChangeShape(Schema):
    """Which bureau, in the version that was read, and what of it changes."""

    id = key(required=True)
    expected_version = key(required=True)
    changes = fields.Nested(PlaceChanges(partial=True), required=True)


class InstitutionChangeShape(Schema):
    """Which institution, in the version that was read, and what of it changes."""

    id = key(required=True)
    expected_version = key(required=True)
    changes = fields.Nested(InstitutionChanges(partial=True), required=True)


class GrantShape(Schema):
    """Regions for institutions, from a day to a day. `replace`: what is missing of the same days is revoked."""

    institutions = fields.List(key(), required=True, validate=NUMBERS)
    regions = fields.List(key(), required=True, validate=NUMBERS)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(allow_none=True)
    reason = Text(allow_none=True, validate=validate.Length(max=grants.LONGEST_REASON))
    replace = fields.Boolean()
    dry_run = fields.Boolean()


class RevokeShape(Schema):
    """Which grant, and why."""

    id = key(required=True)
    reason = Text(allow_none=True, validate=validate.Length(max=grants.LONGEST_REASON))


class MergeShape(Schema):
    """Schools that go into another one; without the `mark` of a dry run nothing is written."""

    schools = fields.List(key(), required=True, validate=NUMBERS)
    target = key(required=True)
    mark = Text(validate=validate.Length(max=64))
    reason = Text(allow_none=True, validate=validate.Length(max=school_changes.LONGEST_REASON))


class SplitShape(Schema):
    """Teachers, by stage or one by one, that go to a new school; without the `mark` of a dry run nothing is written."""

    school = key(required=True)
    stages = fields.List(key(), validate=NUMBERS)
    teachers = fields.List(key(), validate=NUMBERS)
    new_school = fields.Nested(SchoolShape)
    mark = Text(validate=validate.Length(max=64))
    reason = Text(allow_none=True, validate=validate.Length(max=school_changes.LONGEST_REASON))


def _create(model: type[Organisation], shape: type[Schema]) -> Callable[[Values, Actor], Any]:
    def create(values: Values, actor: Actor) -> Any:
        username = values.pop("administrator", None)
        stated = resolve(shape(), values, actor=actor)
        made = organisations.create_organisation(
            model, stated, actor=actor, vault=current_vault(), administrator=username
        )
        return made.organisation

    return create


def _update(model: type[Organisation], shape: type[Schema]) -> Callable[[Values, Actor], Any]:
    def update(values: Values, actor: Actor) -> Any:
        changes = resolve(shape(), values["changes"], actor=actor)
        return records.update(model, values["id"], changes, actor=actor, expected_version=values["expected_version"])

    return update


def grant_regions(values: Values, actor: Actor) -> Values:
    """Grant, or with `dry_run` tell what granting would change."""
    order = GrantOrder(
        tuple(values["institutions"]), tuple(values["regions"]), values["valid_from"], values.get("valid_to"),
        values.get("reason"), values.get("replace", False),
    )  # fmt: skip
    return _told_grants((grants.plan if values.get("dry_run") else grants.carry_out)(order, actor=actor))


def _told_grants(plan: GrantPlan) -> Values:
    return {"granted": plan.granted, "revoked": plan.revoked, "kept": plan.kept, "institutions": len(plan.parts)}


def revoke_grant(values: Values, actor: Actor) -> Any:
    """Revoke one grant."""
    return grants.revoke(values["id"], values.get("reason"), actor=actor)


def merge_schools(values: Values, actor: Actor) -> Values:
    """Merge, or without a mark tell what merging would do."""
    if "mark" not in values:
        return _told_change(school_changes.plan_merge(values["schools"], values["target"], actor=actor))
    done = school_changes.merge(
        values["schools"], values["target"], mark=values["mark"], reason=values.get("reason"), actor=actor
    )
    return _told_change(done)


def split_school(values: Values, actor: Actor) -> Any:
    """Split, or without a mark tell what splitting would do."""
    chosen = {"stage_ids": values.get("stages", ()), "teacher_ids": values.get("teachers", ())}
    if "mark" not in values:
        return _told_change(school_changes.plan_split(values["school"], actor=actor, **chosen))
    new = resolve(SchoolShape(), values.get("new_school", {}), actor=actor)
    return school_changes.split(
        values["school"], new, mark=values["mark"], reason=values.get("reason"), actor=actor, **chosen
    )


def _told_change(plan: ChangePlan) -> Values:
    return {
        "mark": plan.mark,
        "moving": [{"name": translate(part.label), "count": part.count} for part in plan.moving],
        "staying": plan.staying,
        "conflicts": [{"code": p.code, "message": sentence(p), "field": p.field} for p in plan.conflicts],
    }


COMMANDS = (
    Command("bureau/create", "Create a bureau", ("create", "Bureau"), BureauShape, _create(Bureau, BureauShape), 201),
    Command("bureau/update", "Change a bureau", ("edit", "Bureau"), BureauChangeShape, _update(Bureau, PlaceChanges)),
    Command("institution/create", "Create an institution", ("create", "Institution"), InstitutionShape,
            _create(Institution, InstitutionShape), 201),
    Command("institution/update", "Change an institution", ("edit", "Institution"), InstitutionChangeShape,
            _update(Institution, InstitutionChanges)),
    Command("region-grant/grant", "Grant regions to institutions", ("grant", "Institution"), GrantShape, grant_regions),
    Command("region-grant/revoke", "Revoke a region grant", ("grant", "Institution"), RevokeShape, revoke_grant),
    Command("school/merge", "Merge schools into another one", ("merge", "School"), MergeShape, merge_schools),
    Command("school/split", "Split a school", ("merge", "School"), SplitShape, split_school),
)  # fmt: skip
