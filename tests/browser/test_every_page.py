"""Every page there is, at a desk in the light and on a phone in the dark: accessible, Chinese, nothing sticks out.

A new route is walked without an entry anywhere: the first who may open it is found by asking (tests/support/pages.py).
"""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.terms import ProgrammeState
from app.extensions import db
from app.models import Grade, PostCategory, ProfessionalTitle, Programme
from tests.support import browser as chromium
from tests.support.pages import LOOKS, Visit, faults, visits

PARTS = 3  # so that two processes share the walk


@pytest.fixture(scope="module")
def every_page(live_server: Any) -> list[Visit]:
    """Every page and who opens it: worked out once."""
    live_server.reset()
    furnish(live_server)
    return visits(live_server)


@pytest.fixture
def pages(live: Any, every_page: list[Visit]) -> list[Visit]:
    """Every page, with something on it."""
    furnish(live)
    return every_page


def furnish(live: Any) -> None:
    """Add a row to the lists that the world leaves empty; give a declaration back, so that its form opens."""
    with live.app.app_context():
        db.session.get(Programme, live.ids[Programme]["xihu"]).state = ProgrammeState.RETURNED
        db.session.add(Grade(code="A1", name="一年级", stage_id=1))
        db.session.add_all(model(code="A1", name="甲") for model in (PostCategory, ProfessionalTitle))
        db.session.commit()


@pytest.mark.req("PUB-5", "B12", "S6")
@pytest.mark.parametrize("theme", LOOKS)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_sound(live: Any, page_as: Any, pages: list[Visit], theme: str, part: int) -> None:
    assert len(pages) > 100
    wrong: list[str] = []
    tabs: dict[str | None, Any] = {}
    for visit in pages[part::PARTS]:
        if visit.username not in tabs:
            tabs[visit.username] = page_as(visit.username, **LOOKS[theme])
            tabs[visit.username].context.add_cookies([{"name": "theme", "value": theme, "url": live.url}])
        tab = tabs[visit.username]
        tab.goto(visit.path)
        wrong += [f"{visit.path} ({visit.username}): {fault}" for fault in faults(tab, visit) + chromium.axe(tab)]
    wrong += [line for tab in tabs.values() for line in tab.watch.seen]  # a style or script the policy refused, too
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
