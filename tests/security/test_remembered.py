"""What a process remembers is never older than the request, whoever changed it and however (ACC-12, W1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from app.domain.clock import now
from app.domain.terms import AccountStatus
from app.models import Account, BatchWindow, ParameterValue, Role, SecurityStamp
from app.security.people import actor_of, signed_in
from app.security.remembered import remembered
from app.services import enrollment_facts, parameters
from app.services.parameters import policy_of
from tests.world import World

pytestmark = pytest.mark.req("ACC-12", "W1")


def windows(world: World) -> dict[Any, Any]:
    return {window.kind: window.closes_at for window in enrollment_facts._windows(world.batch.id)}


def test_a_parameter_is_in_force_at_once_in_its_own_transaction_and_after(db: Any, world: World) -> None:
    assert policy_of(world.year.id).hours_cap == 90
    db.session.add(ParameterValue(name="hours_cap", value="70", training_year_id=world.year.id))
    db.session.flush()
    assert policy_of(world.year.id).hours_cap == 70
    db.session.commit()
    assert policy_of(world.year.id).hours_cap == 70


def test_what_was_rolled_back_was_never_remembered(db: Any, world: World) -> None:
    parameters.set_parameter("hours_cap", "80", actor=world.actor("provincial_admin"), training_year_id=world.year.id)
    nested = db.session.begin_nested()
    db.session.execute(update(ParameterValue).values(value="50"))
    assert policy_of(world.year.id).hours_cap == 50
    nested.rollback()
    db.session.rollback()
    assert policy_of(world.year.id).hours_cap == 80


def test_statements_that_write_many_rows_are_noticed(db: Any, world: World) -> None:
    before = windows(world)
    later = update(BatchWindow).where(BatchWindow.batch_id == world.batch.id)
    for kind, closes_at in before.items():
        db.session.execute(later.where(BatchWindow.kind == kind).values(closes_at=closes_at + timedelta(hours=1)))
    row = {"name": "hours_cap", "value": "60", "training_year_id": world.year.id}
    db.session.execute(insert(ParameterValue), [row])
    db.session.commit()
    assert windows(world) == {kind: closes_at + timedelta(hours=1) for kind, closes_at in before.items()}
    assert policy_of(world.year.id).hours_cap == 60


def test_another_process_is_heard_by_the_statement_that_reads_who_acts(
    db: Any, world: World, count_queries: Any
) -> None:
    """The other process moves the stamp; here nothing happened in the session."""
    key, year = world.account["teacher"].id, world.year.id
    assert policy_of(year).hours_cap == 90
    change = text("INSERT INTO parameter_value (name, value, training_year_id, created_at, updated_at, version) "
                  "SELECT 'hours_cap', '40', :year, created_at, updated_at, 1 FROM security_stamp LIMIT 1")  # fmt: skip
    db.session.execute(change, {"year": year})
    db.session.execute(text("UPDATE security_stamp SET number = number + 1"))
    db.session.commit()
    with count_queries() as sent:
        assert signed_in(key) is not None
        assert policy_of(year).hours_cap == 40
    assert len(sent) == 2, str(sent)
    with count_queries() as sent:
        assert signed_in(key) is not None
        assert policy_of(year).hours_cap == 40
    assert len(sent) == 1, str(sent)


def test_a_role_that_is_renamed_is_known_by_its_new_name(db: Any, world: World) -> None:
    account = world.account["teacher"]
    assert actor_of(account).roles == {"teacher"}
    db.session.scalar(select(Role).where(Role.name == "teacher")).name = "renamed"
    db.session.commit()
    assert actor_of(account).roles == {"renamed"}


def test_who_may_act_for_bureaus_moves_the_stamp_and_signing_in_does_not(db: Any, world: World) -> None:
    def moved(change: Any) -> bool:
        before = db.session.scalar(select(SecurityStamp.number))
        change()
        db.session.commit()
        return bool(db.session.scalar(select(SecurityStamp.number)) != before)

    staff, teacher, bureau = world.account["county_admin"], world.account["teacher"], world.bureau["xihu"]
    added = Account(
        username="new", first_name="", last_name="新", email="n@noemail.invalid", active=True, bureau=bureau
    )
    assert not moved(lambda: setattr(staff, "failed_sign_ins", 3))
    assert not moved(lambda: setattr(staff, "last_login", now()))
    assert not moved(lambda: setattr(teacher, "status", AccountStatus.DISABLED))
    assert moved(lambda: setattr(staff, "status", AccountStatus.DISABLED))
    assert moved(lambda: setattr(staff, "active", False))
    assert moved(lambda: staff.roles.clear())
    assert moved(lambda: setattr(staff, "bureau", None))
    assert moved(lambda: db.session.add(added))
    assert moved(lambda: db.session.delete(added))


def test_without_a_stamp_nothing_is_remembered(db: Any, world: World) -> None:
    db.session.execute(text("DELETE FROM security_stamp"))
    db.session.commit()
    counted = iter(range(3))
    assert [remembered("counted", lambda: next(counted)) for _ in range(3)] == [0, 1, 2]


def test_an_account_that_was_closed_is_nobody(db: Any, world: World) -> None:
    account = db.session.get(Account, world.account["teacher"].id)
    assert signed_in(account.id) is not None
    account.active = False
    assert signed_in(account.id) is None
    assert signed_in(0) is None


def test_the_stamp_moves_once_for_a_transaction_and_at_its_end(db: Any, world: World, count_queries: Any) -> None:
    world.batch.name = "春季批次"
    with count_queries() as sent:
        db.session.flush()
        db.session.execute(update(BatchWindow).values(version=BatchWindow.version + 1))
    assert not [one for one in sent if "security_stamp" in one], str(sent)
    before = db.session.scalar(select(SecurityStamp.number))
    with count_queries() as sent:
        db.session.commit()
    assert len([one for one in sent if "UPDATE security_stamp" in one]) == 1, str(sent)
    assert db.session.scalar(select(SecurityStamp.number)) != before
