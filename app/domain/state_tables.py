"""The state tables, one per kind: state, action, who acts, the state it leads to. Read through `states.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.domain.state_shapes import Action as Do
from app.domain.state_shapes import Fact, Kind, Machine, Move
from app.domain.state_shapes import Party as By
from app.domain.terms import (
    AccountStatus,
    AdjustmentState,
    CallApplicationState,
    CertificateState,
    ChangeRequestState,
    ClassState,
    EnrollmentState,
    ExpertReviewState,
    LeaveState,
    ProgrammeState,
    RecordReportState,
    RegistrationState,
    RosterState,
    TeacherStatus,
    TransferState,
)
from app.domain.text import LabelledEnum


def _move(
    action: Do,
    source: LabelledEnum,
    target: LabelledEnum,
    *by: By,
    reason: bool = False,
    needs: Iterable[Fact] = (),
    bars: Iterable[Fact] = (),
) -> Move:
    return Move(action, source, target, by, reason, frozenset(needs), frozenset(bars))


def _enrollment() -> Machine:
    """ENR-4 to ENR-13. The first four states are live. Who is reassigned begins admitted in the other class."""
    s = EnrollmentState
    live = (s.AWAITING_SCHOOL, s.AWAITING_BUREAU, s.AWAITING_INSTITUTION, s.ADMITTED)
    cancel = (_move(Do.CANCEL_CLASS, at, s.CLASS_CANCELLED, By.BUREAU, By.INSTITUTION, reason=True) for at in live)
    return Machine(
        Kind.ENROLLMENT,
        s,
        (s.AWAITING_SCHOOL, s.ADMITTED),
        (*_enrollment_reviews(), *_enrollment_ways_back(), *cancel),
        turn={s.AWAITING_SCHOOL: By.SCHOOL, s.AWAITING_BUREAU: By.BUREAU, s.AWAITING_INSTITUTION: By.INSTITUTION},
        live=frozenset(live),
    )


def _enrollment_reviews() -> tuple[Move, ...]:
    """School, bureau where there is a checkpoint, institution; then the reserve order and reassignment."""
    s, checkpoint, frozen = EnrollmentState, Fact.CHECKPOINT, Fact.FROZEN
    school, bureau, institution = s.AWAITING_SCHOOL, s.AWAITING_BUREAU, s.AWAITING_INSTITUTION
    return (
        _move(Do.APPROVE, school, bureau, By.SCHOOL, needs=[checkpoint], bars=[frozen]),
        _move(Do.APPROVE, school, institution, By.SCHOOL, bars=[checkpoint, frozen]),
        _move(Do.REJECT, school, s.SCHOOL_REJECTED, By.SCHOOL, reason=True, bars=[frozen]),
        _move(Do.TIME_OUT, school, s.SCHOOL_TIMEOUT, By.SYSTEM),
        _move(Do.APPROVE, bureau, institution, By.BUREAU, bars=[frozen]),
        _move(Do.REJECT, bureau, s.BUREAU_REJECTED, By.BUREAU, reason=True, bars=[frozen]),
        _move(Do.CONFIRM, institution, s.ADMITTED, By.INSTITUTION),
        _move(Do.DECLINE, institution, s.DECLINED, By.INSTITUTION, reason=True),
        _move(Do.DRAW_OUT, institution, s.NOT_DRAWN, By.SYSTEM, needs=[frozen]),
        _move(Do.PROMOTE, s.NOT_DRAWN, institution, By.SYSTEM, By.BUREAU, By.INSTITUTION),
        _move(Do.REASSIGN, s.ADMITTED, s.REASSIGNED, By.BUREAU, By.SYSTEM),
    )


def _enrollment_ways_back() -> tuple[Move, ...]:
    """The teacher's withdrawal (ENR-4) and the school's undoing of its own review (ENR-5, P22).

    A school withdraws what it had entered as proxy (ENR-16); the service sees to that.
    """
    s, acted = EnrollmentState, Fact.BUREAU_ACTED
    school, bureau, institution = s.AWAITING_SCHOOL, s.AWAITING_BUREAU, s.AWAITING_INSTITUTION
    undo, withdraw = (Fact.FROZEN, Fact.UNDO_OFF), (Fact.FROZEN, Fact.WINDOW_CLOSED)
    return (
        _move(Do.WITHDRAW, school, s.WITHDRAWN, By.TEACHER, By.SCHOOL, bars=withdraw),
        _move(Do.WITHDRAW, bureau, s.WITHDRAWN, By.TEACHER, By.SCHOOL, bars=withdraw),
        _move(Do.WITHDRAW, institution, s.WITHDRAWN, By.TEACHER, By.SCHOOL, bars=(*withdraw, acted)),
        _move(Do.UNDO, bureau, school, By.SCHOOL, bars=undo),
        _move(Do.UNDO, institution, school, By.SCHOOL, bars=(*undo, acted)),
        _move(Do.UNDO, s.SCHOOL_REJECTED, school, By.SCHOOL, bars=(*undo, Fact.SCHOOL_DEADLINE_PASSED)),
    )


def _programme() -> Machine:
    """PRG-2 to PRG-7. What was taken back before review may be mended and submitted again.

    An approved programme with a class that was refused or newly added is submitted again for that class alone. The
    bureau's adjustments stay in the state but are written into the ledger.
    """
    s = ProgrammeState
    again = (s.REJECTED, s.RETURNED, s.WITHDRAWN)
    return Machine(
        Kind.PROGRAMME,
        s,
        (s.DRAFT,),
        (
            _move(Do.SUBMIT, s.DRAFT, s.SUBMITTED, By.INSTITUTION),
            _move(Do.APPROVE, s.SUBMITTED, s.APPROVED, By.BUREAU),
            _move(Do.REJECT, s.SUBMITTED, s.REJECTED, By.BUREAU, reason=True),
            _move(Do.RETURN, s.SUBMITTED, s.RETURNED, By.BUREAU, reason=True),
            _move(Do.TAKE_BACK, s.SUBMITTED, s.WITHDRAWN, By.INSTITUTION),
            *(_move(Do.SUBMIT, state, s.SUBMITTED, By.INSTITUTION) for state in again),
            _move(Do.SUBMIT, s.APPROVED, s.SUBMITTED, By.INSTITUTION, needs=[Fact.CLASS_TO_MEND]),
            *(_move(Do.ADJUST, state, state, By.BUREAU, reason=True) for state in (s.SUBMITTED, s.APPROVED)),
        ),
        turn={
            s.DRAFT: By.INSTITUTION,
            s.SUBMITTED: By.BUREAU,
            s.REJECTED: By.INSTITUTION,
            s.RETURNED: By.INSTITUTION,
        },
    )


def _training_class() -> Machine:
    """PRG-5, PRG-7, ENR-7, DEL-1, DEL-5. A returned or taken-back class is a draft again."""
    s = ClassState
    return Machine(
        Kind.TRAINING_CLASS,
        s,
        (s.DRAFT,),
        (
            _move(Do.SUBMIT, s.DRAFT, s.PENDING, By.INSTITUTION),
            _move(Do.APPROVE, s.PENDING, s.OFFERED, By.BUREAU),
            _move(Do.REFUSE, s.PENDING, s.REFUSED, By.BUREAU, reason=True),
            _move(Do.RETURN, s.PENDING, s.DRAFT, By.BUREAU, reason=True),
            _move(Do.TAKE_BACK, s.PENDING, s.DRAFT, By.INSTITUTION),
            _move(Do.SUBMIT, s.REFUSED, s.PENDING, By.INSTITUTION),
            *(_move(Do.ADJUST, state, state, By.BUREAU, reason=True) for state in (s.PENDING, s.OFFERED)),
            _move(Do.OPEN_CLASS, s.OFFERED, s.RUNNING, By.INSTITUTION),
            _move(Do.COMPLETE_CLASS, s.RUNNING, s.COMPLETED, By.INSTITUTION),
            _move(Do.CREDIT, s.COMPLETED, s.CREDITED, By.INSTITUTION),
            *(
                _move(Do.CANCEL_CLASS, state, s.CANCELLED, By.BUREAU, By.INSTITUTION, reason=True)
                for state in (s.OFFERED, s.RUNNING)
            ),
        ),
        turn={
            s.DRAFT: By.INSTITUTION,
            s.PENDING: By.BUREAU,
            s.REFUSED: By.INSTITUTION,
            s.OFFERED: By.INSTITUTION,
            s.RUNNING: By.INSTITUTION,
            s.COMPLETED: By.INSTITUTION,
        },
        live=frozenset({s.OFFERED, s.RUNNING}),
    )


def _class_adjustment() -> Machine:
    """ENR-7. A bureau's own act begins as approved."""
    s = AdjustmentState
    return Machine(
        Kind.CLASS_ADJUSTMENT,
        s,
        (s.REQUESTED, s.APPROVED),
        (
            _move(Do.APPROVE, s.REQUESTED, s.APPROVED, By.BUREAU),
            _move(Do.REJECT, s.REQUESTED, s.REJECTED, By.BUREAU, reason=True),
        ),
        turn={s.REQUESTED: By.BUREAU},
    )


