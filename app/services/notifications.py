"""Telling people what happened to them: messages in the inbox, copies by mail (PUB-3).

Whoever changes a state calls `notify` inside the same transaction: an act that is rolled back has told nobody. Mail
leaves later, from the worker (`app/jobs/mail.py`); a mail server that is away never hinders an act.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, and_, case, func, insert, literal, null, select, true, update

from app.domain.clock import now
from app.domain.errors import NotVisible
from app.domain.packed_text import pack, unpack
from app.domain.terms import AccountStatus, MessageKind
from app.domain.text import Text
from app.extensions import db
from app.models import Account, InboxMessage
from app.security.actor import Actor
from app.security.scope import fetch_visible
from app.services.audiences import Audience
from app.services.unit import transaction

NO_MAIL = "@noemail.invalid"  # the made-up address of an account that has none
CHUNK = 500


@dataclass(frozen=True)
class Note:
    """A message to one account whose words or page differ from the next one's; see `notify_each`."""

    account_id: int
    text: Text
    endpoint: str | None = None
    values: dict[str, Any] = field(default_factory=dict)


def notify(
    audience: Audience,
    kind: MessageKind,
    text: Text,
    *,
    endpoint: str | None = None,
    body: str | None = None,
    sender: Actor | None = None,
    **values: Any,
) -> int:
    """Tell everybody in `audience` (app/services/audiences.py) the same in the running transaction; return how many.

    `endpoint` and `values` name the page that settles the matter, as `url_for` takes them. `sender` is given for what
    a person wrote; the sender is not told.
    """
    told = {**_columns(kind, text, endpoint, values), "body": body, "sender_id": sender and sender.account_id}
    typed = [literal(value, getattr(InboxMessage, name).type).label(name) for name, value in told.items()]
    chosen = select(Account.id, _mail_due(), *typed).where(audience, _reachable(), _not_the(sender))
    statement = insert(InboxMessage).from_select(["account_id", "mail_due_at", *told], chosen)
    return int(db.session.execute(statement, execution_options={"preserve_rowcount": True}).rowcount)


def notify_each(kind: MessageKind, notes: Iterable[Note]) -> int:
    """Tell each account its own words, many rows to a statement, in the running transaction; return how many."""
    count, waiting = 0, iter(notes)
    while part := list(islice(waiting, CHUNK)):
        wanted = select(Account.id, _mail_due()).where(Account.id.in_({n.account_id for n in part}), _reachable())
        due = {row.id: row.mail_due_at for row in db.session.execute(wanted)}
        told = [n for n in part if n.account_id in due]
        rows = [_columns(kind, n.text, n.endpoint, n.values) for n in told]
        for row, note in zip(rows, told, strict=True):
            row.update(account_id=note.account_id, mail_due_at=due[note.account_id])
        if rows:
            db.session.execute(insert(InboxMessage), rows)
        count += len(rows)
    return count


def _columns(kind: MessageKind, text: Text, endpoint: str | None, values: dict[str, Any]) -> dict[str, Any]:
    msgid, params = pack(text)
    return {"kind": kind, "msgid": msgid, "params": params, "endpoint": endpoint, "page_values": values}


def _reachable() -> ColumnElement[bool]:
    return and_(Account.active.is_(True), Account.status != AccountStatus.DISABLED)


def _not_the(sender: Actor | None) -> ColumnElement[bool]:
    return Account.id != sender.account_id if sender is not None and sender.account_id else true()


def _mail_due() -> Any:
    """Return the moment from which a copy goes out, for who has an address; nothing without a mail server."""
    due = InboxMessage.mail_due_at.type
    if not current_app.config["SETTINGS"].SMTP_URL:
        return literal(None, due).label("mail_due_at")
    has_address = and_(Account.email.contains("@"), Account.email.not_like(f"%{NO_MAIL}"))
    return case((has_address, literal(now(), due)), else_=null()).label("mail_due_at")


# --- the reader's side


def unread_count(account_id: int | None) -> int:
    """Return how many messages of an account are unread."""
    if account_id is None:
        return 0
    wanted = select(func.count()).where(InboxMessage.account_id == account_id, InboxMessage.read_at.is_(None))
    return db.session.scalar(wanted) or 0


def latest(count: int, *, actor: Actor) -> list[InboxMessage]:
    """Return the newest messages of the actor, unread ones first."""
    wanted = select(InboxMessage).where(InboxMessage.account_id == actor.account_id)
    newest = wanted.order_by(InboxMessage.read_at.is_not(None), InboxMessage.id.desc())
    return list(db.session.scalars(newest.limit(count)))


def own_message(key: Any, *, actor: Actor) -> InboxMessage:
    """Return a message to the actor. Raises NotVisible for anybody else's, even to who sees every row."""
    actor.require("read", "InboxMessage")
    message = fetch_visible(InboxMessage, key, actor=actor)
    if message.account_id != actor.account_id:
        raise NotVisible
    return message


def mark(keys: Iterable[Any], *, read: bool, actor: Actor) -> int:
    """Mark own messages as read or unread; return how many changed. Raises NotVisible when one is not the actor's."""
    with transaction():
        ids = [own_message(key, actor=actor).id for key in keys]
        other = InboxMessage.read_at.is_(None) if read else InboxMessage.read_at.is_not(None)
        return _set_read(InboxMessage.id.in_(ids) & other, read)


def mark_all_read(*, actor: Actor) -> int:
    """Mark every unread message of the actor as read; return how many."""
    actor.require("read", "InboxMessage")
    with transaction():
        return _set_read((InboxMessage.account_id == actor.account_id) & InboxMessage.read_at.is_(None), True)


def _set_read(chosen: ColumnElement[bool], read: bool) -> int:
    changed = update(InboxMessage).where(chosen).values(read_at=now() if read else None)
    return int(db.session.execute(changed, execution_options={"synchronize_session": False}).rowcount)


def text_of(message: InboxMessage) -> Text:
    """Return the sentence of a message, to be translated when shown."""
    return unpack([message.msgid, message.params])
