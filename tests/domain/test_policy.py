"""Parameters are typed, ranged and explained; a policy is what the rules read."""

from __future__ import annotations

import dataclasses
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Invalid, Problem
from app.domain.parameters import PARAMETERS, Parameter, ParameterGroup, ParameterKind, Value, of_group
from app.domain.policy import Policy
from app.domain.terms import Checkpoint, ClashCheck, HoursCapMode, RoundKind, RoundTwoOpenTo

ALL = list(PARAMETERS.values())


def refusal(values: dict[str, typing.Any]) -> list[tuple[str | None, str]]:
    with pytest.raises(Invalid) as refused:
        Policy.from_values(values)
    return [(p.field, p.code) for p in refused.value.problems]


def outcome(parameter: Parameter, text: str) -> tuple[tuple[Problem, ...], Value]:
    try:
        return (), parameter.parse(text)
    except Invalid as refused:
        return refused.problems, None


def test_every_id_from_p1_on_is_there_without_a_gap() -> None:
    numbers = {int(parameter.id[1:]) for parameter in ALL}
    assert numbers == set(range(1, max(numbers) + 1))
    assert max(numbers) >= 29


def test_the_defaults_are_those_of_the_province() -> None:
    policy = Policy.from_values()
    assert (policy.institution_cancel_limit_round_one, policy.institution_cancel_limit_round_two) == (10, 25)
    assert (policy.hours_cap, policy.hours_cap_mode, policy.classes_cap) == (90, HoursCapMode.STRICT, None)
    assert policy.round_two_open_to is RoundTwoOpenTo.FAILED_AT_INSTITUTION
    assert (policy.school_review_hours_round_two, policy.expansion_limit, policy.max_classes_per_programme) == (
        24,
        50,
        4,
    )
    assert (policy.plan_file_limit, policy.plan_file_types) == (512_000, ("doc", "docx", "xls", "xlsx", "pdf"))
    assert (policy.evaluation_days, policy.evaluation_penalty) == (10, 5)
    assert (policy.evaluation_required_to_enroll, policy.evaluation_required_to_credit) == (True, False)
    assert (policy.evaluation_min_answers, policy.evaluation_min_share, policy.clash_check) == (3, 20, ClashCheck.WARN)
    assert (policy.attendance_share_to_pass, policy.excused_counts_as_attended) == (80, True)
    assert (policy.transfer_needs_release, policy.initial_password) == (True, "id_tail")
    assert (policy.captcha, policy.captcha_after, policy.lock_after, policy.lock_minutes) == (
        "after_failures",
        3,
        5,
        15,
    )
    assert policy.teacher_editable_fields == ("subject", "mobile", "office_phone")
    assert (policy.self_registration, policy.school_review_reversible, policy.move_refusal_days) == (False, True, 3)
    assert (policy.no_show_penalty, policy.checkpoint_default) == (False, Checkpoint.NONE)
    assert (policy.cycle_years, policy.cycle_hours, policy.cycle_hours_per_year) == (5, 360, 24)
    assert (policy.cycle_concentrated_hours, policy.new_teacher_hours, policy.new_teacher_practice_hours) == (
        90,
        180,
        80,
    )
    assert (policy.new_head_hours, policy.hours_per_credit) == (300, 8)
    assert (policy.session_idle_minutes, policy.remember_days, policy.bureau_may_maintain_below) == (60, 14, True)


def test_the_policy_has_one_typed_field_per_parameter() -> None:
    hints = typing.get_type_hints(Policy)
    assert [f.name for f in dataclasses.fields(Policy)] == [p.name for p in sorted(ALL, key=_position)]
    for parameter in ALL:
        kinds = typing.get_args(hints[parameter.name]) if parameter.optional else (hints[parameter.name],)
        assert (type(None) in kinds) is parameter.optional
        assert parameter.default is None or isinstance(parameter.default, typing.get_origin(kinds[0]) or kinds[0])


def _position(parameter: Parameter) -> int:
    return [f.name for f in dataclasses.fields(Policy)].index(parameter.name)


