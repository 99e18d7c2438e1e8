"""May this teacher enroll in this class now? Every reason against it at once (ENR-1 to ENR-3, ENR-11, ENR-14, ENR-15).

Facts come in as frozen values that services load in bulk; the same rules answer the button, the catalogue, the school's
proxy enrollment, an import and the API. Whether a seat of round two is really left is decided by the statement that
takes it; the rule here only tells people beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.domain.clock import local
from app.domain.errors import Problem, problem
from app.domain.policy import Policy
from app.domain.regions import covers
from app.domain.terms import (
    ClashCheck,
    ClassState,
    EnrollmentState,
    HoursCapMode,
    ProgrammeKind,
    RoundKind,
    RoundTwoOpenTo,
    TeacherStatus,
)
from app.domain.text import N_
from app.domain.timetables import Timetable, clashes

AT_WORK = frozenset({TeacherStatus.EMPLOYED, TeacherStatus.SECONDED})
CHOSEN_BY_TEACHERS = frozenset({ProgrammeKind.ELECTIVE})  # the other kinds are entered by the institution (MAN-1)
# What gives the right to round two (ENR-11, P4): ending so, which only happens after the school's approval, …
FAILED_AFTER_APPROVAL = (EnrollmentState.DECLINED, EnrollmentState.NOT_DRAWN)
# … or losing the class by its cancellation while standing here: the school had approved.
APPROVED_BY_SCHOOL = (EnrollmentState.AWAITING_BUREAU, EnrollmentState.AWAITING_INSTITUTION, EnrollmentState.ADMITTED)


@dataclass(frozen=True, slots=True)
class Held:
    """A live enrollment of the teacher: in which class, its hours, and whether they count toward this batch's cap."""

    class_id: int
    title: str
    credit_hours: Decimal
    timetable: Timetable
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """The facts about the teacher. `school_path` is the region of the school, None for the unattached.

    `unevaluated` are the titles of finished elective and provincial classes not evaluated yet; `failed_at_institution`
    says whether an enrollment of this batch, approved by the school, was declined, not drawn or its class cancelled.
    """

    status: TeacherStatus
    school_path: str | None
    stage_id: int | None = None
    post_category_id: int | None = None
    held: tuple[Held, ...] = ()
    unevaluated: tuple[str, ...] = ()
    failed_at_institution: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """The facts about the class. Empty `stage_ids` or `post_category_ids` mean all (全部); `target_paths` are regions.

    `enrolled` counts the live enrollments, `free` the seats round two may still take.
    """

    class_id: int
    title: str
    state: ClassState
    kind: ProgrammeKind
    credit_hours: Decimal
    timetable: Timetable
    target_paths: tuple[str, ...]
    seats: int
    stage_ids: frozenset[int] = frozenset()
    post_category_ids: frozenset[int] = frozenset()
    enrolled: int = 0
    free: int = 0


@dataclass(frozen=True, slots=True)
class Occasion:
    """When and under which parameters: the round that is open now (None: none), and when the next one opens."""

    policy: Policy
    round_kind: RoundKind | None
    next_opening: datetime | None = None


Rule = Callable[[Candidate, Offer, Occasion], Problem | None]


def refusals(candidate: Candidate, offer: Offer, occasion: Occasion) -> list[Problem]:
    """Return every reason why the teacher may not enroll, in the order to mend them; empty means welcome (ENR-14)."""
    found = (rule(candidate, offer, occasion) for rule in RULES)
    return [reason for reason in found if reason is not None]


def warnings(candidate: Candidate, offer: Offer, occasion: Occasion) -> list[Problem]:
    """Return what does not forbid but should be known: a clash only warned of, a likely draw (ENR-1, ENR-15)."""
    found = []
    if occasion.policy.clash_check is ClashCheck.WARN:
        found.append(_clash(candidate, offer))
    if occasion.round_kind is not RoundKind.ROUND_TWO:
        found.append(_draw_likely(offer))
    return [reason for reason in found if reason is not None]


