"""Mail: the one way out of the platform for letters, and the copies of messages that wait to go (PUB-3).

`SMTP_URL` is the only setting: `smtp://` takes STARTTLS where the server offers it, `smtps://` is encrypted from the
first byte. What cannot be sent is tried again, later and later, and given up after `MOST_TRIES`.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import parse_qsl, unquote, urlsplit

import structlog
from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from app.domain.clock import now
from app.domain.packed_text import unpack
from app.domain.text import Text
from app.extensions import db
from app.models import InboxMessage
from app.services.unit import transaction

log = structlog.get_logger("mail")
TIMEOUT = 5.0  # seconds a mail server may take to answer
MOST_TRIES = 6
FIRST_PAUSE = timedelta(minutes=1)  # doubled with every try
BATCH = 100  # copies sent in one go
PORTS = {"smtp": 25, "smtps": 465}
Post = Callable[[str, str, str], None]  # address, subject, words


def configured() -> bool:
    """Tell whether there is a mail server."""
    return bool(current_app.config["SETTINGS"].SMTP_URL)


@contextmanager
def server(smtp_url: str) -> Iterator[Post]:
    """Yield a function that sends a letter. Raises OSError or smtplib.SMTPException when the server does not want."""
    url = urlsplit(smtp_url)
    host, port = url.hostname or "", url.port or PORTS[url.scheme]
    secure = ssl.create_default_context()
    if url.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=secure)
    else:
        connection = smtplib.SMTP(host, port, timeout=TIMEOUT)
    with connection:
        connection.ehlo()
        if url.scheme == "smtp" and connection.has_extn("starttls"):
            connection.starttls(context=secure)
        if url.username:
            connection.login(unquote(url.username), unquote(url.password or ""))
        sender = dict(parse_qsl(url.query))["from"]
        yield lambda address, subject, words: _post(connection, sender, address, subject, words)


def _post(connection: smtplib.SMTP, sender: str, address: str, subject: str, words: str) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"] = sender, address
    letter["Subject"] = " ".join(subject.split())
    letter.set_content(words)
    connection.send_message(letter)


def send(smtp_url: str, *, to: str, subject: str, text: str) -> bool:
    """Send one letter at once; return whether the server took it.

    A failure is logged without the text, for nobody waits for this; needs no application around it.
    """
    try:
        with server(smtp_url) as post:
            post(to, subject, text)
    except (OSError, smtplib.SMTPException) as error:
        log.warning("mail not sent", error=type(error).__name__)
        return False
    return True


def send_due(translate: Callable[[Text], str], *, stopping: Callable[[], bool]) -> int:
    """Send the copies that are due, in the words `translate` gives them; return how many left.

    Each one is marked as sent before the next is begun: a worker that dies sends at most one copy twice.
    """
    due = _due() if configured() else []
    if not due:
        return 0
    sent = 0
    try:
        with server(current_app.config["SETTINGS"].SMTP_URL) as post:
            for message in due:
                if stopping():
                    break
                sent += _send(message, post, translate)
    except (OSError, smtplib.SMTPException) as error:
        log.warning("mail server cannot be reached", error=str(error))
        _later([message.id for message in due if message.mailed_at is None])
    return sent


def _due() -> list[InboxMessage]:
    wanted = select(InboxMessage).where(InboxMessage.mail_due_at <= now()).options(joinedload(InboxMessage.account))
    return list(db.session.scalars(wanted.order_by(InboxMessage.mail_due_at, InboxMessage.id).limit(BATCH)))


def _send(message: InboxMessage, post: Post, translate: Callable[[Text], str]) -> int:
    subject = translate(unpack([message.msgid, message.params]))
    try:
        post(message.account.email, subject[:120], "\n\n".join(part for part in (subject, message.body) if part))
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, ValueError) as error:
        log.warning("a letter was refused", message=message.id, error=type(error).__name__)
        _later([message.id])
        return 0
    with transaction():
        message.mail_due_at, message.mailed_at = None, now()
    return 1


def _later(ids: list[int]) -> None:
    """Put the copies off, twice as long with each try; after the last one give them up."""
    db.session.rollback()
    with transaction():
        for tries in reversed(range(MOST_TRIES)):
            again = now() + FIRST_PAUSE * 2**tries if tries < MOST_TRIES - 1 else None
            tried = update(InboxMessage).where(InboxMessage.id.in_(ids), InboxMessage.mail_tries == tries)
            changed = tried.values(mail_tries=tries + 1, mail_due_at=again)
            db.session.execute(changed.execution_options(synchronize_session=False))
