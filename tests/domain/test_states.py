"""The state tables hold every line of the state chart, lead everywhere, and refuse everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import states
from app.domain.errors import Conflict, Invalid, NotPermitted
from app.domain.states import Action, Fact, Kind, Party
from app.domain.terms import ClassState, EnrollmentState, ProgrammeState, TransferState

# Every arrow of the state chart as "source action target"; the facts behind forks are tested below.
CHART = {
    Kind.ENROLLMENT: """
        awaiting_school approve awaiting_bureau
        awaiting_school approve awaiting_institution
        awaiting_school reject school_rejected
        awaiting_school withdraw withdrawn
        awaiting_school time_out school_timeout
        awaiting_bureau approve awaiting_institution
        awaiting_bureau reject bureau_rejected
        awaiting_bureau undo awaiting_school
        awaiting_bureau withdraw withdrawn
        awaiting_institution confirm admitted
        awaiting_institution decline declined
        awaiting_institution draw_out not_drawn
        awaiting_institution undo awaiting_school
        awaiting_institution withdraw withdrawn
        admitted reassign reassigned
        awaiting_school cancel_class class_cancelled
        awaiting_bureau cancel_class class_cancelled
        awaiting_institution cancel_class class_cancelled
        admitted cancel_class class_cancelled
        school_rejected undo awaiting_school
        not_drawn promote awaiting_institution""",
    Kind.PROGRAMME: """
        draft submit submitted
        submitted approve approved
        submitted reject rejected
        submitted return returned
        submitted take_back withdrawn
        rejected submit submitted
        returned submit submitted
        withdrawn submit submitted
        approved submit submitted
        submitted adjust submitted
        approved adjust approved""",
    Kind.TRAINING_CLASS: """
        draft submit pending
        pending approve offered
        pending refuse refused
        pending return draft
        pending take_back draft
        refused submit pending
        pending adjust pending
        offered adjust offered
        offered open_class running
        running complete_class completed
        completed credit credited
        offered cancel_class cancelled
        running cancel_class cancelled""",
    Kind.CLASS_ADJUSTMENT: """
        requested approve approved
        requested reject rejected""",
    Kind.LEAVE_REQUEST: """
        draft file filed
        filed confirm confirmed
        filed refuse refused""",
    Kind.TRANSFER: """
        requested release released
        requested complete completed
        requested refuse refused
        requested take_back withdrawn
        released complete completed
        released refuse refused
        released take_back withdrawn""",
    Kind.RECORD_REPORT: """
        not_submitted submit submitted
        submitted approve approved
        submitted return returned
        returned submit submitted""",
    Kind.CHANGE_REQUEST: """
        filed approve approved
        filed refuse refused""",
    Kind.ROSTER: """
        draft submit submitted
        submitted approve approved
        submitted return returned
        returned submit submitted
        approved credit credited""",
    Kind.CALL_APPLICATION: """
        open declare declared
        declared approve approved
        declared reject rejected
        rejected declare declared
        approved prepare preparing
        preparing allot allotted
        allotted start running
        running upload_results graded""",
    Kind.ACCOUNT: """
        active lock locked
        locked unlock active
        active disable disabled
        locked disable disabled
        disabled enable active""",
    Kind.TEACHER: """
        employed transfer_out unattached
        unattached transfer_in employed
        left transfer_in employed
        employed second seconded
        seconded end_secondment employed
        employed leave left
        unattached leave left
        seconded leave left""",
    Kind.REGISTRATION: """
        awaiting_school approve approved
        awaiting_school refuse refused""",
    Kind.EXPERT_REVIEW: """
        asked give_opinion given
        asked decline_opinion declined""",
    Kind.CERTIFICATE: "valid revoke revoked",
}
ROWS = {kind: {tuple(line.split()) for line in text.strip().splitlines()} for kind, text in CHART.items()}
E = EnrollmentState


@pytest.mark.req("ENR-4", "ENR-5", "ENR-10", "ENR-13", "PRG-5", "PRG-7", "DEL-1", "DEL-3", "MAN-1", "MAN-4", "TCH-7")
@pytest.mark.parametrize("kind", Kind)
def test_the_table_is_the_chart_no_arrow_more_and_none_less(kind: Kind) -> None:
    assert {(m.source, m.action, m.target) for m in states.machine(kind).moves} == ROWS[kind]


@pytest.mark.parametrize("kind", Kind)
def test_every_state_is_reachable_and_every_waiting_state_names_who_acts(kind: Kind) -> None:
    table = states.machine(kind)
    reached = set(table.initial)
    for _ in table.states:
        reached |= {m.target for m in table.moves if m.source in reached}
    assert reached == set(table.states)
    assert all(table.from_state(state) for state in table.turn)
    assert set(table.turn).isdisjoint(table.final)
    assert all(party in {p for m in table.from_state(state) for p in m.by} for state, party in table.turn.items())


@pytest.mark.parametrize("kind", Kind)
def test_no_state_offers_two_ways_for_one_action_under_the_same_facts(kind: Kind) -> None:
    for state in states.machine(kind).states:
        for facts in ((), tuple(Fact), (Fact.CHECKPOINT,), (Fact.FROZEN,)):
            actions = [m.action for m in states.allowed(kind, state, facts=facts)]
            assert len(actions) == len(set(actions))


def test_the_first_four_states_of_an_enrollment_are_live() -> None:
    assert states.live_states(Kind.ENROLLMENT) == set(list(E)[:4])


@pytest.mark.req("ENR-6")
def test_the_checkpoint_decides_where_the_school_s_approval_leads() -> None:
    approve = (Kind.ENROLLMENT, "awaiting_school", "approve")
    assert states.next_state(*approve) is E.AWAITING_INSTITUTION
    assert states.next_state(*approve, facts=[Fact.CHECKPOINT]) is E.AWAITING_BUREAU


@pytest.mark.req("ENR-4")
def test_withdrawal_ends_with_the_window_the_freeze_or_the_bureau_s_review_and_all_reasons_are_told() -> None:
    withdraw = (Kind.ENROLLMENT, E.AWAITING_INSTITUTION, Action.WITHDRAW)
    assert states.next_state(*withdraw) is E.WITHDRAWN
    for fact in (Fact.WINDOW_CLOSED, Fact.FROZEN, Fact.BUREAU_ACTED):
        with pytest.raises(Conflict):
            states.next_state(*withdraw, facts=[fact])
    with pytest.raises(Conflict) as refused:
        states.next_state(*withdraw, facts=[Fact.WINDOW_CLOSED, Fact.BUREAU_ACTED, Fact.CHECKPOINT])
    assert [p.code for p in refused.value.problems] == ["bureau_acted", "window_closed"]


@pytest.mark.req("ENR-8")
def test_a_draw_without_a_freeze_is_refused() -> None:
    with pytest.raises(Conflict):
        states.next_state(Kind.ENROLLMENT, E.AWAITING_INSTITUTION, Action.DRAW_OUT)
    drawn = states.next_state(Kind.ENROLLMENT, E.AWAITING_INSTITUTION, Action.DRAW_OUT, facts=[Fact.FROZEN])
    assert drawn is E.NOT_DRAWN


@pytest.mark.req("ENR-5")
def test_a_rejection_without_a_reason_is_refused_at_the_field() -> None:
    with pytest.raises(Invalid) as refused:
        states.next_state(Kind.ENROLLMENT, E.AWAITING_SCHOOL, Action.REJECT, reason="  ")
    assert refused.value.problems[0].field == "reason"
    rejected = states.next_state(Kind.ENROLLMENT, E.AWAITING_SCHOOL, Action.REJECT, reason="同日有课")
    assert rejected is E.SCHOOL_REJECTED


@pytest.mark.req("ENR-5")
def test_a_school_cannot_undo_what_the_province_made_final_or_a_list_that_is_frozen() -> None:
    for state in (E.AWAITING_BUREAU, E.AWAITING_INSTITUTION, E.SCHOOL_REJECTED):
        assert states.next_state(Kind.ENROLLMENT, state, Action.UNDO) is E.AWAITING_SCHOOL
        for fact in (Fact.UNDO_OFF, Fact.FROZEN):
            with pytest.raises(Conflict):
                states.next_state(Kind.ENROLLMENT, state, Action.UNDO, facts=[fact])


@pytest.mark.req("TCH-7")
def test_a_transfer_waits_for_the_releasing_school_unless_none_is_needed() -> None:
    complete = (Kind.TRANSFER, TransferState.REQUESTED, Action.COMPLETE)
    assert states.next_state(*complete) is TransferState.COMPLETED
    with pytest.raises(Conflict) as refused:
        states.next_state(*complete, facts=[Fact.RELEASE_NEEDED])
    assert refused.value.code == "release_needed"


@pytest.mark.req("PRG-5")
def test_only_the_party_of_a_move_may_make_it() -> None:
    with pytest.raises(NotPermitted):
        states.next_state(Kind.PROGRAMME, ProgrammeState.SUBMITTED, Action.APPROVE, by=Party.INSTITUTION)
    approved = states.next_state(Kind.PROGRAMME, ProgrammeState.SUBMITTED, Action.APPROVE, by=Party.BUREAU)
    assert approved is ProgrammeState.APPROVED


@given(st.sampled_from(Kind), st.sampled_from(Action), st.data())
def test_a_move_is_made_exactly_when_the_table_has_it(kind: Kind, action: Action, data: st.DataObject) -> None:
    state = data.draw(st.sampled_from(list(states.machine(kind).states)))
    facts = data.draw(st.sets(st.sampled_from(Fact)))
    targets = {m.target for m in states.allowed(kind, state, facts=facts) if m.action == action}
    if targets:
        assert {states.next_state(kind, state, action, facts=facts, reason="reason")} == targets
    else:
        with pytest.raises(Conflict):
            states.next_state(kind, state, action, facts=facts, reason="reason")


def test_an_unknown_state_or_action_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="bogus"):
        states.allowed(Kind.PROGRAMME, "bogus")
    with pytest.raises(ValueError, match="bogus"):
        states.next_state(Kind.PROGRAMME, "draft", "bogus")


@pytest.mark.req("PUB-2")
def test_a_state_says_whose_turn_it_is() -> None:
    assert states.turn_of(Kind.ENROLLMENT, "awaiting_bureau") is Party.BUREAU
    assert states.turn_of(Kind.ENROLLMENT, "withdrawn") is None
    assert states.turn_of(Kind.TRAINING_CLASS, ClassState.PENDING) is Party.BUREAU


def test_the_diagram_draws_every_arrow_with_translated_captions() -> None:
    drawn = states.diagram(Kind.LEAVE_REQUEST, label="<{}>".format)
    assert drawn.splitlines()[0] == "stateDiagram-v2"
    assert "    draft --> filed : <School> — <File the request>" in drawn
    assert "    filed --> refused : <Institution> — <Refuse> ✎" in drawn
    assert "    [*] --> draft" in drawn
    assert "    confirmed --> [*]" in drawn
    for kind in Kind:
        arrows = [line for line in states.diagram(kind).splitlines() if " --> " in line and "[*]" not in line]
        assert len(arrows) == len(states.machine(kind).moves)
