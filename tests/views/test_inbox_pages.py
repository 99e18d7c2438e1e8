"""The inbox: one's own messages, unread first, and the way to the page they are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.terms import MessageKind
from app.domain.text import N_, Text
from app.models import InboxMessage
from app.services import audiences, notifications
from tests.world import World

LogIn = Callable[[str], FlaskClient]
pytestmark = pytest.mark.req("PUB-3")


def tell(db: Any, world: World, username: str, thing: str, **options: Any) -> InboxMessage:
    """Tell one account something; return the message."""
    account = world.account[username]
    text = Text(N_("Saved: %(thing)s"), {"thing": f"{thing}号消息"})
    notifications.notify(audiences.accounts([account.id]), MessageKind.SYSTEM, text, **options)
    db.session.commit()
    return db.session.query(InboxMessage).order_by(InboxMessage.id.desc()).first()


def test_unread_messages_come_first_and_the_bell_counts_them(db: Any, login_as: LogIn, world: World) -> None:
    read = tell(db, world, "teacher", "甲")
    notifications.mark([read.id], read=True, actor=world.actor("teacher"))
    for thing in "乙丙":
        tell(db, world, "teacher", thing)
    notifications.mark([tell(db, world, "teacher", "丁").id], read=True, actor=world.actor("teacher"))
    text = login_as("teacher").get("/inbox/list/").text
    order = [text.index(f"{thing}号消息") for thing in "丙乙丁甲"]
    assert order == sorted(order)
    assert '<span class="bar-count" aria-hidden="true">2</span>' in text


def test_opening_marks_it_read_and_leads_to_the_page(db: Any, login_as: LogIn, world: World) -> None:
    school = world.school["xihu"]
    message = tell(db, world, "school_admin", "甲", endpoint="SchoolView.show", pk=school.id)
    client = login_as("school_admin")
    assert client.get(f"/inbox/open/{message.id}").status_code == 405
    assert client.post(f"/inbox/open/{message.id}").location == f"/schoolview/show/{school.id}"
    db.session.refresh(message)
    assert message.read_at is not None


def test_a_page_that_is_no_more_leads_to_the_message(db: Any, login_as: LogIn, world: World) -> None:
    message = tell(db, world, "teacher", "甲", endpoint="NoSuchView.show", pk=1)
    client = login_as("teacher")
    assert client.post(f"/inbox/open/{message.id}").location == f"/inbox/show/{message.id}"
    assert "甲号消息" in client.get(f"/inbox/show/{message.id}").text


def test_words_of_a_person_are_shown_as_text(db: Any, login_as: LogIn, world: World) -> None:
    writer = world.actor("county_admin")
    words = "<script>alert(1)</script>\n请看附件"
    message = tell(db, world, "teacher", "甲", body=words, sender=writer, endpoint="HomeView.index")
    client = login_as("teacher")
    assert client.post(f"/inbox/open/{message.id}").location == f"/inbox/show/{message.id}"
    text = client.get(f"/inbox/show/{message.id}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\n请看附件" in text
    assert world.account["county_admin"].name in text


@pytest.mark.parametrize(("query", "seen"), [("unread=yes", {"乙"}), ("unread=no", {"甲"}), ("kind=task", set())])
def test_the_list_is_filtered(db: Any, login_as: LogIn, world: World, query: str, seen: set[str]) -> None:
    notifications.mark([tell(db, world, "teacher", "甲").id], read=True, actor=world.actor("teacher"))
    tell(db, world, "teacher", "乙")
    text = login_as("teacher").get(f"/inbox/list/?{query}").text
    assert {thing for thing in "甲乙" if f"{thing}号消息" in text} == seen


def test_several_are_marked_and_all(db: Any, login_as: LogIn, world: World) -> None:
    ids = [tell(db, world, "teacher", thing).id for thing in "甲乙丙"]
    client, me = login_as("teacher"), world.account["teacher"].id
    client.post("/inbox/action_post", data={"action": "mark_read", "rowid": ids[:2]})
    assert notifications.unread_count(me) == 1
    client.post("/inbox/action_post", data={"action": "mark_unread", "rowid": ids[:1]})
    assert notifications.unread_count(me) == 2
    client.post("/inbox/read-all")
    assert notifications.unread_count(me) == 0


@pytest.mark.req("ORG-6")
def test_nobody_reads_anothers_whatever_their_role(db: Any, login_as: LogIn, world: World) -> None:
    message = tell(db, world, "teacher", "甲")
    admin = login_as("system_admin")
    assert "甲号消息" not in admin.get("/inbox/list/").text
    assert "甲号消息" not in admin.get("/inbox/latest").text
    for answer in (admin.get(f"/inbox/show/{message.id}"), admin.post(f"/inbox/open/{message.id}")):
        assert answer.status_code == 404
    assert admin.post("/inbox/action_post", data={"action": "mark_read", "rowid": message.id}).status_code == 404


def test_the_list_asks_as_often_for_many_as_for_few(db: Any, login_as: LogIn, world: World, count_queries: Any) -> None:
    client, writer = login_as("teacher"), world.actor("county_admin")
    tell(db, world, "teacher", "甲", sender=writer)
    client.get("/inbox/list/")
    with count_queries() as few:
        client.get("/inbox/list/")
    for _ in range(20):
        tell(db, world, "teacher", "乙", sender=writer)
    with count_queries() as many:
        client.get("/inbox/list/")
    assert len(many) == len(few), str(many)
