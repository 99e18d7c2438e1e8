"""Who sees and who may change which rows, role by role (ORG-6). The tables say it; nothing here asks the rules."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import NoInspectionAvailable

from app import models
from app.domain.errors import NotPermitted, NotVisible
from app.domain.terms import RoleName
from app.models import (
    Account,
    Attempt,
    AuditEntry,
    BackgroundJob,
    Bureau,
    Captcha,
    ChangeRequest,
    ClassAdjustment,
    ClassSession,
    DeclarationDraft,
    DemoClock,
    Enrollment,
    Evaluation,
    ExpertOpinion,
    FavouriteClass,
    ImportBatch,
    ImportBlock,
    InboxMessage,
    Institution,
    Lecturer,
    LoginName,
    NumberSeries,
    Permission,
    PermissionView,
    PlanFile,
    Programme,
    Region,
    RegionGrant,
    SavedFilter,
    School,
    Screening,
    ScreeningCandidate,
    SecurityStamp,
    Stage,
    Subject,
    Teacher,
    TrainingClass,
    TrainingYear,
    Transfer,
    Transition,
    ViewMenu,
)
from app.security.actor import Actor
from app.security.scope import (
    UndeclaredScope,
    fetch_manageable,
    fetch_visible,
    is_declared,
    manageable_clause,
    select_visible,
)
from tests.world import ABROAD, BUREAUS, HOME, World

pytestmark = pytest.mark.req("ORG-6")

# Read by the platform itself, never shown as rows: asking for them as an actor is an error.
INTERNAL = {LoginName, SecurityStamp, NumberSeries, Attempt, Captcha, DemoClock, Permission, PermissionView, ViewMenu,
            ImportBlock}  # fmt: skip

R = RoleName
XIHU, BOTH, NONE = {"xihu"}, {"xihu", "qingyuan"}, set[str]()
OUR_TEACHERS = {"zhang", "li", "wang"}
ATTACHED = OUR_TEACHERS | {"chen", "wu"}
# The training of home and abroad: what was offered to one, what one declares, what one's office decides.
PUBLISHED, DECLARED = {"xihu", "xihu_screened"}, {"xihu", "xihu_second", "xihu_screened"}
ENROLLED = {"xihu", "xihu_screened"}
OFFERED: dict[type[Any], set[str]] = {
    Programme: XIHU, PlanFile: XIHU, Lecturer: XIHU, TrainingClass: PUBLISHED, ClassSession: XIHU, Transition: XIHU,
}  # fmt: skip
HANDLED: dict[type[Any], set[str]] = {
    **OFFERED, TrainingClass: DECLARED, ClassAdjustment: XIHU, Screening: XIHU, ScreeningCandidate: XIHU,
    Enrollment: ENROLLED,
}  # fmt: skip
EVERY_TRAINING: dict[type[Any], set[str]] = {
    **dict.fromkeys(HANDLED, BOTH), ExpertOpinion: BOTH, TrainingClass: DECLARED | BOTH, Enrollment: ENROLLED | BOTH,
}  # fmt: skip
COUNTY_ROWS: dict[type[Any], set[str]] = {
    Bureau: XIHU, Institution: XIHU, RegionGrant: XIHU, School: XIHU, Teacher: OUR_TEACHERS, AuditEntry: XIHU,
    **HANDLED, ExpertOpinion: XIHU, Transfer: XIHU, ChangeRequest: XIHU,
}  # fmt: skip
CITY_ROWS = {**COUNTY_ROWS, Bureau: {"hangzhou", "xihu"}}
OWN_INSTITUTION: dict[type[Any], set[str]] = {Institution: XIHU, RegionGrant: XIHU, **HANDLED, DeclarationDraft: XIHU}
OWN_SCHOOL: dict[type[Any], set[str]] = {
    School: XIHU, Teacher: OUR_TEACHERS, **OFFERED, Enrollment: ENROLLED, Transfer: XIHU, ChangeRequest: XIHU,
}  # fmt: skip
EVERY_ROW: dict[type[Any], set[str]] = {
    Bureau: set(BUREAUS), Institution: BOTH, RegionGrant: BOTH, School: BOTH, Teacher: ATTACHED, AuditEntry: BOTH,
    **EVERY_TRAINING, Transfer: BOTH, ChangeRequest: BOTH,
}  # fmt: skip
# role → entity → the rows it sees; an entity that is not named: none of its rows
SEEN: dict[RoleName, dict[type[Any], set[str]]] = {
    R.SYSTEM_ADMIN: {
        **EVERY_ROW,
        Teacher: ATTACHED | {"zhou"},
        BackgroundJob: BOTH,
        InboxMessage: BOTH,
        DeclarationDraft: BOTH,
        FavouriteClass: BOTH,
        Evaluation: BOTH,
        SavedFilter: BOTH,
        ImportBatch: BOTH,
    },
    R.SECURITY_ADMIN: {AuditEntry: BOTH},
    R.AUDIT_ADMIN: {AuditEntry: BOTH},
    R.PROVINCIAL_ADMIN: {**EVERY_ROW, Teacher: ATTACHED | {"zhou"}},
    R.CITY_ADMIN: CITY_ROWS,
    R.COUNTY_ADMIN: {
        **COUNTY_ROWS,
        BackgroundJob: XIHU,
        InboxMessage: XIHU,
        SavedFilter: XIHU,
        ImportBatch: XIHU,
    },
    R.BUREAU_REVIEWER: CITY_ROWS,
    R.EXPERT_REVIEWER: {**OFFERED, TrainingClass: DECLARED, ExpertOpinion: XIHU},
    R.INSTITUTION_ADMIN: OWN_INSTITUTION,
    R.INSTITUTION_OPERATOR: OWN_INSTITUTION,
    R.SCHOOL_ADMIN: OWN_SCHOOL,
    R.SCHOOL_SYSTEM_ADMIN: OWN_SCHOOL,
    R.SCHOOL_INFORMATION_ADMIN: OWN_SCHOOL,
    R.SCHOOL_TRAINING_ADMIN: OWN_SCHOOL,
    R.SCHOOL_INQUIRER: OWN_SCHOOL,
    R.TEACHER: {School: XIHU, Teacher: {"zhang"}, **OFFERED, Enrollment: XIHU, FavouriteClass: XIHU, Evaluation: XIHU},
    R.NON_TEACHER: {},
}
# what a role may change of what it sees, where that is less
READ_ONLY: dict[type[Any], set[str]] = dict.fromkeys(OFFERED, NONE)
OFFICE: dict[type[Any], set[str]] = dict.fromkeys((PlanFile, Lecturer, Transition, ChangeRequest), NONE)
CHANGED: dict[RoleName, dict[type[Any], set[str]]] = {
    R.PROVINCIAL_ADMIN: {Teacher: ATTACHED, **OFFICE},  # the pool is taken in by a transfer
    R.CITY_ADMIN: {Bureau: XIHU, **OFFICE},
    R.COUNTY_ADMIN: {Bureau: NONE, **OFFICE},
    R.BUREAU_REVIEWER: {Bureau: XIHU, **OFFICE},
    R.INSTITUTION_ADMIN: {Transition: NONE},
    R.INSTITUTION_OPERATOR: {Transition: NONE},
    R.EXPERT_REVIEWER: READ_ONLY,
    R.SCHOOL_ADMIN: READ_ONLY,
    R.SCHOOL_SYSTEM_ADMIN: READ_ONLY,
    R.SCHOOL_INFORMATION_ADMIN: READ_ONLY,
    R.SCHOOL_TRAINING_ADMIN: READ_ONLY,
    R.SCHOOL_INQUIRER: READ_ONLY,
    R.TEACHER: {Teacher: NONE, **READ_ONLY},
}

STAFF = {"school_system_admin", "school_information_admin", "school_training_admin", "school_inquirer"}
IN_SCHOOL = {"school_admin", *STAFF, "teacher"}
IN_COUNTY = {"county_admin", "institution_admin", "institution_operator", *IN_SCHOOL}
IN_CITY = {"city_admin", "bureau_reviewer", *IN_COUNTY}
EVERYBODY = {*(role.value for role in HOME), *ABROAD}
ADMINISTRATORS = {"system_admin", "security_admin", "audit_admin"}
ACCOUNTS_SEEN = {
    R.SYSTEM_ADMIN: EVERYBODY,
    R.SECURITY_ADMIN: EVERYBODY,
    R.PROVINCIAL_ADMIN: {"provincial_admin", *IN_CITY, *ABROAD},
    R.CITY_ADMIN: IN_CITY,
    R.COUNTY_ADMIN: IN_COUNTY,
    R.BUREAU_REVIEWER: IN_CITY,
    R.INSTITUTION_ADMIN: {"institution_admin", "institution_operator"},
    R.INSTITUTION_OPERATOR: {"institution_admin", "institution_operator"},
    R.SCHOOL_ADMIN: IN_SCHOOL,
    **dict.fromkeys((R(name) for name in STAFF), IN_SCHOOL),
}
ACCOUNTS_CHANGED = {
    R.SYSTEM_ADMIN: EVERYBODY,
    R.SECURITY_ADMIN: EVERYBODY - ADMINISTRATORS,
    R.PROVINCIAL_ADMIN: IN_CITY | set(ABROAD),
    R.CITY_ADMIN: IN_CITY - {"city_admin"},
    R.COUNTY_ADMIN: IN_COUNTY - {"county_admin"},
    R.INSTITUTION_ADMIN: {"institution_operator"},
    R.SCHOOL_ADMIN: STAFF | {"teacher"},
    R.SCHOOL_SYSTEM_ADMIN: (STAFF - {"school_system_admin"}) | {"teacher"},
}


def mapped_models() -> set[type[Any]]:
    """Every table's class that `app.models` offers."""

    def is_table(thing: Any) -> bool:
        try:
            return isinstance(thing, type) and inspect(thing).is_mapper
        except NoInspectionAvailable:
            return False

    return {thing for name in models.__all__ if is_table(thing := getattr(models, name))}


