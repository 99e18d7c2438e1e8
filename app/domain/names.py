"""Text as people type it, made comparable: names, login names, any one-line field (TCH-6, ACC-2)."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DOTS = re.compile(r"\s*[•‧∙⋅・･᛫ꞏ·]\s*")
_CHINESE = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af〇"
_FULL_STOP_AS_DOT = re.compile(rf"(?<=[{_CHINESE}])\s*\.\s*(?=[{_CHINESE}])")
_GAP_IN_CHINESE = re.compile(rf"(?<=[{_CHINESE}])\s+(?=[{_CHINESE}])")


def _half_width(text: str) -> str:
    """Return `text` in NFKC without control characters; again NFKC, because what they kept apart may now combine."""
    if text.isprintable() and unicodedata.is_normalized("NFKC", text):
        return text  # nearly everything that is typed; printable text holds no control character
    return unicodedata.normalize("NFKC", _CONTROL.sub("", unicodedata.normalize("NFKC", text)))


def normalise_text(text: str) -> str:
    """Return `text` half-width (NFKC), without control characters, trimmed, each run of blanks as one space."""
    return " ".join(_half_width(text).split())


def normalise_name(text: str) -> str:
    """Return a person's name as it is stored.

    Beyond `normalise_text`, blanks inside a Chinese name go (张 三 is 张三) and the dot of minority names is always
    the middle dot ·, without blanks around it.
    """
    return _GAP_IN_CHINESE.sub("", _FULL_STOP_AS_DOT.sub("·", _DOTS.sub("·", normalise_text(text))))


def normalise_login(text: str) -> str:
    """Return what was typed as user name, teacher number or ID number in the form it is looked up by (ACC-2).

    Half-width, lower case, without any blank: an ID number ends in x, not X.
    """
    return _half_width("".join(_half_width(text).split()).lower())