def refusals_to_return(candidate: Candidate, offer: Offer, occasion: Occasion) -> list[Problem]:
    """Return every reason why an enrollment that had ended may not live again: a review undone, a reserve promoted.

    Windows, region and post were asked when the teacher enrolled; what the teacher and the class hold now is asked.
    """
    found = (rule(candidate, offer, occasion) for rule in RETURN_RULES)
    return [reason for reason in found if reason is not None]


def fits(candidate: Candidate, offer: Offer) -> bool:
    """Say whether the class belongs into the teacher's catalogue: region of the school, stage and post fit (ENR-1)."""
    return not any((_region(candidate, offer), _stage(candidate, offer), _post(candidate, offer)))


def hours_held(held: Iterable[Held]) -> Decimal:
    """Return the hours that count toward the cap of this batch (P2)."""
    return sum((one.credit_hours for one in held if one.counts), Decimal(0))


def _others(candidate: Candidate, offer: Offer) -> tuple[Held, ...]:
    return tuple(one for one in candidate.held if one.class_id != offer.class_id)


def _hours(value: Decimal) -> str:
    return f"{value.normalize():f}"


# --- the rules


def _window(_candidate: Candidate, _offer: Offer, occasion: Occasion) -> Problem | None:
    if occasion.round_kind is not None:
        return None
    if occasion.next_opening is None:
        return problem("window_closed", N_("Enrollment is closed and no further round is set; ask your school."))
    moment = local(occasion.next_opening).strftime("%Y-%m-%d %H:%M")
    return problem(
        "window_closed", N_("Enrollment is closed now; it opens on %(moment)s. Come back then."), moment=moment
    )


def _state(_candidate: Candidate, offer: Offer, _occasion: Occasion) -> Problem | None:
    if offer.state is ClassState.OFFERED:
        return None
    text = N_("The class takes no enrollments (%(state)s); choose another one.")
    return problem("class_not_offered", text, state=offer.state)


def _kind(_candidate: Candidate, offer: Offer, _occasion: Occasion) -> Problem | None:
    if offer.kind in CHOSEN_BY_TEACHERS:
        return None
    text = N_("Nobody enrolls for this kind of training (%(kind)s); the institution enters its participants.")
    return problem("kind_not_chosen", text, kind=offer.kind)


def _at_work(candidate: Candidate, _offer: Offer, _occasion: Occasion) -> Problem | None:
    if candidate.status in AT_WORK and candidate.school_path is not None:
        return None
    text = N_(
        "Only teachers who belong to a school enroll (now: %(status)s); have a school take the record over first."
    )
    return problem("not_at_a_school", text, status=candidate.status)


def _region(candidate: Candidate, offer: Offer, _occasion: Occasion | None = None) -> Problem | None:
    if candidate.school_path is None or covers(offer.target_paths, candidate.school_path):
        return None
    return problem("region_not_aimed_at", N_("The class is not aimed at the region of the school; choose another one."))


def _stage(candidate: Candidate, offer: Offer, _occasion: Occasion | None = None) -> Problem | None:
    if not offer.stage_ids or candidate.stage_id in offer.stage_ids:
        return None
    text = N_("The class is for other school stages; choose another one, or have the stage in the record corrected.")
    return problem("stage_does_not_fit", text)


def _post(candidate: Candidate, offer: Offer, _occasion: Occasion | None = None) -> Problem | None:
    if not offer.post_category_ids or candidate.post_category_id in offer.post_category_ids:
        return None
    text = N_("The class is for other posts; choose another one, or have the post category in the record corrected.")
    return problem("post_does_not_fit", text)


def _already(candidate: Candidate, offer: Offer, _occasion: Occasion) -> Problem | None:
    if offer.class_id not in {one.class_id for one in candidate.held}:
        return None
    return problem("already_enrolled", N_("Already enrolled in this class; see “My enrollments”."))


