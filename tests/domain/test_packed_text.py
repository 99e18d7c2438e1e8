"""Sentences that are kept and read later."""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clock import SHANGHAI
from app.domain.packed_text import pack, unpack
from app.domain.terms import EnrollmentState
from app.domain.text import Text

pytestmark = pytest.mark.req("PUB-3")


@given(st.dictionaries(st.text(min_size=1), st.none() | st.text() | st.integers() | st.booleans()))
def test_a_sentence_comes_back_as_it_was(params: dict[str, object]) -> None:
    kept = Text("Said", params)
    assert unpack(json.loads(json.dumps(pack(kept)))) == kept


def test_words_and_sentences_among_the_values_stay_translatable() -> None:
    inner = Text("“%(class)s”", {"class": "一班"})
    packed = json.loads(
        json.dumps(pack(Text("%(what)s: %(state)s", {"what": inner, "state": EnrollmentState.ADMITTED})))
    )
    german = {"%(what)s: %(state)s": "%(state)s — %(what)s", EnrollmentState.ADMITTED.label: "zugelassen"}
    assert unpack(packed).rendered(lambda text: german.get(text, text)) == "zugelassen — “一班”"


def test_moments_are_kept_as_they_are_read_in_shanghai() -> None:
    packed = pack(Text("%(at)s %(on)s", {"at": datetime(2026, 3, 2, 17, tzinfo=SHANGHAI), "on": date(2026, 3, 2)}))
    assert str(unpack(packed)) == "2026-03-02 17:00 2026-03-02"
