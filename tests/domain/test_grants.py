"""Region grants: their validity by the day, and what new check marks change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import grants
from app.domain.regions import covers
from app.domain.terms import GrantExtent, GrantState

PROVINCE, HANGZHOU, SHANGCHENG, LISHUI = "/33/", "/33/3301/", "/33/3301/330102/", "/33/3311/"
nodes = st.lists(st.sampled_from([PROVINCE, HANGZHOU, SHANGCHENG, LISHUI]))


@dataclass(frozen=True)
class Grant:
    valid_from: date = date(2026, 3, 1)
    valid_to: date | None = date(2026, 3, 31)
    revoked_at: datetime | None = None


@pytest.mark.req("ORG-4")
@pytest.mark.parametrize(
    ("grant", "day", "state"),
    [
        (Grant(), date(2026, 2, 28), GrantState.UPCOMING),
        (Grant(), date(2026, 3, 1), GrantState.VALID),
        (Grant(), date(2026, 3, 31), GrantState.VALID),
        (Grant(), date(2026, 4, 1), GrantState.EXPIRED),
        (Grant(valid_to=None), date(2099, 1, 1), GrantState.VALID),
        (Grant(revoked_at=datetime(2026, 3, 2, tzinfo=UTC)), date(2026, 3, 3), GrantState.REVOKED),
    ],
)
def test_a_grant_is_valid_from_its_first_through_its_last_day_unless_revoked(
    grant: Grant, day: date, state: GrantState
) -> None:
    assert grants.state_of(grant, day) is state


@pytest.mark.req("ORG-4")
def test_a_grant_cannot_end_before_it_begins() -> None:
    found = grants.span_problem(date(2026, 3, 2), date(2026, 3, 1))
    assert found is not None
    assert found.field == "valid_to"
    assert grants.span_problem(date(2026, 3, 1), date(2026, 3, 1)) is None
    assert grants.span_problem(date(2026, 3, 1), None) is None


@pytest.mark.req("ORG-4")
def test_marking_a_city_takes_the_place_of_its_counties() -> None:
    change = grants.change_of([SHANGCHENG, LISHUI], [HANGZHOU, SHANGCHENG, LISHUI])
    assert (change.grant, change.revoke, change.keep) == ((HANGZHOU,), (SHANGCHENG,), (LISHUI,))


@given(nodes, nodes)
def test_after_the_change_exactly_what_was_marked_is_covered(held: list[str], wanted: list[str]) -> None:
    change = grants.change_of(held, wanted)
    assert set(change.grant).isdisjoint(held)
    assert set(change.revoke) <= set(held)
    after = [*change.keep, *change.grant]
    for node in (PROVINCE, HANGZHOU, SHANGCHENG, LISHUI):
        assert covers(after, node) is covers(wanted, node)


@pytest.mark.req("ORG-4")
def test_a_city_is_granted_as_a_whole_in_part_or_not_at_all() -> None:
    assert grants.extent_of([PROVINCE], HANGZHOU) is GrantExtent.WHOLE
    assert grants.extent_of([SHANGCHENG], HANGZHOU) is GrantExtent.PART
    assert grants.extent_of([LISHUI], HANGZHOU) is GrantExtent.NONE
