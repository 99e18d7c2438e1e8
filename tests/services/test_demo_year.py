"""The living year of the demo: everything in every state, seats and caps kept, each move in the ledger."""

from __future__ import annotations

from collections import Counter, defaultdict
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain import screening as rules
from app.domain.clock import now
from app.domain.plan_files import plan_file_problems
from app.domain.states import Action, Kind, allowed, live_states, machine
from app.domain.terms import (
    AdjustmentKind,
    AdjustmentState,
    ChangeRequestState,
    ClassState,
    EnrollmentOrigin,
    EnrollmentState,
    ExpertReviewState,
    ProgrammeState,
    TransferKind,
    TransferState,
    WindowKind,
)
from app.models import (
    Account,
    Batch,
    BatchWindow,
    ChangeRequest,
    ClassAdjustment,
    DeclarationDraft,
    Enrollment,
    Evaluation,
    ExpertOpinion,
    Institution,
    PlanFile,
    Programme,
    School,
    Screening,
    ScreeningCandidate,
    Teacher,
    TrainingClass,
    Transfer,
    Transition,
)
from app.security.people import actor_of
from app.security.scope import select_visible
from app.services.demo.cast import DEMO_INSTITUTION, DEMO_SCHOOL
from app.services.demo.terms import Standing, terms
from app.services.enrollment_facts import cases
from tests.support.furnishing import making

LIVE = live_states(Kind.ENROLLMENT)
KINDS = {Enrollment: Kind.ENROLLMENT, Programme: Kind.PROGRAMME, TrainingClass: Kind.TRAINING_CLASS}


def every(db: Any, model: Any) -> list[Any]:
    """All rows of a table."""
    return list(db.session.scalars(select(model)))


def ledgers(db: Any, model: Any) -> dict[int, list[Transition]]:
    """Row → its moves, the first first."""
    found: defaultdict[int, list[Transition]] = defaultdict(list)
    wanted = select(Transition).where(Transition.entity == model.__name__).order_by(Transition.id)
    for entry in db.session.scalars(wanted):
        found[entry.row_id].append(entry)
    return found


@pytest.mark.req("PRG-2", "PRG-5", "ENR-19", "OPS-5")
def test_the_year_is_alive_and_its_ledger_whole(db: Any, province: dict[str, int]) -> None:
    states_are_all_there(db)
    each_ledger_follows_its_table(db)
    seats_and_caps_are_kept(db)
    draws_can_be_worked_out_again(db)
    own_house_has_every_situation(db)
    plans_are_what_the_platform_takes(db)
    the_demo_s_teacher_may_choose(db)
    the_adjustment_is_under_way(db)
    the_school_has_something_to_decide(db)


def states_are_all_there(db: Any) -> None:
    assert {row.state for row in every(db, Programme)} == set(ProgrammeState)
    classes = Counter(row.state for row in every(db, TrainingClass))
    assert set(classes) >= {ClassState.DRAFT, ClassState.PENDING, ClassState.OFFERED, ClassState.REFUSED,
                            ClassState.CREDITED, ClassState.CANCELLED}  # fmt: skip
    enrollments = {row.state for row in every(db, Enrollment)}
    assert set(EnrollmentState) - enrollments <= {EnrollmentState.BUREAU_REJECTED}
    assert {opinion.state for opinion in every(db, ExpertOpinion)} == {ExpertReviewState.ASKED, ExpertReviewState.GIVEN}
    assert every(db, DeclarationDraft)


def each_ledger_follows_its_table(db: Any) -> None:
    for model, kind in KINDS.items():
        found = ledgers(db, model)
        for row in every(db, model):
            entries = found.get(row.id, [])
            if model is not TrainingClass:
                begun = machine(kind).states(entries[0].to_state)
                moved_here = getattr(row, "origin", None) is EnrollmentOrigin.REASSIGNED
                first = EnrollmentState.ADMITTED if moved_here else machine(kind).initial[0]
                assert (entries[0].from_state, begun) == (None, first)
            assert not entries or entries[-1].to_state == row.state
            for before, after in pairwise(entries):
                assert before.to_state == after.from_state
                assert before.created_at <= after.created_at <= now()
            for entry in entries[0 if model is TrainingClass else 1 :]:
                moves = [m for m in allowed(kind, entry.from_state) if m.action is entry.action]
                assert any(m.target == entry.to_state and entry.party in m.by for m in moves), entry.action
                assert entry.reason or not all(m.needs_reason for m in moves)


def seats_and_caps_are_kept(db: Any) -> None:
    held = Counter(row.training_class_id for row in every(db, Enrollment) if row.holds_seat)
    for one in every(db, TrainingClass):
        assert one.taken == held[one.id] <= one.seats
    hours: Counter[tuple[int, int]] = Counter()
    for row in every(db, Enrollment):
        windows = {w.kind: w for w in row.training_class.programme.batch.windows}
        window = windows[WindowKind.ROUND_ONE if row.round_kind == "round_one" else WindowKind.ROUND_TWO]
        moved_here = row.origin is EnrollmentOrigin.REASSIGNED
        assert window.opens_at <= row.enrolled_at <= (now() if moved_here else min(window.closes_at, now()))
        assert row.holds_seat == (row.state is EnrollmentState.ADMITTED)
        if row.state in LIVE:
            hours[row.teacher_id, row.batch_id] += row.credit_hours
    assert max(hours.values()) <= 90