def _evaluated(candidate: Candidate, _offer: Offer, occasion: Occasion) -> Problem | None:
    """ENR-3, P11."""
    if not occasion.policy.evaluation_required_to_enroll or not candidate.unevaluated:
        return None
    text = N_(
        "%(count)d finished classes are not evaluated yet (%(titles)s); evaluate them first, late is possible too."
    )
    return problem("not_evaluated", text, count=len(candidate.unevaluated), titles="、".join(candidate.unevaluated[:5]))


def _round_two_right(candidate: Candidate, _offer: Offer, occasion: Occasion) -> Problem | None:
    """ENR-11, P4."""
    open_to_all = occasion.policy.round_two_open_to is RoundTwoOpenTo.EVERYONE
    if occasion.round_kind is not RoundKind.ROUND_TWO or open_to_all or candidate.failed_at_institution:
        return None
    text = N_(
        "Round two is for teachers whose enrollment the school had approved and who were then declined, not drawn, or "
        "whose class was cancelled; the next batch is open to you again."
    )
    return problem("no_right_to_round_two", text)


def _hours_cap(candidate: Candidate, offer: Offer, occasion: Occasion) -> Problem | None:
    """ENR-2, P2."""
    cap, held = occasion.policy.hours_cap, hours_held(_others(candidate, offer))
    if occasion.policy.hours_cap_mode is HoursCapMode.LITERAL:
        if held <= cap:
            return None
        text = N_("%(held)s hours are held already, more than the cap of %(cap)d; withdraw from a class first.")
        return problem("hours_cap", text, held=_hours(held), cap=cap)
    if held + offer.credit_hours <= cap:
        return None
    text = N_("%(held)s hours held + %(hours)s hours of this class > cap of %(cap)d; withdraw from a class first.")
    return problem("hours_cap", text, held=_hours(held), hours=_hours(offer.credit_hours), cap=cap)


def _classes_cap(candidate: Candidate, offer: Offer, occasion: Occasion) -> Problem | None:
    """P3."""
    cap, held = occasion.policy.classes_cap, sum(one.counts for one in _others(candidate, offer))
    if cap is None or held < cap:
        return None
    text = N_("%(held)d classes are held already, the most is %(cap)d; withdraw from one first.")
    return problem("classes_cap", text, held=held, cap=cap)


def _blocking_clash(candidate: Candidate, offer: Offer, occasion: Occasion) -> Problem | None:
    return _clash(candidate, offer) if occasion.policy.clash_check is ClashCheck.BLOCK else None


def _clash(candidate: Candidate, offer: Offer) -> Problem | None:
    titles = [one.title for one in _others(candidate, offer) if clashes(one.timetable, offer.timetable)]
    if not titles:
        return None
    text = N_("The time clashes with %(titles)s; check the timetables, or withdraw from one.")
    return problem("time_clash", text, titles="、".join(titles))


def _seats(_candidate: Candidate, offer: Offer, occasion: Occasion) -> Problem | None:
    if occasion.round_kind is not RoundKind.ROUND_TWO or offer.free > 0:
        return None
    return problem(
        "full", N_("All %(seats)d seats are taken; choose another class, or look again later."), seats=offer.seats
    )


def _draw_likely(offer: Offer) -> Problem | None:
    if offer.enrolled < offer.seats:
        return None
    text = N_("%(seats)d seats planned, %(enrolled)d enrolled: a random draw is likely.")
    return problem("draw_likely", text, seats=offer.seats, enrolled=offer.enrolled)


RULES: tuple[Rule, ...] = (
    _window, _state, _kind, _at_work, _region, _stage, _post, _already, _evaluated, _round_two_right,
    _hours_cap, _classes_cap, _blocking_clash, _seats,
)  # fmt: skip
RETURN_RULES: tuple[Rule, ...] = (_state, _at_work, _already, _hours_cap, _classes_cap, _blocking_clash)
