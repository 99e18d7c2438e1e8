"""The parameters of one training year as one frozen value that the rules read.

Services build it once per request or job (`Policy.from_values`) from what the province stored; names without a stored
value take their default from `parameters.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from app.domain.errors import Invalid, Problem, Problems, problem
from app.domain.parameters import PARAMETERS, Value
from app.domain.terms import (
    CaptchaMode,
    Checkpoint,
    ClashCheck,
    HoursCapMode,
    InitialPassword,
    RoundKind,
    RoundTwoOpenTo,
)
from app.domain.text import N_, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every parameter, typed; what each means and its unit stand in `parameters.py`. None is "no limit"."""

    institution_cancel_limit_round_one: int
    institution_cancel_limit_round_two: int
    hours_cap: int
    hours_cap_mode: HoursCapMode
    classes_cap: int | None
    round_two_open_to: RoundTwoOpenTo
    school_review_hours_round_two: int
    expansion_limit: int
    max_classes_per_programme: int
    plan_file_limit_kb: int
    plan_file_types: tuple[str, ...]
    evaluation_days: int
    evaluation_penalty: int
    evaluation_required_to_enroll: bool
    evaluation_required_to_credit: bool
    evaluation_min_answers: int
    evaluation_min_share: int
    clash_check: ClashCheck
    attendance_share_to_pass: int
    excused_counts_as_attended: bool
    transfer_needs_release: bool
    initial_password: InitialPassword
    captcha: CaptchaMode
    captcha_after: int
    lock_after: int
    lock_minutes: int
    teacher_editable_fields: tuple[str, ...]
    self_registration: bool
    school_review_reversible: bool
    move_refusal_days: int
    no_show_penalty: bool
    checkpoint_default: Checkpoint
    cycle_years: int
    cycle_hours: int
    cycle_hours_per_year: int
    cycle_concentrated_hours: int
    new_teacher_hours: int
    new_teacher_practice_hours: int
    new_head_hours: int
    hours_per_credit: int
    session_idle_minutes: int
    remember_days: int
    bureau_may_maintain_below: bool
    password_min_length: int
    second_factor_required: bool
    school_reminder_hours: int
    subject_away_share: int

    @classmethod
    def from_values(cls, values: Mapping[str, Value] | None = None) -> Self:
        """Return the policy under `values` (name → text as stored, or value); the other names keep their default.

        Raises `Invalid` with one problem per wrong or unknown name and per pair that does not fit together.
        """
        return cls(**checked(values or {}))

    def institution_cancel_limit(self, round_kind: RoundKind) -> int:
        """Return up to how many live enrollments an institution cancels alone after that round (P1, ENR-7)."""
        first = round_kind is RoundKind.ROUND_ONE
        return self.institution_cancel_limit_round_one if first else self.institution_cancel_limit_round_two

    @property
    def plan_file_limit(self) -> int:
        """The largest training plan file, in bytes (P8, PRG-3)."""
        return self.plan_file_limit_kb * 1024


def checked(values: Mapping[str, Value]) -> dict[str, Any]:
    """Return every parameter's value under `values`; raise `Invalid` with all problems at once."""
    found = Problems()
    result: dict[str, Any] = {name: parameter.default for name, parameter in PARAMETERS.items()}
    for name, given in values.items():
        try:
            result[name] = _read(name, given)
        except Invalid as error:
            found.found.extend(error.problems)
    found.raise_if_any()
    found.found.extend(misfits(result))
    found.raise_if_any()
    return result


def _read(name: str, given: Value) -> Value:
    parameter = PARAMETERS.get(name)
    if parameter is None:
        raise Invalid(problem("unknown_parameter", N_("There is no parameter “%(name)s”."), field=name, name=name))
    return parameter.parse(given) if isinstance(given, str) else parameter.check(given)


# (smaller, larger): the first may not exceed the second.
_PAIRS = (
    ("captcha_after", "lock_after"),
    ("new_teacher_practice_hours", "new_teacher_hours"),
    ("cycle_concentrated_hours", "cycle_hours"),
    ("cycle_hours_per_year", "cycle_hours"),
)


def misfits(values: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for each pair of `values` that contradicts itself, at the smaller one's field."""
    return [_misfit(small, large) for small, large in _PAIRS if values[small] > values[large]]


def _misfit(small: str, large: str) -> Problem:
    return problem(
        "contradiction",
        N_("“%(small)s” must not be larger than “%(large)s”."),
        field=small,
        small=Text(PARAMETERS[small].label),
        large=Text(PARAMETERS[large].label),
    )
