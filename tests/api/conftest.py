"""What tests of the API share."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.commands import Send, sending
from tests.world import World


@pytest.fixture
def send(login_as: Any, world: World) -> Send:
    """`send(username, command, **values)` → status and JSON."""
    return sending(login_as)
