"""Texts of the lower layers in the language of the request."""

from __future__ import annotations

from flask import session
from flask_babel import gettext

from app.domain.errors import Problem
from app.domain.terms import RoleName
from app.domain.text import Text

LANGUAGES = {"zh": "中文", "en": "English"}


def translate(text: Text | str | None) -> str:
    """Return `text` translated, its numbers filled in; enumeration values among them by their label."""
    if text is None:
        return ""
    if isinstance(text, str):
        return gettext(text) if text else ""
    return text.rendered(gettext)


def sentence(problem: Problem) -> str:
    """Return the translated sentence of a problem."""
    return translate(problem.text)


def role_label(name: str) -> str:
    """Return what a role is called; a role somebody added is called by its own name."""
    return gettext(RoleName(name).label) if name in RoleName._value2member_map_ else name


def choose_language(code: str) -> None:
    """Remember the language of this visitor; an unknown one is ignored."""
    if code in LANGUAGES:
        session["locale"] = code
