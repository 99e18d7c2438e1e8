"""Merging schools and splitting one: first in numbers, then exactly as told (ORG-5).

Teachers, accounts and what waits for the school go along (`school_following.py`); what is finished keeps the school it
happened at. A merged school stays on record, closed, and names its successor.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, select

from app.domain.errors import Conflict, Invalid, NotPermitted, Problem, Problems, problem
from app.domain.terms import AuditAction, OrganisationStatus
from app.domain.text import N_
from app.extensions import db
from app.models import School, Stage, Teacher
from app.security.actor import Actor
from app.security.scope import fetch_manageable
from app.services import audit, records
from app.services.school_following import TEACHERS, Follower, Leaving, followers
from app.services.school_rows import recount
from app.services.teacher_issues import on_record
from app.services.unit import transaction

MOST_SCHOOLS = 20  # merged in one act
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Moving:
    """Rows of one kind that go along."""

    follower: Follower
    keys: tuple[int, ...]

    @property
    def label(self) -> str:
        """What they are called."""
        return self.follower.label

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """What merging or splitting does. `mark` stands for all of it: carrying out asks for the same mark.

    `target` is None for a split, whose new school does not exist yet. `stages_added` are taught by the target from
    then on. `conflicts` refuse the act.
    """

    sources: tuple[School, ...]
    target: School | None
    moving: tuple[Moving, ...]
    stages_added: tuple[Stage, ...]
    staying: int
    conflicts: tuple[Problem, ...]
    mark: str

    def count(self, follower: Follower) -> int:
        """Return how many rows of one kind go along."""
        return next((part.count for part in self.moving if part.follower is follower), 0)

    @property
    def teachers(self) -> int:
        """How many teachers go along."""
        return self.count(TEACHERS)


# --- merging


def plan_merge(source_ids: Iterable[int], target_id: int, *, actor: Actor) -> ChangePlan:
    """Return what merging `source_ids` into `target_id` does; writes nothing. Raises NotVisible, NotPermitted."""
    actor.require("merge", "School")
    target = fetch_manageable(School, target_id, actor=actor)
    sources = tuple(fetch_manageable(School, key, actor=actor) for key in sorted(set(source_ids)))
    conflicts = _merge_conflicts(sources, target)
    taught = {stage.id for stage in target.stages}
    added = {stage.id: stage for source in sources for stage in source.stages if stage.id not in taught}
    moving = _moving(Leaving(tuple(source.id for source in sources)))
    stages = tuple(sorted(added.values(), key=lambda stage: stage.position))
    return _marked(ChangePlan(sources, target, moving, stages, 0, tuple(conflicts), ""))


def merge(
    source_ids: Iterable[int], target_id: int, *, mark: str, reason: str | None = None, actor: Actor
) -> ChangePlan:
    """Merge as the plan with this `mark` said; return it. The merged schools are closed and name the target.

    Raises Conflict when something has changed since, and with every conflict of the plan; Invalid for the reason.
    """
    with transaction():
        made = _agreed(plan_merge(source_ids, target_id, actor=actor), mark, reason)
        target = made.target
        assert target is not None
        _carry(made, target)
        before = audit.snapshot(target)
        recount([target.id, *(source.id for source in made.sources)])
        target.stages = [*target.stages, *made.stages_added]
        for source in made.sources:
            _close(source, target, reason, actor)
        after = {**audit.snapshot(target), **_told(made)}
        audit.record(AuditAction.MERGE, target, actor=actor, before=before, after=after, reason=reason)
    return made


def _merge_conflicts(sources: Sequence[School], target: School) -> list[Problem]:
    problems = Problems()
    if not sources:
        problems.add("no_school", N_("Choose at least one school to merge."), field="schools")
    if len(sources) > MOST_SCHOOLS:
        text = N_("At most %(most)d schools at once; choose fewer.")
        problems.add("too_many_schools", text, field="schools", most=MOST_SCHOOLS)
    if target in sources:
        text = N_("%(school)s cannot be merged into itself; choose another school to go on.")
        problems.add("merge_into_itself", text, field="target", school=target.name)
    if target.status is not OrganisationStatus.ACTIVE:
        text = N_("%(school)s is not in operation (%(status)s), so nothing can be merged into it.")
        problems.add("target_not_active", text, field="target", school=target.name, status=target.status)
    for source in sources:
        if source.merged_into_id is not None or source.status is OrganisationStatus.MERGED:
            text = N_("%(school)s was merged before; take it out of the choice.")
            problems.add("merged_before", text, field="schools", school=source.name)
    return problems.found


def _close(source: School, target: School, reason: str | None, actor: Actor) -> None:
    before = audit.snapshot(source)
    source.status, source.merged_into = OrganisationStatus.MERGED, target
    db.session.flush()
    after = audit.snapshot(source)
    audit.record(AuditAction.MERGE, source, actor=actor, before=before, after=after, reason=reason)


# --- splitting


def plan_split(
    source_id: int, *, stage_ids: Iterable[int] = (), teacher_ids: Iterable[int] = (), actor: Actor
) -> ChangePlan:
    """Return what splitting off the teachers of `stage_ids`, and `teacher_ids` one by one, does; writes nothing."""
    actor.require("merge", "School")
    source = fetch_manageable(School, source_id, actor=actor)
    wanted, stages = set(teacher_ids), set(stage_ids)
    present = list(db.session.scalars(teachers_at(source, actor).order_by(Teacher.id)))
    leaving = tuple(teacher.id for teacher in present if teacher.id in wanted or teacher.stage_id in stages)
    conflicts = _split_conflicts(source, wanted - {teacher.id for teacher in present}, leaving)
    moving = _moving(Leaving((source.id,), leaving))
    return _marked(ChangePlan((source,), None, moving, (), len(present) - len(leaving), tuple(conflicts), ""))


def split(
    source_id: int,
    values: Mapping[str, Any],
    *,
    stage_ids: Iterable[int] = (),
    teacher_ids: Iterable[int] = (),
    mark: str,
    reason: str | None = None,
    actor: Actor,
) -> School:
    """Create the new school of `values` and move what the plan with this `mark` said; return the new school.

    Raises what creating a school raises, Conflict when something has changed since, Invalid for the reason.
    """
    actor.require("merge", "School")
    if not actor.may("create", "School"):
        raise NotPermitted
    with transaction():
        found = plan_split(source_id, stage_ids=stage_ids, teacher_ids=teacher_ids, actor=actor)
        made = _agreed(found, mark, reason)
        new = records.create(School, values, actor=actor)
        _carry(made, new)
        recount([new.id, *(source.id for source in made.sources)])
        for row in (new, *made.sources):
            audit.record(AuditAction.SPLIT, row, actor=actor, after=_told(made), reason=reason)
    return new


def teachers_at(source: School, actor: Actor) -> Select[Teacher]:
    """Return a SELECT of the teachers a school may be split by; deleted ones stay with it."""
    return select(Teacher).where(on_record(actor), Teacher.school_id == source.id)


def _split_conflicts(source: School, unknown: set[int], leaving: Sequence[int]) -> list[Problem]:
    problems = Problems()
    if source.status is not OrganisationStatus.ACTIVE:
        text = N_("%(school)s is not in operation (%(status)s), so it cannot be split.")
        problems.add("source_not_active", text, school=source.name, status=source.status)
    if unknown:
        text = N_("%(count)d of the chosen teachers do not belong to the school any more; choose again.")
        problems.add("teachers_gone", text, field="teachers", count=len(unknown))
    if not leaving:
        problems.add(
            "no_teacher", N_("Choose the teachers of the new school, by stage or one by one."), field="teachers"
        )
    return problems.found


# --- both


def _moving(leaving: Leaving) -> tuple[Moving, ...]:
    return tuple(Moving(follower, tuple(follower.keys(leaving))) for follower in followers())


def _marked(made: ChangePlan) -> ChangePlan:
    """Return the plan with a mark of everything in it: the schools as they are now, and every row that moves."""
    schools = [*made.sources, *([made.target] if made.target else [])]
    parts = [f"{school.id}.{school.version}" for school in schools]
    parts += [f"{part.follower.model.__name__}:{','.join(map(str, part.keys))}" for part in made.moving]
    return replace(made, mark=hashlib.sha256("|".join(parts).encode()).hexdigest()[:32])


def _agreed(made: ChangePlan, mark: str, reason: str | None) -> ChangePlan:
    if reason and len(reason) > LONGEST_REASON:
        text = N_("The reason may have %(most)d characters; shorten it.")
        raise Invalid(problem("reason_too_long", text, field="reason", most=LONGEST_REASON))
    if made.conflicts:
        raise Conflict(made.conflicts)
    if made.mark != mark:
        text = N_("Something has changed since the numbers were shown; look at the new ones and confirm again.")
        raise Conflict(problem("numbers_changed", text))
    return made


def _carry(made: ChangePlan, target: School) -> None:
    for part in made.moving:
        part.follower.move(part.keys, target)
    db.session.expire_all()


def _told(made: ChangePlan) -> dict[str, Any]:
    """Return the numbers for the audit: how many rows of each table moved."""
    moved: Counter[str] = Counter()
    for part in made.moving:
        moved[part.follower.model.__tablename__] += part.count
    return {"moved": {table: count for table, count in moved.items() if count}}
