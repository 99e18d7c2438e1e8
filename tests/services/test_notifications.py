"""Who is told what, and that nobody is told what did not happen."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.domain.errors import NotVisible
from app.domain.terms import AccountStatus, MessageKind, RoleName, RoundKind
from app.domain.text import N_, Text
from app.models import Account, InboxMessage
from app.services import audiences, notifications
from app.services.notifications import Note
from app.services.unit import transaction
from tests.world import World

pytestmark = pytest.mark.req("PUB-3")
TEXT = Text(N_("Saved: %(thing)s"), {"thing": RoundKind.ROUND_ONE})


def told(db: Any) -> set[str]:
    """The user names of those the message went to; the world's own messages are read already."""
    wanted = select(Account.username).join(InboxMessage, InboxMessage.account_id == Account.id)
    return set(db.session.scalars(wanted.where(InboxMessage.read_at.is_(None))))


def test_a_teacher_is_told_and_one_without_an_account_is_not(db: Any, world: World) -> None:
    ids = [world.teacher["zhang"].id, world.teacher["li"].id]
    assert notifications.notify(audiences.teachers(ids), MessageKind.SYSTEM, TEXT) == 1
    assert told(db) == {"teacher"}


def test_of_a_school_those_who_may(db: Any, world: World) -> None:
    school = [world.school["xihu"].id]
    notifications.notify(audiences.school_staff(school, may=("create", "Teacher")), MessageKind.TASK, TEXT)
    assert told(db) == {"school_admin", "school_information_admin"}


def test_bureaus_institutions_and_roles_are_told_together_and_nobody_twice(db: Any, world: World) -> None:
    both = audiences.bureau_staff([world.bureau["xihu"].id]) | audiences.holders_of(RoleName.COUNTY_ADMIN)
    everybody = both | audiences.institution_staff([world.institution["xihu"].id], may=("edit", "Institution"))
    assert notifications.notify(everybody, MessageKind.NOTICE, TEXT) == 3
    assert told(db) == {"county_admin", "qingyuan_county", "institution_admin"}


def test_a_region_is_told_with_everything_below_it(db: Any, world: World) -> None:
    notifications.notify(audiences.in_region(world.region["lishui"].path), MessageKind.NOTICE, TEXT)
    assert told(db) == {"lishui_city", "qingyuan_county", "qingyuan_school", "qingyuan_teacher"}


def test_who_may_not_sign_in_and_who_wrote_it_are_not_told(db: Any, world: World) -> None:
    world.account["school_admin"].status = AccountStatus.DISABLED
    writer = world.actor("school_inquirer")
    staff = audiences.school_staff([world.school["xihu"].id])
    notifications.notify(staff, MessageKind.PRIVATE, TEXT, body="明天开会", sender=writer)
    assert {"school_admin", "school_inquirer"}.isdisjoint(told(db))
    message = db.session.scalars(select(InboxMessage).where(InboxMessage.body.is_not(None))).first()
    assert (message.sender_id, message.body) == (writer.account_id, "明天开会")


def test_an_act_that_is_rolled_back_has_told_nobody(db: Any, world: World) -> None:
    with pytest.raises(RuntimeError, match="no"), transaction():
        notifications.notify(audiences.holders_of(RoleName.TEACHER), MessageKind.SYSTEM, TEXT)
        raise RuntimeError("no")
    assert told(db) == set()


def test_everybody_in_one_statement(db: Any, world: World, count_queries: Any) -> None:
    path = world.region["province"].path
    with count_queries() as sent:
        notifications.notify(audiences.in_region(path), MessageKind.NOTICE, TEXT)
    assert len(sent) == 1, str(sent)


def test_each_its_own_words_many_at_once(db: Any, world: World, count_queries: Any) -> None:
    ids = [account.id for account in world.account.values()]
    notes = [Note(key, Text("%(n)d", {"n": key}), "InboxMessageView.show", {"pk": key}) for key in ids]
    with count_queries() as sent:
        assert notifications.notify_each(MessageKind.SYSTEM, notes) == len(ids)
    assert len(sent) <= 3, str(sent)
    mine = db.session.scalars(select(InboxMessage).where(InboxMessage.account_id == ids[3])).all()
    assert [(str(m), m.page_values) for m in mine if m.endpoint] == [(str(ids[3]), {"pk": ids[3]})]


def test_words_among_the_values_are_kept_to_be_translated(db: Any, world: World) -> None:
    notifications.notify(audiences.accounts([world.account["teacher"].id]), MessageKind.SYSTEM, TEXT)
    message = db.session.scalars(select(InboxMessage).where(InboxMessage.read_at.is_(None))).one()
    assert notifications.text_of(message).params == {"thing": Text(RoundKind.ROUND_ONE.label)}


@pytest.mark.req("ORG-6")
def test_only_ones_own_messages_are_marked(db: Any, world: World) -> None:
    everything = world.actor("system_admin")
    with pytest.raises(NotVisible):
        notifications.mark([world.message["xihu"].id], read=False, actor=everything)
    owner = world.actor("county_admin")
    assert notifications.mark([world.message["xihu"].id], read=False, actor=owner) == 1
    assert notifications.unread_count(owner.account_id) == 1
    assert notifications.mark_all_read(actor=owner) == 1
    assert notifications.unread_count(owner.account_id) == 0
