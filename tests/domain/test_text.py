"""Texts carry the words and sentences inside them into another language."""

from __future__ import annotations

from app.domain.terms import ClassState
from app.domain.text import Text

ZH = {
    "%(thing)s is %(state)s for %(n)d days": "%(thing)s%(n)d天以来%(state)s",
    "Running": "已开班",
    "The class": "班期",
}


def test_a_text_fills_its_places_with_labels_and_numbers() -> None:
    text = Text(
        "%(thing)s is %(state)s for %(n)d days", {"thing": Text("The class"), "state": ClassState.RUNNING, "n": 3}
    )
    assert str(text) == "The class is Running for 3 days"
    assert text.rendered(lambda msgid: ZH[msgid]) == "班期3天以来已开班"


def test_a_text_without_places_may_hold_a_percent_sign() -> None:
    assert str(Text("50 % of the plan")) == "50 % of the plan"