def _leave_request() -> Machine:
    """DEL-3. A teacher may draft, the school files."""
    s = LeaveState
    return Machine(
        Kind.LEAVE_REQUEST,
        s,
        (s.DRAFT,),
        (
            _move(Do.FILE, s.DRAFT, s.FILED, By.SCHOOL),
            _move(Do.CONFIRM, s.FILED, s.CONFIRMED, By.INSTITUTION),
            _move(Do.REFUSE, s.FILED, s.REFUSED, By.INSTITUTION, reason=True),
        ),
        turn={s.DRAFT: By.SCHOOL, s.FILED: By.INSTITUTION},
    )


def _transfer() -> Machine:
    """TCH-7. Out of the pool no release is needed; the bureau above both schools may stand in for either.

    What the releasing school begins itself is released already and waits for the other school.
    """
    s = TransferState
    open_states = (s.REQUESTED, s.RELEASED)
    return Machine(
        Kind.TRANSFER,
        s,
        (s.REQUESTED, s.RELEASED),
        (
            _move(Do.RELEASE, s.REQUESTED, s.RELEASED, By.SCHOOL, By.BUREAU),
            *(_move(Do.REFUSE, state, s.REFUSED, By.SCHOOL, By.BUREAU, reason=True) for state in open_states),
            _move(Do.COMPLETE, s.REQUESTED, s.COMPLETED, By.SCHOOL, By.BUREAU, By.SYSTEM, bars=[Fact.RELEASE_NEEDED]),
            _move(Do.COMPLETE, s.RELEASED, s.COMPLETED, By.SCHOOL, By.BUREAU, By.SYSTEM),
            *(_move(Do.TAKE_BACK, state, s.WITHDRAWN, By.SCHOOL, By.BUREAU) for state in open_states),
        ),
        turn={s.REQUESTED: By.SCHOOL, s.RELEASED: By.SCHOOL},
        live=frozenset(open_states),
    )


