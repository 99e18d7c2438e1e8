"""The words: unambiguous values, labels, the names of the glossary and of the state tables."""

from __future__ import annotations

import re

import pytest

from app.domain import terms
from app.domain.text import LabelledEnum

ENUMS = [getattr(terms, name) for name in terms.__all__]


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_every_word_has_a_storable_value_and_a_label_of_its_own(enum: type[LabelledEnum]) -> None:
    members = list(enum)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{1,29}", member.value) for member in members)
    assert all(member.name == member.value.upper() for member in members)
    assert len({member.label for member in members}) == len(members)
    assert all(not member.label[0].islower() and member.label == member.label.strip() for member in members)


def test_a_word_is_read_back_from_its_stored_value() -> None:
    assert terms.TeacherStatus("unattached") is terms.TeacherStatus.UNATTACHED
    assert terms.TeacherStatus.UNATTACHED.label == "Unattached"
    with pytest.raises(ValueError, match="nobody"):
        terms.TeacherStatus("nobody")


@pytest.mark.req("ACC-1")
def test_every_role_of_the_requirement_is_named() -> None:
    assert {role.value for role in terms.RoleName} == {
        "system_admin", "security_admin", "audit_admin",
        "provincial_admin", "city_admin", "county_admin", "bureau_reviewer", "expert_reviewer",
        "institution_admin", "institution_operator",
        "school_admin", "school_system_admin", "school_information_admin", "school_training_admin", "school_inquirer",
        "teacher", "non_teacher",
    }  # fmt: skip


@pytest.mark.req("PRG-1")
def test_the_windows_stand_in_the_order_of_the_flow() -> None:
    assert [kind.value for kind in terms.WindowKind] == [
        "declaration", "review", "round_one", "round_one_school", "adjustment",
        "round_two", "round_two_school", "second_adjustment",
    ]  # fmt: skip