def draws_can_be_worked_out_again(db: Any) -> None:
    waiting = 0
    for found in every(db, Screening):
        lines = db.session.scalars(
            select(ScreeningCandidate).where(ScreeningCandidate.screening_id == found.id)
        ).all()  # fmt: skip
        numbers = [line.enrollment_number for line in lines]
        assert rules.list_hash(numbers) == found.list_hash
        assert len(numbers) == found.candidate_count > found.seats
        if found.drawn_at is None:
            waiting += 1
            assert found.seed is None
            assert {line.enrollment.state for line in lines} == {EnrollmentState.AWAITING_INSTITUTION}
            continue
        assert rules.commitment_of(found.seed) == found.commitment
        places = rules.draw(found.seed, numbers, found.seats)
        assert {p.number: (p.position, p.drawn) for p in places} == {
            line.enrollment_number: (line.place_in_order, line.drawn) for line in lines
        }
        assert sha256("".join(f"{p.number}\n" for p in places).encode()).hexdigest() == found.result_hash
    assert waiting == 1


def the_demo_s_teacher_may_choose(db: Any) -> None:
    teacher = db.session.scalars(select(Account).where(Account.username == "teacher")).one()
    actor = actor_of(teacher)
    offered = select_visible(TrainingClass, actor).join(Batch).join(BatchWindow)
    open_now = (BatchWindow.kind == WindowKind.ROUND_ONE, BatchWindow.opens_at <= now(), BatchWindow.closes_at >= now())
    classes = db.session.scalars(offered.where(*open_now, TrainingClass.state == ClassState.OFFERED)).all()
    batch = classes[0].batch_id
    found = cases([actor.teacher_id], [one.id for one in classes], batch)
    assert any(not case.refusals for case in found.values())
    finished = {one.id for one in every(db, TrainingClass) if one.state in (ClassState.COMPLETED, ClassState.CREDITED)}
    admitted = [row for row in every(db, Enrollment) if row.holds_seat and row.training_class_id in finished]
    evaluated = {row.enrollment_id for row in every(db, Evaluation)}
    assert 0 < len(evaluated) < len(admitted)


def own_house_has_every_situation(db: Any) -> None:
    house = db.session.scalars(select(Institution).where(Institution.code == DEMO_INSTITUTION)).one()
    by_standing = {term.standing: term for term in terms(making())}
    live = func.count().filter(Enrollment.state.in_([state.value for state in LIVE]))
    for standing in (Standing.ENROLLING, Standing.ADJUSTING):
        counted = (
            select(TrainingClass.seats, live).join(Enrollment, Enrollment.training_class_id == TrainingClass.id)
            .where(TrainingClass.institution_id == house.id, TrainingClass.batch_id == by_standing[standing].batch_id)
            .group_by(TrainingClass.id)
        )  # fmt: skip
        filled = [count / seats for seats, count in db.session.execute(counted)]
        assert max(filled) > 1
        assert min(filled) < 0.3
    own = {row.state for row in every(db, Programme) if row.institution_id == house.id}
    assert own >= {ProgrammeState.SUBMITTED, ProgrammeState.APPROVED, ProgrammeState.RETURNED, ProgrammeState.WITHDRAWN}
    school = select(func.count()).select_from(Enrollment).join(Teacher, Teacher.id == Enrollment.teacher_id)
    waiting = school.where(
        Teacher.school.has(code=DEMO_SCHOOL), Enrollment.state == EnrollmentState.AWAITING_SCHOOL
    )  # fmt: skip
    assert db.session.scalar(waiting) > 0
    actions = {entry.action for entry in every(db, Transition)}
    assert {Action.ADJUST, Action.REJECT, Action.RETURN, Action.TAKE_BACK} <= actions


def plans_are_what_the_platform_takes(db: Any) -> None:
    for file in every(db, PlanFile)[:20]:
        assert not plan_file_problems(file.name, file.content, limit=500 * 1024, types=("pdf",))
        assert (file.size, file.sha256) == (len(file.content), sha256(file.content).hexdigest())


def the_adjustment_is_under_way(db: Any) -> None:
    found = {(row.kind, row.state) for row in every(db, ClassAdjustment)}
    kinds, states = AdjustmentKind, AdjustmentState
    assert found >= {
        (kinds.EXPAND, states.APPROVED), (kinds.EXPAND, states.REQUESTED), (kinds.CANCEL, states.APPROVED),
        (kinds.CANCEL, states.REQUESTED), (kinds.REASSIGN, states.APPROVED),
    }  # fmt: skip
    adjusting = next(term for term in terms(making()) if term.standing is Standing.ADJUSTING)
    drawn = [row for row in every(db, Screening) if row.training_class.batch_id == adjusting.batch_id and row.drawn_at]
    reserve = [row for row in every(db, ScreeningCandidate) if row.screening in drawn and not row.drawn]
    assert reserve
    moved = [row for row in every(db, Enrollment) if row.reassigned_from_id is not None]
    assert {row.reassigned_from.state for row in moved} == {EnrollmentState.REASSIGNED}


def the_school_has_something_to_decide(db: Any) -> None:
    school = db.session.scalars(select(School).where(School.code == DEMO_SCHOOL)).one()
    transfers = every(db, Transfer)
    waiting = [row for row in transfers if row.from_school_id == school.id and row.state is TransferState.REQUESTED]
    sent = [row for row in transfers if row.from_school_id == school.id and row.state is TransferState.RELEASED]
    asked = [row for row in transfers if row.to_school_id == school.id and row.state is TransferState.REQUESTED]
    assert waiting
    assert asked
    assert {row.kind for row in sent} == {TransferKind.TRANSFER_OUT, TransferKind.SECONDMENT}
    filed = [row for row in every(db, ChangeRequest) if row.school_id == school.id]
    assert {row.state for row in filed} == {ChangeRequestState.FILED}
    assert len(filed) == 3
    accounts = [row for row in every(db, Account) if row.initial_password_sealed]
    assert len(accounts) == 8
