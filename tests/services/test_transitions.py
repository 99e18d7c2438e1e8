"""Moving states: who may, what is written, and that of two people one wins (PRG-5, ENR-19)."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from app.domain.errors import Conflict, Invalid, NotPermitted
from app.domain.states import Action, Fact, Party, live_states, machine
from app.domain.terms import ClassState, EnrollmentState
from app.entities.enrollment import LIVE
from app.models import Enrollment, TrainingClass, Transition
from app.security.actor import Actor
from app.security.moves import STATEFUL, parties_of
from app.security.roles import CATALOGUE
from app.services import transitions
from app.services.transitions import Moved, begun, history, may_move, move, move_many, on_move, state_labels
from app.services.unit import transaction
from tests.world import World, build

REVIEWER, INSTITUTION, SCHOOL = "county_admin", "institution_admin", "school_admin"


@pytest.fixture
def pending(world: World) -> TrainingClass:
    """A class that waits for its bureau."""
    return world.training_class["xihu_second"]


@pytest.fixture
def heard() -> Any:
    """What the listeners of the test hear; they are gone after it."""
    before = {key: list(value) for key, value in transitions._listeners.items()}
    events: list[Moved] = []
    on_move(TrainingClass, Action.APPROVE)(events.append)
    on_move(Enrollment)(events.append)
    yield events
    transitions._listeners.clear()
    transitions._listeners.update(before)


@pytest.mark.req("PRG-5", "ENR-19", "OPS-2")
def test_a_move_writes_the_state_and_a_line_in_the_ledger(db: Any, world: World, pending: TrainingClass) -> None:
    entry = move(pending, Action.APPROVE, actor=world.actor(REVIEWER), reason="  条件具备 ", details={"note": 1})
    db.session.commit()
    stored = db.session.get(TrainingClass, pending.id)
    assert (stored.state, stored.version) == (ClassState.OFFERED, 2)
    [line] = history(stored)
    assert line is entry
    assert (line.entity, line.action, line.from_state, line.to_state) == (
        "TrainingClass",
        "approve",
        "pending",
        "offered",
    )
    assert (line.organisation, line.reason, line.party) == ("西湖区教育局", "条件具备", Party.BUREAU)
    assert (line.account_id, line.details) == (world.account[REVIEWER].id, {"note": 1})
    assert [str(word.label) for word in state_labels(line) if word] == ["Awaiting review", "Open for enrollment"]


@pytest.mark.req("PRG-5")
def test_a_refusal_needs_its_reason_and_writes_nothing_without(db: Any, world: World, pending: TrainingClass) -> None:
    with pytest.raises(Invalid) as refused:
        move(pending, Action.REFUSE, actor=world.actor(REVIEWER), reason=" ")
    assert refused.value.problems[0].field == "reason"
    assert (pending.state, history(pending)) == (ClassState.PENDING, ())


@pytest.mark.req("PRG-5", "ACC-12")
@pytest.mark.parametrize("username", ["institution_admin", "school_admin", "teacher", "expert_reviewer", "audit_admin"])
def test_only_the_party_of_the_move_with_the_permission_makes_it(
    world: World, pending: TrainingClass, username: str
) -> None:
    assert not may_move(pending, Action.APPROVE, actor=world.actor(username))
    with pytest.raises(NotPermitted):
        move(pending, Action.APPROVE, actor=world.actor(username))


def test_being_a_bureau_without_the_permission_is_not_enough(world: World, pending: TrainingClass) -> None:
    bureau = world.actor(REVIEWER)
    powerless = Actor(account_id=bureau.account_id, bureau_id=bureau.bureau_id, region_path=bureau.region_path)
    with pytest.raises(NotPermitted):
        move(pending, Action.APPROVE, actor=powerless)


@pytest.mark.req("PRG-5", "R6")
def test_of_two_reviewers_one_wins_and_the_other_is_told_who_was_faster(
    db: Any, world: World, pending: TrainingClass
) -> None:
    """The second has read the row before the first decided: his session still holds the old state."""
    with db.session.no_autoflush:
        move(pending, Action.APPROVE, actor=world.actor(REVIEWER))
        set_committed_value(pending, "state", ClassState.PENDING)
        set_committed_value(pending, "version", 1)
        with pytest.raises(Conflict) as late:
            move(pending, Action.REFUSE, actor=world.actor("provincial_admin"), reason="重复申报")
    assert "西湖区教育局 was faster" in str(late.value.problems[0].text)
    assert late.value.problems[0].text.params["state"] == ClassState.OFFERED
    assert [line.action for line in history(pending)] == [Action.APPROVE]


@pytest.mark.req("ENR-8", "ENR-13")
def test_many_rows_move_in_few_statements_each_with_its_line(
    db: Any, world: World, count_queries: Any, heard: list[Moved]
) -> None:
    rows = world.enrollment
    here = Enrollment.id.in_([row.id for row in rows.values()])
    cancel: dict[str, Any] = {"actor": Actor.platform(), "reason": "报名人数不足"}
    with count_queries() as sent:
        count = move_many(Enrollment, here, Action.CANCEL_CLASS, values={"holds_seat": False}, **cancel)
    assert count == 3
    assert len(sent) <= 8, str(sent)  # for each of two states: the line, the move, and the seats that become free
    db.session.expire_all()
    assert {row.state for row in rows.values()} == {EnrollmentState.CLASS_CANCELLED}
    assert {row.version for row in rows.values()} == {2}
    assert {n: [(e.from_state, e.reason) for e in history(r)] for n, r in rows.items()} == {
        "xihu": [("awaiting_school", "报名人数不足")],
        "qingyuan": [("awaiting_school", "报名人数不足")],
        "xihu_screened": [("awaiting_institution", "报名人数不足")],
    }
    assert {(e.source, tuple(sorted(e.row_ids))) for e in heard} == {
        (EnrollmentState.AWAITING_SCHOOL, tuple(sorted((rows["xihu"].id, rows["qingyuan"].id)))),
        (EnrollmentState.AWAITING_INSTITUTION, (rows["xihu_screened"].id,)),
    }


@pytest.mark.req("ENR-8")
def test_rows_whose_state_the_action_does_not_leave_stay_where_they_are(db: Any, world: World) -> None:
    everybody = Enrollment.id > 0
    drawn = move_many(Enrollment, everybody, Action.DRAW_OUT, actor=Actor.platform(), facts=[Fact.FROZEN])
    db.session.expire_all()
    assert drawn == 1
    assert world.enrollment["xihu_screened"].state is EnrollmentState.NOT_DRAWN
    assert world.enrollment["xihu"].state is EnrollmentState.AWAITING_SCHOOL
    assert not history(world.enrollment["xihu"])


def test_the_system_s_moves_are_nobody_else_s(world: World) -> None:
    for username in (INSTITUTION, "provincial_admin", SCHOOL):
        with pytest.raises(NotPermitted):
            move(world.enrollment["xihu_screened"], Action.DRAW_OUT, actor=world.actor(username), facts=[Fact.FROZEN])


def test_a_new_row_s_ledger_begins_without_a_state_before(world: World) -> None:
    entry = begun(world.enrollment["xihu"], Action.ENROLL, actor=world.actor("teacher"))
    assert (entry.from_state, entry.to_state, entry.organisation) == (None, "awaiting_school", "文三路小学")


@pytest.mark.req("PUB-3")
def test_listeners_hear_the_moves_they_asked_for(world: World, pending: TrainingClass, heard: list[Moved]) -> None:
    actor = world.actor(REVIEWER)
    move(pending, Action.APPROVE, actor=actor)
    move(pending, Action.CANCEL_CLASS, actor=actor, reason="场地停用")
    assert [(e.model, e.action, e.target, e.row_ids) for e in heard] == [
        (TrainingClass, Action.APPROVE, ClassState.OFFERED, (pending.id,))
    ]


@pytest.mark.req("ACC-12")
def test_every_move_somebody_makes_by_hand_names_a_permission_that_exists() -> None:
    for model, stateful in STATEFUL.items():
        for one in machine(stateful.kind).moves:
            needed = stateful.needs(one.action, model.__name__)
            if needed is None:
                assert Party.SYSTEM in one.by, f"{model.__name__}: nobody may {one.action}"
            else:
                assert needed[0] in CATALOGUE[needed[1]], needed


@pytest.mark.req("ACC-1")
def test_a_teacher_who_runs_a_school_is_both(world: World) -> None:
    both = Actor(account_id=1, teacher_id=1, school_id=1)
    assert parties_of(both) == {Party.TEACHER, Party.SCHOOL}
    assert parties_of(Actor.anonymous()) == set()
    assert parties_of(world.actor(REVIEWER)) == {Party.BUREAU}


def test_the_partial_index_names_exactly_the_live_states() -> None:
    kind = STATEFUL[Enrollment].kind
    assert sorted(LIVE.partition("(")[2].rstrip(")").replace("'", "").split(", ")) == sorted(live_states(kind))


@pytest.mark.req("ENR-2", "R1")
def test_one_live_enrollment_a_teacher_and_class_and_any_number_of_dead_ones(db: Any, world: World) -> None:
    from sqlalchemy.exc import IntegrityError

    first = world.enrollment["xihu"]
    values = {c.key: getattr(first, c.key) for c in Enrollment.__table__.columns if c.key not in ("id", "number")}
    db.session.add(Enrollment(**{**values, "number": "EDEAD", "state": EnrollmentState.WITHDRAWN}))
    db.session.flush()
    db.session.add(Enrollment(**{**values, "number": "ETWICE"}))
    with pytest.raises(IntegrityError):
        db.session.flush()


@pytest.mark.req("PRG-5", "R6")
def test_two_reviewers_at_the_same_moment_leave_one_decision(fresh_app: Any) -> None:
    """With real commits: both have read the row before either writes."""
    from app.extensions import db

    with fresh_app.app_context():
        cast = build()
        db.session.commit()
        key, actor = cast.training_class["xihu_second"].id, cast.actor(REVIEWER)
        db.session.remove()
    both_have_read, outcomes = Barrier(2, timeout=60), list[str]()

    def decide(action: Action) -> None:
        with fresh_app.app_context():
            row = db.session.get(TrainingClass, key)
            both_have_read.wait()
            try:
                with transaction():
                    move(row, action, actor=actor, reason="同时审核")
                outcomes.append(action)
            except Conflict as late:
                outcomes.append(late.code)

    threads = [Thread(target=decide, args=(action,)) for action in (Action.APPROVE, Action.REFUSE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with fresh_app.app_context():
        [line] = db.session.scalars(select(Transition).where(Transition.entity == "TrainingClass")).all()
        assert sorted(outcomes) == sorted([line.action, "decided_meanwhile"])
        assert db.session.get(TrainingClass, key).state == line.to_state
