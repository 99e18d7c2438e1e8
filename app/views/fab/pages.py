"""The base of custom pages, and going back without a shared history."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import redirect, request, url_for
from flask_appbuilder import BaseView

from app.security.actor import Actor
from app.web.actors import current_actor


def safe_next(fallback: str) -> str:
    """Return the address asked for in `next` when it is a path of ours, else `fallback`."""
    wanted = request.values.get("next", "")
    parts = urlsplit(wanted)
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return wanted if ours and "\\" not in wanted and wanted.isprintable() else fallback


class Edge:
    """What generated screens and custom pages share."""

    def update_redirect(self) -> None:
        """Keep no page history: the framework's would mix the tabs of one browser (ACC-9)."""

    def get_redirect(self) -> str:
        """Return where to go after a form."""
        return safe_next(url_for("HomeView.index"))

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return current_actor()


class PageView(Edge, BaseView):
    """A page of our own; `resource` names what its permissions are on."""

    resource = "Home"
    default_view = "index"

    def __init__(self) -> None:
        self.class_permission_name = self.resource
        super().__init__()

    def back(self) -> Any:
        """Redirect to `next` or home."""
        return redirect(self.get_redirect())
