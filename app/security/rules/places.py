"""Bureaus, institutions with their grants, schools."""

from __future__ import annotations

from sqlalchemy import false, or_, select, true

from app.domain.terms import RegionLevel
from app.models import Bureau, Institution, RegionGrant, School
from app.security.actor import Actor
from app.security.rules.subtree import Clause, regions_of
from app.security.scope import manages, sees


@sees(Bureau)
def _bureau(actor: Actor) -> Clause:
    return Bureau.region_id.in_(regions_of(actor))


@manages(Bureau)
def _bureau_below(actor: Actor) -> Clause:
    """The province maintains every bureau, a city those of its counties, nobody above or beside itself (ORG-2)."""
    if actor.region_level is RegionLevel.PROVINCE:
        return true()
    if actor.bureau_id is None:
        return false()
    return Bureau.id != actor.bureau_id


@sees(Institution)
def institution_clause(actor: Actor) -> Clause:
    """Institutions of the subtree, and one's own."""
    return or_(Institution.region_id.in_(regions_of(actor)), Institution.id == actor.institution_id)


@sees(RegionGrant)
def _region_grant(actor: Actor) -> Clause:
    institutions = select(Institution.id).where(institution_clause(actor))
    return RegionGrant.institution_id.in_(institutions)


@sees(School)
def _school(actor: Actor) -> Clause:
    own = {actor.school_id, actor.teacher_school_id} - {None}
    return or_(School.region_id.in_(regions_of(actor)), School.id.in_(own))
