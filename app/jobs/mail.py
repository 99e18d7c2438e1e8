"""The worker's round through the letters that are due, in the language of the platform."""

from __future__ import annotations

from collections.abc import Callable

from flask import current_app
from flask_babel import force_locale, gettext

from app.domain.text import Text
from app.services import mail


def send_due(stopping: Callable[[], bool]) -> int:
    """Send the copies of messages that are due; return how many left."""
    with force_locale(current_app.config["SETTINGS"].DEFAULT_LANGUAGE):
        return mail.send_due(_sentence, stopping=stopping)


def _sentence(text: Text) -> str:
    return text.rendered(gettext)