def _record_report() -> Machine:
    """TCH-8. Once approved, the record changes only by a change request."""
    s = RecordReportState
    return Machine(
        Kind.RECORD_REPORT,
        s,
        (s.NOT_SUBMITTED,),
        (
            _move(Do.SUBMIT, s.NOT_SUBMITTED, s.SUBMITTED, By.TEACHER),
            _move(Do.APPROVE, s.SUBMITTED, s.APPROVED, By.SCHOOL),
            _move(Do.RETURN, s.SUBMITTED, s.RETURNED, By.SCHOOL, reason=True),
            _move(Do.SUBMIT, s.RETURNED, s.SUBMITTED, By.TEACHER),
        ),
        turn={s.NOT_SUBMITTED: By.TEACHER, s.SUBMITTED: By.SCHOOL, s.RETURNED: By.TEACHER},
    )


def _change_request() -> Machine:
    """TCH-3, TCH-8."""
    s = ChangeRequestState
    return Machine(
        Kind.CHANGE_REQUEST,
        s,
        (s.FILED,),
        (
            _move(Do.APPROVE, s.FILED, s.APPROVED, By.SCHOOL),
            _move(Do.REFUSE, s.FILED, s.REFUSED, By.SCHOOL, reason=True),
        ),
        turn={s.FILED: By.SCHOOL},
    )


def _roster() -> Machine:
    """MAN-1."""
    s = RosterState
    return Machine(
        Kind.ROSTER,
        s,
        (s.DRAFT,),
        (
            _move(Do.SUBMIT, s.DRAFT, s.SUBMITTED, By.INSTITUTION),
            _move(Do.APPROVE, s.SUBMITTED, s.APPROVED, By.BUREAU),
            _move(Do.RETURN, s.SUBMITTED, s.RETURNED, By.BUREAU, reason=True),
            _move(Do.SUBMIT, s.RETURNED, s.SUBMITTED, By.INSTITUTION),
            _move(Do.CREDIT, s.APPROVED, s.CREDITED, By.INSTITUTION),
        ),
        turn={
            s.DRAFT: By.INSTITUTION,
            s.SUBMITTED: By.BUREAU,
            s.RETURNED: By.INSTITUTION,
            s.APPROVED: By.INSTITUTION,
        },
    )