def seen(db: Any, model: type[Any], actor: Actor, rows: dict[str, Any]) -> set[str]:
    """The names of the rows of `model` that `actor` gets."""
    found = {row.id for row in db.session.scalars(select_visible(model, actor))}
    return {name for name, row in rows.items() if row.id in found}


def changeable(db: Any, model: type[Any], actor: Actor, rows: dict[str, Any]) -> set[str]:
    """The names of the rows of `model` that `actor` may change."""
    found = set(db.session.scalars(select(model.id).where(manageable_clause(model, actor))))
    return {name for name, row in rows.items() if row.id in found}


def test_every_model_has_a_rule_or_is_named_as_internal(app: Any) -> None:
    undeclared = {model for model in mapped_models() if not is_declared(model)}
    assert undeclared == INTERNAL


@pytest.mark.parametrize("model", sorted(INTERNAL, key=lambda m: m.__name__))
def test_asking_for_rows_without_a_rule_is_an_error_even_for_the_platform(model: type[Any]) -> None:
    for actor in (Actor.anonymous(), Actor.platform()):
        with pytest.raises(UndeclaredScope, match=model.__name__):
            select_visible(model, actor)


@pytest.mark.req("ACC-1")
def test_the_tables_name_every_role_and_the_world_has_an_account_for_each() -> None:
    assert set(SEEN) == set(HOME) == set(RoleName)


