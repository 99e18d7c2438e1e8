"""Copies by mail: only with a mail server and an address, again when the server is away, never in the way of an act."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.domain.terms import MessageKind
from app.domain.text import N_, Text
from app.jobs.mail import send_due
from app.models import InboxMessage
from app.services import audiences, mail, notifications
from config import SettingError, load_settings
from tests.world import World

pytestmark = pytest.mark.req("PUB-3")
TEXT = Text(N_("Saved: %(thing)s"), {"thing": "一班"})


class FakeServer:
    """Stands for smtplib.SMTP: keeps what is sent; `away` and `refuses` break it."""

    sent: list[EmailMessage] = []
    away = refuses = False

    def __init__(self, host: str, port: int, **_options: Any) -> None:
        if type(self).away:
            raise ConnectionRefusedError(f"{host}:{port}")

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave."""

    def ehlo(self) -> None:
        """Greet."""

    def has_extn(self, _name: str) -> bool:
        return False

    def send_message(self, letter: EmailMessage) -> None:
        if type(self).refuses:
            raise smtplib.SMTPRecipientsRefused({})
        self.sent.append(letter)


@pytest.fixture
def post(app: Flask, monkeypatch: pytest.MonkeyPatch) -> type[FakeServer]:
    monkeypatch.setattr(app.config["SETTINGS"], "SMTP_URL", "smtp://mail.example:2525?from=pt@example.cn")
    monkeypatch.setattr(smtplib, "SMTP", FakeServer)
    FakeServer.sent, FakeServer.away, FakeServer.refuses = [], False, False
    return FakeServer


def tell(db: Any, world: World, *usernames: str) -> None:
    ids = [world.account[name].id for name in usernames]
    notifications.notify(audiences.accounts(ids), MessageKind.SYSTEM, TEXT)
    db.session.commit()


def never() -> bool:
    return False


def test_a_copy_goes_to_who_has_an_address(db: Any, world: World, post: Any) -> None:
    world.account["teacher"].email = "zhang@school.example"
    tell(db, world, "teacher", "school_admin")
    assert send_due(never) == 1
    assert [(letter["To"], letter["From"]) for letter in post.sent] == [("zhang@school.example", "pt@example.cn")]
    assert "一班" in post.sent[0]["Subject"]
    assert send_due(never) == 0


def test_each_ones_own_words_are_mailed_too(db: Any, world: World, post: Any) -> None:
    world.account["teacher"].email = "zhang@school.example"
    notifications.notify_each(MessageKind.SYSTEM, [notifications.Note(world.account["teacher"].id, TEXT)])
    db.session.commit()
    assert send_due(never) == 1


def test_without_a_mail_server_nothing_waits(db: Any, world: World) -> None:
    world.account["teacher"].email = "zhang@school.example"
    tell(db, world, "teacher")
    assert not db.session.scalars(select(InboxMessage).where(InboxMessage.mail_due_at.is_not(None))).all()


@pytest.mark.req("R3")
@pytest.mark.parametrize("fault", ["away", "refuses"])
def test_what_cannot_be_sent_is_tried_again_later_and_given_up_at_last(
    db: Any, world: World, post: Any, clock: Any, fault: str
) -> None:
    world.account["teacher"].email = "zhang@school.example"
    tell(db, world, "teacher")
    message = db.session.scalars(select(InboxMessage).where(InboxMessage.mail_due_at.is_not(None))).one()
    setattr(post, fault, True)
    assert send_due(never) == 0
    assert send_due(never) == 0  # not before the pause is over
    db.session.refresh(message)
    assert message.mail_tries == 1
    for _ in range(mail.MOST_TRIES):
        clock.move(timedelta(days=1))
        send_due(never)
    db.session.refresh(message)
    assert (message.mail_tries, message.mail_due_at, message.mailed_at) == (mail.MOST_TRIES, None, None)


def test_a_worker_that_ends_leaves_the_rest_for_the_next(db: Any, world: World, post: Any) -> None:
    for name in ("teacher", "school_admin"):
        world.account[name].email = f"{name}@school.example"
    tell(db, world, "teacher", "school_admin")
    assert send_due(lambda: bool(post.sent)) == 1
    assert send_due(never) == 1
    assert {letter["To"] for letter in post.sent} == {"teacher@school.example", "school_admin@school.example"}


@pytest.mark.req("OPS-4")
@pytest.mark.parametrize("url", ["mail.example", "smtp://mail.example", "http://mail.example?from=a@b.cn"])
def test_a_malformed_mail_setting_stops_the_start_by_name(tmp_path: Any, url: str) -> None:
    with pytest.raises(SettingError, match="SMTP_URL"):
        load_settings({"SMTP_URL": url, "INSTANCE_DIR": str(tmp_path)})
