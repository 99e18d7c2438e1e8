"""The two flow charts of a batch: which step is now, and what each party does in it (PRG-1, PUB-1, PUB-5).

Time is not a state: a step is now because one of its windows is open, or because the window before it is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.calendar import AnyWindow, Timing, phase_of, window_of
from app.domain.state_shapes import Party
from app.domain.terms import RoundKind, WindowKind
from app.domain.text import N_

W, P = WindowKind, Party


@dataclass(frozen=True, slots=True)
class Step:
    """A box of a flow chart: `owner` acts, `duties` say what each party does; it is open during `windows`.

    A step without a window is now once the window `after` is over.
    """

    label: str
    owner: Party
    icon: str
    duties: Mapping[Party, str]
    windows: tuple[WindowKind, ...] = ()
    after: WindowKind | None = None


FLOWS: Mapping[RoundKind, tuple[Step, ...]] = {
    RoundKind.ROUND_ONE: (
        Step(
            N_("Declare programmes"),
            P.INSTITUTION,
            "ti-file-pencil",
            {
                P.INSTITUTION: N_("Declare programmes with their classes and attach the training plan."),
                P.BUREAU: N_("Remind the institutions and look after their region grants."),
                P.TEACHER: N_("Evaluate last year's classes; it opens enrollment for you."),
            },
            (W.DECLARATION,),
        ),
        Step(
            N_("Review programmes"),
            P.BUREAU,
            "ti-clipboard-check",
            {
                P.BUREAU: N_("Review each class: approve, return or refuse, and set where enrollments need approval."),
                P.EXPERT: N_("Score and comment on the programmes you are asked about."),
                P.INSTITUTION: N_("Mend what was returned and submit it again."),
            },
            (W.REVIEW,),
        ),
        Step(
            N_("Teachers enroll"),
            P.TEACHER,
            "ti-hand-click",
            {
                P.TEACHER: N_("Choose classes in the catalogue and enroll; you may withdraw until they are reviewed."),
                P.SCHOOL: N_("Tell your teachers; enroll those who cannot do it themselves."),
                P.INSTITUTION: N_("Watch how your classes fill and answer questions."),
                P.BUREAU: N_("Watch which schools and classes stay behind."),
            },
            (W.ROUND_ONE,),
        ),
        Step(
            N_("Schools review"),
            P.SCHOOL,
            "ti-building",
            {
                P.SCHOOL: N_("Review your teachers' enrollments; what is left at the deadline counts as refused."),
                P.BUREAU: N_("Review the enrollments of classes with a checkpoint."),
                P.TEACHER: N_("Follow your enrollments; the school decides."),
            },
            (W.ROUND_ONE_SCHOOL,),
        ),
        Step(
            N_("Expand or cancel classes"),
            P.BUREAU,
            "ti-arrows-diff",
            {
                P.BUREAU: N_("Expand classes that are too full, cancel those with too few, decide on requests."),
                P.INSTITUTION: N_("Ask for more seats, or cancel a class with few enrollments."),
            },
            (W.ADJUSTMENT,),
        ),
        Step(
            N_("Draw and confirm"),
            P.INSTITUTION,
            "ti-dice-3",
            {
                P.INSTITUTION: N_("Freeze the list, draw once where candidates exceed seats, confirm the rest."),
                P.BUREAU: N_("Watch the draws; anybody can recompute them."),
                P.SCHOOL: N_("See who was admitted."),
                P.TEACHER: N_("See whether you were admitted; the draw can be checked."),
            },
            (W.ADJUSTMENT,),
        ),
    ),
    RoundKind.ROUND_TWO: (
        Step(
            N_("Fill the free seats"),
            P.TEACHER,
            "ti-hand-click",
            {
                P.TEACHER: N_("Declined, not drawn or class cancelled? Take a free seat: first come, first served."),
                P.SCHOOL: N_("Tell those of your teachers who may enroll again."),
                P.INSTITUTION: N_("Watch the free seats."),
            },
            (W.ROUND_TWO,),
        ),
        Step(
            N_("Schools review at once"),
            P.SCHOOL,
            "ti-building",
            {
                P.SCHOOL: N_("Review quickly: a seat that is not reviewed in time is given to others."),
                P.BUREAU: N_("Review the enrollments of classes with a checkpoint."),
            },
            (W.ROUND_TWO_SCHOOL,),
        ),
        Step(
            N_("Institutions confirm"),
            P.INSTITUTION,
            "ti-user-check",
            {
                P.INSTITUTION: N_("Confirm or decline with a reason; there is no draw in round two."),
                P.TEACHER: N_("See whether you were admitted."),
            },
            (W.ROUND_TWO_SCHOOL,),
        ),
        Step(
            N_("Cancel what is too small"),
            P.BUREAU,
            "ti-arrows-diff",
            {
                P.BUREAU: N_("Cancel classes that stay too small and take care of their people."),
                P.INSTITUTION: N_("Cancel a class that stays too small, or ask the bureau to."),
            },
            (W.SECOND_ADJUSTMENT,),
        ),
        Step(
            N_("Training"),
            P.INSTITUTION,
            "ti-school",
            {
                P.INSTITUTION: N_("Send the notice, open the class, keep attendance, enter results."),
                P.SCHOOL: N_("File leave for your teachers and plan their lessons."),
                P.TEACHER: N_("Go to the training with your notice and check in."),
            },
            after=W.SECOND_ADJUSTMENT,
        ),
        Step(
            N_("Evaluate and credit"),
            P.TEACHER,
            "ti-star",
            {
                P.TEACHER: N_("Evaluate the class; your hours are credited and the certificate follows."),
                P.INSTITUTION: N_("Complete the class and credit the hours."),
                P.BUREAU: N_("Compare evaluations and hours."),
                P.SCHOOL: N_("See who still lacks hours."),
            },
            after=W.SECOND_ADJUSTMENT,
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A step seen from now: its `timing`, and when it opens and closes where windows say so."""

    step: Step
    timing: Timing
    opens_at: datetime | None = None
    closes_at: datetime | None = None


def flow_at(round_kind: RoundKind, windows: Iterable[AnyWindow], now: datetime) -> list[Standing]:
    """Return the steps of a round's flow chart seen from `now`; without windows everything is still to come."""
    given = list(windows)
    return [_standing(step, given, now) for step in FLOWS[round_kind]]


def _standing(step: Step, windows: list[AnyWindow], now: datetime) -> Standing:
    own = [window for kind in step.windows if (window := window_of(windows, kind)) is not None]
    if own:
        timings = {phase_of(window, now).timing for window in own}
        timing = next(t for t in (Timing.OPEN, Timing.UPCOMING, Timing.OVER) if t in timings)
        return Standing(step, timing, min(w.opens_at for w in own), max(w.closes_at for w in own))
    before = window_of(windows, step.after) if step.after else None
    begun = before is not None and phase_of(before, now).timing is Timing.OVER
    return Standing(step, Timing.OPEN if begun else Timing.UPCOMING)


def duty_kinds(party: Party) -> frozenset[WindowKind]:
    """Return the windows in which `party` owns a step: its deadlines are the ones to be shown first."""
    return frozenset(kind for flow in FLOWS.values() for step in flow if step.owner is party for kind in step.windows)