@pytest.mark.parametrize("role", RoleName, ids=lambda role: role.value)
def test_each_role_sees_exactly_its_rows(db: Any, world: World, role: RoleName) -> None:
    actor = world.actor(role.value)
    rows = {model: named for model, named in world.rows().items() if model is not Account}
    found = {model.__name__: seen(db, model, actor, named) for model, named in rows.items()}
    assert found == {model.__name__: SEEN[role].get(model, NONE) for model in rows}


@pytest.mark.parametrize("role", RoleName, ids=lambda role: role.value)
def test_each_role_changes_at_most_what_is_below_it(db: Any, world: World, role: RoleName) -> None:
    actor = world.actor(role.value)
    less = CHANGED.get(role, {})
    rows = {model: named for model, named in world.rows().items() if model is not Account}
    found = {model.__name__: changeable(db, model, actor, named) for model, named in rows.items()}
    assert found == {model.__name__: less.get(model, SEEN[role].get(model, NONE)) for model in rows}


@pytest.mark.req("ACC-6")
@pytest.mark.parametrize("role", RoleName, ids=lambda role: role.value)
def test_accounts_are_seen_in_the_own_house_and_changed_below_only(db: Any, world: World, role: RoleName) -> None:
    actor = world.actor(role.value)
    assert seen(db, Account, actor, world.account) == ACCOUNTS_SEEN.get(role, {role.value})
    assert changeable(db, Account, actor, world.account) == ACCOUNTS_CHANGED.get(role, NONE)