@pytest.mark.parametrize("parameter", ALL, ids=lambda p: p.name)
def test_a_default_obeys_its_own_rules_and_survives_storing(parameter: Parameter) -> None:
    assert parameter.problem_with(parameter.default) is None
    assert parameter.parse(parameter.format(parameter.default)) == parameter.default
    assert parameter.label
    assert parameter.help.endswith(".")
    assert (parameter.unit is not None) is (parameter.kind is ParameterKind.NUMBER)


def test_every_parameter_stands_on_one_part_of_the_page() -> None:
    assert sum(len(of_group(group)) for group in ParameterGroup) == len(ALL)
    assert all(of_group(group) for group in ParameterGroup)


@given(st.sampled_from(ALL), st.data())
def test_any_allowed_value_is_read_back_as_it_was_stored(parameter: Parameter, data: st.DataObject) -> None:
    strategy = {
        ParameterKind.NUMBER: st.integers(parameter.minimum, parameter.maximum),
        ParameterKind.SWITCH: st.booleans(),
        ParameterKind.CHOICE: st.sampled_from(list(parameter.choices or ["-"])),
        ParameterKind.CHOICES: st.lists(st.sampled_from(list(parameter.choices or ["-"])), min_size=1, unique=True).map(
            tuple
        ),
    }[parameter.kind]
    value = data.draw(strategy | st.none() if parameter.optional else strategy)
    assert parameter.parse(parameter.format(value)) == value


@given(st.sampled_from(ALL), st.text(max_size=12))
def test_whatever_is_typed_is_either_a_good_value_or_refused_at_its_field(parameter: Parameter, text: str) -> None:
    problems, value = outcome(parameter, text)
    if problems:
        assert [p.field for p in problems] == [parameter.name]
        assert parameter.label in str(problems[0].text)
    else:
        assert parameter.problem_with(value) is None


def test_zero_is_never_unlimited() -> None:
    assert refusal({"classes_cap": "0"}) == [("classes_cap", "zero_is_not_unlimited")]
    assert Policy.from_values({"classes_cap": ""}).classes_cap is None
    assert Policy.from_values({"classes_cap": "2"}).classes_cap == 2
    for parameter in ALL:
        if parameter.optional:
            assert parameter.minimum > 0


def test_every_wrong_value_is_named_at_once() -> None:
    wrong = {
        "hours_cap": "ninety",
        "lock_after": "999",
        "clash_check": "perhaps",
        "nonsense": "1",
        "hours_cap_mode": "",
    }
    assert refusal(wrong) == [
        ("hours_cap", "not_a_number"),
        ("lock_after", "out_of_range"),
        ("clash_check", "not_a_choice"),
        ("nonsense", "unknown_parameter"),
        ("hours_cap_mode", "empty"),
    ]


@pytest.mark.req("ACC-8")
def test_a_captcha_that_would_come_after_the_lock_is_refused() -> None:
    assert refusal({"captcha_after": 6, "lock_after": 5}) == [("captcha_after", "contradiction")]
    assert Policy.from_values({"captcha_after": "5", "lock_after": "5"}).lock_after == 5


def test_full_width_digits_and_chinese_words_are_understood() -> None:
    policy = Policy.from_values(
        {"hours_cap": " １２０ ", "self_registration": "是", "plan_file_types": "PDF、docx，pdf"}
    )
    assert (policy.hours_cap, policy.self_registration, policy.plan_file_types) == (120, True, ("pdf", "docx"))


def test_types_are_not_confused() -> None:
    assert refusal({"hours_cap": True}) == [("hours_cap", "not_a_number")]
    assert refusal({"self_registration": 1}) == [("self_registration", "not_a_choice")]
    assert refusal({"plan_file_types": ()}) == [("plan_file_types", "empty")]
    assert refusal({"plan_file_types": "exe, pdf"}) == [("plan_file_types", "not_a_choice")]
    assert Policy.from_values({"clash_check": "block"}).clash_check is ClashCheck.BLOCK


@pytest.mark.req("ENR-7")
def test_the_cancel_limit_depends_on_the_round() -> None:
    policy = Policy.from_values({"institution_cancel_limit_round_one": 7})
    assert policy.institution_cancel_limit(RoundKind.ROUND_ONE) == 7
    assert policy.institution_cancel_limit(RoundKind.ROUND_TWO) == 25