def _call_application() -> Machine:
    """MAN-4. Counties and institutions declare; the province decides."""
    s = CallApplicationState
    applicant = (By.INSTITUTION, By.BUREAU)
    return Machine(
        Kind.CALL_APPLICATION,
        s,
        (s.OPEN,),
        (
            _move(Do.DECLARE, s.OPEN, s.DECLARED, *applicant),
            _move(Do.APPROVE, s.DECLARED, s.APPROVED, By.BUREAU),
            _move(Do.REJECT, s.DECLARED, s.REJECTED, By.BUREAU, reason=True),
            _move(Do.DECLARE, s.REJECTED, s.DECLARED, *applicant),
            _move(Do.PREPARE, s.APPROVED, s.PREPARING, *applicant),
            _move(Do.ALLOT, s.PREPARING, s.ALLOTTED, By.BUREAU),
            _move(Do.START, s.ALLOTTED, s.RUNNING, *applicant),
            _move(Do.UPLOAD_RESULTS, s.RUNNING, s.GRADED, *applicant),
        ),
        turn={
            s.OPEN: By.INSTITUTION,
            s.DECLARED: By.BUREAU,
            s.REJECTED: By.INSTITUTION,
            s.APPROVED: By.INSTITUTION,
            s.PREPARING: By.BUREAU,
            s.ALLOTTED: By.INSTITUTION,
            s.RUNNING: By.INSTITUTION,
        },
    )


def _account() -> Machine:
    """ACC-6, ACC-8. A lock ends by itself (system) or by an administrator."""
    s = AccountStatus
    administrators = (By.SCHOOL, By.INSTITUTION, By.BUREAU)
    return Machine(
        Kind.ACCOUNT,
        s,
        (s.ACTIVE,),
        (
            _move(Do.LOCK, s.ACTIVE, s.LOCKED, By.SYSTEM),
            _move(Do.UNLOCK, s.LOCKED, s.ACTIVE, By.SYSTEM, *administrators),
            _move(Do.DISABLE, s.ACTIVE, s.DISABLED, By.SYSTEM, *administrators),
            _move(Do.DISABLE, s.LOCKED, s.DISABLED, By.SYSTEM, *administrators),
            _move(Do.ENABLE, s.DISABLED, s.ACTIVE, By.SYSTEM, *administrators),
        ),
        turn={},
        live=frozenset({s.ACTIVE, s.LOCKED}),
    )


def _teacher() -> Machine:
    """TCH-7. Somebody who left comes back by a transfer in: one person, one record."""
    s = TeacherStatus
    office = (By.SCHOOL, By.BUREAU)
    return Machine(
        Kind.TEACHER,
        s,
        (s.EMPLOYED, s.UNATTACHED),
        (
            _move(Do.TRANSFER_OUT, s.EMPLOYED, s.UNATTACHED, *office),
            _move(Do.TRANSFER_IN, s.UNATTACHED, s.EMPLOYED, *office),
            _move(Do.TRANSFER_IN, s.LEFT, s.EMPLOYED, *office),
            _move(Do.SECOND, s.EMPLOYED, s.SECONDED, *office),
            _move(Do.END_SECONDMENT, s.SECONDED, s.EMPLOYED, By.SYSTEM, *office),
            *(_move(Do.LEAVE, state, s.LEFT, *office) for state in (s.EMPLOYED, s.UNATTACHED, s.SECONDED)),
        ),
        turn={s.UNATTACHED: By.BUREAU},
        live=frozenset({s.EMPLOYED, s.UNATTACHED, s.SECONDED}),
    )


def _registration() -> Machine:
    """ACC-11."""
    s = RegistrationState
    return Machine(
        Kind.REGISTRATION,
        s,
        (s.AWAITING_SCHOOL,),
        (
            _move(Do.APPROVE, s.AWAITING_SCHOOL, s.APPROVED, By.SCHOOL),
            _move(Do.REFUSE, s.AWAITING_SCHOOL, s.REFUSED, By.SCHOOL, reason=True),
        ),
        turn={s.AWAITING_SCHOOL: By.SCHOOL},
    )


def _expert_review() -> Machine:
    """PRG-6."""
    s = ExpertReviewState
    return Machine(
        Kind.EXPERT_REVIEW,
        s,
        (s.ASKED,),
        (
            _move(Do.GIVE_OPINION, s.ASKED, s.GIVEN, By.EXPERT),
            _move(Do.DECLINE_OPINION, s.ASKED, s.DECLINED, By.EXPERT),
        ),
        turn={s.ASKED: By.EXPERT},
    )


def _certificate() -> Machine:
    """DEL-10."""
    s = CertificateState
    revoke = _move(Do.REVOKE, s.VALID, s.REVOKED, By.INSTITUTION, By.BUREAU, reason=True)
    return Machine(Kind.CERTIFICATE, s, (s.VALID,), (revoke,), turn={}, live=frozenset({s.VALID}))


_ALL = (
    _enrollment(), _programme(), _training_class(), _class_adjustment(), _leave_request(), _transfer(),
    _record_report(), _change_request(), _roster(), _call_application(), _account(), _teacher(),
    _registration(), _expert_review(), _certificate(),
)  # fmt: skip

MACHINES: Mapping[Kind, Machine] = {table.kind: table for table in _ALL}
