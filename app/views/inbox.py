"""The inbox: what one was told, and the bell of the top bar (PUB-3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, url_for
from flask_appbuilder import expose
from flask_appbuilder.actions import action
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.routing import BuildError

from app.domain.terms import MessageKind
from app.domain.text import N_
from app.models import InboxMessage
from app.services import notifications
from app.views.fab import Filter, RecordView, choice, date_from
from app.views.fab.listing import ListRow
from app.web.i18n import translate

BELL = 8  # messages shown below the bell
KIND_ICONS = {
    MessageKind.TASK: "ti-checkbox",
    MessageKind.NOTICE: "ti-speakerphone",
    MessageKind.PRIVATE: "ti-message",
    MessageKind.SYSTEM: "ti-info-circle",
}


@dataclass(frozen=True)
class Shown:
    """A message as the pages show it."""

    id: int
    text: str
    body: str
    kind: MessageKind
    icon: str
    when: datetime
    sender: str
    unread: bool
    url_open: str


def shown(message: InboxMessage) -> Shown:
    """Return a message in the language of the reader."""
    return Shown(
        id=message.id,
        text=translate(notifications.text_of(message)),
        body=message.body or "",
        kind=message.kind,
        icon=KIND_ICONS[message.kind],
        when=message.created_at,
        sender=message.sender.name if message.sender else "",
        unread=message.read_at is None,
        url_open=url_for("InboxMessageView.open", pk=message.id),
    )


def page_of(message: InboxMessage) -> str | None:
    """Return the address of the page that settles the matter; None when there is none (any more)."""
    if not message.endpoint:
        return None
    try:
        return url_for(message.endpoint, **message.page_values)
    except BuildError:
        return None


def _unread(_model: type[Any], value: str) -> Any:
    return {"yes": InboxMessage.read_at.is_(None), "no": InboxMessage.read_at.is_not(None)}.get(value)


UNREAD = Filter("unread", "choice", _unread, N_("Unread"), options=lambda: [("yes", _("Yes")), ("no", _("No"))])


class InboxMessageView(RecordView):
    """The messages of the person who asks, and of nobody else, whatever their role."""

    model = InboxMessage
    route_base = "/inbox"
    editable = False
    exclude_route_methods = {"download", "export"}
    list_columns = ["msgid", "kind", "sender", "created_at"]
    order_columns = ["created_at", "kind"]
    show_columns = [*list_columns, "body", "read_at"]
    filters = (UNREAD, choice("kind", MessageKind), date_from("created_at", label=N_("Received from")))
    method_permission_name = dict.fromkeys(("open", "latest", "read_all", "mark_read", "mark_unread"), "read")
    list_template = "inbox/list.html"
    show_template = "inbox/show.html"
    empty_hint = N_("What concerns you is told here: reviews, deadlines, results.")

    def title_of(self) -> str:
        """Return the heading of the list."""
        return _("Inbox")

    def conditions(self, asked: Any) -> Any:
        """Narrow the list to one's own."""
        return [*super().conditions(asked), InboxMessage.account_id == self.actor.account_id]

    def ordering(self, asked: Any) -> tuple[Any, ...]:
        """Return unread ones first, the newest first, unless asked otherwise."""
        if asked.order:
            return super().ordering(asked)
        return (InboxMessage.read_at.is_not(None), InboxMessage.id.desc())

    def _row(self, row: Any, names: Any) -> ListRow:
        told: Any = shown(row)
        return ListRow(row.id, told.text, [told], told.url_open, None, None)

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """Show one message, with the way to the page it is about."""
        message = notifications.own_message(pk, actor=self.actor)
        told = shown(message)
        return self.render_template(
            self.show_template, title=told.text, view=self, message=told, url_page=page_of(message)
        )

    @expose("/open/<pk>", methods=["POST"])
    @has_access
    def open(self, pk: str) -> Any:
        """Mark a message as read and go to the page it is about; one with words of its own is shown first."""
        message = notifications.own_message(pk, actor=self.actor)
        url = None if message.body else page_of(message)
        notifications.mark([pk], read=True, actor=self.actor)
        return redirect(url or self._url("show", pk=pk))

    @expose("/latest")
    @has_access
    def latest(self) -> Any:
        """Return the newest messages for the drop-down of the bell."""
        messages = [shown(m) for m in notifications.latest(BELL, actor=self.actor)]
        return self.render_template("inbox/latest.html", messages=messages)

    @expose("/read-all", methods=["POST"])
    @has_access
    def read_all(self) -> Any:
        """Mark everything as read."""
        count = notifications.mark_all_read(actor=self.actor)
        flash(_("Marked as read: %(count)d", count=count), "success")
        return redirect(self._url("list"))

    @action("mark_read", _l("Mark as read"), "", "ti-mail-opened", single=False)
    def mark_read(self, rows: Any) -> None:
        """Mark the chosen messages as read."""
        notifications.mark([row.id for row in rows], read=True, actor=self.actor)

    @action("mark_unread", _l("Mark as unread"), "", "ti-mail", single=False)
    def mark_unread(self, rows: Any) -> None:
        """Mark the chosen messages as unread."""
        notifications.mark([row.id for row in rows], read=False, actor=self.actor)


VIEWS = (InboxMessageView,)