@pytest.mark.req("ORG-2")
def test_the_province_changes_its_own_bureau_and_all_others(db: Any, world: World) -> None:
    assert changeable(db, Bureau, world.actor("provincial_admin"), world.bureau) == set(BUREAUS)


def test_common_lists_are_seen_by_all_who_have_signed_in_and_by_nobody_else(db: Any, world: World) -> None:
    for model in (Region, Stage, Subject, TrainingYear):
        assert db.session.scalars(select_visible(model, world.actor("non_teacher"))).all(), model
        assert not db.session.scalars(select_visible(model, Actor.anonymous())).all(), model


def test_a_visitor_and_an_unknown_role_see_nothing(db: Any, world: World) -> None:
    stranger = Actor(account_id=10**6, roles=frozenset({"emperor"}))
    for actor in (Actor.anonymous(), stranger):
        for model, rows in world.rows().items():
            assert seen(db, model, actor, rows) == NONE, model
            assert changeable(db, model, actor, rows) == NONE, model


def test_a_deleted_teacher_is_seen_by_no_bureau_and_no_school(db: Any, world: World, clock: Any) -> None:
    from app.domain.clock import now

    world.teacher["li"].deleted_at = now()
    db.session.commit()
    for username in ("provincial_admin", "county_admin", "school_admin"):
        assert "li" not in seen(db, Teacher, world.actor(username), world.teacher)


def test_absent_and_out_of_scope_answer_alike(world: World) -> None:
    actor = world.actor("county_admin")
    foreign = world.school["qingyuan"].id
    said = set()
    for key in (foreign, 2_000_000_000, "x", None, -1, 2**40, "1 OR 1=1"):
        with pytest.raises(NotVisible) as refused:
            fetch_visible(School, key, actor=actor)
        said.add(str(refused.value))
    assert len(said) == 1


def test_what_is_seen_but_not_ones_own_is_refused_otherwise_than_what_is_unseen(world: World) -> None:
    teacher = world.actor("teacher")
    with pytest.raises(NotPermitted):
        fetch_manageable(Teacher, world.teacher["zhang"].id, actor=teacher)
    with pytest.raises(NotVisible):
        fetch_manageable(Teacher, world.teacher["li"].id, actor=teacher)
    assert fetch_visible(Teacher, world.teacher["zhang"].id, actor=teacher) is world.teacher["zhang"]


def test_a_path_with_wildcards_does_not_widen_the_subtree(db: Any, world: World) -> None:
    broken = Actor(account_id=1, region_path="/3%/")
    assert seen(db, School, broken, world.school) == NONE
