"""What template databases hold beside roles and permissions: made once in a test run, by a process of its own."""

from __future__ import annotations

from typing import Any

from app.domain.clock import frozen
from app.services import demo
from app.services.demo.making import Size
from app.services.permissions import restore_roles
from app.web.actors import current_vault
from tests.world import MORNING, build

TINY = Size(schools=210, teachers=900, institutions=30)


def world() -> Any:
    """Insert the fixed cast on the morning the clock of the tests stands at; return its keys."""
    with frozen(MORNING):
        return build().keys()


def province() -> Any:
    """Load a tiny demo province around today; return what was counted."""
    restore_roles()
    return demo.load(making())


def making() -> demo.Making:
    """Return how the tiny province is made."""
    return demo.Making(TINY, seed=1, vault=current_vault())
