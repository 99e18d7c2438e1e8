"""The rules each entity's rows must satisfy, whoever writes them: screens, API and imports alike."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, select

from app.domain.errors import Problems
from app.domain.terms import OrganisationStatus, RegionLevel
from app.domain.text import N_
from app.extensions import db
from app.models import (
    Account,
    Batch,
    BatchWindow,
    Bureau,
    Enrollment,
    Institution,
    Organisation,
    Region,
    RegionGrant,
    School,
    Teacher,
    TrainingYear,
)
from app.security.actor import Actor
from app.services.parameters import policy_of
from app.services.records import check, check_delete


@check(Bureau)
@check_delete(Bureau)
def _bureau_is_below(_row: Bureau, problems: Problems, actor: Actor) -> None:
    """A city bureau keeps the bureaus of its counties only where the province allows it (ORG-2)."""
    if actor.everything or actor.region_level is RegionLevel.PROVINCE:
        return
    if actor.region_level is RegionLevel.CITY and not policy_of().bureau_may_maintain_below:
        problems.add("province_maintains", N_("The province maintains the bureaus itself; ask it for the change."))


@check(Bureau, Institution)
def _only_schools_merge(row: Organisation, problems: Problems, _actor: Actor) -> None:
    if row.status is OrganisationStatus.MERGED:
        problems.add("only_schools_merge", N_("Only schools are merged; choose “Closed down” instead."), field="status")


@check(School)
def _merging_is_an_act_of_its_own(row: School, problems: Problems, _actor: Actor) -> None:
    """What was merged stays closed, and nothing is called merged that has no successor (ORG-5)."""
    merged = row.status is OrganisationStatus.MERGED
    if merged and row.merged_into is None:
        text = N_("Merge the school into another one with “Merge”; it is not enough to call it merged.")
        problems.add("merge_is_an_act", text, field="status")
    if not merged and row.merged_into is not None:
        text = N_("This school was merged into %(school)s and stays closed.")
        problems.add("school_is_merged", text, field="status", school=row.merged_into.name)


@check(School)
def _school_stands_in_a_county(row: School, problems: Problems, _actor: Actor) -> None:
    if row.region is not None and row.region.level is RegionLevel.PROVINCE:
        problems.add("region_too_high", N_("A school stands in a county or a city; choose one."), field="region")


@check(TrainingYear)
def _year_runs_forward(row: TrainingYear, problems: Problems, _actor: Actor) -> None:
    if row.starts_on and row.ends_on and row.ends_on <= row.starts_on:
        problems.add("ends_before_start", N_("The last day must come after the first."), field="ends_on")


@check(BatchWindow)
def _window_runs_forward(row: BatchWindow, problems: Problems, _actor: Actor) -> None:
    if row.opens_at and row.closes_at and row.closes_at <= row.opens_at:
        problems.add("closes_before_opening", N_("The window must close after it opens."), field="closes_at")


def _any(model: type[Any], **values: Any) -> bool:
    conditions = [getattr(model, name) == value for name, value in values.items()]
    return bool(db.session.scalar(select(exists().where(*conditions))))


@check_delete(Bureau)
def _bureau_has_nothing_below(row: Bureau, problems: Problems, _actor: Actor) -> None:
    """A bureau with schools, institutions or lower bureaus in its subtree stays (ORG-2)."""
    below = select(Region.id).where(Region.path.startswith(row.region.path, autoescape=True))
    for model, text in (
        (School, N_("There are schools in the bureau's region; move or delete them first.")),
        (Institution, N_("There are institutions in the bureau's region; move or delete them first.")),
    ):
        if db.session.scalar(select(exists().where(model.region_id.in_(below)))):
            problems.add("bureau_in_use", text)
    others = exists().where(Bureau.region_id.in_(below), Bureau.id != row.id)
    if db.session.scalar(select(others)):
        problems.add("bureau_in_use", N_("There are lower bureaus; delete them first."))


@check_delete(Bureau, Institution, School)
def _organisation_without_accounts(row: Organisation, problems: Problems, _actor: Actor) -> None:
    column = {Bureau: Account.bureau_id, Institution: Account.institution_id, School: Account.school_id}[type(row)]
    if db.session.scalar(select(exists().where(column == row.id))):
        text = N_("Accounts belong to it; delete them first, or suspend it instead.")
        problems.add("organisation_has_accounts", text)


@check_delete(School)
def _school_without_teachers(row: School, problems: Problems, _actor: Actor) -> None:
    if _any(Teacher, school_id=row.id):
        problems.add("school_has_teachers", N_("Teachers belong to the school; move them first, or merge the school."))
    if _any(School, merged_into_id=row.id):
        problems.add("school_is_successor", N_("Other schools were merged into this one, so it is kept."))


@check_delete(Institution)
def _institution_without_grants(row: Institution, problems: Problems, _actor: Actor) -> None:
    if _any(RegionGrant, institution_id=row.id):
        problems.add(
            "institution_in_use", N_("The institution has region grants, whose history is kept; suspend it instead.")
        )


@check_delete(Teacher)
def _teacher_without_training(row: Teacher, problems: Problems, _actor: Actor) -> None:
    """A record with any training stays, whatever became of it (TCH-12)."""
    if _any(Enrollment, teacher_id=row.id):
        text = N_("The teacher has training on record, so the record is kept; it stays among the deleted ones.")
        problems.add("teacher_has_training", text)


@check_delete(TrainingYear)
def _year_without_batches(row: TrainingYear, problems: Problems, _actor: Actor) -> None:
    if _any(Batch, training_year_id=row.id):
        problems.add("year_in_use", N_("The training year has batches; delete them first."))
