"""An enrollment as the steps people know: school, bureau where there is a checkpoint, institution (ENR-19)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.terms import EnrollmentState
from app.domain.text import N_, LabelledEnum

S = EnrollmentState


class StepName(LabelledEnum):
    """The steps, in their order."""

    ENROLLED = "enrolled", N_("Enrolled")
    SCHOOL = "school", N_("School review")
    BUREAU = "bureau", N_("Bureau review")
    INSTITUTION = "institution", N_("Institution confirmation")
    ADMITTED = "admitted", N_("Admitted")


class Standing(LabelledEnum):
    """How far a step has come."""

    DONE = "done", N_("done")
    NOW = "now", N_("now")
    COMING = "coming", N_("still to come")
    FAILED = "failed", N_("stopped")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the ledger: where it came from, where it led, when."""

    from_state: str | None
    to_state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One step: how far it has come and when it was settled."""

    name: StepName
    standing: Standing
    at: datetime | None = None


# The step that is on in a state that waits, and the state in which each step waits.
WAITS_AT = {
    S.AWAITING_SCHOOL: StepName.SCHOOL,
    S.AWAITING_BUREAU: StepName.BUREAU,
    S.AWAITING_INSTITUTION: StepName.INSTITUTION,
}
# The step at which these always stop; the other ends stop wherever they came from.
STOPS_AT = {
    S.SCHOOL_REJECTED: StepName.SCHOOL,
    S.SCHOOL_TIMEOUT: StepName.SCHOOL,
    S.BUREAU_REJECTED: StepName.BUREAU,
    S.DECLINED: StepName.INSTITUTION,
    S.NOT_DRAWN: StepName.INSTITUTION,
}


def steps_of(state: EnrollmentState, *, checkpoint: bool, lines: Sequence[Line] = ()) -> list[Step]:
    """Return the steps of an enrollment in `state`; `lines` is its ledger, the oldest first."""
    names = [name for name in StepName if checkpoint or name is not StepName.BUREAU]
    stopped = _stopped(state, lines)
    if state is S.ADMITTED:
        return [Step(name, Standing.DONE, _settled(name, lines)) for name in names]
    current = stopped or WAITS_AT[state]
    if current not in names:  # a checkpoint that was taken away meanwhile
        names.insert(names.index(StepName.INSTITUTION), current)
    here = names.index(current)
    return [_step(name, index - here, stopped is not None, lines) for index, name in enumerate(names)]


def _step(name: StepName, distance: int, stopped: bool, lines: Sequence[Line]) -> Step:
    if distance < 0:
        return Step(name, Standing.DONE, _settled(name, lines))
    if distance > 0:
        return Step(name, Standing.COMING)
    return Step(name, Standing.FAILED, lines[-1].at if lines else None) if stopped else Step(name, Standing.NOW)


def _stopped(state: EnrollmentState, lines: Sequence[Line]) -> StepName | None:
    """Return the step at which the enrollment ended, None while it goes on or once it is admitted."""
    if state in WAITS_AT or state is S.ADMITTED:
        return None
    if state in STOPS_AT:
        return STOPS_AT[state]
    before = lines[-1].from_state if lines else None
    return next((step for waits, step in WAITS_AT.items() if waits.value == before), StepName.ADMITTED)


def _settled(name: StepName, lines: Sequence[Line]) -> datetime | None:
    """Return when a step was settled the last time: by the line that left its waiting state."""
    if name is StepName.ENROLLED:
        return lines[0].at if lines else None
    wanted = StepName.INSTITUTION if name is StepName.ADMITTED else name
    left = [line.at for line in lines if line.from_state is not None and WAITS_AT.get(S(line.from_state)) is wanted]
    return left[-1] if left else None
