"""Setting parameters: ranges, history, years."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.errors import Invalid, NotPermitted
from app.domain.parameters import PARAMETERS
from app.domain.terms import AuditAction
from app.models import AuditEntry, ParameterChange, ParameterValue
from app.services.parameters import policy_of, set_parameter, values_of
from tests.world import World


def history(db: Any, name: str) -> list[tuple[str | None, str | None]]:
    wanted = select(ParameterChange).where(ParameterChange.name == name).order_by(ParameterChange.id)
    return [(change.before, change.after) for change in db.session.scalars(wanted)]


@pytest.mark.req("P19", "OPS-2")
def test_a_change_is_kept_with_before_after_who_and_why(db: Any, world: World) -> None:
    province = world.actor("provincial_admin")
    set_parameter("lock_after", "6", actor=province, reason="试运行")
    set_parameter("lock_after", "7", actor=province)
    assert policy_of().lock_after == 7
    assert history(db, "lock_after") == [(None, "6"), ("6", "7")]
    first = db.session.scalar(select(ParameterChange).order_by(ParameterChange.id))
    assert (first.reason, first.changed_by_id) == ("试运行", province.account_id)
    told = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.PARAMETER)).all()
    assert [entry.after for entry in told] == [{"lock_after": "6"}, {"lock_after": "7"}]


@pytest.mark.req("P19")
def test_setting_what_holds_already_leaves_no_trace(db: Any, world: World) -> None:
    set_parameter("lock_after", str(PARAMETERS["lock_after"].default), actor=world.actor("provincial_admin"))
    assert history(db, "lock_after") == []
    assert values_of() == {}


@pytest.mark.req("P19", "TCH-2")
@pytest.mark.parametrize("text", ["1", "51", "0", "-5", "five", "", "5.5", "9" * 40])
def test_a_value_out_of_range_is_refused_and_nothing_is_stored(db: Any, world: World, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        set_parameter("lock_after", text, actor=world.actor("provincial_admin"))
    assert refused.value.problems[0].field == "lock_after"
    assert policy_of().lock_after == 5
    assert db.session.scalar(select(func.count()).select_from(ParameterValue)) == 0
    assert history(db, "lock_after") == []


@pytest.mark.req("P19")
@pytest.mark.parametrize("text", ["2", "50"])
def test_the_ends_of_the_range_belong_to_it(world: World, text: str) -> None:
    set_parameter("captcha_after", "1", actor=world.actor("provincial_admin"))
    set_parameter("lock_after", text, actor=world.actor("provincial_admin"))
    assert policy_of().lock_after == int(text)


@pytest.mark.req("P18", "P19")
def test_a_value_that_contradicts_another_parameter_is_refused(db: Any, world: World) -> None:
    with pytest.raises(Invalid) as refused:
        set_parameter("lock_after", "2", actor=world.actor("provincial_admin"))  # the captcha comes after three
    assert refused.value.code == "contradiction"
    assert values_of() == {}


@pytest.mark.req("P19")
def test_an_unknown_name_is_refused(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        set_parameter("lock_afterwards", "5", actor=world.actor("provincial_admin"))
    assert refused.value.code == "unknown_parameter"


@pytest.mark.req("P19", "ACC-12")
@pytest.mark.parametrize("username", ["city_admin", "county_admin", "school_admin", "teacher", "audit_admin"])
def test_only_the_province_sets_parameters(world: World, username: str) -> None:
    with pytest.raises(NotPermitted):
        set_parameter("lock_after", "6", actor=world.actor(username))
    assert policy_of().lock_after == 5


@pytest.mark.req("P3")
def test_a_years_value_holds_in_that_year_only_and_a_platform_value_in_all(db: Any, world: World) -> None:
    province, year = world.actor("provincial_admin"), world.year.id
    yearly = next(p for p in PARAMETERS.values() if p.per_year and p.kind.value == "number" and p.default)
    other = str(int(yearly.default) - 1)
    set_parameter(yearly.name, other, actor=province, training_year_id=year)
    set_parameter("lock_after", "9", actor=province, training_year_id=year)
    assert values_of(year) == {yearly.name: other, "lock_after": "9"}
    assert values_of() == {"lock_after": "9"}
