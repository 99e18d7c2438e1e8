"""The line under every title says who does this, when, and which step it is (PUB-5)."""

from __future__ import annotations

import pytest

from app.views.help import help_of
from tests.views.doors import COMMON, MEMBERS, OPEN, PAGES, RECORDS
from tests.views.test_doors import part

NO_PAGES = {"appbuilder", "assets", "health", "session", "static", "PlatformOpenApi"}
OUTSIDE = {"SignInView", "RecoveryPage"}  # before anybody has signed in


@pytest.mark.req("PUB-5")
def test_every_page_has_a_line_of_help() -> None:
    views = {part(name)[0] or name for name in OPEN | MEMBERS | set(PAGES)} | set(RECORDS) | COMMON
    pages = {view for view in views - NO_PAGES - OUTSIDE if not view.endswith("Api")}
    assert len(pages) > 30
    without = {view for view in pages if not help_of(f"{view}.index")}
    assert not without, f"say in app/views/help.py who does this, when, and which step it is: {sorted(without)}"
